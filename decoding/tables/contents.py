"""What columns are whose headings say nothing that is known, or two things: their cells tell.

Headings are worded in more ways than any list has ("Booked", "Withdrawn"). A column of nothing but dates is
the date's, if no other one is; the only column of nothing but money is the amount's, if none is and it is
the last of the row, or stands beside what tells it from other money: a price or a balance.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from statistics import median

from decoding.tables.headings import MONEY_KINDS, ColumnKind, heading_kinds
from decoding.tables.row_marks import POSITION
from decoding.tables.table import Column, Table, TableRow
from schemas.document import Document
from schemas.values.amounts import parse_amount
from schemas.values.dates import looks_like_date

# Of a table's rows so many, and that share, fill a column that is known by its cells.
_LEAST_ROWS, _LEAST_SHARE = 3, 0.8
_CENT = Decimal("0.01")
# A letter, or a number that is no rate anywhere, mostly explained below the table.
_TAX_CODE = re.compile(r"[^\W\d_]{1,2}\d?|[*]{1,2}|[12]")
_BREAKDOWN: frozenset[ColumnKind | None] = frozenset(("tax_base", "tax_amount"))
_RATES: frozenset[ColumnKind | None] = frozenset(("tax_code", "tax_rate"))
_NAMED = frozenset[ColumnKind | None]((*_BREAKDOWN, "description"))
_FIGURES = re.compile(r"\d+")
_DAY = re.compile(r"\d{2}\.\d{2}\.|\d{1,2}/\d{1,2}|\d{2}-\d{2}")
_DAYS, _MONTHS = 31, 12
_FEWEST_COUNTED, _FIRST_NUMBER = 2, 10
_MIN_LETTERS = 5
_ITS_AMOUNT: frozenset[ColumnKind] = frozenset(("amount", "debit", "credit"))


def name_by_contents(document: Document, table: Table) -> Table:
    """Return a table with the kinds of columns that all their cells show where their headings do not.

    Headings that say nothing known have none. Those that say a number ("Item", "Document no.") may be of
    article numbers, and a price is no row's amount where the quantity times it stands in another column.
    Letters under a tax's heading are codes of it, numbers under a unit's are of things, and words under that
    of articles are their names, where no other column has one.
    """
    columns = list(table.columns)
    cells = [
        [_text(document, row.page_index, row.cells[at]) for row in table.rows] for at in range(len(columns))
    ]
    filled = [[text for text in texts if text] for texts in cells]
    _tell_others(columns, filled)
    _tell_codes(columns, filled)
    _tell_prices(document, table, columns)
    _name_unknown(document, table, columns)
    _name_texts(columns, filled, n_rows=len(table.rows))
    return replace(table, columns=tuple(columns))


def _tell_others(columns: list[Column], filled: Sequence[Sequence[str]]) -> None:
    """Correct headings that say one thing above cells of another: codes of taxes, numbers of flats."""
    kinds = {column.kind for column in columns}
    for at, (column, texts) in enumerate(zip(columns, filled, strict=True)):
        kind = column.kind
        if column.kind == "tax_rate" and texts and all(map(_is_tax_code, texts)):
            kind = "tax_code"
        elif (
            column.kind == "unit"
            and len(texts) > 1
            and all(map(str.isdecimal, texts))
            and "code" not in kinds
        ):
            kind = "code"
        elif column.kind == "code" and not kinds & _NAMED and _says_things(texts, len(texts)):
            kind = "description"
        if kind != column.kind:
            columns[at] = replace(column, kind=kind, also=())
            kinds.add(kind)


def _is_tax_code(text: str) -> bool:
    """Return whether a text is no rate of a tax, but a letter or one of the first numbers for it."""
    return _TAX_CODE.fullmatch(text) is not None


def _name_texts(columns: list[Column], filled: Sequence[Sequence[str]], *, n_rows: int) -> None:
    """Name the only column of words a description's, if no other is, and counted numbers positions."""
    kinds = {column.kind for column in columns}
    if "position" not in kinds and columns and columns[0].kind is None and n_rows >= _FEWEST_COUNTED:
        numbers = [tuple(map(int, _FIGURES.findall(text))) for text in filled[0] if POSITION.fullmatch(text)]
        is_counted = len(numbers) == n_rows and all(a < b for a, b in pairwise(numbers)) and () not in numbers
        if is_counted and numbers[0][0] <= _FIRST_NUMBER and not all(map(_may_be_day, filled[0])):
            columns[0] = replace(columns[0], kind="position")
    if (
        kinds & _BREAKDOWN
        or kinds >= _RATES
        or "description" in kinds
        or any("description" in column.also for column in columns)
    ):
        return
    worded = [
        at
        for at, texts in enumerate(filled)
        if columns[at].kind is None and "%" not in columns[at].heading and _says_things(texts, n_rows)
    ]
    if len(worded) == 1:
        columns[worded[0]] = replace(columns[worded[0]], kind="description")


def _may_be_day(text: str) -> bool:
    """Return whether the first numbers of a text may be a day and a month: "01.02" may, "01.0010" may not."""
    numbers = [int(number) for number in _FIGURES.findall(text)[:2]]
    return len(numbers) > 1 and 1 <= numbers[0] <= _DAYS and 1 <= numbers[1] <= _MONTHS


def _is_day(text: str) -> bool:
    """Return whether a text is a date, or a day and a month: "02/02", "02.02."; "12.5" is a number."""
    return looks_like_date(text) or (_DAY.fullmatch(text) is not None and _may_be_day(text))


def _says_things(texts: Sequence[str], n_rows: int) -> bool:
    """Return whether most rows have a text here, mostly letters and longer than units and marks are."""
    if not texts or len(texts) < _LEAST_SHARE * n_rows:
        return False
    letters = [sum(map(str.isalpha, text)) for text in texts]
    is_long = median(letters) >= _MIN_LETTERS
    return is_long and all(2 * n > len(text.replace(" ", "")) for n, text in zip(letters, texts, strict=True))


def _tell_codes(columns: list[Column], filled: Sequence[Sequence[str]]) -> None:
    if any("code" in (column.kind, *column.also) for column in columns):
        return
    for at, texts in enumerate(filled):
        if columns[at].kind == "position" and texts and all(map(_looks_like_code, texts)):
            columns[at] = replace(columns[at], kind="code")
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
    # Bookings have two days.
    n_days = sum(column.kind == "date" for column in columns)
    dates = [i for i in unknown if n_days <= 1 and _holds_only(document, table, i, _is_day)]
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
