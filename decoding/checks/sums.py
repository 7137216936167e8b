"""Sums that must hold on a business document, checked on the normalised amounts of an answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from decoding.checks.row_sums import ROW_PREFIX, check_balances, check_products
from decoding.grounding.result import GroundedField, GroundedTable, GroundingResult
from schemas.completeness import SumCheck
from schemas.extraction import ExtractionWarning
from schemas.spec import Path, json_path

# Cash totals are rounded to 5 cents where the smallest coin is one (Switzerland, Malaysia, Canada).
TOLERANCE = Decimal("0.05")
# Each row rounded to a cent is off by at most half of one.
TOLERANCE_PER_ROW = Decimal("0.005")
# No tax is more than half of what is taxed; more is a discount, a deposit or a mistake.
MAX_TAX_SHARE = Decimal("0.5")

# By what they are; of several the first that has an amount.
TOTAL_KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "net": ("amount_total_net", "net_total", "total_net", "subtotal", "amount_untaxed"),
        "tax": ("amount_total_tax", "tax_total", "total_tax", "tax", "amount_tax"),
        "gross": ("amount_total_gross", "grand_total", "total_gross", "amount_total", "total"),
        "lines": ("amount_total_lines", "line_total", "lines_total"),
        "tip": ("tip_amount", "tips", "tip"),
    }
)
_ROW_KEYS = frozenset(("amount_net", "amount_gross", "amount", "line_total", "line_amount", "total_price"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Total:
    """An amount at the top of the answer, and its path."""

    path: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class _Totals:
    net: _Total | None
    tax: _Total | None
    gross: _Total | None
    tip: _Total | None
    lines: _Total | None

    def known(self) -> tuple[_Total, ...]:
        return tuple(total for total in (self.lines, self.net, self.gross) if total is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _ColumnSum:
    """An amount column that every row fills, added up."""

    path: str
    amount: Decimal
    n_rows: int


def find_sums(grounded: GroundingResult) -> tuple[SumCheck, ...]:
    """Return each sum that the answer's amounts allow to check, and how it comes out.

    Checked are net + tax (+ tip) = gross, or net = gross where prices include the tax, within
    `TOLERANCE`; for each list whose rows all have an amount, that these add up to the net, the gross or the
    lines' total, within `TOLERANCE` and half a cent a row; for its rows, that quantity times price is the
    amount, and that each balance follows from the one before. The fields are known by their names (DocILE's
    and a few more). What is missing or ambiguous is not checked.
    """
    totals = _Totals(**{role: _first(grounded.fields, keys) for role, keys in TOTAL_KEYS.items()})
    return (
        *_check_totals(totals),
        *_check_rows(grounded.tables, totals),
        *check_products(grounded.tables),
        *check_balances(grounded),
    )


def warn_of_sums(sums: Iterable[SumCheck]) -> tuple[ExtractionWarning, ...]:
    """Return a `sum_mismatch` for each sum that does not come out, naming what was reckoned.

    Rows may differ from the total for good reasons (discounts, shipping, service charges), and so may a
    row's amount from quantity times price: a row is doubted only where most others of its list hold. This
    is a doubt, not an error.
    """
    found = (_warn(check) for check in sums if not check.holds)
    return tuple(warning for warning in found if warning is not None)


def _warn(check: SumCheck) -> ExtractionWarning | None:
    if check.rule == "net_and_tax":
        paths = " + ".join(check.paths[:-1])
        message = f"{paths} is not {check.paths[-1]}: {check.difference} is left"
        return ExtractionWarning(code="sum_mismatch", message=message)
    list_path = check.paths[0].rpartition("[*]")[0]
    if check.rule == "rows_and_total":
        message = f"the rows' {check.paths[0]} do not add up to {check.paths[1]}: {check.difference} is left"
        return ExtractionWarning(code="sum_mismatch", message=message, path=list_path)
    if 3 * check.n_failing > check.n_checked:
        return None
    what = "quantity times price is not the amount" if check.rule == "quantity_and_price" else "balances jump"
    message = f"{what} in {check.n_failing} of {check.n_checked} rows: {', '.join(check.failing)}"
    return ExtractionWarning(code="sum_mismatch", message=message, path=list_path)


def _first(fields: Mapping[Path, GroundedField], keys: tuple[str, ...]) -> _Total | None:
    """Return the amount of the first of the keys, at the top of the answer, that has one."""
    amounts = ((key, fields[key,].amount) for key in keys if (key,) in fields)
    found = next(((key, amount) for key, amount in amounts if amount is not None), None)
    return None if found is None else _Total(path=json_path((found[0],)), amount=found[1])


def _check_totals(totals: _Totals) -> Iterator[SumCheck]:
    if totals.net is None or totals.tax is None or totals.gross is None:
        return
    difference = totals.gross.amount - totals.net.amount - totals.tax.amount
    tip = totals.tip.amount if totals.tip else Decimal(0)
    # What may be left: nothing, the tip, or the tax, where the net has it already and is more than it.
    extras = [Decimal(0), tip]
    if abs(totals.tax.amount) < abs(totals.net.amount):
        extras.append(-totals.tax.amount)
    holds = any(abs(difference - extra) <= TOLERANCE for extra in extras)
    yield SumCheck(
        rule="net_and_tax",
        paths=(totals.net.path, totals.tax.path, totals.gross.path),
        holds=holds,
        difference=str(difference),
    )


def _check_rows(tables: tuple[GroundedTable, ...], totals: _Totals) -> Iterator[SumCheck]:
    """Yield for each list the column and the total that are nearest to each other."""
    for table in tables:
        pairs = [(column, total) for column in _column_sums(table) for total in totals.known()]
        if not pairs:
            continue
        column, total = min(pairs, key=lambda pair: _excess(*pair))
        yield SumCheck(
            rule="rows_and_total",
            paths=(column.path, total.path),
            holds=_excess(column, total) <= 0,
            difference=str(total.amount - column.amount),
        )


def _excess(column: _ColumnSum, total: _Total) -> Decimal:
    """Return by how much a column's sum is further from a total than rounding explains."""
    return abs(total.amount - column.amount) - TOLERANCE - TOLERANCE_PER_ROW * column.n_rows


def _column_sums(table: GroundedTable) -> Iterator[_ColumnSum]:
    """Yield the sum of each amount column that every row fills."""
    columns: dict[Path, list[Decimal | None]] = {}
    for row in table.rows:
        for path, cell in row.cells.items():
            if _is_row_amount(path):
                columns.setdefault(path, []).append(cell.amount)
    for path, column in columns.items():
        filled = [amount for amount in column if amount is not None]
        if len(filled) == len(column):
            place = f"{json_path(table.path)}[*].{json_path(path)}"
            yield _ColumnSum(path=place, amount=sum(filled, Decimal(0)), n_rows=len(filled))


def _is_row_amount(path: Path) -> bool:
    """Return whether a cell is the amount of its row by its key; cells of lists in a row are not."""
    key = path[0] if len(path) == 1 else None
    return isinstance(key, str) and key.removeprefix(ROW_PREFIX) in _ROW_KEYS
