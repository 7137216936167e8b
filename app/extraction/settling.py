"""Where an answer stands on the page, and what its sums do to it: of two amounts the one that adds up."""

from __future__ import annotations

import math
from dataclasses import replace

from decoding.checks.set_apart_titles import drop_titles
from decoding.checks.settle import settle_sums
from decoding.checks.validity import withdraw_invalid
from decoding.grounding.ground import ground_extraction
from decoding.grounding.page_values import document_style
from decoding.grounding.result import GroundingResult
from decoding.merging import WindowAnswer
from schemas.document import Document
from schemas.extraction import ExtractionWarning, FieldMetadata, OtherValue
from schemas.spec import ExtractionSchema, Path, json_path
from schemas.validate import validate_output
from schemas.walk import with_values


def ground_answer(
    answer: WindowAnswer, document: Document, schema: ExtractionSchema, *, by_sums: bool
) -> tuple[WindowAnswer, GroundingResult, tuple[ExtractionWarning, ...]]:
    """Return the answer as it is given, where its values stand, and what was withdrawn or settled in it.

    A document's title that stands apart is dropped from texts (`decoding.checks.set_apart_titles`).

    Raises
    ------
    OutputParseError
        If a value that breaks the schema must not be null.
    """
    valid, refused = withdraw_invalid(answer, schema)
    grounded = ground_extraction(valid.value, schema, document, page_indices=valid.page_indices)
    valid, grounded = _drop_titles(valid, grounded, document, schema)
    if not by_sums:
        return valid, grounded, refused
    given, settled = _settle(valid, grounded, document, schema)
    if settled:
        grounded = ground_extraction(given.value, schema, document, page_indices=given.page_indices)
    return given, grounded, (*refused, *settled)


def _drop_titles(
    answer: WindowAnswer, grounded: GroundingResult, document: Document, schema: ExtractionSchema
) -> tuple[WindowAnswer, GroundingResult]:
    """Return the answer and its places without titles that stand apart, but for what is taught."""
    probabilities = {path: known.probability for path, known in answer.metadata.items()}
    found = drop_titles(grounded, document, probabilities)
    texts = {path: text for path, text in found.items() if not _is_taught(answer, path)}
    value = with_values(schema.root, answer.value, dict(texts))
    if not texts or any(path in texts for path, _ in validate_output(value, schema)):
        return answer, grounded
    answer = replace(answer, value=value)
    return answer, ground_extraction(value, schema, document, page_indices=answer.page_indices)


def _settle(
    answer: WindowAnswer, grounded: GroundingResult, document: Document, schema: ExtractionSchema
) -> tuple[WindowAnswer, tuple[ExtractionWarning, ...]]:
    """Return the answer with the amounts that its sums ask for, and a `settled_by_sum` for each of them.

    What a confirmed page teaches stays, and nothing that would break the schema is given.
    """
    others = {path: found for path, found in answer.others.items() if not _is_taught(answer, path)}
    if not any(others.values()):
        return answer, ()
    settled = settle_sums(grounded, others, document_style(document.pages))
    value = with_values(schema.root, answer.value, {path: other.value for path, other in settled.items()})
    if not settled or any(path in settled for path, _ in validate_output(value, schema)):
        return answer, ()
    metadata = {path: _less_likely(answer.metadata.get(path), other) for path, other in settled.items()}
    warnings = tuple(
        ExtractionWarning(
            code="settled_by_sum",
            message="of two amounts on the page the one is given with which the sums come out; "
            "the other seemed likelier",
            path=json_path(path),
        )
        for path in settled
    )
    return replace(answer, value=value, metadata={**answer.metadata, **metadata}), warnings


def _is_taught(answer: WindowAnswer, path: Path) -> bool:
    known = answer.metadata.get(path)
    return known is not None and known.taught_by is not None


def _less_likely(known: FieldMetadata | None, other: OtherValue) -> FieldMetadata:
    """Return the metadata of the other value, with what the model gave for it."""
    before = None if known is None else known.probability
    probability = None if before is None else before * math.exp(-other.gap)
    return FieldMetadata(confidence=probability, probability=probability)
