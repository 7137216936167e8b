"""The split of the page among line items against all splits there are, and how its time grows."""

from __future__ import annotations

from itertools import combinations_with_replacement, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decoding.grounding.line_items import (
    Cells,
    ChunkScores,
    Span,
    split_rows,
)
from tests.speed import within_cpu

_N_CUTS = 10
_scores = st.sampled_from((0.5, 0.8, 0.9, 1.0))


@st.composite
def _span(draw: st.DrawFn, *, rows: int) -> Span:
    low = draw(st.integers(0, _N_CUTS - 1))
    return Span(low=low, high=min(_N_CUTS - 1, low + draw(st.integers(0, rows - 1))), score=draw(_scores))


def _instances(*, rows: int) -> st.SearchStrategy[list[list[list[Span]]]]:
    cells = st.lists(st.lists(_span(rows=rows), max_size=4), min_size=1, max_size=3)
    return st.lists(cells, min_size=1, max_size=4)


def _algorithm_1(cells: Cells, start: int, end: int) -> float:
    """The definition: for each cell the best span inside the chunk, added up."""
    inside = ((s.score for s in spans if start <= s.low and s.high < end) for spans in cells)
    return sum(max(scores, default=0.0) for scores in inside)


def _brute_force(items: list[list[list[Span]]]) -> float:
    best = 0.0
    for cuts in combinations_with_replacement(range(_N_CUTS + 1), len(items) - 1):
        bounds = (0, *cuts, _N_CUTS)
        chunks = pairwise(bounds)
        best = max(best, sum(_algorithm_1(c, a, b) for c, (a, b) in zip(items, chunks, strict=True)))
    return best


@given(items=_instances(rows=4))
def test_looked_up_score_is_algorithm_1_on_every_chunk(items: list[list[list[Span]]]) -> None:
    scores = ChunkScores(items[0], _N_CUTS)
    for start in range(_N_CUTS + 1):
        for end in range(start, _N_CUTS + 1):
            assert scores.one(start, end) == pytest.approx(_algorithm_1(items[0], start, end))


@given(items=_instances(rows=4))
def test_score_never_falls_when_the_chunk_grows(items: list[list[list[Span]]]) -> None:
    scores = ChunkScores(items[0], _N_CUTS)
    for end in range(1, _N_CUTS + 1):
        for start in range(end):
            assert scores.one(start, end) >= scores.one(start + 1, end)
            assert scores.one(start, end) >= scores.one(start, end - 1)


@given(items=_instances(rows=4))
def test_split_is_the_best_of_all_splits(items: list[list[list[Span]]]) -> None:
    best = _brute_force(items)
    assert split_rows(items, n_cuts=_N_CUTS).score == pytest.approx(best)


@given(items=_instances(rows=4))
def test_bounds_are_ordered_and_give_the_score_they_claim(items: list[list[list[Span]]]) -> None:
    split = split_rows(items, n_cuts=_N_CUTS)
    assert len(split.bounds) == len(items) + 1
    assert list(split.bounds) == sorted(split.bounds)
    chunks = pairwise(split.bounds)
    total = sum(_algorithm_1(cells, a, b) for cells, (a, b) in zip(items, chunks, strict=True))
    assert total == pytest.approx(split.score)


def test_values_of_several_rows_are_split_exactly() -> None:
    # Item 0 stands in row 1 (0.5), item 1 in the rows 1 and 2 together (1.0). Of rows 0-1 the best split
    # gives item 0 its row (cut at 2); of rows 0-2 it gives item 1 both (cut at 0): the cut moves up.
    items = [[[Span(low=1, high=1, score=0.5)]], [[Span(low=1, high=2, score=1.0)]]]
    assert split_rows(items, n_cuts=3).score == 1.0


def test_equal_cuts_are_taken_as_high_on_the_page_as_they_can_be() -> None:
    nowhere: list[Span] = []
    items = [[[Span(low=1, high=1, score=1.0)]], [nowhere], [[Span(low=6, high=6, score=1.0)]]]
    assert split_rows(items, n_cuts=_N_CUTS).bounds == (1, 2, 2, 7)


def test_a_long_table_is_split_in_a_second() -> None:
    # 800 rows on 20 pages of 128 cuts; trying about N log N pairs for each row took 20 seconds.
    items = [[[Span(low=3 * n, high=3 * n, score=1.0)]] * 4 for n in range(800)]
    with within_cpu(1.0):
        split = split_rows(items, n_cuts=20 * 128)
    assert split.score == 3200.0  # 800 rows of 4 cells


def test_rows_in_reading_order_get_their_own_lines() -> None:
    # Three rows "beer 5.00" on the lines 2, 4 and 6, and a total of 5.00 on line 8.
    beer = [Span(low=y, high=y, score=1.0) for y in (2, 4, 6)]
    price = [*beer, Span(low=8, high=8, score=1.0)]
    split = split_rows([[beer, price]] * 3, n_cuts=_N_CUTS)
    assert split.score == 6.0
    assert split.bounds == (2, 3, 5, 7)  # tightened to the first and the last row


def test_no_items_give_an_empty_split() -> None:
    assert split_rows([], n_cuts=128).bounds == (0,)


def test_items_that_stand_nowhere_take_no_room_from_the_others() -> None:
    found = [[Span(low=3, high=3, score=1.0)]]
    split = split_rows([[[]], found, [[]]], n_cuts=_N_CUTS)
    assert split.score == 1.0
    assert split.bounds[1] <= 3 < split.bounds[2]
