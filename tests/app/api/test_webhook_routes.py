"""Webhooks over HTTP: registered with a secret that is shown once, rotated, listed, deleted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.api.service import create_app
from app.api.webhook_routes import webhook_url_of
from app.settings import Settings, StoreSettings
from schemas.errors import InputError
from schemas.service_errors import AddressRefusedError
from tests.app.api.idle import idle_pipeline

URL = "https://erp.example.org/hooks/rasg"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(store=StoreSettings(folder=tmp_path_factory.mktemp("store")))
    with TestClient(create_app(settings, pipeline=idle_pipeline()), raise_server_exceptions=False) as client:
        yield client


def create(client: TestClient, **body: Any) -> Any:  # noqa: ANN401
    return client.post("/v1/webhooks", json=body)


def test_a_webhooks_secret_is_shown_once_and_changes_by_rotation(client: TestClient) -> None:
    made = create(client, url=URL, event_types=["extraction.finished"])
    assert made.status_code == 201
    body = made.json()
    secret = body.pop("secret")
    assert secret.startswith("whsec_")
    one = f"/v1/webhooks/{body['webhook_id']}"
    assert client.get(one).json() == body
    rotated = client.post(f"{one}/rotate", json={"overlap_hours": 1}).json()
    assert rotated.pop("secret") not in (secret, "")
    assert rotated == body
    for hours in (True, "soon", -1):
        assert client.post(f"{one}/rotate", json={"overlap_hours": hours}).status_code == 422
    assert body in client.get("/v1/webhooks").json()["webhooks"]
    assert secret not in client.get("/v1/webhooks").text
    assert client.delete(one).status_code == 204
    assert client.get(one).json()["code"] == "unknown_webhook"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"url": "https://169.254.169.254/"}, 422, "url_refused"),
        ({"url": "http://example.org/"}, 422, "url_refused"),
        ({"url": "x" * 3000}, 422, "invalid_request"),
        ({"url": URL, "event_types": ["extraction.finishd"]}, 422, "invalid_request"),
        ({"url": URL, "event_types": []}, 422, "invalid_request"),
        ({"url": URL, "secret": "mine"}, 422, "invalid_request"),
    ],
)
def test_a_webhook_that_makes_no_sense_is_a_problem(
    client: TestClient, body: dict[str, Any], status: int, code: str
) -> None:
    response = create(client, **body)
    assert (response.status_code, response.json()["code"]) == (status, code)


def test_a_tenant_has_a_bounded_number_of_webhooks(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.webhooks._MAX_ENDPOINTS", 2)
    assert [create(client, url=f"{URL}/{n}").status_code for n in range(3)] == [201, 201, 400]
    for one in client.get("/v1/webhooks").json()["webhooks"]:
        client.delete(f"/v1/webhooks/{one['webhook_id']}")


def test_deliveries_are_listed_by_state(client: TestClient) -> None:
    assert client.get("/v1/webhooks/deliveries", params={"state": "dead"}).json() == {
        "deliveries": [],
        "next": None,
    }
    assert client.get("/v1/webhooks/deliveries", params={"state": "gone"}).status_code == 422


def test_a_request_names_a_url_to_be_told_only_where_both_sides_agreed(client: TestClient) -> None:
    app: Any = client.app
    state, tenant = app.state.service, app.state.service.tenants.of("default")
    assert webhook_url_of(state, tenant, None) is None
    with pytest.raises(AddressRefusedError, match="no URLs that requests name"):
        webhook_url_of(state, tenant, URL)
    allowing = replace(state, tells_request_urls=True)
    with pytest.raises(InputError, match="no secret"):
        webhook_url_of(allowing, tenant, URL)
    assert create(client).json()["url"] is None
    assert webhook_url_of(allowing, tenant, "HTTPS://ERP.example.org:443/hooks/rasg") == URL
    with pytest.raises(AddressRefusedError):
        webhook_url_of(allowing, tenant, "https://localhost/")
