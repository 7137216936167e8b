"""ASGI middleware before any parsing: a request id for each request, and a cap on its bytes."""

from __future__ import annotations

import re
import uuid
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import SCOPE_KEY, problem_response
from app.errors import http_problem
from app.log import request_id

# What callers may use as an id: it goes into logs and headers.
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_HEADER = b"x-request-id"
# A Content-Length of more digits is no size.
_MAX_LENGTH_DIGITS = 18
# Form fields and part headers beside the file.
_FORM_OVERHEAD_BYTES = 512_000


class RequestIdGuard:
    """Takes over a well-formed X-Request-Id, makes one otherwise, and answers with it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request under its id."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(_HEADER, b"")
        current = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex.encode()
        scope[SCOPE_KEY] = current.decode()
        token = request_id.set(current.decode())

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (_HEADER, current)]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            request_id.reset(token)


class _TooLargeError(Exception):
    pass


class BodyLimit:
    """Answers 413 as soon as a body is longer than allowed, told beforehand or found while reading."""

    def __init__(self, app: ASGIApp, *, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes + _FORM_OVERHEAD_BYTES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it once it is too long."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or len(length) > _MAX_LENGTH_DIGITS or int(length) > self._max_bytes:
            await self._refuse(scope, receive, send)
            return
        n_read = 0
        is_started = False

        async def receive_counted() -> Message:
            nonlocal n_read
            message = await receive()
            n_read += len(message.get("body", b""))
            if n_read > self._max_bytes:
                raise _TooLargeError
            return message

        async def send_unless_too_large(message: Message) -> None:
            # The framework makes its own answer of an error while it reads the body: ours comes instead.
            nonlocal is_started
            if is_started or n_read <= self._max_bytes:
                is_started = True
                await send(message)

        with suppress(_TooLargeError):
            await self._app(scope, receive_counted, send_unless_too_large)
        if not is_started:
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        detail = f"the request is larger than {self._max_bytes} bytes"
        problem = http_problem(413, detail, request_id=request_id.get(), code="document_too_large")
        await problem_response(problem)(scope, receive, send)
