"""What routes depend on: one typed state, and what forms say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends, Form, Request
from pydantic import SecretStr

from app.api.readiness import Readiness
from app.api.runner import Runner
from app.examples.book import ExampleBook
from app.extraction.answering import ExtractionOptions
from app.extraction.pipeline import Pipeline
from decoding.engines.engine import DEFAULT_MAX_TOKENS
from schemas.prompt import ReasoningMode
from schemas.registry import from_json_text, get_schema
from schemas.spec import ExtractionSchema

_MAX_ANSWER_TOKENS = 32_768
# PDF 2.0 allows 127 bytes.
_MAX_PASSWORD_CHARS = 127


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceState:
    """What the service is made of while it runs, kept as `app.state.service`.

    Attributes
    ----------
    keeps_answers
        Whether answers are kept until they are confirmed.
    n_candidates, n_examples
        Of requests that do not say.
    """

    pipeline: Pipeline
    book: ExampleBook
    runner: Runner
    readiness: Readiness
    keeps_answers: bool
    n_candidates: int
    n_examples: int


def state_of(request: Request) -> ServiceState:
    """Return what the service is made of."""
    return request.app.state.service


State = Annotated[ServiceState, Depends(state_of)]


def schema_of(asked: Annotated[str, Form(alias="schema", max_length=262_144)]) -> ExtractionSchema:
    """Return the schema of that name, or of that JSON Schema text; never a file's."""
    return from_json_text(asked) if asked.lstrip().startswith("{") else get_schema(asked)


def options_of(
    state: State,
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
        n_candidates=n_candidates or state.n_candidates,
        adapter=adapter,
        adapter_fallback=adapter_fallback,
        max_tokens=max_tokens,
        n_examples=state.n_examples if n_examples is None else n_examples,
    )


def opening_pipeline_of(
    state: State, password: Annotated[SecretStr | None, Form(max_length=_MAX_PASSWORD_CHARS)] = None
) -> Pipeline:
    """Return the service's pipeline, or one on the same engine that opens files with `password`."""
    pipeline = state.pipeline
    if password is None:
        return pipeline
    read_options = replace(pipeline.read_options, password=password.get_secret_value())
    return Pipeline(
        engine=pipeline.engine,
        read_options=read_options,
        examples=pipeline.examples,
        adapters=pipeline.adapters,
    )


Schema = Annotated[ExtractionSchema, Depends(schema_of)]
Options = Annotated[ExtractionOptions, Depends(options_of)]
OpeningPipeline = Annotated[Pipeline, Depends(opening_pipeline_of)]
