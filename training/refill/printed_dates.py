"""Dates as one page prints them, to print another day in the same notation.

As with amounts, only a notation that gives the printed text back letter by letter is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from schemas.values.dates import fold
from schemas.values.months import MONTHS
from training.synthesis.dates import MONTH_NAMES

_NAME = r"(?P<name>[^\W\d_]{3,10})"
_YEAR = r"(?P<year>(?:19|20)\d\d|\d\d)"
_ORDINAL = r"(?P<ordinal>st|nd|rd|th|ST|ND|RD|TH)?"
_JOINT = r"[-/.,' ]{0,3}"
_PATTERNS = tuple(
    re.compile(rf"(?<!\w){pattern}(?!\w)")
    for pattern in (
        r"(?P<year>(?:19|20)\d\d)(?P<joint>[-/.])(?P<month>\d{1,2})(?P<joint2>(?P=joint))(?P<day>\d{1,2})",
        rf"(?P<first>\d{{1,2}})(?P<joint> ?[-/.] ?)(?P<second>\d{{1,2}})(?P<joint2>(?P=joint)){_YEAR}",
        rf"(?P<day>\d{{1,2}}){_ORDINAL}(?P<joint>{_JOINT}){_NAME}(?P<joint2>{_JOINT}){_YEAR}",
        rf"{_NAME}(?P<joint>{_JOINT})(?P<day>\d{{1,2}}){_ORDINAL}(?P<joint2>[-/.,' ]{{1,3}}){_YEAR}",
    )
)
_PIVOT = 69  # as POSIX: 69 to 99 are 1969 to 1999
_FIRST_YEAR, _LAST_YEAR = 1960, 2049


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedDate:
    """A printed date and its notation.

    Attributes
    ----------
    order
        Which of "d", "m" and "y" come first, second and third.
    joints
        What stands between them.
    is_padded
        Whether days and numbered months below ten have a zero before them.
    language, name_length
        Whose month names they are, and how many letters are printed (0: all of them); None for a number.
    """

    value: date
    order: str
    joints: tuple[str, str]
    is_padded: bool
    n_year_digits: int
    has_ordinal: bool = False
    language: str | None = None
    name_length: int = 0
    case: str = "title"


def find_dates(text: str, *, day_first: bool, language: str = "en") -> Iterator[tuple[int, int, PrintedDate]]:
    """Yield (start, end, date) for each whole date in a line of text, without overlaps.

    Parameters
    ----------
    day_first
        How "03/04/2026" is read.
    language
        Whose month names are looked at first.

    Examples
    --------
    >>> [str(found.value) for _, _, found in find_dates("Due Oct 3, 1979 of 21.10.79", day_first=True)]
    ['1979-10-03', '1979-10-21']
    """
    found: dict[tuple[int, int], PrintedDate] = {}
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            if _goes_on(text, match) or any(
                match.start() < end and start < match.end() for start, end in found
            ):
                continue
            one = _read(match, day_first, language)
            if one is not None and print_date(one, one.value) == match[0]:
                found[match.span()] = one
    yield from ((start, end, one) for (start, end), one in sorted(found.items(), key=lambda item: item[0]))


def _goes_on(text: str, match: re.Match[str]) -> bool:
    """Return whether the numbers go on before or behind: "1.12.03.2026" is no date."""
    mark = match["joint"].strip()
    before, after = text[: match.start()], text[match.end() :]
    return bool(mark) and (before.endswith(mark) or (after.startswith(mark) and after[1:2].isdigit()))


def print_date(like: PrintedDate, day: date) -> str:
    """Return another day in the same notation.

    Examples
    --------
    >>> found = next(find_dates("October 21, 1979", day_first=False))[2]
    >>> print_date(found, date(2003, 5, 3))
    'May 3, 2003'
    """
    parts = {
        "d": f"{day.day:02d}" if like.is_padded else str(day.day),
        "m": _month(like, day.month),
        "y": str(day.year) if like.n_year_digits == 4 else f"{day.year % 100:02d}",
    }
    if like.has_ordinal:
        parts["d"] += _ordinal(day.day)
    first, second, third = (parts[name] for name in like.order)
    return f"{first}{like.joints[0]}{second}{like.joints[1]}{third}"


def _ordinal(day: int) -> str:
    if day in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def _month(like: PrintedDate, month: int) -> str:
    if like.language is None:
        return f"{month:02d}" if like.is_padded else str(month)
    name = MONTH_NAMES[like.language][month - 1]
    short = name[: like.name_length] if like.name_length else name
    return {"upper": short.upper(), "lower": short.lower(), "title": short[:1].upper() + short[1:].lower()}[
        like.case
    ]


def _read(match: re.Match[str], day_first: bool, language: str) -> PrintedDate | None:
    groups = match.groupdict()
    year = _full_year(groups["year"])
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    joints = (groups["joint"], groups["joint2"])
    if groups.get("name") is not None:
        return _named(match, year, joints, language)
    numbers = (groups["month"], groups["day"]) if "month" in groups else (groups["first"], groups["second"])
    order = "ymd" if "month" in groups else _order(int(numbers[0]), int(numbers[1]), day_first)
    month, day = numbers if order in ("ymd", "mdy") else numbers[::-1]
    value = _date(year, int(month), int(day))
    if value is None:
        return None
    return PrintedDate(
        value=value,
        order=order,
        joints=joints,
        is_padded=all(len(number) == 2 for number in numbers),
        n_year_digits=len(groups["year"]),
    )


def _order(first: int, second: int, day_first: bool) -> str:
    is_day_first = first > 12 or (second <= 12 and day_first)
    return "dmy" if is_day_first else "mdy"


def _named(match: re.Match[str], year: int, joints: tuple[str, str], language: str) -> PrintedDate | None:
    groups = match.groupdict()
    month = MONTHS.get(fold(groups["name"]))
    value = None if month is None else _date(year, month, int(groups["day"]))
    if value is None:
        return None
    is_padded = groups["day"].startswith("0") or (len(groups["day"]) == 2 and joints[0] in ("", "-", "/"))
    blank = PrintedDate(
        value=value,
        order="dmy" if match.start("day") < match.start("name") else "mdy",
        joints=joints,
        is_padded=is_padded,
        n_year_digits=len(groups["year"]),
        has_ordinal=groups.get("ordinal") is not None,
    )
    return _with_name(blank, groups["name"], language)


def _with_name(like: PrintedDate, name: str, language: str) -> PrintedDate | None:
    """Return the notation with a month's language, length and case; None if the name is no known one."""
    case = "upper" if name.isupper() else "lower" if name.islower() else "title"
    for code in dict.fromkeys((language, "en", *MONTH_NAMES)):
        full = MONTH_NAMES.get(code, MONTH_NAMES["en"])[like.value.month - 1]
        if full.lower() == name.lower():
            return replace(like, language=code, case=case)
        if full.lower().startswith(name.lower()) and len(name) <= 4:
            return replace(like, language=code, name_length=len(name), case=case)
    return None


def _full_year(digits: str) -> int:
    short = int(digits)
    return short if len(digits) == 4 else short + (1900 if short >= _PIVOT else 2000)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:  # no such day in the calendar
        return None
