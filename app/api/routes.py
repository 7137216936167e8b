"""The routes: what comes in is checked here, the work is the pipeline's."""

from __future__ import annotations

from importlib.metadata import version as distribution_version
from typing import Self

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict

from app.api.deps import AskedSchema, Options, Pages, RequestPipeline, RequestTenant, Split, State
from app.api.documents import RequestDocument
from app.api.forms import CHECKED_FORM
from app.errors import Problem, problem_of
from app.extraction.pipeline import FailedPart, PipelineResult
from app.extraction.schema_choice import answered_schema
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


class FailedDocument(BaseModel):
    """A document of a file that was split and has no extraction: its pages in the file, from 1, and why."""

    model_config = ConfigDict(frozen=True)

    page_numbers: tuple[int, ...]
    problem: Problem


class Extractions(BaseModel):
    """The documents of a file that was split, in order."""

    model_config = ConfigDict(frozen=True)

    documents: tuple[Extraction | FailedDocument, ...]


class Status(BaseModel):
    """Whether the service can work."""

    model_config = ConfigDict(frozen=True)

    status: str = "ok"
    engine: str | None = None
    model: str | None = None


@router.post("/v1/extractions", dependencies=[CHECKED_FORM])
async def create_extraction(
    data: RequestDocument,
    schema: AskedSchema,
    options: Options,
    pipeline: RequestPipeline,
    tenant: RequestTenant,
    state: State,
    split: Split = "never",
    pages: Pages = None,
) -> Extraction | Extractions:
    """Extract a file while the caller waits: one extraction, or with `split` one for each document in it.

    A document that fails has its problem in its place; if all do, the request fails.

    With `schema=auto` each document is asked with the shipped schema for its kind, which `kind` names.

    Several are not kept to be confirmed or corrected.
    """

    def keep(result: PipelineResult) -> Extraction:
        answer = result.extraction
        if not state.keeps_answers:
            return answer
        kept = tenant.example_service.keep(
            result.document,
            answered_schema(schema, answer),
            answer.output.value,
            adapter_sha256=answer.adapter_sha256,
        )
        return answer.model_copy(update={"extraction_id": kept})

    def work() -> Extraction | Extractions:
        results = pipeline.extract_all(data, schema, options=options, split=split, pages=pages)
        first = results[0]
        if isinstance(first, FailedPart) and all(isinstance(result, FailedPart) for result in results):
            raise first.error
        if len(results) > 1 or isinstance(first, FailedPart):
            return Extractions(documents=tuple(map(_document_of, results)))
        # Some pages of a file are not the document that its hash names.
        alone = first.extraction if pages else keep(first)
        return alone if split == "never" else Extractions(documents=(alone,))

    return await state.extractions.run(work)


def _document_of(result: PipelineResult | FailedPart) -> Extraction | FailedDocument:
    if isinstance(result, FailedPart):
        return FailedDocument(page_numbers=result.page_numbers, problem=problem_of(result.error))
    return result.extraction


@router.post("/v1/schemas:lint", openapi_extra=_ANY_JSON_BODY)
async def lint_schema(request: Request) -> LintAnswer:
    """Say for each keyword of the JSON Schema in the body whether and when it is enforced."""
    # Read by hand: the framework's JSON reader takes NaN, repeated keys and any depth.
    return LintAnswer.of(lint(parse_schema_text(await request.body())))


@router.post("/v1/schemas/lint", openapi_extra=_ANY_JSON_BODY, deprecated=True)
async def lint_schema_at_its_old_path(request: Request) -> LintAnswer:
    """Lint as `/v1/schemas:lint` does."""
    return await lint_schema(request)


@router.get("/livez")
async def livez() -> Status:
    """Say that the process answers."""
    return Status()


@router.get("/readyz")
async def readyz(state: State) -> Status:
    """Say whether the engine is there: the model loaded, or the server once reached; 5xx while it is not."""
    engine = state.pipeline.engine
    await state.readiness.check(state.pipeline)
    return Status(engine=engine.name, model=engine.model)


@router.get("/version")
async def version() -> dict[str, str]:
    """Return the version of the service."""
    return {"version": distribution_version("rasg")}
