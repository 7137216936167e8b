"""What the texts of one document say together about its decimal separator and its order of dates."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from schemas.values.amounts import DecimalSeparator, parse_amount
from schemas.values.dates import parse_date

# One side wins if it has more than twice the other's votes: a stray version number or a misread comma
# must not decide a page, and a page that mixes both decides nothing.
_MARGIN = 2

# What has one reading only: cents after one separator kind, thousands grouped by the other or repeated.
_DECIMAL = re.compile(
    r"(?:^|[^\d.,])(?:\d{1,3}(?:(?P<group>[., '\u00a0\u202f\u2019])\d{3})+|\d+)?"
    r"(?P<sep>[.,])\d{2}(?![\d.,]*\d)"
)
_REPEATED = re.compile(r"(?:^|[^\d.,])\d{1,3}(?P<group>[.,])\d{3}(?:(?P=group)\d{3})+(?![.,]?\d)")
_TIME_OR_DATE = re.compile(r"\d[.:]\d\d[.:]\d\d")

_NUMERIC_DATE = re.compile(r"(?<!\d)(\d{1,2})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{4}|\d{2})(?!\d)")
_DAY_PATTERN = re.compile(r"\b(?:DD|TT|JJ)[./-]MM[./-](?:YY|JJ|AA)", re.IGNORECASE)
_MONTH_PATTERN = re.compile(r"\bMM[./-](?:DD|TT|JJ)[./-](?:YY|JJ|AA)", re.IGNORECASE)


def vote_decimal_separator(texts: Iterable[str]) -> DecimalSeparator | None:
    """Return the decimal separator that the unambiguous amounts of a document agree on, or None.

    Each text (a word, a line or a value) whose amount has exactly two decimals, or thousands grouped
    more than once, has one vote. The winner needs more than twice the other's votes. Dates and times
    have no vote.

    Examples
    --------
    >>> vote_decimal_separator(["1.234", "19,00", "2.380,00 EUR"])
    ','
    >>> vote_decimal_separator(["1.234"]) is None
    True
    """
    votes: dict[DecimalSeparator, int] = {".": 0, ",": 0}
    for text in texts:
        vote = _separator_vote(text)
        if vote is not None:
            votes[vote] += 1
    points, commas = votes["."], votes[","]
    if points > _MARGIN * commas:
        return "."
    return "," if commas > _MARGIN * points else None


# Columns repeat quantities, rates and prices.
@lru_cache(maxsize=16_384)
def _separator_vote(text: str) -> DecimalSeparator | None:
    if _TIME_OR_DATE.search(text) or ("." not in text and "," not in text):
        return None
    found = _DECIMAL.search(text)
    if found is not None and found["group"] != found["sep"] and parse_amount(found[0].strip()) is not None:
        return "." if found["sep"] == "." else ","
    repeated = _REPEATED.search(text)
    if repeated is not None:
        return "," if repeated["group"] == "." else "."
    return None


def vote_day_first(texts: Iterable[str]) -> bool | None:
    """Return whether the document writes the day before the month, or None if nothing decides.

    A date of which only one reading exists (a number above 12) has one vote, and so has a printed
    pattern such as "MM/DD/YYYY". The winner needs more than twice the other's votes. Where there are no
    such votes, dates with points and a four-digit year decide for day first: all CLDR locales that write
    d.M.y put the day first, none writes M.d.y.

    Examples
    --------
    >>> vote_day_first(["03/04/2026", "25/12/2025"]), vote_day_first(["03/04/2026"])
    (True, None)
    """
    day = month = dotted = 0
    for text in texts:
        day += len(_DAY_PATTERN.findall(text))
        month += len(_MONTH_PATTERN.findall(text))
        for first, separator, second, year in _NUMERIC_DATE.findall(text):
            if parse_date(f"{first}{separator}{second}{separator}{year}") is None:
                continue
            day += int(first) > 12
            month += int(second) > 12
            dotted += separator == "." and len(year) == 4
    if day or month:
        return True if day > _MARGIN * month else False if month > _MARGIN * day else None
    return True if dotted else None
