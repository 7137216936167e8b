"""Signs of numbers that are drawn as lines and rectangles, or that no word of the layer has."""

from __future__ import annotations

import pytest

from ocr.reader import ReadOptions, read_document
from tests.ocr.test_digit_shapes import numbers, scan

# The text begins at (72, 700); at 12 points its digits are 8.6 points high.
MINUS = "66 703.4 4.5 1 re f"


@pytest.mark.parametrize("drawing", [MINUS, "1 w 66 704 m 70.5 704 l S", "62 703.4 4.5 1 re f"])
def test_a_line_before_a_number_is_looked_at(drawing: str) -> None:
    assert scan(numbers("77,77 EUR", shift=0, drawing=drawing)).ocr == "check"


def test_a_rectangle_between_two_numbers_is_looked_at() -> None:
    text = "77) Tj ET 88.6 698.5 1.4 2.4 re f BT /F1 12 Tf 91 700 Td (50"
    assert scan(numbers(text, shift=0)).ocr == "check"


def test_a_minus_that_the_library_takes_for_one_of_two_spaces_is_looked_at() -> None:
    assert scan(numbers("Total -77,77", shift=0, says={"-": " "})).ocr == "check"


@pytest.mark.parametrize(
    "drawing",
    [
        "70 698 60 0.7 re f",  # a rule below
        "0.5 w 66 696 60 16 re S",  # a box
        "70 703.6 34 0.7 re f",  # struck through
        "[2 2] 0 d 0.7 w 20 704 m 70 704 l S",  # dashes that lead to it
        "[1 3] 0 d 1 w 20 700.5 m 70 700.5 l S",  # dots that do
        "40 690 30 30 re f",  # a picture
        "58 701 3 3 re f",  # a bullet
    ],
)
def test_rules_boxes_and_leaders_are_no_signs(drawing: str) -> None:
    assert scan(numbers("77,77 EUR", shift=0, drawing=drawing)).ocr == "nothing"


def test_the_minus_is_read() -> None:
    document = read_document(numbers("77,77 EUR", shift=0, drawing=MINUS), options=ReadOptions(n_workers=1))
    (word,) = [word for word in document.pages[0].words if "77,77" in word.text]
    assert word.text == "-77,77"


def test_only_the_number_in_doubt_is_read_anew() -> None:
    """A rare word that OCR would misread, and text along the edge, stay as the layer has them."""
    beside = f"{MINUS} BT /F1 5 Tf 72 600 Td (Xq1l0 Zw5S8B) Tj ET BT /F1 9 Tf 0 1 -1 0 40 300 Tm (Copy) Tj ET"
    document = read_document(numbers("77,77 EUR", shift=0, drawing=beside), options=ReadOptions(n_workers=1))
    words = [word.text for word in document.pages[0].words]
    assert sorted(words) == sorted(["-77,77", "EUR", "Xq1l0", "Zw5S8B", "Copy"])


def test_of_two_numbers_the_one_with_the_mark_is_in_doubt() -> None:
    doubted = scan(numbers("77,77 EUR and 12,50", shift=0, drawing=MINUS)).doubted or ()
    assert [box.left * 612 for box in doubted] == [pytest.approx(72, abs=3)]
