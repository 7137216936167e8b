"""Layout text becomes a document that is laid out as the text was."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from ocr.layout import layout_text
from ocr.layout_document import layout_document

SHA = "0" * 64
TABLE = "ACME Ltd            INVOICE\n\nItem      Qty  Price\nBlue pen    2  34.56\nTotal          34.56"
_WORD = st.text(string.ascii_letters + string.digits + ".,€ß", min_size=1, max_size=9)


def test_columns_and_lines_are_where_the_text_has_them() -> None:
    page = TABLE.split("\n\n")[1]
    document = layout_document(page, sha256=SHA)
    assert layout_text(document).text == page


def test_blank_lines_part_pages() -> None:
    assert [len(page.words) for page in layout_document(TABLE, sha256=SHA).pages] == [3, 9]


def test_text_without_words_has_no_pages() -> None:
    assert layout_document("", sha256=SHA).pages == ()
    assert layout_document(" \n\n  ", sha256=SHA).pages == ()


@given(st.lists(st.lists(_WORD, min_size=1, max_size=8), min_size=1, max_size=12))
def test_no_word_is_lost_and_lines_stay(lines: list[list[str]]) -> None:
    text = "\n".join("  ".join(words) for words in lines)
    document = layout_document(text, sha256=SHA)
    assert [line.split() for line in layout_text(document).text.split("\n")] == lines


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_any_text_is_read(text: str) -> None:
    document = layout_document(text, sha256=SHA)
    assert sorted(word.text for _, _, word in document.words()) == sorted(text.split())


def test_a_line_of_hebrew_stays_as_the_text_has_it() -> None:
    text = "\u05ea\u05d9\u05d0\u05d5\u05e8 \u05e4\u05e8\u05d9\u05d8   Tools Ltd   12.50"
    assert layout_text(layout_document(text, sha256="0" * 64)).text == text
