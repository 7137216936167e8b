"""Idempotency keys: each stands for one request of its tenant for a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from schemas.service_errors import IdempotencyKeyReusedError, RequestInFlightError
from storage.tables import IdempotencyRow, JobRow

KEY_LIFE = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentKey:
    """The idempotency key that a request was sent with.

    Attributes
    ----------
    fingerprint
        Of the whole request.
    in_flight_s
        How long its first answer may take; 0 if it is given at once.
    """

    key: str
    fingerprint: str
    in_flight_s: float = 0.0


def find_key(session: Session, tenant: str, sent: SentKey) -> str | None:
    """Return the id of what a key stands for; None if it stands for nothing.

    Raises
    ------
    IdempotencyKeyReusedError, RequestInFlightError
        As `storage.jobs.submit`.
    """
    row = session.get(IdempotencyRow, (tenant, sent.key))
    moment = datetime.now(UTC)
    if row is None:
        return None
    if row.created_at + KEY_LIFE < moment:
        session.delete(row)
        session.flush()
        return None
    if row.fingerprint != sent.fingerprint:
        raise IdempotencyKeyReusedError(
            "this Idempotency-Key was sent before with another request",
            hint="a key stands for one request for 24 hours; take another for another",
        )
    # Of a clock that was set back since, the end says nothing: it would be in flight for as long as that.
    is_in_flight = row.in_flight_until is not None and row.created_at <= moment < row.in_flight_until
    if is_in_flight and not _has_ended(session, row.target_id):
        raise RequestInFlightError("the first request with this Idempotency-Key is not answered yet")
    return row.target_id


def _has_ended(session: Session, job_id: str) -> bool:
    """Return whether a job has its answer: whoever waited for it has that, or is gone."""
    return session.scalar(select(JobRow.finished_at).where(JobRow.job_id == job_id)) is not None


def keep_key(session: Session, tenant: str, sent: SentKey, target_id: str) -> None:
    """Have a key stand for what its request has made."""
    until = None if sent.in_flight_s == 0 else datetime.now(UTC) + timedelta(seconds=sent.in_flight_s)
    session.merge(
        IdempotencyRow(
            tenant=tenant,
            key=sent.key,
            fingerprint=sent.fingerprint,
            target_id=target_id,
            created_at=datetime.now(UTC),
            in_flight_until=until,
        )
    )


def answered(session: Session, tenant: str, key: str) -> None:
    """Note that the first request with this key has its answer."""
    mine = (IdempotencyRow.tenant == tenant, IdempotencyRow.key == key)
    session.execute(update(IdempotencyRow).where(*mine).values(in_flight_until=None))
