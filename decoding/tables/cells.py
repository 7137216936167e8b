"""Lines below a heading read into cells: which words stand in which column, and whether a line is a sum."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from decoding.tables.columns import assign_columns
from decoding.tables.heading_rows import MAX_COLUMNS
from decoding.tables.headings import MONEY_KINDS, NUMERIC_KINDS, ColumnKind
from decoding.tables.lines import Group, TableLine, group_of
from decoding.tables.parts import ReadLine
from decoding.tables.prices import seems_price
from decoding.tables.table import Column
from decoding.tables.totals import (
    counts_rows,
    folded_words,
    is_carried_line,
    is_sum_line,
    names_deduction,
    total_share,
)
from schemas.document import Page
from schemas.values.amounts import looks_like_amount

# Longer texts and lines are no cells, and would take their time.
_MAX_GROUP_WORDS, _MAX_LINE_GROUPS = 60, 4 * MAX_COLUMNS
# Columns of numbers that texts stand close behind.
_NUMBERS_FIRST: frozenset[ColumnKind] = frozenset(("position", "code", "quantity"))
_THOUSANDS = re.compile(r"\d{3}(?:[.,]\d+)?")
# A text in one of these has numbers of its own ("EREF: 4411 MREF: 88121").
_TEXTS: frozenset[ColumnKind | None] = frozenset(("description", "date"))


def read_line(page: Page, line: TableLine, columns: Sequence[Column], char: float) -> ReadLine:
    """Return a line with the column of each of its groups; those in no column are left out."""
    groups = line_pieces(page, line, columns, char)
    placed = tuple(
        (group, index)
        for group, index in zip(groups, assign_columns(groups, columns, char), strict=True)
        if index is not None
    )
    filled = frozenset(i for group, i in placed if _fills(group, columns[i]))
    words = folded_words(_spoken(line, placed, columns))
    return ReadLine(
        line=line,
        groups=placed,
        words=words,
        filled=filled,
        total_share=_total_share(line, words, prints_number=bool(filled) or line.has_decimals),
        is_carried=is_carried_line(words),
        is_deduction=names_deduction(words),
    )


def _fills(group: Group, column: Column) -> bool:
    """Return whether a group is a number in a column of numbers, or a misread price in one of money."""
    return (group.is_numeric and column.kind in NUMERIC_KINDS) or (
        column.kind in MONEY_KINDS and seems_price(group.text.split()[-1])
    )


def _spoken(line: TableLine, placed: Sequence[tuple[Group, int]], columns: Sequence[Column]) -> Iterator[str]:
    """Yield the texts of a line but for the article number beside a description: "SVC-3Y" is no service."""
    kinds = {columns[index].kind for _, index in placed}
    codes = {group.start for group, index in placed if columns[index].kind == "code"}
    for group in line.groups:
        is_code = group.start in codes and any(map(str.isdigit, group.text))
        if not is_code or "description" not in kinds:
            yield group.text


def _total_share(line: TableLine, words: frozenset[str], *, prints_number: bool) -> float:
    """Return the share of a line's words that name a total; a line without a number names a sum or none."""
    if not prints_number:
        return float(is_sum_line(words) or counts_rows(words, n_figures=line.n_figures))
    if is_carried_line(words):
        return 1.0
    return total_share(words)


def line_pieces(page: Page, line: TableLine, columns: Sequence[Column], char: float) -> tuple[Group, ...]:
    """Return the groups of a line, parted where they stand in columns of their own, close as they are.

    A number at the end of a text is a cell only beside other numbers, or in the last column of numbers.
    """
    numeric = [column for column in columns if column.kind in NUMERIC_KINDS or column.kind == "position"]
    pieces: list[Group] = []
    for group in line.groups[:_MAX_LINE_GROUPS]:
        alone = not any(other.is_numeric for other in line.groups if other is not group)
        pieces.extend(_pieces(page, group, columns, numeric[-1:] if alone else numeric, char))
    return tuple(pieces)


def _pieces(
    page: Page, group: Group, columns: Sequence[Column], numeric: Sequence[Column], char: float
) -> Iterator[Group]:
    if group.end - group.start > _MAX_GROUP_WORDS:
        yield group
        return
    for start in range(group.start + 1, group.end):
        if _parts_thousands(page, start):
            continue
        head, tail = group_of(page.words, group.start, start), group_of(page.words, start, group.end)
        if _begins_next_column(head, tail, columns, char) or (
            _is_number(head)
            and any(_is_in(head, c, char) and group.right > c.right + 2 * char for c in numeric)
        ):
            yield head
            yield from _pieces(page, tail, columns, numeric, char)
            return
        two_numbers = (
            _is_number(head)
            and _is_number(tail)
            and not looks_like_amount(group.text)
            and any(_overlaps(group, c) for c in columns if c.kind not in _TEXTS)
        )
        own_column = any(_is_in(tail, c, char) and group.left < c.left - 2 * char for c in numeric)
        if two_numbers or (own_column and _is_number(tail)):
            yield from _pieces(page, head, columns, numeric, char)
            yield tail
            return
    yield group


def _parts_thousands(page: Page, at: int) -> bool:
    """Return whether a blank before the word `at` stands amid the thousands of a number ("12 000 st")."""
    before, word = page.words[at - 1].text, page.words[at].text
    return _THOUSANDS.fullmatch(word) is not None and looks_like_amount(f"{before} {word}")


def _overlaps(group: Group, column: Column) -> bool:
    return min(group.right, column.right) > max(group.left, column.left)


def _begins_next_column(head: Group, tail: Group, columns: Sequence[Column], char: float) -> bool:
    """Return whether `head` is a number at one column's edge and `tail` begins at that of the next one."""
    return _is_number(head) and any(
        abs(head.left - column.left) < 2 * char and abs(tail.left - following.left) < 1.5 * char
        for column, following in pairwise(columns)
        if column.kind in _NUMBERS_FIRST
    )


def _is_number(group: Group) -> bool:
    return looks_like_amount(group.text)


def _is_in(group: Group, column: Column, char: float) -> bool:
    return column.left - char < group.left and group.right < column.right + char
