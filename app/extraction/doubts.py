"""What asks for a person's look at an extraction that is otherwise whole."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.extraction import Extraction, ExtractionWarning, ReviewReason


def add_doubts(extraction: Extraction, warnings: Sequence[ExtractionWarning]) -> Extraction:
    """Return the extraction with the warnings, to be reviewed; one that is partial stays so."""
    if not warnings:
        return extraction
    status = "partial" if extraction.status == "partial" else "needs_review"
    reasons = tuple(
        ReviewReason(code=w.code, message=w.message, path=w.path, page_number=w.page_number) for w in warnings
    )
    return extraction.model_copy(
        update={
            "status": status,
            "warnings": (*extraction.warnings, *warnings),
            "review": (*extraction.review, *reasons),
        }
    )
