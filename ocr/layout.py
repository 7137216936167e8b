"""Page text laid out in rows and columns (LATIN), with the way back from characters to words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ocr.bidi import runs_leftwards
from schemas.document import Document, Page, Word
from schemas.layout import LayoutText, WordSpan
from schemas.text import storable

# A gap of fewer character widths is a plain space: it is how words of one phrase stand apart, and spaces
# that only mirror a proportional font would cost tokens and break up phrases.
_WIDE_GAP_CHARS = 2.0
# A wide gap is at least two spaces, so that it never looks like a plain one, and at most forty: a model
# pays for long runs, and 40 tell "the other side of the page" as well as 100 do.
_MIN_WIDE_GAP = 2
_MAX_GAP = 40
# Small print on a wide sheet would make 250 columns and mostly spaces; 10-point text on A4 makes 110.
_MAX_COLUMNS = 120
# Rounding must not move a word on a column's edge to the column before.
_EDGE = 1e-6
_PAGE_BREAK = "\n\n"


def layout_text(document: Document, *, structured: bool = True) -> LayoutText:
    """Return the text of all pages with the span of each word.

    Structured, spaces mirror the page: a word starts at column `int((left - margin) / char_width)` of its
    line, where `margin` is the left edge of the page's leftmost word and `char_width` the page's median
    width of a character, or a 120th of the text's width if that is more. Otherwise words are joined by
    single spaces. Either way a line of the page is a line of text, pages are separated by one blank line,
    pages without words are left out, and no document text gives `""`.

    Notes
    -----
    Words stand in row-major order, at least one space apart; runs of spaces are at most 40 long, and
    there are no blank lines within a page.

    References
    ----------
    LATIN-Prompt, arXiv 2306.00526. There the character width comes from the longest line alone, so that
    one line with a wide gap moves every column, and words can be glued together.
    """
    parts: list[str] = []
    spans: list[WordSpan] = []
    length = 0
    for page in document.pages:
        if not page.words:
            continue
        if parts:
            parts.append(_PAGE_BREAK)
            length += len(_PAGE_BREAK)
        gaps = _gaps(page) if structured else _plain_gaps(page)
        for word_index, (gap, word) in enumerate(zip(gaps, page.words, strict=True)):
            start = length + len(gap)
            length = start + len(word.text)
            parts += (gap, word.text)
            spans.append(WordSpan(start=start, end=length, page_index=page.page_index, word_index=word_index))
    return LayoutText(text="".join(parts), spans=tuple(spans))


def _plain_gaps(page: Page) -> list[str]:
    """Return what stands before each word: nothing, a newline or a space."""
    return [
        " " if i > start else "\n" if start else "" for start, end in page.lines for i in range(start, end)
    ]


def page_text(document: Document, page_index: int) -> str:
    """Return the layout text of one page of a document, as a store keeps it."""
    page = replace(document.pages[page_index], page_index=0)
    return storable(layout_text(replace(document, pages=(page,))).text)


def _gaps(page: Page) -> list[str]:
    margin = min(w.bbox.left for w in page.words)
    extent = max(w.bbox.right for w in page.words) - margin
    char_width = max(_char_width(page.words), extent / _MAX_COLUMNS)
    gaps: list[str] = []
    for start, end in page.lines:
        column = 0
        last = 0.0
        places = _places(page.words[start:end], margin, margin + extent)
        for i, (left, right) in enumerate(places, start):
            n_spaces = _n_spaces(left, left - last, column, char_width, i == start)
            gaps.append("\n" + " " * n_spaces if i == start and start else " " * n_spaces)
            # A capped gap leaves the text behind the page; the words that follow keep their own gaps.
            column = max(column + n_spaces, _column(left, char_width)) + len(page.words[i].text)
            last = max(last, right)
    return gaps


def _places(line: Sequence[Word], left: float, right: float) -> list[tuple[float, float]]:
    """Return where each word of a line begins and ends, from the edge of the text where the line begins.

    A line that is read from right to left begins at the right edge.
    """
    if line[0].bbox.left > line[-1].bbox.left and any(runs_leftwards(word.text) for word in line):
        return [(right - word.bbox.right, right - word.bbox.left) for word in line]
    return [(word.bbox.left - left, word.bbox.right - left) for word in line]


def _n_spaces(left: float, gap: float, column: int, char_width: float, is_first: bool) -> int:
    if is_first:
        return min(_column(left, char_width), _MAX_GAP)
    if gap < _WIDE_GAP_CHARS * char_width:
        return 1
    return min(max(_column(left, char_width) - column, _MIN_WIDE_GAP), _MAX_GAP)


def _column(left: float, char_width: float) -> int:
    return int(left / char_width + _EDGE)


def _char_width(words: Sequence[Word]) -> float:
    """Return the median width of a character of the page in page fractions; 1.0 if boxes have no width."""
    widths = sorted(
        ((w.bbox.right - w.bbox.left) / len(w.text), len(w.text)) for w in words if w.bbox.right > w.bbox.left
    )
    remaining = sum(n for _, n in widths) / 2
    for width, n in widths:
        remaining -= n
        if remaining <= 0:
            return width
    return 1.0
