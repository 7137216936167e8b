"""Rows of a table below one of its sums, where a later sum counts them: sections with a subtotal each."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from decoding.tables.headings import MONEY_KINDS
from decoding.tables.parts import ReadLine, TablePart
from decoding.tables.prices import looks_like_price, price_of
from decoding.tables.totals import names_subtotal


def section_rows(part: TablePart, below: Sequence[ReadLine]) -> list[ReadLine]:
    """Return those of the lines from a table's sum on that are rows, as a subtotal is what they come to.

    They have an amount in a column of money and a text, and name no total, tax or payment: what freight and
    taxes come to with the goods above is no sum of theirs alone, and what was paid is no subtotal.
    """
    rows: list[ReadLine] = []
    section: list[tuple[ReadLine, Decimal]] = []
    for line in below:
        amount = _amount(line)
        if line.total_share > 0:
            if section and names_subtotal(line.words) and amount == sum(value for _, value in section):
                rows += [row for row, _ in section]
            section = []
        elif amount is not None and _is_row(part, line):
            section.append((line, amount))
    return rows


def _is_row(part: TablePart, line: ReadLine) -> bool:
    kinds = {part.columns[index].kind for index in line.filled}
    return not kinds.isdisjoint(MONEY_KINDS) and any(
        any(map(str.isalpha, group.text)) and not group.is_numeric for group in line.line.groups
    )


def _amount(line: ReadLine) -> Decimal | None:
    """Return the last amount that a line prints with decimals, if its figures are sure."""
    words = [word for group in line.line.groups for word in group.text.split() if looks_like_price(word)]
    return price_of(words[-1]) if words else None
