"""Where a text stands on a page: runs of neighbouring words, from exact to fuzzy.

A run is a contiguous stretch of words in one of the page's two reading orders (rows of the page, and
blocks) that does not go on from one block in another (`Page.cuts`). Texts are compared without white space,
because the same print is split into words differently by different readers. The tiers, tried in this order,
each only if the former found nothing:

1. exact: the words as printed spell the value;
2. normalised: they do after case folding, without punctuation, numbers in one notation;
3. contained: the value is a part of the words that ends where letters, digits and signs change
   ("35.00" in "RM35.00"), or fills parts of them (`decoding.grammar.word_parts`, "5" in "Qty:5"); reported as
   normalised, with the similarity to the whole words as score;
4. fuzzy: similarity = 1 - Levenshtein(a, b) / max(|a|, |b|) of at least `MIN_FUZZY_SCORE`.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from decoding.grammar.word_parts import part_edges
from schemas.document import Page
from schemas.extraction import Alignment
from schemas.values import parse_amount

# Measured on scanned receipts: misprinted names and addresses have 0.94 and more on their own page; of 986
# searched for on the pages of other receipts, 14 reach 0.60, 3 reach 0.70 and 2 reach 0.75 (the same
# address in another notation). Values of poorer readings lie between (docs/grounding.md).
MIN_FUZZY_SCORE = 0.75
_MIN_FUZZY_CHARACTERS = 5  # one wrong character of four is already below the threshold
_MIN_CONTAINED_CHARACTERS = 3  # shorter texts are part of too many words
_NUMBER_SIGNS = ".,'/:-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Words of one page, in the order of the value, and how well they spell it (score in [0, 1]).

    `fills_parts` says that the value is all that they say but for a label, leader or currency mark glued on.
    """

    page_index: int
    word_indices: tuple[int, ...]
    alignment: Alignment
    score: float
    fills_parts: bool = False


def similarity(pred: str, gold: str) -> float:
    """Return 1 - Levenshtein(pred, gold) / max(|pred|, |gold|), in [0, 1]; 1.0 if both are empty."""
    return Levenshtein.normalized_similarity(pred, gold)


def word_key(text: str) -> str:
    """Return what two spellings of one word share: folded case, no punctuation, plain numbers.

    Punctuation stays between digits, where it carries meaning, and an amount with one reading is
    written with a decimal point and no groups.

    Examples
    --------
    >>> word_key("S.H.H."), word_key("1.234,50"), word_key("(13-06-2018)")
    ('shh', '1234.50', '13-06-2018')
    """
    if text.isalpha():
        return text.casefold()
    if text[0].isdigit() and text[-1].isdigit() and ("," in text or "'" in text or "." in text):
        amount = parse_amount(text)
        if amount is not None and not amount.ambiguous:
            return format(amount.value, "f")
    folded = text.casefold()
    kept = (
        c
        for i, c in enumerate(folded)
        if c.isalnum()
        or (c in _NUMBER_SIGNS and folded[i - 1 : i].isdigit() and folded[i + 1 : i + 2].isdigit())
    )
    return "".join(kept)


def text_key(text: str) -> str:
    """Return the keys of the words of `text`, joined without white space."""
    return "".join(map(word_key, text.split()))


@dataclass(frozen=True, slots=True)
class _Joined:
    """Pieces joined without white space; piece i is `text[starts[i]:starts[i + 1]]`."""

    text: str
    starts: tuple[int, ...]

    @classmethod
    def of(cls, pieces: Iterable[str]) -> _Joined:
        starts, parts = [0], list(pieces)
        for piece in parts:
            starts.append(starts[-1] + len(piece))
        return cls("".join(parts), tuple(starts))

    def occurrences(self, needle: str) -> Iterator[tuple[int, int]]:
        """Yield where `needle` begins and ends in the text, overlaps included."""
        start = self.text.find(needle) if needle else -1
        while start >= 0:
            yield start, start + len(needle)
            start = self.text.find(needle, start + 1)

    def pieces_around(self, start: int, end: int) -> tuple[int, int]:
        """Return the half-open range of the pieces that hold the characters [start, end)."""
        return bisect_right(self.starts, start) - 1, bisect_left(self.starts, end)

    def joined(self, first: int, last: int) -> str:
        """Return the text of the pieces [first, last)."""
        return self.text[self.starts[first] : self.starts[last]]

    def whole_pieces(self, needle: str) -> Iterator[tuple[int, int]]:
        """Yield the half-open ranges of pieces that spell `needle`, without empty pieces at the ends."""
        for start, end in self.occurrences(needle):
            first, last = self.pieces_around(start, end)
            if self.starts[first] == start and self.starts[last] == end:
                yield first, last

    def containing_pieces(self, needle: str) -> Iterator[tuple[int, int]]:
        """Yield the ranges of pieces of which `needle` is a part that no number or name runs across."""
        for start, end in self.occurrences(needle):
            first, last = self.pieces_around(start, end)
            left = self.text[self.starts[first] : start]
            right = self.text[end : self.starts[last]]
            if not _runs_on(left[::-1], needle[0]) and not _runs_on(right, needle[-1]):
                yield first, last


def _runs_on(outside: str, edge: str) -> bool:
    """Return whether the characters outside a needle's edge (nearest first) belong to its last word."""
    if not outside:
        return False
    if edge.isdigit() and outside[0] in ".,'" and outside[1:2].isdigit():
        return True
    return edge.isalnum() and outside[0].isalnum() and edge.isdigit() == outside[0].isdigit()


@dataclass(frozen=True, slots=True, kw_only=True)
class WordSequence:
    """The words of one page in one reading order, ready to be searched.

    `cut_after` are the positions, ascending, after which no text of the page goes on.
    """

    page_index: int
    order: tuple[int, ...]
    words: tuple[str, ...]
    raw: _Joined
    folded: _Joined
    keys: _Joined
    cut_after: tuple[int, ...]

    def goes_on(self, first: int, last: int) -> bool:
        """Return whether the positions [first, last) may belong to one text."""
        at = bisect_left(self.cut_after, first)
        return at == len(self.cut_after) or self.cut_after[at] >= last - 1

    def run(self, first: int, last: int, alignment: Alignment, score: float) -> Run:
        """Return the run of positions [first, last)."""
        return Run(
            page_index=self.page_index,
            word_indices=self.order[first:last],
            alignment=alignment,
            score=score,
        )


def page_sequences(page: Page) -> tuple[WordSequence, ...]:
    """Return the page's words by rows and, where that differs, by blocks; no words give no sequence."""
    rows = tuple(range(len(page.words)))
    orders = (rows,) if page.block_order == rows else (rows, page.block_order)
    return tuple(word_sequence(page, order) for order in orders if order)


def word_sequence(page: Page, order: tuple[int, ...]) -> WordSequence:
    """Return the words of `page` with the indices `order`, in that order; a part of the page will do."""
    texts = tuple(page.words[i].text for i in order)
    return WordSequence(
        page_index=page.page_index,
        order=order,
        words=texts,
        raw=_Joined.of(texts),
        folded=_Joined.of(map(str.casefold, texts)),
        keys=_Joined.of(map(word_key, texts)),
        cut_after=tuple(at for at, step in enumerate(pairwise(order)) if step in page.cuts),
    )


def matching_runs(value: str, sequences: Sequence[WordSequence], *, fuzzy: bool = True) -> tuple[Run, ...]:
    """Return the runs of the first tier that finds `value`, best first, then in reading order.

    Parameters
    ----------
    fuzzy
        Whether the last tier is tried. It never is for values that are mostly digits: one digit more
        or less is another number, not a misprint.

    Notes
    -----
    Empty values and values without letters or digits that stand nowhere as printed give no runs.
    """
    for tier in (_printed_runs, _contained_runs, _fuzzy_runs if fuzzy else _no_runs):
        runs = _distinct(run for sequence in sequences for run in tier(value, sequence))
        if runs:
            return runs
    return ()


def _distinct(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Return the runs best first, one for each set of words: both orders find most runs."""
    found: dict[tuple[int, frozenset[int]], Run] = {}
    for run in sorted(runs, key=lambda r: -r.score):
        found.setdefault((run.page_index, frozenset(run.word_indices)), run)
    return tuple(sorted(found.values(), key=lambda r: (-r.score, r.page_index, r.word_indices)))


def _printed_runs(value: str, sequence: WordSequence) -> Iterator[Run]:
    words = value.split()
    exact = [at for at in sequence.raw.whole_pieces("".join(words)) if sequence.goes_on(*at)]
    for first, last in exact:
        same_words = sequence.words[first:last] == tuple(words)
        yield sequence.run(first, last, "exact" if same_words else "normalised", 1.0)
    for first, last in sequence.keys.whole_pieces(text_key(value)):
        if (first, last) not in exact and sequence.goes_on(first, last):
            yield sequence.run(first, last, "normalised", 1.0)


def _contained_runs(value: str, sequence: WordSequence) -> Iterator[Run]:
    parts = {frozenset(run.word_indices): run for run in _part_runs(value, sequence)}
    yield from parts.values()
    yield from (run for run in _inner_runs(value, sequence) if frozenset(run.word_indices) not in parts)


def _part_runs(value: str, sequence: WordSequence) -> Iterator[Run]:
    """Yield the runs whose first and last word the value enters and leaves between parts."""
    needle = "".join(value.split())
    for start, end in sequence.raw.occurrences(needle):
        first, last = sequence.raw.pieces_around(start, end)
        enters = start - sequence.raw.starts[first] in part_edges(sequence.words[first])
        leaves = end - sequence.raw.starts[last - 1] in part_edges(sequence.words[last - 1])
        if enters and leaves and sequence.goes_on(first, last):
            score = similarity(needle.casefold(), sequence.folded.joined(first, last))
            yield replace(sequence.run(first, last, "normalised", score), fills_parts=True)


def _inner_runs(value: str, sequence: WordSequence) -> Iterator[Run]:
    needle = "".join(value.split()).casefold()
    if len(needle) < _MIN_CONTAINED_CHARACTERS:
        return
    for first, last in sequence.folded.containing_pieces(needle):
        if not sequence.goes_on(first, last):
            continue
        whole = sequence.folded.joined(first, last)
        yield sequence.run(first, last, "normalised", similarity(needle, whole))


def _no_runs(value: str, sequence: WordSequence) -> Iterator[Run]:
    del value, sequence
    return iter(())


def _fuzzy_runs(value: str, sequence: WordSequence) -> Iterator[Run]:
    key = text_key(value)
    n_digits = sum(map(str.isdigit, key))
    if len(key) < _MIN_FUZZY_CHARACTERS or 2 * n_digits >= len(key):
        return
    windows = [at for at in _windows_like(len(key), sequence.keys) if sequence.goes_on(*at)]
    texts = [sequence.keys.joined(a, b) for a, b in windows]
    scored = process.extract(
        key, texts, scorer=Levenshtein.normalized_similarity, score_cutoff=MIN_FUZZY_SCORE, limit=None
    )
    taken: set[int] = set()
    for _, score, index in sorted(scored, key=lambda item: (-item[1], item[2])):
        positions = range(*windows[index])
        if taken.isdisjoint(positions):
            taken.update(positions)
            yield sequence.run(*windows[index], "fuzzy", float(score))


def _windows_like(n_characters: int, keys: _Joined) -> Iterator[tuple[int, int]]:
    """Yield the windows whose length alone does not rule out the threshold."""
    shortest = math.ceil(n_characters * MIN_FUZZY_SCORE)
    longest = math.floor(n_characters / MIN_FUZZY_SCORE)
    n_words = len(keys.starts) - 1
    for first in range(n_words):
        start = keys.starts[first]
        if keys.starts[first + 1] == start:
            continue
        low = bisect_left(keys.starts, start + shortest, first + 1)
        high = bisect_right(keys.starts, start + longest, first + 1) - 1
        for last in range(low, min(high, n_words) + 1):
            if keys.starts[last] > keys.starts[last - 1]:
                yield first, last
