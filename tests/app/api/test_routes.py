"""The HTTP service: what it answers, and that every error is a problem document."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from unittest.mock import Mock

import pikepdf
import pytest
from starlette.testclient import TestClient

from app.api.runner import Runner
from app.api.service import create_app
from app.extraction.pipeline import FailedPart, Pipeline, PipelineResult
from app.service_settings import ApiSettings
from app.settings import ReadSettings, Settings, StoreSettings
from decoding.engines.embedded import EmbeddedEngine
from ocr.reader import ReadOptions
from schemas.errors import (
    EmptyDocumentError,
    EngineUnavailableError,
    ExtractionTimeoutError,
    ServiceBusyError,
)
from schemas.extraction import Extraction, Output, Usage
from schemas.registry import get_schema
from schemas.validate import validate_output
from tests.app.api.fakes import FakePipeline
from tests.app.two_documents import FILE, JSON_SCHEMA, see_two
from tests.decoding.engines.tiny_model import make_model
from tests.ocr.files import pdf, text_at
from tests.paths import ROOT

INVOICE = (ROOT / "samples" / "invoice.pdf").read_bytes()
MAX_BYTES = 1_000_000


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    engine = EmbeddedEngine(make_model(tmp_path_factory.mktemp("api_model"), seed=3))
    pipeline = Pipeline(engine=engine, read_options=ReadOptions(n_workers=1))
    settings = Settings(read=ReadSettings(max_bytes=MAX_BYTES))
    with TestClient(create_app(settings, pipeline=pipeline), raise_server_exceptions=False) as client:
        yield client


def post(client: TestClient, data: bytes = INVOICE, **fields: str) -> Any:  # noqa: ANN401
    form = {"schema": "invoice", "n_candidates": "1", "max_tokens": "600", **fields}
    return client.post("/v1/extractions", files={"file": ("a.pdf", data)}, data=form)


def test_an_invoice_becomes_a_valid_extraction(client: TestClient) -> None:
    response = post(client)
    assert response.status_code == 200
    body = response.json()
    assert validate_output(body["output"]["value"], get_schema("invoice")) == ()
    assert body["usage"]["n_pages"] == 1


def test_a_callers_own_json_schema_is_answered(client: TestClient) -> None:
    schema = {"type": "object", "properties": {"Rechnungsnummer": {"type": ["string", "null"]}}}
    assert list(post(client, schema=json.dumps(schema)).json()["output"]["value"]) == ["Rechnungsnummer"]


@pytest.mark.parametrize(
    ("data", "fields", "status", "code"),
    [
        (b"", {}, 422, "empty_document"),
        (b"<html>no document</html>", {}, 415, "unsupported_media_type"),
        (b"%PDF-1.7 cut off", {}, 422, "unreadable_document"),
        (INVOICE, {"schema": "invoyce"}, 404, "unknown_schema"),
        (INVOICE, {"schema": '{"type": "object", "allOf": []}'}, 422, "invalid_schema"),
        (INVOICE, {"schema": "{ not json"}, 422, "invalid_schema"),
        (INVOICE, {"adapter": "nobody"}, 404, "adapter_not_found"),
        (INVOICE, {"n_candidates": "many"}, 422, "invalid_request"),
        (INVOICE, {"split": "sometimes"}, 422, "invalid_request"),
        (b"%PDF-1.7 cut off", {"split": "auto"}, 422, "unreadable_document"),
    ],
)
def test_what_the_caller_can_fix_is_a_problem_document(
    client: TestClient, data: bytes, fields: dict[str, str], status: int, code: str
) -> None:
    response = post(client, data, **fields)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["request_id"] == response.headers["x-request-id"]


def test_an_unknown_field_of_a_form_is_refused_by_name(client: TestClient) -> None:
    response = post(client, INVOICE, groundng="false", **{"x" * 500: "secret"})
    assert (response.status_code, response.json()["code"]) == (422, "invalid_request")
    first, second = response.json()["errors"]
    assert first == {"pointer": "/body/groundng", "detail": "there is no such field; did you mean grounding?"}
    assert second == {"pointer": "/body/" + "x" * 64, "detail": "there is no such field"}


@pytest.mark.parametrize("path", ["/v1/extractions", "/v1/examples"])
def test_two_files_in_one_form_are_refused(client: TestClient, path: str) -> None:
    form = {"schema": "invoice"} | ({"confirmed_by": "ann"} if path == "/v1/examples" else {})
    files = [("file", ("a.pdf", INVOICE)), ("file", ("b.pdf", INVOICE))]
    response = client.post(path, files=files, data=form)
    assert response.status_code == 422
    assert response.json()["errors"] == [{"pointer": "/body/file", "detail": "sent 2 times, and wanted once"}]


def test_an_option_that_is_sent_twice_is_refused(client: TestClient) -> None:
    form = {"schema": "invoice", "n_candidates": ["1", "2"]}
    response = client.post("/v1/extractions", files={"file": ("a.pdf", INVOICE)}, data=form)
    assert response.status_code == 422


def test_a_service_without_its_model_listens_and_is_ready_once_it_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    settings = Settings(model_folder=folder, store=StoreSettings(folder=tmp_path / "store"))
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        assert client.get("/livez").status_code == 200
        refused = client.get("/readyz")
        assert (refused.status_code, refused.json()["code"]) == (503, "engine_unavailable")
        assert post(client, groundng="false").status_code == 422
        assert post(client).status_code == 503
        make_model(folder, seed=3)
        assert client.get("/readyz").status_code == 200


def test_a_schema_is_chosen_if_it_is_asked(client: TestClient) -> None:
    body = post(client, schema="auto").json()
    assert (body["schema_name"], body["kind"]["name"]) == ("invoice", "invoice")
    assert validate_output(body["output"]["value"], get_schema("invoice")) == ()
    said = client.post(
        f"/v1/extractions/{body['extraction_id']}/feedback",
        json={"verdict": "rejected", "confirmed_by": "Ada"},
    )
    assert said.status_code == 200


def test_a_schema_of_another_kind_is_warned_of(client: TestClient) -> None:
    body = post(client, schema="bank_statement").json()
    assert "schema_may_not_fit" in {warning["code"] for warning in body["warnings"]}
    assert body["status"] in {"needs_review", "partial"}


def test_a_file_of_two_documents_is_split_if_it_is_asked(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    see_two(monkeypatch)
    blended = post(client, FILE, schema=JSON_SCHEMA).json()
    assert (blended["status"], blended["page_numbers"]) == ("needs_review", [])
    assert blended["extraction_id"]
    for split, page_numbers in (("auto", [[1], [2, 3]]), ("pages", [[1], [2], [3]])):
        body = post(client, FILE, schema=JSON_SCHEMA, split=split).json()
        assert list(body) == ["documents"]
        assert [entry["page_numbers"] for entry in body["documents"]] == page_numbers
        assert [entry["extraction_id"] for entry in body["documents"]] == [None] * len(page_numbers)


def test_one_document_of_a_split_file_is_kept(client: TestClient) -> None:
    (alone,) = post(client, FILE, schema=JSON_SCHEMA, split="auto").json()["documents"]
    assert alone["page_numbers"] == []
    said = client.post(
        f"/v1/extractions/{alone['extraction_id']}/feedback",
        json={"verdict": "rejected", "confirmed_by": "Ada"},
    )
    assert said.status_code == 200


def test_a_document_that_fails_has_its_problem_in_its_place(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    extraction = Extraction(
        document_sha256="0" * 64,
        page_numbers=(1,),
        schema_name="invoice",
        status="succeeded",
        output=Output(value={}, metadata={}),
        usage=Usage(n_pages=1, n_windows=1, n_prompt_tokens=1, n_completion_tokens=1),
        engine="embedded",
        model="tiny",
    )
    good = PipelineResult(extraction=extraction, document=Mock())
    failed = FailedPart(page_numbers=(2, 3), error=EmptyDocumentError("nothing to read"))
    monkeypatch.setattr(Pipeline, "extract_all", Mock(return_value=(good, failed)))
    response = post(client, FILE, schema=JSON_SCHEMA, split="auto")
    assert response.status_code == 200
    first, second = response.json()["documents"]
    assert first["page_numbers"] == [1]
    assert second["page_numbers"] == [2, 3]
    assert (second["problem"]["status"], second["problem"]["code"]) == (422, "empty_document")


def test_some_pages_are_extracted_if_they_are_asked(client: TestClient) -> None:
    body = post(client, FILE, schema=JSON_SCHEMA, pages="2-3").json()
    assert body["page_numbers"] == [2, 3]
    assert body["extraction_id"] is None
    for pages, code in (
        ("7", "page_not_found"),
        ("two", "invalid_request"),
        ("3-1", "invalid_request"),
    ):
        response = post(client, FILE, schema=JSON_SCHEMA, pages=pages)
        assert (response.status_code, response.json()["code"]) == (422, code)


def test_a_request_fails_if_all_documents_of_its_file_do(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = FailedPart(page_numbers=(2, 3), error=EmptyDocumentError("nothing to read"))
    monkeypatch.setattr(Pipeline, "extract_all", Mock(return_value=(failed,)))
    response = post(client, FILE, schema=JSON_SCHEMA, split="auto")
    assert (response.status_code, response.json()["code"]) == (422, "empty_document")


def test_both_shapes_of_an_answer_are_documented(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    answer = described["paths"]["/v1/extractions"]["post"]["responses"]["200"]
    shapes = answer["content"]["application/json"]["schema"]["anyOf"]
    assert [shape["$ref"].rsplit("/", 1)[1] for shape in shapes] == ["Extraction", "Extractions"]
    form = described["components"]["schemas"]["Body_create_extraction_v1_extractions_post"]
    assert form["properties"]["split"]["enum"] == ["auto", "never", "pages"]
    assert form["properties"]["split"]["default"] == "never"


def test_a_refused_keyword_is_named_by_its_pointer(client: TestClient) -> None:
    problem = post(client, schema='{"type": "object", "allOf": []}').json()
    assert "/allOf" in {entry["pointer"] for entry in problem["errors"]}


def test_a_body_over_the_limit_is_refused_told_or_not(client: TestClient) -> None:
    told = client.post("/v1/extractions", content=b"x" * (MAX_BYTES + 600_000))
    streamed = client.post(
        "/v1/extractions",
        content=(b"x" * 100_000 for _ in range(20)),
        headers={"content-type": "multipart/form-data; boundary=b"},
    )
    assert (told.status_code, streamed.status_code) == (413, 413)


def test_a_wild_request_id_is_replaced_and_a_good_one_kept(client: TestClient) -> None:
    good = client.get("/livez", headers={"x-request-id": "order-7"})
    wild = client.get("/livez", headers={"x-request-id": "a b;c"})
    assert good.headers["x-request-id"] == "order-7"
    assert wild.headers["x-request-id"] != "a b;c"


def test_schemas_probes_and_unknown_paths(client: TestClient) -> None:
    names = {entry["name"] for entry in client.get("/v1/schemas").json()}
    assert {"invoice", "receipt"} <= names
    assert client.get("/v1/schemas/invoice").json()["type"] == "object"
    assert client.get("/readyz").json()["engine"] == "embedded"
    assert client.get("/nowhere").json()["code"] == "not_found"
    assert client.get("/v1/schemas/..%2fetc").status_code == 404


def test_a_password_opens_an_encrypted_file_and_is_asked_for(client: TestClient) -> None:
    locked = pdf(
        text_at(72, 700, "Invoice 4711"),
        encryption=pikepdf.Encryption(owner="owner", user="sesame", R=6),
    )
    closed, wrong = post(client, locked), post(client, locked, password="guess")
    (issue,) = post(client, locked, password="x" * 128).json()["errors"]
    assert issue == {"pointer": "/body/password", "detail": "must have at most 127 characters"}
    assert [(r.status_code, r.json()["code"]) for r in (closed, wrong)] == [(422, "password_required")] * 2
    assert "guess" not in wrong.text
    assert post(client, locked, password="sesame").status_code == 200


def test_a_linted_schema_gets_a_verdict_for_each_keyword(client: TestClient) -> None:
    fine = client.post("/v1/schemas/lint", json={"type": "object", "properties": {"a": {"type": "string"}}})
    bad = client.post("/v1/schemas/lint", json={"type": "object", "allOf": []})
    assert (fine.status_code, fine.json()["ok"], bad.status_code, bad.json()["ok"]) == (200, True, 200, False)
    assert "/allOf" in {entry["pointer"] for entry in bad.json()["entries"] if entry["verdict"] == "refused"}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"a": NaN}', b'{"a":' * 100_000, b"\xff"])
def test_what_is_no_json_object_cannot_be_linted(client: TestClient, body: bytes) -> None:
    response = client.post("/v1/schemas/lint", content=body)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_schema")


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("multipart/form-data; boundary=b", b"garbage", 400),
        ("multipart/form-data", b"--b", 400),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disp", 422),
        ("application/json", b"{}", 422),
    ],
)
def test_a_broken_form_is_a_problem(client: TestClient, content_type: str, body: bytes, status: int) -> None:
    response = client.post("/v1/extractions", content=body, headers={"content-type": content_type})
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")


def test_a_wrong_method_names_the_right_ones(client: TestClient) -> None:
    response = client.get("/v1/batches")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


@contextmanager
def served(act: Callable[[], object]) -> Generator[TestClient]:
    settings = Settings(api=ApiSettings(n_concurrent=1, n_waiting=0, timeout_s=30))
    app = create_app(settings, pipeline=cast("Pipeline", FakePipeline(act)))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def test_an_unexpected_error_tells_its_request_id_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise ZeroDivisionError("a secret")

    with served(fail) as client, caplog.at_level(logging.ERROR, logger="app.api.problems"):
        response = client.post(
            "/v1/extractions",
            files={"file": ("a.pdf", b"x")},
            data={"schema": "invoice"},
            headers={"x-request-id": "order-7"},
        )
    assert response.status_code == 500
    assert response.headers["x-request-id"] == response.json()["request_id"] == "order-7"
    assert "secret" not in response.text
    assert "unexpected ZeroDivisionError" in caplog.text


def test_a_service_makes_its_engine_ready_before_it_is_asked() -> None:
    pipeline = FakePipeline(lambda: None)
    with TestClient(create_app(Settings(), pipeline=cast("Pipeline", pipeline))) as client:
        assert client.get("/readyz").status_code == 200
        assert client.get("/readyz").status_code == 200
    with TestClient(create_app(Settings(), pipeline=cast("Pipeline", pipeline))) as client:
        assert client.get("/livez").status_code == 200
    assert pipeline.prepared[0]
    assert len(pipeline.prepared) >= 2


def test_a_service_whose_engine_is_broken_starts_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    def fail(*, warm: bool) -> None:
        del warm
        raise EngineUnavailableError("no weights")

    pipeline = FakePipeline(lambda: None)
    pipeline.prepare = fail
    with TestClient(create_app(Settings(), pipeline=cast("Pipeline", pipeline))) as client:
        assert client.get("/livez").status_code == 200
        assert client.get("/readyz").status_code == 503
    assert "the engine is not ready" in caplog.text


def test_a_busy_service_refuses_work_and_stays_ready() -> None:
    started, release = threading.Event(), threading.Event()

    def wait() -> None:
        started.set()
        release.wait(20)
        raise EmptyDocumentError("nothing to read")

    with served(wait) as client, ThreadPoolExecutor(1) as pool:
        first = pool.submit(post, client)
        assert started.wait(10)
        refused, ready = post(client), client.get("/readyz")
        listed = client.get("/v1/examples")
        said = client.post(
            f"/v1/extractions/{'0' * 32}/feedback", json={"verdict": "rejected", "confirmed_by": "Ada"}
        )
        release.set()
        admitted = first.result()
    assert (admitted.status_code, admitted.json()["code"]) == (422, "empty_document")
    assert (refused.status_code, refused.json()["code"]) == (503, "busy")
    assert int(refused.headers["retry-after"]) > 0
    assert ready.status_code == 200
    # The database is asked apart from documents.
    assert (listed.status_code, listed.json()["examples"]) == (200, [])
    assert (said.status_code, said.json()["code"]) == (404, "unknown_extraction")


@pytest.mark.anyio
async def test_work_beyond_the_places_is_refused_and_late_work_times_out() -> None:
    release = threading.Event()
    runner = Runner("extractions", n_concurrent=1, n_waiting=0, timeout_s=0.05)
    with pytest.raises(ExtractionTimeoutError):
        await runner.run(lambda: release.wait(5))
    with pytest.raises(ServiceBusyError):
        await runner.run(lambda: None)
    release.set()
    runner.close()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
