"""Words of a text layer stand where OCR reads them, and what is drawn wins."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ocr.confirming import agree, confirm
from schemas.document import Word
from schemas.geometry import BBox


def word(text: str, left: float, *, top: float = 0.5, confidence: float = 0.9) -> Word:
    box = BBox(left, top, left + 0.01 * len(text), top + 0.01)
    return Word(text=text, bbox=box, confidence=confidence)


def texts(words: Sequence[Word]) -> list[str]:
    return [each.text for each in words]


@pytest.mark.parametrize(
    ("text", "reading"),
    [("Rechnung", "Rechnunq"), ("Invoice", "lnvoice"), ("10.00", "1O.OO"), ("A–B", "A-B"), ("USD", "usd")],
)
def test_a_slip_of_ocr_is_agreement(text: str, reading: str) -> None:
    assert agree(text, reading)


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("19.90", "19.80"), ("1.000", "1,000"), ("2,10", "210"), ("5.00", "-5.00"), ("5.00-", "5.00"),
        ("USD", "AUD"), ("Total", "Tax"), ("...", "Pay"), ("4711", "Invoice"),
    ],
)  # fmt: skip
def test_other_figures_and_other_words_do_not_agree(text: str, reading: str) -> None:
    assert not agree(text, reading)


def test_a_word_that_is_read_keeps_its_spelling_and_one_that_is_not_is_replaced() -> None:
    layer = [word("Rechnung", 0.1), word("19.90", 0.3), word("planted", 0.6)]
    found = confirm(layer, [word("Rechnunq", 0.1), word("19.80", 0.3), word("logo", 0.8)])
    assert texts(found.kept) == ["Rechnung"]
    assert texts(found.added) == ["19.80", "logo"]
    assert texts(found.refused) == ["19.90", "planted"]


def test_the_same_word_elsewhere_confirms_nothing() -> None:
    assert confirm([word("100", 0.1)], [word("100", 0.5), word("100", 0.1, top=0.6)]).kept == ()


def test_of_two_words_in_one_place_the_one_that_is_read_is_kept() -> None:
    layer = [word("99999", 0.1), word("12345", 0.1)]
    found = confirm(layer, [word("12345", 0.1)])
    assert (texts(found.kept), found.added, found.in_doubt) == (["12345"], (), ())


def test_a_word_that_stands_twice_is_read_once() -> None:
    found = confirm([word("100", 0.1), word("100", 0.103)], [word("100", 0.1)])
    assert (texts(found.kept), texts(found.refused), found.in_doubt) == (["100"], ["100"], ())


def test_words_that_ocr_runs_together_or_parts_are_kept() -> None:
    together = confirm([word("12.50", 0.1), word("EUR", 0.15)], [word("12.50EUR", 0.1)])
    assert (texts(together.kept), together.added) == (["12.50", "EUR"], ())
    parted = confirm([word("12.50EUR", 0.1)], [word("12.50", 0.1), word("EUR", 0.15)])
    assert (texts(parted.kept), parted.added) == (["12.50EUR"], ())


def test_a_second_look_confirms_what_the_first_misread() -> None:
    layer = [word("Total", 0.1), word("2,10", 0.3), word(":", 0.5), word("1", 0.6), word("x9", 0.8)]
    first = confirm(layer, [word("Total", 0.1), word("210", 0.3), word("x8", 0.8)])
    assert texts(first.in_doubt) == ["2,10", ":", "1", "x9"]
    again = first.read_again([word("2,10", 0.3), word("1", 0.6)], layer)
    assert texts(again.kept) == ["Total", "2,10", ":", "1"]
    assert (texts(again.added), texts(again.refused)) == (["x8"], ["x9"])
    assert again.added[0].confidence == 0.25


def test_without_words_or_readings_nothing_is_confirmed() -> None:
    assert confirm([], [word("a", 0.1)]).added
    assert texts(confirm([word("a", 0.1)], []).refused) == ["a"]


@pytest.mark.parametrize("n", [3000])
def test_thousands_of_words_in_one_place_take_little_time(n: int) -> None:
    found = confirm([word(f"w{i}", 0.1) for i in range(n)], [word("read", 0.1) for _ in range(50)])
    assert found.kept == ()
