"""GLIRM: the dynamic programme against brute force, the paper's attributes as laws, and worked examples."""

from __future__ import annotations

import random
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue
from rapidfuzz.distance import LCSseq

from eval.glirm import Row, glirm
from eval.similarity import Similarity, edit, exact
from schemas.errors import EvaluationError
from tests.eval.tables import CELLS, ROWS, TABLES, n_cells

Table = list[dict[str, JsonValue]]
SIMILARITIES: tuple[Similarity, ...] = (exact, edit)

# Rows of (3, 3, 2) cells, as in the definition's own examples.
ROWS_332: Table = [{"a": "1", "b": "2", "c": "3"}, {"a": "4", "b": "5", "c": "6"}, {"a": "7", "b": "8"}]


def _row_score(pred: Row, gold: Row, similarity: Similarity) -> float:
    keys = [key for key in pred if pred[key] is not None and gold.get(key) is not None]
    return sum(similarity(pred[key], gold[key]) for key in keys)


def _brute_force(pred: Table, gold: Table, similarity: Similarity) -> float:
    """The definition: the best of all pairs of subsequences of equal length."""
    best = 0.0
    for length in range(1, min(len(pred), len(gold)) + 1):
        for ours in combinations(pred, length):
            for theirs in combinations(gold, length):
                pairs = zip(ours, theirs, strict=True)
                best = max(best, sum(_row_score(p, g, similarity) for p, g in pairs))
    return best


@given(pred=TABLES, gold=TABLES, similarity=st.sampled_from(SIMILARITIES))
def test_the_dynamic_programme_finds_the_best_of_all_matchings(
    pred: Table, gold: Table, similarity: Similarity
) -> None:
    result = glirm(pred, gold, similarity=similarity)
    assert result.counts.score == pytest.approx(_brute_force(pred, gold, similarity))


@given(pred=TABLES, gold=TABLES, similarity=st.sampled_from(SIMILARITIES))
def test_the_alignment_has_every_row_once_in_order_and_adds_up(
    pred: Table, gold: Table, similarity: Similarity
) -> None:
    result = glirm(pred, gold, similarity=similarity)
    assert [r.pred_index for r in result.alignment if r.pred_index is not None] == list(range(len(pred)))
    assert [r.gold_index for r in result.alignment if r.gold_index is not None] == list(range(len(gold)))
    assert result.counts.score == sum(row.score for row in result.alignment)
    for row in result.alignment:
        paired = row.pred_index is not None and row.gold_index is not None
        assert (row.score > 0) == paired
        if row.pred_index is not None and row.gold_index is not None:
            expected = _row_score(pred[row.pred_index], gold[row.gold_index], similarity)
            assert row.score == pytest.approx(expected)


@given(pred=TABLES, gold=TABLES)
def test_counts_are_cells_that_are_not_null_and_columns_add_up(pred: Table, gold: Table) -> None:
    result = glirm(pred, gold)
    assert (result.counts.n_pred, result.counts.n_gold) == (n_cells(pred), n_cells(gold))
    assert sum(column.score for column in result.columns.values()) == pytest.approx(result.counts.score)
    for key, column in result.columns.items():
        assert column.n_pred == sum(row.get(key) is not None for row in pred)
        assert column.n_gold == sum(row.get(key) is not None for row in gold)


@given(pred=TABLES, gold=TABLES, beta=st.floats(0, 8), similarity=st.sampled_from(SIMILARITIES))
def test_every_figure_is_a_share(pred: Table, gold: Table, beta: float, similarity: Similarity) -> None:
    for literal in (False, True):
        result = glirm(pred, gold, similarity=similarity, paper_literal=literal)
        for figure in (result.precision, result.recall, result.f1, result.fbeta(beta)):
            assert 0.0 <= figure <= 1.0


@given(table=TABLES)
def test_a_table_agrees_with_itself(table: Table) -> None:
    result = glirm(table, table)
    assert (result.precision, result.recall, result.f1, result.fbeta(2)) == (1.0, 1.0, 1.0, 1.0)


@given(pred=TABLES, gold=TABLES)
def test_exchanging_the_tables_exchanges_precision_and_recall(pred: Table, gold: Table) -> None:
    there, back = glirm(pred, gold), glirm(gold, pred)
    assert there.precision == pytest.approx(back.recall)
    assert there.recall == pytest.approx(back.precision)
    assert there.f1 == pytest.approx(back.f1)


@given(pred=TABLES, gold=TABLES, beta=st.floats(0.1, 8))
def test_as_printed_precision_and_recall_change_places_and_f1_stays(
    pred: Table, gold: Table, beta: float
) -> None:
    ours, printed = glirm(pred, gold), glirm(pred, gold, paper_literal=True)
    assert (printed.precision, printed.recall) == (ours.recall, ours.precision)
    assert printed.f1 == pytest.approx(ours.f1)
    assert printed.fbeta(beta) == pytest.approx(ours.fbeta(1 / beta))


@given(pred=TABLES, gold=TABLES, beta=st.floats(0.1, 8))
def test_f_beta_is_the_weighted_harmonic_mean(pred: Table, gold: Table, beta: float) -> None:
    result = glirm(pred, gold)
    precision, recall = result.precision, result.recall
    if precision and recall:
        mean = (1 + beta**2) * precision * recall / (beta**2 * precision + recall)
        assert result.fbeta(beta) == pytest.approx(mean)
    assert result.fbeta(0) == pytest.approx(precision) or not n_cells(pred)


@given(pred=TABLES, gold=TABLES, order=st.permutations("xyz"))
def test_the_order_of_columns_does_not_matter(pred: Table, gold: Table, order: list[str]) -> None:
    shuffled: Table = [{key: row[key] for key in order if key in row} for row in pred]
    assert glirm(shuffled, gold).f1 == pytest.approx(glirm(pred, gold).f1)


@given(pred=TABLES, gold=TABLES)
def test_an_absent_key_is_null(pred: Table, gold: Table) -> None:
    spelt: Table = [{"x": None, "y": None, "z": None, **row} for row in pred]
    assert glirm(spelt, gold).counts == glirm(pred, gold).counts


@given(pred=TABLES, gold=TABLES, row=ROWS)
def test_a_made_up_row_costs_precision_only_and_a_missed_one_recall(
    pred: Table, gold: Table, row: dict[str, JsonValue]
) -> None:
    foreign: dict[str, JsonValue] = {f"{key} of no table": value for key, value in row.items()}
    before, more, fewer = glirm(pred, gold), glirm([foreign, *pred], gold), glirm(pred, [foreign, *gold])
    assert more.counts.score == fewer.counts.score == before.counts.score
    assert (more.recall, fewer.precision) == (before.recall, before.precision) or not (
        n_cells(pred) and n_cells(gold)
    )
    assert more.precision <= before.precision
    assert fewer.recall <= before.recall


@given(table=TABLES, more=TABLES)
def test_credit_does_not_depend_on_where_a_row_stands(table: Table, more: Table) -> None:
    """A correct block earns at least its cells wherever it comes, before or after other rows."""
    for pred in ([*more, *table], [*table, *more]):
        assert glirm(pred, table).counts.score == n_cells(table)


@given(pred=TABLES, gold=TABLES, cell=CELLS)
def test_a_further_predicted_cell_never_lowers_the_score(pred: Table, gold: Table, cell: JsonValue) -> None:
    more: Table = [{**row, "new": cell} for row in pred]
    assert glirm(more, gold).counts.score >= glirm(pred, gold).counts.score - 1e-9


@given(pred=st.lists(st.sampled_from("abc"), max_size=12), gold=st.lists(st.sampled_from("abc"), max_size=12))
def test_one_column_of_equal_or_different_values_is_the_longest_common_subsequence(
    pred: list[str], gold: list[str]
) -> None:
    score = glirm([{"x": p} for p in pred], [{"x": g} for g in gold]).counts.score
    assert score == LCSseq.similarity(pred, gold)


def test_an_extra_row_costs_precision() -> None:
    gold: Table = [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]
    result = glirm([{"a": "9"}, *gold], gold)
    assert (result.precision, result.recall) == (pytest.approx(0.8), 1.0)
    assert result.f1 == pytest.approx(0.889, abs=5e-4)


def test_a_missing_row_costs_recall() -> None:
    result = glirm(ROWS_332[1:], ROWS_332)
    assert (result.precision, result.recall) == (1.0, pytest.approx(0.625))


def test_swapped_rows_are_penalised() -> None:
    assert glirm([ROWS_332[1], ROWS_332[0], ROWS_332[2]], ROWS_332).f1 == pytest.approx(0.625)


def test_larger_beta_weighs_recall_and_as_printed_precision() -> None:
    result = glirm(ROWS_332[1:], ROWS_332)  # precision 1, recall 0.625
    assert result.fbeta(2) == pytest.approx(5 * 5 / (4 * 8 + 5))
    assert glirm(ROWS_332[1:], ROWS_332, paper_literal=True).fbeta(2) == pytest.approx(5 * 5 / (4 * 5 + 8))


def test_empty_tables_agree_and_one_empty_table_has_nothing() -> None:
    both, one, other = glirm([], []), glirm([], ROWS_332), glirm(ROWS_332, [])
    assert (both.precision, both.recall, both.f1) == (1.0, 1.0, 1.0)
    assert (one.precision, one.recall, one.f1) == (0.0, 0.0, 0.0)
    assert (other.precision, other.recall, other.f1) == (0.0, 0.0, 0.0)
    assert glirm([{"a": None}], [{}]).f1 == 1.0  # rows without cells are nothing
    assert len(glirm([{"a": None}], [{}]).alignment) == 2


def test_each_column_may_have_its_similarity() -> None:
    pred: Table = [{"item": "Copper pipes", "code": "A1"}]
    gold: Table = [{"item": "Copper pipe", "code": "a1"}]
    result = glirm(pred, gold, similarity={"item": edit})
    assert result.columns["item"].score == pytest.approx(11 / 12)
    assert result.columns["code"].score == 0.0


def test_of_equally_good_alignments_rows_are_paired_as_early_as_possible() -> None:
    result = glirm([{"x": "a"}, {"x": "a"}], [{"x": "a"}])
    assert [(r.pred_index, r.gold_index) for r in result.alignment] == [(0, 0), (1, None)]
    result = glirm([{"x": "a"}], [{"x": "a"}, {"x": "a"}])
    assert [(r.pred_index, r.gold_index) for r in result.alignment] == [(0, 0), (None, 1)]


def test_the_diff_shows_each_row_and_what_is_different_in_it() -> None:
    pred: Table = [{"a": "1", "b": "2"}, {"a": "8"}, {"a": "4", "b": None}]
    gold: Table = [{"a": "1", "b": "2"}, {"a": "4", "b": "6"}, {"a": "9"}]
    assert glirm(pred, gold).diff().splitlines() == [
        '=    1    1  a="1"  b="2"',
        '+         2  a="8"',
        '~    2    3  a="4"  b="6" -> null',
        '-    3       a="9"',
    ]


def test_tables_longer_than_a_block_are_matched_as_short_ones() -> None:
    rng = random.Random(5)
    gold: Table = [{"n": str(n), "x": rng.choice("ab")} for n in range(700)]
    pred = [row for row in gold if rng.random() < 0.8]
    result = glirm(pred, gold)
    assert result.precision == 1.0
    assert result.counts.score == 2 * len(pred)
    kept = [row.gold_index for row in result.alignment if row.pred_index is not None]
    assert [gold[i] for i in kept if i is not None] == pred


@pytest.mark.parametrize("bad", [-0.1, 1.1, float("nan")])
def test_a_similarity_outside_of_its_range_is_an_error(bad: float) -> None:
    with pytest.raises(EvaluationError, match="0, 1"):
        glirm([{"a": "1"}], [{"a": "1"}], similarity=lambda _p, _g: bad)


def test_rows_that_are_no_mappings_are_an_error() -> None:
    with pytest.raises(EvaluationError, match="mapping"):
        glirm(["a"], [])  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("beta", [-1.0, float("inf"), float("nan")])
def test_beta_is_a_finite_number_of_at_least_zero(beta: float) -> None:
    with pytest.raises(ValueError, match="beta"):
        glirm([], []).fbeta(beta)
