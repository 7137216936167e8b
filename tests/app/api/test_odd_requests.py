"""Requests as integrators' programs really send them: each is taken, or refused with what to do about it."""

from __future__ import annotations

import json
from base64 import b64encode, encodebytes, urlsafe_b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi import FastAPI
from fastapi.params import Form
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from app.settings import Settings, StoreSettings
from app.wiring import build_keys, open_database
from tests.app.api.test_jobs import served

DATA = bytes(range(256))
JSON_HEADERS = {"content-type": "application/json", "x-tenant": "acme"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with served(tmp_path_factory.mktemp("odd")) as client:
        client.headers["x-tenant"] = "acme"
        yield client


def send(client: TestClient, body: bytes | dict[str, Any], *, path: str = "/v1/extractions?wait=10") -> Any:  # noqa: ANN401
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(path, content=content, headers=JSON_HEADERS)


def issues_of(response: Any) -> list[tuple[str, str]]:  # noqa: ANN401
    return [(issue["pointer"], issue["detail"]) for issue in response.json()["errors"]]


@pytest.mark.parametrize(
    ("headers", "content", "is_closed"),
    [
        ({"content-type": "image/png"}, b"x" * 1000, True),
        ({"transfer-encoding": "chunked"}, b"x" * 1000, True),
        ({}, b"", False),
    ],
)
def test_who_is_refused_while_sending_is_told_that_the_connection_ends(
    client: TestClient, headers: dict[str, str], content: bytes, is_closed: bool
) -> None:
    response = client.post("/nowhere", content=content, headers=headers)
    assert response.status_code == 404
    assert (response.headers.get("connection") == "close") is is_closed


@pytest.mark.parametrize(
    ("encoding", "status"), [("gzip", 415), ("br", 415), ("identity", 422), (" Identity", 422)]
)
def test_a_packed_body_is_refused_as_such(client: TestClient, encoding: str, status: int) -> None:
    headers = {**JSON_HEADERS, "content-encoding": encoding}
    response = client.post("/v1/extractions", content=b"\x1f\x8b\x08", headers=headers)
    assert response.status_code == status
    assert ("without a content encoding" in response.json()["detail"]) is (status == 415)


def test_a_connection_whose_request_was_read_goes_on(client: TestClient) -> None:
    response = send(client, {"schema": "invoice", "content": "%"})
    assert response.status_code == 422
    assert "connection" not in response.headers


@pytest.mark.parametrize(
    ("method", "path", "status"), [("POST", "/v1/extractions/", 404), ("PUT", "/v1/extractions", 405)]
)
def test_a_wrong_path_or_method_is_told_before_the_size(
    client: TestClient, method: str, path: str, status: int
) -> None:
    assert client.request(method, path, content=b"x" * 3_000_000).status_code == status


@pytest.mark.parametrize(
    "text",
    [
        encodebytes(DATA).decode(),
        encodebytes(DATA).decode().replace("\n", "\r\n"),
        f"data:application/pdf;base64,{b64encode(DATA).decode()}",
        f"DATA:;base64,{encodebytes(DATA).decode()}",
    ],
)
def test_base64_may_be_broken_into_lines_and_be_a_data_url(client: TestClient, text: str) -> None:
    response = send(client, {"schema": "invoice", "content": text}, path="/v1/extractions?wait=0")
    assert response.status_code == 202, response.text
    assert response.json()["document_sha256"] == sha256(DATA).hexdigest()


@pytest.mark.parametrize(
    "text", ["%%%%", "data:text/plain,abc", "data:;base64", urlsafe_b64encode(DATA).decode(), "YQ", "Y Q"]
)
def test_what_is_no_base64_is_told_what_is(client: TestClient, text: str) -> None:
    ((pointer, detail),) = issues_of(send(client, {"schema": "invoice", "content": text}))
    assert pointer == "/body/content"
    assert "RFC 4648" in detail


@pytest.mark.parametrize("path", ["/v1/extractions?wait=0", "/v1/schemas/lint"])
def test_json_may_begin_with_a_byte_order_mark_and_is_utf_8(client: TestClient, path: str) -> None:
    bodies: dict[str, dict[str, Any]] = {
        "/v1/extractions?wait=0": {"schema": "invoice", "content": b64encode(DATA).decode()},
        "/v1/schemas/lint": {"type": "object", "properties": {}},
    }
    text = json.dumps(bodies[path])
    assert send(client, b"\xef\xbb\xbf" + text.encode(), path=path).status_code < 300
    refused = send(client, text.encode("utf-16"), path=path)
    assert refused.status_code == 422
    assert "UTF-8" in refused.text


def test_an_option_is_named_where_it_stands(client: TestClient) -> None:
    body = {"schema": "invoice", "content": b64encode(DATA).decode(), "options": {"n_candidates": 0, "x": 1}}
    assert {pointer for pointer, _ in issues_of(send(client, body))} == {
        "/body/options/n_candidates",
        "/body/options/x",
    }
    raw = client.post(
        "/v1/extractions?schema=invoice&n_candidates=0", content=DATA, headers={"content-type": "image/png"}
    )
    assert [pointer for pointer, _ in issues_of(raw)] == ["/query/n_candidates"]


def test_a_schema_that_is_none_is_refused_once(client: TestClient) -> None:
    response = send(client, {"schema": 5, "content": ""})
    assert issues_of(response) == [("/body/schema", "is neither a name nor a JSON Schema")]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/extractions?stauts=queued", "stauts"),
        ("/v1/examples?cursor=1", "cursor"),
        (f"/v1/extractions/{'0' * 32}?wiat=1", "wiat"),
    ],
)
def test_a_parameter_that_a_route_does_not_know_is_not_ignored(
    client: TestClient, path: str, name: str
) -> None:
    response = client.get(path)
    assert response.status_code == 422
    ((pointer, detail),) = issues_of(response)
    assert pointer == f"/query/{name}"
    assert "no such parameter" in detail


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=1&limit=2", "/query/limit"),
        ("schema=a&schema=a", "/query/schema"),
        ("status=queued&status=running", None),
    ],
)
def test_a_parameter_that_is_wanted_once_is_not_sent_twice(
    client: TestClient, query: str, pointer: str | None
) -> None:
    response = client.get(f"/v1/extractions?{query}")
    assert response.status_code == (200 if pointer is None else 422)
    if pointer is not None:
        ((_, detail),) = issues_of(response)
        assert detail.startswith("sent 2 times")


@pytest.mark.parametrize(
    ("prefer", "applied"),
    [
        ('wait="10"', "wait=10"),
        ("return=minimal, WAIT = 10; a=b, wait=0", "wait=10"),
        ("Respond-Async", "respond-async"),
        ("respond-async, wait=10", "wait=10"),
        # None of these is one of ours.
        ("x-wait=0", None),
        ("await=0", None),
        ('foo; bar="respond-async"', None),
        ('foo="a, wait=0, b"', None),
        ('"', None),
    ],
)
def test_preferences_are_told_apart(client: TestClient, prefer: str, applied: str | None) -> None:
    headers = {"content-type": "application/pdf", "prefer": prefer}
    response = client.post("/v1/extractions?schema=invoice", content=b"one", headers=headers)
    assert response.headers.get("preference-applied") == applied


def test_a_request_has_one_idempotency_key(client: TestClient) -> None:
    def send(*keys: str) -> Any:  # noqa: ANN401
        headers = [("content-type", "application/pdf"), *(("idempotency-key", key) for key in keys)]
        return client.post("/v1/extractions?schema=invoice&wait=0", content=b"one", headers=headers)

    assert send("one", "one").status_code == 202
    refused = send("one", "two")
    assert (refused.status_code, issues_of(refused)[0][1]) == (422, "sent twice, and differs")


def test_a_form_says_in_its_fields_what_it_asks_and_not_in_the_query(client: TestClient) -> None:
    response = client.post(
        "/v1/extractions?n_candidates=1", files={"file": ("a.pdf", DATA)}, data={"schema": "invoice"}
    )
    assert issues_of(response) == [("/query/n_candidates", "there is no such parameter")]


def test_probes_take_what_monitors_add_against_caches(client: TestClient) -> None:
    assert client.get("/livez?t=1767225600").status_code == 200


@pytest.mark.parametrize("name", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
@pytest.mark.parametrize("parameter", ["created_from", "created_before"])
def test_a_moment_that_is_none_in_utc_is_refused(client: TestClient, parameter: str, name: str) -> None:
    response = client.get("/v1/extractions", params={parameter: name})
    assert response.status_code == 422
    assert issues_of(response) == [(f"/query/{parameter}", "is before the year 1 or after 9999 in UTC")]


@pytest.mark.parametrize("path", ["/v1/extractions", "/v1/batches"])
def test_a_file_without_a_name_is_told_to_have_one(client: TestClient, path: str) -> None:
    response = client.post(path, files={"file": (None, DATA.hex())}, data={"schema": "invoice"})
    assert issues_of(response) == [("/body/file", "came as text: send it as a file, with a file name")]


@pytest.mark.parametrize("path", ["/", "/livez", "/docs", "/v1/schemas", "/v1/schemas/invoice"])
def test_head_is_get_without_its_body(client: TestClient, path: str) -> None:
    got, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(got.content))


def test_head_needs_the_key_that_get_needs(tmp_path: Path) -> None:
    settings = Settings(store=StoreSettings(folder=tmp_path))
    database = open_database(settings)
    made = build_keys(database).create("a", tenant="acme", scopes=("read",), actor="me")
    database.dispose()
    with served(tmp_path) as client:
        assert client.head("/v1/schemas").status_code == 401
        assert client.head("/v1/schemas", headers={"x-api-key": made.text}).status_code == 200
        assert client.head("/v1/webhooks", headers={"x-api-key": made.text}).status_code == 403


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_slash_at_the_end_leads_nowhere_and_says_so(client: TestClient, method: str) -> None:
    response = client.request(
        method, "/v1/extractions/", headers={"host": "elsewhere.example"}, follow_redirects=False
    )
    assert (response.status_code, response.json()["hint"]) == (404, "paths have no slash at their end")


def test_a_wrong_method_is_told_the_right_ones(client: TestClient) -> None:
    response = client.put("/v1/extractions")
    assert response.json()["detail"] == "this path takes GET, HEAD, POST"
    assert response.headers["allow"] == "GET, HEAD, POST"


def test_who_has_the_end_of_the_events_is_not_told_it_for_ever(client: TestClient) -> None:
    sent = send(client, {"schema": "invoice", "content": b64encode(DATA).decode()})
    events = f"{sent.headers['location']}/events"
    told = client.get(events).text
    last = next(line for line in told.splitlines() if line.startswith("id:")).partition(":")[2].strip()
    assert "event: end" in told
    assert client.get(events, headers={"last-event-id": last}).status_code == 204
    again = client.get(events, headers={"last-event-id": "0"})
    assert (again.status_code, "event: end" in again.text) == (200, True)


TWICE = '{"title": "x", "type": "object", "properties": {"a": {"type": "string"}, "a": {"type": "number"}}}'


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/extractions?wait=5", '{"schema": "invoice", "schema": "receipt", "content": "QQ=="}'),
        ("/v1/extractions?wait=5", f'{{"schema": {TWICE}, "content": "QQ=="}}'),
        ("/v1/batches", f'{{"schema": {TWICE}, "documents": [{{"content": "QQ=="}}]}}'),
        (
            "/v1/extractions/none/feedback",
            '{"verdict": "corrected", "value": {"a": [{"b": "1", "b": "2"}]}, "confirmed_by": "me"}',
        ),
        ("/v1/webhooks", '{"event_types": ["*"], "event_types": ["batch.finished"]}'),
    ],
)
def test_a_key_that_stands_twice_is_refused_wherever_json_is_read(
    client: TestClient, path: str, body: str
) -> None:
    response = send(client, body.encode(), path=path)
    assert response.status_code == 422
    (issue,) = issues_of(response)
    assert "repeats a key" in issue[1]


@pytest.mark.parametrize("half", ["\\ud83d", "\\uDE00", "\\ud83d\\ud83d"])
def test_half_of_a_character_is_refused_as_nothing_could_write_it(client: TestClient, half: str) -> None:
    body = f'{{"verdict": "corrected", "value": {{"a": "{half}"}}, "confirmed_by": "me"}}'
    assert send(client, body.encode(), path=f"/v1/extractions/{'0' * 32}/feedback").status_code == 422
    form = {"schema": "invoice", "confirmed_by": "me", "answer": f'{{"document_id": "{half}"}}'}
    assert client.post("/v1/examples", data=form, files={"file": ("a.pdf", b"x")}).status_code == 400


def test_no_route_has_the_framework_read_json(client: TestClient) -> None:
    """It takes keys that stand twice; forms and files have their names checked (`app.api.forms`)."""
    routes = [route for route in cast("FastAPI", client.app).routes if isinstance(route, APIRoute)]
    read = [field for route in routes for field in route.dependant.body_params]
    assert len(routes) > 20
    assert [field.name for field in read if not isinstance(field.field_info, Form)] == []


def test_an_annotation_with_a_key_twice_is_refused(client: TestClient) -> None:
    form = {"schema": "invoice", "confirmed_by": "me", "answer": '{"document_id": "1", "document_id": "2"}'}
    response = client.post("/v1/examples", data=form, files={"file": ("a.pdf", b"x")})
    assert response.status_code == 400
    assert "repeats a key ('document_id')" in response.json()["detail"]


def test_a_json_document_of_far_too_many_values_is_not_built(client: TestClient) -> None:
    response = send(client, b'{"schema": [' + b"{}," * 130_000 + b'{}], "content": "QQ=="}')
    assert issues_of(response) == [("/body", "the body holds too many values")]


@pytest.mark.parametrize(
    ("path", "body", "issues"),
    [
        (
            "/v1/webhooks",
            {"event_types": "batch.finished"},
            [("/body/event_types", "must be a list")],
        ),
        (
            "/v1/webhooks",
            {"event_types": ["batch.finished"], "bogus": 1},
            [("/body/bogus", "there is no such field")],
        ),
        (
            "/v1/webhooks",
            {"event_types": ["batch.finished", "x"]},
            [("/body/event_types/1", "must be '*', 'extraction.finished' or 'batch.finished'")],
        ),
        (
            "/v1/batches",
            {"schema": "invoice", "documents": [5]},
            [("/body/documents/0", "must be an object")],
        ),
        (
            "/v1/extractions?wait=5",
            {"content": 5, "options": {"n_candidates": 1.5}},
            [("/body/content", "must be text"), ("/body/schema", "is missing")],
        ),
        (
            "/v1/extractions?wait=5",
            {"content": "QQ==", "schema": "invoice", "options": {"n_candidates": 1.5, "grounding": "maybe"}},
            [
                ("/body/options/n_candidates", "must be a whole number"),
                ("/body/options/grounding", "must be true or false"),
            ],
        ),
        (
            "/v1/extractions/none/feedback",
            {"verdict": "confirmed", "confirmed_by": "x" * 129},
            [("/body/confirmed_by", "must have at most 128 characters")],
        ),
    ],
)
def test_what_is_wrong_is_said_in_words_of_json(
    client: TestClient, path: str, body: dict[str, Any], issues: list[tuple[str, str]]
) -> None:
    assert sorted(issues_of(send(client, body, path=path))) == sorted(issues)
