"""A document decides what its ambiguous amounts and dates mean, if it agrees with itself."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from schemas.values import (
    parse_amount,
    parse_date,
    vote_currency,
    vote_day_first,
    vote_decimal_separator,
    vote_year_first,
)
from schemas.values.currency import ISO_4217


def test_amounts_with_cents_decide_the_separator() -> None:
    assert vote_decimal_separator(["1.234", "19,00", "2.380,00 EUR"]) == ","
    assert vote_decimal_separator(["$1,234.50", "7.00", "24,000"]) == "."


def test_thousands_grouped_twice_decide_for_the_other_separator() -> None:
    assert vote_decimal_separator(["1.234.567"]) == ","


def test_ambiguous_amounts_dates_and_times_have_no_vote() -> None:
    assert vote_decimal_separator(["1.234", "24,000", "12.03.2026", "10.22.33", "Rev", "1.5.2"]) is None


@pytest.mark.parametrize(
    "text",
    [
        "01.01.",
        "31.03.",
        "01.01.-31.03.",
        "01.04.\u201330.06.",
        "8.00-18.00",
        "05.11.2026",
        "1.1.2026",
        "01.50",
        "12.34.",
    ],
)
def test_days_of_months_hours_and_sections_have_no_vote(text: str) -> None:
    assert vote_decimal_separator([text]) is None
    assert vote_decimal_separator([*[text] * 9, "1.685,25"]) == ","


def test_figures_that_may_be_a_day_of_a_month_have_no_vote() -> None:
    assert vote_decimal_separator(["31.12", "30.06", "1.685,25"]) == ","
    assert vote_decimal_separator(["12.50", "30.06"]) == "."
    # The columns of a list of periods: nothing says that "12.345" beside them has decimals.
    assert vote_decimal_separator(["31.01", "28.02", "31.03"]) is None


def test_figures_that_may_be_hours_do_not_outvote_a_comma() -> None:
    assert vote_decimal_separator(["10.30", "11.45", "12.15", "13.00", "14,50"]) is None
    assert vote_decimal_separator(["3.11", "4.20", "2.15", "19,99"]) is None
    assert vote_decimal_separator(["10.30", "11.45", "25.90", "14,50"]) == "."
    assert vote_decimal_separator(["10.30", "11.45"]) == "."


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("1,234.50", "."),
        ("1 234,50", ","),
        ("1,250.500", "."),
        ("1.250,500", ","),
        ("1,00,000", "."),
        (".50", "."),
    ],
)
def test_amounts_with_groups_and_decimals_vote_in_any_currency(text: str, separator: str) -> None:
    assert vote_decimal_separator([text]) == separator


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["Total", "KWD", "125.000"], "KWD"),
        (["Amount", "(KWD):"], "KWD"),
        (["CLP", "$", "$15.500"], "CLP"),
        (["5,500円", "¥3,200"], "JPY"),
        (["RM9.00", "9.00"], "MYR"),
        (["JPY", "EUR"], None),
        (["KWD", "$5.00"], None),  # a dollar is no dinar
        (["ALL", "PRICES", "KWD"], "KWD"),  # a word before it is Albanian money
        (["¥5,500"], None),
        (["K" * 10_000, "KWD" * 1_000, ""], None),
        ([], None),
    ],
)
def test_only_currency_that_the_words_name_is_the_documents(words: list[str], code: str | None) -> None:
    assert vote_currency(words) == code


@given(st.lists(st.text(max_size=12), max_size=6))
def test_any_words_vote_for_a_currency_or_for_none(words: list[str]) -> None:
    assert vote_currency(words) in (None, *ISO_4217)


def test_korean_dates_do_not_say_which_number_comes_first() -> None:
    assert vote_day_first(["26. 11. 12."]) is None


def test_document_that_contradicts_itself_decides_nothing() -> None:
    assert vote_decimal_separator(["19,00", "20.00"]) is None
    assert vote_day_first(["25/12/2018", "12/25/2018"]) is None


def test_few_misreads_do_not_overturn_a_page() -> None:
    # 5 votes for the comma, 2 for the point: 5 > 2 * 2
    assert vote_decimal_separator(["1,00", "2,00", "3,00", "4,00", "5,00", "6.00", "7.00"]) == ","


def test_number_above_twelve_decides_the_order_of_dates() -> None:
    assert vote_day_first(["03/04/2026", "due 25/12/2025"]) is True
    assert vote_day_first(["03/04/2026", "due 12/25/2025"]) is False
    assert vote_day_first(["03/04/2026"]) is None


def test_printed_pattern_decides_the_order_of_dates() -> None:
    assert vote_day_first(["03/04/2026 (MM/DD/YYYY)"]) is False
    assert vote_day_first(["Datum TT.MM.JJJJ"]) is True


def test_points_decide_for_day_first_only_where_nothing_else_does() -> None:
    assert vote_day_first(["12.03.2026"]) is True
    assert vote_day_first(["12.03.2026", "12/25/2025"]) is False


@given(values=st.lists(st.decimals(min_value=0, max_value=10**6, places=2), min_size=1, max_size=8))
def test_vote_lets_every_printed_amount_parse_back(values: list[float]) -> None:
    english = [f"{value:,.2f}" for value in values]
    assume(any(re.fullmatch(r"[123]\d\.(?:0[1-9]|1[0-2])", text) is None for text in english))
    german = [text.translate(str.maketrans(".,", ",.")) for text in english]
    for texts, expected in ((english, "."), (german, ",")):
        separator = vote_decimal_separator(texts)
        assert separator == expected
        parsed = [parse_amount(text, decimal_separator=separator) for text in texts]
        assert [p.value for p in parsed if p is not None] == values


@pytest.mark.parametrize(
    ("texts", "signs"),
    [
        (["2026/11/12"], "/"),
        (["2026-11-12 and 03.04.2026"], "-"),
        (["2026\u5e7411\u670812\u65e5"], "-./"),
        (["2026(e)ko aza. 12(a)"], "-./"),
        (["25/12/26", "12.11.2026", "Order 2026/77"], ""),
    ],
)
def test_dates_with_the_year_in_front_say_that_two_digits_may_be_one(texts: list[str], signs: str) -> None:
    assert "".join(sorted(vote_year_first(texts))) == signs


def test_two_digits_in_front_are_a_year_or_a_day_where_a_document_writes_years_first() -> None:
    texts = ["2026/11/10", "26/11/12"]
    # "26/11/12" would vote for the day first.
    assert vote_day_first(texts) is None
    parsed = parse_date("26/11/12", year_first=vote_year_first(texts))
    assert parsed is not None
    assert [str(day) for day in parsed.readings] == ["2012-11-26", "2026-11-12"]
    american = parse_date("12/26/11", year_first=frozenset("/"))
    assert american is not None
    assert [str(day) for day in american.readings] == ["2011-12-26"]
    assert parse_date("26.11.12", year_first=frozenset("/")) == parse_date("26.11.12")
