"""ASGI middleware around the routes: one line of log, one count and one span for each request."""

from __future__ import annotations

import logging
import time
from http import HTTPStatus

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import TRACE_KEY
from app.log import trace_id, with_fields
from app.telemetry.telemetry import Telemetry
from app.telemetry.tracing import RequestSpan

logger = logging.getLogger(__name__)

# What no route answers: paths are the caller's, and would be as many labels.
UNMATCHED = "unmatched"
_TENANT_KEY = "rasg.tenant"
_TRACE_HEADER = b"x-trace-id"
# Asked every few seconds by machines; their lines would be most of the log.
_PROBES = frozenset({"/livez", "/readyz", "/metrics"})
_CLIENT_CLOSED = 499


def note_tenant(connection: HTTPConnection, name: str) -> None:
    """Say whose request it is: its line of log names the tenant."""
    connection.scope[_TENANT_KEY] = name


def route_of(scope: Scope) -> str:
    """Return the template of the route that answered, `unmatched` if none did."""
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) and path else UNMATCHED


class RequestTelemetry:
    """Counts, times, traces and logs each request, by its route's template and never by its path.

    A request whose client hung up before the answer began counts as 499, one whose handler raised as 500.
    """

    def __init__(self, app: ASGIApp, *, telemetry: Telemetry) -> None:
        self._app = app
        self._telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, and note how."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
        with self._telemetry.tracing.request(scope["method"], headers) as span:
            scope[TRACE_KEY] = span.trace_id
            token = trace_id.set(span.trace_id)
            try:
                await self._answer(scope, receive, send, span)
            finally:
                trace_id.reset(token)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, span: RequestSpan) -> None:
        status = _CLIENT_CLOSED

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if span.trace_id is not None:
                    message["headers"] = [
                        *message.get("headers", []),
                        (_TRACE_HEADER, span.trace_id.encode()),
                    ]
            await send(message)

        started = time.perf_counter()
        try:
            with self._telemetry.metrics.in_flight.track_inprogress():
                await self._app(scope, receive, send_noted)
        except Exception:
            if status == _CLIENT_CLOSED:
                status = HTTPStatus.INTERNAL_SERVER_ERROR
            raise
        finally:
            self._note(scope, int(status), time.perf_counter() - started, span)

    def _note(self, scope: Scope, status: int, seconds: float, span: RequestSpan) -> None:
        method, route = scope["method"], route_of(scope)
        self._telemetry.metrics.count_request(method=method, route=route, status=status, seconds=seconds)
        span.end_with(
            f"{method} {route}",
            {"http.request.method": method, "http.route": route, "http.response.status_code": status},
        )
        fields = {
            "method": method[:16],
            "route": route,
            "status": status,
            "seconds": round(seconds, 4),
            "tenant": scope.get(_TENANT_KEY),
        }
        is_probe = route in _PROBES and status < HTTPStatus.BAD_REQUEST
        logger.log(logging.DEBUG if is_probe else logging.INFO, "request", extra=with_fields(fields))
