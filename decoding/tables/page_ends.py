"""Rows that go on at the top of the next page: texts there, above its first row, are of the row before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise, takewhile

from decoding.tables.parts import OpenRow, ReadLine, TablePart
from decoding.tables.totals import folded_words
from schemas.document import Page

# More lines above a page's first row are no rest of a row, unless rows of the table are longer.
_MAX_LINES = 4


def join_page_ends(parts: Sequence[TablePart]) -> dict[int, tuple[ReadLine, ...]]:
    """Give each page's last row its lines at the top of the next page, and return what else these may be.

    The texts between a heading, or a sum that is carried over, and a page's first row are the rest of the row
    before if they stand in the column of descriptions alone, that row and the first one have a description of
    their own, and the table does not begin with such a text: then texts stand above their numbers. On a page
    without a heading only the lines right above the first row are, and none that the page before has at its
    top, too.

    Returns
    -------
    By the `id` of the first row of a page the texts above it that may be its own all the same: those of
    tables in which no other row goes on below its numbers.
    """
    column = next((i for i, c in enumerate(parts[0].columns) if c.kind == "description"), None)
    first = next((part for part in parts if part.rows), None)
    if column is None or first is None or _begins_with_text(first):
        return {}
    rows = [row for part in parts for row in part.rows]
    wraps = any(_goes_on_below(row) for row in rows)
    most = max(_MAX_LINES, *(len(row.lines) - _first_filled(row) - 1 for row in rows))
    beside = 2 * sum(_says(_number_line(row), column) for row in rows) > len(rows)
    doubtful: dict[int, tuple[ReadLine, ...]] = {}
    shown = (part for part in parts if part.rows or (part.lead and part.is_begun))
    for before, part in pairwise(shown):
        rest = tuple(_rest_of_row(before, part, column, texts_beside_numbers=beside))
        if rest and len(rest) <= most:
            before.rows[-1].continued = part, rest
            for row in part.rows[:1]:
                # What stands above the rest on a page without a heading is the page's head.
                row.lines = row.lines[len(rest if part.is_begun else part.lead) :]
                if not wraps:
                    doubtful[id(row)] = rest
    return doubtful


def _begins_with_text(part: TablePart) -> bool:
    return not part.rows[0].lines[0].filled


def _goes_on_below(row: OpenRow) -> bool:
    """Return whether a row has a text below the line of its numbers."""
    return not row.lines[-1].filled


def _first_filled(row: OpenRow) -> int:
    return next(i for i, line in enumerate(row.lines) if line.filled)


def _number_line(row: OpenRow) -> list[ReadLine]:
    return [row.lines[_first_filled(row)]]


def _rest_of_row(
    before: TablePart, part: TablePart, column: int, *, texts_beside_numbers: bool
) -> Iterator[ReadLine]:
    """Yield the lines above the first row of `part` that belong to the last row of the page before."""
    follows = part.page.page_index == before.page.page_index + 1
    if not follows or not before.rows or before.is_over or not _says(before.rows[-1].lines, column):
        return
    for row in part.rows[:1]:
        own = _number_line(row) if texts_beside_numbers else row.lines[len(part.lead) :]
        if part.lead != tuple(row.lines[: len(part.lead)]) or not _says(own, column):
            return
    if part.is_begun:
        yield from takewhile(lambda line: _is_in_column(line, column), part.lead)
        return
    heads = set(_heads(before))
    above = takewhile(
        lambda line: _is_in_column(line, column) and _key(line) not in heads, reversed(part.lead)
    )
    yield from reversed(list(above))


def _says(lines: Sequence[ReadLine], column: int) -> bool:
    return any(index == column for line in lines for _, index in line.groups)


def _is_in_column(line: ReadLine, column: int) -> bool:
    """Return whether all that a line prints stands in one column."""
    placed = sum(group.end - group.start for group, index in line.groups if index == column)
    return placed == sum(group.end - group.start for group in line.line.groups)


def _heads(part: TablePart) -> Iterator[frozenset[str]]:
    """Yield what the lines above the first row of a page say, but for figures."""
    top = min(group.start for line in part.rows[0].lines for group in line.line.groups)
    yield from (_words(part.page, *span) for span in part.page.lines if span[1] <= top)


def _words(page: Page, start: int, end: int) -> frozenset[str]:
    return folded_words(word.text for word in page.words[start:end])


def _key(line: ReadLine) -> frozenset[str]:
    return folded_words(word for group in line.line.groups for word in group.text.split())
