"""The job API: accepted is durable, a result is read as often as wanted, and nobody sees another's."""

from __future__ import annotations

import errno
import json
import os
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any, cast
from unittest.mock import Mock

import pytest
from fastapi import Header
from starlette.testclient import TestClient

from app.api.deps import tenant_name_of
from app.api.service import create_app
from app.extraction.pipeline import Pipeline
from app.service_settings import ApiSettings, JobSettings
from app.settings import ReadSettings, Settings, StoreSettings
from schemas.errors import EmptyDocumentError, StorageFullError
from storage.blobs import FolderBlobs
from tests.app.api.test_disconnects import Caller
from tests.app.jobs.fakes import Act, FakePipeline, do_nothing

PDF = {"content-type": "application/pdf"}


def name_by_header(x_tenant: str = Header(default="acme")) -> str:
    """Say whose request it is, as keys will."""
    return x_tenant


@contextmanager
def served(folder: Path, act: Act = do_nothing, **jobs: Any) -> Generator[TestClient]:  # noqa: ANN401
    settings = Settings(
        store=StoreSettings(folder=folder, keep_days=0),
        read=ReadSettings(max_bytes=1_000_000),
        api=ApiSettings(timeout_s=20),
        jobs=JobSettings(**jobs),
    )
    app = create_app(settings, pipeline=cast("Pipeline", FakePipeline(act)))
    app.dependency_overrides[tenant_name_of] = name_by_header
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Serve files of which `bad` fails."""

    def act(data: bytes, *_: object) -> None:
        if data == b"bad":
            raise EmptyDocumentError("nothing to read")

    with served(tmp_path_factory.mktemp("jobs"), act) as client:
        yield client


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Serve without a worker: what is accepted stays queued."""
    with served(tmp_path_factory.mktemp("idle"), n_in_service=0, max_queued=1000) as client:
        yield client


def post(client: TestClient, data: bytes = b"one", *, tenant: str = "acme", **headers: str) -> Any:  # noqa: ANN401
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(
        "/v1/extractions",
        files={"file": ("a.pdf", data)},
        data={"schema": "invoice"},
        headers={"x-tenant": tenant, **named},
    )


def get(client: TestClient, path: str, *, tenant: str = "acme", **params: str) -> Any:  # noqa: ANN401
    return client.get(path, headers={"x-tenant": tenant}, params=params or None)


def test_a_file_is_answered_by_its_result_if_that_is_there_in_time(client: TestClient) -> None:
    response = post(client, b"one", prefer="wait=10")
    assert response.status_code == 200
    assert response.json()["output"]["value"] == {"text": "one"}
    assert response.headers["preference-applied"] == "wait=10"
    again = get(client, response.headers["location"] + "/result")
    assert again.json() == response.json()
    assert again.json()["extraction_id"] == response.headers["location"].rsplit("/", 1)[1]


def test_a_file_is_answered_by_its_job_if_not(idle: TestClient) -> None:
    response = post(idle, prefer="respond-async")
    job = response.json()
    assert response.status_code == 202
    assert response.headers["location"] == response.headers["operation-location"] == job["links"]["self"]
    assert int(response.headers["retry-after"]) > 0
    assert (job["status"], job["file_name"], job["n_bytes"]) == ("queued", "a.pdf", 3)
    assert job["progress"]["place"] >= 0
    early = get(idle, job["links"]["result"])
    assert (early.status_code, early.json()["code"]) == (409, "not_finished")
    assert get(idle, job["links"]["self"], wait="0.05").json()["status"] == "queued"


def test_a_wait_in_the_query_overrules_the_header(client: TestClient) -> None:
    response = client.post(
        "/v1/extractions?wait=0",
        files={"file": ("a.pdf", b"two")},
        data={"schema": "invoice"},
        headers={"prefer": "wait=10"},
    )
    assert response.status_code == 202
    found = get(client, response.json()["links"]["self"], wait="10").json()
    assert (found["status"], found["attempt"]) == ("succeeded", 1)


def test_a_file_that_fails_is_its_problem_wherever_it_is_asked(client: TestClient) -> None:
    response = post(client, b"bad", prefer="wait=10")
    assert (response.status_code, response.json()["code"]) == (422, "empty_document")
    job = get(client, response.headers["location"]).json()
    assert (job["status"], job["problem"]["code"]) == ("failed", "empty_document")
    assert get(client, job["links"]["result"]).json() == response.json()


def test_the_values_can_be_had_alone(client: TestClient) -> None:
    location = post(client, b"three", prefer="wait=10").headers["location"]
    assert get(client, f"{location}/result", fields="value").json() == {"text": "three"}
    assert get(client, f"{location}/result", fields="everything").status_code == 422


def test_the_body_itself_can_be_the_file(client: TestClient) -> None:
    where = "/v1/extractions?schema=invoice&file_name=b.pdf&wait=10&n_candidates=2&grounding=false"
    response = client.post(where, content=b"raw", headers=PDF)
    assert (response.status_code, response.json()["output"]["value"]) == (200, {"text": "raw"})
    assert get(client, response.headers["location"]).json()["file_name"] == "b.pdf"


def test_the_file_can_stand_in_a_json_document(client: TestClient) -> None:
    body = {
        "schema": {"type": "object", "properties": {"a": {"type": ["string", "null"]}}, "title": "mine"},
        "content": b64encode(b"coded").decode(),
        "options": {"n_candidates": 1},
    }
    response = client.post("/v1/extractions?wait=10", json=body)
    assert (response.status_code, response.json()["output"]["value"]) == (200, {"text": "coded"})
    assert get(client, response.headers["location"]).json()["schema_name"] == "mine"


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("", "/query/schema"),
        ("schema=invoice&groundng=1", "/query/groundng"),
        ("schema=invoice&split=maybe", "/query/split"),
        ("schema=invoice&n_candidates=many", "/query/n_candidates"),
        ("schema=invoice&schema=receipt", "/query/schema"),
        ("schema=invoice&wait=long", "/query/wait"),
    ],
)
def test_a_query_that_is_not_as_documented_is_refused(client: TestClient, query: str, pointer: str) -> None:
    response = client.post(f"/v1/extractions?{query}", content=b"x", headers=PDF)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_request")
    assert pointer in {issue["pointer"].replace("/body/", "/query/") for issue in response.json()["errors"]}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"[" * 100_000,
        b'{"schema": "invoice"}',
        b'{"schema": "invoice", "content": "no base64!"}',
        b'{"schema": "invoice", "content": "QQ==", "other": 1}',
        b'{"schema": "invoice", "content": "QQ==", "options": {"n_candidates": "many"}}',
        b'{"schema": "invoice", "content": "QQ==", "options": {"max_tokens": true}}',
        b'{"schema": "invoice", "content": "QQ==", "options": {"n_examples": false}}',
        json.dumps({"schema": "invoice", "content": "", **{f"k{n}": n for n in range(5000)}}).encode(),
    ],
)
def test_a_json_document_that_is_not_as_documented_has_a_short_problem(
    client: TestClient, body: bytes
) -> None:
    response = client.post("/v1/extractions", content=body, headers={"content-type": "application/json"})
    assert (response.status_code, response.json()["code"]) == (422, "invalid_request")
    assert len(response.content) < 10_000


@pytest.mark.parametrize(
    ("data", "status", "code"), [(b"", 422, "empty_document"), (b"x" * 1_000_001, 413, "document_too_large")]
)
def test_what_could_only_fail_later_is_not_accepted(
    client: TestClient, data: bytes, status: int, code: str
) -> None:
    response = client.post("/v1/extractions?schema=invoice&wait=0", content=data, headers=PDF)
    assert (response.status_code, response.json()["code"]) == (status, code)


# --- keys


def test_the_same_key_and_body_have_the_same_answer(client: TestClient) -> None:
    first = post(client, b"keyed", idempotency_key="order-7")
    again = post(client, b"keyed", idempotency_key="order-7")
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    assert again.headers["location"] == first.headers["location"]
    other = post(client, b"another", idempotency_key="order-7")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    foreign = post(client, b"another", idempotency_key="order-7", tenant="bolt")
    assert foreign.status_code == 200


def test_a_key_whose_first_request_waits_is_in_flight(tmp_path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def act(*_: object) -> None:
        begun.set()
        go_on.wait(20)

    with served(tmp_path, act) as client, ThreadPoolExecutor(1) as pool:
        first = pool.submit(post, client, b"x", idempotency_key="k")
        assert begun.wait(10)
        twin = post(client, b"x", idempotency_key="k")
        go_on.set()
        assert first.result().status_code == 200
        assert post(client, b"x", idempotency_key="k").json() == first.result().json()
    assert (twin.status_code, twin.json()["code"]) == (409, "idempotency_in_flight")
    assert int(twin.headers["retry-after"]) > 0


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_key_whose_caller_has_hung_up_is_in_flight_no_more(tmp_path: Path) -> None:
    with served(tmp_path, n_in_service=0) as client:
        caller = Caller(
            client.app,
            path="/v1/extractions",
            query=b"schema=invoice&wait=20",
            body=b"x",
            type_="application/pdf",
            headers=((b"idempotency-key", b"k"),),
        )
        portal = client.portal
        assert portal is not None
        asked = portal.start_task_soon(caller.ask)
        listed = lambda: get(client, "/v1/extractions").json()["extractions"]  # noqa: E731
        wait_until(listed)

        def again() -> Any:  # noqa: ANN401
            return client.post(
                "/v1/extractions?schema=invoice&wait=0",
                content=b"x",
                headers={**PDF, "idempotency-key": "k"},
            )

        assert again().json()["code"] == "idempotency_in_flight"
        portal.call(caller.hang_up)
        asked.result(10)
        found = again()
        assert (found.status_code, found.json()["id"]) == (202, listed()[0]["id"])


def test_a_key_whose_job_has_ended_is_in_flight_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(tmp_path) as client:
        # As where the process dies before it notes that it has answered.
        monkeypatch.setattr("storage.job_queue.JobQueue.answered", Mock())
        first = post(client, b"x", idempotency_key="k")
        assert post(client, b"x", idempotency_key="k").json() == first.json()


def test_a_batch_of_one_file_is_another_request_than_that_file(idle: TestClient) -> None:
    assert post(idle, b"alone", idempotency_key="alone", prefer="respond-async").status_code == 202
    batch = idle.post(
        "/v1/batches",
        headers={"idempotency-key": "alone"},
        files={"file": ("a.pdf", b"alone")},
        data={"schema": "invoice"},
    )
    assert (batch.status_code, batch.json()["code"]) == (422, "idempotency_key_reused")


def test_of_many_twins_one_makes_a_job(idle: TestClient) -> None:
    with ThreadPoolExecutor(8) as pool:
        asked = [
            pool.submit(post, idle, b"twin", idempotency_key="twin", prefer="respond-async") for _ in range(8)
        ]
    assert {one.result().status_code for one in asked} == {202}
    assert len({one.result().json()["id"] for one in asked}) == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "k\xe9y"])
def test_a_key_is_short_and_printable(client: TestClient, key: str) -> None:
    response = client.post(
        "/v1/extractions",
        files={"file": ("a.pdf", b"x")},
        data={"schema": "invoice"},
        headers=[(b"idempotency-key", key.encode("latin-1"))],
    )
    assert (response.status_code, response.json()["code"]) == (422, "invalid_request")


def test_the_same_bytes_are_read_once_if_the_settings_say_so(tmp_path: Path) -> None:
    with served(tmp_path, deduplicate=True) as client:
        first, again = post(client, b"same", prefer="wait=10"), post(client, b"same", prefer="wait=10")
        foreign = post(client, b"same", prefer="wait=10", tenant="bolt")
    assert again.headers["location"] == first.headers["location"]
    assert foreign.headers["location"] != first.headers["location"]


# --- lists, ends and others


def test_jobs_are_listed_by_pages_and_filters(tmp_path: Path) -> None:
    with served(tmp_path, n_in_service=0) as client:
        ids = [post(client, bytes([n]), prefer="respond-async").json()["id"] for n in range(5)]
        first = get(client, "/v1/extractions", limit="3").json()
        rest = get(client, "/v1/extractions", limit="3", cursor=first["next"]).json()
        listed = [job["id"] for job in first["extractions"] + rest["extractions"]]
        assert (listed, rest["next"]) == (ids[::-1], None)
        client.delete(f"/v1/extractions/{ids[0]}")
        cancelled = get(client, "/v1/extractions", status="cancelled").json()["extractions"]
        assert [job["id"] for job in cancelled] == [ids[0]]
        assert get(client, "/v1/extractions", schema="receipt").json()["extractions"] == []
        late = get(client, "/v1/extractions", created_from="2099-01-01T00:00:00Z").json()
        assert late["extractions"] == []
        for wrong in ({"status": "lost"}, {"cursor": "x"}, {"limit": "0"}, {"created_from": "today"}):
            assert get(client, "/v1/extractions", **wrong).status_code == 422
        # A year would be so many seconds after 1970: of the jobs since then, all.
        for wrong in ({"created_from": "2026"}, {"created_before": "1.8e9"}, {"created_from": "2026-01-31"}):
            (issue,) = get(client, "/v1/extractions", **wrong).json()["errors"]
            assert "2026-01-31T12:00:00Z" in issue["detail"]


def test_pages_have_each_job_once_while_others_come_and_go(tmp_path: Path) -> None:
    with served(tmp_path) as client:
        jobs = [post(client, bytes([n]), prefer="wait=10").headers["location"] for n in range(12)]
        stay = {location.rsplit("/", 1)[1] for location in jobs[1::2]}
        listed: list[str] = []
        cursor: dict[str, str] = {}
        for n in range(20, 40):
            page = get(client, "/v1/extractions", limit="2", **cursor).json()
            listed += [job["id"] for job in page["extractions"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
            post(client, bytes([n]), prefer="wait=10")  # newer than all pages
            if jobs[:-1]:
                client.delete(jobs.pop(-2))  # of those that are listed, and those that are not yet
                jobs.pop()
    assert len(listed) == len(set(listed))
    assert stay <= set(listed)


def test_a_deleted_job_that_had_not_ended_is_cancelled(idle: TestClient) -> None:
    job = post(idle, b"unwanted", prefer="respond-async").json()
    assert idle.delete(job["links"]["self"]).status_code == 204
    found = get(idle, job["links"]["self"]).json()
    assert (found["status"], found["file_name"], found["document_sha256"]) == ("cancelled", None, None)
    gone = get(idle, job["links"]["result"])
    assert (gone.status_code, gone.json()["code"]) == (409, "cancelled")
    assert idle.delete(job["links"]["self"]).status_code == 204
    assert get(idle, job["links"]["self"]).status_code == 404


def test_a_deleted_job_that_had_ended_is_gone_with_its_file(tmp_path: Path) -> None:
    with served(tmp_path) as client:
        location = post(client, b"done", prefer="wait=10").headers["location"]
        assert len(list((tmp_path / "documents").rglob("*/??/*"))) == 1
        assert client.delete(location).status_code == 204
        assert list((tmp_path / "documents").rglob("*/??/*")) == []
        for path in (location, f"{location}/result", f"{location}/events"):
            assert get(client, path).status_code == 404


def test_anothers_job_is_as_absent_as_one_that_never_was(client: TestClient) -> None:
    location = post(client, b"mine", prefer="wait=10").headers["location"]
    absent = f"/v1/extractions/{'0' * 32}"
    for suffix in ("", "/result", "/events"):
        bodies: list[dict[str, Any]] = []
        for path in (location, absent):
            response = get(client, path + suffix, tenant="bolt")
            assert response.status_code == 404
            bodies.append({**response.json(), "request_id": None})
        assert bodies[0] == bodies[1]
    assert client.delete(location, headers={"x-tenant": "bolt"}).status_code == 404
    assert get(client, "/v1/extractions", tenant="bolt", limit="1000").text.count(location) == 0
    assert get(client, location).json()["status"] == "succeeded"
    assert get(client, "/v1/extractions/..%2f").status_code == 404
    assert get(client, "/v1/extractions/XYZ").status_code == 422


def test_events_tell_of_stages_pages_and_the_end(tmp_path: Path) -> None:
    told, go_on = threading.Event(), threading.Event()

    def act(_: bytes, __: object, page: Any) -> None:  # noqa: ANN401
        page(2, 2)
        told.set()
        go_on.wait(20)

    with served(tmp_path, act) as client:
        job = post(client, b"watched", prefer="respond-async").json()
        assert told.wait(10)
        threading.Timer(0.3, go_on.set).start()
        events = get(client, job["links"]["events"])
    assert events.headers["content-type"].startswith("text/event-stream")
    blocks = [block.split("\r\n") for block in events.text.strip().split("\r\n\r\n")]
    names = [next(line[7:] for line in block if line.startswith("event: ")) for block in blocks]
    first, last = (
        json.loads(next(line[6:] for line in block if line.startswith("data: ")))
        for block in (blocks[0], blocks[-1])
    )
    assert (names[0], names[-1]) == ("job", "end")
    assert (first["progress"]["stage"], first["progress"]["page_number"]) == ("read", 2)
    assert last["status"] == "succeeded"


# --- what has no place


def test_beyond_the_bound_callers_are_told_to_come_back_and_nothing_is_kept(tmp_path: Path) -> None:
    with served(tmp_path, n_in_service=0, max_queued=2) as client:
        statuses = [post(client, bytes([n]), prefer="respond-async").status_code for n in range(5)]
        refused = post(client, b"x", idempotency_key="k", prefer="respond-async")
        listed = get(client, "/v1/extractions").json()["extractions"]
    assert statuses == [202, 202, 429, 429, 429]
    assert (refused.status_code, refused.json()["code"]) == (429, "queue_full")
    assert int(refused.headers["retry-after"]) > 0
    assert len(listed) == 2
    assert len(list((tmp_path / "documents").rglob("*/??/*"))) == 2


@pytest.mark.parametrize(
    ("number", "status", "code"),
    [(errno.ENOSPC, 507, "storage_full"), (errno.EIO, 503, "storage_unavailable")],
)
def test_where_the_disk_fails_nothing_is_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, status: int, code: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    with served(tmp_path, n_in_service=0) as client:
        with monkeypatch.context() as patched:
            patched.setattr("storage.blobs.os.fsync", fail)
            response = post(client, b"x", prefer="respond-async")
        assert (response.status_code, response.json()["code"]) == (status, code)
        assert get(client, "/v1/extractions").json()["extractions"] == []
        assert post(client, b"x", prefer="respond-async").status_code == 202


def test_a_full_store_of_files_is_told_of_batches_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StorageFullError("no space")

    with served(tmp_path, n_in_service=0) as client:
        monkeypatch.setattr(FolderBlobs, "keep", fail)
        files = [("file", ("a.pdf", b"1")), ("file", ("b.pdf", b"2"))]
        response = client.post("/v1/batches", files=files, data={"schema": "invoice"})
    assert (response.status_code, response.json()["code"]) == (507, "storage_full")


# --- batches


@pytest.mark.parametrize("path", ["/v1/extractions", "/v1/batches", "/v1/examples"])
@pytest.mark.parametrize(("number", "status"), [(errno.ENOSPC, 507), (errno.EDQUOT, 507), (errno.EIO, None)])
def test_a_file_that_finds_no_place_while_it_comes_is_told_so(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, path: str, number: int, status: int | None
) -> None:
    """Long ones are on disk before anything is done with them; forms were 400, bodies 500."""

    def fail(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(SpooledTemporaryFile, "write", fail)
    form = {"schema": "invoice"}
    answers = [client.post(path, files={"file": ("a.pdf", b"one")}, data=form)]
    if path == "/v1/extractions":
        answers.append(client.post(f"{path}?schema=invoice", content=b"one", headers=PDF))
    for answer in answers:
        assert answer.status_code == (status or 500)
        assert answer.json()["code"] == ("storage_full" if status else "internal_error")
        assert ("retry-after" in answer.headers) is bool(status)


def test_a_form_of_too_many_files_is_told_how_many_it_may_have(idle: TestClient) -> None:
    def send(n_files: int) -> Any:  # noqa: ANN401
        files = [("file", (f"{n}.pdf", b"")) for n in range(n_files)]
        return idle.post("/v1/batches", files=files, data={"schema": "invoice"})

    assert send(1000).json()["code"] == "empty_document"  # as many are read
    refused = send(1001)
    assert (refused.status_code, refused.json()["code"]) == (413, "too_many_parts")
    assert "1000 files" in refused.json()["detail"]


def test_files_that_are_sent_together_are_counted_together(client: TestClient) -> None:
    files = [("file", (f"{n}.pdf", f"batch {n}".encode())) for n in range(3)] + [("file", ("b.pdf", b"bad"))]
    made = client.post("/v1/batches", files=files, data={"schema": "invoice"})
    assert (made.status_code, made.json()["n_documents"]) == (202, 4)
    assert made.headers["location"] == made.json()["links"]["self"]
    jobs = get(client, made.json()["links"]["extractions"]).json()["extractions"]
    assert {job["file_name"] for job in jobs} == {"0.pdf", "1.pdf", "2.pdf", "b.pdf"}
    for job in jobs:
        get(client, job["links"]["self"], wait="10")
    found = get(client, made.headers["location"]).json()
    assert found["status"] == "finished"
    assert {status: n for status, n in found["n_by_status"].items() if n} == {"succeeded": 3, "failed": 1}
    assert get(client, made.headers["location"], tenant="bolt").status_code == 404


def test_a_batch_can_name_earlier_files_of_the_tenants_own(client: TestClient) -> None:
    location = post(client, b"early", prefer="wait=10").headers["location"]
    sha256 = get(client, location).json()["document_sha256"]
    body = {
        "schema": "receipt",
        "documents": [{"document_sha256": sha256}, {"content": b64encode(b"new").decode()}],
    }
    made = client.post("/v1/batches", json=body)
    assert (made.status_code, made.json()["n_documents"]) == (202, 2)
    foreign = client.post("/v1/batches", json=body, headers={"x-tenant": "bolt"})
    assert (foreign.status_code, foreign.json()["code"]) == (400, "invalid_input")
    wrong: tuple[list[dict[str, str]], ...] = ([], [{"document_sha256": "x"}], [{}])
    for documents in wrong:
        assert client.post("/v1/batches", json={**body, "documents": documents}).status_code == 422


def test_what_of_a_batch_is_wrong_is_said_with_its_place(idle: TestClient) -> None:
    coded = b64encode(b"new").decode()
    body = {"schema": "invoice", "documents": [{"content": coded}, {"content": "no base64!"}]}
    (issue,) = idle.post("/v1/batches", json=body).json()["errors"]
    assert issue["pointer"] == "/body/documents/1/content"
    files = [("file", ("a.pdf", b"a")), ("file", ("b.pdf", b"")), ("file", ("c.pdf", b"c"))]
    problem = idle.post("/v1/batches", files=files, data={"schema": "invoice"}).json()
    assert (problem["code"], problem["detail"]) == ("empty_document", "file 2 of 3 has no bytes")
    waited = idle.post("/v1/batches?wait=5", files=files[:1], data={"schema": "invoice"})
    assert (waited.status_code, waited.json()["errors"][0]["pointer"]) == (422, "/query/wait")


def test_a_batch_with_a_key_is_made_once(idle: TestClient) -> None:
    def send(data: bytes) -> Any:  # noqa: ANN401
        files = [("file", ("a.pdf", data)), ("file", ("b.pdf", data))]
        headers = {"idempotency-key": "batch-1"}
        return idle.post("/v1/batches", files=files, data={"schema": "invoice"}, headers=headers)

    first, again, other = send(b"1"), send(b"1"), send(b"2")
    assert again.json()["id"] == first.json()["id"]
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
