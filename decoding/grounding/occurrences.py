"""All places where a value of a given kind stands in a document, and which of them its label points at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property

from pydantic import JsonValue

from decoding.grammar.word_parts import glued_label
from decoding.grounding.matching import (
    Run,
    WordSequence,
    matching_runs,
    page_sequences,
    text_key,
    word_key,
    word_sequence,
)
from decoding.grounding.page_values import amount_runs, date_runs, document_style
from decoding.grounding.segments import run_box, segment_runs
from schemas.document import Page
from schemas.geometry import BBox
from schemas.spec import FieldKind
from schemas.values import NumberStyle, currency_code

_MAX_LABEL_WORDS = 6  # words to the left that can be the label of a value on the same line
_MIN_PREFIX = 3  # "tot" of "total" is the shortest abbreviation that still names one field
_ABOVE_WEIGHT = 0.5  # a word above is a column's title as often as another field's label
_UNNAMED_WEIGHT = 0.1  # tells "TOTAL" from "SUB TOTAL" and "TOTAL TAX" where the field is the total


class DocumentIndex:
    """The words of a document's pages, or of some of them, searchable as text, as amounts and as dates.

    `style` is how the whole document writes decimals and dates.
    """

    def __init__(
        self,
        pages: Sequence[Page],
        *,
        page_indices: Sequence[int] | None = None,
        style: NumberStyle | None = None,
    ) -> None:
        self.pages: tuple[Page, ...] = tuple(pages)
        self.style = document_style(self.pages) if style is None else style
        chosen = range(len(self.pages)) if page_indices is None else page_indices
        self.searched: tuple[Page, ...] = tuple(self.pages[i] for i in chosen)
        self.sequences: tuple[WordSequence, ...] = tuple(
            sequence for page in self.searched for sequence in page_sequences(page)
        )

        self._known: dict[tuple[FieldKind, str], tuple[Run, ...]] = {}

    def part(self, page_indices: Sequence[int]) -> DocumentIndex:
        """Return the index of some of the pages, in order, or this one if none are named.

        Decimals and the order of dates are decided by the whole document in any case.
        """
        if not page_indices:
            return self
        return DocumentIndex(self.pages, page_indices=page_indices, style=self.style)

    @cached_property
    def _amounts(self) -> dict[Decimal, tuple[Run, ...]]:
        return amount_runs(self.searched, self.style)

    @cached_property
    def _dates(self) -> dict[date, tuple[Run, ...]]:
        return date_runs(self.searched, self.style)

    def places(self, kind: FieldKind) -> tuple[Run, ...]:
        """Return all places that read as an amount or as a date, by kind; none for other kinds."""
        known = {"amount": self._amounts, "date": self._dates}.get(kind, {})
        return tuple(run for runs in known.values() for run in runs)

    def text(self, run: Run) -> str:
        """Return the run's words as printed, joined by spaces."""
        return " ".join(self.pages[run.page_index].words[i].text for i in run.word_indices)

    def box(self, run: Run) -> BBox:
        """Return the box around the run's words."""
        return run_box(run, self.pages)

    def occurrences_among(
        self, value: JsonValue, kind: FieldKind, page_index: int, word_indices: tuple[int, ...]
    ) -> tuple[Run, ...]:
        """Return where a text, amount or date stands among some words of a page, as `occurrences` does."""
        if not isinstance(value, str) or not word_indices:
            return ()
        sequence = word_sequence(self.pages[page_index], word_indices)
        runs = matching_runs(value, (sequence,), fuzzy=kind == "verbatim")
        return runs if kind != "amount" else self._of_that_amount(value, runs)

    def occurrences(self, value: JsonValue, kind: FieldKind) -> tuple[Run, ...]:
        """Return where `value` stands, best first, then in reading order.

        Amounts and dates are found as printed, else by value, but never where the print says another
        value ("45.00" is not "-45.00"); numbers and ISO dates by value alone. Other kinds are none.
        """
        if isinstance(value, bool) or value is None:
            return ()
        key = kind, repr(value)
        if key not in self._known:
            self._known[key] = self._search(value, kind)
        return self._known[key]

    def _search(self, value: JsonValue, kind: FieldKind) -> tuple[Run, ...]:
        if kind in ("number", "integer") and isinstance(value, int | float):
            return self._amounts.get(Decimal(str(value)), ())
        if not isinstance(value, str) or not value.strip():
            return ()
        if kind == "verbatim":
            return matching_runs(value, self.sequences)
        if kind == "amount":
            return self._amount_occurrences(value)
        if kind == "date":
            return self._date_occurrences(value)
        return self._dates.get(_iso_date(value), ()) if kind == "iso_date" else ()

    def segments(self, value: JsonValue, kind: FieldKind) -> tuple[Run, ...]:
        """Return the neighbouring runs that together spell a text found nowhere in one piece."""
        if kind != "verbatim" or not isinstance(value, str):
            return ()
        return segment_runs(value, self.sequences, self.pages)

    def segments_beside(self, value: JsonValue, kind: FieldKind, beside: Run) -> tuple[Run, ...]:
        """Return the runs that spell a text, near a cell of its row and at the top of the next page."""
        if kind != "verbatim" or not isinstance(value, str):
            return ()
        page, top = self.pages[beside.page_index], self.box(beside).top
        here = [sequence for sequence in self.sequences if sequence.page_index == page.page_index]
        below = [tuple(i for i in sequence.order if page.words[i].bbox.bottom > top) for sequence in here]
        first = [word_sequence(page, order) for order in below if order]
        following = [s for s in self.sequences if s.page_index == page.page_index + 1]
        return segment_runs(value, [*first, *following], self.pages, first=first)

    def currency_beside(self, run: Run) -> str | None:
        """Return the ISO 4217 code printed as the word before or after the run on its line, or None."""
        page = self.pages[run.page_index]
        first, last = min(run.word_indices), max(run.word_indices)
        start, end = next((a, b) for a, b in page.lines if a <= first < b)
        beside = [i for i in (first - 1, last + 1) if start <= i < end]
        codes = [currency_code(page.words[i].text) for i in beside]
        return next((code for code in codes if code is not None), None)

    def _amount_occurrences(self, value: str) -> tuple[Run, ...]:
        fitting = self._of_that_amount(value, matching_runs(value, self.sequences, fuzzy=False))
        if fitting:
            return fitting
        readings = self.style.amount_readings(value)
        return tuple(run for n in readings for run in self._amounts.get(n, ()))

    def _of_that_amount(self, value: str, runs: tuple[Run, ...]) -> tuple[Run, ...]:
        wanted = self.style.amount_readings(value)
        return tuple(
            run
            for run in runs
            # What fills parts keeps its sign, and the whole words may say more than an amount.
            if run.fills_parts or _agree(wanted, self.style.amount_readings(self.text(run)))
        )

    def _date_occurrences(self, value: str) -> tuple[Run, ...]:
        readings = self.style.date_readings(value)
        runs = matching_runs(value, self.sequences, fuzzy=False)
        return runs or tuple(run for day in readings for run in self._dates.get(day, ()))

    def label_score(self, run: Run, label: Label) -> float:
        """Return how well the words before and above the run name the field; higher is better.

        Counted are the words of the field's key and, half as much, of its description that stand to the
        left on the same line or are glued to the value, or above; words before the value that name nothing
        count a little against.
        """
        page = self.pages[run.page_index]
        before = [page.words[i].text for i in _words_before(page, run)]
        glued = glued_label(page.words[min(run.word_indices)].text)
        before += [] if glued is None else [glued]
        above = [page.words[i].text for i in _words_above(page, run, self.box(run))]
        named = sum(label.weight(word) for word in before)
        unnamed = sum(1 for word in before if word_key(word) and not label.weight(word))
        return named - _UNNAMED_WEIGHT * unnamed + _ABOVE_WEIGHT * sum(label.weight(word) for word in above)


class Label:
    """The words that may name a field on the page: its key's, and those of its description."""

    def __init__(self, key: str, description: str = "") -> None:
        self._key_words = _content_words(key.replace("_", " "))
        self._description_words = _content_words(description) - self._key_words

    def weight(self, word: str) -> float:
        """Return 1.0 for a word of the key (or an abbreviation), 0.5 for one of the description, else 0."""
        key = word_key(word)
        if any(_names(key, own) for own in self._key_words):
            return 1.0
        return 0.5 if any(_names(key, own) for own in self._description_words) else 0.0


def _content_words(text: str) -> frozenset[str]:
    return frozenset(key for key in map(text_key, text.split()) if len(key) >= _MIN_PREFIX)


def _names(key: str, own: str) -> bool:
    return key == own or (len(key) >= _MIN_PREFIX and (own.startswith(key) or key.startswith(own)))


def _words_before(page: Page, run: Run) -> range:
    first = min(run.word_indices)
    start = next(start for start, end in page.lines if start <= first < end)
    return range(max(start, first - _MAX_LABEL_WORDS), first)


def _words_above(page: Page, run: Run, box: BBox) -> list[int]:
    """Return the words on the line above that overlap the run's width."""
    first = min(run.word_indices)
    line_index = next(i for i, (start, end) in enumerate(page.lines) if start <= first < end)
    if line_index == 0:
        return []
    above = range(*page.lines[line_index - 1])
    return [i for i in above if page.words[i].bbox.left < box.right and page.words[i].bbox.right > box.left]


def _agree(wanted: Sequence[Decimal], printed: Sequence[Decimal]) -> bool:
    """Return whether two readings can be the same amount; what is no amount contradicts nothing."""
    return not wanted or not printed or bool(set(wanted) & set(printed))


def _iso_date(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return date.min  # stands on no page: years before 1900 are never parsed
