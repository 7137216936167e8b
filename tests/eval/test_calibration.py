"""Calibration: closed forms and laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.calibration import calibration

PAIRS = st.lists(st.tuples(st.sampled_from([0.0, 0.05, 0.3, 0.5, 0.95, 1.0]), st.booleans()), max_size=30)


@given(pairs=PAIRS, n_bins=st.integers(1, 12))
def test_every_figure_is_a_share_and_bins_hold_every_value(
    pairs: list[tuple[float, bool]], n_bins: int
) -> None:
    found = calibration(pairs, n_bins=n_bins)
    for figure in (found.expected_error, found.brier, found.aurc, *found.risk, *found.coverage):
        assert 0.0 <= figure <= 1.0
    assert sum(one.n for one in found.bins) == len(pairs)


@given(pairs=PAIRS, seed=st.integers(0, 5))
def test_the_order_of_values_does_not_matter(pairs: list[tuple[float, bool]], seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(pairs))
    shuffled = [pairs[int(i)] for i in order.tolist()]
    assert calibration(shuffled).aurc == pytest.approx(calibration(pairs).aurc)
    assert calibration(shuffled).risk == pytest.approx(calibration(pairs).risk)


@given(pairs=PAIRS.filter(bool))
def test_all_values_together_have_the_share_of_errors(pairs: list[tuple[float, bool]]) -> None:
    found = calibration(pairs)
    assert found.coverage[-1] == 1.0
    assert found.risk[-1] == pytest.approx(sum(not right for _, right in pairs) / len(pairs))


def test_a_hand_computed_case() -> None:
    # One bin [0.9, 1]: 2 values, mean 0.95, half right; one bin [0.1, 0.2): 0.1, right.
    found = calibration([(0.9, True), (1.0, False), (0.1, True)])
    assert [(one.n, one.confidence, one.accuracy) for one in found.bins] == [
        (1, pytest.approx(0.1), 1.0),
        (2, pytest.approx(0.95), 0.5),
    ]
    assert found.expected_error == pytest.approx((1 * 0.9 + 2 * 0.45) / 3)
    assert found.brier == pytest.approx((0.01 + 1 + 0.81) / 3)
    assert found.risk == pytest.approx((1.0, 0.5, 1 / 3))
    assert found.aurc == pytest.approx((1.0 + 0.5 + 1 / 3) / 3)


def test_equal_confidences_enter_the_curve_together() -> None:
    found = calibration([(0.5, True), (0.5, False)])
    assert (found.coverage, found.risk, found.aurc) == ((1.0,), (0.5,), 0.5)


def test_sure_and_right_is_perfect_and_sure_and_wrong_the_worst() -> None:
    best, worst = calibration([(1.0, True)] * 5), calibration([(1.0, False)] * 5)
    assert (best.expected_error, best.brier, best.aurc) == (0.0, 0.0, 0.0)
    assert (worst.expected_error, worst.brier, worst.aurc) == (1.0, 1.0, 1.0)


def test_no_values_are_no_error() -> None:
    found = calibration([])
    assert (found.bins, found.expected_error, found.aurc) == ((), 0.0, 0.0)


@pytest.mark.parametrize("bad", [-0.1, 1.1, float("nan")])
def test_a_confidence_outside_of_its_range_is_an_error(bad: float) -> None:
    with pytest.raises(ValueError, match="confidences"):
        calibration([(bad, True)])
