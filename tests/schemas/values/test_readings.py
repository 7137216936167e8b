"""A text has the one or two readings that its document leaves it, the same wherever it is read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from schemas.values import UNDECIDED, NumberStyle, decimal_amount, parse_amount, possible_amounts

TEXTS = st.text(alphabet="0123456789.,'-() RM%", max_size=12)


def test_the_document_decides_between_two_readings() -> None:
    assert UNDECIDED.amount_readings("1.234") == (Decimal(1234), Decimal("1.234"))
    assert NumberStyle(decimal_separator=".").amount_readings("1.234") == (Decimal("1.234"),)
    assert UNDECIDED.date_readings("03/04/2026") == (date(2026, 4, 3), date(2026, 3, 4))
    assert NumberStyle(currency="KWD").amount_readings("12.500") == (Decimal("12.500"),)
    assert NumberStyle(day_first=False).date_readings("03/04/2026") == (date(2026, 3, 4),)


def test_what_is_no_amount_or_date_has_no_reading() -> None:
    assert UNDECIDED.amount_readings("March") == ()
    assert UNDECIDED.date_readings("March 2026") == ()


@given(TEXTS)
def test_the_readings_are_those_that_parsing_gives(text: str) -> None:
    parsed = parse_amount(text)
    readings = UNDECIDED.amount_readings(text)
    assert readings == (() if parsed is None else parsed.readings)
    assert len(readings) == (0 if parsed is None else 1 + parsed.ambiguous)
    assert possible_amounts(text)[: len(readings)] == readings
    assert decimal_amount(text) in (None, *readings[:1])


def test_only_figures_behind_a_separator_make_an_amount_with_decimals() -> None:
    assert [decimal_amount(text) for text in ("9", "9.", "9.50", "1,234", "x.y")] == [
        None,
        None,
        Decimal("9.50"),
        Decimal(1234),
        None,
    ]
