"""Which part of the page belongs to which line item: RASG's vertical split by dynamic programming.

The height of all pages together is cut into `n_cuts` quantised rows. Every cell of every line item
comes with the places where its value stands, each a `Span` of quantised rows and a score. Algorithm 1 on
a chunk [a, b) then is a lookup: the sum over the cells of the best span inside the chunk. The split

    D[0][y] = A(0, 0, y)
    D[i][y] = max over y' <= y of D[i-1][y'] + A(i, y', y)

gives each item, in order, its own chunk (arXiv 2405.20245, section III; `n_cuts` is 128 there).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_MAX_NAIVE_STEPS = 10**9  # a second or two

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Quantised rows from `low` to `high`, both inside, where a cell's value stands with `score`."""

    low: int
    high: int
    score: float


Cells = Sequence[Sequence[Span]]  # one sequence of spans for each cell of a line item


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Chunks of consecutive line items: item i has the rows [bounds[i], bounds[i + 1])."""

    score: float
    bounds: tuple[int, ...]


class ChunkScores:
    """Algorithm 1's score of one line item for any chunk, looked up in O(1).

    The score changes only where a span begins or ends, so it is tabulated over the distinct beginnings
    and endings, and each cut position knows its rank among them.
    """

    def __init__(self, cells: Cells, n_cuts: int) -> None:
        lows = sorted({span.low for spans in cells for span in spans})
        highs = sorted({span.high for spans in cells for span in spans})
        positions = np.arange(n_cuts + 1)
        self._low_rank: Ints = np.searchsorted(np.array(lows, dtype=np.int64), positions)
        self._high_rank: Ints = np.searchsorted(np.array(highs, dtype=np.int64), positions)
        self._table: Floats = np.zeros((len(lows) + 1, len(highs) + 1))
        low_rank = {low: rank for rank, low in enumerate(lows)}
        high_rank = {high: rank for rank, high in enumerate(highs)}
        for spans in cells:
            self._table += _cell_table(spans, low_rank, high_rank)

    def one(self, start: int, end: int) -> float:
        """Return the score of the chunk [start, end)."""
        return float(self._table[self._low_rank[start], self._high_rank[end]])

    def starts(self, first: int, last: int, end: int) -> Floats:
        """Return the scores of the chunks [s, end) for s in first, ..., last."""
        return self._table[self._low_rank[first : last + 1], self._high_rank[end]]


def _cell_table(spans: Sequence[Span], lows: Mapping[int, int], highs: Mapping[int, int]) -> Floats:
    """Return one cell's best score by rank: entry (r, c) is for spans from low r on and below high c."""
    table: Floats = np.zeros((len(lows) + 1, len(highs) + 1))
    for span in spans:
        entry = lows[span.low], highs[span.high] + 1
        table[entry] = max(table[entry], span.score)
    table = np.maximum.accumulate(table, axis=1)
    return np.maximum.accumulate(table[::-1], axis=0)[::-1]


# (previous row of D, scores of this item, n_cuts) -> this row of D and the y' that gave each entry
_Step = Callable[[Floats, ChunkScores, int], tuple[Floats, Ints]]


def split_rows(items: Sequence[Cells], *, n_cuts: int) -> Split:
    """Return the split of [0, n_cuts) into one chunk for each line item that maximises the score.

    Divide and conquer over y, O(M N log N) lookups for M items and N cuts: the best y' of the middle y
    bounds the best y' on either side. The first chunk's beginning and the last chunk's end are then
    tightened by binary search as far as the score allows.

    Notes
    -----
    The paper concludes from the score's monotony in the chunk that this is exact. It is where each span
    lies in one row (a later y then adds to every y' at least as much as to a smaller one); spans of
    several rows can break the order, so instances with such spans are solved by `split_rows_naive`
    where numpy makes its M N^2 / 2 additions affordable; beyond, the split may be a little less than the
    best. No items give an empty split.
    """
    is_small = len(items) * n_cuts**2 <= _MAX_NAIVE_STEPS
    single_rows = all(span.low == span.high for cells in items for spans in cells for span in spans)
    return _solve(items, n_cuts, _all_pairs if is_small and not single_rows else _divide_and_conquer)


def split_rows_divided(items: Sequence[Cells], *, n_cuts: int) -> Split:
    """Return the split by divide and conquer whatever the spans are; see `split_rows`."""
    return _solve(items, n_cuts, _divide_and_conquer)


def split_rows_naive(items: Sequence[Cells], *, n_cuts: int) -> Split:
    """Return the split by trying every y' for every y: the definition, O(M N^2)."""
    return _solve(items, n_cuts, _all_pairs)


def _solve(items: Sequence[Cells], n_cuts: int, step: _Step) -> Split:
    if not items:
        return Split(score=0.0, bounds=(0,))
    first = last = ChunkScores(items[0], n_cuts)
    best = np.array([first.one(0, end) for end in range(n_cuts + 1)])
    choices: list[Ints] = []
    for cells in items[1:]:
        last = ChunkScores(cells, n_cuts)  # one table at a time: those of a long document fill the memory
        best, choice = step(best, last, n_cuts)
        choices.append(choice)
    bounds = _tighten(_backtrack(choices, n_cuts), first, last)
    return Split(score=float(best[n_cuts]), bounds=bounds)


def _all_pairs(previous: Floats, item: ChunkScores, n_cuts: int) -> tuple[Floats, Ints]:
    best, choice = np.zeros(n_cuts + 1), np.zeros(n_cuts + 1, dtype=np.int64)
    for end in range(n_cuts + 1):
        totals = previous[: end + 1] + item.starts(0, end, end)
        choice[end] = int(np.argmax(totals))
        best[end] = totals[choice[end]]
    return best, choice


def _divide_and_conquer(previous: Floats, item: ChunkScores, n_cuts: int) -> tuple[Floats, Ints]:
    best, choice = np.zeros(n_cuts + 1), np.zeros(n_cuts + 1, dtype=np.int64)
    pending = [(0, n_cuts, 0, n_cuts)]
    while pending:
        first, last, low, high = pending.pop()
        end = (first + last) // 2
        totals = previous[low : min(high, end) + 1] + item.starts(low, min(high, end), end)
        choice[end] = low + int(np.argmax(totals))
        best[end] = totals[choice[end] - low]
        if first < end:
            pending.append((first, end - 1, low, int(choice[end])))
        if end < last:
            pending.append((end + 1, last, int(choice[end]), high))
    return best, choice


def _backtrack(choices: Sequence[Ints], n_cuts: int) -> list[int]:
    bounds = [n_cuts]
    for choice in reversed(choices):
        bounds.append(int(choice[bounds[-1]]))
    return [0, *reversed(bounds)]


def _tighten(bounds: list[int], first: ChunkScores, last: ChunkScores) -> tuple[int, ...]:
    """Return the bounds with the largest first and the smallest last one that keep the items' scores."""
    goal = first.one(bounds[0], bounds[1])
    bounds[0] = _last_true(bounds[0], bounds[1], lambda start: first.one(start, bounds[1]) >= goal)
    goal = last.one(bounds[-2], bounds[-1])
    bounds[-1] = -_last_true(-bounds[-1], -bounds[-2], lambda end: last.one(bounds[-2], -end) >= goal)
    return tuple(bounds)


def _last_true(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """Return the largest value in [low, high] for which the monotone `holds` is true; it is at `low`."""
    while low < high:
        middle = (low + high + 1) // 2
        if holds(middle):
            low = middle
        else:
            high = middle - 1
    return low
