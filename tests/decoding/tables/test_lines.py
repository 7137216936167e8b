"""Lines of a page as groups of words."""

from __future__ import annotations

from decoding.tables.lines import table_lines
from ocr.reading_order import arrange
from schemas.document import Page, Word
from schemas.geometry import BBox


def page_of(*rows: tuple[tuple[str, float], ...]) -> Page:
    """Return a page of words at the given left edges, each as wide as its letters."""
    words = [
        Word(text=text, bbox=BBox(left, 0.1 + 0.02 * row, left + 0.01 * len(text), 0.11 + 0.02 * row))
        for row, cells in enumerate(rows)
        for text, left in cells
    ]
    found = arrange(words)
    return Page(
        page_index=0,
        width_pt=612,
        height_pt=792,
        words=found.words,
        lines=found.lines,
        block_order=found.block_order,
    )


def test_groups_come_from_left_to_right_though_the_line_is_read_the_other_way() -> None:
    # Two Hebrew words at the right edge, of which the right one comes first; an amount at the left edge.
    paper, copy = "\u05e0\u05d9\u05d9\u05e8", "\u05d4\u05e2\u05ea\u05e7\u05d4"
    page = page_of((("525.60", 0.1), ("24", 0.4), (copy, 0.8), (paper, 0.86)))
    assert [word.text for word in page.words] == [paper, copy, "24", "525.60"]
    (line,) = table_lines(page)
    assert [group.text for group in line.groups] == ["525.60", "24", f"{paper} {copy}"]
