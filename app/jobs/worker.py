"""A worker: threads that run jobs, one that says that they live, and the reaper of others."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from app.jobs.execution import Execution, WaitsError, fail_unexpectedly, fail_with
from app.jobs.reaper import Reaper
from app.jobs.run import Run
from schemas.cancellation import cancelled_by
from schemas.errors import ExtractionTimeoutError, RetrievalError
from storage.job_leases import Claim, LeaseLostError, Outcome
from storage.job_queue import JobQueue

logger = logging.getLogger(__name__)

# How long a worker waits where the database or an engine is not there: doubled each time, up to the last.
_FIRST_PAUSE_S, _LAST_PAUSE_S = 0.5, 30.0
# How late it may be noticed that a run's time is over, or that its job is another's.
_MAX_BEAT_S = 1.0
# An engine that is away for longer is not coming back.
_GIVE_UP = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOptions:
    """How a worker works.

    Attributes
    ----------
    n_jobs
        Jobs at a time.
    timeout_s
        Seconds of one run; then the job has failed.
    lease_s
        Seconds without a sign of life after which others take a job.
    poll_s
        Seconds between looks at an empty queue.
    """

    n_jobs: int = 1
    timeout_s: float = 900.0
    lease_s: float = 30.0
    poll_s: float = 0.5

    @property
    def beat_s(self) -> float:
        """Return the seconds between signs of life: a lease survives two that are lost."""
        return min(self.lease_s / 3, _MAX_BEAT_S)


class Worker:
    """Takes jobs off the queue until it is closed.

    A job whose time is over fails at once, whether its thread hears of it or not; what that thread writes
    later is refused. What fails for want of the engine or the database goes back to the queue.

    Parameters
    ----------
    on_change
        Called when a job has changed, from any thread.
    """

    def __init__(
        self,
        queue: JobQueue,
        execution: Execution,
        reaper: Reaper,
        options: WorkerOptions,
        *,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._queue = queue
        self._execution = execution
        self._reaper = reaper
        self._options = options
        self._on_change = on_change
        self._owner = f"{socket.gethostname()[:64]}:{os.getpid()}:{uuid4().hex[:8]}"
        self._closing = threading.Event()
        self._wakes = threading.Semaphore(0)
        self._runs: set[Run] = set()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to work."""
        works = [("beat", self._beat), ("reaper", self._reap)]
        works += [(f"job-{number}", self._work) for number in range(self._options.n_jobs)]
        for name, work in works:
            thread = threading.Thread(target=work, name=f"worker-{name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def wake(self) -> None:
        """Say that there is a job, so that none waits for the next look: one thread, which tells the next."""
        self._wakes.release()

    def close(self, *, timeout_s: float = 10.0) -> None:
        """Take no more jobs and give back those that run; wait for their threads as long as said."""
        self._closing.set()
        for run in self._list_runs():
            run.stop("closing")
        self._wakes.release(max(1, self._options.n_jobs))
        deadline = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        for run in self._list_runs():  # whose thread does not hear: its job is given back all the same
            self._try(lambda run=run: self._queue.release(run.claimed))

    def _work(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while not self._closing.is_set():
            try:
                claimed = self._queue.claim(owner=self._owner)
            except RetrievalError as error:
                logger.warning("no job can be taken: %s", error)
                self._closing.wait(pause_s)
                pause_s = min(2 * pause_s, _LAST_PAUSE_S)
                continue
            pause_s = _FIRST_PAUSE_S
            if claimed is None:
                self._wakes.acquire(timeout=self._options.poll_s)
                while not self._closing.is_set() and self._wakes.acquire(blocking=False):
                    pass  # the next look is the answer to all calls before it
            else:
                self.wake()  # there may be more
                self._run(claimed)

    def _run(self, claimed: Claim) -> None:
        run = Run(self._queue, claimed, timeout_s=self._options.timeout_s)
        with self._lock:
            self._runs.add(run)
        if self._closing.is_set():
            run.stop("closing")
        try:
            self._on_change()
            with cancelled_by(run.cancellation):
                outcome = self._execution.run(claimed, lambda: self._queue.bytes_of(claimed), run)
            # What came to its end is not thrown away because the worker closes meanwhile.
            if run.reason is None or (run.reason == "closing" and outcome.state != "failed"):
                self._finish(claimed, outcome)
        except LeaseLostError:
            logger.warning("job %s is not this worker's any more", claimed.job.job_id)
        except WaitsError as waits:
            self._give_back(claimed, waits)
        except Exception as error:  # noqa: BLE001 - a worker goes on; the job and the log say what happened
            self._finish(claimed, fail_unexpectedly(error, claimed.job.job_id))
        finally:
            if run.reason == "closing":
                self._try(lambda: self._queue.release(claimed))
            with self._lock:
                self._runs.discard(run)
            self._on_change()

    def _finish(self, claimed: Claim, outcome: Outcome) -> None:
        """Write a job's end; where the database is not there, again and again while the lease may be ours."""
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                self._queue.finish(claimed, outcome)
            except LeaseLostError:
                logger.warning("the result of job %s comes too late", claimed.job.job_id)
            except RetrievalError as error:
                if error.retryable and not self._closing.wait(pause_s):
                    logger.warning("the result of job %s is not written yet: %s", claimed.job.job_id, error)
                    pause_s = min(2 * pause_s, _LAST_PAUSE_S)
                    continue
                logger.exception("the result of job %s is not written", claimed.job.job_id)
            return

    def _give_back(self, claimed: Claim, waits: WaitsError) -> None:
        """Have the job wait for what is not there, and this thread with it: others would fare no better."""
        if datetime.now(UTC) - claimed.job.created_at > _GIVE_UP:
            self._finish(claimed, fail_with(waits.error, claimed.job.job_id))
            return
        delay_s = min(_FIRST_PAUSE_S * 2 ** min(claimed.job.attempt + 1, 6), _LAST_PAUSE_S)
        logger.warning("job %s waits: %s", claimed.job.job_id, waits.error.code)
        self._try(lambda: self._queue.release(claimed, delay_s=delay_s))
        self._closing.wait(delay_s)

    def _beat(self) -> None:
        """Say that the runs live, stop those that are lost, and end those whose time is over."""
        while not self._closing.wait(self._options.beat_s):
            self._try(self._look_after_runs)

    def _look_after_runs(self) -> None:
        runs = [run for run in self._list_runs() if run.reason is None]
        for run in runs:
            if run.is_late:
                run.stop("timeout")
                error = ExtractionTimeoutError(f"not done within {self._options.timeout_s:g} seconds")
                self._finish(run.claimed, fail_with(error, run.claimed.job.job_id))
        held = self._queue.renew(
            (run.claimed.job.job_id, run.claimed.token) for run in runs if run.reason is None
        )
        for run in runs:
            if run.reason is None and run.claimed.job.job_id not in held:
                self._stop_if_lost(run)

    def _stop_if_lost(self, run: Run) -> None:
        with self._lock:
            is_running = run in self._runs  # or has just ended
        if is_running:
            run.stop("lost")

    def _reap(self) -> None:
        while not self._closing.is_set():
            if self._try(self._reaper.tick):
                self.wake()
                self._on_change()
            self._closing.wait(min(self._options.lease_s / 4, 5.0))

    def _list_runs(self) -> list[Run]:
        with self._lock:
            return list(self._runs)

    def _try(self, work: Callable[[], int | None]) -> int | None:
        """Do what will be done again if the database is not there now."""
        try:
            return work()
        except RetrievalError as error:
            logger.warning("the database cannot be used now: %s", error)
            return None
