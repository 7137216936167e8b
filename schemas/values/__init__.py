"""Printed values to normalised ones: amounts to Decimal, dates to the calendar, marks to currencies."""

from __future__ import annotations

from schemas.values.amounts import ParsedAmount, looks_like_amount, parse_amount
from schemas.values.currency import currency_code, is_currency_mark
from schemas.values.dates import ParsedDate, looks_like_date, parse_date
from schemas.values.figures import DecimalSeparator
from schemas.values.readings import UNDECIDED, NumberStyle, decimal_amount, possible_amounts
from schemas.values.vote import (
    vote_currency,
    vote_day_first,
    vote_decimal_separator,
    vote_year_first,
)

__all__ = [
    "UNDECIDED",
    "DecimalSeparator",
    "NumberStyle",
    "ParsedAmount",
    "ParsedDate",
    "currency_code",
    "decimal_amount",
    "is_currency_mark",
    "looks_like_amount",
    "looks_like_date",
    "parse_amount",
    "parse_date",
    "possible_amounts",
    "vote_currency",
    "vote_day_first",
    "vote_decimal_separator",
    "vote_year_first",
]
