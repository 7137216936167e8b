"""Words and boxes of a text layer."""

from __future__ import annotations

import pytest

from ocr.limits import ReadLimits
from ocr.pdf import open_pdf, page_frame
from ocr.render import render_gray
from ocr.text_layer import LayerWord, layer_words, open_text, quarter_turns
from tests.ocr.files import ink_share, pdf, text_at


def words_of(data: bytes, *, max_words: int = 1000) -> tuple[LayerWord, ...]:
    with open_pdf(data, limits=ReadLimits()).page(0) as page, open_text(page) as textpage:
        return layer_words(textpage, page_frame(page), max_words=max_words)


def texts(content: str) -> list[str]:
    return [w.text for w in words_of(pdf(content))]


def test_white_space_of_any_kind_separates_words() -> None:
    assert texts(text_at(72, 700, "Net\ttotal 12,50\xa0EUR")) == ["Net", "total", "12,50", "EUR"]


def test_words_of_different_lines_are_not_joined() -> None:
    assert texts(text_at(72, 700, "Total") + text_at(72, 680, "19.90")) == ["Total", "19.90"]


def test_words_far_apart_in_a_line_are_not_joined() -> None:
    assert texts(text_at(72, 700, "Total") + text_at(400, 700, "19.90")) == ["Total", "19.90"]


def test_a_word_divided_at_the_end_of_a_line_keeps_its_hyphen() -> None:
    assert texts(text_at(500, 700, "Rech-") + text_at(72, 680, "nung")) == ["Rech-", "nung"]


def test_no_more_words_than_asked_for_are_read() -> None:
    assert len(words_of(pdf(text_at(72, 700, "a b c d e f")), max_words=3)) == 3


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_boxes_cover_the_ink_however_the_page_is_rotated(rotate: int) -> None:
    data = pdf(text_at(100, 600, "Invoice"), rotate=rotate)
    (word,) = words_of(data)
    with open_pdf(data, limits=ReadLimits()).page(0) as page:
        gray = render_gray(page, scale=1.5)
    # Antialiased edges may fall outside of the font's box.
    assert ink_share(gray, *word.box) > 0.98
    width, height = word.box[2] - word.box[0], word.box[3] - word.box[1]
    assert width * height < 0.01


@pytest.mark.parametrize(
    ("rotate", "matrix", "expected"),
    [
        (0, "1 0 0 1 0 0", 0),
        (90, "1 0 0 1 0 0", 1),
        (270, "1 0 0 1 0 0", 3),
        (0, "0 1 -1 0 700 0", 3),  # the text runs upwards: it is turned counter-clockwise
        (90, "0 1 -1 0 700 0", 0),  # and the page's rotation makes up for it
    ],
)
def test_turned_text_is_noticed(rotate: int, matrix: str, expected: int) -> None:
    data = pdf(text_at(100, 300, "Invoice number", before=f"{matrix} cm"), rotate=rotate)
    with open_pdf(data, limits=ReadLimits()).page(0) as page, open_text(page) as textpage:
        assert quarter_turns(textpage, page_frame(page)) == expected


def test_text_that_asks_for_no_ink_is_marked() -> None:
    visible, hidden = words_of(pdf(text_at(72, 700, "Visible") + text_at(72, 600, "Hidden", before="3 Tr")))
    assert (visible.is_invisible, hidden.is_invisible) == (False, True)


def test_a_page_without_text_has_no_words() -> None:
    assert words_of(pdf("0 0 100 100 re f")) == ()
