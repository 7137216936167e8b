"""Figures of a scan that a vertical rule cuts are told of, with what is read without the rule."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr.router import read_page_image
from ocr.ruled_figures import RuledFigure, find_ruled, find_rules, tell, without_rules
from schemas.document import Word
from schemas.geometry import BBox

ROWS = ("1,290.56 11", "2,847.30 12", "36.45 13", "907.81 14", "1,554.09 15", "4,123.77 17")


def table(rule_at: int | None, *, width: int = 2) -> Image.Image:
    image = Image.new("L", (700, 640), 255)
    draw = ImageDraw.Draw(image)
    for row, text in enumerate(ROWS):
        draw.text((80, 60 + 88 * row), text, fill=0, font=ImageFont.load_default(44))
    if rule_at is not None:
        draw.line((rule_at, 40, rule_at, 600), fill=0, width=width)
    return image


@pytest.mark.tesseract
@pytest.mark.parametrize("rule_at", [106, 172, 227])
def test_amounts_that_a_rule_cuts_are_told_of(rule_at: int) -> None:
    words = read_page_image(np.asarray(table(rule_at)), dpi=None).words
    read = {word.text for word in words}
    told = {part for word in words for part in word.other_reading.split()}
    assert all(row.split()[0] in read | told for row in ROWS)


@pytest.mark.tesseract
def test_a_rule_between_two_columns_changes_nothing() -> None:
    image = Image.new("L", (700, 640), 255)
    draw = ImageDraw.Draw(image)
    for row, text in enumerate(ROWS):
        for x, cell in zip((80, 330), text.split(), strict=True):
            draw.text((x, 60 + 88 * row), cell, fill=0, font=ImageFont.load_default(44))
    draw.line((300, 40, 300, 600), fill=0, width=2)
    words = read_page_image(np.asarray(image), dpi=None).words
    assert sorted(word.text for word in words if word.text != "|") == sorted(" ".join(ROWS).split())
    assert not any(word.other_reading for word in words)


def word(text: str, left: float, right: float, confidence: float = 0.95) -> Word:
    return Word(text=text, bbox=BBox(left, 0.1, right, 0.2), confidence=confidence, source="tesserocr")


def found(*words: Word, ink: tuple[int, ...], rule: int = 300) -> tuple[RuledFigure, ...]:
    """Return the figures that a rule cuts on a page of 1,000 pixels with bars of ink in these columns."""
    page = np.full((1000, 1000), 255, np.uint8)
    page[40:900, rule : rule + 2] = 0
    for column in ink:
        page[110:190, column : column + 4] = 0
    rules = find_rules(page, words)
    assert len(rules) == 1
    assert without_rules(page, rules)[300:, rule].min() == 255
    return find_ruled(words, page, rules)


def test_ink_that_hangs_on_a_rule_belongs_to_the_figure() -> None:
    (figure,) = found(word("90.56", 0.32, 0.6), ink=(270, 296, 325, 590))
    assert figure.left == 270


def test_a_figure_in_a_cell_of_its_own_is_not_cut() -> None:
    assert found(word("90.56", 0.4, 0.6), ink=(270, 410, 590)) == ()


FIGURE = RuledFigure(left=100, top=90, right=600, bottom=210)


def told(old: list[Word], *read: Word) -> list[tuple[str, str]]:
    return [(w.text, w.other_reading) for w in tell(old, FIGURE, read, (1000, 1000))]


def test_a_reading_with_more_digits_at_one_end_is_told_of() -> None:
    assert told([word("290.56", 0.2, 0.6)], word("1,290.56", 0.1, 0.6)) == [("290.56", "1,290.56")]
    old = [word("2,84", 0.1, 0.3), word("7.30", 0.31, 0.6), word("12", 0.7, 0.8)]
    whole = word("2,847.30", 0.1, 0.6)
    assert told(old, whole) == [("2,84", "2,847.30"), ("7.30", "2,847.30"), ("12", "")]


def test_numbers_that_stand_in_one_word_are_told_of() -> None:
    read = (word("36.45", 0.1, 0.3), word("13", 0.35, 0.6))
    assert told([word("36.4513", 0.1, 0.6)], *read) == [("36.4513", "36.45 13")]


@pytest.mark.parametrize(
    "read",
    [
        word("1,290.56", 0.1, 0.6, 0.8),  # unsure
        word("CAN290.56", 0.1, 0.6),  # no number
        word("290.58", 0.2, 0.6),  # as misread as the other one
        word("1,290.56", 0.7, 0.9),  # elsewhere
    ],
)
def test_other_readings_are_not_told_of(read: Word) -> None:
    assert told([word("290.56", 0.2, 0.6)], read) == [("290.56", "")]
