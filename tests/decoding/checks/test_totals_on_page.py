"""Totals that are null, or in each other's places, are given where the page and the others tell them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from pydantic import JsonValue

from decoding.checks.totals_on_page import find_totals
from decoding.grounding.ground import ground_extraction
from decoding.grounding.page_values import document_style
from schemas.registry import from_json_schema
from schemas.spec import Path
from tests.decoding.pages import document_of

_AMOUNT = {"type": ["string", "null"], "x-rasg-kind": "amount"}
_ROWS = {"type": "array", "items": {"type": "object", "properties": {"amount": _AMOUNT}}}
SCHEMA = from_json_schema(
    {
        "title": "totals",
        "type": "object",
        "properties": {**dict.fromkeys(("subtotal", "tax", "total", "tips"), _AMOUNT), "line_items": _ROWS},
    }
)
ITEMS = ["Soup 20.00", "Bread 5.25"]


def found(
    lines: Sequence[str],
    net: str | None,
    tax: str | None,
    gross: str | None,
    *,
    tip: str | None = None,
    rows: Sequence[str] = (),
) -> Mapping[Path, JsonValue]:
    document = document_of([*ITEMS, *lines])
    value: dict[str, JsonValue] = {"subtotal": net, "tax": tax, "total": gross, "tips": tip}
    value["line_items"] = [{"amount": amount} for amount in rows]
    grounded = ground_extraction(value, SCHEMA, document)
    return find_totals(grounded, document.pages, document_style(document.pages))


@pytest.mark.parametrize("label", ["Tax", "MwSt", "FOODTAX", "19 %", "Cukai", "VAT (20%)"])
def test_a_tax_that_is_left_is_given_from_its_line(label: str) -> None:
    lines = ["Subtotal 25.25", f"{label} 1.77", "Total 27.02"]
    assert found(lines, "25.25", None, "27.02") == {("tax",): "1.77"}


def test_a_tax_whose_label_was_not_read_is_known_by_its_place() -> None:
    assert found(["Subtotal 25.25", "1.77", "27.02"], "25.25", None, "27.02") == {("tax",): "1.77"}


@pytest.mark.parametrize(
    "lines",
    [
        ["Subtotal 25.25", "Delivery 1.77", "Total 27.02"],
        ["Subtotal 25.25", "Tip 1.77", "Total 27.02"],
        ["Subtotal 25.25", "Total 27.02", "1.77"],
        ["Subtotal 25.25", "Total 27.02"],
        ["Subtotal 25.25", "Tax 1.78", "Total 27.02"],
        ["Subtotal 25.25", "VAT discount 1.77", "Total 27.02"],
    ],
)
def test_what_is_left_is_no_tax_where_the_page_does_not_say_so(lines: Sequence[str]) -> None:
    assert found(lines, "25.25", None, "27.02") == {}


def test_a_number_without_cents_says_nothing() -> None:
    assert found(["Subtotal 25.00", "Tax class 2", "Total 27.00"], "25.00", None, "27.00") == {}


def test_the_tip_is_taken_off_before_the_tax_is_looked_for() -> None:
    lines = ["Subtotal 25.25", "Tax 1.77", "Tip 4.00", "Total 31.02"]
    assert found(lines, "25.25", None, "31.02", tip="4.00") == {("tax",): "1.77"}


def test_a_missing_net_and_a_missing_total_are_given_from_lines_that_name_a_total() -> None:
    lines = ["Sub Total 25.25", "Tax 1.77", "Amount due 27.02"]
    assert found(lines, None, "1.77", "27.02") == {("subtotal",): "25.25"}
    assert found(lines, "25.25", "1.77", None) == {("total",): "27.02"}


def test_a_row_is_no_net_total() -> None:
    lines = ["Total goods 25.25", "Tax 1.77", "To pay 27.02"]
    assert found(lines, None, "1.77", "27.02", rows=["25.25"]) == {}


def test_two_that_are_missing_stay_so() -> None:
    assert found(["Subtotal 25.25", "Tax 1.77", "Total 27.02"], None, None, "27.02") == {}


def test_amounts_in_each_others_places_are_put_right() -> None:
    lines = ["Gross Amount : 5500.00", "Ser TAX 15% : 825.00", "Net Amount : 6325.00"]
    assert found(lines, "6325.00", "825.00", "5500.00") == {("subtotal",): "5500.00", ("total",): "6325.00"}


def test_labels_that_a_crooked_page_moved_by_a_line_are_seen_through() -> None:
    lines = ["44.00", "Subtotal 3.85", "Tax 47.85"]
    right = {("subtotal",): "44.00", ("tax",): "3.85", ("total",): "47.85"}
    assert found(lines, "3.85", "47.85", "44.00") == right


@pytest.mark.parametrize("what", ["Discount", "Withholding tax 15%", "IRPF 15%", "Retention ritenuta"])
def test_what_is_taken_away_adds_up_the_other_way_round_and_stays(what: str) -> None:
    lines = ["Total 5500.00", f"{what} 825.00", "To pay 4675.00"]
    assert found(lines, "5500.00", "825.00", "4675.00") == {}


def test_what_adds_up_stays_and_so_does_what_adds_up_in_no_order() -> None:
    lines = ["Subtotal 25.25", "Tax 1.77", "Total 27.02", "Paid 30.00"]
    assert found(lines, "25.25", "1.77", "27.02") == {}
    assert found(lines, "25.25", "1.77", "30.00") == {}


def test_a_schema_without_the_three_is_left_alone() -> None:
    schema = from_json_schema({"title": "t", "type": "object", "properties": {"total": _AMOUNT}})
    document = document_of(["Subtotal 25.25", "Tax 1.77", "Total 27.02"])
    grounded = ground_extraction({"total": None}, schema, document)
    assert find_totals(grounded, document.pages, document_style(document.pages)) == {}


@pytest.mark.parametrize("gross", ["25.25", "27.02"])
def test_a_total_that_is_the_tax_by_its_line_is_the_tax(gross: str) -> None:
    lines = ["Subtotal 25.25", "Incl VAT 1.77", f"Total due {gross}"]
    assert found(lines, "25.25", None, "1.77") == {("tax",): "1.77", ("total",): gross}


@pytest.mark.parametrize(
    "lines",
    [
        ["Subtotal 25.25", "Incl VAT 1.77"],  # no total is printed
        ["Subtotal 25.25", "Total VAT 1.77", "Total 25.25"],  # a total, too, by its line
        ["Subtotal 25.25", "To go 1.77", "Total 25.25"],
        ["Subtotal 25.25", "VAT 1.77", "Total 25.25", "Discount 23.48"],  # a total may be that low
        ["Subtotal 25.25", "VAT 1.77", "Total 29.00"],  # another sum
    ],
)
def test_a_total_below_the_net_stays_where_the_page_does_not_tell_more(lines: Sequence[str]) -> None:
    assert found(lines, "25.25", None, "1.77") == {}


def test_a_total_below_the_net_that_the_rows_add_up_to_is_the_net() -> None:
    lines = ["3 Total 25.25", "Ser. Tax 1.41", "VAT (2%) 0.51", "Net Amount 27.17"]
    swapped = {("subtotal",): "25.25", ("total",): "27.17"}
    assert found(lines, "27.17", "0.51", "25.25", rows=("20.00", "5.25")) == swapped
    assert found(lines, "27.17", "0.51", "25.25", rows=("20.00", "4.25")) == {}
    before = ["Total before discount 27.17", "Total 25.25"]
    for less in (["Total 27.17", "Discount 1.92", "To pay 25.25"], before):
        assert found(less, "27.17", None, "25.25", rows=("20.00", "5.25")) == {}


@pytest.mark.parametrize(
    "line",
    [
        "Incl. VAT (20.00%) 22.82",
        "VAT 20 % incl. 22.82",
        "MwSt 20,00% 22.82",
        "A 20% 114.13 22.82 136.95",
    ],
)
def test_a_tax_that_is_left_out_is_known_by_the_rate_beside_it(line: str) -> None:
    lines = ["Total 136.95", line, "VAT Number: 219 0038 37"]
    assert found(lines, None, None, "136.95")["tax",] == "22.82"


def test_the_net_that_such_a_tax_leaves_is_given_from_its_line() -> None:
    lines = ["Net total 114.13", "VAT 20% 22.82", "Total 136.95"]
    assert found(lines, None, None, "136.95") == {("tax",): "22.82", ("subtotal",): "114.13"}
    assert found(lines, "114.13", None, None)["tax",] == "22.82"


def test_a_tax_of_nothing_gives_way_to_one_by_its_rate() -> None:
    lines = ["Tax 0.00", "Incl. GST 7% 1.31", "Total 20.00"]
    assert found(lines, None, "0.00", "20.00") == {("tax",): "1.31"}


@pytest.mark.parametrize(
    "line",
    [
        "Incl. VAT (20.00%) 21.82",
        "Discount 20.00% 22.82",
        "Tip 20.00% 22.82",
        "VAT 22.82",
        "VAT 0% 0.00",
        "VAT 20% 22",
        "TDS tax 20% withheld retention ritenuta 22.82",
    ],
)
def test_what_is_not_the_tax_of_the_total_by_a_rate_is_not_given(line: str) -> None:
    assert found(["Total 136.95", line], None, None, "136.95") == {}


def test_two_taxes_by_rates_are_none() -> None:
    lines = ["VAT 20% 22.82", "VAT 10% 12.45", "Total 136.95"]
    assert found(lines, None, None, "136.95") == {}


def test_a_tax_as_high_as_the_total_is_the_one_that_is_left() -> None:
    lines = ["Net ttl 27.31", "GST 1.64", "Total 28.95"]
    assert found(lines, "27.31", "28.95", "28.95") == {("tax",): "1.64"}
    assert found(["Net ttl 27.31", "Total 28.95"], "27.31", "28.95", "28.95") == {}


def test_a_tax_above_the_net_is_the_net_unless_its_line_says_otherwise() -> None:
    lines = ["0.00", "Subtotal", "27.99", "27.99"]
    assert found(lines, "0.00", "27.99", "27.99") == {("subtotal",): "27.99", ("tax",): "0.00"}
    assert found(["Goods 10.00", "Tax 27.99", "Total 37.99"], "10.00", "27.99", "37.99") == {}
