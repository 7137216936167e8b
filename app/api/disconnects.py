"""ASGI middleware that notices when a caller hangs up, and cancels what is done for them."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schemas.cancellation import Cancellation, cancelled_by

_GONE: Message = {"type": "http.disconnect"}


class DisconnectWatch:
    """Runs each request under a `Cancellation` that is set when its connection closes before the answer.

    The server tells of a disconnect only to whoever waits for another message. Once the body is read, that is
    a task of this middleware; the application, which may ask as well, is told by it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, and cancel its work when the caller is gone."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        cancellation = Cancellation()
        watch: asyncio.Task[None] | None = None

        async def wait_for_the_end() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            cancellation.cancel()

        async def receive_and_watch() -> Message:
            nonlocal watch
            if watch is not None:
                await asyncio.shield(watch)
                return _GONE
            message = await receive()
            if message["type"] == "http.disconnect":
                cancellation.cancel()
            elif not message.get("more_body", False):
                watch = asyncio.create_task(wait_for_the_end())
            return message

        try:
            with cancelled_by(cancellation):
                await self._app(scope, receive_and_watch, send)
        finally:
            if watch is not None:
                watch.cancel()
                with suppress(asyncio.CancelledError):
                    await watch
