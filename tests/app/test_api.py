"""The HTTP service: what it answers, and that every error is a problem document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.api.runner import Runner
from app.api.service import create_app
from app.pipeline import Pipeline
from app.settings import ReadSettings, Settings
from decoding.embedded import EmbeddedEngine
from ocr.reader import ReadOptions
from schemas.errors import ExtractionTimeoutError, ServiceBusyError
from schemas.registry import get_schema
from schemas.validate import validate_output
from tests.decoding.tiny_model import make_model
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
    ],
)
def test_what_the_caller_can_fix_is_a_problem_document(
    client: TestClient, data: bytes, fields: dict[str, str], status: int, code: str
) -> None:
    response = post(client, data, **fields)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["request_id"] == response.headers["x-request-id"]


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


@pytest.mark.anyio
async def test_work_beyond_the_places_is_refused_and_late_work_times_out() -> None:
    import threading

    release = threading.Event()
    runner = Runner(n_concurrent=1, n_waiting=0, timeout_s=0.05)
    with pytest.raises(ExtractionTimeoutError):
        await runner.run(lambda: release.wait(5))
    with pytest.raises(ServiceBusyError):
        await runner.run(lambda: None)
    release.set()
    runner.close()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
