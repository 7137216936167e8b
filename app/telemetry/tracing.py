"""Spans, where the extra `otel` is installed and tracing is on; else nothing, at no cost.

The W3C's `traceparent` header is understood without any library: whoever calls the service finds its trace id
in the log and in problems, whether or not spans are recorded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from app.service_settings import TracingSettings
from schemas.errors import ConfigurationError

# Version, trace id, parent id, flags; later versions may append fields.
_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?P<trace_id>(?!0{32})[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)

Attribute = str | int | float | bool


class Tracing(Protocol):
    """Records spans of requests and stages."""

    def request(self, name: str, headers: Mapping[str, str]) -> AbstractContextManager[RequestSpan]:
        """Return the span of one request, under the trace that its headers name."""
        ...

    def span(self, name: str) -> AbstractContextManager[object]:
        """Return a span of some work inside the current one."""
        ...

    def close(self) -> None:
        """Send what is not sent yet."""
        ...


class RequestSpan(Protocol):
    """The span of a request while it runs."""

    @property
    def trace_id(self) -> str | None:
        """Return the id of the trace, None where there is none."""
        ...

    def end_with(self, name: str, attributes: Mapping[str, Attribute]) -> None:
        """Name the span, and say how the request ended."""
        ...


class _NoSpan:
    def __init__(self, trace_id: str | None) -> None:
        self.trace_id = trace_id

    def end_with(self, name: str, attributes: Mapping[str, Attribute]) -> None:
        """Do nothing."""


class NoTracing:
    """Records nothing; a caller's trace id is taken over all the same."""

    def request(self, name: str, headers: Mapping[str, str]) -> AbstractContextManager[RequestSpan]:
        """Return a context whose trace is the caller's."""
        del name
        return nullcontext(_NoSpan(trace_id_of(headers.get("traceparent"))))

    def span(self, name: str) -> AbstractContextManager[object]:
        """Return a context that does nothing."""
        del name
        return nullcontext()

    def close(self) -> None:
        """Do nothing."""


def trace_id_of(traceparent: str | None) -> str | None:
    """Return the trace id in a W3C `traceparent` header; None if it is absent or malformed.

    Examples
    --------
    >>> trace_id_of("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    '4bf92f3577b34da6a3ce929d0e0e4736'
    >>> trace_id_of("00-00000000000000000000000000000000-00f067aa0ba902b7-01") is None
    True
    """
    found = None if traceparent is None else _TRACEPARENT.match(traceparent)
    return None if found is None else found["trace_id"]


def start_tracing(settings: TracingSettings) -> Tracing:
    """Return what records spans as the settings say.

    Raises
    ------
    ConfigurationError
        If tracing is on and the extra `otel` is not installed.
    """
    if not settings.enabled:
        return NoTracing()
    try:
        from app.telemetry.otel import OtelTracing
    except ImportError as error:
        raise ConfigurationError(
            "RASG_TRACING__ENABLED is set, and OpenTelemetry is not installed",
            hint="install the extra `otel`: pip install 'rasg[otel]'",
        ) from error
    return OtelTracing.exporting(settings)
