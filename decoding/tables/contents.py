"""What columns are whose headings say nothing that is known: their cells tell dates and amounts.

Headings are worded in more ways than any list has ("Booked", "Withdrawn"). A column of nothing but dates is
the date's, if no other one is; the only column of nothing but money is the amount's, if none is and it is
the last of the row, or stands beside what tells it from other money: a price or a balance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from decoding.tables.headings import MONEY_KINDS, ColumnKind
from decoding.tables.table import Table
from schemas.document import Document
from schemas.values.amounts import parse_amount
from schemas.values.dates import looks_like_date

# Of a table's rows so many, and that share, fill a column that is known by its cells.
_LEAST_ROWS, _LEAST_SHARE = 3, 0.8
_ITS_AMOUNT: frozenset[ColumnKind] = frozenset(("amount", "debit", "credit"))


def name_by_contents(document: Document, table: Table) -> Table:
    """Return a table with kinds for columns whose headings had none, where all their cells show it."""
    columns = list(table.columns)
    unknown = [i for i, column in enumerate(columns) if column.kind is None and not column.also]
    if not unknown or len(table.rows) < _LEAST_ROWS:
        return table
    kinds = {column.kind for column in columns}
    dates = [i for i in unknown if "date" not in kinds and _holds_only(document, table, i, looks_like_date)]
    money = [
        i for i in unknown if not kinds & _ITS_AMOUNT and _holds_only(document, table, i, _looks_like_money)
    ]
    if len(dates) == 1:
        columns[dates[0]] = replace(columns[dates[0]], kind="date")
    if len(money) == 1 and (kinds & MONEY_KINDS or money[0] == len(columns) - 1):
        columns[money[0]] = replace(columns[money[0]], kind="amount")
    return replace(table, columns=tuple(columns))


def _holds_only(document: Document, table: Table, column: int, is_it: Callable[[str], bool]) -> bool:
    """Return whether nearly all rows fill a column, and all that do with the same kind of thing."""
    texts = [_text(document, row.page_index, row.cells[column]) for row in table.rows]
    filled = [text for text in texts if text]
    return len(filled) >= max(_LEAST_ROWS, _LEAST_SHARE * len(texts)) and all(map(is_it, filled))


def _text(document: Document, page_index: int, cell: Sequence[int]) -> str:
    words = document.pages[page_index].words
    return " ".join(words[index].text for index in cell)


def _looks_like_money(text: str) -> bool:
    """Return whether a text is an amount with two decimals: counts and numbers of things have none."""
    parsed = parse_amount(text)
    is_money = parsed is not None and not parsed.is_percent and parsed.value.as_tuple().exponent == -2
    return is_money and not looks_like_date(text)
