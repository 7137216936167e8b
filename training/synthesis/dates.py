"""How dates and times are printed."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from training.synthesis.template import Template

_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "ms": "Januari Februari Mac April Mei Jun Julai Ogos September Oktober November Disember",
}
MONTH_NAMES = {language: tuple(names.split()) for language, names in _MONTHS.items()}

# {d} day, {dd} two digits, {m} {mm} month, {mon} {month} its name, {yy} {yyyy} year.
_NUMERIC = (
    "{dd}/{mm}/{yyyy}", "{dd}/{mm}/{yyyy}", "{dd}-{mm}-{yyyy}", "{dd}.{mm}.{yyyy}", "{yyyy}-{mm}-{dd}", "{dd}/{mm}/{yy}",
    "{dd}-{mm}-{yy}", "{dd}.{mm}.{yy}", "{mm}/{dd}/{yyyy}", "{m}/{d}/{yyyy}", "{mm}/{dd}/{yy}", "{d}/{m}/{yyyy}",
    "{d}.{m}.{yyyy}", "{yyyy}/{mm}/{dd}", "{d}/{m}/{yy}", "{d}-{m}-{yyyy}", "{m}-{d}-{yy}", "{yyyy}.{mm}.{dd}",
)  # fmt: skip
_NAMED = (
    "{dd} {mon} {yyyy}", "{d} {month} {yyyy}", "{month} {d}, {yyyy}", "{mon} {dd}, {yyyy}", "{dd}-{mon}-{yyyy}",
    "{dd}-{mon}-{yy}", "{dd}{mon}{yyyy}", "{mon} {d} {yyyy}", "{d}. {month} {yyyy}", "{dd}/{mon}/{yyyy}", "{dd} {mon} {yy}",
    "{dd}{mon}'{yy}", "{mon}.{dd}.{yyyy}", "{d} {mon}. {yyyy}",
)  # fmt: skip
_LOCAL_PATTERNS = {
    "my": ("{dd}/{mm}/{yyyy}", "{dd}/{mm}/{yyyy}", "{dd}/{mm}/{yyyy}", "{dd}-{mm}-{yyyy}", "{dd}/{mm}/{yy}", "{dd} {mon} {yyyy}"),
    "us": ("{mm}/{dd}/{yyyy}", "{m}/{d}/{yyyy}", "{mm}/{dd}/{yy}", "{month} {d}, {yyyy}", "{mon} {d}, {yyyy}", "{mon}{dd}'{yy}"),
    "de": ("{dd}.{mm}.{yyyy}", "{dd}.{mm}.{yyyy}", "{dd}.{mm}.{yy}", "{d}. {month} {yyyy}"),
    "fr": ("{dd}/{mm}/{yyyy}", "{dd}/{mm}/{yyyy}", "{dd}/{mm}/{yy}", "{d} {month} {yyyy}"),
    "gb": ("{dd}/{mm}/{yyyy}", "{dd} {mon} {yyyy}", "{d} {month} {yyyy}", "{dd}/{mm}/{yy}"),
    "nl": ("{dd}-{mm}-{yyyy}", "{d}-{m}-{yyyy}", "{d} {month} {yyyy}", "{dd}/{mm}/{yy}"),
    "it": ("{dd}/{mm}/{yyyy}", "{dd}-{mm}-{yyyy}", "{dd}/{mm}/{yy}", "{d} {month} {yyyy}"),
    "es": ("{dd}/{mm}/{yyyy}", "{dd}-{mm}-{yyyy}", "{dd}/{mm}/{yy}"),
}  # fmt: skip
_TIMES = (
    "{H:02d}:{M:02d}",
    "{H:02d}:{M:02d}:{S:02d}",
    "{h}:{M:02d}:{S:02d} {P}",
    "{h:02d}:{M:02d} {P}",
    "{h}:{M:02d}{P}",
    "{H}:{M:02d}",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DateStyle:
    """The patterns of dates and times of a whole document, and the language of month names."""

    pattern: str
    time_pattern: str
    language: str
    upper: bool


def date_style(template: Template, locale: str, language: str) -> DateStyle:
    """Return the template's way of printing dates."""
    draw = template.unit("date.family")
    patterns = _LOCAL_PATTERNS.get(locale, _NUMERIC) if draw < 0.6 else _NUMERIC if draw < 0.8 else _NAMED
    return DateStyle(
        pattern=template.choice("date.pattern", patterns),
        time_pattern=template.choice("date.time", _TIMES),
        language=language if language in MONTH_NAMES else "en",
        upper=template.chance("date.upper", 0.4),
    )


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day; every month has 28 days here, which no reader can tell."""

    year: int
    month: int
    day: int

    def later(self, days: int) -> Day:
        """Return the day `days` later."""
        months, day = divmod(self.day - 1 + days, 28)
        years, month = divmod(self.month - 1 + months, 12)
        return Day(self.year + years, month + 1, day + 1)


def random_day(rng: random.Random) -> Day:
    """Return a day between 1998 and 2029."""
    return Day(
        int(rng.triangular(1998, 2029, 2018)), rng.randint(1, 12), rng.randint(1, 28) + (rng.random() < 0.06)
    )


def date_text(day: Day, style: DateStyle) -> str:
    """Return the day as printed."""
    name = MONTH_NAMES[style.language][day.month - 1]
    text = style.pattern.format(
        d=day.day,
        dd=f"{day.day:02d}",
        m=day.month,
        mm=f"{day.month:02d}",
        mon=_short(name),
        month=name,
        yy=f"{day.year % 100:02d}",
        yyyy=day.year,
    )
    return text.upper() if style.upper else text


def _short(name: str) -> str:
    """Return a month's abbreviation: three letters, but four of the French ones that share three."""
    return name[:4] if name in ("juin", "juillet") else name[:3]


def time_text(rng: random.Random, style: DateStyle) -> str:
    """Return a random time of day as printed."""
    hour = rng.randint(7, 23)
    return style.time_pattern.format(
        H=hour,
        h=(hour - 1) % 12 + 1,
        M=rng.randint(0, 59),
        S=rng.randint(0, 59),
        P="AM" if hour < 12 else "PM",
    )


_GROUPS = {
    "d": r"(?P<day>\d{1,2})",
    "dd": r"(?P<day>\d\d)",
    "m": r"(?P<month>\d{1,2})",
    "mm": r"(?P<month>\d\d)",
    "yy": r"(?P<short>\d\d)",
    "yyyy": r"(?P<year>\d{4})",
    "mon": r"(?P<name>\w{3,4})",
    "month": r"(?P<name>\w+)",
}


@lru_cache(maxsize=256)
def _reader(pattern: str) -> re.Pattern[str]:
    escaped = re.escape(pattern).replace(r"\{", "{").replace(r"\}", "}")
    return re.compile(re.sub(r"\{(\w+)\}", lambda m: _GROUPS[m[1]], escaped))


def iso_date(text: str, style: DateStyle) -> str | None:
    """Return the date as YYYY-MM-DD, None if it was misread, glued to something, or is no day.

    Examples
    --------
    >>> iso_date("25.12.18", DateStyle(pattern="{dd}.{mm}.{yy}", time_pattern="", language="de", upper=False))
    '2018-12-25'
    """
    found = _reader(style.pattern).fullmatch(text)
    if found is None:
        return None
    parts = found.groupdict()
    short = int(parts.get("short") or 0)
    # As the service reads them (POSIX): 69 to 99 are 1969 to 1999.
    year = int(parts["year"]) if parts.get("year") else short + (1900 if short >= 69 else 2000)
    month = int(parts["month"]) if parts.get("month") else _month(parts["name"], style)
    try:
        return date(year, month, int(parts["day"])).isoformat()
    except ValueError:  # 29 February 2019
        return None


def _month(name: str, style: DateStyle) -> int:
    """Return the number of a month's name or abbreviation, 0 if it is none."""
    names = MONTH_NAMES[style.language]
    known = [name for month in names for name in (month.lower(), _short(month).lower())]
    return known.index(name.lower()) // 2 + 1 if name.lower() in known else 0
