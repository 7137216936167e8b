"""A page's words are kept where they stand."""

from __future__ import annotations

import pytest

from decoding.tables.find import find_tables
from ocr.printed_pages import print_page, printed_document
from schemas.example import PrintedPage
from tests.decoding.tables.pages import pages

TEXT = """
Pos   Description        Qty    Price    Amount
1     Blue pen             2     1.50      3.00
2     Desk lamp            1    20.00     20.00
Total                                     23.00
"""


def test_a_page_that_was_kept_has_its_words_lines_and_tables() -> None:
    document = pages(TEXT)
    read = printed_document([print_page(document.pages[0])], sha256="0" * 64)
    (page,), (known,) = read.pages, document.pages
    assert [word.text for word in page.words] == [word.text for word in known.words]
    assert page.lines == known.lines
    (table,), (before,) = find_tables(read), find_tables(document)
    assert table.rows == before.rows


def test_a_page_with_fewer_boxes_than_words_is_none() -> None:
    with pytest.raises(ValueError, match="2 words have 1 boxes"):
        PrintedPage(width_pt=1, height_pt=1, texts=("a", "b"), boxes=((0, 0, 1, 1),))
