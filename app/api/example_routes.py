"""The routes of examples: what the service has been taught, and teaching it more."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Path, Query, UploadFile
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from app.api.deps import RequestPipeline, RequestTenant, Schema, State
from app.api.forms import CHECKED_FORM, TextOrFile
from app.api.json_body import documented, holds_too_much, json_body
from app.examples.importing import add_annotated_file
from app.examples.service import Added, FeedbackVerdict
from schemas.distinct_json import load_object
from schemas.errors import InputError
from schemas.example import Example, ExampleSource

router = APIRouter()

_MAX_ANSWER_BYTES = 10_000_000
_Id = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


class ExampleSummary(BaseModel):
    """An example without the page's text."""

    model_config = ConfigDict(frozen=True)

    example_id: str
    document_sha256: str
    page_number: int
    schema_name: str
    source: ExampleSource
    confirmed_by: str
    created_at: AwareDatetime
    answer: dict[str, JsonValue]

    @classmethod
    def of(cls, example: Example) -> ExampleSummary:
        """Return what of an example is sent."""
        return cls(
            example_id=example.example_id,
            document_sha256=example.document_sha256,
            page_number=example.page_index + 1,
            schema_name=example.schema_name,
            source=example.source,
            confirmed_by=example.confirmed_by,
            created_at=example.created_at,
            answer=example.answer,
        )


class ExampleList(BaseModel):
    """Examples in the order of insertion; `next` asks for those that follow, None at the end."""

    model_config = ConfigDict(frozen=True)

    examples: tuple[ExampleSummary, ...]
    next: int | None


class AddedExamples(BaseModel):
    """What became of an annotation: its examples, and the paths of values that no page shows."""

    model_config = ConfigDict(frozen=True)

    examples: tuple[ExampleSummary, ...]
    not_on_the_page: tuple[str, ...]
    n_thinned: int

    @classmethod
    def of(cls, added: Added) -> AddedExamples:
        """Return what is sent of `added`."""
        return cls(
            examples=tuple(ExampleSummary.of(example) for example in added.examples),
            not_on_the_page=added.ungrounded,
            n_thinned=added.n_thinned,
        )


class Feedback(BaseModel):
    """What a person says of an answer.

    `value` is the whole corrected answer under the schema that was asked, and only a correction has it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    verdict: FeedbackVerdict
    value: dict[str, JsonValue] | None = None
    confirmed_by: str = Field(max_length=128)


def answer_of(
    answer: Annotated[bytes | None, TextOrFile(max_length=_MAX_ANSWER_BYTES)] = None,
) -> dict[str, JsonValue] | None:
    """Return the annotation in the form, text or a file; None for an e-invoice, which has its own."""
    if answer is None:
        return None
    if holds_too_much(answer):
        raise InputError("answer holds too many values")
    return load_object(answer, name="answer")


@router.post("/v1/examples", status_code=201, dependencies=[CHECKED_FORM])
async def create_example(
    file: Annotated[UploadFile, File()],
    confirmed_by: Annotated[str, Form(max_length=128)],
    schema: Schema,
    answer: Annotated[dict[str, JsonValue] | None, Depends(answer_of)],
    pipeline: RequestPipeline,
    state: State,
    tenant: RequestTenant,
) -> AddedExamples:
    """Keep an annotated document's pages as examples; an e-invoice needs no answer."""
    data = await file.read()

    def work() -> AddedExamples:
        options = pipeline.read_options
        added = add_annotated_file(
            data,
            answer,
            service=tenant.example_service,
            schema=schema,
            options=options,
            confirmed_by=confirmed_by,
        )
        return AddedExamples.of(added)

    return await state.extractions.run(work)


@router.get("/v1/examples")
async def examples(
    state: State,
    tenant: RequestTenant,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> ExampleList:
    """List examples, the oldest first."""

    def work() -> ExampleList:
        example_service = tenant.example_service
        found = example_service.store.page(example_service.tenant, after=after, limit=limit)
        return ExampleList(
            examples=tuple(ExampleSummary.of(stored.example) for stored in found),
            next=found[-1].seq if len(found) == limit else None,
        )

    return await state.lookups.run(work)


@router.get("/v1/examples/{example_id}")
async def example(
    example_id: _Id,
    state: State,
    tenant: RequestTenant,
) -> ExampleSummary:
    """Return one example."""
    return await state.lookups.run(
        lambda: ExampleSummary.of(tenant.example_service.store.get(tenant.example_service.tenant, example_id))
    )


@router.delete("/v1/examples/{example_id}", status_code=204)
async def delete_example(
    example_id: _Id,
    removed_by: Annotated[str, Query(max_length=128)],
    state: State,
    tenant: RequestTenant,
) -> None:
    """Delete an example, contents and all."""
    await state.lookups.run(lambda: tenant.example_service.remove([example_id], actor=removed_by))


@router.post("/v1/extractions/{extraction_id}/feedback", openapi_extra=documented(Feedback))
async def feedback(
    extraction_id: _Id,
    said: Annotated[Feedback, Depends(json_body(Feedback))],
    state: State,
    tenant: RequestTenant,
) -> AddedExamples:
    """Confirm, correct or reject an answer; what is confirmed or corrected is an example at once."""

    def work() -> AddedExamples:
        added = tenant.example_service.feedback(
            extraction_id, said.verdict, value=said.value, confirmed_by=said.confirmed_by
        )
        return AddedExamples.of(added)

    return await state.lookups.run(work)
