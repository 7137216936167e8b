"""A document decides what its ambiguous amounts and dates mean, if it agrees with itself."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from schemas.values import parse_amount, vote_day_first, vote_decimal_separator


def test_amounts_with_cents_decide_the_separator() -> None:
    assert vote_decimal_separator(["1.234", "19,00", "2.380,00 EUR"]) == ","
    assert vote_decimal_separator(["$1,234.50", "7.00", "24,000"]) == "."


def test_thousands_grouped_twice_decide_for_the_other_separator() -> None:
    assert vote_decimal_separator(["1.234.567"]) == ","


def test_ambiguous_amounts_dates_and_times_have_no_vote() -> None:
    assert vote_decimal_separator(["1.234", "24,000", "12.03.2026", "10.22.33", "Rev", "1.5.2"]) is None


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
    german = [text.translate(str.maketrans(".,", ",.")) for text in english]
    for texts, expected in ((english, "."), (german, ",")):
        separator = vote_decimal_separator(texts)
        assert separator == expected
        parsed = [parse_amount(text, decimal_separator=separator) for text in texts]
        assert [p.value for p in parsed if p is not None] == values
