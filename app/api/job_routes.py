"""The routes of jobs: how they stand, what came of them, and their end on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Path, Query, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from app.api.acceptance import answer_with_result, job_response
from app.api.deps import ServiceState, State, TenantName
from app.api.job_models import JobList, JobView
from app.api.job_watch import place_of
from app.api.queries import Moment
from app.api.waiting import AskedWait
from app.jobs.answer import Answer
from schemas.errors import ExtractionNotFoundError
from storage.jobs import Job, JobFilter, JobState

router = APIRouter()

_Id = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
# A place in the queue changes without a change of the job.
_PLACE_EVERY_S = 1.0
_PING_S = 15
_MAX_SEQ = 2**62


async def _find(state: ServiceState, tenant: str, job_id: str) -> Job:
    return await state.lookups.run(lambda: state.jobs.find(tenant, job_id))


@router.get("/v1/extractions")
async def extractions(
    state: State,
    tenant: TenantName,
    status: Annotated[list[JobState] | None, Query(description="May be sent several times.")] = None,
    schema: Annotated[str | None, Query(max_length=64)] = None,
    batch: Annotated[str | None, Query(pattern=r"^[0-9a-f]{32}$")] = None,
    created_from: Annotated[Moment | None, Query(description="At that moment or later.")] = None,
    created_before: Moment | None = None,
    cursor: Annotated[int | None, Query(ge=1, le=_MAX_SEQ, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> JobList:
    """List jobs, the newest first."""
    wanted = JobFilter(
        states=tuple(status or ()),
        schema_name=schema,
        batch_id=batch,
        created_from=created_from,
        created_before=created_before,
    )
    found = await state.lookups.run(lambda: state.jobs.list(tenant, wanted, before_seq=cursor, limit=limit))
    return JobList(
        extractions=tuple(map(JobView.of, found)), next=str(found[-1].seq) if len(found) == limit else None
    )


@router.get("/v1/extractions/{extraction_id}", response_model=JobView)
async def extraction(extraction_id: _Id, state: State, tenant: TenantName, wait: AskedWait) -> Response:
    """Say how a job stands; with `wait` once it has ended, or that time is over."""
    job = await _find(state, tenant, extraction_id)
    if wait:
        job = await state.watch.until_finished(job, timeout_s=wait)
    return job_response(job, place=await place_of(job, state.jobs.count_ahead))


@router.get("/v1/extractions/{extraction_id}/result", response_model=Answer)
async def result(
    extraction_id: _Id,
    state: State,
    tenant: TenantName,
    fields: Annotated[
        Literal["value"] | None, Query(description="`value` gives the values alone, without places.")
    ] = None,
) -> Response:
    """Give the result of a job, as often as it is asked; a job that failed has its problem in that place."""
    job = await _find(state, tenant, extraction_id)
    return await answer_with_result(state, job, value_alone=fields == "value")


@router.get(
    "/v1/extractions/{extraction_id}/events",
    response_class=EventSourceResponse,
    responses={
        200: {"content": {"text/event-stream": {}}, "description": "Events `job` and, last, `end`."},
        204: {"description": "The end was told before: `Last-Event-ID` is that of the event `end`."},
    },
)
async def events(
    extraction_id: _Id,
    state: State,
    tenant: TenantName,
    last_event_id: Annotated[str | None, Header(description="Of the last event that arrived.")] = None,
) -> Response:
    """Tell of a job as server-sent events: its place, stages and pages, and its end.

    Whoever has the end and comes back for more is answered with 204, which stops a browser's `EventSource`:
    it would ask for the end again every few seconds.
    """
    job = await _find(state, tenant, extraction_id)
    if job.is_finished and last_event_id == str(job.revision):
        return Response(status_code=204)
    return EventSourceResponse(_tell(state, job), ping=_PING_S)


async def _tell(state: ServiceState, job: Job) -> AsyncIterator[ServerSentEvent]:
    told: JobView | None = None
    while True:
        view = JobView.of(job, place=await state.watch.place_of(job))
        if view != told:
            told = view
            name = "end" if job.is_finished else "job"
            yield ServerSentEvent(view.model_dump_json(), event=name, id=str(job.revision))
        if job.is_finished:
            return
        try:
            job = await state.watch.until_changed(job, timeout_s=_PLACE_EVERY_S)
        except ExtractionNotFoundError:
            return


@router.delete("/v1/extractions/{extraction_id}", status_code=204)
async def delete_extraction(extraction_id: _Id, state: State, tenant: TenantName) -> None:
    """Cancel a job that has not ended, stop its work, and delete its file and result.

    What had not ended stays as `cancelled`, without content, until its retention ends; what had is gone.
    """
    await state.lookups.run(lambda: state.jobs.cancel(tenant, extraction_id))
    state.watch.nudge()
    await asyncio.sleep(0)  # who waits is told first
