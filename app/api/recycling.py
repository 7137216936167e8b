"""A serving process that holds too much memory is replaced, once the one that follows it takes requests.

The server's own way stops the old process a few seconds after it forked the new one, which needs half a
minute to import and open what it serves: until then nobody would answer.
"""

from __future__ import annotations

import logging
import multiprocessing
import signal
import time
from collections.abc import Callable, Iterable
from functools import partial
from multiprocessing.synchronize import Event
from typing import Any

from granian.server.mp import MPServer
from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger(__name__)

# A process that has not started by then never will; the old one goes on.
_START_TIMEOUT_S = 300.0
_TICK_S = 0.1

Loader = Callable[[], ASGIApp]


class ReplacingServer(MPServer):
    """Granian's server, whose processes are replaced without a gap.

    A signal to stop is obeyed at once, whatever is being replaced: both processes then end their requests.
    """

    _started: Event

    def _spawn_worker(self, idx: int, target: Any, callback_loader: Loader) -> Any:  # noqa: ANN401 - granian's
        self._started = multiprocessing.Event()
        loader = partial(_load_and_announce, callback_loader, self._started)
        return super()._spawn_worker(idx, target, loader)  # pyright: ignore[reportUnknownMemberType]

    def _respawn_workers(
        self,
        workers: Iterable[int],
        spawn_target: Any,  # noqa: ANN401 - granian's
        target_loader: Loader,
        delay: float = 0,
    ) -> None:
        del delay  # a guess at how long a process takes to start
        for index in workers:
            self.respawned_wrks[index] = time.monotonic()  # pyright: ignore[reportUnknownMemberType]
            new = self._spawn_worker(index, spawn_target, target_loader)
            new.start()
            if self._wait(self._started.is_set, new, limit_s=_START_TIMEOUT_S):
                old, self.wrks[index] = self.wrks[index], new
                logger.info("a new process serves; the old one ends its requests")
                self._stop(old)
            else:
                logger.warning("the process that was to replace another has not started; the old one goes on")
                new.kill()
                new.join()

    def _stop(self, worker: Any) -> None:  # noqa: ANN401 - granian's
        """Ask a process to stop, and kill it where it does not; one among others if the server stops."""
        worker.terminate()
        if self._wait(lambda: not worker.is_alive(), None, limit_s=float(self.workers_kill_timeout or 0)):
            worker.join()
        elif self.interrupt_signal:
            self.wrks.append(worker)  # it is stopped with the others
        else:
            logger.warning("killed a process that did not stop")
            worker.kill()
            worker.join()

    def _wait(self, is_done: Callable[[], bool], needed: Any, *, limit_s: float) -> bool:  # noqa: ANN401
        """Return whether it was done in time, the server goes on and the process `needed` for it lives."""
        deadline = time.monotonic() + limit_s
        while not is_done():
            is_dead = needed is not None and not needed.is_alive()
            if is_dead or self.interrupt_signal or time.monotonic() > deadline:
                return False
            time.sleep(_TICK_S)
        return True


def _load_and_announce(load: Loader, started: Event) -> ASGIApp:
    """Return the application that `load` makes, which sets `started` when it has started."""
    # The fork has its parent's handlers, which would swallow the signal while this process starts.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    app = load()

    async def announcing(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return

        async def send_announced(message: Message) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                started.set()

        await app(scope, receive, send_announced)

    return announcing
