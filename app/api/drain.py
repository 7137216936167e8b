"""Stopping without breaking off: unready first, then no new requests, then the end of those that run."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.problems import problem_response
from app.errors import http_problem
from app.log import request_id
from app.service_settings import ApiSettings

logger = logging.getLogger(__name__)

# What is still answered while no other request is: whoever watches the service sees it end.
_STILL_ANSWERED = frozenset({"/livez", "/readyz", "/metrics", "/version"})
_TICK_S = 0.05


class Drain:
    """The way of a serving process from the signal to its end.

    Parameters
    ----------
    delay_s
        How long requests are still taken after `begin`, while the service is already unready.
    limit_s
        How long running requests have after that.
    stop
        Called once at the end of it.
    """

    def __init__(self, *, delay_s: float, limit_s: float, stop: Callable[[], None]) -> None:
        self._delay_s = delay_s
        self._limit_s = limit_s
        self._stop = stop
        self._task: asyncio.Task[None] | None = None
        self.is_closed = False
        self.n_running = 0

    @property
    def is_draining(self) -> bool:
        """Return whether the service is to stop: nobody should send it more."""
        return self._task is not None

    def listen(self) -> None:
        """Begin at SIGTERM, in the place of the server's own handler; for a process's main thread."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.begin)

    def begin(self) -> None:
        """Be unready from now on, and stop when the time has come; a second call changes nothing."""
        if self._task is None:
            logger.info("stopping: %d requests are running", self.n_running)
            self._task = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        await asyncio.sleep(self._delay_s)
        self.is_closed = True
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._limit_s
        while self.n_running and loop.time() < deadline:
            await asyncio.sleep(_TICK_S)
        if self.n_running:
            logger.warning("stopped with %d requests running after %g seconds", self.n_running, self._limit_s)
        self._stop()


class DrainGuard:
    """Counts running requests, and refuses new ones once the service is closed to them."""

    def __init__(self, app: ASGIApp, *, drain: Drain) -> None:
        self._app = app
        self._drain = drain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or say that another process has to."""
        if scope["type"] != "http" or scope["path"] in _STILL_ANSWERED:
            await self._app(scope, receive, send)
            return
        if self._drain.is_closed:
            detail = "this process is stopping"
            problem = http_problem(503, detail, request_id=request_id.get(), code="draining")
            await problem_response(problem.model_copy(update={"retryable": True}))(scope, receive, send)
            return
        self._drain.n_running += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._drain.n_running -= 1


def drain_of(settings: ApiSettings) -> Drain:
    """Return the drain of a server's process, which it ends as Ctrl-C would."""

    def stop() -> None:
        # The server stops by SIGINT as by SIGTERM, and its handler of that one is still in place.
        os.kill(os.getpid(), signal.SIGINT)

    return Drain(delay_s=settings.drain_delay_s, limit_s=settings.drain_s, stop=stop)
