"""Who runs which job: each start takes a lease with a token of its own, and nothing is written without it.

A worker that is stopped past its lease, or cut off, finds its token old when it comes back: what it writes
then is refused, and the job's result is that of whoever took over. That a lease is over is judged by whoever
watches it, by how long its beat stands still on his own monotonic clock: no clock of another machine, and
none that was set, can end it or keep it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from sqlalchemy import ColumnElement, Engine, Table, func, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from storage.database import read_session
from storage.extractions import KeptExtraction, add_extraction
from storage.jobs import Job, JobState, OnFinished, to_job
from storage.tables import JobResultRow, JobRow, SchemaRow

# No back-off is longer: a job that waits longer waits for a clock that was set back.
MAX_DELAY = timedelta(minutes=5)
# Of a session: the texts of schemas that its transaction has read, by their ids.
_TEXTS_HERE = "rasg_schema_texts"
# Each job is claimed and ended by one statement: the ORM takes several, and longer than they.
_JOBS, _RESULTS = cast("Table", JobRow.__table__), cast("Table", JobResultRow.__table__)


class LeaseLostError(Exception):
    """Another has the job now, or it was cancelled: whoever ran it stops and writes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A job that is begun, what is asked of it, and the token without which nothing of it is written."""

    job: Job
    token: int
    request_json: str
    json_schema: str | None
    password: str | None


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease as it is watched."""

    job_id: str
    token: int
    beat: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a job ends.

    Attributes
    ----------
    result
        JSON as it is answered; None if there is none.
    problem_json
        Why there is none.
    kept
        The answer as it can be corrected later, if it can.
    """

    state: JobState
    result: bytes | None = None
    problem_json: str | None = None
    kept: KeptExtraction | None = None


def may_claim(database: Engine) -> bool:
    """Return whether a job may begin: most often there is none, and to look waits for nobody."""
    with read_session(database) as session:
        return session.scalar(select(JobRow.seq).where(_may_begin(datetime.now(UTC))).limit(1)) is not None


def claim(session: Session, *, owner: str) -> Claim | None:
    """Return the oldest job that may begin, begun; None if there is none."""
    moment = datetime.now(UTC)
    oldest = select(JobRow.seq).where(_may_begin(moment)).order_by(JobRow.seq).limit(1)
    values = {
        "state": "running",
        "started_at": func.coalesce(JobRow.started_at, literal(moment, JobRow.started_at.type)),
        "attempt": JobRow.attempt + 1,
        "lease_owner": owner,
        "lease_token": JobRow.lease_token + 1,
        "lease_beat": 0,
        "revision": JobRow.revision + 1,
    }
    row = _change(session, JobRow.seq == oldest.with_for_update(skip_locked=True).scalar_subquery(), values)
    if row is None:
        return None
    schema = None if row.schema_id is None else _schema_text_of(session, row.schema_id)
    return Claim(
        job=to_job(row),
        token=row.lease_token,
        request_json=row.request_json,
        json_schema=schema,
        password=row.password,
    )


def _change(session: Session, which: ColumnElement[bool], values: Mapping[str, object]) -> JobRow | None:
    """Return the job of a condition as it is once it was changed, in one statement; None if there is none."""
    session.flush()
    changed = update(_JOBS).where(which).values(**values).returning(*_JOBS.c)
    row = session.connection().execute(changed).first()
    session.expire_all()  # what was read of it before
    return cast("JobRow | None", row)  # which has the same columns


def _schema_text_of(session: Session, schema_id: str) -> str:
    texts: dict[str, str] = session.info.setdefault(_TEXTS_HERE, {})
    if schema_id not in texts:
        asked = select(SchemaRow.json_schema).where(SchemaRow.schema_id == schema_id)
        texts[schema_id] = session.connection().execute(asked).scalar_one()
    return texts[schema_id]


def _may_begin(moment: datetime) -> ColumnElement[bool]:
    due = or_(
        JobRow.not_before.is_(None), JobRow.not_before <= moment, JobRow.not_before > moment + MAX_DELAY
    )
    return (JobRow.state == "queued") & due


def _held(job_id: str, token: int) -> ColumnElement[bool]:
    return (JobRow.job_id == job_id) & (JobRow.lease_token == token) & (JobRow.state == "running")


def renew(session: Session, leases: Iterable[tuple[str, int]]) -> frozenset[str]:
    """Say that the worker lives; return the ids of the jobs that it still has."""
    kept: set[str] = set()
    for job_id, token in leases:
        beat = update(JobRow).where(_held(job_id, token)).values(lease_beat=JobRow.lease_beat + 1)
        if session.execute(beat.returning(JobRow.job_id)).first() is not None:
            kept.add(job_id)
    return frozenset(kept)


def report(
    session: Session,
    job_id: str,
    token: int,
    *,
    stage: str,
    page_number: int | None = None,
    n_pages: int | None = None,
) -> None:
    """Say how far a job is, and that its worker lives.

    Raises
    ------
    LeaseLostError
        If it is not the worker's any more.
    """
    values = {
        "stage": stage,
        "page_number": page_number,
        "n_pages": n_pages,
        "lease_beat": JobRow.lease_beat + 1,
        "revision": JobRow.revision + 1,
    }
    done = update(JobRow).where(_held(job_id, token)).values(values).returning(JobRow.job_id)
    if session.execute(done).first() is None:
        raise LeaseLostError


def finish(session: Session, claimed: Claim, outcome: Outcome, *, on_finished: OnFinished) -> Job:
    """Write how a job ended, and what `on_finished` writes: all of it, or nothing.

    Raises
    ------
    LeaseLostError
        If it is not the worker's any more; then nothing is written.
    """
    job_id = claimed.job.job_id
    job = end(session, _held(job_id, claimed.token), outcome.state, outcome.problem_json, on_finished)
    if job is None:
        raise LeaseLostError
    if outcome.result is not None:
        kept = {"job_id": job_id, "body": zlib.compress(outcome.result)}
        session.connection().execute(insert(_RESULTS), kept)
    if outcome.kept is not None:
        add_extraction(session, outcome.kept)
    return job


def end(
    session: Session,
    which: ColumnElement[bool],
    state: JobState,
    problem_json: str | None,
    on_finished: OnFinished,
) -> Job | None:
    """Have the job of a condition end in the session, with its secrets forgotten; None if there is none."""
    gone = ("password", "lease_owner", "stage", "not_before", "page_number", "n_pages")
    values = {
        **dict.fromkeys(gone),
        "state": state,
        "problem_json": problem_json,
        "finished_at": datetime.now(UTC),
        "revision": JobRow.revision + 1,
    }
    row = _change(session, which, values)
    if row is None:
        return None
    job = to_job(row)
    on_finished(session, job)
    return job


def release(session: Session, job_id: str, token: int, *, delay_s: float = 0.0) -> None:
    """Give a job back to the queue, with no attempt counted; a lost one is left alone."""
    delay = min(timedelta(seconds=delay_s), MAX_DELAY)
    row = session.scalar(select(JobRow).where(_held(job_id, token)).with_for_update())
    if row is not None:
        _requeue(row)
        row.not_before = datetime.now(UTC) + delay if delay_s else None
        row.attempt -= 1


def list_leases(database: Engine) -> tuple[Lease, ...]:
    """Return the leases of all workers."""
    columns = select(JobRow.job_id, JobRow.lease_token, JobRow.lease_beat).where(JobRow.state == "running")
    with read_session(database) as session:
        return tuple(Lease(*found) for found in session.execute(columns))


def expire(
    session: Session, lease: Lease, *, max_attempts: int, problem_json: str, on_finished: OnFinished
) -> bool:
    """Take a job from a worker whose lease is as it was watched; return whether it was.

    It is queued again, or failed with the problem if it was begun as often as it may be.
    """
    watched = _held(lease.job_id, lease.token) & (JobRow.lease_beat == lease.beat)
    row = session.scalar(select(JobRow).where(watched).with_for_update())
    if row is None:
        return False
    if row.attempt >= max_attempts:
        end(session, watched, "failed", problem_json, on_finished)
    else:
        _requeue(row)
    return True


def _requeue(row: JobRow) -> None:
    row.state = "queued"
    row.lease_owner = row.stage = None
    row.page_number = row.n_pages = None
    row.revision += 1
