"""A form that is accepted as a job may name a URL that is told of its end; an answer at once tells nobody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
from starlette.testclient import TestClient

from app.api.service import create_app
from app.extraction.pipeline import Pipeline
from app.service_settings import OutboundSettings, WebhookSettings
from app.settings import Settings, StoreSettings
from tests.app.jobs.fakes import FakePipeline

# Nobody listens there, and nobody else could: what is written is looked at, not sent.
URL = "https://127.0.0.1:9/told"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(
        store=StoreSettings(folder=tmp_path_factory.mktemp("store"), keep_days=0),
        outbound=OutboundSettings(allow_private=True, ports=()),
        webhooks=WebhookSettings(request_urls=True),
    )
    app = create_app(settings, pipeline=cast("Pipeline", FakePipeline()))
    with TestClient(app, raise_server_exceptions=False) as client:
        assert client.post("/v1/webhooks", json={}).status_code == 201  # whose secret signs
        yield client


def post(client: TestClient, url: str = URL, **headers: str) -> Any:  # noqa: ANN401
    form = {"schema": "invoice", "webhook_url": url}
    return client.post("/v1/extractions", files={"file": ("a.pdf", b"one")}, data=form, headers=headers)


def test_a_jobs_request_names_who_is_told(client: TestClient) -> None:
    job = post(client, prefer="wait=10")
    assert job.status_code == 200
    (told,) = client.get("/v1/webhooks/deliveries").json()["deliveries"]
    assert (told["url"], told["event_type"]) == (URL, "extraction.finished")


def test_a_request_that_is_answered_at_once_cannot(client: TestClient) -> None:
    refused = post(client)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_input")
    assert "Prefer" in refused.json()["hint"]


def test_the_same_key_with_another_url_to_tell_is_another_request(client: TestClient) -> None:
    """The job that there is would not tell it."""
    sent = {"idempotency-key": "told-elsewhere", "prefer": "respond-async"}
    first, again = post(client, **sent), post(client, **sent)
    assert first.json()["id"] == again.json()["id"]
    other = post(client, URL + "/else", **sent)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
