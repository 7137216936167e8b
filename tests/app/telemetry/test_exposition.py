"""A worker's metrics, on a port of their own."""

from __future__ import annotations

import socket

import httpx2
import pytest
from pydantic import SecretStr

from app.service_settings import MetricsSettings
from app.telemetry.exposition import exposing
from app.telemetry.metrics import Metrics
from schemas.errors import ConfigurationError, EmptyDocumentError


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_workers_metrics_are_served_while_it_works() -> None:
    metrics, settings = Metrics(), MetricsSettings(worker_port=free_port())
    metrics.count_failure(EmptyDocumentError("nothing"))
    with exposing(metrics, settings) as port, httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client:
        said, elsewhere = client.get("/metrics"), client.get("/secret")
    assert 'rasg_document_failures_total{code="empty_document"} 1.0' in said.text
    assert (said.status_code, elsewhere.status_code) == (200, 404)
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"http://127.0.0.1:{port}/metrics")


def test_a_workers_metrics_ask_for_the_token_where_there_is_one() -> None:
    settings = MetricsSettings(worker_port=free_port(), token=SecretStr("s3cret"))
    with exposing(Metrics(), settings) as port, httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client:
        answers = [
            client.get("/metrics", headers=headers).status_code
            for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Bearer s3cret"})
        ]
    assert answers == [401, 401, 200]


def test_no_port_serves_none_and_a_taken_one_is_a_configuration_error() -> None:
    with exposing(Metrics(), MetricsSettings()) as port:
        assert port is None
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = MetricsSettings(worker_port=taken.getsockname()[1])
        with pytest.raises(ConfigurationError, match="cannot be served"), exposing(Metrics(), settings):
            pass
