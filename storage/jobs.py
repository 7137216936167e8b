"""Jobs in SQL: accepted once for each idempotency key, found and listed by their tenant only."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, cast, get_args
from uuid import uuid4

from sqlalchemy import Engine, Select, Table, func, insert, select
from sqlalchemy.orm import Session

from schemas.errors import ExtractionNotFoundError
from schemas.example import is_id
from schemas.service_errors import QueueFullError
from storage.database import read_session
from storage.job_keys import SentKey, find_key, keep_key
from storage.schema_records import keep_schema
from storage.tables import JobResultRow, JobRow

JobState = Literal["queued", "running", "succeeded", "partial", "needs_review", "failed", "cancelled"]
JOB_STATES: tuple[JobState, ...] = get_args(JobState)
UNFINISHED: tuple[JobState, ...] = ("queued", "running")
# Of a session: how many jobs wait, as its transaction has counted and added.
_QUEUED_HERE = "rasg_n_queued"
_JOBS = cast("Table", JobRow.__table__)
# Those whose answer may stand for the same request again.
_REUSABLE: tuple[JobState, ...] = ("queued", "running", "succeeded", "partial", "needs_review")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as it stands.

    Attributes
    ----------
    document_sha256
        Of the file's bytes; None once they were purged.
    attempt
        How often it was begun.
    page_number, n_pages
        How far its stage is, where the stage knows.
    revision
        Grows with each change.
    problem_json
        Why it failed, as it is shown; None if it did not.
    webhook_url
        Which its request wants told of its end.
    """

    seq: int
    job_id: str
    tenant: str
    batch_id: str | None
    state: JobState
    schema_name: str
    file_name: str | None
    document_sha256: str | None
    n_bytes: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    attempt: int
    stage: str | None
    page_number: int | None
    n_pages: int | None
    revision: int
    problem_json: str | None
    webhook_url: str | None = None

    @property
    def is_finished(self) -> bool:
        """Return whether nothing more happens to it."""
        return self.state not in UNFINISHED


# Told of each job that ends, in the transaction in which it ends: what it writes is kept with that, or not.
OnFinished = Callable[[Session, Job], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """What is accepted: a file that is kept already, and what is asked of it.

    Attributes
    ----------
    json_schema
        None leaves the choice of the schema to the document's kind.
    fingerprint
        The hash of everything that is asked; the same one means the same request.
    """

    tenant: str
    schema_name: str
    json_schema: str | None
    request_json: str
    password: str | None = None
    file_name: str | None
    document_sha256: str
    n_bytes: int
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """How jobs are accepted.

    Attributes
    ----------
    max_queued
        More are refused.
    deduplicate
        Whether a request that was answered before is answered by the job that did.
    has_bytes
        Whether a tenant's file of that hash is kept; asked while nothing can be deleted.
    """

    max_queued: int
    deduplicate: bool
    has_bytes: Callable[[str, str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """The job that a request has, and whether it was made for it; how many are queued before a new one."""

    job: Job
    is_new: bool
    n_ahead: int | None = None


class BytesGoneError(Exception):
    """The bytes were deleted between their keeping and the job's: they have to be kept again."""


def submit(
    session: Session, new: NewJob, acceptance: Acceptance, *, sent_key: SentKey | None = None
) -> Submitted:
    """Return the job of a request: a new one, or the one that the request had before.

    Raises
    ------
    QueueFullError
        If as many as may be are queued.
    IdempotencyKeyReusedError, RequestInFlightError
        If the key stands for another request, or its first request still waits for an answer.
    BytesGoneError
        If the file is not kept any more.
    """
    known = None if sent_key is None else find_key(session, new.tenant, sent_key)
    row = None if known is None else _find(session, new.tenant, known)
    if row is None and acceptance.deduplicate:
        row = _find_same(session, new)
    if row is not None:
        submitted = Submitted(job=to_job(row), is_new=False)
    else:
        n_ahead = check_queue(session, acceptance.max_queued, n_more=1)
        submitted = Submitted(job=add_job(session, new, acceptance), is_new=True, n_ahead=n_ahead)
    if sent_key is not None and known != submitted.job.job_id:
        keep_key(session, new.tenant, sent_key, submitted.job.job_id)
    return submitted


def check_queue(session: Session, max_queued: int, *, n_more: int) -> int:
    """Return how many jobs wait; `QueueFullError` if that many more have no place.

    To count takes as long as the queue, so that a transaction of many jobs counts once, and again before it
    refuses one.
    """
    n_queued: int | None = session.info.get(_QUEUED_HERE)
    if n_queued is None or n_queued + n_more > max_queued:
        n_queued = count_queued(session)
    if n_queued + n_more > max_queued:
        raise QueueFullError(
            f"{max_queued} jobs may be queued, and there is no place for {n_more} more",
            hint="come back later; RASG_JOBS__MAX_QUEUED is the bound",
        )
    session.info[_QUEUED_HERE] = n_queued
    return n_queued


def count_queued(session: Session) -> int:
    """Return how many jobs wait."""
    return session.scalar(select(func.count()).where(JobRow.state == "queued")) or 0


def add_job(session: Session, new: NewJob, acceptance: Acceptance) -> Job:
    """Return a new job, whose row is there when the session ends."""
    _check_bytes((new,), acceptance)
    values = _values_of(session, new, batch_id=None)
    # Without the ORM, which takes longer for a row than all else that is done for a request.
    seq = session.connection().execute(insert(_JOBS).returning(_JOBS.c.seq), values).scalar_one()
    _count_more(session, 1)
    return to_job(JobRow(seq=seq, **values))


def add_jobs(session: Session, new: Sequence[NewJob], acceptance: Acceptance, *, batch_id: str) -> None:
    """Add the rows of a batch's jobs, in their order."""
    _check_bytes(new, acceptance)
    if new:
        values = [_values_of(session, one, batch_id) for one in new]
        session.connection().execute(insert(_JOBS), values)
        _count_more(session, len(new))


def _check_bytes(new: Sequence[NewJob], acceptance: Acceptance) -> None:
    for tenant, sha256 in {(one.tenant, one.document_sha256) for one in new}:
        if not acceptance.has_bytes(tenant, sha256):
            raise BytesGoneError


def _count_more(session: Session, n_more: int) -> None:
    if _QUEUED_HERE in session.info:
        session.info[_QUEUED_HERE] += n_more


def _values_of(session: Session, new: NewJob, batch_id: str | None) -> dict[str, Any]:
    return {
        "job_id": uuid4().hex,
        "tenant": new.tenant,
        "batch_id": batch_id,
        "state": "queued",
        "schema_id": (
            None if new.json_schema is None else keep_schema(session, new.schema_name, new.json_schema)
        ),
        "schema_name": new.schema_name,
        "request_json": new.request_json,
        "password": new.password,
        "file_name": new.file_name,
        "document_sha256": new.document_sha256,
        "n_bytes": new.n_bytes,
        "fingerprint": new.fingerprint,
        "created_at": _now(),
        "attempt": 0,
        "lease_token": 0,
        "lease_beat": 0,
        "revision": 0,
    }


def _webhook_url_of(request_json: str) -> str | None:
    return json.loads(request_json).get("webhook_url")


def _find_same(session: Session, new: NewJob) -> JobRow | None:
    """Return the newest job of the same request whose answer may stand for it."""
    same = (
        JobRow.tenant == new.tenant,
        JobRow.document_sha256 == new.document_sha256,
        JobRow.fingerprint == new.fingerprint,
        JobRow.state.in_(_REUSABLE),
    )
    return session.scalar(select(JobRow).where(*same).order_by(JobRow.seq.desc()).limit(1))


def _find(session: Session, tenant: str, job_id: str) -> JobRow | None:
    return session.scalar(select(JobRow).where(JobRow.tenant == tenant, JobRow.job_id == job_id))


def find_job(database: Engine, tenant: str, job_id: str) -> Job:
    """Return a job of the tenant's.

    Raises
    ------
    ExtractionNotFoundError
        If it has none of that id: another's is as absent as one that never was.
    """
    with read_session(database) as session:
        row = _find(session, tenant, job_id) if is_id(job_id) else None
        if row is None:
            raise no_job()
        return to_job(row)


def n_bytes_of(database: Engine, tenant: str, sha256: str) -> int | None:
    """Return the length of a file that a job of the tenant's has; None if none has it."""
    has_it = (JobRow.tenant == tenant, JobRow.document_sha256 == sha256)
    with read_session(database) as session:
        return session.scalar(select(JobRow.n_bytes).where(*has_it).limit(1))


def no_job() -> ExtractionNotFoundError:
    """Return the error of an id that the tenant has no job of."""
    return ExtractionNotFoundError(
        "there is no extraction of that id", hint="they are kept for RASG_JOBS__KEEP_DAYS"
    )


def read_result(database: Engine, job_id: str) -> bytes | None:
    """Return the JSON of a job that was found; None if it has no result."""
    with read_session(database) as session:
        row = session.get(JobResultRow, job_id)
        return None if row is None else zlib.decompress(row.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs are listed: those that satisfy all that is said.

    Attributes
    ----------
    created_from, created_before
        A half-open interval of moments.
    """

    states: tuple[JobState, ...] = ()
    schema_name: str | None = None
    batch_id: str | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None


def list_jobs(
    database: Engine, tenant: str, wanted: JobFilter, *, before_seq: int | None, limit: int
) -> tuple[Job, ...]:
    """Return the tenant's jobs, the newest first, those before `before_seq`."""
    query = _filtered(select(JobRow).where(JobRow.tenant == tenant), wanted)
    if before_seq is not None:
        query = query.where(JobRow.seq < before_seq)
    with read_session(database) as session:
        return tuple(map(to_job, session.scalars(query.order_by(JobRow.seq.desc()).limit(limit))))


def _filtered(query: Select[JobRow], wanted: JobFilter) -> Select[JobRow]:
    if wanted.states:
        query = query.where(JobRow.state.in_(wanted.states))
    if wanted.schema_name is not None:
        query = query.where(JobRow.schema_name == wanted.schema_name)
    if wanted.batch_id is not None:
        query = query.where(JobRow.batch_id == wanted.batch_id)
    if wanted.created_from is not None:
        query = query.where(JobRow.created_at >= wanted.created_from)
    if wanted.created_before is not None:
        query = query.where(JobRow.created_at < wanted.created_before)
    return query


def jobs_of(database: Engine, job_ids: Sequence[str]) -> dict[str, Job]:
    """Return those of the jobs that there are, by id; for whoever found them by their tenant before."""
    with read_session(database) as session:
        rows = session.scalars(select(JobRow).where(JobRow.job_id.in_(job_ids)))
        return {row.job_id: to_job(row) for row in rows}


def count_ahead(database: Engine, job: Job) -> int:
    """Return how many jobs are queued before this one."""
    ahead = (JobRow.state == "queued", JobRow.seq < job.seq)
    with read_session(database) as session:
        return session.scalar(select(func.count()).where(*ahead)) or 0


def count_ahead_of(database: Engine, seqs: Iterable[int]) -> dict[int, int]:
    """Return how many jobs are queued before each of several, by their `seq`.

    What lies between two of them is counted once: many take hardly longer than the last of them alone.
    """
    counts: dict[int, int] = {}
    with read_session(database) as session:
        n_ahead, before = 0, 0
        for seq in sorted(set(seqs)):
            between = (JobRow.state == "queued", JobRow.seq >= before, JobRow.seq < seq)
            n_ahead += session.scalar(select(func.count()).where(*between)) or 0
            counts[seq], before = n_ahead, seq
    return counts


def to_job(row: JobRow) -> Job:
    """Return what a row says."""
    return Job(
        seq=row.seq,
        job_id=row.job_id,
        tenant=row.tenant,
        batch_id=row.batch_id,
        state=cast("JobState", row.state),
        schema_name=row.schema_name,
        file_name=row.file_name,
        document_sha256=row.document_sha256,
        n_bytes=row.n_bytes,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        attempt=row.attempt,
        stage=row.stage,
        page_number=row.page_number,
        n_pages=row.n_pages,
        revision=row.revision,
        problem_json=row.problem_json,
        webhook_url=_webhook_url_of(row.request_json),
    )


def _now() -> datetime:
    return datetime.now(UTC)
