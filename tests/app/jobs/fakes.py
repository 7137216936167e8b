"""A pipeline that does what a test says, and the queue and worker around it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import Engine

from app.extraction.options import ExtractionOptions
from app.extraction.pipeline import Pipeline, PipelineResult
from app.jobs.execution import Execution
from app.jobs.reaper import Reaper
from app.jobs.request import JobRequest
from app.jobs.worker import Worker, WorkerOptions
from app.tenants import Tenants
from schemas.document import Document
from schemas.errors import EngineUnavailableError, StorageUnavailableError
from schemas.extraction import Extraction, Output, Usage
from schemas.registry import get_schema
from storage.blobs import open_blobs
from storage.database import open_database, sqlite_url
from storage.job_queue import JobQueue
from storage.jobs import NewJob, OnFinished

# Told how far it is: the stages by name, and pages.
Stage = Callable[[str], None]
Page = Callable[[int, int], None]
Act = Callable[[bytes, Stage, Page], None]


def do_nothing(_data: bytes, _stage: Stage, _page: Page) -> None:
    """Answer at once."""


def extraction_of(data: bytes, **fields: Any) -> Extraction:  # noqa: ANN401
    """Return an answer that names the bytes that it is about."""
    values: dict[str, Any] = {
        "document_sha256": "0" * 64,
        "schema_name": "invoice",
        "status": "succeeded",
        "output": Output(value={"text": data.decode()}, metadata={}),
        "usage": Usage(n_pages=1, n_windows=1, n_prompt_tokens=1, n_completion_tokens=1),
        "engine": "fake",
        "model": "fake",
        **fields,
    }
    return Extraction(**values)


class FakePipeline:
    """Answers each file with its own text, after it did what a test says."""

    engine = SimpleNamespace(name="fake", model="fake", close=lambda: None)
    read_options = SimpleNamespace(password=None)

    def __init__(self, act: Act = do_nothing) -> None:
        self._act = act

    def prepare(self, *, warm: bool) -> None:
        """Be ready."""
        del warm

    def serve(self, _tenant: object, *, password: str | None = None) -> FakePipeline:
        """Serve any tenant."""
        served = FakePipeline(self._act)
        served.read_options = SimpleNamespace(password=password)
        return served

    def extract_all(
        self, data: bytes, _schema: object, *, on_progress: Stage, on_page: Page, **_: object
    ) -> tuple[PipelineResult, ...]:
        """Return one answer."""
        on_progress("read")
        self._act(data, on_progress, on_page)
        on_progress("decode")
        document = Document(sha256="0" * 64, media_type="application/pdf", pages=())
        return (PipelineResult(extraction=extraction_of(data), document=document),)


_OPENED: list[Engine] = []


def close_databases() -> None:
    """Close what queues have opened."""
    while _OPENED:
        _OPENED.pop().dispose()


def queue_of(
    folder: Path,
    *,
    url: str | None = None,
    on_finished: OnFinished | None = None,
    **fields: Any,  # noqa: ANN401
) -> JobQueue:
    """Return a queue whose files are in a folder."""
    database = open_database(url or sqlite_url(folder))
    _OPENED.append(database)
    if on_finished is not None:
        fields["on_finished"] = on_finished
    return JobQueue(database, open_blobs(folder / "documents"), **fields)


def worker_of(
    queue: JobQueue,
    act: Act = do_nothing,
    *,
    n_jobs: int = 1,
    timeout_s: float = 30.0,
    lease_s: float = 30.0,
    max_attempts: int = 3,
) -> Worker:
    """Return a worker that looks often."""
    tenants = Tenants(lambda name: cast("Any", SimpleNamespace(context=name, example_service=None)))
    return Worker(
        queue,
        Execution(
            pipeline=cast("Pipeline", FakePipeline(act)),
            tenants=tenants,
            keeps_answers=False,
            waits_for=(EngineUnavailableError, StorageUnavailableError),
        ),
        Reaper(queue, lease_s=lease_s, max_attempts=max_attempts, keep_days=7),
        WorkerOptions(n_jobs=n_jobs, timeout_s=timeout_s, lease_s=lease_s, poll_s=0.02),
    )


def describe(tenant: str = "acme") -> Callable[..., NewJob]:
    """Return what makes an invoice's job of a file."""
    request = JobRequest(schema=get_schema("invoice"), options=ExtractionOptions())

    def make(kept: Any, file_name: str | None) -> NewJob:  # noqa: ANN401
        return NewJob(
            tenant=tenant,
            schema_name=request.schema_name,
            json_schema=request.json_schema,
            request_json=request.to_json(),
            file_name=file_name,
            document_sha256=kept.sha256,
            n_bytes=kept.n_bytes,
            fingerprint=request.fingerprint(kept.sha256),
        )

    return make
