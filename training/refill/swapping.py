"""Other values for those that a page prints, in every place of a date, an amount, a number or a name."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from training.refill.canvas import CannotPlace, Canvas
from training.refill.compiling import is_text
from training.refill.prepared import Prepared
from training.refill.printed_amounts import print_amount
from training.refill.printed_dates import find_dates, print_date
from training.refill.sums import draw_amounts
from training.refill.template import Template, TemplateField
from training.refill.texts import Pools, draw_party_text, in_case_of, parted

_FIRST_DAY, _LAST_DAY = date(1975, 1, 1), date(2035, 12, 31)
_STRETCHES = (0.5, 1.0, 1.0, 1.0, 2.0)  # of the days between two dates
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_TIME = re.compile(r"(?<!\d)([0-2]?\d):([0-5]\d)(?::([0-5]\d))?(?!\d)")
_CORE = re.compile(r"[^\W_](?:[\w./*-]*[^\W_])?")
_YEAR = re.compile(r"(?:19|20)\d\d")
_SHORT_PREFIX = 4  # letters before digits that may be a part of a code: "INV-0012"


def swap_amounts(
    canvas: Canvas, prepared: Prepared, rng: random.Random, *, rows_total: int | None
) -> tuple[int, ...]:
    """Exchange all amounts outside of the rows and return them by group; sums hold as before.

    Raises
    ------
    CannotPlace
        If no amounts go with the new sum of the rows.
    """
    table = prepared.template.table
    known = None if table is None else table.rows_total
    drawn = draw_amounts(
        rng,
        prepared.solved,
        units=[group.units for group in prepared.groups],
        steps=[group.step for group in prepared.groups],
        items=frozenset(n for n, group in enumerate(prepared.groups) if group.is_item),
        # A table that is not printed anew comes to what it did.
        rows_total=(known, known if rows_total is None else rows_total) if known else None,
    )
    if drawn is None:
        raise CannotPlace("no amounts go with the rows")
    for group, units in zip(prepared.groups, drawn, strict=True):
        for run, printed in zip(group.runs, group.printed, strict=True):
            canvas.replace(run, [print_amount(printed, units, thousands=prepared.thousands)])
    return drawn


class DateShift:
    """Other days for the dates of one page, in the same order."""

    def __init__(self, days: Iterable[date], rng: random.Random) -> None:
        known = sorted(set(days))
        start = known[0] if known else _FIRST_DAY
        spread = (known[-1] - start).days if known else 0
        stretch = rng.choice(_STRETCHES)
        last = max((_LAST_DAY - _FIRST_DAY).days - round(spread * stretch), 1)
        self._begin = _FIRST_DAY + timedelta(days=rng.randrange(last))
        self._start, self._stretch = start, stretch

    def __call__(self, day: date) -> date:
        """Return the other day for one of the page's days."""
        shifted = self._begin + timedelta(days=round((day - self._start).days * self._stretch))
        return min(max(shifted, date(1970, 1, 2)), date(2048, 12, 30))


def date_shift(template: Template, rng: random.Random) -> DateShift:
    """Return other days for all dates that a template prints."""
    return DateShift((day for run in template.dates for day in _days(template, template.text(run))), rng)


def _days(template: Template, text: str) -> Iterable[date]:
    found = find_dates(text, day_first=template.day_first, language=template.language)
    return (printed.value for _, _, printed in found)


def shifted_text(template: Template, text: str, shift: DateShift) -> str:
    """Return a text with its dates exchanged, each in its own notation."""
    parts, end = list[str](), 0
    for start, stop, printed in find_dates(text, day_first=template.day_first, language=template.language):
        parts += [text[end:start], print_date(printed, shift(printed.value))]
        end = stop
    return "".join((*parts, text[end:]))


def swap_dates(canvas: Canvas, template: Template, shift: DateShift, rng: random.Random) -> None:
    """Exchange all dates and times; equal ones stay equal."""
    for run in template.dates:
        canvas.replace(run, [shifted_text(template, template.text(run), shift)])
    times: dict[str, str] = {}
    for i in template.times:
        text = template.words[i][0]
        canvas.replace((i,), [_TIME.sub(lambda m: times.setdefault(m[0], _other_time(m, rng)), text)])


def _other_time(match: re.Match[str], rng: random.Random) -> str:
    hour = int(match[1])
    new_hour = rng.randint(1, 12) if hour <= 12 else rng.randint(13, 23)
    parts = [
        f"{new_hour:0{len(match[1])}d}",
        *(f"{rng.randint(0, 59):02d}" for part in match.groups()[1:] if part),
    ]
    return ":".join(parts)


class CodeSwap:
    """Other numbers and codes, character for character of the same class; equal ones stay equal."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._known: dict[str, str] = {}

    def __call__(self, word: str) -> str:
        """Return the word with what is a code in it exchanged; marks around it stay."""
        return _CORE.sub(lambda m: self._known.setdefault(m[0], self._other(m[0])), word)

    def _other(self, core: str) -> str:
        if not any(map(str.isdigit, core)) or _YEAR.fullmatch(core):
            return core
        letters = re.match(r"[A-Za-z]*", core)
        is_label = letters is not None and len(letters[0]) > _SHORT_PREFIX
        keeps_letters = is_label or self._rng.random() < 0.5
        return "".join(self._character(ch, n == 0, keeps_letters) for n, ch in enumerate(core))

    def _character(self, ch: str, is_first: bool, keeps_letters: bool) -> str:
        if ch.isdecimal():
            return str(self._rng.randint(1 if is_first and ch != "0" else 0, 9)) if ch.isascii() else ch
        if keeps_letters or not ch.isalpha() or not ch.isascii():
            return ch
        letter = self._rng.choice(_LETTERS)
        return letter if ch.isupper() else letter.lower()


def swap_codes(canvas: Canvas, template: Template, codes: CodeSwap) -> None:
    """Exchange all numbers and codes outside of rows, names and addresses."""
    for i in template.codes:
        canvas.replace((i,), [codes(template.words[i][0])])


def swap_party_texts(
    canvas: Canvas,
    template: Template,
    pools: Pools,
    rngs: Mapping[bool, random.Random],
    outcomes: Counter[str],
) -> None:
    """Exchange names and addresses in all their places.

    `rngs` has by whether a field is the vendor's what draws it: two pages of one vendor share that one.
    """
    for field in template.fields:
        if not is_text(field):
            continue
        rng = rngs[field.tag.startswith("vendor")]
        is_done = _swap_party(canvas, template, field, pools, rng)
        outcomes["names and addresses exchanged" if is_done else "names and addresses left"] += 1


def _swap_party(
    canvas: Canvas, template: Template, field: TemplateField, pools: Pools, rng: random.Random
) -> bool:
    likes = [canvas.texts(place) for place in field.places]
    new = draw_party_text(rng, pools, tag=field.tag, like=likes[0], language=template.language)
    if new is None or len(" ".join(new).split()) < max(map(len, likes)):
        return False
    canvas.replace(field.places[0], new)
    for place, like in zip(field.places[1:], likes[1:], strict=True):
        canvas.replace(place, parted(in_case_of(" ".join(new), " ".join(like)), like))
    return True
