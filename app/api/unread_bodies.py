"""ASGI middleware for answers that come before their request's body was read: the connection ends there."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class UnreadBodyGuard:
    """Says `Connection: close` in each answer that leaves a part of its request's body unread.

    Whoever is refused before the body was read (401, 404, 422, 429, 503) is sending it still. The server can
    find no next request behind it and closes the connection. A client that is not told so keeps it, and its
    next request, often a POST that it may not send again by itself, is lost with the connection.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        is_whole = False

        async def receive_noted() -> Message:
            nonlocal is_whole
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body", False):
                is_whole = True
            return message

        async def send_closing(message: Message) -> None:
            if message["type"] == "http.response.start" and not is_whole:
                message.setdefault("headers", [])
                MutableHeaders(scope=message)["connection"] = "close"
            await send(message)

        await self._app(scope, receive_noted, send_closing)


def _has_body(scope: Scope) -> bool:
    """Return whether a body comes with the request (RFC 9112, 6.3)."""
    headers = Headers(scope=scope)
    return "transfer-encoding" in headers or headers.get("content-length", "0").strip("0") != ""
