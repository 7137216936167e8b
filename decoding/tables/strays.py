"""Lines that begin a row by their numbers and are none: they are of the row above, or of the page's foot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise, takewhile

from decoding.tables.headings import ColumnKind
from decoding.tables.parts import OpenRow, ReadLine, TablePart
from decoding.tables.row_marks import is_row_without_amount
from decoding.tables.table import Column

# A column is common if this share of the rows fill it.
_COMMON = 0.6
# The amounts are the main column with fewer: of a row of many lines, some look like rows of their own.
_MAIN = 0.2
# Rows are numbered if this share of them are.
_NUMBERED = 0.75
# Rows stand on one line each if this share of at least so many do.
_SINGLE, _FEWEST_ROWS = 0.7, 3
# Lines of a paragraph, which follow each other within so many times their height.
_PARAGRAPH, _NEAR = 2, 2.2
# The columns one of which a row cannot do without, if most rows fill one; bookings have two.
_MAIN_KINDS: tuple[tuple[ColumnKind, ...], ...] = (
    ("amount",),
    ("debit", "credit"),
    ("balance",),
    ("unit_price",),
    ("quantity",),
)


def find_main_columns(columns: Sequence[Column], rows: Sequence[OpenRow]) -> frozenset[int]:
    """Return the columns one of which a row has to fill: those of amounts, or what else most rows fill."""
    for kinds in _MAIN_KINDS:
        found = [i for i, column in enumerate(columns) if column.kind in kinds]
        least = max(1.0, (_MAIN if kinds == ("amount",) else _COMMON) * len(rows))
        if len(kinds) > 1:
            if len(found) == len(kinds) and sum(not row.filled.isdisjoint(found) for row in rows) >= least:
                return frozenset(found)
            continue
        for index in found:
            if sum(index in row.filled for row in rows) >= least:
                return frozenset((index,))
    return frozenset()


def drop_strays(parts: Sequence[TablePart], main: frozenset[int]) -> dict[int, Sequence[ReadLine]]:
    """Give lines that are no rows to the row above; those below the last row are the page's foot.

    A row fills a main column, has a number, a date or a word in its place, or fills at least half of what
    rows usually fill and stands between others; if the rows are numbered, it has a number, or says what it
    charges for.

    Returns
    -------
    By the `id` of a table's first row the paragraph above it that was taken from it and may be its own.
    """
    paragraph = _drop_group_heading(parts)
    usual = _usual([row for part in parts for row in part.rows], main)
    for part in parts:
        part.rows = [row for row in part.rows if not _is_payment(part, row)]
        _drop_of_part(part, main, usual)
    return paragraph


def _drop_group_heading(parts: Sequence[TablePart]) -> dict[int, Sequence[ReadLine]]:
    """Take texts above a table's first row from it where rows stand on one line each: they head a group.

    That row, too, says beside its numbers what it is. Of several lines right above it, which are a paragraph
    and no heading, they are returned by its `id`.
    """
    rows = [(part, row) for part in parts for row in part.rows]
    if len(rows) < _FEWEST_ROWS or rows[0][1].lines[0].filled:
        return {}
    part, first = rows[0]
    at = next(index for index, line in enumerate(first.lines) if line.filled)
    n_single = sum(len(row.lines) == 1 for _, row in rows[1:])
    if _says(part, first.lines[at]) and n_single >= _SINGLE * (len(rows) - 1):
        texts = first.lines[:at]
        del first.lines[:at]
        begins = at - sum(1 for _ in takewhile(_are_near, pairwise([first.lines[0], *reversed(texts)])))
        if at - begins >= _PARAGRAPH:
            return {id(first): texts[begins:]}
    return {}


def _are_near(lines: tuple[ReadLine, ReadLine]) -> bool:
    below, above = lines
    return below.line.y - above.line.y < _NEAR * max(below.line.height, above.line.height)


def _is_payment(part: TablePart, row: OpenRow) -> bool:
    """Return whether a row fills a column of credits beside one of charges, and names a payment.

    Of debits and credits both are bookings.
    """
    kinds = {column.kind for column in part.columns}
    filled = {part.columns[index].kind for index in row.filled}
    is_credit = filled == {"credit"} and "amount" in kinds and "debit" not in kinds
    return is_credit and any(line.total_share for line in row.lines)


def _usual(rows: Sequence[OpenRow], main: frozenset[int]) -> set[int]:
    """Return the columns of numbers that most rows with a main one fill."""
    full = [row for row in rows if main & row.filled]
    counts = Counter(column for row in full for column in row.filled)
    return {column for column, n in counts.items() if n >= _COMMON * len(full)}


def _drop_of_part(part: TablePart, main: frozenset[int], usual: set[int]) -> None:
    number = next((i for i, column in enumerate(part.columns) if column.kind == "position"), None)
    full = [row for row in part.rows if main & row.filled]
    numbered = [row for row in full if _has_number(row, number)]
    needs_number = len(full) > 1 and len(numbered) >= _NUMBERED * len(full)

    def may_be_row(row: OpenRow) -> bool:
        return not needs_number or _has_number(row, number) or _charges(part, row, main)

    full_or_own = {
        id(row)
        for row in part.rows
        if (main & row.filled or is_row_without_amount(part, row.lines, main=main)) and may_be_row(row)
    }
    while part.rows and id(part.rows[-1]) not in full_or_own:
        part.rows.pop()
    kept: list[OpenRow] = []
    for row in part.rows:
        is_half = 2 * len(row.filled & usual) > len(usual)
        if id(row) in full_or_own or (may_be_row(row) and (is_half or _is_listed(part, row, full))):
            kept.append(row)
        elif kept:
            kept[-1].lines += row.lines
    part.rows = kept


def _is_listed(part: TablePart, row: OpenRow, full: Sequence[OpenRow]) -> bool:
    """Return whether a row without an amount begins where all full ones begin, says what it is, and counts.

    Its number or name in the first column is its own, as of a flat that is let to no one.
    """
    first = min((index for other in full for line in other.lines for _, index in line.groups), default=None)
    line = row.lines[0]
    is_beside = first is not None and part.columns[first].kind != "description" and line.total_share == 0
    return (
        is_beside
        and bool(line.filled)
        and _says(part, line)
        and all(
            any(index == first for own in other.lines for _, index in own.groups) for other in (row, *full)
        )
    )


def _charges(part: TablePart, row: OpenRow, main: frozenset[int]) -> bool:
    """Return whether a row without a number, of numbered ones, is a surcharge: what for, and how much.

    Its text stands in the column of descriptions, where it names no total and no deduction.
    """
    line: ReadLine = row.lines[0]
    is_priced = bool(main & line.filled) and not line.total_share and not line.is_deduction
    return is_priced and _says(part, line)


def _says(part: TablePart, line: ReadLine) -> bool:
    return any(
        part.columns[index].kind == "description" and not group.is_numeric for group, index in line.groups
    )


def _has_number(row: OpenRow, column: int | None) -> bool:
    texts = (group.text for line in row.lines for group, index in line.groups if index == column)
    return any(character.isdigit() for text in texts for character in text)
