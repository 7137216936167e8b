"""Work in a bounded pool of threads: some runs, some waits, more is told to come back."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from schemas.cancellation import Cancellation, cancelled_by, check_cancelled, current_cancellation
from schemas.errors import ExtractionTimeoutError, ServiceBusyError, WorkCancelledError

T = TypeVar("T")


class Runner:
    """Runs `n_concurrent` jobs at a time; `n_waiting` more wait, beyond that `ServiceBusyError`.

    `work` says what its jobs are, in threads' names and in that error.

    A job that waits when its time is over, or its caller has hung up (`app.api.disconnects`), never starts.
    One that runs is cancelled: it stops at its next stage, page or pass (`schemas.cancellation`).
    Until then it keeps its place, so that callers who give up cannot pile up work.
    """

    def __init__(self, work: str, *, n_concurrent: int, n_waiting: int, timeout_s: float) -> None:
        self._work = work
        self._pool = ThreadPoolExecutor(n_concurrent, thread_name_prefix=work)
        self._places = threading.BoundedSemaphore(n_concurrent + n_waiting)
        self._timeout_s = timeout_s

    async def run(self, job: Callable[[], T]) -> T:
        """Return what `job` returns, from a thread.

        Raises
        ------
        ServiceBusyError
            If there is no place to wait.
        ExtractionTimeoutError
            If it is not done in time.
        WorkCancelledError
            If its caller has hung up.
        """
        if not self._places.acquire(blocking=False):
            raise ServiceBusyError(f"too many {self._work} are running and waiting")
        cancellation = current_cancellation() or Cancellation()
        with cancelled_by(cancellation):
            future = self._pool.submit(copy_context().run, _begin, job)
        future.add_done_callback(lambda _: self._places.release())
        # A job that has not begun never will; one that has is told where it stops.
        cancellation.on_cancel(future.cancel)
        waiting = asyncio.ensure_future(asyncio.wrap_future(future))
        loop = asyncio.get_running_loop()
        cancellation.on_cancel(lambda: _tell(loop, waiting))
        try:
            return await asyncio.wait_for(waiting, self._timeout_s)
        except TimeoutError:
            cancellation.cancel()
            raise ExtractionTimeoutError(f"not done within {self._timeout_s:g} seconds") from None
        except asyncio.CancelledError:
            if not cancellation.is_cancelled:  # the server itself stops
                cancellation.cancel()
                raise
            raise WorkCancelledError("the caller has hung up") from None

    def close(self) -> None:
        """Take no more jobs; those that wait are dropped."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _begin(job: Callable[[], T]) -> T:
    check_cancelled()
    return job()


def _tell(loop: asyncio.AbstractEventLoop, waiting: asyncio.Future[T]) -> None:
    """Wake whoever waits; a job that is done by then has its result."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(waiting.cancel)
