"""Amounts as one page prints them: what stands around the digits, and how the digits are grouped.

Unlike `schemas.values`, which reads amounts, this reads and *prints* them in the same style. Only what comes
back letter by letter is taken, so that an amount is exchanged exactly or not at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from schemas.values import DecimalSeparator
from schemas.values.currency import is_currency_mark

# Amounts are whole numbers of ten-thousandths: unit prices have up to four decimals.
MAX_DECIMALS = 4
UNITS = 10**MAX_DECIMALS

_MAX_CHARACTERS = 24
_AMOUNT = re.compile(r"(?P<prefix>\D*)(?P<body>\d[\d.,' ]*\d|\d)(?P<suffix>\D*)", re.DOTALL)
_GROUPS = re.compile(r"\d{1,3}(?P<mark>[.,' ])\d{3}(?:(?P=mark)\d{3})*")
# Signs and brackets around amounts: "(1,234.50)", "12.50-", "**9.00", "- 5.00".
_SIGNS = re.compile(r"[\s()\[\]+\-−–*#=:~,;/]+")
_MINUS = re.compile(r"[-−–(]")
# A letter or two after an amount are its tax class: "5.99T", "0,19 A".
_TAX_CLASS = re.compile(r"[A-Z]{1,2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedAmount:
    """One printed amount: its size in ten-thousandths, never negative, and how it is printed.

    Attributes
    ----------
    thousands
        The mark between groups of three digits; "" if the amount is large enough to show that there is none,
        None if it does not show what there would be.
    is_money
        Whether decimals, groups or a currency mark tell it from a count.
    """

    units: int
    prefix: str
    suffix: str
    thousands: str | None
    decimal: str
    n_decimals: int
    is_negative: bool
    is_money: bool

    @property
    def signed(self) -> int:
        """Return the amount in ten-thousandths with its sign."""
        return -self.units if self.is_negative else self.units

    @property
    def step(self) -> int:
        """Return the smallest difference that this way of printing can show."""
        return 10 ** (MAX_DECIMALS - self.n_decimals)


def read_amount(text: str, *, decimal: DecimalSeparator | None = None) -> PrintedAmount | None:
    """Return how `text` prints an amount, None if it is none or could not be printed again letter by letter.

    Parameters
    ----------
    decimal
        The page's decimal mark, which decides what "1.234" is; without one it groups thousands.

    Examples
    --------
    >>> amount = read_amount("RM1,234.50")
    >>> amount.units, amount.prefix, amount.thousands, amount.n_decimals
    (12345000, 'RM', ',', 2)
    >>> read_amount("12.03.2026"), read_amount("7%"), read_amount("A123")
    (None, None, None)
    """
    number = read_number(text, decimal=decimal)
    if number is None or len(text) > _MAX_CHARACTERS:
        return None
    before, after = _SIGNS.sub("", number.prefix), _SIGNS.sub("", number.suffix).rstrip(".")
    if before and not is_currency_mark(before):
        return None
    return number if not after or is_currency_mark(after) or _TAX_CLASS.fullmatch(after) else None


def read_number(text: str, *, decimal: DecimalSeparator | None = None) -> PrintedAmount | None:
    """Return the one number in `text` as `read_amount` does, whatever stands around it.

    Examples
    --------
    >>> read_number("12 pcs.").suffix, read_number("2 x 3")
    (' pcs.', None)
    """
    found = _AMOUNT.fullmatch(text)
    parts = None if found is None else _parts(found["body"], decimal)
    if found is None or parts is None:
        return None
    whole, mark, cents = parts
    digits = re.sub(r"\D", "", whole)
    is_grouped = len(digits) < len(whole)
    marks = (_SIGNS.sub("", found[name]) for name in ("prefix", "suffix"))
    number = PrintedAmount(
        units=int(digits) * UNITS + int(cents.ljust(MAX_DECIMALS, "0")),
        prefix=found["prefix"],
        suffix=found["suffix"],
        thousands=re.sub(r"\d", "", whole)[0] if is_grouped else "" if len(digits) > 3 else None,
        decimal=mark,
        n_decimals=len(cents),
        is_negative=bool(_MINUS.search(found["prefix"]) or _MINUS.match(found["suffix"].strip())),
        is_money=len(cents) >= 2 or is_grouped or any(mark and is_currency_mark(mark) for mark in marks),
    )
    return number if print_amount(number, number.units) == text else None


def print_amount(like: PrintedAmount, units: int, *, thousands: str = "") -> str:
    """Return another amount printed in the same way.

    `thousands` is the mark between groups where `like` is too small to show one.

    Raises
    ------
    ValueError
        If the amount is negative, or needs more decimals than are printed.

    Examples
    --------
    >>> print_amount(read_amount("$ 8.20"), 12345000, thousands=",")
    '$ 1,234.50'
    """
    if units < 0 or units % like.step:
        raise ValueError(f"{units} ten-thousandths cannot be printed with {like.n_decimals} decimals")
    whole, rest = divmod(units, UNITS)
    mark = thousands if like.thousands is None else like.thousands
    decimals = f"{rest:0{MAX_DECIMALS}d}"[: like.n_decimals]
    return f"{like.prefix}{f'{whole:,}'.replace(',', mark)}{like.decimal}{decimals}{like.suffix}"


def _parts(body: str, decimal: DecimalSeparator | None) -> tuple[str, str, str] | None:
    """Return whole digits, decimal mark and decimals of the digits and marks of an amount."""
    marks = re.sub(r"\d", "", body)
    if not marks:
        return body, "", ""
    last = marks[-1]
    whole, _, tail = body.rpartition(last)
    if last in ".," and _is_decimal(whole, tail, is_first=marks.count(last) == 1, is_known=decimal == last):
        return (whole, last, tail) if whole.isdigit() or _GROUPS.fullmatch(whole) else None
    return (body, "", "") if _GROUPS.fullmatch(body) else None


def _is_decimal(whole: str, tail: str, *, is_first: bool, is_known: bool) -> bool:
    if len(tail) == 3:
        return is_first and (is_known or whole == "0")
    return len(tail) in (1, 2, 4)
