"""What is known of an answer: where its values stand, how sure they are, and what is doubtful about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.extraction.confidence import describe_leaves
from app.extraction.cursor import Rest
from app.extraction.options import ExtractionOptions
from app.extraction.settling import ground_answer
from app.extraction.teaching import teach_answer
from app.extraction.window_completion import warn_of_cuts
from app.extraction.window_extractor import DocumentAnswer
from app.extraction.window_request import (
    WindowRequest,
    list_seen_rows,
    list_taught_rows,
    warn_of_examples,
)
from decoding.checks.answer import check_answer, list_reading_warnings
from decoding.checks.completeness import find_evidence, warn_of_taught_rows
from decoding.grounding.result import GroundingResult
from decoding.merging import WindowAnswer
from schemas.completeness import Completeness
from schemas.document import Document
from schemas.extraction import ExtractionWarning, FieldMetadata
from schemas.spec import ExtractionSchema, Path
from schemas.value_calibration import ValueCalibration

# What is said of a list or of sums as a whole, which a part of an answer cannot be held to.
_OF_ALL_ROWS = frozenset(("list_incomplete", "sum_mismatch"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked about a document.

    `rests` are what a call that went on from a cursor was asked for: the answer is what an earlier one left
    out. None if it is of the whole document.
    """

    document: Document
    schema: ExtractionSchema
    options: ExtractionOptions
    requests: tuple[WindowRequest, ...]
    rests: tuple[Rest, ...] | None

    @property
    def is_part(self) -> bool:
        """Return whether the answer is of what an earlier one left out."""
        return self.rests is not None

    def asks_for(self, path: Path) -> bool:
        """Return whether a value outside of lists was asked for, and not given before."""
        return self.rests is None or any(path in rest.keys for rest in self.rests)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedAnswer:
    """An answer as it is given, and what is known of it."""

    given: WindowAnswer
    metadata: Mapping[Path, FieldMetadata]
    completeness: Completeness
    warnings: tuple[ExtractionWarning, ...]


def check_document_answer(
    asked: Asked, answer: DocumentAnswer, calibration: ValueCalibration | None
) -> CheckedAnswer:
    """Return the answer with what confirmed pages teach and sums decide, and all that is doubtful about it.

    Raises
    ------
    OutputParseError
        If a value that breaks the schema must not be null.
    """
    document, options = asked.document, asked.options
    said = answer.merged
    if options.lessons:
        said = teach_answer(said, asked.requests, document, asked.schema, asks_for=asked.asks_for)
    by_sums = options.sums and not asked.is_part
    given, grounded, corrected = ground_answer(
        said, document, asked.schema, by_sums=by_sums, is_part=asked.is_part
    )
    completeness = _find_completeness(asked, grounded)
    return CheckedAnswer(
        given=given,
        metadata=describe_leaves(given, grounded, document, completeness, calibration),
        completeness=completeness,
        warnings=(
            *list_reading_warnings(document),
            *warn_of_examples(asked.requests),
            *warn_of_cuts(answer.decoded, is_whole=not answer.rests),
            *answer.conflicts,
            *corrected,
            *_check(asked, grounded, completeness),
            *warn_of_taught_rows(list_taught_rows(asked.requests), document),
        ),
    )


def _find_completeness(asked: Asked, grounded: GroundingResult) -> Completeness:
    if asked.is_part:
        return Completeness()
    seen = list_seen_rows(asked.requests)
    taught = list_taught_rows(asked.requests)
    return find_evidence(grounded, asked.document, seen, taught)


def _check(
    asked: Asked, grounded: GroundingResult, completeness: Completeness
) -> Iterator[ExtractionWarning]:
    for warning in check_answer(grounded, completeness, asked.document):
        if not (asked.is_part and warning.code in _OF_ALL_ROWS):
            yield warning
