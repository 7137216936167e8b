from __future__ import annotations

from collections.abc import Mapping

import pytest
from pydantic import JsonValue

from decoding.checks import settle as settle_module
from decoding.checks.settle import settle_sums
from decoding.checks.sums import find_sums
from decoding.grounding.ground import ground_extraction
from decoding.grounding.page_values import document_style
from decoding.grounding.result import GroundingResult
from schemas.completeness import SumCheck
from schemas.extraction import OtherValue
from schemas.registry import from_json_schema
from schemas.spec import Path
from tests.decoding.pages import document_of

_AMOUNT = {"type": ["string", "null"], "x-rasg-kind": "amount"}
_ROW = {
    "type": "object",
    "properties": dict.fromkeys(("quantity", "unit_price", "amount"), _AMOUNT),
}
SCHEMA = from_json_schema(
    {
        "title": "sums",
        "type": "object",
        "properties": {
            "net_total": _AMOUNT,
            "tax_total": _AMOUNT,
            "grand_total": _AMOUNT,
            "line_items": {"type": "array", "items": _ROW},
        },
    }
)
PAGE = [
    "2 x 30.00 60.00",
    "1 x 40.00 40.00",
    "Subtotal 100.00",
    "Tax 19.00",
    "Shipping 6.00",
    "Total 119.00",
    "Paid 125.00",
]
ROWS: list[JsonValue] = [
    {"quantity": "2", "unit_price": "30.00", "amount": "60.00"},
    {"quantity": "1", "unit_price": "40.00", "amount": "40.00"},
]


def settle(value: dict[str, JsonValue], *others: tuple[Path, str, float]) -> Mapping[Path, JsonValue]:
    document = document_of(PAGE)
    by_path: dict[Path, list[OtherValue]] = {}
    for path, text, gap in others:
        by_path.setdefault(path, []).append(OtherValue(path=path, value=text, gap=gap))
    grounded = ground_extraction(value, SCHEMA, document)
    settled = settle_sums(grounded, by_path, document_style(document.pages))
    return {path: other.value for path, other in settled.items()}


def totals(
    net: str | None, tax: str | None, gross: str | None, rows: list[JsonValue] | None = None
) -> dict[str, JsonValue]:
    return {"net_total": net, "tax_total": tax, "grand_total": gross, "line_items": rows or []}


def test_the_amount_that_adds_up_is_given() -> None:
    found = settle(totals("100.00", "19.00", "125.00"), (("grand_total",), "119.00", 1.2))
    assert found == {("grand_total",): "119.00"}


def test_what_adds_up_already_is_left_alone() -> None:
    assert settle(totals("100.00", "19.00", "119.00"), (("grand_total",), "125.00", 0.1)) == {}


def test_a_much_less_likely_amount_is_not_given() -> None:
    assert settle(totals("100.00", "19.00", "125.00"), (("grand_total",), "119.00", 3.5)) == {}


def test_an_amount_that_mends_nothing_is_not_given() -> None:
    assert settle(totals("100.00", "19.00", "125.00"), (("grand_total",), "60.00", 0.1)) == {}


def test_of_two_amounts_that_add_up_the_likelier_is_given() -> None:
    # 100 + 19 = 119, and 106 would take a net of 106 that is not on offer: 6 + 119 = 125 is.
    found = settle(
        totals("100.00", "19.00", "125.00"),
        (("grand_total",), "119.00", 2.0),
        (("tax_total",), "6.00", 0.1),
        (("net_total",), "119.00", 0.1),
    )
    # One change that adds up costs 2.0; the two of them together cost 0.2, and add up as well.
    assert found == {("tax_total",): "6.00", ("net_total",): "119.00"}


def test_rows_decide_a_total_only_between_amounts_that_are_nearly_as_likely() -> None:
    value = totals(None, None, "125.00", ROWS)
    assert settle(value, (("grand_total",), "100.00", 0.5)) == {("grand_total",): "100.00"}
    assert settle(value, (("grand_total",), "100.00", 1.5)) == {}


def test_a_rows_own_product_decides_its_cells() -> None:
    wrong: list[JsonValue] = [{"quantity": "2", "unit_price": "40.00", "amount": "60.00"}, ROWS[1]]
    found = settle(
        totals("100.00", "19.00", "119.00", wrong), (("line_items", 0, "unit_price"), "30.00", 2.5)
    )
    assert found == {("line_items", 0, "unit_price"): "30.00"}


def test_nothing_to_choose_from_changes_nothing() -> None:
    assert settle(totals("100.00", "19.00", "125.00")) == {}
    assert settle(totals(None, None, None), (("grand_total",), "119.00", 0.1)) == {}
    assert settle(totals("100.00", "19.00", "125.00"), (("nowhere",), "119.00", 0.1)) == {}
    unreadable = (("grand_total",), "no amount", 0.1)
    assert settle(totals("100.00", "19.00", "125.00"), unreadable) == {}


def test_many_rows_are_tried_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    n_reckoned: list[int] = []

    def count(grounded: GroundingResult) -> tuple[SumCheck, ...]:
        n_reckoned.append(1)
        return find_sums(grounded)

    monkeypatch.setattr(settle_module, "find_sums", count)
    row: JsonValue = {"quantity": "2", "unit_price": "40.00", "amount": "60.00"}
    others = [(("line_items", i, "unit_price"), "30.00", 0.5) for i in range(120)]
    rows: list[JsonValue] = [row] * 120
    found = settle(totals(None, None, None, rows), *others)
    assert set(found.values()) == {"30.00"}
    # 40,000 rows are reckoned in changes, 333 times 120, and all before each change that is made.
    assert len(n_reckoned) <= 333 + len(found) + 1
