"""Words and where they stand, as an example keeps a page, and read back as a document."""

from __future__ import annotations

from collections.abc import Sequence

from ocr.reading_order import arrange
from schemas.document import Document, Page, Word
from schemas.example import PRINTED_UNITS, PrintedPage
from schemas.geometry import BBox
from schemas.text import storable


def print_page(page: Page) -> PrintedPage:
    """Return the words of a page with their boxes, rounded to units of a ten-thousandth of the page."""
    return PrintedPage(
        width_pt=page.width_pt,
        height_pt=page.height_pt,
        texts=tuple(storable(word.text) for word in page.words),
        boxes=tuple(_rounded(word.bbox) for word in page.words),
    )


def _rounded(box: BBox) -> tuple[int, int, int, int]:
    left, top, right, bottom = (
        round(PRINTED_UNITS * edge) for edge in (box.left, box.top, box.right, box.bottom)
    )
    return left, top, max(right, left), max(bottom, top)


def printed_document(pages: Sequence[PrintedPage], *, sha256: str) -> Document:
    """Return a document of such pages; what `page` had beside its words is not known any more."""
    return Document(
        sha256=sha256,
        media_type="text/plain",
        pages=tuple(_page(page, index) for index, page in enumerate(pages)),
    )


def _page(printed: PrintedPage, page_index: int) -> Page:
    words = [
        Word(
            text=text,
            bbox=BBox(
                left=left / PRINTED_UNITS,
                top=top / PRINTED_UNITS,
                right=right / PRINTED_UNITS,
                bottom=bottom / PRINTED_UNITS,
            ),
            source="transcript",
        )
        for text, (left, top, right, bottom) in zip(printed.texts, printed.boxes, strict=True)
    ]
    arranged = arrange(words)
    return Page(
        page_index=page_index,
        width_pt=printed.width_pt,
        height_pt=printed.height_pt,
        words=arranged.words,
        lines=arranged.lines,
        block_order=arranged.block_order,
        cuts=arranged.cuts,
    )
