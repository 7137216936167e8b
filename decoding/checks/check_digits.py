"""Warnings of numbers whose own check says that they were misread, or are none."""

from __future__ import annotations

from decoding.grounding.code_checks import failed_codes
from decoding.grounding.result import GroundingResult
from schemas.extraction import ExtractionWarning
from schemas.spec import json_path


def check_digits(grounded: GroundingResult) -> tuple[ExtractionWarning, ...]:
    """Return a `check_digit_failed` for each number whose check digits do not fit it."""
    return tuple(
        ExtractionWarning(
            code="check_digit_failed",
            message=f"the check digits of this {kind} do not fit it: it was misread, or is none",
            path=json_path(path),
        )
        for path, kind in failed_codes(grounded)
    )
