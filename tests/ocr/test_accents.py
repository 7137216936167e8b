"""Letters and accents that a file prints over each other."""

from __future__ import annotations

import pytest

from tests.ocr.files import text_at
from tests.ocr.test_word_breaks import texts

# Widths of Helvetica: "u" 0.556, the diaeresis 0.333 of 12 points; its middle over that of the "u".
_DIAERESIS = text_at(81.34, 700, "\u00a8")
_LETTER = text_at(80, 700, "u")


@pytest.mark.parametrize("drawn", [_DIAERESIS + _LETTER, _LETTER + _DIAERESIS])
def test_an_accent_over_a_letter_is_one_with_it_in_either_order(drawn: str) -> None:
    assert texts(text_at(70, 700, "M") + drawn) == ["M\u00fc"]


def test_an_accent_set_by_one_operation_is_one_with_its_letter() -> None:
    # As TeX does: the accent, back by its width and half the difference, the letter.
    assert texts("BT /F1 12 Tf 72 700 Td [(M\u00f6b B) -111 (\u00a8) 444 (uro)] TJ ET") == [
        "M\u00f6b",
        "B\u00fcro",
    ]


@pytest.mark.parametrize("text", ["10~12", "x^2", "20\u00b0C", "`a"])
def test_the_same_marks_beside_a_letter_stay(text: str) -> None:
    assert texts(text_at(72, 700, text)) == [text]
