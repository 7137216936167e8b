"""Sums that must hold on a business document, checked on the normalised amounts of an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from schemas.extraction import ExtractionWarning, FieldMetadata

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
_ROW_PATH = re.compile(r"(?P<list>[^\[\]]+)\[(?P<row>\d+)\]\.(?:line_item_)?(?P<key>[^.\[\]]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Totals:
    net: Decimal | None
    tax: Decimal | None
    gross: Decimal | None
    tip: Decimal | None
    lines: Decimal | None

    def known(self) -> tuple[Decimal, ...]:
        return tuple(total for total in (self.lines, self.net, self.gross) if total is not None)


def check_sums(metadata: Mapping[str, FieldMetadata]) -> tuple[ExtractionWarning, ...]:
    """Return a `sum_mismatch` for each sum that the extracted amounts do not keep.

    Checked are net + tax (+ tip) = gross, or net = gross where prices include the tax, within
    `TOLERANCE`; and for each list whose rows all have an amount, that these add up to the net, the gross
    or the lines' total, within `TOLERANCE` and half a cent a row. The fields are known by their names
    (DocILE's and a few more). What is missing or ambiguous is not checked. Rows may differ from the
    total for good reasons (discounts, shipping, service charges): this is a doubt, not an error.
    """
    amounts = dict(_amounts(metadata))
    totals = _Totals(
        net=_first(amounts, _NET_KEYS),
        tax=_first(amounts, _TAX_KEYS),
        gross=_first(amounts, _GROSS_KEYS),
        tip=_first(amounts, _TIP_KEYS),
        lines=_first(amounts, _LINES_KEYS),
    )
    return (*_total_warnings(totals), *_row_warnings(metadata, amounts, totals))


def _amounts(metadata: Mapping[str, FieldMetadata]) -> Iterator[tuple[str, Decimal]]:
    for path, entry in metadata.items():
        if entry.normalised is not None:
            try:
                yield path, Decimal(entry.normalised)
            except InvalidOperation:  # a date
                continue


def _first(amounts: Mapping[str, Decimal], keys: tuple[str, ...]) -> Decimal | None:
    return next((amounts[key] for key in keys if key in amounts), None)


def _total_warnings(totals: _Totals) -> Iterator[ExtractionWarning]:
    if totals.net is None or totals.tax is None or totals.gross is None:
        return
    difference = totals.gross - totals.net - totals.tax
    tip = totals.tip or Decimal(0)
    if any(abs(difference - extra) <= TOLERANCE for extra in (Decimal(0), tip, -totals.tax)):
        return
    message = "the net total and the tax do not add up to the gross total"
    yield ExtractionWarning(code="sum_mismatch", message=message)


def _row_warnings(
    metadata: Mapping[str, FieldMetadata], amounts: Mapping[str, Decimal], totals: _Totals
) -> Iterator[ExtractionWarning]:
    for path, sums in _row_sums(metadata, amounts).items():
        fits = any(
            abs(total - value) <= TOLERANCE + TOLERANCE_PER_ROW * n_rows
            for value, n_rows in sums
            for total in totals.known()
        )
        if sums and totals.known() and not fits:
            message = "the amounts of the rows add up to neither the net nor the gross total"
            yield ExtractionWarning(code="sum_mismatch", message=message, path=path)


def _row_sums(
    metadata: Mapping[str, FieldMetadata], amounts: Mapping[str, Decimal]
) -> dict[str, list[tuple[Decimal, int]]]:
    """Return for each list the sums of its amount columns that every row fills, with the row count."""
    columns: dict[str, dict[str, dict[int, Decimal | None]]] = {}
    for path in metadata:
        found = _ROW_PATH.fullmatch(path)
        if found is not None and found["key"] in _ROW_KEYS:
            column = columns.setdefault(found["list"], {}).setdefault(found["key"], {})
            column[int(found["row"])] = amounts.get(path)
    return {
        path: [_sum(column) for column in by_key.values() if None not in column.values()]
        for path, by_key in columns.items()
    }


def _sum(column: Mapping[int, Decimal | None]) -> tuple[Decimal, int]:
    return sum((value for value in column.values() if value is not None), Decimal(0)), len(column)
