"""Figures that a recogniser is not quite sure of are looked at again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.ctc import LineWord
from ocr.rapid import Image, Line, Quad, RapidEngine
from ocr.second_look import (
    FIRST_LOOKS,
    LAST_LOOK,
    compare,
    cut_word,
    differ,
    is_doubted,
    is_looked_at,
    judge,
)
from schemas.document import Word, WordSource
from schemas.geometry import BBox


def word(text: str, confidence: float = 0.9, start: float = 0.0, end: float = 1.0) -> LineWord:
    return LineWord(text, start, end, confidence)


@pytest.mark.parametrize(
    ("text", "confidence", "is_looked"),
    [
        ("12.09", 0.92, True),
        ("12.09", 0.99, False),
        ("TOTAL", 0.5, False),
        ("7", 0.5, False),
        ("", 0.0, False),
    ],
)
def test_what_has_figures_and_was_not_read_surely_is_looked_at(
    text: str, confidence: float, is_looked: bool
) -> None:
    assert is_looked_at(word(text, confidence)) is is_looked


@pytest.mark.parametrize(
    ("readings", "text", "other"),
    [
        (("12.09", "12.09"), "12.09", ""),
        (("12.09S", "8 12.09"), "12.09", ""),  # of the neighbours
        (("12.O9", "l2.09"), "12.09", ""),  # a zero and an O look the same
        (("12.00", "12.09"), "12.09", "12.00"),
        (("12.00", "12.00"), "12.09", "12.00"),  # two looks do not outvote the first
        (("12.00", "12.00", "12.09"), "12.09", "12.00"),
        (("12.00", "12.00", "12.06"), "12.09", "12.00"),
        (("12.00", "12.00", "12.00"), "12.00", "12.09"),
        (("", "", ""), "12.09", "?"),
    ],
)
def test_a_reading_that_differs_is_told_and_one_that_all_looks_share_is_given(
    readings: Sequence[str], text: str, other: str
) -> None:
    judged = judge(word("12.09"), readings)
    assert (judged.text, judged.other) == (text, other)
    assert judged[1:4] == word("12.09")[1:4]


@given(st.text(max_size=12), st.lists(st.text(max_size=12), min_size=2, max_size=3))
def test_a_word_never_loses_its_text_unless_all_looks_agree(text: str, readings: list[str]) -> None:
    judged = judge(word(text), readings)
    assert judged.text == text or (len(readings) == 3 and set(readings) == {judged.text})
    assert bool(judged.other) == any(differ(text, other) for other in readings) or not text


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 400, 3), (48, 3, 3), (300, 40, 3)])
def test_pictures_of_any_size_are_cut_and_changed(shape: tuple[int, ...]) -> None:
    line = np.full(shape, 200, np.uint8)
    for start, end in ((0.0, 1.0), (0.0, 0.0), (1.0, 1.0), (0.4, 0.6)):
        crop = cut_word(line, word("12.09", start=start, end=end))
        assert all(size >= 1 for size in crop.shape)
        for look in (*FIRST_LOOKS, LAST_LOOK):
            assert look(crop).shape[0] == crop.shape[0]


class _Scripted(RapidEngine):
    """Reads what a script says of each call, one text a picture; every word with 0.9, "sure" ones with 1."""

    def __init__(self, *script: Sequence[str]) -> None:
        super().__init__()
        self.calls: list[int] = []
        self._script = iter(script)

    def recognise(self, crops: Sequence[Image]) -> tuple[Line, ...]:
        self.calls.append(len(crops))
        texts = next(self._script) if crops else ()
        assert len(texts) == len(crops)
        return tuple(
            tuple(
                LineWord(text.removeprefix("sure:"), i / 10, (i + 1) / 10, 1.0 if "sure:" in text else 0.9)
                for i, text in enumerate(line.split())
            )
            for line in texts
        )


def _quads(n: int) -> list[Quad]:
    return [np.array([[0, y], [90, y], [90, y + 10], [0, y + 10]], np.float32) for y in range(0, 20 * n, 20)]


def read(engine: RapidEngine, n_lines: int) -> list[tuple[str, str]]:
    lines = engine.read_lines(np.full((200, 100, 3), 255, np.uint8), _quads(n_lines))
    return [(found.text, found.other_reading) for line in lines for found in line]


def test_only_figures_in_doubt_are_read_again_and_only_what_differs_a_third_time() -> None:
    engine = _Scripted(
        ["Total sure:99.00 12.09", "Tax 7.72", "6.38"],
        ["12.00", "7.74", "6.38"],  # coarser
        ["12.00", "7.72", "6.38"],  # thicker
        ["12.00"],  # wider
    )
    assert read(engine, 3) == [
        ("Total", ""),
        ("99.00", ""),
        ("12.00", "12.09"),
        ("Tax", ""),
        ("7.72", "7.74"),
        ("6.38", ""),
    ]
    assert engine.calls == [3, 3, 3, 1]


def test_a_page_without_doubts_is_read_once() -> None:
    engine = _Scripted(["sure:99.00 Total", ""])
    assert read(engine, 2) == [("99.00", ""), ("Total", "")]
    assert sum(engine.calls) == 2
    assert read(_Scripted(), 0) == []


def _printed(text: str, confidence: float, source: WordSource = "tesserocr") -> Word:
    return Word(text=text, bbox=BBox(0.1, 0.1, 0.4, 0.2), confidence=confidence, source=source)


@pytest.mark.parametrize(
    ("text", "confidence", "source", "expected"),
    [
        ("3650.00", 0.92, "tesserocr", True),
        ("3650.00", 0.96, "tesserocr", False),
        ("3650.00", 0.5, "rapidocr", False),  # it has looked already
        ("TOTAL", 0.5, "pytesseract", False),
    ],
)
def test_figures_of_another_engine_that_are_not_sure_are_compared(
    text: str, confidence: float, source: WordSource, expected: bool
) -> None:
    assert is_doubted(_printed(text, confidence, source), believed=0.95) is expected


@pytest.mark.parametrize(
    ("other", "sureness", "text", "other_reading"),
    [
        (("$650.00",), 0.99, "$650.00", "3650.00"),
        (("$650.00",), 0.92, "3650.00", "$650.00"),
        (("$650.00",), 0.8, "3650.00", ""),
        (("3650.00",), 0.99, "3650.00", ""),
        (("USD", "3650.00"), 0.99, "3650.00", ""),
        (("GOOD",), 0.99, "3650.00", ""),  # nothing to count with
        ((), 0.0, "3650.00", ""),
    ],
)
def test_the_surer_engine_is_believed_and_the_other_one_told(
    other: tuple[str, ...], sureness: float, text: str, other_reading: str
) -> None:
    compared = compare(_printed("3650.00", 0.9), [word(part, sureness) for part in other])
    assert (compared.text, compared.other_reading) == (text, other_reading)
    assert (compared.source == "rapidocr") == (text != "3650.00")


def test_a_word_whose_letters_the_other_engine_may_not_know_keeps_them() -> None:
    compared = compare(_printed("№3650", 0.9), [word("N650", 0.99)])
    assert (compared.text, compared.other_reading) == ("№3650", "N650")


def test_words_are_compared_where_they_stand() -> None:
    engine = _Scripted(["sure:$650.00"])
    words = (_printed("3650.00", 0.9), _printed("Net", 0.9), _printed("99.00", 0.99))
    found = engine.compare_figures(np.full((100, 100), 255, np.uint8), words, believed=0.95)
    assert [(w.text, w.other_reading) for w in found] == [("$650.00", "3650.00"), ("Net", ""), ("99.00", "")]
    assert engine.compare_figures(np.full((100, 100), 255, np.uint8), (), believed=1.0) == ()
