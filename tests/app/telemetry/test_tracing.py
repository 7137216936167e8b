"""Traces: a caller's id is taken over, spans are recorded only where they are wanted."""

from __future__ import annotations

import subprocess
import sys

import pytest

from app.service_settings import TracingSettings
from app.telemetry.tracing import NoTracing, start_tracing, trace_id_of
from schemas.errors import ConfigurationError

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "00",
        PARENT.upper(),
        PARENT.replace("00-", "ff-", 1),
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}\n-00f067aa0ba902b7-01",
        "x" * 10_000,
    ],
)
def test_a_malformed_traceparent_is_no_trace(header: str | None) -> None:
    assert trace_id_of(header) is None


def test_a_callers_trace_is_known_without_any_library() -> None:
    with NoTracing().request("GET", {"traceparent": PARENT}) as span:
        assert span.trace_id == TRACE
    with NoTracing().request("GET", {}) as span:
        assert span.trace_id is None


def test_tracing_that_is_off_imports_no_opentelemetry() -> None:
    program = (
        "import sys, app.telemetry.telemetry, app.log\n"
        "from app.settings import TracingSettings\n"
        "from app.telemetry.tracing import start_tracing\n"
        "start_tracing(TracingSettings())\n"
        "assert not any(name.startswith('opentelemetry') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_tracing_that_is_on_and_not_installed_is_a_configuration_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "app.telemetry.otel", None)
    with pytest.raises(ConfigurationError, match="OpenTelemetry"):
        start_tracing(TracingSettings(enabled=True))


def test_spans_of_stages_are_inside_the_span_of_their_request_and_tell_no_values() -> None:
    pytest.importorskip("opentelemetry.sdk")
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from app.telemetry.otel import OtelTracing

    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing = OtelTracing(provider)
    with tracing.request("POST", {"traceparent": PARENT}) as request:
        with pytest.raises(ValueError, match="secret"), tracing.span("decode"):
            raise ValueError("secret")
        assert request.trace_id == TRACE
        request.end_with("POST /v1/extractions", {"http.response.status_code": 500})
    stage, root = exporter.get_finished_spans()
    assert (stage.name, root.name) == ("decode", "POST /v1/extractions")
    assert stage.parent is not None
    assert root.context is not None
    assert stage.parent.span_id == root.context.span_id
    assert "secret" not in stage.to_json() + root.to_json()
    assert not root.status.is_ok
    tracing.close()


def test_an_exporter_is_made_as_the_settings_say_and_closes_without_a_collector() -> None:
    pytest.importorskip("opentelemetry.sdk")
    tracing = start_tracing(
        TracingSettings(enabled=True, endpoint="http://127.0.0.1:9/v1/traces", sample_ratio=0)
    )
    with tracing.request("GET", {}) as span, tracing.span("read"):
        assert span.trace_id is not None
    tracing.close()
