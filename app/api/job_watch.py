"""Waiting for jobs: one look at the database for all who wait, and none while nobody does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from schemas.cancellation import Cancellation, current_cancellation
from schemas.errors import RetrievalError, WorkCancelledError
from storage.job_queue import JobQueue
from storage.jobs import Job, no_job

# A worker in another process cannot call: so often it is looked what it did.
_LOOK_EVERY_S = 0.1
# So often it is counted how many are before those who watch.
_COUNT_EVERY_S = 0.25
# As many ids as one question may name.
_N_AT_ONCE = 500


class JobWatch:
    """Tells those who wait of changes of their jobs; lives in one event loop."""

    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue
        self._waiting: dict[asyncio.Future[Job | None], Job] = {}
        self._looking: asyncio.Task[None] | None = None
        self._asked: list[tuple[int, asyncio.Future[int]]] = []
        self._counting: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def nudge(self) -> None:
        """Say from any thread that a job has changed."""
        if not self._waiting:  # whoever waits from now on looks first
            return
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            self._loop.call_soon_threadsafe(self._changed.set)

    async def until_changed(self, job: Job, *, timeout_s: float) -> Job:
        """Return the job once it is another than it was, or as it was when the time is over.

        Raises
        ------
        ExtractionNotFoundError
            If it was deleted meanwhile.
        """
        future: asyncio.Future[Job | None] = self._loop.create_future()
        self._waiting[future] = job
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            found = await asyncio.wait_for(future, timeout_s)
        except TimeoutError:
            return job
        finally:
            self._waiting.pop(future, None)
        if found is None:
            raise no_job()
        return found

    async def until_finished(self, job: Job, *, timeout_s: float) -> Job:
        """Return the job once it has ended, or as it is when the time is over.

        Raises
        ------
        ExtractionNotFoundError
            If it was deleted meanwhile.
        WorkCancelledError
            If the caller has hung up.
        """
        waiting = asyncio.ensure_future(self._until_finished(job, timeout_s))
        cancellation = current_cancellation() or Cancellation()
        cancellation.on_cancel(lambda: self._drop(waiting))
        try:
            return await waiting
        except asyncio.CancelledError:
            if not cancellation.is_cancelled:  # the server itself stops
                raise
            raise WorkCancelledError("the caller has hung up") from None

    def _drop(self, waiting: asyncio.Future[Job]) -> None:
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(waiting.cancel)

    async def _until_finished(self, job: Job, timeout_s: float) -> Job:
        deadline = time.monotonic() + timeout_s
        while not job.is_finished and (left := deadline - time.monotonic()) > 0:
            job = await self.until_changed(job, timeout_s=left)
        return job

    async def place_of(self, job: Job) -> int | None:
        """Return how many are before a job that waits, else None; all who ask are counted at once."""
        if job.state != "queued":
            return None
        future: asyncio.Future[int] = self._loop.create_future()
        self._asked.append((job.seq, future))
        if self._counting is None or self._counting.done():
            self._counting = asyncio.create_task(self._count())
        return await future

    async def close(self) -> None:
        """Tell nobody any more."""
        for task in (self._looking, self._counting):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def _count(self) -> None:
        while self._asked:
            asked, self._asked = self._asked, []
            places: dict[int, int] | RetrievalError
            try:
                places = await asyncio.to_thread(self._queue.count_ahead_of, [seq for seq, _ in asked])
            except RetrievalError as error:
                places = error
            for seq, future in asked:
                if future.done():  # who asked is gone
                    continue
                if isinstance(places, RetrievalError):
                    future.set_exception(places)
                else:
                    future.set_result(places[seq])
            await asyncio.sleep(_COUNT_EVERY_S)

    async def _look(self) -> None:
        while self._waiting:
            self._changed.clear()
            ids = list({job.job_id for job in self._waiting.values()})
            for start in range(0, len(ids), _N_AT_ONCE):
                with suppress(RetrievalError):  # it is asked again; who waits has a time of their own
                    some = ids[start : start + _N_AT_ONCE]
                    self._tell(some, await asyncio.to_thread(self._queue.of_ids, some))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), _LOOK_EVERY_S)

    def _tell(self, asked: list[str], found: dict[str, Job]) -> None:
        for future, job in list(self._waiting.items()):
            now = found.get(job.job_id)
            if job.job_id not in asked or future.done():
                continue
            if now is None or now.revision != job.revision:
                future.set_result(now)


async def place_of(job: Job, count_ahead: Callable[[Job], int]) -> int | None:
    """Return how many are before a job that waits; None for one that does not."""
    return await asyncio.to_thread(count_ahead, job) if job.state == "queued" else None
