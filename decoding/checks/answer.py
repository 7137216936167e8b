"""What is doubtful about an answer as a whole."""

from __future__ import annotations

from decoding.checks.check_digits import check_digits
from decoding.checks.completeness import warn_of_missing_rows
from decoding.checks.legibility import check_legibility
from decoding.checks.row_repeats import check_repeats
from decoding.checks.sums import warn_of_sums
from decoding.grounding.result import GroundingResult
from schemas.completeness import Completeness
from schemas.document import Document
from schemas.extraction import ExtractionWarning


def check_answer(
    grounded: GroundingResult, completeness: Completeness, document: Document
) -> tuple[ExtractionWarning, ...]:
    """Return what grounding doubts, what is hardly legible, and which sums, rows and check digits fail."""
    return (
        *grounded.warnings,
        *check_legibility(grounded, document),
        *warn_of_sums(completeness.sums),
        *warn_of_missing_rows(completeness),
        *check_repeats(grounded),
        *check_digits(grounded),
    )


def list_reading_warnings(document: Document) -> tuple[ExtractionWarning, ...]:
    """Return what reading doubted, as warnings of an answer."""
    return tuple(
        ExtractionWarning(code=warning.code, message=warning.message, page_number=warning.page_number)
        for warning in document.warnings
    )
