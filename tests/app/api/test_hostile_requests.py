"""Requests that are made to hurt: too long, too slow, too many, too deep, or sent by another site's page."""

from __future__ import annotations

import asyncio
import json
import threading
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any, cast

import pytest
from pydantic import BaseModel, ConfigDict
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message

from app.api.bodies import BodyGuard, BodyLimits
from app.api.json_body import parse_json
from app.api.service import create_app
from app.errors import MAX_ISSUES
from app.extraction.pipeline import Pipeline
from app.service_settings import ApiSettings
from app.settings import Settings, StoreSettings
from schemas.errors import ConfigurationError
from schemas.lint import LintReport, lint
from tests.app.api.fakes import FakePipeline
from tests.paths import ROOT
from tests.speed import slowdown

INVOICE = (ROOT / "samples" / "invoice.pdf").read_bytes()
FEEDBACK = f"/v1/extractions/{'0' * 32}/feedback"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(
        store=StoreSettings(folder=tmp_path_factory.mktemp("store")),
        api=ApiSettings(allowed_origins=("https://review.example.com",)),
    )
    app = create_app(settings, pipeline=cast("Pipeline", FakePipeline()))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize("path", [FEEDBACK, "/v1/schemas/lint"])
def test_json_routes_take_far_less_than_a_document(client: TestClient, path: str) -> None:
    response = client.post(path, content=b"[" + b"[]," * 16_000_000 + b"[]]")
    assert (response.status_code, response.json()["code"]) == (413, "document_too_large")


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"[]," * 800_000 + b"[]]",  # 2.4 MB, the most that the route takes
        b'{"verdict": "corrected", "confirmed_by": "Ada", "value": {"a": [' + b"{}," * 700_000 + b"{}]}}",
        b'{"verdict": ' + b"[" * 100_000,
        b"{" + b",".join(b'"key%d": 0' % n for n in range(90_000)) + b"}",
    ],
)
def test_a_body_of_many_values_costs_little_and_gets_a_short_answer(client: TestClient, body: bytes) -> None:
    tracemalloc.start()
    started = time.monotonic()
    response = client.post(FEEDBACK, content=body)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (response.status_code, response.json()["code"]) == (422, "invalid_request")
    assert len(response.content) < 10_000
    assert most < 100_000_000
    assert time.monotonic() - started < 5 * slowdown()


def test_an_answer_that_is_wrong_in_many_places_names_the_first(client: TestClient) -> None:
    schema = {"type": "object", "properties": {f"k{n}": {"type": "wrong" * 1000} for n in range(300)}}
    response = client.post(
        "/v1/extractions", files={"file": ("a.pdf", INVOICE)}, data={"schema": json.dumps(schema)[:250_000]}
    )
    assert response.status_code == 422
    assert len(response.json()["errors"]) <= MAX_ISSUES + 1
    assert len(response.content) < 25_000


def test_a_form_of_many_fields_is_refused_shortly(client: TestClient) -> None:
    form = {f"x{n}": "" for n in range(900)}
    response = client.post("/v1/extractions", files={"file": ("a.pdf", INVOICE)}, data=form)
    assert response.status_code == 422
    assert len(response.json()["errors"]) <= MAX_ISSUES
    many = {f"x{n}": "" for n in range(5_000)}
    refused = client.post("/v1/examples", files={"file": ("a.pdf", b"")}, data=many)
    assert (refused.status_code, refused.json()["code"]) == (413, "too_many_parts")


def test_probes_answer_while_schemas_are_checked_and_those_are_bounded(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, release = threading.Event(), threading.Event()

    def wait(schema: dict[str, Any]) -> LintReport:
        begun.set()
        release.wait(20)
        return lint(schema)

    monkeypatch.setattr("app.api.routes.lint", wait)
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    with ThreadPoolExecutor(80) as pool:
        asked = [pool.submit(client.post, "/v1/schemas/lint", json=schema) for _ in range(80)]
        assert begun.wait(10)
        assert client.get("/livez").status_code == 200
        refused = next(as_completed(asked, timeout=20)).result()
        release.set()
    assert (refused.status_code, refused.json()["code"]) == (503, "busy")
    # One is checked, 64 wait: of 80 no more than 15 are told to come back.
    assert sum(one.result().status_code == 200 for one in asked) >= 65


class _Few(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    n: int


def test_a_json_body_becomes_its_model() -> None:
    assert parse_json(b'{"n": 3}', _Few) == _Few(n=3)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://evil.example", "host": "evil.example"},  # a name that is made to point here
        {"origin": "null"},
        {"origin": "http://localhost:3000", "host": "localhost:8000"},
        {"origin": "file://localhost", "host": "localhost"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://review.example.com.evil.example"},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/examples"),
        ("POST", "/v1/extractions"),
        ("POST", FEEDBACK),
        ("DELETE", f"/v1/examples/{'0' * 32}?removed_by=x"),
    ],
)
def test_a_foreign_page_changes_nothing(
    client: TestClient, method: str, path: str, headers: dict[str, str]
) -> None:
    response = client.request(method, path, headers=headers)
    assert (response.status_code, response.json()["code"]) == (403, "foreign_origin")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://127.0.0.1:8000", "host": "127.0.0.1:8000"},
        {"origin": "http://[::1]:8000", "host": "[::1]:8000", "sec-fetch-site": "same-origin"},
        {"origin": "https://review.example.com", "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "none"},
    ],
)
def test_programs_own_pages_and_named_origins_may(client: TestClient, headers: dict[str, str]) -> None:
    said = {"verdict": "rejected", "confirmed_by": "Ada"}
    response = client.post(FEEDBACK, json=said, headers=headers)
    assert (response.status_code, response.json()["code"]) == (404, "unknown_extraction")
    assert client.get("/v1/schemas", headers={"origin": "https://evil.example"}).status_code == 200


@pytest.mark.parametrize("origin", ["review.example.com", "https://a.example/path", "*"])
def test_an_origin_that_no_browser_sends_is_refused_in_the_settings(
    origin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.settings import load_settings

    monkeypatch.setenv("RASG_API__ALLOWED_ORIGINS", origin)
    with pytest.raises(ConfigurationError, match="origins"):
        load_settings()
    monkeypatch.setenv("RASG_API__ALLOWED_ORIGINS", "https://a.example,http://b.example:81")
    assert load_settings().api.allowed_origins == ("https://a.example", "http://b.example:81")


Receiver = Callable[[], Awaitable[Message]]


async def swallow(_scope: object, receive: Receiver, send: Any) -> None:  # noqa: ANN401
    """Read a body and say so."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def statuses(app: ASGIApp, parts: Iterator[bytes], *, every_s: float = 0.0) -> list[int]:
    """Return the statuses that a body gets which comes part by part."""
    sent: list[int] = []

    async def receive() -> Message:
        await asyncio.sleep(every_s)
        part = next(parts, None)
        return {"type": "http.request", "body": part or b"", "more_body": part is not None}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            sent.append(message["status"])

    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/v1/examples", "headers": []}
    await asyncio.wait_for(app(scope, receive, send), 10)
    return sent


LIMITS = BodyLimits(document_bytes=1_000_000, in_flight_bytes=5_000, grace_s=0.3, least_rate=10_000)


@pytest.mark.anyio
async def test_a_body_that_drips_has_a_deadline_and_a_steady_one_has_none() -> None:
    app = BodyGuard(swallow, limits=LIMITS)
    assert await statuses(app, iter([b"x"] * 100), every_s=0.01) == [408]
    # 4,000 bytes are worth 0.4 s more: those that come in half a second are in time.
    assert await statuses(app, iter([b"x" * 400] * 10), every_s=0.05) == [200]
    # One that stops coming is the same.
    assert await statuses(app, iter([]), every_s=5) == [408]


@pytest.mark.anyio
async def test_all_bodies_together_are_bounded_and_what_is_done_counts_no_more() -> None:
    app = BodyGuard(swallow, limits=LIMITS)
    both = [statuses(app, iter([b"x" * 1_000] * 3), every_s=0.02) for _ in range(2)]
    assert sorted(status for one in await asyncio.gather(*both) for status in one) == [200, 503]
    assert await statuses(app, iter([b"x" * 1_000] * 3)) == [200]
