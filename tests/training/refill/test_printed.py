"""Amounts and dates are printed again letter by letter, or not at all."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.values import DecimalSeparator, parse_date
from training.refill.printed_amounts import UNITS, print_amount, read_amount, read_number
from training.refill.printed_dates import find_dates, print_date


@pytest.mark.parametrize(
    ("text", "units", "money"),
    [
        ("1.234,50", 12345000, True),
        ("13.932.50", 139325000, True),  # a comma that was misread as a point still parts decimals
        ("(1,234.50)", 12345000, True),
        ("12.50-", 125000, True),
        ("$3,700", 37000000, True),
        ("0,19 A", 1900, True),
        ("2 014.20", 20142000, True),
        ("9.000", 90000, True),  # with a decimal point, as the page has it
        ("12", 120000, False),
        ("12.5", 125000, False),
    ],
)
def test_an_amount_is_read_and_printed_in_its_own_style(text: str, units: int, money: bool) -> None:
    amount = read_amount(text, decimal=".")
    assert amount is not None
    assert (amount.units, amount.is_money, print_amount(amount, units)) == (units, money, text)


@pytest.mark.parametrize(
    "text", ["7%", "12.03.2026", "1 2", "A123", "S350", "12kg", "1,23,45", "TOTAL:9.00", "", "-"]
)
def test_what_is_no_amount_is_none(text: str) -> None:
    assert read_amount(text) is None


def test_without_a_decimal_mark_of_the_page_three_digits_are_a_group() -> None:
    readings: list[tuple[DecimalSeparator | None, int]] = [(None, 1234), (",", 1234)]
    assert [read_amount("1.234", decimal=mark).units // UNITS for mark, _ in readings] == [1234, 1234]  # type: ignore[union-attr]
    decimal = read_amount("1.234", decimal=".")
    assert decimal is not None
    assert decimal.units == 12340  # 1.234 in ten-thousandths


@given(
    st.integers(0, 10**12),
    st.sampled_from(["1,234.50", "RM 1.234,50-", "8.20", "12 A", "0,1052", "1'234.00"]),
)
def test_any_amount_printed_in_a_style_reads_back(size: int, like: str) -> None:
    style = read_amount(like, decimal="," if like == "0,1052" else None)
    assert style is not None
    units = size // style.step * style.step
    again = read_amount(print_amount(style, units, thousands=" "), decimal="," if like == "0,1052" else None)
    assert again is not None
    assert again.units == units or len(str(units)) > 18


def test_an_amount_that_needs_more_decimals_than_are_printed_is_refused() -> None:
    style = read_amount("$12")
    assert style is not None
    with pytest.raises(ValueError, match="0 decimals"):
        print_amount(style, 125000)


def test_a_number_may_stand_beside_anything_that_is_no_number() -> None:
    number = read_number("12 pcs.")
    assert number is not None
    assert print_amount(number, 3 * UNITS) == "3 pcs."
    assert read_number("2x3") is None


@pytest.mark.parametrize(
    ("text", "value", "other"),
    [
        ("25/12/2018", date(2018, 12, 25), "03/05/2003"),
        ("4-6-18", date(2018, 6, 4), "3-5-03"),
        ("NOV24/99", date(1999, 11, 24), "MAY03/03"),
        ("14th May 1992", date(1992, 5, 14), "3rd May 2003"),
        ("October 21, 1979", date(1979, 10, 21), "May 3, 2003"),
        ("2018-10-06", date(2018, 10, 6), "2003-05-03"),
        ("12. März 2026", date(2026, 3, 12), "3. Mai 2003"),
        ("3 févr. 2024", date(2024, 2, 3), "3 mai. 2003"),
    ],
)
def test_another_day_is_printed_in_the_same_notation(text: str, value: date, other: str) -> None:
    ((start, end, found),) = find_dates(text, day_first=True)
    assert (text[start:end], found.value, print_date(found, date(2003, 5, 3))) == (text, value, other)


@given(
    st.dates(date(1970, 1, 1), date(2048, 12, 31)),
    st.sampled_from(
        ["25/12/2018", "25.12.18", "2018-12-25", "25 December 2018", "Dec 25, 2018", "25-DEC-18"]
    ),
)
def test_any_day_in_a_notation_is_read_back_by_the_service(day: date, like: str) -> None:
    ((_, _, style),) = find_dates(like, day_first=True)
    parsed = parse_date(print_date(style, day), day_first=True)
    assert parsed is not None
    assert parsed.value == day or "18" in like[-2:]  # two digits of a year are read as the nearest century


@pytest.mark.parametrize(
    "text", ["1.12.03.2026", "12/3", "30.02.2024", "A12-12-2012", "September.15r 1994", "11/D/92"]
)
def test_what_is_no_whole_date_is_left_alone(text: str) -> None:
    assert list(find_dates(text, day_first=True)) == []


def test_the_dates_of_a_range_are_two() -> None:
    found = [printed.value for _, _, printed in find_dates("02/21/20-03/03/20", day_first=False)]
    assert found == [date(2020, 2, 21), date(2020, 3, 3)]


def test_the_pages_order_decides_what_can_be_read_both_ways() -> None:
    both = [next(find_dates("03/04/2018", day_first=first))[2].value for first in (True, False)]
    assert both == [date(2018, 4, 3), date(2018, 3, 4)]
