"""Weights from values that are known to be right or wrong: the laws that every fit obeys."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decoding.calibration.fit import (
    MAX_ERRORS,
    JudgedValue,
    cross_fit,
    find_thresholds,
    fit_calibration,
    fit_weights,
)
from decoding.calibration.signals import ValueSignals
from decoding.calibration.weigh import confidence_of, weigh
from schemas.value_calibration import ANY, NULL, Signals, ValueCalibration, Weights


def judged(
    probability: float, is_right: bool, *, group: str = "amount", source: str = "a", sum_holds: float = 0.0
) -> JudgedValue:
    signals: Signals = {"probability": probability, "sum_holds": sum_holds}
    value = ValueSignals(path=("total",), group=group, signals=signals)
    return JudgedValue(value=value, is_right=is_right, source=source)


def confidence(value: JudgedValue, calibration: ValueCalibration) -> float:
    found = confidence_of(value.value, calibration)
    assert found is not None
    return found


VALUES = st.lists(
    st.builds(
        judged,
        st.floats(-3, 14),
        st.booleans(),
        group=st.sampled_from(["amount", "verbatim", NULL]),
        source=st.sampled_from(["a", "b", "c", "d"]),
        sum_holds=st.sampled_from([0.0, 1.0]),
    ),
    max_size=25,
)
ASKED = st.floats(-1e6, 1e6)


@given(values=VALUES, low=ASKED, high=ASKED, group=st.sampled_from(["amount", "date", NULL]))
def test_more_of_a_signal_never_lowers_a_confidence_that_is_a_share(
    values: list[JudgedValue], low: float, high: float, group: str
) -> None:
    calibration = ValueCalibration(groups=fit_weights(values))
    low, high = sorted((low, high))
    first, second = (confidence(judged(x, True, group=group), calibration) for x in (low, high))
    assert 0.0 <= first <= second <= 1.0


def test_without_values_everything_is_as_likely_right_as_wrong_and_nothing_is_sure() -> None:
    found = fit_calibration([])
    assert confidence(judged(-3, True), found) == confidence(judged(13, True), found) == 0.5
    assert found.threshold("amount", 0.5) is None
    assert len(cross_fit([])) == 0


def test_signals_that_never_vary_give_the_share_that_is_right() -> None:
    values = [judged(2.0, i < 8) for i in range(10)]
    # 8 of 10 right, and half a right and half a wrong one more: 8.5 / 11.
    assert confidence(values[0], fit_calibration(values)) == pytest.approx(8.5 / 11, abs=1e-3)


def test_a_signal_that_speaks_against_right_values_has_no_weight() -> None:
    values = [judged(float(i), i < 10) for i in range(20)]
    assert fit_weights(values)["amount"].weights.get("probability", 0.0) == 0.0


def test_a_group_that_differs_has_weights_of_its_own_and_one_without_values_those_of_all() -> None:
    right = [judged(5.0, True, group="amount") for _ in range(40)]
    wrong = [judged(5.0, False, group="verbatim") for _ in range(40)]
    found = fit_calibration([*right, *wrong])
    of_group = {g: confidence(judged(5.0, True, group=g), found) for g in ("amount", "verbatim")}
    assert of_group["amount"] > 0.9
    assert of_group["verbatim"] < 0.1
    assert confidence(judged(5.0, True, group="date"), found) == pytest.approx(0.5, abs=0.01)


def test_nulls_have_no_say_on_values_nor_values_on_nulls() -> None:
    values = [judged(1.0, True) for _ in range(9)]
    nulls = [judged(1.0, False, group=NULL) for _ in range(9)]
    assert fit_weights([*values, *nulls])[ANY] == fit_weights(values)[ANY]
    assert fit_weights([*values, *nulls])[NULL] == fit_weights(nulls)[NULL]


def test_no_value_is_judged_by_weights_that_saw_its_source() -> None:
    """Of each source all are right or all are wrong, which only who saw it could know."""
    values = [judged(1.0, source in "abc", source=source) for source in "abcdef" for _ in range(50)]
    left_out = cross_fit(values, n_folds=6)
    # Without a right source 2 of 5 are right, without a wrong one 3 of 5: surer of the wrong ones.
    assert left_out[0] == pytest.approx(0.4, abs=0.01)
    assert left_out[-1] == pytest.approx(0.6, abs=0.01)


def test_a_threshold_leaves_room_for_one_more_wrong_value() -> None:
    confidences = np.array([0.9] * 19 + [0.5] * 20 + [0.1])
    right = np.array([True] * 19 + [True] * 19 + [False] + [True])
    found = {one.max_error: one.confidence for one in find_thresholds(confidences, right)}
    # The first 19: (0 + 1) / 20 = 0.05. All 39: 2 / 40 = 0.05. All 40: 2 / 41 < 0.05.
    assert found[0.05] == 0.1
    assert found[0.03] is None
    assert tuple(found) == MAX_ERRORS


def test_values_of_equal_confidence_pass_together_or_not() -> None:
    confidences, right = np.full(10, 0.7), np.array([True] * 5 + [False] * 5)
    found = {one.max_error: one.confidence for one in find_thresholds(confidences, right)}
    # 6 / 11 = 0.545 are wrong.
    assert set(found.values()) == {None}


@given(
    pairs=st.lists(st.tuples(st.sampled_from([0.1, 0.5, 0.8, 0.9, 1.0]), st.booleans()), max_size=40),
)
def test_what_passes_a_threshold_is_no_more_wrong_than_tolerated(pairs: list[tuple[float, bool]]) -> None:
    confidences, right = np.array([c for c, _ in pairs]), np.array([r for _, r in pairs], dtype=bool)
    least = 1.1
    for one in find_thresholds(confidences, right):
        if one.confidence is not None:
            passed = right[confidences >= one.confidence]
            assert np.mean(~passed) <= one.max_error
            assert one.confidence <= least
            least = one.confidence


def test_the_logistic_function_is_the_one_that_is_written_down() -> None:
    weights = Weights(bias=-1.0, weights={"probability": 0.5, "sum_holds": 2.0})
    # -1 + 0.5 * 4 + 2 * 0 = 1, and 1 / (1 + e^-1) = 0.7310585786300049; labels have no weight.
    assert weigh({"probability": 4.0, "sum_holds": 0.0, "label": 9.0}, weights) == pytest.approx(
        0.7310585786300049
    )
    assert weigh({"probability": 1e300}, weights) <= 1.0


def test_kinds_that_stand_nowhere_are_left_to_the_model() -> None:
    found = fit_calibration([judged(1.0, True)])
    for group in ("enum", "boolean", "free", "enum[]"):
        assert confidence_of(judged(1.0, True, group=group).value, found) is None
    assert confidence_of(judged(1.0, True).value, ValueCalibration()) is None
    assert confidence_of(judged(1.0, True, group="iso_date").value, found) is not None
