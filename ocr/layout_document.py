"""Layout text read back as a document: words where the text has them."""

from __future__ import annotations

import re

from ocr.date_ranges import split_date_ranges
from ocr.reading_order import arrange
from schemas.document import Document, Page, Word
from schemas.geometry import BBox

_PAGE_BREAK = re.compile(r"\n\n+")
_WORD = re.compile(r"\S+")
# The shape of a printed line: taller than wide characters, with space between the lines.
_LINE_FILL = 0.8
_CHAR_PT, _LINE_PT = 6.0, 12.0
# In columns: two spaces are a wide gap again, and no column is rounded down to the one before.
_GAP = 1e-3


def layout_document(text: str, *, sha256: str) -> Document:
    """Return a document whose `layout_text` is `text`, up to runs of spaces that a page could not hold.

    Columns and lines of the text are places on the page, so that what is beside or below what is still can be
    told; the true boxes are not known. Pages are what blank lines part. No text gives no pages.

    Examples
    --------
    >>> document = layout_document("Total   9.00", sha256="0" * 64)
    >>> [word.text for word in document.pages[0].words]
    ['Total', '9.00']
    """
    parts = [part for part in _PAGE_BREAK.split(text) if part.strip()]
    return Document(
        sha256=sha256,
        media_type="text/plain",
        pages=tuple(_page(part, index) for index, part in enumerate(parts)),
    )


def _page(text: str, page_index: int) -> Page:
    lines = text.split("\n")
    n_columns = max(len(line) for line in lines)
    words = [word for row, line in enumerate(lines) for word in _words(line, row, n_columns, len(lines))]
    arranged = arrange(split_date_ranges(words))
    return Page(
        page_index=page_index,
        width_pt=_CHAR_PT * n_columns,
        height_pt=_LINE_PT * len(lines),
        words=arranged.words,
        lines=arranged.lines,
        block_order=arranged.block_order,
        cuts=arranged.cuts,
    )


def _words(line: str, row: int, n_columns: int, n_lines: int) -> list[Word]:
    top, bottom = row / n_lines, (row + _LINE_FILL) / n_lines
    return [
        Word(
            text=match.group(),
            bbox=BBox(
                left=match.start() / n_columns, top=top, right=(match.end() - _GAP) / n_columns, bottom=bottom
            ),
            source="transcript",
        )
        for match in _WORD.finditer(line)
    ]
