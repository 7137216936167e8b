"""The routes: what comes in is checked here, the work is the pipeline's."""

from __future__ import annotations

from dataclasses import replace
from typing import Self

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict

from app.api.acceptance import accept_file
from app.api.bodies_as_files import OTHER_BODIES
from app.api.deps import AskedJob, RequestPipeline, RequestTenant, State
from app.api.documents import RequestDocument
from app.api.forms import CHECKED_FORM
from app.api.job_models import JobView
from app.api.waiting import AskedReply
from app.api.webhook_routes import RequestWebhook
from app.extraction.pipeline import PipelineResult
from app.extraction.schema_choice import answered_schema
from app.jobs.answer import Answer, compose_answer
from schemas.errors import InputError
from schemas.extraction import Extraction
from schemas.lint import LintEntry, LintReport, LintWarning, lint
from schemas.source import parse_schema_text

router = APIRouter()

_ANY_JSON_BODY = {
    "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}, "required": True}
}


class LintAnswer(BaseModel):
    """Whether a schema can be used, and the verdict on each of its keywords."""

    model_config = ConfigDict(frozen=True)

    ok: bool
    entries: tuple[LintEntry, ...]
    warnings: tuple[LintWarning, ...]

    @classmethod
    def of(cls, report: LintReport) -> Self:
        """Return `report` as it is sent."""
        return cls(ok=report.ok, entries=report.entries, warnings=report.warnings)


@router.post(
    "/v1/extractions",
    dependencies=[CHECKED_FORM],
    response_model=Answer,
    responses={202: {"model": JobView, "description": "The job, which is durable."}},
    openapi_extra=OTHER_BODIES,
)
async def create_extraction(
    file: RequestDocument,
    asked: AskedJob,
    pipeline: RequestPipeline,
    tenant: RequestTenant,
    state: State,
    reply: AskedReply,
    webhook_url: RequestWebhook,
) -> Answer | Response:
    """Extract a file: one extraction, or with `split` one for each document in it.

    With `Prefer`, `wait` or `Idempotency-Key` the file is kept as a job before it is answered: 200 with its
    result if it has one in the time that the caller waits, else 202 with the job. With none of them the
    answer comes while the caller waits, and nothing is promised before.

    A document that fails has its problem in its place; if all do, the request fails.

    With `schema=auto` each document is asked with the shipped schema for its kind, which `kind` names.

    Several are not kept to be confirmed or corrected.
    """
    if reply.is_job:
        told = replace(asked, webhook_url=webhook_url)
        return await accept_file(
            state, tenant.context.name, told, file.file, file_name=file.filename, reply=reply
        )
    if webhook_url is not None:
        raise InputError("only jobs tell a webhook of their end", hint="send Prefer: respond-async")
    data = await file.read()

    def keep(result: PipelineResult) -> Extraction:
        answer = result.extraction
        # Some pages of a file, or what an answer left out, are not the document that its hash names.
        if not state.keeps_answers or asked.pages or asked.options.cursor is not None:
            return answer
        kept = tenant.example_service.keep(
            result.document,
            answered_schema(asked.schema, answer),
            answer.output.value,
            adapter_sha256=answer.adapter_sha256,
        )
        return answer.model_copy(update={"extraction_id": kept})

    def work() -> Answer:
        results = pipeline.extract_all(
            data, asked.schema, options=asked.options, split=asked.split, pages=asked.pages
        )
        return compose_answer(results, split=asked.split, finish_alone=keep)

    return await state.extractions.run(work)


@router.post("/v1/schemas:lint", openapi_extra=_ANY_JSON_BODY)
async def lint_schema(request: Request, state: State) -> LintAnswer:
    """Say for each keyword of the JSON Schema in the body whether and when it is enforced."""
    # Read by hand: the framework's JSON reader takes NaN, repeated keys and any depth.
    text = await request.body()
    return await state.lints.run(lambda: LintAnswer.of(lint(parse_schema_text(text))))


@router.post("/v1/schemas/lint", openapi_extra=_ANY_JSON_BODY, deprecated=True)
async def lint_schema_at_its_old_path(request: Request, state: State) -> LintAnswer:
    """Lint as `/v1/schemas:lint` does."""
    return await lint_schema(request, state)
