"""Long documents: cut into windows that fit the model's context.

No line is left out: a document that does not fit is decoded window by window, and the answers are put
together again (`decoding.merging`). Where a cut may part a row, the next window begins some lines before it.
What a schema demands need not stand in each window (`decoding.required`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from decoding.tables.find import find_tables
from decoding.tables.priced_lines import find_priced_lines
from decoding.tables.table import PagePart, Table, rows_within
from schemas.document import Document, Page
from schemas.errors import PromptTooLongError

# Lines before a cut that both windows show: a row of up to one line more is whole in one of them.
_SHARED_LINES = 4
# Of a window's own lines, at most one in so many is shown for the sake of a cut row.
_OWN_TO_SHARED = 3


# (page_index, first_line, last_line) of a document: lines [first_line, last_line) of a page.
LineRange = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _PagePart:
    """Lines [first_line, last_line) of one page; the first `n_shared` are shown by the part before, too."""

    page_index: int
    first_line: int
    last_line: int
    n_shared: int = 0

    @property
    def first_own(self) -> int:
        """Return the first line that no part before shows."""
        return self.first_line + self.n_shared


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A part of a document as a document of its own.

    Attributes
    ----------
    page_indices
        Which pages of the whole it shows.
    starts
        For each, the index in the whole page of the first word that it shows.
    tables
        The tables of the whole document, with the rows that the window shows: the heading of a table may
        stand in another window.
    priced
        The lines that may be items where no table has a heading, likewise.
    n_shared_lines
        How many of its lines the windows before show, too: those before a cut that may part a row.
    first_lines
        For each page, the index in the whole page of the first line that it shows.
    """

    document: Document
    page_indices: tuple[int, ...]
    starts: tuple[int, ...] = ()
    tables: tuple[Table, ...] = ()
    priced: Table | None = None
    n_shared_lines: int = 0
    first_lines: tuple[int, ...] = ()

    def place_lines(self, lines: Sequence[int]) -> tuple[LineRange, ...]:
        """Return some of its lines, counted through its pages, ascending, as ranges of the whole document."""
        ranges: list[LineRange] = []
        first = 0
        for number, page in enumerate(self.document.pages):
            offset = self.first_lines[number] - first
            here = [line + offset for line in lines if first <= line < first + len(page.lines)]
            first += len(page.lines)
            breaks = [0, *(i for i in range(1, len(here)) if here[i] != here[i - 1] + 1), len(here)]
            ranges += [
                (self.page_indices[number], here[low], here[high - 1] + 1)
                for low, high in pairwise(breaks)
                if low < high
            ]
        return tuple(ranges)


def cut_windows(
    document: Document,
    *,
    fits: Callable[[Window], bool],
    overlap: bool = False,
    lines: Sequence[LineRange] | None = None,
) -> tuple[Window, ...]:
    """Return windows that fit, in order, that together hold every line.

    Whole pages are kept together where they fit; a page that alone is too long is cut between lines, between
    the rows of a table where there is one.

    Parameters
    ----------
    fits
        Whether the engine can take a window; what is part of a window that fits must fit.
    overlap
        Whether rows are asked for that no table shows: a cut of a page may part one. The next window then
        shows up to four lines before it, too, none of a known row, if they fit.

    lines
        The lines that are shown, in order; None for all.

    Raises
    ------
    PromptTooLongError
        If a single line does not fit.
    """
    cutter = _Cutter(document, fits, overlap=overlap)
    windows: list[Window] = []
    pending: tuple[_PagePart, ...] = ()
    for part in _pages(document) if lines is None else map(_part_of, lines):
        if fits(cutter.window((*pending, part))):
            pending = (*pending, part)
            continue
        if pending:
            windows.append(cutter.window(pending))
        *full, last = cutter.split(part)
        windows += [cutter.window((piece,)) for piece in full]
        pending = (last,)
    if pending or not windows:
        windows.append(cutter.window(pending))
    return tuple(windows)


def pick_lines(
    shown: Sequence[tuple[Window, Sequence[int]]], *, fits: Callable[[Window], bool]
) -> tuple[Window, ...]:
    """Return some lines of windows as windows of their own that fit, as few as may be; no lines, no windows.

    Parameters
    ----------
    shown
        Windows with the lines, counted through their pages, ascending.
    fits
        As for `cut_windows`; a part of each given window fits.

    Notes
    -----
    Lines that do not follow each other are on pages of their own, and no table is known of.
    """
    picked: list[Window] = []
    pending: tuple[_Piece, ...] = ()
    for piece in (piece for window, lines in shown for piece in _pieces(window, lines)):
        if pending and not fits(_join(shown[0][0], (*pending, piece))):
            picked.append(_join(shown[0][0], pending))
            pending = ()
        pending = (*pending, piece)
    return (*picked, _join(shown[0][0], pending)) if pending else tuple(picked)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """Consecutive lines of a page, and which page of the whole document and where on it they stand."""

    page: Page
    page_index: int
    start: int
    first_line: int


def _pieces(window: Window, lines: Sequence[int]) -> Iterator[_Piece]:
    for page_index, first_line, last_line in window.place_lines(lines):
        number = window.page_indices.index(page_index)
        page, first = window.document.pages[number], window.first_lines[number]
        part = _PagePart(page_index=number, first_line=first_line - first, last_line=last_line - first)
        start = window.starts[number] + page.lines[part.first_line][0]
        yield _Piece(
            page=_part_page(page, part, 0), page_index=page_index, start=start, first_line=first_line
        )


def _join(whole: Window, pieces: Sequence[_Piece]) -> Window:
    pages = tuple(replace(piece.page, page_index=i) for i, piece in enumerate(pieces))
    return Window(
        document=replace(whole.document, pages=pages),
        page_indices=tuple(piece.page_index for piece in pieces),
        starts=tuple(piece.start for piece in pieces),
        first_lines=tuple(piece.first_line for piece in pieces),
    )


class _Cutter:
    """What is known of one document while it is cut: its tables, and where a cut would part a row."""

    def __init__(self, document: Document, fits: Callable[[Window], bool], *, overlap: bool) -> None:
        self.document = document
        self.overlap = overlap
        self.fits = fits
        self.tables = find_tables(document)
        self.priced = find_priced_lines(document)
        known = (*self.tables, *((self.priced,) if self.priced else ()))
        self.inside, self.in_rows = _lines_of_rows(document, known)
        self.page_ends = dict(_page_ends(document, self.tables))

    def window(self, parts: tuple[_PagePart, ...]) -> Window:
        """Return the window of some parts, with the rows that it shows, whole also where a page ends."""
        parts = tuple(self._with_page_ends(parts))
        pages = self.document.pages
        shown = [_words_of(pages[part.page_index], part) for part in parts]
        tables = tuple(found for table in self.tables if (found := rows_within(table, shown)).rows)
        priced = rows_within(self.priced, shown) if self.priced else None
        return Window(
            document=replace(
                self.document,
                pages=tuple(_part_page(pages[part.page_index], part, i) for i, part in enumerate(parts)),
            ),
            page_indices=tuple(part.page_index for part in parts),
            starts=tuple(part.start for part in shown),
            tables=tables,
            priced=priced if priced and priced.rows else None,
            n_shared_lines=sum(part.n_shared for part in parts),
            first_lines=tuple(part.first_line for part in parts),
        )

    def _with_page_ends(self, parts: tuple[_PagePart, ...]) -> Iterator[_PagePart]:
        """Yield the parts, and behind the begin of a row the lines on the next page that no part shows."""
        for part in parts:
            yield part
            line, rest = self.page_ends.get(part.page_index, (-1, None))
            if rest is not None and part.first_own <= line < part.last_line:
                is_shown = any(
                    p.page_index == rest.page_index and p.first_line <= rest.first_line < p.last_line
                    for p in parts
                )
                if not is_shown:
                    yield rest

    def split(self, part: _PagePart) -> tuple[_PagePart, ...]:
        """Return `part` halved between lines until each piece fits, where it can between rows."""
        if self.fits(self.window((part,))):
            return (part,)
        if part.last_line - part.first_own < 2:
            if part.n_shared:
                return self.split(replace(part, first_line=part.first_own, n_shared=0))
            raise PromptTooLongError(
                f"one line of page {part.page_index + 1} is too long for the model's context",
                hint="serve a model with a longer context, or ask for fewer fields",
            )
        middle = (part.first_own + part.last_line) / 2
        cuts = range(part.first_own + 1, part.last_line)
        between = [line for line in cuts if (part.page_index, line) not in self.inside]
        cut = min(between or cuts, key=lambda line: (abs(line - middle), line))
        halves = replace(part, last_line=cut), self._share_lines(part, cut)
        return tuple(piece for half in halves for piece in self.split(half))

    def _share_lines(self, part: _PagePart, cut: int) -> _PagePart:
        """Return what is below a cut, with lines above it that its first row may have: none of known rows."""
        most = min(_SHARED_LINES, cut - part.first_own, (part.last_line - cut) // _OWN_TO_SHARED)
        most = most if self.overlap else 0
        n_shared = 0
        while n_shared < most and (part.page_index, cut - n_shared - 1) not in self.in_rows:
            n_shared += 1
        return replace(part, first_line=cut - n_shared, n_shared=n_shared)


def _part_of(lines: LineRange) -> _PagePart:
    page_index, first_line, last_line = lines
    return _PagePart(page_index=page_index, first_line=first_line, last_line=last_line)


def _pages(document: Document) -> tuple[_PagePart, ...]:
    return tuple(
        _PagePart(page_index=page.page_index, first_line=0, last_line=len(page.lines))
        for page in document.pages
    )


_Lines = frozenset[tuple[int, int]]  # (page_index, line_index)


def _lines_of_rows(document: Document, tables: Sequence[Table]) -> tuple[_Lines, _Lines]:
    """Return the lines that a cut before them would part from their row, and all lines of rows."""
    inside: set[tuple[int, int]] = set()
    in_rows: set[tuple[int, int]] = set()
    starts = [[start for start, _ in page.lines] for page in document.pages]
    for row in (row for table in tables for row in table.rows):
        lines = {_line_of(starts[row.page_index], word) for word in row.words}
        in_rows.update((row.page_index, line) for line in lines)
        inside.update((row.page_index, line) for line in lines - {min(lines, default=0)})
        if (rest := row.continued) is not None:
            in_rows.update((rest.page_index, _line_of(starts[rest.page_index], i)) for i in rest.words)
    return frozenset(inside), frozenset(in_rows)


def _page_ends(document: Document, tables: Sequence[Table]) -> Iterator[tuple[int, tuple[int, _PagePart]]]:
    """Yield for pages whose last row goes on the line where it begins, and its lines on the next page."""
    starts = [[start for start, _ in page.lines] for page in document.pages]
    for row in (row for table in tables for row in table.rows):
        if (rest := row.continued) is not None and row.words:
            lines = sorted(_line_of(starts[rest.page_index], word) for word in rest.words)
            part = _PagePart(page_index=rest.page_index, first_line=lines[0], last_line=lines[-1] + 1)
            yield row.page_index, (_line_of(starts[row.page_index], min(row.words)), part)


def _line_of(starts: Sequence[int], word: int) -> int:
    return bisect_right(starts, word) - 1


def _words_of(page: Page, part: _PagePart) -> PagePart:
    lines = page.lines[part.first_line : part.last_line]
    start, end = (lines[0][0], lines[-1][1]) if lines else (0, 0)
    return PagePart(page_index=page.page_index, start=start, end=end)


def _part_page(page: Page, part: _PagePart, page_index: int) -> Page:
    lines = page.lines[part.first_line : part.last_line]
    if len(lines) == len(page.lines):
        return replace(page, page_index=page_index)
    start, end = lines[0][0], lines[-1][1]
    return replace(
        page,
        page_index=page_index,
        words=page.words[start:end],
        lines=tuple((a - start, b - start) for a, b in lines),
        block_order=tuple(i - start for i in page.block_order if start <= i < end),
        cuts=frozenset(_cuts_within(page, start, end)),
    )


def _cuts_within(page: Page, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the cuts among words [start, end), and one where their blocks went on outside of them."""
    yield from ((a - start, b - start) for a, b in page.cuts if start <= a < end and start <= b < end)
    within = [(at, i - start) for at, i in enumerate(page.block_order) if start <= i < end]
    yield from ((i, j) for (at, i), (next_at, j) in pairwise(within) if next_at != at + 1 and j != i + 1)
