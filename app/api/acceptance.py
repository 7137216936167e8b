"""Accepting a file: kept with what is asked of it, and answered by its result or by its job."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import IO, Any, TypeVar

from fastapi import Response
from fastapi.responses import JSONResponse

from app.api.deps import ServiceState
from app.api.job_models import BatchView, JobView
from app.api.job_watch import place_of
from app.api.problems import problem_response
from app.api.waiting import IN_FLIGHT_MARGIN_S, Reply
from app.errors import RETRY_AFTER_S, Problem
from app.jobs.request import JobRequest
from schemas.cancellation import Cancellation, cancelled_by
from schemas.errors import DocumentTooLargeError, EmptyDocumentError, RasgError, ServiceBusyError
from schemas.service_errors import JobCancelledError, JobNotFinishedError, QueueFullError
from schemas.text import storable
from storage.batches import Batch
from storage.blobs import KeptBlob
from storage.job_queue import Describe
from storage.jobs import Job, NewJob, Submitted

_MAX_NAME_CHARS = 255

Accepted = TypeVar("Accepted")


def describe_for(tenant: str, request: JobRequest) -> Describe:
    """Return what makes a job of a file that is kept."""

    def describe(kept: KeptBlob, file_name: str | None) -> NewJob:
        return NewJob(
            tenant=tenant,
            schema_name=request.schema_name,
            json_schema=request.json_schema,
            request_json=request.to_json(),
            password=request.password_json,
            file_name=None if file_name is None else storable(file_name)[:_MAX_NAME_CHARS],
            document_sha256=kept.sha256,
            n_bytes=kept.n_bytes,
            fingerprint=request.fingerprint(kept.sha256),
        )

    return describe


async def accept_file(
    state: ServiceState,
    tenant: str,
    request: JobRequest,
    source: IO[bytes],
    *,
    file_name: str | None,
    reply: Reply,
) -> Response:
    """Return the answer to a file: its result if it is there in time, else its job.

    Before it is answered, bytes and job are durable.

    Raises
    ------
    QueueFullError
        If there is no place; then nothing is kept.
    """

    def accept() -> Submitted:
        _check_size(source, state.max_bytes)
        in_flight_s = reply.wait_s + IN_FLIGHT_MARGIN_S if reply.wait_s else 0.0
        return state.jobs.accept(
            tenant,
            source,
            describe_for(tenant, request),
            file_name=file_name,
            key=reply.key,
            in_flight_s=in_flight_s,
        )

    submitted = await _take_in(state, accept)
    try:
        response = await _answer(state, submitted, reply)
    finally:  # also if the caller has hung up: it may ask again, and nobody waits any more
        await _note_answered(state, tenant, reply)
    if reply.prefers is not None:
        response.headers["Preference-Applied"] = reply.prefers
    return response


async def _answer(state: ServiceState, submitted: Submitted, reply: Reply) -> Response:
    """Return the result of a job if it is there while its caller waits, else the job."""
    job = submitted.job
    if reply.wait_s:
        job = await state.watch.until_finished(job, timeout_s=reply.wait_s)
    is_there = job.is_finished and reply.wait_s > 0
    return await (answer_with_result(state, job) if is_there else _tell(state, job, submitted))


async def _note_answered(state: ServiceState, tenant: str, reply: Reply) -> None:
    """Note that nobody waits for the first answer to a key any more; without a word where that fails."""
    key = reply.key
    if key is None or not reply.wait_s:
        return
    # Of a caller who has hung up nothing else would begin. A job that has ended is told of in any case.
    with cancelled_by(Cancellation()), suppress(RasgError, RuntimeError):  # the service stops
        await state.lookups.run(lambda: state.jobs.answered(tenant, key))


async def _take_in(state: ServiceState, accept: Callable[[], Accepted]) -> Accepted:
    """Return what was accepted, with the worker woken; who finds no place is told that the queue is full."""
    try:
        accepted = await state.intake.run(accept)
    except QueueFullError:
        raise
    except ServiceBusyError as error:
        raise QueueFullError("too many files are being accepted") from error
    state.wake_worker()
    return accepted


def _check_size(source: IO[bytes], max_bytes: int, *, what: str = "the file") -> None:
    """Refuse at once what could only fail later."""
    n_bytes = source.seek(0, os.SEEK_END)
    if n_bytes == 0:
        raise EmptyDocumentError(f"{what} has no bytes")
    if n_bytes > max_bytes:
        raise DocumentTooLargeError(f"{what} has {n_bytes} bytes, more than {max_bytes}")


async def _tell(state: ServiceState, job: Job, submitted: Submitted) -> Response:
    # Of one that was just accepted the place is known: to count again takes as long as the queue.
    is_fresh = job is submitted.job and submitted.n_ahead is not None
    place = submitted.n_ahead if is_fresh else await place_of(job, state.jobs.count_ahead)
    return job_response(job, place=place, status=202)


async def accept_files(
    state: ServiceState,
    tenant: str,
    request: JobRequest,
    sources: Sequence[tuple[IO[bytes] | str, str | None]],
    *,
    key: str | None,
) -> Response:
    """Return the answer to several files: their batch, durable with all of them.

    Raises
    ------
    QueueFullError
        If there is no place for all of them; then nothing is kept.
    """

    def fingerprint_of(jobs: Sequence[NewJob]) -> str:
        # With a line's end behind each, as one file in a batch is another request than that file.
        return request.fingerprint("".join(f"{job.document_sha256}\n" for job in jobs))

    def accept() -> Batch:
        for number, (source, _) in enumerate(sources, start=1):
            if not isinstance(source, str):
                _check_size(source, state.max_bytes, what=f"file {number} of {len(sources)}")
        return state.jobs.accept_batch(
            tenant, sources, describe_for(tenant, request), fingerprint_of=fingerprint_of, key=key
        )

    batch = await _take_in(state, accept)
    view = BatchView.of(batch)
    headers = {"Location": view.links["self"], "Retry-After": str(RETRY_AFTER_S)}
    return JSONResponse(view.model_dump(mode="json"), status_code=202, headers=headers)


def job_response(job: Job, *, place: int | None = None, status: int = 200) -> Response:
    """Return a job as it stands; one that has not ended says when to come back."""
    view = JobView.of(job, place=place)
    headers = {"Location": view.links.self, "Operation-Location": view.links.self}
    if not job.is_finished:
        headers["Retry-After"] = str(RETRY_AFTER_S)
    return JSONResponse(view.model_dump(mode="json"), status_code=status, headers=headers)


async def answer_with_result(state: ServiceState, job: Job, *, value_alone: bool = False) -> Response:
    """Return the result of a job, or the problem in its place.

    Raises
    ------
    JobNotFinishedError, JobCancelledError
        If it has none yet, or never will.
    """
    here = {"Location": f"/v1/extractions/{job.job_id}"}
    if not job.is_finished:
        raise JobNotFinishedError("the extraction is not finished", hint="ask again, or with ?wait=")
    if job.state == "cancelled":
        raise JobCancelledError("the extraction was cancelled")
    if job.problem_json is not None:
        response = problem_response(Problem.model_validate_json(job.problem_json))
        response.headers.update(here)
        return response
    body = await state.lookups.run(lambda: state.jobs.result_of(job))
    if body is None:  # deleted between the two looks
        raise JobCancelledError("the extraction was deleted")
    if value_alone:
        return JSONResponse(_values_of(json.loads(body)), headers=here)
    return Response(body, media_type="application/json", headers=here)


def _values_of(answer: dict[str, Any]) -> object:
    """Return the values alone, of each document in its place; one that failed has its problem there."""
    if "documents" in answer:
        return {"documents": [_values_of(document) for document in answer["documents"]]}
    return answer["output"]["value"] if "output" in answer else answer
