"""The days of a broadcast order: when it airs, and the many other days and periods that stand beside that."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from training.synthesis.dates import MONTH_NAMES, DateStyle, Day, date_text, random_day, time_text

# Traffic systems print days in figures, whatever else a template would like.
PATTERNS = (
    "{mm}/{dd}/{yy}",
    "{mm}/{dd}/{yy}",
    "{mm}/{dd}/{yyyy}",
    "{m}/{d}/{yy}",
    "{m}/{d}/{yyyy}",
    "{mm}-{dd}-{yy}",
)
_WEEK = 6  # days from a week's first day to its last


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingDays:
    """When it airs first and last, when it was entered and changed, and when the page was printed."""

    first: Day
    last: Day
    n_days: int
    entered: Day
    changed: Day
    printed: Day


def booking_days(rng: random.Random, *, is_invoice: bool) -> BookingDays:
    """Return days in the order in which they happen: an order precedes what is aired, an invoice follows it."""
    first = random_day(rng).later(0)
    n_days = rng.choice((0, 1, 2, 4, 6, 6, 9, 13, 20, 27, 48))
    last = first.later(n_days)
    entered = first.later(-rng.randint(0, 25))
    changed = entered.later(rng.randint(0, 8))
    return BookingDays(
        first=first,
        last=last,
        n_days=n_days,
        entered=entered,
        changed=changed,
        printed=last.later(rng.randint(0, 20)) if is_invoice else changed.later(rng.randint(0, 3)),
    )


def row_days(rng: random.Random, days: BookingDays, index: int, n_rows: int) -> BookingDays:
    """Return the days of a row: the first row begins with the flight, the last one ends with it."""
    start, end = sorted((rng.randint(0, days.n_days), rng.randint(0, days.n_days)))
    start = 0 if index == 0 else start
    end = days.n_days if index == n_rows - 1 else end
    return replace(days, first=days.first.later(start), last=days.first.later(end), n_days=end - start)


def aired_day(rng: random.Random, days: BookingDays) -> Day:
    """Return a day on which something is aired."""
    return days.first.later(rng.randint(0, days.n_days))


def week_texts(rng: random.Random, days: BookingDays, style: DateStyle) -> tuple[str, str]:
    """Return first and last day of a week in which something is aired; it may begin before the flight."""
    monday = aired_day(rng, days).later(-rng.randint(0, _WEEK))
    return date_text(monday, style), date_text(monday.later(_WEEK), style)


def billed_texts(rng: random.Random, days: BookingDays, style: DateStyle) -> tuple[str, str]:
    """Return first and last day of a billing period around the flight, longer than it by a day or more."""
    start = days.first.later(-rng.randint(1, 20))
    return date_text(start, style), date_text(days.last.later(rng.randint(0, 9)), style)


def month_text(day: Day, style: DateStyle, form: str) -> str:
    """Return the month of a day: `form` has {month}, {mon}, {mm}, {yyyy}."""
    name = MONTH_NAMES[style.language][day.month - 1]
    return form.format(month=name, mon=name[:3], mm=f"{day.month:02d}", yyyy=day.year)


def stamped_text(rng: random.Random, day: Day, style: DateStyle, joint: str) -> str:
    """Return day and time as printers stamp them."""
    return f"{date_text(day, style)} {joint} {time_text(rng, style)}"


def remark_text(rng: random.Random, days: BookingDays) -> str:
    """Return a remark that names other days than the flight's, in a person's short spelling."""
    start = days.first.later(rng.choice((-7, -3, 1, 4, 7)))
    end = start.later(rng.choice((3, 5, 6)))
    mark = rng.choice(("/", "/", "."))
    period = f"{start.month}{mark}{start.day}-{end.month}{mark}{end.day}"
    return f"{rng.choice(('FLIGHT', 'Flight', 'est', 'wk', 'Run', 'sked'))} {period}"
