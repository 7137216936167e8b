"""Rows that the page shows and the answer lacks: lines set like the rows that were found.

Silently missing line items are the worst failure of such services, so the lines between, before and after
the grounded rows are compared with them: a line that has amounts in the rows' amount columns and words
before these, and is no total, is counted as a row that was not emitted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from statistics import median

from decoding.grounding.result import GroundedField, GroundedTable, GroundingResult
from decoding.tables.totals import (
    folded_words,
    is_sum_line,
    names_balance,
    names_carried_sum,
    names_total,
)
from schemas.document import Document, Page, Word
from schemas.spec import Path, row_path
from schemas.values import decimal_amount

# Edges of one column's amounts differ by less than this share of the page's width, on flat scans and
# on most photos; a neighbouring column is further away.
_EDGE_TOLERANCE = 0.02
# A column belongs to the structure if this share of the rows fill it.
_MIN_FILLED = 0.8
_MIN_ROWS = 2  # a structure needs two examples
# The next row follows within this many times the usual distance of rows; an address or a footer is further.
_MAX_GAP = 2.5
# A day with a month, or a row's number, as each of the rows begins.
_MARKS = (
    re.compile(r"\d{1,4}[./-]\d{1,2}(?:[./-]\d{0,4})?"),
    re.compile(r"\d{1,5}[.)]?"),
)
_MIN_LETTERS = 3  # of a word that describes an item


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One grounded row: page, height of its centre, the lines it touches, its amounts by column."""

    page_index: int
    y: float
    lines: frozenset[int]
    amounts: Mapping[Path, tuple[float, float, Decimal]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Structure:
    """What the rows of one list have in common.

    Attributes
    ----------
    columns
        (left, right) around each amount column.
    pitch
        The usual distance of rows.
    has_negatives
        Whether any amount is negative; if none is, a line with a negative one is a discount.
    totals
        Amounts that are sums of rows or stand outside the list: a line with one of them is no row.
    row_words
        Keys of words on the rows' own lines, which cannot tell a total from a row ("19 % VAT").
    mark
        What all rows begin with, a date or a number: a line that does is none for a word of totals in it.
    """

    columns: tuple[tuple[float, float], ...]
    pitch: float
    has_negatives: bool
    totals: frozenset[Decimal]
    row_words: frozenset[str]
    mark: re.Pattern[str] | None = None


def find_missing_lines(
    grounded: GroundingResult, document: Document
) -> Mapping[Path, tuple[tuple[int, int], ...]]:
    """Return (page_index, line_index) of the lines that look like rows of a list and are none, by its path.

    Needs at least two grounded rows that fill a common column of amounts; finds nothing otherwise. Lines
    between the first and the last row count wherever they are; lines before and after only as long as
    they follow at the rows' distance, on the next page too, until a total.
    """
    totals = _single_amounts(grounded)
    return {table.path: missing_rows(table, totals, document) for table in grounded.lists}


def missing_rows(
    table: GroundedTable, totals: frozenset[Decimal], document: Document
) -> tuple[tuple[int, int], ...]:
    """Return (page_index, line_index) of the lines that look like rows of the list and are none.

    `totals` are amounts outside of the list: a line with one of them is no row.
    """
    rows = _rows(table, document)
    structure = _structure(rows, totals, document)
    if structure is None:
        return ()
    claimed = {(row.page_index, line) for row in rows for line in row.lines}
    first, last = min(claimed), max(claimed)
    lines = [(page.page_index, i) for page in document.pages for i in range(len(page.lines))]
    before = [line for line in reversed(lines) if line < first and line[0] == first[0]]
    inside = [line for line in lines if first < line < last and line not in claimed]
    after = [line for line in lines if line > last]
    return (
        *_following(before, first, structure, document),
        *(line for line in inside if _is_row(line_words(line, document), structure)),
        *_following(after, last, structure, document),
    )


def line_words(line: tuple[int, int], document: Document) -> tuple[Word, ...]:
    """Return the words of the line (page_index, line_index)."""
    page: Page = document.pages[line[0]]
    start, end = page.lines[line[1]]
    return page.words[start:end]


def _single_amounts(grounded: GroundingResult) -> frozenset[Decimal]:
    singles = (field.amount for path, field in grounded.fields.items() if row_path(path) is None)
    return frozenset(amount for amount in singles if amount is not None)


def _rows(table: GroundedTable, document: Document) -> list[_Row]:
    """Return the rows that stand somewhere; a list of single values has no columns that could tell a row."""
    cited = (
        {path: cell for path, cell in row.cells.items() if path and cell.metadata.citations}
        for row in table.rows
    )
    return [_row(cells, document) for cells in cited if cells]


def _row(cells: Mapping[Path, GroundedField], document: Document) -> _Row:
    places = {path: cell.metadata.citations[0] for path, cell in cells.items()}
    page_number = min(cited.page_number for cited in places.values())
    page = document.pages[page_number - 1]
    here = {path: cited for path, cited in places.items() if cited.page_number == page_number}
    words = {i for cited in here.values() for i in cited.word_indices}
    return _Row(
        page_index=page_number - 1,
        y=median((cited.bbox[1] + cited.bbox[3]) / 2 for cited in here.values()),
        lines=frozenset(n for n, (start, end) in enumerate(page.lines) if words & set(range(start, end))),
        amounts={
            path: (cited.bbox[0], cited.bbox[2], amount)
            for path, cited in here.items()
            if (amount := cells[path].amount) is not None and decimal_amount(cited.reference_text) is not None
        },
    )


def _structure(
    rows: Sequence[_Row], single_amounts: frozenset[Decimal], document: Document
) -> _Structure | None:
    filled = {column for row in rows for column in row.amounts}
    cells = {column: [row.amounts[column] for row in rows if column in row.amounts] for column in filled}
    common = {c: found for c, found in cells.items() if len(found) >= max(_MIN_ROWS, _MIN_FILLED * len(rows))}
    steps = [
        after.y - before.y
        for before, after in pairwise(rows)
        if after.page_index == before.page_index and after.y > before.y
    ]
    if not common or not steps:
        return None
    own_lines = {(row.page_index, line) for row in rows for line in row.lines}
    sums = {sum((value for _, _, value in found), Decimal(0)) for found in common.values()}
    return _Structure(
        columns=tuple((min(c[0] for c in found), max(c[1] for c in found)) for found in common.values()),
        pitch=median(steps),
        has_negatives=any(value < 0 for found in cells.values() for _, _, value in found),
        totals=single_amounts | sums,
        row_words=frozenset(key for line in own_lines for key in _keys(line_words(line, document))),
        mark=_mark([line_words((row.page_index, min(row.lines)), document)[0].text for row in rows]),
    )


def _mark(firsts: Sequence[str]) -> re.Pattern[str] | None:
    return next((mark for mark in _MARKS if all(map(mark.fullmatch, firsts))), None)


def _following(
    lines: Sequence[tuple[int, int]], start: tuple[int, int], structure: _Structure, document: Document
) -> Iterator[tuple[int, int]]:
    """Yield the rows among `lines`, which lead away from the line `start`, until a total.

    After a gap the rest of a page is passed over; the table may go on anywhere on the next one.
    """
    page_index, y = start[0], _height(line_words(start, document))
    for line in lines:
        words = line_words(line, document)
        if _is_total(words, structure):
            if _amounts(words) and not names_carried_sum(_keys(words)):
                return
            continue
        if line[0] != page_index:
            page_index, y = line[0], None
        is_near = y is None or abs(_height(words) - y) <= _MAX_GAP * structure.pitch
        if is_near and _is_row(words, structure):
            y = _height(words)
            yield line


def _height(words: Sequence[Word]) -> float:
    return median(word.bbox.center[1] for word in words)


def _is_row(words: Sequence[Word], structure: _Structure) -> bool:
    if _is_total(words, structure):
        return False
    amounts = [word for word, _ in _amounts(words)]
    fills_all = all(any(_in_column(word, column) for word in amounts) for column in structure.columns)
    return fills_all and any(sum(map(str.isalpha, word.text)) >= _MIN_LETTERS for word in words)


def _in_column(word: Word, column: tuple[float, float]) -> bool:
    """Return whether the word ends or begins where the column does, or stands inside it."""
    left, right = column[0] - _EDGE_TOLERANCE, column[1] + _EDGE_TOLERANCE
    return left <= word.bbox.left and word.bbox.right <= right


def _is_total(words: Sequence[Word], structure: _Structure) -> bool:
    """Return whether a line is a total, a tax or a payment: by its words, or by its amount."""
    keys = _keys(words) - structure.row_words
    is_marked = structure.mark is not None and structure.mark.fullmatch(words[0].text) is not None
    if names_total(keys) and not (is_marked and not is_sum_line(keys) and not names_balance(keys)):
        return True
    values = [value for _, value in _amounts(words)]
    if not structure.has_negatives and any(value < 0 for value in values):
        return True
    return bool(values) and values[-1] in structure.totals


def _amounts(words: Sequence[Word]) -> list[tuple[Word, Decimal]]:
    """Return each word that prints an amount with decimals, and the amount: bare integers are everywhere."""
    read = ((word, decimal_amount(word.text)) for word in words)
    return [(word, value) for word, value in read if value is not None]


def _keys(words: Sequence[Word]) -> frozenset[str]:
    return folded_words(word.text for word in words)
