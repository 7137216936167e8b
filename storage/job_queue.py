"""The jobs of all tenants: the one port through which the service and its workers reach jobs and files.

What is behind it, SQL and a store of files, is known here alone (ADR 12).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import IO

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from schemas.errors import InputError, RasgError, StorageUnavailableError
from storage import batches, job_keys, job_leases, job_retention, jobs
from storage.batches import Batch
from storage.blobs import BlobStore, KeptBlob
from storage.database import read_session
from storage.group_commit import GroupCommit
from storage.job_keys import SentKey
from storage.job_leases import Claim, Lease, Outcome
from storage.job_retention import Swept
from storage.jobs import Acceptance, BytesGoneError, Job, JobFilter, NewJob, OnFinished, Submitted

# Bytes that are deleted between their keeping and their job's: twice in a row never happens.
_N_TRIES = 5
# A count of waiting jobs that is no older, with places left for as many as may come at once, is believed.
_COUNT_HOLDS_S, _N_AT_ONCE = 1.0, 100

# What a job is of a file that is kept.
Describe = Callable[[KeptBlob, str | None], NewJob]


def tell_nobody(_: Session, __: Job) -> None:
    """Write nothing when a job ends."""


class JobQueue:
    """Accepts, runs, shows and deletes jobs; safe to share between threads.

    The methods raise `RetrievalError` if the database or the store of files fails, as
    `StorageUnavailableError` if it may be there again later.

    Parameters
    ----------
    max_queued
        Jobs that may wait.
    deduplicate
        Whether a request that was answered before is answered by the job that did.
    on_finished
        Writes what follows from a job's end, in the transaction of that end.
    """

    def __init__(
        self,
        database: Engine,
        blobs: BlobStore,
        *,
        max_queued: int = 10_000,
        deduplicate: bool = False,
        on_finished: OnFinished = tell_nobody,
    ) -> None:
        self._database = database
        self._writes = GroupCommit(database)
        self._blobs = blobs
        self._on_finished = on_finished
        self._max_queued = max_queued
        self._was_claimed = False
        self._last_count = (max_queued, -_COUNT_HOLDS_S)  # of jobs that wait, and when
        self._acceptance = Acceptance(max_queued=max_queued, deduplicate=deduplicate, has_bytes=blobs.has)

    def accept(
        self,
        tenant: str,
        source: IO[bytes],
        describe: Describe,
        *,
        file_name: str | None = None,
        key: str | None = None,
        in_flight_s: float = 0.0,
    ) -> Submitted:
        """Return the job of a request; when this returns, it and its bytes survive a crash.

        Raises
        ------
        QueueFullError, IdempotencyKeyReusedError, RequestInFlightError
            As `storage.jobs.submit`; then nothing is kept.
        """
        if key is None and not self._had_place():
            self._check_place()
        for _ in range(_N_TRIES):
            kept = self._blobs.keep(tenant, source)
            new = describe(kept, file_name)
            sent = (
                None
                if key is None
                else SentKey(key=key, fingerprint=new.fingerprint, in_flight_s=in_flight_s)
            )
            try:
                return self._submit(new, sent)
            except BytesGoneError:
                continue
            except RasgError:
                self._forget(tenant, [kept.sha256])
                raise
        raise StorageUnavailableError("the document's bytes were deleted while it was accepted")

    def accept_batch(
        self,
        tenant: str,
        sources: Sequence[tuple[IO[bytes] | str, str | None]],
        describe: Describe,
        *,
        fingerprint_of: Callable[[Sequence[NewJob]], str],
        key: str | None = None,
    ) -> Batch:
        """Return the batch of a request: files, or the hashes of files that are kept, each with its name.

        Raises
        ------
        InputError
            If a hash is of no file that the tenant has.
        QueueFullError, IdempotencyKeyReusedError, RequestInFlightError
            As `storage.batches.submit_batch`; then nothing is accepted.
        """
        for _ in range(_N_TRIES):
            known: dict[IO[bytes] | str, KeptBlob] = {}  # a batch may name one file many times
            for source, _ in sources:
                if source not in known:
                    known[source] = self._keep(tenant, source)
            kept = [(known[source], name) for source, name in sources]
            new = [describe(blob, name) for blob, name in kept]
            sent = None if key is None else SentKey(key=key, fingerprint=fingerprint_of(new))
            try:
                return self._submit_batch(tenant, new, sent)
            except BytesGoneError:
                continue
            except RasgError:
                self._forget(tenant, [blob.sha256 for blob, _ in kept])
                raise
        raise StorageUnavailableError("documents' bytes were deleted while they were accepted")

    def answered(self, tenant: str, key: str) -> None:
        """Note that the first request with this key has its answer."""
        self._writes.run(lambda session: job_keys.answered(session, tenant, key))

    def find(self, tenant: str, job_id: str) -> Job:
        """Return a job of the tenant's; `ExtractionNotFoundError` if it has none of that id."""
        return jobs.find_job(self._database, tenant, job_id)

    def list(
        self, tenant: str, wanted: JobFilter, *, before_seq: int | None = None, limit: int = 100
    ) -> tuple[Job, ...]:
        """Return the tenant's jobs that satisfy the filter, the newest first."""
        return jobs.list_jobs(self._database, tenant, wanted, before_seq=before_seq, limit=limit)

    def find_batch(self, tenant: str, batch_id: str) -> Batch:
        """Return a batch of the tenant's; `ExtractionNotFoundError` if it has none of that id."""
        return batches.find_batch(self._database, tenant, batch_id)

    def of_ids(self, job_ids: Sequence[str]) -> dict[str, Job]:
        """Return jobs that were found by their tenant before, as far as they are there."""
        return jobs.jobs_of(self._database, job_ids)

    def count_ahead(self, job: Job) -> int:
        """Return how many jobs are queued before one."""
        return jobs.count_ahead(self._database, job)

    def count_ahead_of(self, seqs: Iterable[int]) -> dict[int, int]:
        """Return how many jobs are queued before each of several, by their `seq`."""
        return jobs.count_ahead_of(self._database, seqs)

    def result_of(self, job: Job) -> bytes | None:
        """Return the JSON of a job's answer; None if it has none."""
        return jobs.read_result(self._database, job.job_id)

    def cancel(self, tenant: str, job_id: str) -> Job:
        """Stop a job that has not ended and delete its bytes and result; see `cancel_and_purge`."""
        return job_retention.cancel_and_purge(
            self._database, self._blobs, tenant, job_id, on_finished=self._on_finished
        )

    def claim(self, *, owner: str) -> Claim | None:
        """Return the oldest job that may begin, begun; None if there is none."""
        # Where there was one a moment ago there are more, and to look first is in vain.
        if not self._was_claimed and not job_leases.may_claim(self._database):
            return None
        claimed = self._writes.run(lambda session: job_leases.claim(session, owner=owner))
        self._was_claimed = claimed is not None
        return claimed

    def bytes_of(self, claimed: Claim) -> bytes:
        """Return the file of a job that is begun."""
        sha256 = claimed.job.document_sha256
        if sha256 is None:
            raise job_leases.LeaseLostError
        return self._blobs.read(claimed.job.tenant, sha256)

    def renew(self, leases: Iterable[tuple[str, int]]) -> frozenset[str]:
        """Say that their worker lives; return the ids of the jobs that it still has."""
        named = tuple(leases)
        return self._writes.run(lambda session: job_leases.renew(session, named)) if named else frozenset()

    def report(
        self, claimed: Claim, *, stage: str, page_number: int | None = None, n_pages: int | None = None
    ) -> None:
        """Say how far a job is; `LeaseLostError` if it is not the worker's any more."""
        self._writes.run(
            lambda session: job_leases.report(
                session,
                claimed.job.job_id,
                claimed.token,
                stage=stage,
                page_number=page_number,
                n_pages=n_pages,
            )
        )

    def finish(self, claimed: Claim, outcome: Outcome) -> Job:
        """Write how a job ended, once; `LeaseLostError` if it is not the worker's any more."""
        told = self._on_finished
        return self._writes.run(
            lambda session: job_leases.finish(session, claimed, outcome, on_finished=told)
        )

    def release(self, claimed: Claim, *, delay_s: float = 0.0) -> None:
        """Give a job back to the queue without an attempt counted."""
        job_id, token = claimed.job.job_id, claimed.token
        self._writes.run(lambda session: job_leases.release(session, job_id, token, delay_s=delay_s))

    def leases(self) -> tuple[Lease, ...]:
        """Return the leases of all workers."""
        return job_leases.list_leases(self._database)

    def expire(self, lease: Lease, *, max_attempts: int, problem_json: str) -> bool:
        """Take a job from a worker that is gone; return whether it was its."""
        return self._writes.run(
            lambda session: job_leases.expire(
                session,
                lease,
                max_attempts=max_attempts,
                problem_json=problem_json,
                on_finished=self._on_finished,
            )
        )

    def sweep(self, *, ended_before: datetime) -> Swept:
        """Delete what ended before a moment."""
        return job_retention.sweep(self._database, self._blobs, ended_before=ended_before)

    def drop_orphans(self, *, age_s: float) -> int:
        """Delete files older than that which no job has; return how many."""
        return job_retention.drop_orphans(self._database, self._blobs, age_s=age_s)

    def _had_place(self) -> bool:
        """Return whether there was a place a moment ago; if there is none now, the transaction says so."""
        n_queued, at = self._last_count
        return time.monotonic() - at < _COUNT_HOLDS_S and n_queued + _N_AT_ONCE <= self._max_queued

    def _check_place(self) -> None:
        """Refuse before anything is written: what is too much costs nothing but a look."""
        with read_session(self._database) as session:
            jobs.check_queue(session, self._max_queued, n_more=1)

    def _submit(self, new: NewJob, sent: SentKey | None) -> Submitted:
        submitted = self._writes.run(
            lambda session: jobs.submit(session, new, self._acceptance, sent_key=sent)
        )
        if submitted.n_ahead is not None:
            self._last_count = (submitted.n_ahead + 1, time.monotonic())
        return submitted

    def _submit_batch(self, tenant: str, new: Sequence[NewJob], sent: SentKey | None) -> Batch:
        return self._writes.run(
            lambda session: batches.submit_batch(session, tenant, new, self._acceptance, sent_key=sent)
        )

    def _keep(self, tenant: str, source: IO[bytes] | str) -> KeptBlob:
        if not isinstance(source, str):
            return self._blobs.keep(tenant, source)
        n_bytes = jobs.n_bytes_of(self._database, tenant, source)
        if n_bytes is None:
            raise InputError(f"no earlier document has the hash {source[:12]}", hint="send its bytes")
        return KeptBlob(sha256=source, n_bytes=n_bytes)

    def _forget(self, tenant: str, hashes: Iterable[str]) -> None:
        for sha256 in set(hashes):
            job_retention.drop_bytes(self._database, self._blobs, tenant, sha256)
