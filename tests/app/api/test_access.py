"""Every route × {own, foreign, absent} × every role: who may not is told so, and learns of nobody else's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from app.access.keys import KeyRing
from app.api.scopes import scope_of
from app.api.service import create_app
from app.extraction.pipeline import Pipeline
from app.settings import Settings, StoreSettings
from app.wiring import build_keys, open_database
from decoding.engines.embedded import EmbeddedEngine
from ocr.reader import ReadOptions
from schemas.access import SCOPES, Scope
from storage.database import write_session
from storage.webhooks import announce
from tests.app.api.idle import idle_pipeline
from tests.app.api.test_example_routes import SCHEMA, bill
from tests.decoding.engines.tiny_model import make_model

Headers = dict[str, str]
ABSENT_ID = "0" * 32


@dataclass(frozen=True, kw_only=True)
class World:
    """A service with keys: of each scope for acme, of all scopes for bolt, and one that was revoked."""

    client: TestClient
    acme: dict[Scope, Headers]
    bolt: Headers
    revoked: Headers

    def send(self, method: str, path: str, headers: Headers) -> Any:  # noqa: ANN401
        return self.client.request(method, path, headers=headers, **BODIES.get((method, path), {}))


def bearer(text: str) -> Headers:
    return {"Authorization": f"Bearer {text}"}


def make_keys(keys: KeyRing) -> tuple[dict[Scope, Headers], Headers, Headers]:
    def key(tenant: str, scope: Scope) -> Headers:
        return bearer(keys.create("test", tenant=tenant, scopes=(scope,), actor="ada").text)

    revoked = keys.create("gone", tenant="acme", scopes=("admin",), actor="ada")
    keys.revoke(revoked.key.key_id)
    return {scope: key("acme", scope) for scope in SCOPES}, key("bolt", "admin"), bearer(revoked.text)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    settings = Settings(store=StoreSettings(folder=tmp_path_factory.mktemp("store")))
    engine = EmbeddedEngine(make_model(tmp_path_factory.mktemp("model"), seed=3))
    pipeline = Pipeline(engine=engine, read_options=ReadOptions(n_workers=1))
    database = open_database(settings)
    acme, bolt, revoked = make_keys(build_keys(database))
    database.dispose()
    app = create_app(settings, pipeline=pipeline)
    app.state.settings = settings
    with TestClient(app, raise_server_exceptions=False) as client:
        yield World(client=client, acme=acme, bolt=bolt, revoked=revoked)


def routes(client: TestClient) -> list[tuple[str, str]]:
    """Return (method, path) of all routes of the service."""
    app: Any = client.app
    return [
        (method, route.path)
        for route in app.routes
        if isinstance(route, APIRoute)
        for method in sorted(route.methods)
    ]


def test_every_route_says_which_scope_it_needs(world: World) -> None:
    # One that nobody named needs admin, which is no scope of a route.
    assert [route for route in routes(world.client) if scope_of(*route) == "admin"] == []


def test_what_needs_no_key_is_the_probes_and_the_documentation(world: World) -> None:
    public = {path for method, path in routes(world.client) if scope_of(method, path) is None}
    pages = {"/docs", "/docs/assets/{name}", "/openapi-3.0.json"}
    # /metrics asks for a key by itself, unless it has a token.
    assert public == {"/", "/metrics", "/livez", "/readyz", "/version", *pages}
    for path in ("/livez", "/version", "/openapi.json"):
        assert world.client.get(path).status_code == 200


def test_no_route_answers_a_caller_without_a_live_key(world: World) -> None:
    wrong = bearer(f"rasg_{'0' * 12}_{'A' * 43}")
    bad: dict[str, Headers] = {
        "none": {},
        "wrong": wrong,
        "revoked": world.revoked,
        "nonsense": bearer("x"),
        "basic": {"Authorization": "Basic cmFzZzpyYXNn"},
        "empty": {"X-API-Key": ""},
        "two": {**world.acme["admin"], "X-API-Key": "other"},
    }
    let_in = [
        (role, method, path)
        for method, path in routes(world.client)
        if scope_of(method, path) is not None
        for role, headers in bad.items()
        if not is_challenge(world.send(method, path, headers), 401)
    ]
    assert let_in == []


def test_metrics_are_for_those_who_may_read_them(world: World) -> None:
    assert world.client.get("/metrics").status_code == 401
    for scope, headers in world.acme.items():
        response = world.client.get("/metrics", headers=headers)
        assert response.status_code == (200 if scope in ("metrics", "admin") else 403)


def test_each_scope_opens_its_routes_and_no_others(world: World) -> None:
    for method, path in routes(world.client):
        if path == "/metrics":
            continue
        needed = scope_of(method, path)
        for scope, headers in world.acme.items():
            response = world.send(method, path, headers)
            if needed is None or scope in (needed, "admin"):
                assert response.status_code not in (401, 403), (method, path, scope)
            else:
                assert is_challenge(response, 403), (method, path, scope)
                assert f'scope="{needed}"' in response.headers["WWW-Authenticate"]


def is_challenge(response: Any, status: int) -> bool:  # noqa: ANN401
    return (
        response.status_code == status
        and response.headers["WWW-Authenticate"].startswith("Bearer")
        and response.headers["content-type"] == "application/problem+json"
        and response.json()["request_id"] == response.headers["x-request-id"]
    )


def test_the_description_says_which_key_each_operation_needs(world: World) -> None:
    described = world.client.get("/openapi.json").json()
    assert set(described["components"]["securitySchemes"]) == {"bearer", "apiKey"}
    for method, path in routes(world.client):
        if path not in described["paths"]:
            assert scope_of(method, path) is None
            continue
        operation = described["paths"][path][method.lower()]
        assert operation.get("x-scope") == scope_of(method, path)
        assert bool(operation["security"]) == ("429" in operation["responses"])


def test_both_headers_carry_a_key(world: World) -> None:
    key = world.acme["read"]["Authorization"].removeprefix("Bearer ")
    for headers in (
        {"X-API-Key": key},
        {"authorization": f"bearer  {key}"},
        {**bearer(key), "X-API-Key": key},
    ):
        assert world.client.get("/v1/examples", headers=headers).status_code == 200


def test_a_caller_who_may_not_is_told_before_its_body_is_read(world: World) -> None:
    sent: list[Any] = []

    async def receive() -> Any:  # noqa: ANN401
        raise AssertionError("the body was asked for")

    async def send(message: Any) -> None:  # noqa: ANN401
        sent.append(message)

    scope: dict[str, Any] = {"type": "http", "http_version": "1.1", "method": "POST", "headers": []}
    app: Any = world.client.app
    asyncio.run(app({**scope, "path": "/v1/extractions", "query_string": b""}, receive, send))
    assert sent[0]["status"] == 401


# --- foreign and absent

BODIES: dict[tuple[str, str], dict[str, Any]] = {}


def make_example(world: World) -> str:
    made = world.client.post(
        "/v1/examples",
        files={"file": ("a.pdf", bill(1, total="1.50"))},
        data={
            "schema": SCHEMA,
            "confirmed_by": "Ada",
            "answer": json.dumps({"vendor": None, "total": "1.50"}),
        },
        headers=world.acme["teach"],
    )
    return str(made.json()["examples"][0]["example_id"])


def make_extraction(world: World) -> str:
    made = world.client.post(
        "/v1/extractions",
        files={"file": ("a.pdf", bill(2, total="2.50"))},
        data={"schema": SCHEMA, "n_candidates": "1", "max_tokens": "40"},
        headers=world.acme["extract"],
    )
    return str(made.json()["extraction_id"])


_ASKED = {"schema": SCHEMA, "n_candidates": "1", "max_tokens": "40"}


def make_job(world: World) -> str:
    made = world.client.post(
        "/v1/extractions",
        files={"file": ("a.pdf", bill(2, total="2.50"))},
        data=_ASKED,
        headers={**world.acme["extract"], "Prefer": "wait=60"},
    )
    return str(made.headers["location"].rpartition("/")[2])


def make_batch(world: World) -> str:
    made = world.client.post(
        "/v1/batches",
        files=[("file", ("a.pdf", bill(2, total="2.50")))],
        data=_ASKED,
        headers=world.acme["extract"],
    )
    return str(made.headers["location"].rpartition("/")[2])


@dataclass(frozen=True, kw_only=True)
class Theirs:
    """How acme comes to what a route with an id is about, and how it is asked for."""

    make: Callable[[World], str]
    absent: str = ABSENT_ID
    request: dict[str, Any] = field(default_factory=dict[str, Any])


def make_webhook(world: World) -> str:
    made = world.client.post(
        "/v1/webhooks", json={"url": "https://acme.example.org/"}, headers=world.acme["manage"]
    )
    return str(made.json()["webhook_id"])


def make_delivery(world: World) -> str:
    webhook_id = make_webhook(world)
    app: Any = world.client.app
    database = open_database(app.state.settings)
    at = datetime(2100, 1, 1, tzinfo=UTC)  # due when nobody looks any more
    with write_session(database) as session:
        announce(session, tenant="acme", event_type="extraction.finished", payload={}, at=at)
    database.dispose()
    listed = world.client.get("/v1/webhooks/deliveries", headers=world.acme["manage"]).json()["deliveries"]
    return str(next(one["delivery_id"] for one in listed if one["webhook_id"] == webhook_id))


def make_schema(world: World) -> str:
    body = {"name": "quayside", "schema": json.loads(SCHEMA)}
    made = world.client.post("/v1/schemas", json=body, headers=world.acme["manage"])
    return str(made.json()["name"])


FEEDBACK = {"json": {"verdict": "rejected", "confirmed_by": "Eve"}}
BY_ROUTE: dict[tuple[str, str], Theirs] = {
    ("GET", "/v1/examples/{example_id}"): Theirs(make=make_example),
    ("DELETE", "/v1/examples/{example_id}"): Theirs(
        make=make_example, request={"params": {"removed_by": "Eve"}}
    ),
    ("GET", "/v1/webhooks/{webhook_id}"): Theirs(make=make_webhook),
    ("DELETE", "/v1/webhooks/{webhook_id}"): Theirs(make=make_webhook),
    ("POST", "/v1/webhooks/{webhook_id}/rotate"): Theirs(make=make_webhook, request={"json": {}}),
    ("GET", "/v1/webhooks/deliveries/{delivery_id}"): Theirs(make=make_delivery),
    ("POST", "/v1/webhooks/deliveries/{delivery_id}/redeliver"): Theirs(make=make_delivery),
    ("GET", "/v1/schemas/{name}"): Theirs(make=make_schema, absent="neverwas"),
    ("DELETE", "/v1/schemas/{name}"): Theirs(make=make_schema, absent="neverwas"),
    ("POST", "/v1/extractions/{extraction_id}/feedback"): Theirs(make=make_extraction, request=FEEDBACK),
    ("GET", "/v1/extractions/{extraction_id}"): Theirs(make=make_job),
    ("GET", "/v1/extractions/{extraction_id}/result"): Theirs(make=make_job),
    ("GET", "/v1/extractions/{extraction_id}/events"): Theirs(make=make_job),
    ("DELETE", "/v1/extractions/{extraction_id}"): Theirs(make=make_job),
    ("GET", "/v1/batches/{batch_id}"): Theirs(make=make_batch),
}


def test_every_route_with_an_id_is_asked_for_a_foreign_one(world: World) -> None:
    with_id = {route for route in routes(world.client) if "{" in route[1] and scope_of(*route) is not None}
    assert with_id == set(BY_ROUTE)


@pytest.mark.parametrize("route", BY_ROUTE, ids=" ".join)
def test_what_is_foreign_is_answered_exactly_as_what_never_was(world: World, route: tuple[str, str]) -> None:
    method, path = route
    theirs = BY_ROUTE[route]
    made = theirs.make(world)
    head = path.split("{")[0]
    tail = path.split("}")[1]

    def ask(name: str, headers: Headers) -> Any:  # noqa: ANN401
        return world.client.request(method, f"{head}{name}{tail}", headers=headers, **theirs.request)

    foreign, absent = ask(made, world.bolt), ask(theirs.absent, world.bolt)
    assert (foreign.status_code, absent.status_code) == (404, 404)
    told = json.loads(json.dumps(without_id(foreign.json())).replace(made, theirs.absent))
    assert told == without_id(absent.json())
    assert foreign.headers.keys() == absent.headers.keys()
    own = ask(made, world.acme["admin"])
    assert own.status_code < 300, own.text  # it was there all the time


def without_id(problem: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in problem.items() if key != "request_id"}


def test_no_list_shows_what_is_another_tenants(world: World) -> None:
    mine = make_example(world)
    make_webhook(world)
    make_schema(world)
    lists = [route for route in routes(world.client) if route[0] == "GET" and "{" not in route[1]]
    shown = {path: world.client.get(path, headers=world.bolt).text for _, path in lists}
    assert mine in world.client.get("/v1/examples", headers=world.acme["read"]).text
    assert [
        path for path, text in shown.items() if any(part in text for part in (mine, "acme", "quayside"))
    ] == []


# --- limits


def test_a_key_that_asks_too_often_gets_429_and_when_to_come_back(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    settings = Settings.model_validate(
        {"store": {"folder": tmp_path_factory.mktemp("store")}, "api": {"key_per_minute": 2}}
    )
    database = open_database(settings)
    acme, bolt, _ = make_keys(build_keys(database))
    database.dispose()
    app = create_app(settings, pipeline=idle_pipeline())
    with TestClient(app, raise_server_exceptions=False) as client:
        answers = [client.get("/v1/examples", headers=acme["read"]) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[0].headers["RateLimit"].startswith('"minute";r=1;t=')
        assert answers[2].json()["code"] == "too_many_requests"
        assert 1 <= int(answers[2].headers["Retry-After"]) <= 60
        assert client.get("/v1/examples", headers=bolt).status_code == 200
        assert client.get("/livez").status_code == 200
