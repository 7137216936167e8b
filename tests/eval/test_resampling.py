"""Intervals and differences: closed forms, laws, and what a bootstrap must cover."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.f_scores import Counts, total
from eval.resampling import f1_difference, f1_interval
from schemas.errors import EvaluationError


def _counts(gold: int, found: int, more: int) -> Counts:
    right = min(found, gold)
    return Counts(score=right, n_pred=right + more, n_gold=gold)


DOCUMENTS = st.lists(st.builds(_counts, st.integers(0, 4), st.integers(0, 4), st.integers(0, 2)), max_size=8)


def _fields(rights: list[bool]) -> list[Counts]:
    return [Counts(score=float(right), n_pred=1, n_gold=1) for right in rights]


@given(documents=DOCUMENTS)
def test_an_interval_is_in_the_unit_interval_and_in_order(documents: list[Counts]) -> None:
    found = f1_interval(documents, n_resamples=200)
    assert 0.0 <= found.low <= found.high <= 1.0


@given(documents=DOCUMENTS)
def test_a_run_does_not_differ_from_itself(documents: list[Counts]) -> None:
    found = f1_difference(documents, documents, n_resamples=200)
    assert (found.value, found.interval.low, found.interval.high, found.p_value) == (0.0, 0.0, 0.0, 1.0)


@given(first=DOCUMENTS, seed=st.integers(0, 9))
def test_exchanging_the_runs_exchanges_the_sign(first: list[Counts], seed: int) -> None:
    second = list(np.random.default_rng(seed).permutation(np.array(first, dtype=object)))
    there = f1_difference(first, second, n_resamples=200)
    back = f1_difference(second, first, n_resamples=200)
    assert there.value == pytest.approx(-back.value)
    assert there.interval.low == pytest.approx(-back.interval.high)
    assert there.p_value == pytest.approx(back.p_value)


def test_documents_that_are_all_alike_leave_no_doubt() -> None:
    found = f1_interval([Counts(score=1, n_pred=2, n_gold=2)] * 20, n_resamples=100)
    assert (found.low, found.high) == (0.5, 0.5)


def test_the_interval_of_a_share_is_the_binomials() -> None:
    # 400 fields, half of them right: the standard error is sqrt(0.25 / 400) = 0.025.
    found = f1_interval(_fields([True, False] * 200))
    assert found.low == pytest.approx(0.5 - 1.96 * 0.025, abs=0.006)
    assert found.high == pytest.approx(0.5 + 1.96 * 0.025, abs=0.006)


def test_a_clear_difference_is_significant_and_a_coin_is_not() -> None:
    worse, better = _fields([False] * 60 + [True] * 40), _fields([True] * 90 + [False] * 10)
    found = f1_difference(worse, better, n_resamples=2_000)
    assert found.value == pytest.approx(0.5)
    assert found.p_value < 0.01
    assert found.interval.low > 0.3
    one_apart = f1_difference(_fields([True] * 99 + [False]), _fields([True] * 100), n_resamples=2_000)
    assert one_apart.p_value == 1.0  # one document of a hundred: each exchange is as large


def test_p_values_of_equal_systems_are_spread_evenly() -> None:
    rng = np.random.default_rng(3)
    values = [
        f1_difference(
            _fields(list(rng.random(60) < 0.6)), _fields(list(rng.random(60) < 0.6)), n_resamples=200, seed=i
        ).p_value
        for i in range(100)
    ]
    assert 0.01 <= np.mean(np.array(values) < 0.1) <= 0.2


def test_the_micro_f1_of_a_draw_is_that_of_its_counts() -> None:
    documents = [Counts(score=1, n_pred=1, n_gold=3), Counts(score=2, n_pred=4, n_gold=2)]
    found = f1_interval(documents, n_resamples=500, level=0.999)
    singles = [one.f1 for one in documents]
    assert (found.low, found.high) == (pytest.approx(min(singles)), pytest.approx(max(singles)))
    assert min(singles) < total(documents).f1 <= max(singles)


def test_runs_of_other_documents_and_bad_levels_are_errors() -> None:
    with pytest.raises(EvaluationError, match="paired"):
        f1_difference(_fields([True]), [])
    for bad in ({"level": 1.0}, {"level": 0.0}, {"n_resamples": 0}):
        with pytest.raises(ValueError, match="level"):
            f1_interval([], **bad)  # pyright: ignore[reportArgumentType]
    assert (f1_interval([]).low, f1_interval([]).high) == (1.0, 1.0)
