"""Sums that must hold on a business document, checked on the normalised amounts of an answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from decoding.grounding.result import GroundedField, GroundedTable, GroundingResult
from schemas.extraction import ExtractionWarning
from schemas.spec import Path, json_path

# Cash totals are rounded to 5 cents where the smallest coin is one (Switzerland, Malaysia, Canada).
TOLERANCE = Decimal("0.05")
# Each row rounded to a cent is off by at most half of one.
TOLERANCE_PER_ROW = Decimal("0.005")

_NET_KEYS = ("amount_total_net", "net_total", "total_net", "subtotal", "amount_untaxed")
_TAX_KEYS = ("amount_total_tax", "tax_total", "total_tax", "tax", "amount_tax")
_GROSS_KEYS = ("amount_total_gross", "grand_total", "total_gross", "amount_total", "total")
_LINES_KEYS = ("amount_total_lines", "line_total", "lines_total")
_TIP_KEYS = ("tip_amount", "tips", "tip")
_ROW_KEYS = frozenset(("amount_net", "amount_gross", "amount", "line_total", "line_amount", "total_price"))
_ROW_PREFIX = "line_item_"  # DocILE's, of row keys


@dataclass(frozen=True, slots=True, kw_only=True)
class _Totals:
    net: Decimal | None
    tax: Decimal | None
    gross: Decimal | None
    tip: Decimal | None
    lines: Decimal | None

    def known(self) -> tuple[Decimal, ...]:
        return tuple(total for total in (self.lines, self.net, self.gross) if total is not None)


def check_sums(grounded: GroundingResult) -> tuple[ExtractionWarning, ...]:
    """Return a `sum_mismatch` for each sum that the extracted amounts do not keep.

    Checked are net + tax (+ tip) = gross, or net = gross where prices include the tax, within
    `TOLERANCE`; and for each list whose rows all have an amount, that these add up to the net, the gross
    or the lines' total, within `TOLERANCE` and half a cent a row. The fields are known by their names
    (DocILE's and a few more). What is missing or ambiguous is not checked. Rows may differ from the
    total for good reasons (discounts, shipping, service charges): this is a doubt, not an error.
    """
    totals = _Totals(
        net=_first(grounded.fields, _NET_KEYS),
        tax=_first(grounded.fields, _TAX_KEYS),
        gross=_first(grounded.fields, _GROSS_KEYS),
        tip=_first(grounded.fields, _TIP_KEYS),
        lines=_first(grounded.fields, _LINES_KEYS),
    )
    return (*_total_warnings(totals), *_row_warnings(grounded.tables, totals))


def _first(fields: Mapping[Path, GroundedField], keys: tuple[str, ...]) -> Decimal | None:
    """Return the amount of the first of the keys, at the top of the answer, that has one."""
    amounts = (fields[key,].amount for key in keys if (key,) in fields)
    return next((amount for amount in amounts if amount is not None), None)


def _total_warnings(totals: _Totals) -> Iterator[ExtractionWarning]:
    if totals.net is None or totals.tax is None or totals.gross is None:
        return
    difference = totals.gross - totals.net - totals.tax
    tip = totals.tip or Decimal(0)
    if any(abs(difference - extra) <= TOLERANCE for extra in (Decimal(0), tip, -totals.tax)):
        return
    message = "the net total and the tax do not add up to the gross total"
    yield ExtractionWarning(code="sum_mismatch", message=message)


def _row_warnings(tables: tuple[GroundedTable, ...], totals: _Totals) -> Iterator[ExtractionWarning]:
    for table in tables:
        sums = tuple(_column_sums(table))
        fits = any(
            abs(total - value) <= TOLERANCE + TOLERANCE_PER_ROW * n_rows
            for value, n_rows in sums
            for total in totals.known()
        )
        if sums and totals.known() and not fits:
            message = "the amounts of the rows add up to neither the net nor the gross total"
            yield ExtractionWarning(code="sum_mismatch", message=message, path=json_path(table.path))


def _column_sums(table: GroundedTable) -> Iterator[tuple[Decimal, int]]:
    """Yield the sum of each amount column that every row fills, and how many rows these are."""
    columns: dict[Path, list[Decimal | None]] = {}
    for row in table.rows:
        for path, cell in row.cells.items():
            if _is_row_amount(path):
                columns.setdefault(path, []).append(cell.amount)
    for column in columns.values():
        filled = [amount for amount in column if amount is not None]
        if len(filled) == len(column):
            yield sum(filled, Decimal(0)), len(filled)


def _is_row_amount(path: Path) -> bool:
    """Return whether a cell is the amount of its row by its key; cells of lists in a row are not."""
    key = path[0] if len(path) == 1 else None
    return isinstance(key, str) and key.removeprefix(_ROW_PREFIX) in _ROW_KEYS
