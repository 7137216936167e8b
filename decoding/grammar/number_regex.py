"""Bounded numbers and calendar dates as JSON writes them: regular expressions, or those a page shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from schemas.values import possible_amounts

# Whole digits of a number without bounds: a trillion in cents, and exact in a double.
_MAX_ABSOLUTE = Decimal(10) ** 13 - 1
_MAX_DIGITS = 15  # a double holds every decimal of 15 digits
MAX_DECIMALS = 4


def integer_regex(minimum: float | None, maximum: float | None) -> str | None:
    """Return a regex of the integers in [minimum, maximum], or None if there is none.

    An absent bound is that of 13 digits. No leading zeros, no "-0".

    Examples
    --------
    >>> integer_regex(0, 120)
    '(?:[0-9]|[1-9][0-9]|1[0-1][0-9]|120)'
    """
    if minimum is None and maximum is None:
        return "(?:0|-?[1-9][0-9]{0,12})"
    return _alternatives(_scaled(minimum, maximum, n_decimals=0))


def decimal_regex(minimum: float | None, maximum: float | None) -> str | None:
    """Return a regex of the decimals of up to four places in [minimum, maximum], or None if there is none.

    Examples
    --------
    >>> import re
    >>> [bool(re.fullmatch(decimal_regex(0.25, 10), t)) for t in ("0.25", "0.2", "10.00", "10.01", "7")]
    [True, False, True, False, True]
    """
    if minimum is None and maximum is None:
        return rf"-?(?:0|[1-9][0-9]{{0,12}})(?:\.[0-9]{{1,{MAX_DECIMALS}}})?"
    parts = (part for n in range(MAX_DECIMALS + 1) for part in _scaled(minimum, maximum, n_decimals=n))
    return _alternatives(parts)


def _alternatives(parts: Iterator[str]) -> str | None:
    distinct = tuple(dict.fromkeys(parts))
    return f"(?:{'|'.join(distinct)})" if distinct else None


def _scaled(minimum: float | None, maximum: float | None, *, n_decimals: int) -> Iterator[str]:
    """Yield patterns of the numbers with exactly `n_decimals` places, as ranges of scaled integers."""
    scale = Decimal(10) ** n_decimals
    low, high = _bound(minimum, -_MAX_ABSOLUTE) * scale, _bound(maximum, _MAX_ABSOLUTE) * scale
    first = int(low.to_integral_value(ROUND_CEILING))
    last = int(high.to_integral_value(ROUND_FLOOR))
    for pattern in _range_patterns(max(first, 0), last, width=n_decimals + 1):
        yield _with_point(pattern, n_decimals)
    for pattern in _range_patterns(max(-last, 1), -first, width=n_decimals + 1):
        yield "-" + _with_point(pattern, n_decimals)


def _bound(value: float | None, default: Decimal) -> Decimal:
    if value is None:
        return default
    return min(max(Decimal(str(value)), -_MAX_ABSOLUTE), _MAX_ABSOLUTE)


def _range_patterns(first: int, last: int, *, width: int) -> Iterator[tuple[str, ...]]:
    """Yield digit patterns of the non-negative integers first..last, zero-padded to at least `width`."""
    start = first
    while start <= last:
        end = _block_end(start, last)
        digits = max(width, len(str(start)))
        end = min(end, 10**digits - 1)
        low, high = str(start).zfill(digits), str(end).zfill(digits)
        yield tuple(_digit_class(a, b) for a, b in zip(low, high, strict=True))
        start = end + 1


def _block_end(start: int, last: int) -> int:
    """Return the end of the largest block from `start` whose last k digits run over 0..9 freely."""
    size = 1
    while start % (size * 10) == 0 and start + size * 10 - 1 <= last:
        size *= 10
    digit = start // size % 10
    n_blocks = min(9 - digit, (last - start + 1) // size - 1)
    return start + size * (n_blocks + 1) - 1


def _digit_class(low: str, high: str) -> str:
    return low if low == high else f"[{low}-{high}]"


def _with_point(digits: tuple[str, ...], n_decimals: int) -> str:
    if not n_decimals:
        return "".join(digits)
    return "".join(digits[:-n_decimals]) + r"\." + "".join(digits[-n_decimals:])


def iso_date_regex() -> str:
    """Return a regex of the calendar's dates from 1900-01-01 to 2199-12-31.

    Examples
    --------
    >>> import re
    >>> dates = ("2024-02-29", "2023-02-29", "2026-04-31", "2026-12-31")
    >>> [bool(re.fullmatch(iso_date_regex(), text)) for text in dates]
    [True, False, False, True]
    """
    leap = "(?:(?:19|20|21)(?:0[48]|[2468][048]|[13579][26])|2000)"
    long_months = "(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    short_months = "(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    february = "02-(?:0[1-9]|1[0-9]|2[0-8])"
    return f"(?:(?:19|20|21)[0-9]{{2}}-(?:{long_months}|{short_months}|{february})|{leap}-02-29)"


def number_texts(amounts: Iterable[str], minimum: float | None, maximum: float | None) -> tuple[str, ...]:
    """Return the JSON numbers in [minimum, maximum] that printed amounts may stand for, in every spelling."""
    # As written: 0.1 as a float is a little more than the page's 0.1.
    low = Decimal("-Infinity") if minimum is None else Decimal(str(minimum))
    high = Decimal("Infinity") if maximum is None else Decimal(str(maximum))
    readings = {value for text in amounts for value in possible_amounts(text)}
    kept = (v for v in readings if low <= v <= high and len(v.as_tuple().digits) <= _MAX_DIGITS)
    return tuple(sorted({text for value in kept for text in (f"{value:f}", _shortest(f"{value:f}"))}))


def _shortest(number: str) -> str:
    """Return the number as `json.dumps` writes a float: "12.50" as "12.5", "12.00" as "12.0"."""
    head, point, tail = number.partition(".")
    return f"{head}.{tail.rstrip('0') or '0'}" if point else number
