"""One job: its file goes through the pipeline for its tenant, and ends in an answer or a problem."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from app.errors import http_problem, problem_of
from app.extraction.pipeline import Pipeline, PipelineResult
from app.extraction.schema_choice import answered_schema
from app.jobs.answer import compose_answer, name_extractions, state_of_answer
from app.jobs.request import JobRequest, read_request
from app.log import request_id
from schemas.errors import RasgError
from storage.job_leases import Claim, Outcome

if TYPE_CHECKING:
    from app.tenants import Tenant, Tenants
    from schemas.extraction import Extraction
    from storage.extractions import KeptExtraction

logger = logging.getLogger(__name__)


class Watch(Protocol):
    """Told how far a job is; raises what is no `RasgError` to end it."""

    def stage(self, name: str) -> None:
        """A stage begins."""
        ...

    def page(self, number: int, n_pages: int) -> None:
        """So many pages of so many are read."""
        ...


class WaitsError(Exception):
    """What the job needs is not there now, which is no fault of the job's: it waits; `error` says what."""

    def __init__(self, error: RasgError) -> None:
        super().__init__(error.code)
        self.error = error


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """Runs jobs on one pipeline, each for its tenant.

    Attributes
    ----------
    keeps_answers
        Whether answers are kept to be confirmed or corrected.
    waits_for
        Errors after which a job waits and is begun again.
    """

    pipeline: Pipeline
    tenants: Tenants
    keeps_answers: bool
    waits_for: tuple[type[RasgError], ...]

    def run(self, claimed: Claim, read_bytes: Callable[[], bytes], watch: Watch) -> Outcome:
        """Return how the job ends; every failure is a problem in it.

        Raises
        ------
        WaitsError
            If it cannot end now.
        Exception
            What `watch` raises that is no `RasgError`.
        """
        token = request_id.set(claimed.job.job_id)
        try:
            return self._run(claimed, read_bytes(), watch)
        except self.waits_for as error:
            raise WaitsError(error) from error
        except RasgError as error:
            return _failed(error, claimed.job.job_id)
        finally:
            request_id.reset(token)

    def _run(self, claimed: Claim, data: bytes, watch: Watch) -> Outcome:
        request = read_request(
            claimed.request_json,
            schema_name=claimed.job.schema_name,
            json_schema=claimed.json_schema,
            password=claimed.password,
        )
        tenant = self.tenants.of(claimed.job.tenant)
        pipeline = self.pipeline.serve(tenant.context, password=request.password)
        results = pipeline.extract_all(
            data,
            request.schema,
            options=request.options,
            split=request.split,
            pages=request.pages,
            on_progress=watch.stage,
            on_page=watch.page,
        )
        kept: list[KeptExtraction] = []

        def keep(result: PipelineResult) -> Extraction:
            # Some pages of a file, or what an answer left out, are not the document that its hash names.
            if self.keeps_answers and request.pages is None and request.options.cursor is None:
                kept.append(_kept(tenant, request, result, claimed.job.job_id))
            return result.extraction

        composed = compose_answer(results, split=request.split, finish_alone=keep)
        answer = name_extractions(composed, claimed.job.job_id)
        return Outcome(
            state=state_of_answer(answer),
            result=answer.model_dump_json().encode(),
            kept=kept[0] if kept else None,
        )


def _kept(tenant: Tenant, request: JobRequest, result: PipelineResult, job_id: str) -> KeptExtraction:
    answer = result.extraction
    return tenant.example_service.to_keep(
        result.document,
        answered_schema(request.schema, answer),
        answer.output.value,
        adapter_sha256=answer.adapter_sha256,
        extraction_id=job_id,
    )


def _failed(error: RasgError, job_id: str) -> Outcome:
    problem = problem_of(error, request_id=job_id)
    if problem.status >= 500:
        logger.error("job failed: %s", error.code, exc_info=error)
    return Outcome(state="failed", problem_json=problem.model_dump_json(exclude_none=True))


def fail_unexpectedly(error: Exception, job_id: str) -> Outcome:
    """Return the end of a job that broke the program; the log has the cause."""
    logger.error("unexpected %s in job %s", type(error).__name__, job_id, exc_info=error)
    problem = http_problem(500, "", request_id=job_id, code="internal_error")
    return Outcome(state="failed", problem_json=problem.model_dump_json(exclude_none=True))


def fail_with(error: RasgError, job_id: str) -> Outcome:
    """Return the end of a job that failed so."""
    return _failed(error, job_id)


def problem_json_of(error: RasgError) -> str:
    """Return an error's problem as it is kept."""
    return json.dumps(problem_of(error).model_dump(mode="json", exclude_none=True))
