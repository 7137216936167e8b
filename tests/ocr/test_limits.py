"""Limits on a document."""

from __future__ import annotations

import pytest

from ocr.limits import ReadLimits


def test_the_defaults_hold_the_largest_page_in_colour() -> None:
    limits = ReadLimits()
    assert limits.max_result_bytes >= 3 * limits.max_pixels_per_page


def test_a_limit_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="max_pages must be positive"):
        ReadLimits(max_pages=0)
