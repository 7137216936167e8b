"""Who is told that a job has ended: messages that are written with its end, or not at all."""

from __future__ import annotations

import logging

from sqlalchemy.orm import Session

from schemas.errors import InputError
from storage.jobs import Job
from storage.webhooks import announce

logger = logging.getLogger(__name__)


def tell_webhooks(session: Session, job: Job) -> None:
    """Write the messages to the tenant's endpoints and to the URL that the job's request named.

    A message names the job and how it ended, and holds no value of a document. If the endpoint whose secret
    signs messages to the request's URL is gone since, that URL is not told.
    """
    payload = {"extraction_id": job.job_id, "status": job.state}
    try:
        announce(
            session,
            tenant=job.tenant,
            event_type="extraction.finished",
            payload=payload,
            webhook_url=job.webhook_url,
        )
    except InputError:
        logger.warning("job %s: no secret signs messages to its request's URL any more", job.job_id)
        announce(session, tenant=job.tenant, event_type="extraction.finished", payload=payload)
