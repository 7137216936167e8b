"""Sums that do not hold are doubted; what is missing or ambiguous is not."""

from __future__ import annotations

import pytest

from decoding.checks.sums import check_sums
from schemas.extraction import FieldMetadata


def _metadata(**amounts: str | None) -> dict[str, FieldMetadata]:
    return {path.replace("__", "."): FieldMetadata(normalised=text) for path, text in amounts.items()}


def _rows(*amounts: str | None, key: str = "amount_net") -> dict[str, FieldMetadata]:
    return {f"line_items[{i}].{key}": FieldMetadata(normalised=text) for i, text in enumerate(amounts)}


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
    totals = _metadata(amount_total_net=net, amount_total_tax=tax, amount_total_gross=gross)
    assert check_sums(totals) == ()


def test_totals_that_do_not_add_up_are_a_mismatch() -> None:
    # 100.00 + 19.00 = 119.00, 6 cents from 119.06
    totals = _metadata(amount_total_net="100.00", amount_total_tax="19.00", amount_total_gross="119.06")
    assert [w.code for w in check_sums(totals)] == ["sum_mismatch"]


def test_tip_may_be_part_of_the_gross_total() -> None:
    totals = _metadata(subtotal="43.80", tax="3.24", tips="8.76", total="55.80")
    assert check_sums(totals) == ()


@pytest.mark.parametrize("total", [{"amount_total_net": "30.00"}, {"amount_total_gross": "30.01"}])
def test_rows_may_add_up_to_either_total(total: dict[str, str]) -> None:
    rows = _rows("10.00", "20.00")
    assert check_sums({**_metadata(**total), **rows}) == ()


def test_rows_that_add_up_to_no_total_are_a_mismatch_at_their_list() -> None:
    found = check_sums({**_metadata(amount_total_gross="99.00"), **_rows("10.00", "20.00")})
    assert [(w.code, w.path) for w in found] == [("sum_mismatch", "line_items")]


def test_rows_with_a_missing_amount_or_without_totals_are_not_checked() -> None:
    assert check_sums({**_metadata(amount_total_gross="99.00"), **_rows("10.00", None)}) == ()
    assert check_sums(_rows("10.00", "20.00")) == ()
    assert check_sums({}) == ()


def test_one_column_that_adds_up_is_enough() -> None:
    both = {**_rows("10.00", "20.00"), **_rows("11.90", "23.80", key="amount_gross")}
    assert check_sums({**_metadata(amount_total_gross="35.70"), **both}) == ()


def test_docile_names_of_row_amounts_are_known_and_dates_are_no_amounts() -> None:
    rows = _rows("10.00", "20.00", key="line_item_amount_net")
    metadata = {**_metadata(amount_total_net="31.00", date_issue="2026-03-12"), **rows}
    assert [w.code for w in check_sums(metadata)] == ["sum_mismatch"]


def test_rounding_of_each_row_is_forgiven() -> None:
    # 60 rows may be off by half a cent each: 0.05 + 60 * 0.005 = 0.35
    rows = _rows(*["1.00"] * 60)
    assert check_sums({**_metadata(amount_total_net="60.35"), **rows}) == ()
    assert len(check_sums({**_metadata(amount_total_net="60.36"), **rows})) == 1


def test_a_list_inside_of_a_row_need_not_add_up_to_the_total() -> None:
    amounts = {"line_items[0].taxes[0].amount_net": FieldMetadata(normalised="1.00")}
    assert check_sums(_metadata(amount_total_net="100.00") | amounts) == ()
