"""Bookings: names that go on below, and a flight among other days and periods."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from decoding.grammar.value_patterns import looks_like_date
from training.synthesis.booking_cells import wrap_runs
from training.synthesis.booking_days import booking_days, row_days
from training.synthesis.booking_entries import is_flight_absent
from training.synthesis.booking_head import draw_booking_head
from training.synthesis.bookings import draw_booking
from training.synthesis.dates import Day
from training.synthesis.noise import Noise
from training.synthesis.reading import facts_of, read_pages
from training.synthesis.setting import Draft, make_setting
from training.synthesis.template import Template
from training.synthesis.words import Sheet

_N = 200


@lru_cache
def _drafts() -> tuple[Draft, ...]:
    rng = random.Random(41)
    seeds = (rng.getrandbits(64) for _ in range(_N))
    return tuple(draw_booking(Template(seed), rng, random.Random(seed), 1.0) for seed in seeds)


def _facts(draft: Draft) -> dict[str, str | None]:
    """Return what stands on the draft's pages as a reader without faults gives them."""
    pages, tags = read_pages(
        draft.sheet.marks,
        draft.sheet.page_starts,
        width=draft.sheet.width,
        size_pt=(595.0, 842.0),
        noise=Noise(),
        rng=random.Random(1),
    )
    return {tag: fact.text for tag, fact in facts_of(pages, tags).items()}


def _printed(draft: Draft, tag: str) -> str:
    return " ".join(mark.text for mark in draft.sheet.marks if tag in mark.tags)


def test_many_advertisers_go_on_below_in_a_narrow_cell_and_are_read_whole() -> None:
    n_wrapped = n_whole = 0
    for draft in _drafts():
        lines = {mark.y for mark in draft.sheet.marks if "advertiser_name" in mark.tags}
        printed = _printed(draft, "advertiser_name")
        if len(lines) > 1:
            n_wrapped += 1
            n_whole += _facts(draft).get("advertiser_name") == printed
    assert n_wrapped > 0.2 * _N
    assert n_whole > 0.9 * n_wrapped


def test_most_bookings_print_other_days_beside_the_flight() -> None:
    n_others: list[int] = []
    for draft in _drafts():
        flight = {_printed(draft, tag) for tag in ("flight_start", "flight_end")}
        strays = {mark.text for mark in draft.sheet.marks if not mark.tags and looks_like_date(mark.text)}
        n_others.append(len({text for text in strays if any(ch.isdigit() for ch in text)} - flight))
    assert sum(n >= 2 for n in n_others) > 0.5 * _N


def test_the_flight_stands_on_every_booking_in_its_head_or_in_its_rows() -> None:
    n_in_rows = 0
    for draft in _drafts():
        is_absent = is_flight_absent(draft.setting)
        n_in_rows += is_absent
        assert {"flight_start", "flight_end"} <= _facts(draft).keys()
        assert not (is_absent and "date" in draft.columns)  # its first row's day has another name
    assert 0 < n_in_rows < 0.2 * _N


def test_rows_begin_and_end_with_the_flight_and_lie_in_it() -> None:
    rng = random.Random(5)
    for _ in range(50):
        days = booking_days(rng, is_invoice=False)
        periods = [row_days(rng, days, index, 4) for index in range(4)]
        numbers = [(_number(own.first), _number(own.last)) for own in periods]
        first, last = _number(days.first), _number(days.last)
        assert numbers[0][0] == first
        assert numbers[-1][1] == last
        assert all(first <= start <= end <= last for start, end in numbers)
        assert _number(days.entered) <= _number(days.changed) <= _number(days.printed)


def _number(day: Day) -> tuple[int, int, int]:
    """Return a day as a value that orders days."""
    return day.year, day.month, day.day


def test_runs_wrap_at_spaces_and_keep_their_tags() -> None:
    lines = wrap_runs([("Ada Orl for", "name"), ("US Senate", "name"), ("x", None)], 11)
    assert lines == [
        [("Ada", "name"), ("Orl", "name"), ("for", "name")],  # 3 + 1 + 3 + 1 + 3 = 11 characters
        [("US", "name"), ("Senate", "name"), ("x", None)],  # 2 + 1 + 6 + 1 + 1 = 11
    ]


def test_cells_of_a_head_do_not_run_into_each_other() -> None:
    for draft in _heads():
        marks = sorted(draft.sheet.marks, key=lambda mark: (mark.y, mark.x))
        assert all(a.y != b.y or a.x + a.width < b.x for a, b in pairwise(marks))


def _heads() -> Iterator[Draft]:
    rng = random.Random(42)
    for _ in range(_N):
        template = Template(rng.getrandbits(64))
        setting = make_setting(template, rng, rng, difficulty=1.0, locales=("us", "gb"), upper_share=0.1)
        sheet = Sheet(width=template.integer("width", 92, 140))
        draft = Draft(kind="booking", sheet=sheet, setting=setting)
        draw_booking_head(setting, draft, booking_days(rng, is_invoice=False), is_invoice=False)
        yield draft
