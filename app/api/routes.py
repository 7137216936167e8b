"""The routes: what comes in is checked here, the work is the pipeline's."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version as distribution_version
from typing import Annotated, Self

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from pydantic import BaseModel, ConfigDict, JsonValue, SecretStr

from app.api.readiness import Readiness
from app.api.runner import Runner
from app.examples.book import ExampleBook
from app.extraction.answering import ExtractionOptions
from app.extraction.pipeline import Pipeline
from decoding.engines.engine import DEFAULT_MAX_TOKENS
from schemas.extraction import Extraction
from schemas.lint import LintEntry, LintReport, LintWarning, lint
from schemas.prompt import ReasoningMode
from schemas.registry import from_json_text, get_schema, json_schema_of, list_schemas
from schemas.source import parse_schema_text
from schemas.spec import ExtractionSchema

router = APIRouter()

_MAX_ANSWER_TOKENS = 32_768
# PDF 2.0 allows 127 bytes.
_MAX_PASSWORD_CHARS = 127
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


class Status(BaseModel):
    """Whether the service can work."""

    model_config = ConfigDict(frozen=True)

    status: str = "ok"
    engine: str | None = None
    model: str | None = None


def options_of(
    request: Request,
    reasoning: Annotated[ReasoningMode, Form()] = "off",
    grounding: Annotated[bool, Form()] = True,
    structured: Annotated[bool, Form()] = True,
    n_candidates: Annotated[int | None, Form(ge=1, le=64)] = None,
    adapter: Annotated[str | None, Form(max_length=128)] = None,
    adapter_fallback: Annotated[bool, Form()] = False,
    max_tokens: Annotated[int, Form(ge=1, le=_MAX_ANSWER_TOKENS)] = DEFAULT_MAX_TOKENS,
    n_examples: Annotated[int | None, Form(ge=0, le=8)] = None,
) -> ExtractionOptions:
    """Return the options that the form names; what it does not name is as the settings say."""
    return ExtractionOptions(
        reasoning=reasoning,
        grounding=grounding,
        structured=structured,
        n_candidates=n_candidates or request.app.state.n_candidates,
        adapter=adapter,
        adapter_fallback=adapter_fallback,
        max_tokens=max_tokens,
        n_examples=request.app.state.n_examples if n_examples is None else n_examples,
    )


def schema_of(asked: Annotated[str, Form(alias="schema", max_length=262_144)]) -> ExtractionSchema:
    """Return the schema of that name, or of that JSON Schema text; never a file's."""
    return from_json_text(asked) if asked.lstrip().startswith("{") else get_schema(asked)


def pipeline_of(request: Request) -> Pipeline:
    """Return the service's pipeline."""
    return request.app.state.pipeline


def opening_pipeline_of(
    pipeline: Annotated[Pipeline, Depends(pipeline_of)],
    password: Annotated[SecretStr | None, Form(max_length=_MAX_PASSWORD_CHARS)] = None,
) -> Pipeline:
    """Return the service's pipeline, or one on the same engine that opens files with `password`."""
    if password is None:
        return pipeline
    read_options = replace(pipeline.read_options, password=password.get_secret_value())
    return Pipeline(
        engine=pipeline.engine,
        read_options=read_options,
        examples=pipeline.examples,
        adapters=pipeline.adapters,
    )


def runner_of(request: Request) -> Runner:
    """Return the pool of threads that extracts."""
    return request.app.state.runner


def readiness_of(request: Request) -> Readiness:
    """Return what is known of the engine."""
    return request.app.state.readiness


def keeping_book_of(request: Request) -> ExampleBook | None:
    """Return where answers are kept until they are confirmed; None if they are not."""
    return request.app.state.book if request.app.state.keeps_answers else None


@router.post("/v1/extractions")
async def create_extraction(
    file: Annotated[UploadFile, File()],
    schema: Annotated[ExtractionSchema, Depends(schema_of)],
    options: Annotated[ExtractionOptions, Depends(options_of)],
    pipeline: Annotated[Pipeline, Depends(opening_pipeline_of)],
    runner: Annotated[Runner, Depends(runner_of)],
    book: Annotated[ExampleBook | None, Depends(keeping_book_of)],
) -> Extraction:
    """Extract one document while the caller waits."""
    data = await file.read()

    def work() -> Extraction:
        result = pipeline.extract(data, schema, options=options)
        answer = result.extraction
        kept = book and book.keep(
            result.document, schema, answer.output.value, adapter_sha256=answer.adapter_sha256
        )
        return answer.model_copy(update={"extraction_id": kept})

    return await runner.run(work)


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


@router.get("/livez")
async def livez() -> Status:
    """Say that the process answers."""
    return Status()


@router.get("/readyz")
async def readyz(
    pipeline: Annotated[Pipeline, Depends(pipeline_of)],
    readiness: Annotated[Readiness, Depends(readiness_of)],
) -> Status:
    """Say whether the engine is there: the model loaded, or the server once reached; 5xx while it is not."""
    await readiness.check(pipeline.engine)
    return Status(engine=pipeline.engine.name, model=pipeline.engine.model)


@router.get("/version")
async def version() -> dict[str, str]:
    """Return the version of the service."""
    return {"version": distribution_version("rasg")}
