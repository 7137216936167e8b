"""What workers that died left: their jobs are queued again; and what is old is deleted."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from app.jobs.execution import problem_json_of
from schemas.service_errors import WorkerLostError
from storage.job_leases import Lease
from storage.job_queue import JobQueue

logger = logging.getLogger(__name__)

_SWEEP_EVERY_S = 60.0
_ORPHANS_EVERY_S = 3600.0
# An upload takes no longer than that.
_ORPHAN_AGE_S = 24 * 3600.0


class Reaper:
    """Watches leases on this machine's monotonic clock, so that no clock that is set ends or keeps one.

    A lease is over when its beat has stood still for `lease_s` while this reaper looked on: one that starts
    looks on for as long first. Several may watch; who comes second finds nothing to do.

    Parameters
    ----------
    max_attempts
        A job that was begun so often and whose worker died each time fails.
    keep_days
        How long a job that has ended is kept, with its file and result.
    clock
        Seconds that only grow.
    """

    def __init__(
        self,
        queue: JobQueue,
        *,
        lease_s: float,
        max_attempts: int,
        keep_days: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queue = queue
        self._lease_s = lease_s
        self._max_attempts = max_attempts
        self._keep = timedelta(days=keep_days)
        self._clock = clock
        self._seen: dict[Lease, float] = {}
        self._swept_at: float | None = None
        self._orphans_at = clock()

    def tick(self) -> int:
        """Look once; return how many jobs were taken from workers that are gone."""
        moment = self._clock()
        leases = self._queue.leases()
        self._seen = {lease: self._seen.get(lease, moment) for lease in leases}
        dead = [lease for lease, since in self._seen.items() if moment - since >= self._lease_s]
        n_taken = sum(self._take(lease) for lease in dead)
        self._clean(moment)
        return n_taken

    def _take(self, lease: Lease) -> bool:
        error = WorkerLostError(f"{self._max_attempts} workers died with this document")
        taken = self._queue.expire(
            lease, max_attempts=self._max_attempts, problem_json=problem_json_of(error)
        )
        if taken:
            logger.warning("job %s was taken from a worker that is gone", lease.job_id)
        return taken

    def _clean(self, moment: float) -> None:
        if self._swept_at is None or moment - self._swept_at > _SWEEP_EVERY_S:
            self._swept_at = moment
            swept = self._queue.sweep(ended_before=datetime.now(UTC) - self._keep)
            if swept.n_jobs:
                logger.info("%d jobs and %d files were deleted", swept.n_jobs, swept.n_files)
        if moment - self._orphans_at > _ORPHANS_EVERY_S:
            self._orphans_at = moment
            self._queue.drop_orphans(age_s=_ORPHAN_AGE_S)
