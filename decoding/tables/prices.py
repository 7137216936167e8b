"""Prices as pages show them, also where a reader took a figure or the mark before the cents for another one.

What stands here decides which lines are rows, never what their values are.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from schemas.values import decimal_amount

_MAX_CHARACTERS = 24
# Letters that readers take figures for.
_FIGURES = r"[\dOoQIlSZB]"
# "3,500,00", "75*00", "6,762.OO", "l,24"; "6g0,40" has one other letter.
_MISREAD = re.compile(rf"(?:{_FIGURES}{{1,3}}(?:[.,*]{_FIGURES}{{3}})+|\w+)[.,*·•]{_FIGURES}{{2}}")
# A dash before cents of none, or behind thousands: "17,544-00", "2,740-23"; "12-31" is a date.
_DASHED = re.compile(r"\d{1,3}(?:[.,]\d{3})*-00|\d{1,3}(?:[.,]\d{3})+-\d{2}")
# What stands around a price: currencies, brackets, what a reader makes of specks and rules.
_AROUND = "$€£¥§•♦*~|_'\"\u2018\u2019\u201c\u201d`()<>}+-.,:;="
_FEWEST_FIGURES = 2
# What files are stamped with: no amount begins with noughts.
_STAMP = re.compile(r"00\d{3}")
# Figures, what is read for them, and other letters: in a column of prices one that is worse misread
# ("1b.6S6.12", "O.GC", "21.QI-", "4,91i.39") is one, too, if it is as long as one.
_SEEMS = re.compile(r"S?[\dOoQDIlSZBGCibt][\w^?]{0,2}(?:[.,][\w^?]{3})*[.,*·•_^>][\w^?]{2}")
# Thousands with a dollar's sign that was read as a letter ("S40,000").
_S_FOR_SIGN = re.compile(r"S\d{1,3}(?:[.,]\d{3})+")
_SEEN_FIGURES, _LEAST_SEEN = frozenset("0123456789OoQDIlSZBGCcibt"), 0.6
# The figures before cents that stand apart: thousands, or money by its sign ("3,019 63", "$99 50").
_BEFORE_CENTS = re.compile(r"[$€£]?\d{1,3}(?:[.,]\d{3})+[.,*]?|[$€£]\d+[.,*]?|\d{1,7}\.")
_CENTS, _NO_CENTS = re.compile(r"\d{2}"), "00"


@lru_cache(maxsize=8192)
def looks_like_price(text: str) -> bool:
    """Return whether `text` is an amount with decimals, one of whose signs may be misread.

    Examples
    --------
    >>> all(map(looks_like_price, ("9.00", "$3,500,00", "75*00", "6,762.OO", "l,24", "17,544-00")))
    True
    >>> any(map(looks_like_price, ("9", "12-31", "12.01.95", "No.12", "10:30", "so.so", "")))
    False
    """
    if len(text) > _MAX_CHARACTERS:
        return False
    bare = text.strip(_AROUND)
    if _STAMP.match(bare):
        return False
    if decimal_amount(text) is not None:
        return True
    if _DASHED.fullmatch(bare):
        return True
    n_figures = sum(map(str.isdecimal, bare))
    is_likely = n_figures >= _FEWEST_FIGURES and n_figures > sum(map(str.isalpha, bare))
    is_read = sum(map(str.isalpha, re.sub(_FIGURES, "", bare))) <= 1
    return is_likely and is_read and _MISREAD.fullmatch(bare) is not None


@lru_cache(maxsize=8192)
def seems_price(text: str) -> bool:
    """Return whether `text` is as long as an amount with decimals, and most of it may be figures.

    That is one only where prices stand.

    Examples
    --------
    >>> all(map(seems_price, ("1b.6S6.12", "O.GC", "21.QI-", "4,91i.39", "31,ooo.no")))
    True
    >>> any(map(seems_price, ("No.12", "so.on", "Inc.", "10017")))
    False
    """
    bare = text.strip(_AROUND)
    if len(text) > _MAX_CHARACTERS or _SEEMS.fullmatch(bare) is None:
        return len(text) <= _MAX_CHARACTERS and _S_FOR_SIGN.fullmatch(bare) is not None
    letters = [character for character in bare if character.isalnum()]
    if not (bare[0] in "OoQ" or any(map(str.isdecimal, bare))):
        return False
    return sum(ch in _SEEN_FIGURES for ch in letters) >= _LEAST_SEEN * len(letters)


def price_of(text: str) -> Decimal | None:
    """Return the amount of a price in its first reading; None if it is none, or a figure of it is unsure.

    Examples
    --------
    >>> price_of("9.00"), price_of("$3,500,00"), price_of("(17,544-00)"), price_of("l,24")
    (Decimal('9.00'), Decimal('3500.00'), Decimal('-17544.00'), None)
    """
    amount = decimal_amount(text)
    if amount is not None or not looks_like_price(text):
        return amount
    bare = text.strip(_AROUND)
    figures = re.sub(r"\D", "", bare)
    if len(figures) < sum(map(str.isalnum, bare)):
        return None
    sign = "-" if "(" in text or text.lstrip("$€£").startswith("-") or text.endswith("-") else ""
    return Decimal(f"{sign}{figures[:-2]}.{figures[-2:]}")


def are_cents_apart(before: str, cents: str) -> bool:
    """Return whether two words are the figures of one price, whose cents stand apart.

    Examples
    --------
    >>> are_cents_apart("3,019", "63"), are_cents_apart("2500", "00"), are_cents_apart("2500", "63")
    (True, True, False)
    >>> are_cents_apart("208.", "24"), are_cents_apart("$1350*", "00"), are_cents_apart("5,", "93")
    (True, True, False)
    """
    if not _CENTS.fullmatch(cents):
        return False
    return _BEFORE_CENTS.fullmatch(before) is not None or (
        cents == _NO_CENTS and before.rstrip(",*").isdecimal()
    )
