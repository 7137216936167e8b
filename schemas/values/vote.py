"""What the texts of one document say together: its decimal separator, its order of dates, its currency."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from schemas.values.amounts import parse_amount
from schemas.values.currency import may_stand_for, possible_currencies, says_currency
from schemas.values.dates import parse_date
from schemas.values.figures import DecimalSeparator

# One side wins if it has more than twice the other's votes: a stray version number or a misread comma
# must not decide a page, and a page that mixes both decides nothing.
_MARGIN = 2
_MAX_MARK_CHARACTERS = 8

# What has one reading only: cents after one separator kind, thousands grouped by the other or repeated.
# Figures that a point follows are days and months ("01.01."), or numbers of sections.
_GROUP = r"(?P<group>[., '\u00a0\u202f\u2019])"
_DECIMAL = re.compile(
    rf"(?:^|[^\d.,])(?:\d{{1,3}}{_GROUP}(?:\d{{2,3}}(?P=group))*\d{{3}}(?P<end>[.,])\d{{2,3}}"
    r"|\d*(?P<sep>[.,])\d{2})(?![\d.,]*\d)(?!\.)"
)
_REPEATED = re.compile(r"(?:^|[^\d.,])\d{1,3}(?P<group>[.,])\d{3}(?:(?P=group)\d{3})+(?![.,]?\d)")
_LAKHS = re.compile(r"(?:^|[^\d.,])\d{1,2}(?:,\d{2})+,\d{3}(?![.,]?\d)")
_TIME_OR_DATE = re.compile(r"\d[.:]\d\d[.:]\d\d")
# Of days, hours or sections more often than of amounts.
_RANGE = re.compile(r"\d[.,]\d{1,2}\.?\s?[-\u2013]\s?\d")
_PADDED = re.compile(r"(?<!\d)0\d\.\d")  # amounts below ten have one digit before the point, "01.05" has two
_DAY_AND_MONTH = re.compile(r"(?<!\d)(?:[12]\d|3[01])\.(?:0[1-9]|1[0-2])(?!\d)")
_HOUR = re.compile(r"\W*(?:1?\d|2[0-3])\.[0-5]\d\W*")

# But for "26. 11. 12.", whose year may stand first (Korean).
_NUMERIC_DATE = re.compile(
    r"(?<!\d)(?!\d\d?\.\s\d\d?\.\s\d\d\.)(\d{1,2})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{4}|\d{2})(?!\d)"
)
_YEAR_FIRST = re.compile(r"(?<!\d)(?:19|20)\d\d\s?([./-])\s?\d{1,2}\s?\1\s?\d{1,2}(?!\d)")
_YEAR_FIRST_WORD = re.compile(r"\d{4}(?:\s?[\u5e74\ub144]|\s?\(?e\)?ko\b)")
_DAY_PATTERN = re.compile(r"\b(?:DD|TT|JJ)[./-]MM[./-](?:YY|JJ|AA)", re.IGNORECASE)
_MONTH_PATTERN = re.compile(r"\bMM[./-](?:DD|TT|JJ)[./-](?:YY|JJ|AA)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Vote:
    separator: DecimalSeparator
    may_be_day: bool = False  # "31.12"
    may_be_hour: bool = False  # "10.30"


def vote_decimal_separator(texts: Iterable[str]) -> DecimalSeparator | None:
    """Return the decimal separator that the unambiguous amounts of a document agree on, or None.

    Each text (a word, a line or a value) whose amount has exactly two decimals, both separators, or
    thousands grouped more than once, has one vote. The winner needs more than twice the other's votes.
    Dates, times, ranges, figures that a point follows ("01.01.") and those that may be a day and a month
    ("31.12") have no vote; figures that may be a time ("10.30") do not outvote a comma alone.

    Examples
    --------
    >>> vote_decimal_separator(["1.234", "19,00", "2.380,00 EUR"])
    ','
    >>> vote_decimal_separator(["01.01.", "31.03.", "31.12", "1.685,25"])
    ','
    >>> vote_decimal_separator(["1.234"]) is None
    True
    """
    votes = [vote for vote in map(_separator_vote, texts) if vote is not None]
    counted = Counter(vote.separator for vote in votes if not vote.may_be_day)
    points, commas = counted["."], counted[","]
    if points > _MARGIN * commas:
        is_sure = not commas or not all(vote.may_be_hour for vote in votes if vote.separator == ".")
        return "." if is_sure else None
    return "," if commas > _MARGIN * points else None


# Columns repeat quantities, rates and prices.
@lru_cache(maxsize=16_384)
def _separator_vote(text: str) -> _Vote | None:
    if ("." not in text and "," not in text) or any(
        pattern.search(text) for pattern in (_TIME_OR_DATE, _RANGE, _PADDED)
    ):
        return None
    found = _DECIMAL.search(text)
    if found is not None:
        separator = found["end"] or found["sep"]
        if found["group"] != separator and parse_amount(found[0].strip()) is not None:
            may_be_day = found["sep"] is not None and _DAY_AND_MONTH.search(found[0]) is not None
            may_be_hour = _HOUR.fullmatch(text) is not None
            return _Vote(
                separator="." if separator == "." else ",", may_be_day=may_be_day, may_be_hour=may_be_hour
            )
    repeated = _REPEATED.search(text) or _LAKHS.search(text)
    if repeated is not None:
        return _Vote(separator="." if "," in repeated[0] else ",")
    return None


def vote_currency(texts: Iterable[str]) -> str | None:
    """Return the only currency that the words of a document name (ISO 4217), or None.

    Codes ("KWD"), marks ("円") and amounts with either ("RM35.00") name one. Marks of several currencies
    ("$") name none, and contradict a code that is not among theirs.

    Examples
    --------
    >>> [vote_currency(words) for words in (["KWD", "125.000"], ["JPY", "EUR"], ["$5.00", "KWD"])]
    ['KWD', None, None]
    """
    known: set[str] = set()
    shared: set[str] = set()
    for text in texts:
        code, mark = _named_currency(text)
        if code is not None:
            known.add(code)
        elif mark is not None:
            shared.add(mark)
    if len(known) != 1:
        return None
    only = next(iter(known))
    return only if all(may_stand_for(mark, only) for mark in shared) else None


@lru_cache(maxsize=16_384)
def _named_currency(text: str) -> tuple[str | None, str | None]:
    """Return the currency that a word names; if it names none, the mark of several that it prints."""
    word = text.strip("()[]{}*.,:;/|= ")
    amount = parse_amount(word) if any(map(str.isdigit, word)) else None
    mark = amount.currency_mark if amount is not None else word
    if mark is None or len(mark) > _MAX_MARK_CHARACTERS:
        return None, None
    code = says_currency(mark)
    is_shared = code is None and not mark.isalpha() and bool(possible_currencies(mark))
    return code, mark if is_shared else None


def vote_year_first(texts: Iterable[str]) -> frozenset[str]:
    """Return the signs between which a document writes years first, so that "26/11/12" may be of 2026.

    Those of dates that begin with four digits; all signs where years are written as in China, Japan, Korea
    ("2026\u5e7411\u6708") or the Basque Country ("2026(e)ko").

    Examples
    --------
    >>> sorted(vote_year_first(["Date 2026/11/12", "Due 26/12/12"]))
    ['/']
    """
    found: set[str] = set()
    for text in texts:
        found.update(_YEAR_FIRST.findall(text))
        if _YEAR_FIRST_WORD.search(text) is not None:
            found.update("./-")
    return frozenset(found)


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
    texts = tuple(texts)
    year_first = vote_year_first(texts)
    day = month = dotted = 0
    for text in texts:
        day += len(_DAY_PATTERN.findall(text))
        month += len(_MONTH_PATTERN.findall(text))
        for first, separator, second, year in _NUMERIC_DATE.findall(text):
            if parse_date(f"{first}{separator}{second}{separator}{year}") is None:
                continue
            if len(year) == 2 and separator in year_first:
                continue
            day += int(first) > 12
            month += int(second) > 12
            dotted += separator == "." and len(year) == 4
    if day or month:
        return True if day > _MARGIN * month else False if month > _MARGIN * day else None
    return True if dotted else None
