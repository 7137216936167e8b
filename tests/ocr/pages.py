"""Pages arranged as a reader arranges them, for the tests of layout and reading order."""

from __future__ import annotations

from collections.abc import Sequence

from ocr.reading_order import arrange
from schemas.document import Page, Word


def page_of(words: Sequence[Word], page_index: int = 0) -> Page:
    """Return a page of these words, arranged."""
    arranged = arrange(words)
    return Page(
        page_index=page_index,
        width_pt=595,
        height_pt=842,
        words=arranged.words,
        lines=arranged.lines,
        block_order=arranged.block_order,
        cuts=arranged.cuts,
    )
