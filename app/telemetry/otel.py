"""Spans by OpenTelemetry, sent over OTLP; imported only where tracing is on."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from importlib.metadata import version as distribution_version
from typing import Self

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from app.service_settings import TracingSettings
from app.telemetry.tracing import Attribute, RequestSpan

_FIRST_SERVER_ERROR = 500


class _OtelSpan:
    def __init__(self, span: Span) -> None:
        self._span = span

    @property
    def trace_id(self) -> str | None:
        return trace.format_trace_id(self._span.get_span_context().trace_id)

    def end_with(self, name: str, attributes: Mapping[str, Attribute]) -> None:
        self._span.update_name(name)
        for key, value in attributes.items():
            self._span.set_attribute(key, value)
        status = attributes.get("http.response.status_code")
        if isinstance(status, int) and status >= _FIRST_SERVER_ERROR:
            self._span.set_status(StatusCode.ERROR)


class OtelTracing:
    """Records spans with a provider of its own: a process may have several, and tests keep theirs."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("rasg", distribution_version("rasg"))
        self._propagator = TraceContextTextMapPropagator()

    @classmethod
    def exporting(cls, settings: TracingSettings) -> Self:
        """Return tracing that sends its spans to the collector that the settings name."""
        provider = TracerProvider(
            resource=Resource.create(
                {"service.name": settings.service_name, "service.version": distribution_version("rasg")}
            ),
            # A caller that samples its trace gets all of it, whatever our share is.
            sampler=ParentBased(TraceIdRatioBased(settings.sample_ratio)),
        )
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.endpoint)))
        return cls(provider)

    @contextmanager
    def request(self, name: str, headers: Mapping[str, str]) -> Generator[RequestSpan]:
        """Yield the span of one request, under the trace that its headers name."""
        parent = self._propagator.extract(dict(headers))
        with self._tracer.start_as_current_span(
            name, context=parent, kind=SpanKind.SERVER, record_exception=False, set_status_on_exception=False
        ) as span:
            yield _OtelSpan(span)

    def span(self, name: str) -> AbstractContextManager[object]:
        """Return a span of some work inside the current one; an exception marks it, its text is not kept."""
        return self._recorded(name)

    @contextmanager
    def _recorded(self, name: str) -> Generator[None]:
        with self._tracer.start_as_current_span(
            name, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield
            except BaseException as error:
                span.set_status(StatusCode.ERROR, type(error).__name__)
                raise

    def close(self) -> None:
        """Send what is not sent yet, and stop."""
        self._provider.shutdown()
