"""Who is told that jobs have ended: messages that are written with the end, or not at all."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from pydantic import JsonValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from schemas.errors import InputError
from storage.jobs import UNFINISHED, Job
from storage.tables import BatchRow, JobRow
from storage.webhooks import announce

logger = logging.getLogger(__name__)


def tell_webhooks(session: Session, job: Job) -> None:
    """Write the messages that a job has ended, and its batch if no other job of it is left.

    They go to the tenant's endpoints, the job's also to the URL that its request named. They name what has
    ended and how, and hold no value of a document. If the endpoint whose secret signs messages to the
    request's URL is gone since, that URL is not told.
    """
    ended: Mapping[str, JsonValue] = {"extraction_id": job.job_id, "status": job.state}
    try:
        _tell_of_job(session, job, ended, job.webhook_url)
    except InputError:
        logger.warning("job %s: no secret signs messages to its request's URL any more", job.job_id)
        _tell_of_job(session, job, ended, None)
    if job.batch_id is not None:
        _tell_of_batch(session, job.tenant, job.batch_id)


def _tell_of_job(session: Session, job: Job, ended: Mapping[str, JsonValue], webhook_url: str | None) -> None:
    announce(
        session,
        tenant=job.tenant,
        event_type="extraction.finished",
        payload=ended,
        webhook_url=webhook_url,
    )


def _tell_of_batch(session: Session, tenant: str, batch_id: str) -> None:
    # Held until this is committed: of two jobs that end at the same time the second sees the first.
    session.scalar(select(BatchRow.batch_id).where(BatchRow.batch_id == batch_id).with_for_update())
    # Counted at its end alone: each end would count as long as the batch is.
    left = select(JobRow.seq).where(JobRow.batch_id == batch_id, JobRow.state.in_(UNFINISHED)).limit(1)
    if session.scalar(left) is not None:
        return
    counted = select(JobRow.state, func.count()).where(JobRow.batch_id == batch_id).group_by(JobRow.state)
    by_state = {str(state): int(n) for state, n in session.execute(counted)}
    payload: Mapping[str, JsonValue] = {"batch_id": batch_id, "n_by_status": {**by_state}}
    announce(session, tenant=tenant, event_type="batch.finished", payload=payload)
