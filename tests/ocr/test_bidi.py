"""Lines of Hebrew and Arabic are read from right to left, and what is Latin in them from left to right."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pytest
from pikepdf import Array, Dictionary, Name, Page, Pdf

from ocr.bidi import logical_order, plain_letters, settle_mark
from ocr.layout import layout_text
from ocr.limits import ReadLimits
from ocr.reading_order import arrange
from ocr.source import PageScan, open_source
from schemas.document import Document, Word
from schemas.document import Page as ReadPage
from schemas.geometry import BBox
from tests.ocr.files import LETTER, text_at

# Eight letters of Hebrew, written here as a to h; Latin letters are written as capitals.
HEBREW = {letter: chr(0x5D0 + i) for i, letter in enumerate("abcdefgh")}


def hebrew(text: str) -> str:
    return "".join(HEBREW.get(letter, letter) for letter in text)


def order_of(visual: str, *, is_leftward: bool) -> str:
    texts = [hebrew(word) for word in visual.split()]
    read = logical_order(texts, is_leftward=is_leftward)
    return " ".join(visual.split()[i] for i in read)


@pytest.mark.parametrize(
    ("visual", "read"),
    [
        ("c b a", "a b c"),
        ("b 18 a", "a 18 b"),
        ("666.90 EUR b a", "a b EUR 666.90"),
        ("120.00 450.00 a", "a 450.00 120.00"),
        ("b TOOLS LTD 4 a", "a TOOLS LTD 4 b"),
    ],
)
def test_a_leftward_line_is_read_from_its_right_end(visual: str, read: str) -> None:
    # By rule W7 the 4 behind LTD is of the Latin run; a number left of a Latin word is not.
    assert order_of(visual, is_leftward=True) == read


@pytest.mark.parametrize(
    ("visual", "read"), [("TOTAL b a 5.00", "TOTAL a b 5.00"), ("TO b 12 a NOW", "TO a 12 b NOW")]
)
def test_a_leftward_phrase_in_another_line_is_turned_alone(visual: str, read: str) -> None:
    assert order_of(visual, is_leftward=False) == read


def test_drawn_forms_are_the_letters_they_stand_for() -> None:
    # Lam at the end of a word, and the ligature of lam and alef.
    assert plain_letters("\ufede\ufefb") == "\u0644\u0644\u0627"
    # No form brings white space into a word.
    assert not any(ch.isspace() for ch in plain_letters("".join(map(chr, range(0xFB1D, 0xFEFD)))))


def test_only_a_mark_before_a_number_is_settled() -> None:
    assert [settle_mark(text) for text in (",12", ".50", "12,", ":")] == ["12,", ".50", "12,", ":"]


def pdf_of(content: str, letters: Mapping[str, str] | None = None) -> bytes:
    """Return a page in a font whose `letters` are read as others, a to h as Hebrew by default."""
    read_as = {letter: hebrew(letter) for letter in HEBREW} if letters is None else letters
    pairs = "".join(f"<{ord(letter):02x}> <{ord(other):04x}>\n" for letter, other in read_as.items())
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n1 begincodespacerange <00> <ff> "
        f"endcodespacerange\n{len(read_as)} beginbfchar\n{pairs}endbfchar endcmap end end"
    )
    with Pdf.new() as document:
        untyped: Any = document
        font = Dictionary(
            Type=Name.Font,
            Subtype=Name.Type1,
            BaseFont=Name.Courier,
            Encoding=Name.WinAnsiEncoding,
            ToUnicode=untyped.make_stream(cmap.encode()),
        )
        page = Dictionary(
            Type=Name.Page,
            MediaBox=Array(LETTER),
            Resources=Dictionary(Font=Dictionary(F1=document.make_indirect(font))),
            Contents=untyped.make_stream(content.encode()),
        )
        document.pages.append(Page(document.make_indirect(page)))
        saved = BytesIO()
        document.save(saved)
    return saved.getvalue()


def scan(content: str, letters: Mapping[str, str] | None = None) -> PageScan:
    return open_source(pdf_of(content, letters), "application/pdf", limits=ReadLimits()).scan(0)


def lines(content: str) -> list[str]:
    arranged = arrange(scan(content).words)
    return [" ".join(w.text for w in arranged.words[a:b]) for a, b in arranged.lines]


# The page shows "fed cba", which is read abc def: letters drawn from left to right, each by itself from right
# to left, and from right to left by one operation that steps back.
LEFT_TO_RIGHT = text_at(300, 700, "fed cba")
ONE_BY_ONE = "".join(
    text_at(round(350.4 - 7.2 * (i + 1), 1), 700, letter)
    for i, letter in enumerate("abc def")
    if letter != " "
)
STEPPING_BACK = (
    "BT /F1 12 Tf 343.2 700 Td [(a) 1200 (b) 1200 (c) 1200 ( ) 1200 (d) 1200 (e) 1200 (f)] TJ ET\n"
)


@pytest.mark.parametrize("content", [LEFT_TO_RIGHT, ONE_BY_ONE, STEPPING_BACK])
def test_however_the_file_draws_them_words_come_in_reading_order(content: str) -> None:
    assert lines(content) == [hebrew("abc def")]


def test_an_abbreviation_with_points_in_a_latin_line_begins_at_its_right() -> None:
    # The page shows ".b.a", which is read "a.b.".
    assert hebrew("a.b.") in [word.text for word in scan(text_at(72, 700, "TOOLS LIMITED .b.a")).words]


ARABIC = {"a": "\u0631", "b": "\u0642", "c": "\u0645"}
ARABIC_DIGITS = {digit: chr(0x660 + int(digit)) for digit in "0123456789"} | {".": "\u066b"}


@pytest.mark.parametrize("code", ["INV-2201", "A-12", "B7", "2201-INV"])
def test_a_code_in_an_arabic_line_is_one_word(code: str) -> None:
    words = scan(text_at(300, 700, f"{code} cba bac"), ARABIC).words
    assert code in [word.text for word in words]


def test_arabic_zeros_are_digits_like_others() -> None:
    # The glyph of a point has the size of an Arabic zero.
    letters = ARABIC | ARABIC_DIGITS | {".": "\u0660"}
    words = scan(text_at(300, 700, "125.. cba"), letters).words
    assert "\u0661\u0662\u0665\u0660\u0660" in [word.text for word in words]


def test_the_text_of_a_leftward_row_begins_at_the_right() -> None:
    row = text_at(450, 700, "fed cba") + text_at(100, 700, "12.50")
    words = scan(row).words
    arranged = arrange(words)
    page = ReadPage(
        page_index=0,
        width_pt=612,
        height_pt=792,
        words=arranged.words,
        lines=arranged.lines,
        block_order=arranged.block_order,
    )
    text = layout_text(Document(sha256="0" * 64, media_type="application/pdf", pages=(page,))).text
    assert text.split() == [hebrew("abc"), hebrew("def"), "12.50"]
    # A letter of Courier is 7.2 points wide: the number is 43 letters away, and gaps are cut at 40.
    assert text.endswith(" " * 40 + "12.50")


def test_columns_of_a_leftward_page_are_blocks_from_right_to_left() -> None:
    def word(text: str, left: float, top: float) -> Word:
        return Word(text=hebrew(text), bbox=BBox(left, top, left + 0.08, top + 0.01))

    words = [word("a", 0.8, 0.1), word("b", 0.1, 0.1), word("c", 0.8, 0.12), word("d", 0.1, 0.12)]
    arranged = arrange(words)
    assert [w.text for w in arranged.words] == [hebrew(x) for x in "abcd"]
    assert [arranged.words[i].text for i in arranged.block_order] == [hebrew(x) for x in "acbd"]


@pytest.mark.parametrize("shown", ["(45.00)", "(45)", "[12]"])
def test_brackets_around_a_number_in_a_hebrew_line_are_as_they_are_drawn(shown: str) -> None:
    content = text_at(300, 700, f"{shown} cba")
    assert lines(content) == [f"{hebrew('abc')} {shown}"]
