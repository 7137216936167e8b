"""Jobs as tests accept them: a file that is kept, and what is asked of it."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from storage import jobs
from storage.blobs import BlobStore
from storage.database import write_session
from storage.job_keys import SentKey
from storage.jobs import Acceptance, Job, NewJob, Submitted

Parameters = ParamSpec("Parameters")
T = TypeVar("T")


def in_session(
    work: Callable[Concatenate[Session, Parameters], T],
) -> Callable[Concatenate[Engine, Parameters], T]:
    """Return work that is done in a transaction of its own."""

    def done(database: Engine, *arguments: Parameters.args, **named: Parameters.kwargs) -> T:
        with write_session(database) as session:
            return work(session, *arguments, **named)

    return done


submit = in_session(jobs.submit)


def new_job(blobs: BlobStore, data: bytes = b"x", *, tenant: str = "acme", **fields: Any) -> NewJob:  # noqa: ANN401
    """Return a job for a file, which is kept."""
    kept = blobs.keep(tenant, BytesIO(data))
    values: dict[str, Any] = {
        "tenant": tenant,
        "schema_name": "bill",
        "json_schema": "{}",
        "request_json": '{"split": "never"}',
        "file_name": "a.pdf",
        "document_sha256": kept.sha256,
        "n_bytes": kept.n_bytes,
        "fingerprint": kept.sha256,
        **fields,
    }
    return NewJob(**values)


def acceptance(blobs: BlobStore, *, max_queued: int = 100, deduplicate: bool = False) -> Acceptance:
    """Return how jobs are accepted."""
    return Acceptance(max_queued=max_queued, deduplicate=deduplicate, has_bytes=blobs.has)


def accept(database: Engine, blobs: BlobStore, data: bytes = b"x", **fields: Any) -> Job:  # noqa: ANN401
    """Return a job that is queued."""
    return submit(database, new_job(blobs, data, **fields), acceptance(blobs)).job


def send(
    database: Engine, blobs: BlobStore, data: bytes, key: str, *, in_flight_s: float = 0, tenant: str = "acme"
) -> Submitted:
    """Return what a request with an idempotency key has."""
    new = new_job(blobs, data, tenant=tenant)
    sent = SentKey(key=key, fingerprint=new.fingerprint, in_flight_s=in_flight_s)
    return submit(database, new, acceptance(blobs), sent_key=sent)


def tell_nobody(_: Session, __: Job) -> None:
    """Write nothing when a job ends."""
