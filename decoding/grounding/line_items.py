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
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.signedinteger[Any]]


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
        self._lows: Ints = np.array(lows, dtype=np.int64)
        self._low_rank: Ints = np.searchsorted(self._lows, positions)
        self._high_rank: Ints = np.searchsorted(np.array(highs, dtype=np.int64), positions)
        self._table: Floats = np.zeros((len(lows) + 1, len(highs) + 1))
        low_rank = {low: rank for rank, low in enumerate(lows)}
        high_rank = {high: rank for rank, high in enumerate(highs)}
        for spans in cells:
            self._table += _cell_table(spans, low_rank, high_rank)

    def one(self, start: int, end: int) -> float:
        """Return the score of the chunk [start, end)."""
        return float(self._table[self._low_rank[start], self._high_rank[end]])

    def extend(self, previous: Floats) -> tuple[Floats, Ints]:
        """Return for every end y the best of previous[y'] + score of [y', y), and the least such y'.

        `previous` must not fall. Between two places where a span begins or ends the score of a chunk is the
        same, so that y' needs only be the last position before a span begins, and y only counts by the spans
        that end before it: a maximum over the table instead of over all pairs. An empty chunk adds nothing.
        """
        reached = previous[self._lows]
        totals = np.where(self._table[:-1] > 0, reached[:, None] + self._table[:-1], -np.inf)
        first = np.searchsorted(previous, previous)  # the least y' with as much
        if not len(self._lows):
            return previous, first.astype(np.int32)
        chosen = totals.argmax(axis=0)
        best_total = totals.max(axis=0)[self._high_rank]
        start = np.searchsorted(previous, reached)[chosen][self._high_rank]
        best = np.maximum(previous, best_total)
        choice = np.where(
            best_total > previous, start, np.where(best_total < previous, first, np.minimum(start, first))
        )
        return best, choice.astype(np.int32)


def _cell_table(spans: Sequence[Span], lows: Mapping[int, int], highs: Mapping[int, int]) -> Floats:
    """Return one cell's best score by rank: entry (r, c) is for spans from low r on and below high c."""
    table: Floats = np.zeros((len(lows) + 1, len(highs) + 1))
    for span in spans:
        entry = lows[span.low], highs[span.high] + 1
        table[entry] = max(table[entry], span.score)
    table = np.maximum.accumulate(table, axis=1)
    return np.maximum.accumulate(table[::-1], axis=0)[::-1]


def split_rows(items: Sequence[Cells], *, n_cuts: int) -> Split:
    """Return the split of [0, n_cuts) into one chunk for each line item that maximises the score.

    Exact, whatever the spans are. O(N + L H) steps for each item, with N cuts and L and H distinct rows at
    which its spans begin and end. Of equally good cuts the highest on the page is taken. The first chunk's
    beginning and the last chunk's end are then tightened by binary search as far as the score allows.

    Notes
    -----
    The paper divides and conquers over y, O(M N log N) for M items, which is exact only where each span lies
    in one row. No items give an empty split.
    """
    if not items:
        return Split(score=0.0, bounds=(0,))
    first = last = ChunkScores(items[0], n_cuts)
    best = np.array([first.one(0, end) for end in range(n_cuts + 1)])
    choices: list[Ints] = []
    for cells in items[1:]:
        last = ChunkScores(cells, n_cuts)  # one table at a time: those of a long document fill the memory
        best, choice = last.extend(best)
        choices.append(choice)
    bounds = _tighten(_backtrack(choices, n_cuts), first, last)
    return Split(score=float(best[n_cuts]), bounds=bounds)


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
