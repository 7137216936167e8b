"""Words of a page put into their order, and the page made of them."""

from __future__ import annotations

from collections.abc import Sequence

from ocr.date_ranges import split_date_ranges
from ocr.reading_order import Arrangement, arrange, join
from schemas.document import Page, Word


def make_page(
    page_index: int,
    words: Sequence[Word],
    width_pt: float,
    height_pt: float,
    *,
    rotation_deg: int = 0,
    skew_deg: float = 0.0,
    apart: Sequence[Arrangement] = (),
) -> Page:
    """Return the page of these words, in reading order; those of `apart` are arranged already."""
    arranged = join((arrange(split_date_ranges(words)), *apart))
    return Page(
        page_index=page_index,
        width_pt=width_pt,
        height_pt=height_pt,
        words=arranged.words,
        lines=arranged.lines,
        block_order=arranged.block_order,
        cuts=arranged.cuts,
        rotation_deg=rotation_deg,
        skew_deg=skew_deg,
    )
