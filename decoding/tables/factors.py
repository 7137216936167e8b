"""Which of several columns of counts, prices or amounts a row is reckoned with: those whose product holds.

Bills of works have quantities by contract, to date and of this period; freight bills pieces and weights.
Where in every row one of them times one price is one amount, these three are what the row says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import product

from decoding.tables.headings import NUMERIC_KINDS, ColumnKind, heading_kinds
from decoding.tables.table import Column, Table
from schemas.document import Document
from schemas.values.amounts import parse_amount

_FACTORS: tuple[ColumnKind, ...] = ("quantity", "unit_price", "amount")
# Rows that are tried, and columns of each kind: the work grows with rows and with the cube of columns.
_MOST_ROWS, _MOST_COLUMNS = 30, 8
# Of rows that have all three so many, and that share of all rows, must come out.
_FEWEST_ROWS, _LEAST_SHARE = 2, 0.5
_TELLING = 100  # an amount that few small numbers multiply to by chance: one row is enough
_CENT, _HALF_CENT = Decimal("0.01"), Decimal("0.005")
_HUNDRED = Decimal(100)
# Prices are also for a hundred or a thousand, as their heading says ("Preis/100").
_PER = (Decimal(1), Decimal(100), Decimal(1000))

_Numbers = Sequence[Decimal | None]


def tell_factors(document: Document, table: Table) -> Table:
    """Return a table whose quantity, unit price and amount are marked where their product tells them.

    Nothing is told where each kind has one column, where no three columns come out in all rows that fill
    them, or where several do that are named alike. Where none comes out, a discount in percent is taken off.
    """
    kinds: list[ColumnKind | None] = [column.kind for column in table.columns]
    if all(kinds.count(kind) == 1 for kind in _FACTORS) or not table.rows:
        return table
    numbers = {at: _numbers(document, table, at) for at, kind in enumerate(kinds) if _may_be_factor(kind)}
    choices = [
        [at for at in numbers if _may_be(table.columns[at], kind, kinds)][:_MOST_COLUMNS] for kind in _FACTORS
    ]
    threes = [three for three in product(*choices) if len(set(three)) == len(three)]
    off = [at for at, kind in enumerate(kinds) if kind == "discount"]
    found = [three for three in threes if _holds(numbers, three)] or [
        three for three in threes if off and _holds(numbers, three, off)
    ]
    best = _likeliest(table.columns, found)
    if best is None:
        return table
    columns = list(table.columns)
    for at, kind in zip(best, _FACTORS, strict=True):
        columns[at] = replace(columns[at], kind=kind, is_factor=True, also=())
    return replace(table, columns=tuple(columns))


def _may_be_factor(kind: ColumnKind | None) -> bool:
    return kind in (None, "discount", *_FACTORS)


def _may_be(column: Column, kind: ColumnKind, kinds: Sequence[ColumnKind | None]) -> bool:
    """Return whether a column may be of a kind; of two amounts one may be the price that no heading names."""
    if column.kind is None:
        return True
    if kind == "unit_price" and column.kind == "amount" and kinds.count("amount") > 1 and kind not in kinds:
        return True
    return column.kind == kind or (column.kind in NUMERIC_KINDS and kind in heading_kinds(column.heading))


def _numbers(document: Document, table: Table, at: int) -> _Numbers:
    texts = (
        " ".join(document.pages[row.page_index].words[word].text for word in row.cells[at])
        for row in table.rows[:_MOST_ROWS]
    )
    parsed = (parse_amount(text) if text else None for text in texts)
    return [None if amount is None else amount.value for amount in parsed]


def _holds(numbers: Mapping[int, _Numbers], three: tuple[int, ...], off: Sequence[int] = ()) -> bool:
    """Return whether in all rows that fill three columns the product of two is the third one, and enough do.

    `off` are columns of discounts in percent, one of which may be taken off.

    Quantities of one tell nothing: price and amount are alike there, and any column may be either.
    """
    rows = list(zip(*(numbers[at] for at in three), strict=True))
    full = [
        (at, quantity, price, amount)
        for at, (quantity, price, amount) in enumerate(rows)
        if quantity is not None and price is not None and amount is not None
    ]
    if len(full) < _LEAST_SHARE * len(rows) or all(abs(q) <= 1 for _, q, _, _ in full):
        return False
    if len(full) < _FEWEST_ROWS and not all(abs(a) >= _TELLING for _, _, _, a in full):
        return False
    return any(
        all(_comes_to(q, p / per, a, _rebates(numbers, off, at)) for at, q, p, a in full) for per in _PER
    )


def _rebates(numbers: Mapping[int, _Numbers], off: Sequence[int], row: int) -> Iterator[Decimal]:
    """Yield what is left of a price: all of it, and without the row's discount."""
    yield Decimal(1)
    for at in off:
        if (percent := numbers[at][row]) is not None and 0 < percent < _HUNDRED:
            yield 1 - percent / _HUNDRED


def _comes_to(quantity: Decimal, price: Decimal, amount: Decimal, lefts: Iterator[Decimal]) -> bool:
    return any(
        abs(abs(quantity * price * left) - abs(amount)) <= _CENT + abs(quantity) * _HALF_CENT
        for left in lefts
    )


def _likeliest(columns: Sequence[Column], found: Sequence[tuple[int, ...]]) -> tuple[int, ...] | None:
    """Return the three columns most of which are named as what they are; None if others are as well."""

    def n_named(three: tuple[int, ...]) -> int:
        return sum(columns[at].kind == kind for at, kind in zip(three, _FACTORS, strict=True))

    most = max(map(n_named, found), default=0)
    best = [three for three in found if n_named(three) == most]
    return best[0] if len(best) == 1 else None
