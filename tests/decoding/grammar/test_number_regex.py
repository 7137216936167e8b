from __future__ import annotations

import re
from datetime import date, timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from decoding.grammar.number_regex import MAX_DECIMALS, decimal_regex, integer_regex, iso_date_regex

BOUNDS = st.one_of(st.none(), st.decimals(-3000, 3000, places=2).map(float))


@settings(max_examples=300, deadline=None)
@given(
    low=BOUNDS, high=BOUNDS, value=st.decimals(-4000, 4000, places=4), n_decimals=st.integers(0, MAX_DECIMALS)
)
def test_a_decimal_matches_if_and_only_if_it_lies_within_the_bounds(
    low: float | None, high: float | None, value: object, n_decimals: int
) -> None:
    text = f"{value:.{n_decimals}f}"
    assume(not (text.startswith("-") and float(text) == 0))  # "-0" is not written
    within = (low is None or float(text) >= low) and (high is None or float(text) <= high)
    pattern = decimal_regex(low, high)
    assert (pattern is not None and re.fullmatch(pattern, text) is not None) == within


@settings(max_examples=300, deadline=None)
@given(low=BOUNDS, high=BOUNDS, value=st.integers(-4000, 4000))
def test_an_integer_matches_if_and_only_if_it_lies_within_the_bounds(
    low: float | None, high: float | None, value: int
) -> None:
    within = (low is None or value >= low) and (high is None or value <= high)
    pattern = integer_regex(low, high)
    assert (pattern is not None and re.fullmatch(pattern, str(value)) is not None) == within


def test_every_day_of_three_centuries_matches_and_no_other_does() -> None:
    pattern = re.compile(iso_date_regex())
    day = date(1900, 1, 1)
    while day < date(2200, 1, 1):
        assert pattern.fullmatch(day.isoformat())
        day += timedelta(days=1)
    for year in (1900, 2023, 2100):
        assert not pattern.fullmatch(f"{year}-02-29")
    assert not pattern.fullmatch("2200-01-01")
