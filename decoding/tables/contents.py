"""What columns are whose headings say nothing that is known, or two things: their cells tell.

Headings are worded in more ways than any list has ("Booked", "Withdrawn"). A column of nothing but dates is
the date's, if no other one is; the only column of nothing but money is the amount's, if none is and it is
the last of the row, or stands beside what tells it from other money: a price or a balance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

from decoding.tables.headings import MONEY_KINDS, ColumnKind, heading_kinds
from decoding.tables.row_marks import POSITION
from decoding.tables.table import Column, Table, TableRow
from schemas.document import Document
from schemas.values.amounts import parse_amount
from schemas.values.dates import looks_like_date

# Of a table's rows so many, and that share, fill a column that is known by its cells.
_LEAST_ROWS, _LEAST_SHARE = 3, 0.8
_CENT = Decimal("0.01")
_ITS_AMOUNT: frozenset[ColumnKind] = frozenset(("amount", "debit", "credit"))


def name_by_contents(document: Document, table: Table) -> Table:
    """Return a table with the kinds of columns that all their cells show where their headings do not.

    Headings that say nothing known have none. Those that say a number ("Item", "Document no.") may be of
    article numbers, and a price is no row's amount where the quantity times it stands in another column.
    """
    columns = list(table.columns)
    _tell_codes(document, table, columns)
    _tell_prices(document, table, columns)
    _name_unknown(document, table, columns)
    return replace(table, columns=tuple(columns))


def _tell_codes(document: Document, table: Table, columns: list[Column]) -> None:
    kinds = [column.kind for column in columns]
    if "code" in kinds or any("code" in column.also for column in columns):
        return
    for index in (i for i, kind in enumerate(kinds) if kind == "position"):
        cells = [text for row in table.rows if (text := _text(document, row.page_index, row.cells[index]))]
        if cells and all(map(_looks_like_code, cells)):
            columns[index] = replace(columns[index], kind="code")
            return


def _looks_like_code(text: str) -> bool:
    """Return whether a text has figures and is no number of a row: "A-100", "4471102"."""
    return any(map(str.isdigit, text)) and not POSITION.fullmatch(text) and not looks_like_date(text)


def _tell_prices(document: Document, table: Table, columns: list[Column]) -> None:
    """Take a column "Price" for a unit's if each row has in another one what quantity and price come to."""
    kinds = [column.kind for column in columns]
    prices = [
        i for i, c in enumerate(columns) if c.kind == "amount" and "unit_price" in heading_kinds(c.heading)
    ]
    unknown = [i for i, kind in enumerate(kinds) if kind is None]
    if len(prices) != 1 or kinds.count("amount") > 1 or kinds.count("quantity") != 1 or not table.rows:
        return
    factors = kinds.index("quantity"), prices[0]
    for index in unknown:
        if all(_is_product(document, row, factors, index) for row in table.rows):
            columns[prices[0]] = replace(columns[prices[0]], kind="unit_price", also=())
            columns[index] = replace(columns[index], kind="amount")
            return


def _is_product(document: Document, row: TableRow, factors: tuple[int, int], product: int) -> bool:
    """Return whether a cell is what two others come to, to a cent."""
    texts = (_text(document, row.page_index, row.cells[i]) for i in (*factors, product))
    parsed = [parse_amount(text) for text in texts]
    if any(amount is None for amount in parsed):
        return False
    quantity, price, amount = (found.value for found in parsed if found is not None)
    return abs(quantity * price - amount) <= _CENT


def _name_unknown(document: Document, table: Table, columns: list[Column]) -> None:
    unknown = [i for i, column in enumerate(columns) if column.kind is None and not column.also]
    if not unknown or len(table.rows) < _LEAST_ROWS:
        return
    kinds = {column.kind for column in columns}
    dates = [i for i in unknown if "date" not in kinds and _holds_only(document, table, i, looks_like_date)]
    money = [
        i for i in unknown if not kinds & _ITS_AMOUNT and _holds_only(document, table, i, _looks_like_money)
    ]
    if len(dates) == 1:
        columns[dates[0]] = replace(columns[dates[0]], kind="date")
    if len(money) == 1 and (kinds & MONEY_KINDS or money[0] == len(columns) - 1):
        columns[money[0]] = replace(columns[money[0]], kind="amount")


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
