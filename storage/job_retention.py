"""What of jobs is deleted: on demand, when its time is over, and what accidents left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine, delete, exists, select
from sqlalchemy.orm import Session

from schemas.example import is_id
from storage.blobs import BlobStore
from storage.database import forget_deleted, write_session
from storage.job_keys import KEY_LIFE
from storage.job_leases import end
from storage.jobs import UNFINISHED, Job, OnFinished, no_job, to_job
from storage.schema_records import drop_unused_schemas
from storage.tables import BatchRow, ExtractionRow, IdempotencyRow, JobResultRow, JobRow

# Rows that one transaction deletes: others write between.
_N_AT_ONCE = 200


def cancel_and_purge(
    database: Engine, blobs: BlobStore, tenant: str, job_id: str, *, on_finished: OnFinished
) -> Job:
    """Delete a job's bytes, result and answer; return the job as it was left.

    One that has not ended is cancelled, which its worker notices, and stays as a name without content until
    its retention ends. One that has ended is gone, with its idempotency keys.

    Raises
    ------
    ExtractionNotFoundError
        If the tenant has none of that id.
    """
    with write_session(database) as session:
        mine = (JobRow.tenant == tenant, JobRow.job_id == job_id)
        row = session.scalar(select(JobRow).where(*mine).with_for_update()) if is_id(job_id) else None
        if row is None:
            raise no_job()
        sha256 = row.document_sha256
        session.execute(delete(ExtractionRow).where(ExtractionRow.extraction_id == job_id))
        if row.state in UNFINISHED:
            # Told first: whom the request named to be told stands in what is deleted next.
            end(session, JobRow.seq == row.seq, "cancelled", None, on_finished)
            row.document_sha256 = row.file_name = row.schema_id = None
            row.request_json = "{}"
            session.flush()
            job = to_job(row)
        else:
            job = to_job(row)
            _delete_jobs(session, [row.job_id])
    if sha256 is not None:
        drop_bytes(database, blobs, tenant, sha256)
    return job


def drop_bytes(database: Engine, blobs: BlobStore, tenant: str, sha256: str) -> bool:
    """Delete a file that no job has; return whether it did.

    It is decided and done while no job can be accepted: one that comes next finds that its bytes are gone.
    """
    with write_session(database) as session:
        used = exists().where(JobRow.tenant == tenant, JobRow.document_sha256 == sha256)
        if session.scalar(select(used)):
            return False
        blobs.delete(tenant, sha256)
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """How many jobs, files and keys were deleted."""

    n_jobs: int
    n_files: int


def sweep(database: Engine, blobs: BlobStore, *, ended_before: datetime) -> Swept:
    """Delete what ended before a moment, and keys that stand for nothing any more."""
    n_jobs, n_files = 0, 0
    while dropped := _drop_ended(database, ended_before):
        n_jobs += len(dropped)
        files = {file for file in dropped if file[1] is not None}
        n_files += sum(drop_bytes(database, blobs, tenant, str(sha256)) for tenant, sha256 in files)
    with write_session(database) as session:
        oldest = datetime.now(UTC) - KEY_LIFE
        session.execute(delete(IdempotencyRow).where(IdempotencyRow.created_at < oldest))
        has_jobs = exists().where(JobRow.batch_id == BatchRow.batch_id)
        session.execute(delete(BatchRow).where(BatchRow.created_at < ended_before, ~has_jobs))
        if n_jobs:
            drop_unused_schemas(session)
    if n_jobs:
        forget_deleted(database)
    return Swept(n_jobs=n_jobs, n_files=n_files)


def drop_orphans(database: Engine, blobs: BlobStore, *, age_s: float) -> int:
    """Delete files older than that which no job has: uploads that were cut, or deletions; return how many."""
    return sum(drop_bytes(database, blobs, tenant, sha256) for tenant, sha256 in blobs.list_older(age_s))


def _drop_ended(database: Engine, before: datetime) -> list[tuple[str, str | None]]:
    """Delete some jobs that ended before a moment; return the tenant and file of each."""
    with write_session(database) as session:
        ended = select(JobRow.job_id, JobRow.tenant, JobRow.document_sha256)
        found = session.execute(ended.where(JobRow.finished_at < before).limit(_N_AT_ONCE)).all()
        _delete_jobs(session, [job_id for job_id, _, _ in found])
        return [(tenant, sha256) for _, tenant, sha256 in found]


def _delete_jobs(session: Session, job_ids: list[str]) -> None:
    session.execute(delete(IdempotencyRow).where(IdempotencyRow.target_id.in_(job_ids)))
    session.execute(delete(JobResultRow).where(JobResultRow.job_id.in_(job_ids)))
    session.execute(delete(JobRow).where(JobRow.job_id.in_(job_ids)))
