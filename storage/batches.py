"""Files that were sent together: all are accepted, or none, and their states are counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast
from uuid import uuid4

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from schemas.example import is_id
from storage.database import read_session
from storage.job_keys import SentKey, find_key, keep_key
from storage.jobs import Acceptance, JobState, NewJob, add_jobs, check_queue, no_job
from storage.tables import BatchRow, JobRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A batch and how many of its jobs are in each state; jobs that were deleted are in none."""

    batch_id: str
    created_at: datetime
    n_jobs: int
    n_by_state: Mapping[JobState, int]


def submit_batch(
    session: Session,
    tenant: str,
    jobs: Sequence[NewJob],
    acceptance: Acceptance,
    *,
    sent_key: SentKey | None = None,
) -> Batch:
    """Return the batch of a request, durable with all its jobs; the one it had before if the key says so.

    Raises
    ------
    QueueFullError, IdempotencyKeyReusedError, RequestInFlightError, BytesGoneError
        As `storage.jobs.submit`; then nothing is accepted.
    """
    known = None if sent_key is None else find_key(session, tenant, sent_key)
    if known is not None and (row := session.get(BatchRow, known)) is not None:
        return _to_batch(session, row)
    check_queue(session, acceptance.max_queued, n_more=len(jobs))
    row = BatchRow(batch_id=uuid4().hex, tenant=tenant, created_at=datetime.now(UTC), n_jobs=len(jobs))
    session.add(row)
    session.flush()
    add_jobs(session, jobs, acceptance, batch_id=row.batch_id)
    if sent_key is not None:
        keep_key(session, tenant, sent_key, row.batch_id)
    return _to_batch(session, row)


def find_batch(database: Engine, tenant: str, batch_id: str) -> Batch:
    """Return a batch of the tenant's.

    Raises
    ------
    ExtractionNotFoundError
        If it has none of that id.
    """
    with read_session(database) as session:
        row = session.get(BatchRow, batch_id) if is_id(batch_id) else None
        if row is None or row.tenant != tenant:
            raise no_job()
        return _to_batch(session, row)


def _to_batch(session: Session, row: BatchRow) -> Batch:
    counted = select(JobRow.state, func.count()).where(JobRow.batch_id == row.batch_id).group_by(JobRow.state)
    return Batch(
        batch_id=row.batch_id,
        created_at=row.created_at,
        n_jobs=row.n_jobs,
        n_by_state={cast("JobState", state): n for state, n in session.execute(counted)},
    )
