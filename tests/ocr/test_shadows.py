"""Letters that are drawn once more for a shadow are read once."""

from __future__ import annotations

import pytest

from tests.ocr.files import text_at
from tests.ocr.test_word_breaks import one_by_one, texts


def shadowed(text: str, shift: float, *, size: float) -> str:
    """Return operators for each letter of `text`, all of the shadow first."""
    shadow = one_by_one(60 + shift, 600 - shift, text, size=size)
    return shadow + one_by_one(60, 600, text, size=size)


@pytest.mark.parametrize("size", [8, 10, 14])
@pytest.mark.parametrize("shift", [1, 2])
def test_letters_and_their_shadows_are_one_word(shift: float, size: float) -> None:
    assert texts(shadowed("4,411.22", shift, size=size)) == ["4,411.22"]


@pytest.mark.parametrize("size", [8, 10])
def test_letters_each_before_its_shadow_are_one_word(size: float) -> None:
    drawn = "".join(
        text_at(round(60 + 0.556 * size * i, 2), 600, letter, size=size)
        + text_at(round(61 + 0.556 * size * i, 2), 599, letter, size=size)
        for i, letter in enumerate("123345")
    )
    assert texts(drawn) == ["123345"]


@pytest.mark.parametrize("text", ["11", "1", "1.1", "4,411.22", "Total 88.20"])
def test_a_short_line_and_its_shadow_are_read_once(text: str) -> None:
    drawn = text_at(62, 598, text, size=8, before=".7 g") + text_at(60, 600, text, size=8)
    assert texts(drawn) == text.split()


def test_a_line_in_two_operations_over_a_shadow_in_one_is_read_once() -> None:
    drawn = text_at(62, 598, "Total 88.20", size=14, before=".7 g")
    drawn += text_at(60, 600, "Total", size=14) + text_at(96.6, 600, "88.20", size=14)
    assert texts(drawn) == ["Total", "88.20"]


def test_equal_letters_side_by_side_are_no_shadows() -> None:
    assert texts(one_by_one(60, 600, "110011 ll,,", size=8)) == ["110011", "ll,,"]
    dots = "".join(text_at(60 + 2 * i, 600, ".", size=8) for i in range(20))
    assert "".join(texts(dots)) == "." * 20


def test_another_number_a_little_off_is_no_shadow() -> None:
    words = texts(text_at(60, 600, "12.00", size=8) + text_at(62, 598, "12.99", size=8))
    assert sorted("".join(words)) == sorted("12.0012.99")
