"""The routes: what comes in is checked here, the work is the pipeline's."""

from __future__ import annotations

from typing import Annotated, Self

from fastapi import APIRouter, File, Request, UploadFile
from pydantic import BaseModel, ConfigDict, JsonValue

from app.api.deps import AskedSchema, Options, Pages, RequestPipeline, RequestTenant, Split, State
from app.api.forms import CHECKED_FORM
from app.errors import Problem, problem_of
from app.extraction.pipeline import FailedPart, PipelineResult
from app.extraction.schema_choice import answered_schema
from schemas.extraction import Extraction
from schemas.lint import LintEntry, LintReport, LintWarning, lint
from schemas.registry import get_schema, json_schema_of, list_schemas
from schemas.source import parse_schema_text

router = APIRouter()

_ANY_JSON_BODY = {
    "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}, "required": True}
}


class SchemaSummary(BaseModel):
    """A schema that ships with the service."""

    model_config = ConfigDict(frozen=True)

    name: str
    version: str
    description: str


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


@router.post("/v1/extractions", dependencies=[CHECKED_FORM])
async def create_extraction(
    file: Annotated[UploadFile, File()],
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
    data = await file.read()

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


@router.get("/v1/schemas")
async def schemas() -> list[SchemaSummary]:
    """List the schemas that ship with the service."""
    return [SchemaSummary(name=s.name, version=s.version, description=s.description) for s in list_schemas()]


@router.get("/v1/schemas/{name}")
async def schema(name: str) -> dict[str, JsonValue]:
    """Return one schema as JSON Schema."""
    return json_schema_of(get_schema(name))


@router.post("/v1/schemas/lint", openapi_extra=_ANY_JSON_BODY)
async def lint_schema(request: Request) -> LintAnswer:
    """Say for each keyword of the JSON Schema in the body whether and when it is enforced."""
    # Read by hand: the framework's JSON reader takes NaN, repeated keys and any depth.
    return LintAnswer.of(lint(parse_schema_text(await request.body())))
