"""Every reading of a printed amount or date: one, or two where the text alone does not decide.

How the document writes decides where the text does not; nothing here chooses between two readings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from schemas.values.amounts import ParsedAmount, parse_amount
from schemas.values.dates import ParsedDate, parse_date
from schemas.values.figures import DecimalSeparator

_DECIMALS = re.compile(r"[.,]\d")
_FIGURES = re.compile(r"[\d.,'’ ]*\d")
_NEGATIVE = re.compile(r"[-−–]|\(.*\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberStyle:
    """How one document writes decimals and dates, and its currency; None where nothing on it decides.

    `year_first` are the signs between which it writes years first.

    Examples
    --------
    >>> NumberStyle().amount_readings("1.234"), NumberStyle(decimal_separator=",").amount_readings("1.234")
    ((Decimal('1234'), Decimal('1.234')), (Decimal('1234'),))
    """

    decimal_separator: DecimalSeparator | None = None
    day_first: bool | None = None
    year_first: frozenset[str] = frozenset()
    currency: str | None = None

    def read_amount(self, text: str) -> ParsedAmount | None:
        """Return the amount that `text` prints in this style, or None if it is not one amount."""
        return parse_amount(text, decimal_separator=self.decimal_separator, currency=self.currency)

    def read_date(self, text: str) -> ParsedDate | None:
        """Return the date that `text` prints in this style, or None if it is not one date."""
        return parse_date(text, day_first=self.day_first, year_first=self.year_first)

    def amount_readings(self, text: str) -> tuple[Decimal, ...]:
        """Return the one or two numbers that `text` prints, none if it is not one amount."""
        amount = self.read_amount(text)
        return () if amount is None else amount.readings

    def date_readings(self, text: str) -> tuple[date, ...]:
        """Return the one or two dates that `text` prints, none if it is not one date."""
        day = self.read_date(text)
        return () if day is None else day.readings


UNDECIDED = NumberStyle()  # of a text on its own, without its document


def decimal_amount(text: str) -> Decimal | None:
    """Return the amount that `text` prints, in its first reading, if there are figures behind a separator.

    None for any other text: bare integers stand for much else on a page.

    Examples
    --------
    >>> decimal_amount("RM9.00"), decimal_amount("9"), decimal_amount("No. 9.0 of 7")
    (Decimal('9.00'), None, None)
    """
    readings = UNDECIDED.amount_readings(text)
    return readings[0] if readings and _DECIMALS.search(text) else None


def possible_amounts(text: str) -> tuple[Decimal, ...]:
    """Return every number that an amount's text may stand for, also where `parse_amount` cannot read it.

    What it can read, it reads. Of other texts the last separator may mark decimals or thousands; minus signs
    and accountants' parentheses make them negative. Texts without digits give none.

    Examples
    --------
    >>> [str(value) for value in possible_amounts("1.234")]
    ['1234', '1.234']
    >>> [str(value) for text in ("(1,234.50)", "45,-", "SUB-TOTAL:9.00") for value in possible_amounts(text)]
    ['-1234.50', '45', '9.00']
    """
    readings = UNDECIDED.amount_readings(text)
    figures = _FIGURES.search(text)
    if readings or figures is None:
        return readings
    digits = re.sub(r"['’ ]", "", figures.group())
    head, mark, tail = digits.rpartition(max(digits, key=lambda ch: (ch in ".,", digits.rfind(ch))))
    numbers = [re.sub(r"[.,]", "", digits)]
    if mark and mark in ".," and tail:
        numbers.append(f"{re.sub(r'[.,]', '', head) or '0'}.{tail}")
    is_negative = _NEGATIVE.search(text) is not None
    return tuple(-Decimal(number) if is_negative else Decimal(number) for number in numbers)
