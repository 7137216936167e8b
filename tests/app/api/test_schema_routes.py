"""A tenant's own schemas: registered by name, versioned, asked by name, removed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.api.deps import find_schema
from app.api.service import create_app
from app.settings import Settings, StoreSettings
from tests.app.api.idle import idle_pipeline


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(store=StoreSettings(folder=tmp_path_factory.mktemp("store")))
    with TestClient(create_app(settings, pipeline=idle_pipeline()), raise_server_exceptions=False) as client:
        yield client


def with_keys(*keys: str) -> dict[str, Any]:
    return {"type": "object", "properties": {key: {"type": ["string", "null"]} for key in keys}}


def register(client: TestClient, name: str, schema: Any) -> Any:  # noqa: ANN401
    return client.post("/v1/schemas", json={"name": name, "schema": schema})


def keys_of(client: TestClient, named: str) -> list[str]:
    return list(client.get(f"/v1/schemas/{named}").json()["properties"])


def versions(client: TestClient, name: str) -> list[str]:
    return [one["version"] for one in client.get("/v1/schemas").json() if one["name"] == name]


def test_each_text_is_a_version_and_the_newest_answers_to_the_bare_name(client: TestClient) -> None:
    made = register(client, "bill", with_keys("vendor"))
    assert made.status_code == 201
    assert made.json() == {"name": "bill", "version": "1", "description": "", "source": "own"}
    assert register(client, "bill", with_keys("vendor", "total")).json()["version"] == "2"
    again = register(client, "bill", with_keys("vendor", "total"))
    assert (again.status_code, again.json()["version"]) == (200, "2")
    assert keys_of(client, "bill") == keys_of(client, "bill@2") == ["vendor", "total"]
    assert keys_of(client, "bill@1") == ["vendor"]
    missing = client.get("/v1/schemas/bill@3").json()
    assert (missing["code"], missing["hint"]) == ("unknown_schema", "it has 2, 1")
    assert missing["detail"] == "the schema 'bill' has no version 3"
    assert versions(client, "bill") == ["2", "1"]


def test_a_request_names_a_schema_with_or_without_its_version(client: TestClient) -> None:
    app: Any = client.app
    state = app.state.service
    register(client, "slip", with_keys("Belegnummer"))
    register(client, "slip", with_keys("Betrag"))
    for named, expected in (("slip", ["Betrag"]), ("slip@1", ["Belegnummer"])):
        tenant = state.tenants.of("default")
        assert [keys for keys, _ in find_schema(named, tenant).leaves()] == [(key,) for key in expected]


def test_a_version_number_never_means_another_text(client: TestClient) -> None:
    register(client, "order", with_keys("a"))
    register(client, "order", with_keys("b"))
    assert client.delete("/v1/schemas/order@2").status_code == 204
    assert keys_of(client, "order") == ["a"]
    assert register(client, "order", with_keys("c")).json()["version"] == "3"
    assert client.delete("/v1/schemas/order").status_code == 204
    assert client.get("/v1/schemas/order").status_code == 404
    assert client.delete("/v1/schemas/order").status_code == 404
    assert register(client, "order", with_keys("a")).json()["version"] == "4"


def test_what_ships_is_listed_and_cannot_be_removed_or_replaced(client: TestClient) -> None:
    shipped = [one["name"] for one in client.get("/v1/schemas").json() if one["source"] == "shipped"]
    assert shipped[0] == "invoice"
    assert client.get("/v1/schemas/invoice@1").json() == client.get("/v1/schemas/invoice").json()
    assert client.get("/v1/schemas/invoice@2").status_code == 404
    assert client.delete("/v1/schemas/invoice").status_code == 404
    for name in ("invoice", "auto", "lint"):
        assert register(client, name, with_keys("a")).status_code == 400


def test_a_schema_that_is_refused_says_where(client: TestClient) -> None:
    bad = {"type": "object", "properties": {"n": {"type": "string", "pattern": "x"}}, "not": {}}
    response = register(client, "bad", bad)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_schema")
    assert [issue["pointer"] for issue in response.json()["errors"]] == ["/not", "/properties/n/pattern"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"[]", 422),
        (b"{", 422),
        (b'{"name": "a"}', 400),
        (b'{"name": 7, "schema": {}}', 400),
        (b'{"name": "a", "schema": []}', 400),
        (b'{"name": "a", "schema": {}, "more": 1}', 400),
        (b'{"name": "a", "name": "b", "schema": {}}', 422),
        (b'{"name": "a", "schema": {"x": NaN}}', 422),
        (b'{"name": "../a", "schema": {}}', 400),
        (b'{"name": "A", "schema": {}}', 400),
        (b'{"name": "' + b"a" * 65 + b'", "schema": {}}', 400),
        (b'{"name": "a", "schema": ' + b"[" * 200_000, 422),
        (b" " * 300_000, 422),
    ],
)
def test_a_body_that_is_no_named_schema_is_a_problem(client: TestClient, body: bytes, status: int) -> None:
    assert client.post("/v1/schemas", content=body).status_code == status


def test_lint_has_both_its_paths(client: TestClient) -> None:
    schema = json.dumps(with_keys("a"))
    answers = [client.post(path, content=schema) for path in ("/v1/schemas:lint", "/v1/schemas/lint")]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["ok"] is True
