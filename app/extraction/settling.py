"""Where an answer stands on the page, and what its sums do to it: they come out with what is given."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from pydantic import JsonValue

from decoding.checks.named_nulls import find_named
from decoding.checks.printed_sums import find_printed_sums
from decoding.checks.set_apart_titles import drop_titles
from decoding.checks.settle import settle_sums
from decoding.checks.sole_date import find_sole_date
from decoding.checks.totals_on_page import find_totals
from decoding.checks.validity import withdraw_invalid
from decoding.grounding.ground import ground_extraction
from decoding.grounding.page_values import document_style
from decoding.grounding.result import GroundingResult
from decoding.merging import WindowAnswer
from schemas.document import Document, Page
from schemas.extraction import ExtractionWarning, FieldMetadata, OtherValue, WarningCode
from schemas.spec import ExtractionSchema, Path, json_path
from schemas.validate import validate_output
from schemas.values import NumberStyle
from schemas.walk import with_values


def ground_answer(
    answer: WindowAnswer,
    document: Document,
    schema: ExtractionSchema,
    *,
    by_sums: bool,
    is_part: bool = False,
) -> tuple[WindowAnswer, GroundingResult, tuple[ExtractionWarning, ...]]:
    """Return the answer as it is given, where its values stand, and what was withdrawn or settled in it.

    A document's title that stands apart is dropped from texts (`decoding.checks.set_apart_titles`). What
    is null and named on the page is given (`decoding.checks.named_nulls`), but for an answer that is the
    rest of an earlier one, whose nulls may be what that one gave.

    Raises
    ------
    OutputParseError
        If a value that breaks the schema must not be null.
    """
    valid, refused = withdraw_invalid(answer, schema)
    grounded = ground_extraction(valid.value, schema, document, page_indices=valid.page_indices)
    valid, grounded = _drop_titles(valid, grounded, document, schema)
    warnings = refused
    named = () if is_part else (_give_named,)
    for settle in (*named, _give_sole_date, *(_BY_SUMS if by_sums else ())):
        valid, settled = settle(valid, grounded, document, schema)
        if settled:
            grounded = ground_extraction(valid.value, schema, document, page_indices=valid.page_indices)
        warnings = (*warnings, *settled)
    return valid, grounded, warnings


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


def _give_named(
    answer: WindowAnswer, grounded: GroundingResult, document: Document, schema: ExtractionSchema
) -> tuple[WindowAnswer, tuple[ExtractionWarning, ...]]:
    """Return the answer with what was left out and the page names, each value that the schema admits."""
    message = "the page calls this value by the name of what is asked; none seemed likelier"
    told: tuple[ExtractionWarning, ...] = ()
    for path, text in find_named(grounded, document.pages, document_style(document.pages)).items():
        given = _Given(text, _unlike(answer.metadata.get(path)), message)
        answer, warnings = _give(answer, {path: given}, schema, "named_value")
        told += warnings
    return answer, told


def _give_sole_date(
    answer: WindowAnswer, grounded: GroundingResult, document: Document, schema: ExtractionSchema
) -> tuple[WindowAnswer, tuple[ExtractionWarning, ...]]:
    """Return the answer with the document's date, if it was left out and one date stands on the pages."""
    found = find_sole_date(grounded, document.pages, document_style(document.pages))
    if found is None:
        return answer, ()
    path, text = found
    message = "the document prints this date and no other; none seemed likelier"
    return _give(
        answer, {path: _Given(text, _unlike(answer.metadata.get(path)), message)}, schema, "sole_date"
    )


def _settle(
    answer: WindowAnswer, grounded: GroundingResult, document: Document, schema: ExtractionSchema
) -> tuple[WindowAnswer, tuple[ExtractionWarning, ...]]:
    """Return the answer with those of the amounts nearly given that its sums ask for."""
    others = {path: found for path, found in answer.others.items() if not _is_taught(answer, path)}
    if not any(others.values()):
        return answer, ()
    found = settle_sums(grounded, others, document_style(document.pages))
    message = (
        "of two amounts on the page the one is given with which the sums come out; the other seemed likelier"
    )
    given = {
        path: _Given(other.value, _less_likely(answer.metadata.get(path), other), message)
        for path, other in found.items()
    }
    return _give(answer, given, schema)


def _settle_totals(
    answer: WindowAnswer,
    grounded: GroundingResult,
    document: Document,
    schema: ExtractionSchema,
    *,
    find: Callable[[GroundingResult, Sequence[Page], NumberStyle], Mapping[Path, JsonValue]],
    message: str,
) -> tuple[WindowAnswer, tuple[ExtractionWarning, ...]]:
    """Return the answer with the totals that `find` gives for other amounts, or for none.

    `message` has a place for which of these it was.
    """
    found = find(grounded, document.pages, document_style(document.pages))
    given = {
        path: _Given(
            value,
            _unlike(answer.metadata.get(path)),
            message.format("none" if grounded.fields[path].value is None else "another one"),
        )
        for path, value in found.items()
    }
    return _give(answer, given, schema)


class _Given(NamedTuple):
    """What is given instead of a value, what is known of it, and why."""

    value: JsonValue
    metadata: FieldMetadata
    message: str


def _give(
    answer: WindowAnswer,
    given: Mapping[Path, _Given],
    schema: ExtractionSchema,
    code: WarningCode = "settled_by_sum",
) -> tuple[WindowAnswer, tuple[ExtractionWarning, ...]]:
    """Return the answer with other values and a warning of `code` for each, or as it is.

    What a confirmed page teaches stays, and nothing that would break the schema is given.
    """
    if not given or any(_is_taught(answer, path) for path in given):
        return answer, ()
    value = with_values(schema.root, answer.value, {path: each.value for path, each in given.items()})
    if any(path in given for path, _ in validate_output(value, schema)):
        return answer, ()
    metadata = {**answer.metadata, **{path: each.metadata for path, each in given.items()}}
    warnings = tuple(
        ExtractionWarning(code=code, message=each.message, path=json_path(path))
        for path, each in given.items()
    )
    return replace(answer, value=value, metadata=metadata), warnings


def _unlike(known: FieldMetadata | None) -> FieldMetadata:
    """Return the metadata of what is given in the place of another value: at most what that one left."""
    before = None if known is None else known.probability
    probability = None if before is None else 1 - before
    return FieldMetadata(confidence=probability, probability=probability)


def _is_taught(answer: WindowAnswer, path: Path) -> bool:
    known = answer.metadata.get(path)
    return known is not None and known.taught_by is not None


def _less_likely(known: FieldMetadata | None, other: OtherValue) -> FieldMetadata:
    """Return the metadata of the other value, with what the model gave for it."""
    before = None if known is None else known.probability
    probability = None if before is None else before * math.exp(-other.gap)
    return FieldMetadata(confidence=probability, probability=probability)


# In this order: what sums come out with depends on what was given before.
_BY_SUMS = (
    partial(
        _settle_totals,
        find=find_printed_sums,
        message="a sum that the page prints comes out with this amount; {} seemed likelier",
    ),
    _settle,
    partial(
        _settle_totals,
        find=find_totals,
        message="net, tax and total come out with this amount, which the page prints; {} seemed likelier",
    ),
)
