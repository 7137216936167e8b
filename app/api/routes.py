"""The routes: what comes in is checked here, the work is the pipeline's."""

from __future__ import annotations

from importlib.metadata import version as distribution_version
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from pydantic import BaseModel, ConfigDict, JsonValue

from app.api.runner import Runner
from app.pipeline import ExtractionOptions, Pipeline
from schemas.extraction import Extraction
from schemas.prompt import ReasoningMode
from schemas.registry import from_json_text, get_schema, json_schema_of, list_schemas
from schemas.spec import ExtractionSchema

router = APIRouter()

_MAX_ANSWER_TOKENS = 32_768


class SchemaSummary(BaseModel):
    """A schema that ships with the service."""

    model_config = ConfigDict(frozen=True)

    name: str
    version: str
    description: str


class Status(BaseModel):
    """Whether the service can work."""

    model_config = ConfigDict(frozen=True)

    status: str = "ok"
    engine: str | None = None
    model: str | None = None


def options_of(
    reasoning: Annotated[ReasoningMode, Form()] = "off",
    grounding: Annotated[bool, Form()] = True,
    structured: Annotated[bool, Form()] = True,
    n_candidates: Annotated[int, Form(ge=1, le=64)] = 4,
    adapter: Annotated[str | None, Form(max_length=128)] = None,
    max_tokens: Annotated[int, Form(ge=1, le=_MAX_ANSWER_TOKENS)] = 2048,
) -> ExtractionOptions:
    """Return the options that the form names."""
    return ExtractionOptions(
        reasoning=reasoning,
        grounding=grounding,
        structured=structured,
        n_candidates=n_candidates,
        adapter=adapter,
        max_tokens=max_tokens,
    )


def schema_of(asked: Annotated[str, Form(alias="schema", max_length=262_144)]) -> ExtractionSchema:
    """Return the schema of that name, or of that JSON Schema text; never a file's."""
    return from_json_text(asked) if asked.lstrip().startswith("{") else get_schema(asked)


def pipeline_of(request: Request) -> Pipeline:
    """Return the service's pipeline."""
    return request.app.state.pipeline


def runner_of(request: Request) -> Runner:
    """Return the service's pool of threads."""
    return request.app.state.runner


@router.post("/v1/extractions")
async def create_extraction(
    file: Annotated[UploadFile, File()],
    schema: Annotated[ExtractionSchema, Depends(schema_of)],
    options: Annotated[ExtractionOptions, Depends(options_of)],
    pipeline: Annotated[Pipeline, Depends(pipeline_of)],
    runner: Annotated[Runner, Depends(runner_of)],
) -> Extraction:
    """Extract one document while the caller waits."""
    data = await file.read()
    return await runner.run(lambda: pipeline.extract(data, schema, options=options).extraction)


@router.get("/v1/schemas")
async def schemas() -> list[SchemaSummary]:
    """List the schemas that ship with the service."""
    return [SchemaSummary(name=s.name, version=s.version, description=s.description) for s in list_schemas()]


@router.get("/v1/schemas/{name}")
async def schema(name: str) -> dict[str, JsonValue]:
    """Return one schema as JSON Schema."""
    return json_schema_of(get_schema(name))


@router.get("/livez")
async def livez() -> Status:
    """Say that the process answers."""
    return Status()


@router.get("/readyz")
async def readyz(
    pipeline: Annotated[Pipeline, Depends(pipeline_of)], runner: Annotated[Runner, Depends(runner_of)]
) -> Status:
    """Say whether the engine is loaded and answers; 503 while it is not."""
    await runner.run(lambda: pipeline.engine.max_context_tokens)
    return Status(engine=pipeline.engine.name, model=pipeline.engine.model)


@router.get("/version")
async def version() -> dict[str, str]:
    """Return the version of the service."""
    return {"version": distribution_version("rasg")}
