"""Signs and digits that one wrong entry of a font's map changes are looked at."""

from __future__ import annotations

import pytest

from ocr.reader import ReadOptions, read_document
from tests.ocr.test_digit_shapes import numbers, scan

TEXT = "Total 1085.88 and -2347,96"


@pytest.mark.parametrize(("drawn", "said"), ["71", "17", "38", "83", "69", "96", "08", "80", "56", "49"])
def test_a_digit_that_says_another_is_looked_at(drawn: str, said: str) -> None:
    scanned = scan(numbers(f"Total {drawn}{drawn},{drawn}{drawn}", shift=0, says={drawn: said, said: " "}))
    assert scanned.ocr == "check"


@pytest.mark.parametrize(("drawn", "said"), ["71", "17", "83", "38", "80", "65"])
def test_two_glyphs_of_a_font_that_say_the_same_digit_are_looked_at(drawn: str, said: str) -> None:
    assert scan(numbers("Total 1085.88 and 2347.96", shift=0, says={drawn: said})).ocr == "check"


@pytest.mark.parametrize("sign", [".", "+", "e", "=", "'", "\ue000", "\u00ac", "1"])
def test_a_minus_that_says_another_sign_is_looked_at(sign: str) -> None:
    assert scan(numbers(TEXT, shift=0, says={"-": sign})).ocr == "check"


@pytest.mark.parametrize("sign", ["'", "-", ":", "l", "1", "\u00ad"])
def test_a_decimal_mark_that_says_another_sign_is_looked_at(sign: str) -> None:
    assert scan(numbers(TEXT, shift=0, says={",": sign})).ocr == "check"


@pytest.mark.parametrize(("drawn", "said"), [(",", "."), (".", ",")])
def test_a_point_that_is_drawn_as_a_comma_is_looked_at(drawn: str, said: str) -> None:
    data = numbers(f"Total 1{drawn}234", shift=0, says={drawn: said})
    assert scan(data).ocr == "check"
    document = read_document(data, options=ReadOptions(n_workers=1))
    assert f"1{drawn}234" in document.pages[0].text
    assert [w.code for w in document.warnings] == ["hidden_text"]


@pytest.mark.parametrize(
    "text", [TEXT, "(12,5%) 3/4 x 2 = 1.234,-", "10:30 12.05.-13.05. a+1", "~12 #3 *4 5&6"]
)
def test_honest_signs_are_not_looked_at(text: str) -> None:
    shown = text.replace("(", "\\(").replace(")", "\\)")
    assert scan(numbers(shown, shift=0)).ocr == "nothing"


def test_what_is_drawn_is_read_and_said_to_be_another_than_the_layer_says() -> None:
    document = read_document(
        numbers("Total 77,77", shift=0, says={"7": "1", "1": " "}), options=ReadOptions(n_workers=1)
    )
    assert [w.code for w in document.warnings] == ["hidden_text"]
    assert "77,77" in document.pages[0].text
    assert "11,11" not in document.pages[0].text
