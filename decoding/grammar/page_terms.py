"""The texts and automata that values are taken from: of all words of a window, or of the cells of one row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from decoding.grammar.lark import json_text, substring
from decoding.grammar.page_text import Run, amount_spans, code_texts, date_spans, page_runs, whole_amounts
from decoding.grammar.word_parts import word_parts
from decoding.tables.match import ScopedList, ScopedRow
from decoding.tables.table import Cell
from schemas.document import Document
from schemas.spec import Path

# Stands between the runs of words in the automaton. It is never part of a value: words hold no raw
# newline, and `.` does not match one.
_BARRIER = "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelyRow:
    """What the words of a row say: by keys that have a column of their own, and all together."""

    cells: Mapping[str, str]
    text: str


class PageTerms:
    """What may be said of some words of a page, computed when a field first asks for it."""

    def __init__(self, *, runs: tuple[Run, ...], is_own: bool = False) -> None:
        self.runs = runs
        self._is_own = is_own  # the cell of one column of the key's own
        self._codes: dict[str, tuple[str, ...]] = {}

    @cached_property
    def amounts(self) -> tuple[str, ...]:
        """Return the spans that look like amounts, in a cell of the key's own whole ones ("21 400")."""
        spans = amount_spans(self.runs)
        return whole_amounts(spans) if self._is_own else spans

    @cached_property
    def dates(self) -> tuple[str, ...]:
        """Return the spans that look like dates."""
        return date_spans(self.runs)

    def codes(self, code_format: str) -> tuple[str, ...]:
        """Return the spans that have the form of a code."""
        if code_format not in self._codes:
            self._codes[code_format] = code_texts(self.runs, code_format)
        return self._codes[code_format]

    @cached_property
    def words(self) -> str:
        """Return the automaton over all words, as they stand inside a JSON string."""
        return substring(self._chunks(self.runs))

    @cached_property
    def plain_runs(self) -> tuple[Run, ...]:
        """Return the runs, broken at words that need JSON escapes: a pattern is matched on the JSON text."""
        return tuple(part for run in self.runs for part in _split_at_escapes(run))

    @cached_property
    def plain_words(self) -> str:
        """Return the automaton over words that need no JSON escapes."""
        return substring(self._chunks(self.plain_runs))

    @cached_property
    def has_escapes(self) -> bool:
        """Return whether some word needs JSON escapes."""
        return any(json_text(word) != word for run in self.runs for word in run)

    @staticmethod
    def _chunks(runs: tuple[Run, ...]) -> Iterator[str]:
        for run in runs:
            for word_index, word in enumerate(run):
                yield _BARRIER if word_index == 0 else " "
                yield from map(json_text, word_parts(word))


def _split_at_escapes(run: Run) -> Iterator[Run]:
    part: list[str] = []
    for word in run:
        if json_text(word) == word:
            part.append(word)
        elif part:
            yield tuple(part)
            part = []
    if part:
        yield tuple(part)


@dataclass(frozen=True, slots=True)
class ListTerms:
    """The lists whose rows are known, and what the cells of their rows say."""

    document: Document
    rows: Mapping[Path, ScopedList]

    def terms(self, row: ScopedRow, cells: Sequence[Sequence[int]], *, is_own: bool = False) -> PageTerms:
        """Return what the given cells of a row say; `is_own` if they are a column's that one key has."""
        runs = tuple(run for cell in cells for run in self._runs(row, tuple(cell)))
        return PageTerms(runs=runs, is_own=is_own)

    def _runs(self, row: ScopedRow, cell: Cell) -> tuple[Run, ...]:
        """Return the runs of a cell; what stands of it on the next page goes on with the last one."""
        runs = tuple(page_runs(self.document.pages[row.page_index], cell))
        rest = row.continued.get(cell, ())
        if row.continued_on is None or not rest:
            return runs
        below = tuple(page_runs(self.document.pages[row.continued_on], rest))
        if not runs or not below:
            return (*runs, *below)
        return (*runs[:-1], runs[-1] + below[0], *below[1:])

    def likely_rows(self) -> dict[Path, tuple[LikelyRow, ...]]:
        """Return what is known of the rows of each list before they are written."""
        return {path: tuple(map(self._likely_row, known.rows)) for path, known in self.rows.items()}

    def _likely_row(self, row: ScopedRow) -> LikelyRow:
        cells = {key: row_cell_text(row, cell, self.document) for key, cell in row.likely.items()}
        words = self.document.pages[row.page_index].words
        text = " ".join(words[index].text for index in dict.fromkeys(chain.from_iterable(row.words)))
        if row.continued_on is not None:
            below = self.document.pages[row.continued_on].words
            rest = dict.fromkeys(chain.from_iterable(row.continued.values()))
            text = " ".join([text, *(below[index].text for index in rest)])
        return LikelyRow(cells=cells, text=text)


def row_cell_text(row: ScopedRow, cell: Cell, document: Document) -> str:
    """Return what a cell of a row says, with what follows of it on the next page."""
    texts = [document.pages[row.page_index].words[index].text for index in cell]
    if row.continued_on is not None:
        below = document.pages[row.continued_on].words
        texts += [below[index].text for index in row.continued.get(cell, ())]
    return " ".join(texts)
