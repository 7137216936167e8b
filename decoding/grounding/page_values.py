"""The amounts and dates that stand on pages, to be found by value where the text differs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import TypeVar

from decoding.grounding.matching import Run
from schemas.document import Page
from schemas.values import (
    NumberStyle,
    is_currency_mark,
    vote_currency,
    vote_day_first,
    vote_decimal_separator,
    vote_year_first,
)

T = TypeVar("T", Decimal, date)

_CENTS = re.compile(r"\d[.,'’]\d\d\b")
_Place = tuple[int, int, int]  # page index, first word, number of words

_MAX_AMOUNT_WORDS = 3  # sign or currency, thousands, the rest: "EUR 3 038,14" is found from its last two
_MAX_DATE_WORDS = 6  # "2026 年 3 月 12 日"


def document_style(pages: Sequence[Page]) -> NumberStyle:
    """Return what the words of all pages together say about decimals, the order of dates and the currency."""
    lines = [line for page in pages for line in page.text.splitlines()]
    words = [word.text for page in pages for word in page.words]
    return NumberStyle(
        decimal_separator=vote_decimal_separator(words),
        day_first=vote_day_first(lines),
        year_first=vote_year_first(lines),
        currency=vote_currency(words),
    )


def page_of(pages: Sequence[Page], run: Run) -> Page:
    """Return the page on which a run stands."""
    return next(page for page in pages if page.page_index == run.page_index)


def run_text(pages: Sequence[Page], run: Run) -> str:
    """Return the words of a run, with single spaces between."""
    words = page_of(pages, run).words
    return " ".join(words[i].text for i in run.word_indices)


def prints_cents(text: str) -> bool:
    """Return whether a number of a text ends in two decimals, behind a sign of any country."""
    return _CENTS.search(text) is not None


def marked_texts(page: Page, run: Run) -> tuple[str, ...]:
    """Return the words of a run, alone and with a currency mark before or after them on their line."""
    words, first, last = page.words, min(run.word_indices), max(run.word_indices)
    start, end = next((a, b) for a, b in page.lines if a <= first < b)
    text = run_text([page], run)
    before = [words[i].text for i in (first - 1,) if start <= i and is_currency_mark(words[i].text)]
    after = [words[i].text for i in (last + 1,) if i < end and is_currency_mark(words[i].text)]
    return (text, *(f"{mark} {text}" for mark in before), *(f"{text} {mark}" for mark in after))


def amount_runs(pages: Sequence[Page], style: NumberStyle) -> dict[Decimal, tuple[Run, ...]]:
    """Return for each amount the runs of one to three words that print it; both readings if ambiguous."""
    return _runs_by_value(pages, style.amount_readings, _MAX_AMOUNT_WORDS)


def date_runs(pages: Sequence[Page], style: NumberStyle) -> dict[date, tuple[Run, ...]]:
    """Return for each date the runs of one to six words that print it; both readings if ambiguous."""
    return _runs_by_value(pages, style.date_readings, _MAX_DATE_WORDS)


def _runs_by_value(
    pages: Sequence[Page], readings: Callable[[str], tuple[T, ...]], max_words: int
) -> dict[T, tuple[Run, ...]]:
    """Return the shortest runs for each value: a label or weekday around a date does not belong to it."""
    found: dict[T, dict[_Place, Run]] = {}
    for n_words in range(1, max_words + 1):
        for run, text in _line_runs(pages, n_words):
            for value in readings(text):
                runs = found.setdefault(value, {})
                if runs.keys().isdisjoint(_places_inside(run)):
                    runs[run.page_index, run.word_indices[0], n_words] = run
    return {value: tuple(runs.values()) for value, runs in found.items()}


def _places_inside(run: Run) -> Iterator[_Place]:
    """Yield the places of all runs of neighbouring words inside `run`; there are few: it is short."""
    first, n_words = run.word_indices[0], len(run.word_indices)
    for length in range(1, n_words + 1):
        for start in range(first, first + n_words - length + 1):
            yield run.page_index, start, length


def _line_runs(pages: Sequence[Page], n_words: int) -> Iterator[tuple[Run, str]]:
    for page in pages:
        for start, end in page.lines:
            for first in range(start, end - n_words + 1):
                words = page.words[first : first + n_words]
                indices = tuple(range(first, first + n_words))
                run = Run(page_index=page.page_index, word_indices=indices, alignment="normalised", score=1.0)
                yield run, " ".join(word.text for word in words)
