"""What of jobs and batches is sent."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from app.errors import Problem
from storage.batches import Batch
from storage.jobs import JOB_STATES, UNFINISHED, Job, JobState


class _Sent(BaseModel):
    model_config = ConfigDict(frozen=True)


class Progress(_Sent):
    """How far a job is.

    Attributes
    ----------
    place
        How many jobs are before it, while it is queued.
    stage
        What is done: "read", "prompt", "decode" or "ground"; of several documents of each in turn.
    page_number, n_pages
        How many pages of how many are read.
    """

    place: int | None = None
    stage: str | None = None
    page_number: int | None = None
    n_pages: int | None = None


class JobLinks(_Sent):
    """Where more of a job is."""

    self: str
    result: str
    events: str


class JobView(_Sent):
    """An accepted file and what became of it.

    Attributes
    ----------
    status
        `succeeded`, `partial`, `needs_review`, `failed` and `cancelled` are ends; all but the last two have a
        result. Of several documents in a file, the worst counts.
    document_sha256
        Of the file's bytes, by which a batch may name them again; None once they are deleted.
    problem
        Why it failed, as its result answers.
    """

    id: str
    status: JobState
    created_at: AwareDatetime
    started_at: AwareDatetime | None
    finished_at: AwareDatetime | None
    schema_name: str
    file_name: str | None
    document_sha256: str | None
    n_bytes: int
    batch_id: str | None
    attempt: int
    progress: Progress
    problem: Problem | None
    links: JobLinks

    @classmethod
    def of(cls, job: Job, *, place: int | None = None) -> JobView:
        """Return what is sent of `job`."""
        here = f"/v1/extractions/{job.job_id}"
        problem = None if job.problem_json is None else Problem.model_validate_json(job.problem_json)
        return cls(
            id=job.job_id,
            status=job.state,
            created_at=job.created_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
            schema_name=job.schema_name,
            file_name=job.file_name,
            document_sha256=job.document_sha256,
            n_bytes=job.n_bytes,
            batch_id=job.batch_id,
            attempt=job.attempt,
            progress=Progress(place=place, stage=job.stage, page_number=job.page_number, n_pages=job.n_pages),
            problem=problem,
            links=JobLinks(self=here, result=f"{here}/result", events=f"{here}/events"),
        )


class JobList(_Sent):
    """Jobs, the newest first; `next` is the cursor of those that follow, None at the end."""

    extractions: tuple[JobView, ...]
    next: str | None


class BatchView(_Sent):
    """Files that were sent together.

    Attributes
    ----------
    status
        "finished" once none of its files is queued or running.
    n_by_status
        How many of its files are in each; those that were deleted are in none.
    """

    id: str
    status: Literal["running", "finished"]
    created_at: AwareDatetime
    n_documents: int
    n_by_status: dict[JobState, int]
    links: dict[str, str] = Field(description="Where the batch and its files are.")

    @classmethod
    def of(cls, batch: Batch) -> BatchView:
        """Return what is sent of `batch`."""
        n_left = sum(batch.n_by_state.get(state, 0) for state in UNFINISHED)
        return cls(
            id=batch.batch_id,
            status="running" if n_left else "finished",
            created_at=batch.created_at,
            n_documents=batch.n_jobs,
            n_by_status={state: batch.n_by_state.get(state, 0) for state in JOB_STATES},
            links={
                "self": f"/v1/batches/{batch.batch_id}",
                "extractions": f"/v1/extractions?batch={batch.batch_id}",
            },
        )
