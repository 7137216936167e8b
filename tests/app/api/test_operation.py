"""What an operator asks of a running service, and what its log tells of each request."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import cast
from unittest.mock import Mock

import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from app.api.deps import ServiceState
from app.log import JsonFormatter
from app.service_settings import MetricsSettings
from app.settings import Settings, StoreSettings
from app.telemetry.metrics import QueueReading
from app.telemetry.telemetry import Telemetry
from retrieval.store import ExampleStore
from schemas.errors import EngineUnavailableError, RetrievalError
from tests.app.api.fakes import FakeEngine, FakePipeline, post_document, serving

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(store=StoreSettings(folder=tmp_path))


def access_lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    formatter = JsonFormatter()
    return [
        json.loads(formatter.format(record))
        for record in caplog.records
        if record.name == "app.api.telemetry"
    ]


def test_requests_count_by_template_and_status_and_never_by_path(settings: Settings) -> None:
    with serving(settings) as client:
        client.get("/v1/schemas/secret-name")
        client.get("/secret-path")
        client.request("BREW", "/livez")
        post_document(client, name="secret-file.pdf")
        said = client.get("/metrics")
    assert said.headers["content-type"].startswith("text/plain; version=")
    assert "secret" not in said.text
    families = {family.name: family for family in text_string_to_metric_families(said.text)}
    counted = {
        (s.labels["method"], s.labels["route"], s.labels["status"])
        for s in families["rasg_http_requests"].samples
    }
    assert counted == {
        ("GET", "/v1/schemas/{name}", "404"),
        ("GET", "unmatched", "404"),
        ("other", "/livez", "405"),
        ("POST", "/v1/extractions", "422"),
    }


def test_a_service_warms_its_store_when_it_starts(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    warm = Mock()
    monkeypatch.setattr(ExampleStore, "warm", warm)
    with serving(settings):
        pass
    warm.assert_called_once()


def test_metrics_ask_for_their_token_where_there_is_one(settings: Settings) -> None:
    guarded = settings.model_copy(update={"metrics": MetricsSettings(token=SecretStr("s3cret"))})
    with serving(guarded) as client:
        refused, wrong = client.get("/metrics"), client.get("/metrics", headers={"Authorization": "Bearer x"})
        odd = client.get("/metrics", headers={b"Authorization": b"Bearer \xff\xfe"})
        right = client.get("/metrics", headers={"Authorization": "Bearer s3cret"})
    assert [r.status_code for r in (refused, wrong, odd, right)] == [401, 401, 401, 200]
    assert refused.headers["www-authenticate"] == "Bearer"


def test_a_request_is_one_line_with_its_route_status_and_tenant(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(settings) as client, caplog.at_level(logging.INFO, logger="app.api.telemetry"):
        post_document(client, name="secret\n.pdf")
        client.get("/v1/schemas/a%0a%1b%5b31mforged")
        client.get("/livez")
        client.get("/readyz")
    first, second = access_lines(caplog)  # probes are not told
    assert (first["method"], first["route"], first["status"], first["tenant"]) == (
        "POST",
        "/v1/extractions",
        422,
        "default",
    )
    assert isinstance(first["seconds"], float)
    assert (second["route"], second["status"]) == ("/v1/schemas/{name}", 404)
    assert "secret" not in caplog.text
    assert "forged" not in caplog.text


def test_an_unexpected_error_is_a_500_in_count_and_log(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> object:
        raise ZeroDivisionError("secret")

    with serving(settings, pipeline=FakePipeline(fail)) as client, caplog.at_level(logging.INFO):
        problem = post_document(client, traceparent=f"00-{TRACE}-00f067aa0ba902b7-01").json()
        metrics = client.get("/metrics").text
    assert [line["status"] for line in access_lines(caplog)] == [500]
    assert problem["trace_id"] == TRACE
    assert 'rasg_http_requests_total{method="POST",route="/v1/extractions",status="500"} 1.0' in metrics


def test_a_callers_trace_is_in_the_answer_and_in_its_problem(settings: Settings) -> None:
    header = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    with serving(settings) as client:
        refused = client.get("/v1/schemas/nobody", headers=header)
        wild = client.get("/v1/schemas/nobody", headers={"traceparent": "00-x\x1b-y-z"})
        untraced = client.get("/v1/schemas/nobody")
    assert refused.headers["x-trace-id"] == refused.json()["trace_id"] == TRACE
    for response in (wild, untraced):
        assert "x-trace-id" not in response.headers
        assert "trace_id" not in response.json()


def test_a_service_that_is_ready_says_how_each_check_ended(settings: Settings) -> None:
    with serving(settings) as client:
        body = client.get("/readyz").json()
    assert (body["status"], body["engine"], body["model"]) == ("ok", "embedded", "none")
    assert {name: check["ok"] for name, check in body["checks"].items()} == {"store": True, "engine": True}


def test_a_service_whose_store_takes_no_change_is_not_ready(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise RetrievalError("disk full at /secret/place")

    monkeypatch.setattr("app.api.operation.check_writable", fail)
    with serving(settings) as client:
        refused, alive = client.get("/readyz"), client.get("/livez")
    assert (refused.status_code, alive.status_code) == (503, 200)
    assert refused.headers["content-type"] == "application/problem+json"
    assert int(refused.headers["retry-after"]) > 0
    body = refused.json()
    assert (body["code"], body["checks"]["store"]["code"]) == ("retrieval_failed", "retrieval_failed")
    assert body["checks"]["engine"]["ok"]
    assert "secret" not in refused.text


def test_a_queue_that_fails_or_breaks_makes_the_service_unready(settings: Settings) -> None:
    async def fail() -> None:
        raise ZeroDivisionError("secret")

    with serving(settings) as client:
        state: ServiceState = cast("FastAPI", client.app).state.service
        state.health.add("queue", fail)
        refused = client.get("/readyz")
    assert (refused.status_code, refused.json()["detail"]) == (503, "not ready: queue")
    assert "secret" not in refused.text


class _AwayEngine(FakeEngine):
    """A server that failed too often, until it is back."""

    is_cut_off = True

    def check(self) -> None:
        if self.is_cut_off:
            raise EngineUnavailableError("left alone", retry_after_s=12.2)


def test_a_service_whose_server_is_cut_off_is_unready_until_it_recovers(settings: Settings) -> None:
    engine = _AwayEngine()
    with serving(settings, pipeline=FakePipeline(engine=engine)) as client:
        away, measured = client.get("/readyz"), client.get("/metrics").text
        engine.is_cut_off = False
        back = client.get("/readyz")
    assert (away.status_code, away.json()["code"], back.status_code) == (503, "engine_unavailable", 200)
    assert 'rasg_engine_circuit_open{engine="embedded"} 1.0' in measured


def test_a_problem_says_when_the_engine_is_tried_again(settings: Settings) -> None:
    def fail() -> object:
        raise EngineUnavailableError("left alone", retry_after_s=12.2)

    with serving(settings, pipeline=FakePipeline(fail)) as client:
        refused = post_document(client)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "13")  # whole seconds, rounded up


def test_the_metrics_have_the_queue_of_whoever_feeds_it(settings: Settings) -> None:
    telemetry = Telemetry()
    with serving(settings, telemetry=telemetry) as client:
        assert 'rasg_queue_jobs{state="queued"} 0.0' in client.get("/metrics").text
        telemetry.metrics.watch_queue(lambda: QueueReading(n_by_state={"queued": 3}, oldest_age_s=60.0))
        measured = client.get("/metrics").text
    assert 'rasg_queue_jobs{state="queued"} 3.0' in measured
    assert "rasg_queue_oldest_age_seconds 60.0" in measured


def test_the_version_names_the_commit_and_what_answers(settings: Settings) -> None:
    built = settings.model_copy(update={"commit": "e72daf7"})
    with serving(built) as client:
        client.get("/readyz")
        body = client.get("/version").json()
        measured = client.get("/metrics").text
    assert body == {
        "version": body["version"],
        "commit": "e72daf7",
        "engine": "embedded",
        "model": "none",
        "adapter": None,
    }
    assert f'rasg_build_info{{commit="e72daf7",version="{body["version"]}"}} 1.0' in measured


def test_every_place_that_the_index_names_is_there(settings: Settings) -> None:
    with serving(settings) as client:
        index = client.get("/").json()
        places = {name: place for name, place in index.items() if str(place).startswith("/")}
        statuses = {name: client.get(place).status_code for name, place in places.items()}
    assert len(places) >= 8
    assert statuses.pop("extractions") in {200, 405}  # posted to
    assert set(statuses.values()) == {200}
