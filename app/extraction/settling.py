"""Where an answer stands on the page, and what that does to it: of two amounts the one that fits is given."""

from __future__ import annotations

import math
from dataclasses import replace

from decoding.checks.payments import settle_payments
from decoding.checks.settle import settle_sums
from decoding.checks.span_edges import mend_edges
from decoding.checks.validity import withdraw_invalid
from decoding.grounding.ground import ground_extraction
from decoding.grounding.occurrences import DocumentIndex
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

    Copied texts have the ends that the page shows (`decoding.checks.span_edges`).

    Raises
    ------
    OutputParseError
        If a value that breaks the schema must not be null.
    """
    valid, refused = withdraw_invalid(answer, schema)
    grounded = ground_extraction(valid.value, schema, document, page_indices=valid.page_indices)
    valid, grounded = _mend_edges(valid, grounded, document, schema)
    if not by_sums:
        return valid, grounded, refused
    given, settled = _settle(valid, grounded, document, schema)
    if settled:
        grounded = ground_extraction(given.value, schema, document, page_indices=given.page_indices)
    return given, grounded, (*refused, *settled)


def _mend_edges(
    answer: WindowAnswer, grounded: GroundingResult, document: Document, schema: ExtractionSchema
) -> tuple[WindowAnswer, GroundingResult]:
    """Return the answer with the ends of texts that the page asks for, but for what is taught."""
    probabilities = {path: known.probability for path, known in answer.metadata.items()}
    found = mend_edges(grounded, document, probabilities)
    mended = {path: text for path, text in found.items() if not _is_taught(answer, path)}
    value = with_values(schema.root, answer.value, dict(mended))
    if not mended or any(path in mended for path, _ in validate_output(value, schema)):
        return answer, grounded
    answer = replace(answer, value=value)
    return answer, ground_extraction(value, schema, document, page_indices=answer.page_indices)


def _settle(
    answer: WindowAnswer, grounded: GroundingResult, document: Document, schema: ExtractionSchema
) -> tuple[WindowAnswer, tuple[ExtractionWarning, ...]]:
    """Return the answer with the amounts that its sums and payments ask for, and a warning for each of them.

    What a confirmed page teaches stays, and nothing that would break the schema is given.
    """
    others = {path: found for path, found in answer.others.items() if not _is_taught(answer, path)}
    if not any(others.values()):
        return answer, ()
    index = DocumentIndex(document.pages)
    by_sum = settle_sums(grounded, others, index.style)
    by_payment = settle_payments(grounded, others, index)
    settled = {**by_payment, **by_sum}
    value = with_values(schema.root, answer.value, {path: other.value for path, other in settled.items()})
    if not settled or any(path in settled for path, _ in validate_output(value, schema)):
        return answer, ()
    metadata = {path: _less_likely(answer.metadata.get(path), other) for path, other in settled.items()}
    warnings = tuple(_warn(path, by_sum=path in by_sum) for path in settled)
    return replace(answer, value=value, metadata={**answer.metadata, **metadata}), warnings


def _warn(path: Path, *, by_sum: bool) -> ExtractionWarning:
    if by_sum:
        return ExtractionWarning(
            code="settled_by_sum",
            message="of two amounts on the page the one is given with which the sums come out; "
            "the other seemed likelier",
            path=json_path(path),
        )
    return ExtractionWarning(
        code="settled_by_payment",
        message="of two amounts on the page the one is given that was paid for; the other seemed likelier, "
        "and is what was handed over",
        path=json_path(path),
    )


def _is_taught(answer: WindowAnswer, path: Path) -> bool:
    known = answer.metadata.get(path)
    return known is not None and known.taught_by is not None


def _less_likely(known: FieldMetadata | None, other: OtherValue) -> FieldMetadata:
    """Return the metadata of the other value, with what the model gave for it."""
    before = None if known is None else known.probability
    probability = None if before is None else before * math.exp(-other.gap)
    return FieldMetadata(confidence=probability, probability=probability)
