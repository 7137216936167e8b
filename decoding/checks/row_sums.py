"""Sums that hold row by row: quantity times price, and balances that follow from one another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from decoding.grounding.result import GroundedField, GroundedRow, GroundedTable, GroundingResult
from schemas.completeness import SumCheck, SumRule
from schemas.spec import Path, json_path

_TOLERANCE = Decimal("0.02")
_HALF_CENT = Decimal("0.005")  # a price is rounded to a cent, and that error is multiplied
_MAX_FAILING = 20
ROW_PREFIX = "line_item_"  # DocILE's, of row keys
_QUANTITY_KEYS = ("quantity", "qty", "units", "hours")
_DISCOUNT_KEYS = ("discount", "discount_amount", "discount_rate", "discount_percent", "rebate")
# Prices, and the amounts that are so many times them.
_PRICES = (
    (("unit_price_net",), ("amount_net",)),
    (("unit_price_gross",), ("amount_gross",)),
    (("unit_price", "price", "rate"), ("amount", "line_total", "line_amount", "total_price", "total")),
)
_BALANCE_KEYS = ("balance", "running_balance")
_MOVED_KEYS = ("amount", "debit", "credit", "withdrawal", "deposit")
_OPENING_KEYS = ("opening_balance", "balance_start", "previous_balance")


def check_products(tables: Sequence[GroundedTable]) -> Iterator[SumCheck]:
    """Yield, for each list that has all three, whether quantity times price is the amount of its rows.

    Rows with a discount of their own are passed over, and rows that lack one of the three.
    """
    for table in tables:
        for prices, amounts in _PRICES:
            names = (_QUANTITY_KEYS, prices, amounts)
            checked = [(row, known) for row in table.rows if (known := _factors(row, *names))]
            if checked:
                keys = [_key(checked[0][0], one) for one in names]
                failing = [row for row, known in checked if not _multiplies(*known)]
                yield _rows_check("quantity_and_price", table, keys, len(checked), failing)


def _factors(row: GroundedRow, *names: Sequence[str]) -> tuple[Decimal, ...] | None:
    """Return quantity, price and amount; None if one is missing or the row has a discount."""
    found = [_amount(row, keys) for keys in names]
    present = tuple(value for value in found if value is not None)
    return present if len(present) == len(found) and not _amount(row, _DISCOUNT_KEYS) else None


def _multiplies(quantity: Decimal, price: Decimal, amount: Decimal) -> bool:
    return abs(abs(quantity * price) - abs(amount)) <= _TOLERANCE + abs(quantity) * _HALF_CENT


def check_balances(grounded: GroundingResult) -> Iterator[SumCheck]:
    """Yield, for each list with a balance in its rows, whether each follows from the one before.

    What was moved is compared without its sign, as statements print signs in many ways. The first row is
    compared with the opening balance where there is one.
    """
    opening = next((a for key in _OPENING_KEYS if (a := _top(grounded.fields, key)) is not None), None)
    for table in grounded.tables:
        checked: list[GroundedRow] = []
        failing: list[GroundedRow] = []
        before = opening
        for row in table.rows:
            balance, moved = _amount(row, _BALANCE_KEYS), _amount(row, _MOVED_KEYS)
            if balance is not None and moved is not None and before is not None:
                checked.append(row)
                if abs(abs(balance - before) - abs(moved)) > _TOLERANCE:
                    failing.append(row)
            before = balance
        if checked:
            keys = [_key(checked[0], names) for names in (_MOVED_KEYS, _BALANCE_KEYS)]
            yield _rows_check("running_balance", table, keys, len(checked), failing)


def _rows_check(
    rule: SumRule, table: GroundedTable, keys: Sequence[str], n_checked: int, failing: Sequence[GroundedRow]
) -> SumCheck:
    return SumCheck(
        rule=rule,
        paths=tuple(f"{json_path(table.path)}[*].{json_path((key,))}" for key in keys),
        holds=not failing,
        n_checked=n_checked,
        failing=tuple(json_path(row.path) for row in failing[:_MAX_FAILING]),
        n_failing=len(failing),
    )


def _amount(row: GroundedRow, keys: Sequence[str]) -> Decimal | None:
    cell = row.cells.get((_key(row, keys),))
    return None if cell is None else cell.amount


def _key(row: GroundedRow, keys: Sequence[str]) -> str:
    """Return the first of the keys that the row has an amount for, else the first of them."""
    for key in (name for plain in keys for name in (plain, ROW_PREFIX + plain)):
        cell = row.cells.get((key,))
        if cell is not None and cell.amount is not None:
            return key
    return keys[0]


def _top(fields: Mapping[Path, GroundedField], key: str) -> Decimal | None:
    return fields[key,].amount if (key,) in fields else None
