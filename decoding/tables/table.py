"""What a table is: columns under a heading, and rows of cells that hold words of the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from decoding.tables.headings import ColumnKind

Cell = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: what its heading says, and what it holds; None if nothing is known.

    `also` is what other lines of the heading name: an article's number over its description. `left` and
    `right` are fractions of the page's width, around the heading and the cells of the rows' first lines.
    `is_factor` says that the rows are reckoned with it: quantity times unit price is the amount.
    """

    heading: str
    kind: ColumnKind | None
    also: tuple[ColumnKind, ...] = ()
    left: float
    right: float
    is_factor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """One row.

    Attributes
    ----------
    cells
        For each column the words in it, indices into the page's words in reading order.
    others
        Where texts between two rows may belong to either: for each column what the cell is with the texts
        above, empty where that makes no difference. `()` where nothing is in doubt.
    continued
        What stands of it at the top of the next page; its cells there, for the same columns.
    direction
        Of a booking in the only column of amounts: which way its sign or letter says that it goes.
    """

    page_index: int
    cells: tuple[Cell, ...]
    others: tuple[Cell, ...] = ()
    continued: TableRow | None = None
    direction: Literal["debit", "credit"] | None = None

    @property
    def words(self) -> frozenset[int]:
        """Return all word indices of the row on the page where it begins."""
        return frozenset(word for cell in self.cells for word in cell)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table with the rows of all pages that it goes over, in the order of the pages.

    Attributes
    ----------
    columns
        From left to right.
    is_sure
        Whether all of the rows are rows: there is a column of amounts that they fill, or a total below them.
    """

    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]
    is_sure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePart:
    """Words [start, end) of page `page_index`, which are shown as a page of their own."""

    page_index: int
    start: int
    end: int


def rows_within(table: Table, parts: Sequence[PagePart]) -> Table:
    """Return the table with the rows that begin on some parts of a document, indexed as on these parts.

    Words of a row that no part shows are left out.
    """
    return replace(table, rows=tuple(row for n in range(len(parts)) for row in _rows_of(table, n, parts)))


def _rows_of(table: Table, page_index: int, parts: Sequence[PagePart]) -> Iterator[TableRow]:
    part = parts[page_index]
    for row in table.rows:
        if row.page_index != part.page_index:
            continue
        if part.start <= min(row.words, default=-1) < part.end:
            yield TableRow(
                page_index=page_index,
                cells=tuple(_shown(cell, part) for cell in row.cells),
                others=tuple(_shown(cell, part) for cell in row.others),
                continued=_continued_within(row, parts),
                direction=row.direction,
            )


def _continued_within(row: TableRow, parts: Sequence[PagePart]) -> TableRow | None:
    """Return the rest of a row on the first part that shows some of it."""
    for page_index, part in enumerate(parts):
        if row.continued is not None and part.page_index == row.continued.page_index:
            cells = tuple(_shown(cell, part) for cell in row.continued.cells)
            if any(cells):
                return TableRow(page_index=page_index, cells=cells)
    return None


def _shown(cell: Cell, part: PagePart) -> Cell:
    return tuple(word - part.start for word in cell if part.start <= word < part.end)
