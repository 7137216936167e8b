"""What confirmed pages do to an answer: fields that they teach, and files that were answered before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import JsonValue

from app.extraction.prompt_examples import nearest_hits
from app.extraction.window_request import WindowRequest
from decoding.checks.completeness import find_evidence
from decoding.grounding.ground import ground_extraction
from decoding.merging import WindowAnswer
from decoding.transfer.lessons import Lesson, Said, Taught, find_taught
from ocr.layout import page_text
from schemas.document import Document
from schemas.extraction import Extraction, ExtractionWarning, FieldMetadata, Output, Usage
from schemas.spec import ExtractionSchema, Path, json_path, single_fields
from schemas.validate import validate_output
from schemas.walk import value_at, with_values

if TYPE_CHECKING:  # the search brings a database and an index with it
    from app.extraction.finder import ExampleFinder

_PAGE_BREAK = "\n\n"
# The name in the place of an engine's and a model's where a person's answer was given.
CONFIRMED = "confirmed"


def teach_answer(
    answer: WindowAnswer,
    requests: Sequence[WindowRequest],
    document: Document,
    schema: ExtractionSchema,
    *,
    asks_for: Callable[[Path], bool] = lambda _: True,
) -> WindowAnswer:
    """Return the answer with the fields that confirmed pages like these teach (`decoding.transfer.lessons`).

    Only of those that are asked for.
    The metadata of a taught field says which example taught it. What would break the schema is not taught.
    """
    lessons = _lessons(requests, document)
    if not lessons:
        return answer
    said = {path: _said(answer, path) for path, _ in single_fields(schema.root) if asks_for(path)}
    taught = find_taught(said, lessons, schema)
    value = _with_taught(answer, taught, schema)
    broken = {path for path, _ in validate_output(value, schema)}
    if broken & taught.keys():
        taught = {path: lesson for path, lesson in taught.items() if path not in broken}
        value = _with_taught(answer, taught, schema)
    if not taught:
        return answer
    known = {
        path: FieldMetadata(
            confidence=lesson.probability, probability=lesson.probability, taught_by=lesson.example_id
        )
        for path, lesson in taught.items()
    }
    pages = {path: indices for path, indices in answer.page_indices.items() if path not in taught}
    return replace(answer, value=value, metadata={**answer.metadata, **known}, page_indices=pages)


def _lessons(requests: Iterable[WindowRequest], document: Document) -> list[Lesson]:
    """Return the confirmed pages that were found for any window, each once, the nearest first."""
    hits = nearest_hits(request.found for request in requests)
    if not hits:
        return []
    text = _PAGE_BREAK.join(page_text(document, index) for index in range(len(document.pages)))
    return [Lesson(hit.example, hit.similarity_score, text) for hit in hits]


def _said(answer: WindowAnswer, path: Path) -> Said:
    known = answer.metadata.get(path)
    confidence = None if known is None else known.probability
    return Said(value=value_at(dict(answer.value), path), confidence=confidence)


def _with_taught(
    answer: WindowAnswer, taught: Mapping[Path, Taught], schema: ExtractionSchema
) -> dict[str, JsonValue]:
    return with_values(schema.root, answer.value, {path: lesson.value for path, lesson in taught.items()})


def find_confirmed_extraction(
    finder: ExampleFinder, document: Document, schema: ExtractionSchema
) -> Extraction | None:
    """Return what a person confirmed of this very file, with the places of its values; None if nobody did.

    The warning `known_document` says whose answer it is.
    """
    example = finder.find_confirmed(document.sha256, schema)
    if example is None or example.confirmed is None or validate_output(example.confirmed, schema):
        return None
    grounded = ground_extraction(example.confirmed, schema, document)
    known = {"confidence": 1.0, "taught_by": example.example_id}
    when = example.created_at.date().isoformat()
    warning = ExtractionWarning(
        code="known_document",
        message=f"{example.confirmed_by} confirmed an answer to this file on {when}, which is given",
    )
    return Extraction(
        document_sha256=document.sha256,
        schema_name=schema.name,
        status="succeeded",
        output=Output(
            value=example.confirmed,
            metadata={
                json_path(path): entry.model_copy(update=known) for path, entry in grounded.metadata.items()
            },
        ),
        warnings=(warning,),
        usage=Usage(n_pages=len(document.pages), n_windows=0, n_prompt_tokens=0, n_completion_tokens=0),
        engine=CONFIRMED,
        model=CONFIRMED,
        completeness=find_evidence(grounded, document, {}),
    )
