"""One run of a job: whether it may go on, and how far it is."""

from __future__ import annotations

import logging
import time
from typing import Literal

from schemas.cancellation import Cancellation
from schemas.errors import RetrievalError
from storage.job_leases import Claim
from storage.job_queue import JobQueue

logger = logging.getLogger(__name__)

# Pages are read faster than anyone looks.
_REPORT_EVERY_S = 0.5

# Why a run stops before its end: its job is another's or cancelled, its time is over, the worker closes.
StopReason = Literal["lost", "timeout", "closing"]


class Run:
    """A job in a thread of a worker; told to stop from any thread, once.

    Parameters
    ----------
    timeout_s
        Seconds that it may take.
    """

    def __init__(self, queue: JobQueue, claimed: Claim, *, timeout_s: float) -> None:
        self.claimed = claimed
        self.cancellation = Cancellation()
        self.reason: StopReason | None = None
        self._queue = queue
        self._deadline = time.monotonic() + timeout_s
        self._stage = "read"
        self._reported_at = 0.0

    @property
    def is_late(self) -> bool:
        """Return whether its time is over."""
        return time.monotonic() > self._deadline

    def stop(self, reason: StopReason) -> None:
        """Have it stop at its next stage, page or pass; the first reason counts."""
        if self.reason is None:
            self.reason = reason
        self.cancellation.cancel()

    def stage(self, name: str) -> None:
        """Say that a stage begins.

        Raises
        ------
        LeaseLostError
            If the job is not this run's any more.
        """
        self._stage = name
        self._report()

    def page(self, number: int, n_pages: int) -> None:
        """Say how many pages of how many are read, now and then.

        Raises
        ------
        LeaseLostError
            If the job is not this run's any more.
        """
        moment = time.monotonic()
        if number == n_pages or moment - self._reported_at > _REPORT_EVERY_S:
            self._reported_at = moment
            self._report(page_number=number, n_pages=n_pages)

    def _report(self, *, page_number: int | None = None, n_pages: int | None = None) -> None:
        try:
            self._queue.report(self.claimed, stage=self._stage, page_number=page_number, n_pages=n_pages)
        except RetrievalError as error:  # the work goes on where nobody can be told of it
            logger.warning("the progress of job %s is not written: %s", self.claimed.job.job_id, error)
