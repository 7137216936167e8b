"""Work in a bounded pool of threads: some runs, some waits, more is told to come back."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from schemas.errors import ExtractionTimeoutError, ServiceBusyError

T = TypeVar("T")


class Runner:
    """Runs `n_concurrent` jobs at a time; `n_waiting` more wait, beyond that `ServiceBusyError`.

    `work` says what its jobs are, in threads' names and in that error.

    A job that waits when its time is over never starts. One that runs is not killed: reading ends by its own
    limits and decoding by its token limit; until then it keeps its place, so that callers who give up cannot
    pile up work.
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
        """
        if not self._places.acquire(blocking=False):
            raise ServiceBusyError(f"too many {self._work} are running and waiting")
        future = self._pool.submit(copy_context().run, job)
        future.add_done_callback(lambda _: self._places.release())
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self._timeout_s)
        except TimeoutError:
            raise ExtractionTimeoutError(f"not done within {self._timeout_s:g} seconds") from None

    def close(self) -> None:
        """Take no more jobs; those that wait are dropped."""
        self._pool.shutdown(wait=False, cancel_futures=True)
