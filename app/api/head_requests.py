"""ASGI middleware: HEAD is answered as GET is, without the body (RFC 9110, 9.3.2)."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# A stream of events has no end that a HEAD request could wait for.
_EVENTS_SUFFIX = "/events"


class HeadGuard:
    """Has routes answer HEAD as they do GET, and leaves the body out: what balancers and monitors probe with.

    It stands before the guard of keys, which so asks for the same key as for GET.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD" or scope["path"].endswith(_EVENTS_SUFFIX):
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        scope["method"] = "GET"
        try:
            await self._app(scope, receive, send_head)
        finally:
            scope["method"] = "HEAD"  # of the log and the metrics
