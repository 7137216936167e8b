"""ASGI middleware that bounds bodies: how long they are by route, how slowly they may come, and all together.

A body that drips holds a connection and, once it is long, a temporary file. Each has time for its first bytes
and then a least rate; what all unfinished requests have sent is bounded too.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import BodyRefusedError, problem_response
from app.errors import Problem, http_problem, problem_of
from app.log import request_id
from schemas.errors import ServiceBusyError

# A Content-Length of more digits is no size.
_MAX_LENGTH_DIGITS = 18
# Form fields and part headers beside the file.
_FORM_OVERHEAD_BYTES = 512_000
# What no line below names: JSON of a few fields.
_SMALL_BODY_BYTES = 512_000
# A corrected answer of 10,000 rows has some two million.
_ANSWER_BODY_BYTES = 2_500_000
# Routes that take a document.
_DOCUMENT_PATHS = ("/v1/extractions", "/v1/examples", "/v1/batches")
_ANSWER_SUFFIX = "/feedback"


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyLimits:
    """What bodies may be.

    Attributes
    ----------
    document_bytes
        Of a file; its form may be a little longer.
    in_flight_bytes
        What all requests that are not answered yet may have sent together.
    grace_s, least_rate
        A body of which n bytes have come is given `grace_s` + n / `least_rate` seconds; bytes a second.
    """

    document_bytes: int
    in_flight_bytes: int = 4_000_000_000
    grace_s: float = 10.0
    least_rate: float = 16_000.0

    def of(self, path: str) -> int:
        """Return how long the body of a request to `path` may be."""
        if path in _DOCUMENT_PATHS:
            return self.document_bytes + _FORM_OVERHEAD_BYTES
        return _ANSWER_BODY_BYTES if path.endswith(_ANSWER_SUFFIX) else _SMALL_BODY_BYTES


@dataclass(slots=True)
class _Body:
    """One request's body while it comes."""

    limit: int
    started_s: float
    n_read: int = 0
    is_whole: bool = False
    refusal: Problem | None = None


class BodyGuard:
    """Answers 413 to a body that is too long, 408 to one that drips, 503 when all together are too much.

    One that is packed (`Content-Encoding`) is answered with 415.
    """

    def __init__(self, app: ASGIApp, *, limits: BodyLimits) -> None:
        self._app = app
        self._limits = limits
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it once its body is not to be had."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(limit=self._limits.of(scope["path"]), started_s=asyncio.get_running_loop().time())
        refusal = _refuse_headers(dict(scope["headers"]), body)
        if refusal is not None and _has_route(scope):
            await _refuse(refusal, scope, receive, send)
            return
        is_started = False

        async def send_unless_refused(message: Message) -> None:
            # The framework makes its own answer of an error while it reads the body: ours comes instead.
            nonlocal is_started
            if is_started or body.refusal is None:
                is_started = True
                await send(message)

        try:
            await self._app(scope, lambda: self._next(body, receive), send_unless_refused)
        except BodyRefusedError:
            pass
        finally:
            self._in_flight -= body.n_read
        if body.refusal is not None and not is_started:
            await _refuse(body.refusal, scope, receive, send)

    async def _next(self, body: _Body, receive: Receive) -> Message:
        """Return the next message of the server, in time."""
        if body.is_whole:  # what comes now is the end of the connection
            return await receive()
        due_s = body.started_s + self._limits.grace_s + body.n_read / self._limits.least_rate
        try:
            async with asyncio.timeout_at(due_s):
                message = await receive()
        except TimeoutError:
            raise self._refused(body, _too_slow(body)) from None
        n_new = len(message.get("body", b""))
        body.n_read += n_new
        self._in_flight += n_new
        body.is_whole = not message.get("more_body", False)
        if body.n_read > body.limit:
            raise self._refused(body, _too_large(body))
        if self._in_flight > self._limits.in_flight_bytes:
            busy = ServiceBusyError("too many documents are being sent at once")
            raise self._refused(body, problem_of(busy, request_id=request_id.get()))
        return message

    @staticmethod
    def _refused(body: _Body, problem: Problem) -> BodyRefusedError:
        body.refusal = problem
        return BodyRefusedError()


def _has_route(scope: Scope) -> bool:
    """Return whether there is a route for the request; what has none is told so, and its body is not read."""
    if "app" not in scope:  # nothing is said of routes
        return True
    routes: list[BaseRoute] = scope["app"].router.routes
    return any(route.matches(scope)[0] is Match.FULL for route in routes)


def _refuse_headers(headers: dict[bytes, bytes], body: _Body) -> Problem | None:
    """Return why a body is not wanted whatever comes; None if it may be read."""
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or len(length) > _MAX_LENGTH_DIGITS or int(length) > body.limit:
        return _too_large(body)
    # Unpacked, a small body may be of any length.
    if headers.get(b"content-encoding", b"").strip().lower() not in (b"", b"identity"):
        detail = "a body comes as it is, without a content encoding"
        return http_problem(415, detail, request_id=request_id.get())
    return None


def _too_large(body: _Body) -> Problem:
    detail = f"the request is larger than {body.limit} bytes"
    return http_problem(413, detail, request_id=request_id.get(), code="document_too_large")


def _too_slow(body: _Body) -> Problem:
    detail = f"of the request only {body.n_read} bytes came in time"
    return http_problem(408, detail, request_id=request_id.get())


async def _refuse(problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
    await problem_response(problem)(scope, receive, send)
