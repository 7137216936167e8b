"""Sums that do not hold are doubted; what is missing or ambiguous is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from decoding.checks.sums import find_sums, warn_of_sums
from decoding.grounding.result import GroundedField, GroundedRow, GroundedTable, GroundingResult
from schemas.completeness import SumCheck
from schemas.extraction import ExtractionWarning, FieldMetadata
from schemas.spec import FieldSpec, Path, json_path

_Columns = Mapping[Path, Sequence[str | None]]


def _field(key: str, text: str | None) -> GroundedField:
    spec = FieldSpec(kind="date" if key.startswith("date") else "amount")
    return GroundedField(spec=spec, value=text, metadata=FieldMetadata(normalised=text))


def _fields(**amounts: str | None) -> dict[Path, GroundedField]:
    return {(key,): _field(key, text) for key, text in amounts.items()}


def _table(columns: _Columns, path: Path = ("line_items",)) -> GroundedTable:
    rows = (
        GroundedRow(
            path=(*path, index),
            cells={cell: _field("", text) for cell, text in zip(columns, texts, strict=True)},
        )
        for index, texts in enumerate(zip(*columns.values(), strict=True))
    )
    return GroundedTable(path=path, rows=tuple(rows))


def _rows(*amounts: str | None, key: str = "amount_net") -> GroundedTable:
    return _table({(key,): amounts})


def _sums(fields: Mapping[Path, GroundedField], *tables: GroundedTable) -> tuple[SumCheck, ...]:
    return find_sums(GroundingResult(fields=fields, tables=tables, warnings=()))


def _check(fields: Mapping[Path, GroundedField], *tables: GroundedTable) -> tuple[ExtractionWarning, ...]:
    return warn_of_sums(_sums(fields, *tables))


@pytest.mark.parametrize(
    ("net", "tax", "gross"),
    [
        ("100.00", "19.00", "119.00"),
        ("100.00", "19.00", "119.05"),  # cash rounding to 5 cents
        ("119.00", "19.00", "119.00"),  # prices include the tax
        ("-100.00", "-19.00", "-119.00"),
        ("100.00", None, "500.00"),
        ("100.00", "19.00", None),
    ],
)
def test_totals_that_add_up_or_are_missing_pass(net: str, tax: str | None, gross: str | None) -> None:
    totals = _fields(amount_total_net=net, amount_total_tax=tax, amount_total_gross=gross)
    assert _check(totals) == ()


def test_totals_that_do_not_add_up_are_a_mismatch() -> None:
    # 100.00 + 19.00 = 119.00, 6 cents from 119.06
    totals = _fields(amount_total_net="100.00", amount_total_tax="19.00", amount_total_gross="119.06")
    assert [w.code for w in _check(totals)] == ["sum_mismatch"]


def test_a_tax_that_is_more_than_the_net_is_in_no_price() -> None:
    totals = _fields(subtotal="3.85", tax="47.85", total="3.85")
    assert [w.code for w in _check(totals)] == ["sum_mismatch"]


def test_tip_may_be_part_of_the_gross_total() -> None:
    totals = _fields(subtotal="43.80", tax="3.24", tips="8.76", total="55.80")
    assert _check(totals) == ()


@pytest.mark.parametrize("total", [{"amount_total_net": "30.00"}, {"amount_total_gross": "30.01"}])
def test_rows_may_add_up_to_either_total(total: dict[str, str]) -> None:
    rows = _rows("10.00", "20.00")
    assert _check(_fields(**total), rows) == ()


def test_rows_that_add_up_to_no_total_are_a_mismatch_at_their_list() -> None:
    found = _check(_fields(amount_total_gross="99.00"), _rows("10.00", "20.00"))
    assert [(w.code, w.path) for w in found] == [("sum_mismatch", "line_items")]


def test_rows_with_a_missing_amount_or_without_totals_are_not_checked() -> None:
    assert _check(_fields(amount_total_gross="99.00"), _rows("10.00", None)) == ()
    assert _check({}, _rows("10.00", "20.00")) == ()
    assert _check({}) == ()


def test_one_column_that_adds_up_is_enough() -> None:
    both = _table({("amount_net",): ("10.00", "20.00"), ("amount_gross",): ("11.90", "23.80")})
    assert _check(_fields(amount_total_gross="35.70"), both) == ()


def test_docile_names_of_row_amounts_are_known_and_dates_are_no_amounts() -> None:
    rows = _rows("10.00", "20.00", key="line_item_amount_net")
    fields = _fields(amount_total_net="31.00", date_issue="2026-03-12")
    assert [w.code for w in _check(fields, rows)] == ["sum_mismatch"]


def test_rounding_of_each_row_is_forgiven() -> None:
    # 60 rows may be off by half a cent each: 0.05 + 60 * 0.005 = 0.35
    rows = _rows(*["1.00"] * 60)
    assert _check(_fields(amount_total_net="60.35"), rows) == ()
    assert len(_check(_fields(amount_total_net="60.36"), rows)) == 1


def test_a_list_inside_of_a_row_need_not_add_up_to_the_total() -> None:
    amounts = _table({("taxes", 0, "amount_net"): ("1.00",)})
    assert _check(_fields(amount_total_net="100.00"), amounts) == ()


@pytest.mark.parametrize("key", ["Box [1]", "a.b", "", "[0]"])
def test_rows_of_a_list_under_any_key_are_added_up(key: str) -> None:
    (found,) = _check(_fields(total="99.00"), _table({("amount",): ("10.00", "20.00")}, (key,)))
    assert found.path == json_path((key,))


def test_a_total_inside_of_an_object_or_under_a_key_that_looks_like_its_path_is_another() -> None:
    elsewhere: dict[Path, GroundedField] = {
        ("seller", "total"): _field("total", "99.00"),
        ("seller.total",): _field("total", "99.00"),
    }
    assert _check(elsewhere, _rows("10.00", "20.00")) == ()


def test_a_mismatch_names_what_was_reckoned() -> None:
    (totals,) = _check(
        _fields(amount_total_net="100.00", amount_total_tax="19.00", amount_total_gross="120.00")
    )
    # 120.00 - 100.00 - 19.00 = 1.00
    assert totals.message == "amount_total_net + amount_total_tax is not amount_total_gross: 1.00 is left"
    (rows,) = _check(_fields(amount_total_net="31.00"), _rows("10.00", "20.00"))
    assert "line_items[*].amount_net do not add up to amount_total_net: 1.00 is left" in rows.message


def test_sums_that_hold_are_evidence() -> None:
    fields = _fields(amount_total_net="30.00", amount_total_tax="5.70", amount_total_gross="35.70")
    found = _sums(fields, _rows("10.00", "20.00"))
    assert [(check.rule, check.holds, check.difference) for check in found] == [
        ("net_and_tax", True, "0.00"),
        ("rows_and_total", True, "0.00"),
    ]


def _products(*rows: tuple[str, str, str | None]) -> GroundedTable:
    columns = zip(*rows, strict=True)
    return _table(
        {(key,): column for key, column in zip(("quantity", "unit_price", "amount"), columns, strict=True)}
    )


def test_a_row_whose_amount_is_not_its_product_is_doubted_among_rows_that_hold() -> None:
    # 3 x 1.50 = 4.50; the cents of 12.99 were lost in the second row
    table = _products(
        ("3", "1.50", "4.50"), ("1", "12.99", "1299"), ("2", "2.00", "4.00"), ("1", "7.00", "7.00")
    )
    (found,) = _check({}, table)
    assert (found.code, found.path) == ("sum_mismatch", "line_items")
    assert "line_items[1]" in found.message


def test_rows_that_mostly_differ_from_their_product_are_no_doubt_but_evidence() -> None:
    table = _products(("3", "1.50", "4.00"), ("1", "13.00", "12.00"))
    assert _check({}, table) == ()
    (found,) = _sums({}, table)
    assert (found.rule, found.holds, found.n_checked) == ("quantity_and_price", False, 2)
    assert found.failing == ("line_items[0]", "line_items[1]")


def test_a_price_rounded_to_a_cent_is_forgiven_for_each_piece() -> None:
    # 1,000 pieces at 0.333, printed as 0.33: 330 against 333, within 1,000 x 0.005 + 0.02
    (found,) = _sums({}, _products(("1000", "0.33", "333.00")))
    assert found.holds


def test_a_row_that_lacks_a_price_or_has_a_discount_is_passed_over() -> None:
    assert _sums({}, _products(("3", "1.50", None))) == ()
    discounted = _table(
        {("quantity",): ("2",), ("unit_price",): ("5.00",), ("amount",): ("9.00",), ("discount",): ("1.00",)}
    )
    assert _sums({}, discounted) == ()


def _bookings(*rows: tuple[str, str | None]) -> GroundedTable:
    amounts, balances = zip(*rows, strict=True)
    return _table({("amount",): amounts, ("balance",): balances})


def test_balances_follow_from_one_another_whatever_the_sign_says() -> None:
    # 100 + 20 = 120, 120 - 50 = 70 with the debit printed without a sign
    (found,) = _sums(_fields(opening_balance="100.00"), _bookings(("20.00", "120.00"), ("50.00", "70.00")))
    assert (found.rule, found.holds, found.n_checked) == ("running_balance", True, 2)


def test_a_balance_that_jumps_tells_of_a_lost_booking() -> None:
    rows = [(f"{n}.00", f"{100 + n * (n + 1) // 2}.00") for n in range(1, 8)]
    del rows[3]  # the booking of 4.00: the next balance is 4.00 further than its amount
    (found,) = _check({}, _bookings(*rows))
    assert "line_items[3]" in found.message


def test_the_first_balance_without_an_opening_one_and_those_not_printed_are_not_checked() -> None:
    (found,) = _sums(
        {}, _bookings(("20.00", "120.00"), ("5.00", None), ("1.00", "126.00"), ("4.00", "130.00"))
    )
    assert found.n_checked == 1


def test_many_rows_that_differ_from_their_product_are_counted_all_and_not_doubted() -> None:
    # 60 of 100 rows have an allowance that is not printed: only twenty are named, and a third is 33.
    table = _products(*[("2", "1.00", "1.50")] * 60, *[("2", "1.00", "2.00")] * 40)
    (found,) = _sums({}, table)
    assert (found.n_checked, found.n_failing, len(found.failing)) == (100, 60, 20)
    assert _check({}, table) == ()


def test_a_mismatch_of_rows_is_said_of_a_list_whatever_its_key() -> None:
    (found,) = _check(_fields(total="99.00"), _table({("amount",): ("10.00", "20.00")}, ("a[*]b",)))
    assert found.path == json_path(("a[*]b",))
