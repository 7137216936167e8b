"""A number that is written over another is one word, though the library keeps equal glyphs of one alone."""

from __future__ import annotations

import pytest

from schemas.document import ReadWarning
from tests.ocr.files import pdf, text_at
from tests.ocr.test_digit_shapes import scan

COVER = "q 1 g 295 596 120 14 re f Q\n"
PROSE = text_at(60, 700, "Invoice for the work in the third week of March")


def read(old: str, new: str) -> tuple[list[str], tuple[ReadWarning, ...]]:
    scanned = scan(pdf(PROSE + text_at(300, 600, old) + COVER + text_at(300, 600, new)))
    return [word.text for word in scanned.words if word.bbox.top > 0.2], scanned.warnings


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("145.00", "145.50"),
        ("145.00", "175.00"),
        ("45.00", "12.00"),
        ("1,145.00", "9,150.50"),
        ("123456.78", "193959.79"),
        ("45.00", "-45.00"),
        ("145.00", "1450.0"),
    ],
)
def test_the_number_that_is_written_over_another_is_read(old: str, new: str) -> None:
    words, warnings = read(old, new)
    assert words == [new]
    assert [w.code for w in warnings] == ["hidden_text"]


def test_what_is_left_of_a_covered_number_joins_no_neighbour() -> None:
    content = PROSE + text_at(300, 600, "45.00") + "q 1 g 298 596 8.5 14 re f Q\n" + text_at(340, 600, "7")
    assert [word.text for word in scan(pdf(content)).words if word.bbox.top > 0.2] == ["5.00", "7"]
