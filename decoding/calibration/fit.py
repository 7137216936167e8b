"""Weights and thresholds found from values that are known to be right or wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from decoding.calibration.signals import ValueSignals
from decoding.calibration.weigh import confidence_of
from schemas.value_calibration import ANY, NULL, SignalName, Threshold, ValueCalibration, Weights

Floats = NDArray[np.float64]

_NAMES: tuple[SignalName, ...] = get_args(SignalName)
# May count for or against a value; all other signals count for it or not at all.
_EITHER_WAY: frozenset[SignalName] = frozenset({"digits"})
# How strongly weights of standardised signals are drawn to zero, and a group's to those of all values. Of 1
# to 30 and 3 to 300 the folds that are left out are likeliest by these (docs/results/confidence.md).
_RIDGE, _GROUP_RIDGE = 10.0, 30.0
# Half a right and half a wrong value are added to every fit: nothing is ever certain.
_PRIOR = 0.5
# Shares of wrong values that thresholds are kept for.
MAX_ERRORS = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedValue:
    """A value's signals, whether it is right, and the vendor or document whose values stand together."""

    value: ValueSignals
    is_right: bool
    source: str


def fit_calibration(values: Sequence[JudgedValue], *, n_folds: int = 5) -> ValueCalibration:
    """Return weights for each group of values, and thresholds from the folds that were left out.

    Thresholds come of confidences that were given by weights fitted on other sources: what weights make of
    the values that they were fitted on is surer than what they make of others.

    Parameters
    ----------
    values
        None gives a calibration that says 0.5 of everything, and finds nothing sure.
    """
    weights = fit_weights(values)
    confidences = cross_fit(values, n_folds=n_folds)
    return ValueCalibration(
        n_values=len(values),
        groups=weights,
        thresholds=_find_thresholds(values, confidences),
    )


def cross_fit(values: Sequence[JudgedValue], *, n_folds: int = 5) -> Floats:
    """Return the confidence of each value by weights that were fitted without its fold.

    All values of a source are in one fold; sources are dealt in the order of their names.
    """
    fold_of = {source: i % n_folds for i, source in enumerate(sorted({v.source for v in values}))}
    folds = np.array([fold_of[value.source] for value in values], dtype=np.int64)
    confidences = np.full(len(values), 0.5)
    for fold in range(n_folds):
        groups = fit_weights([v for v, at in zip(values, folds, strict=True) if at != fold])
        calibration = ValueCalibration(groups=groups)
        for i in np.flatnonzero(folds == fold):
            confidences[i] = confidence_of(values[i].value, calibration)
    return confidences


def fit_weights(values: Sequence[JudgedValue]) -> dict[str, Weights]:
    """Return the weights of each group: those of `ANY` by all that is not null, each other near them.

    A logistic regression with a ridge whose weights are at least 0, but for signals that may count either
    way: of two values that differ in one signal, the one with more of it never has the lower confidence. A
    group's weights are drawn to those of `ANY`, so that few values change little.
    """
    found = [value for value in values if value.value.group != NULL]
    nulls = [value for value in values if value.value.group == NULL]
    scale = _Scale.of([*found])
    common = _fit(found, scale, np.zeros(len(_NAMES)), _RIDGE)
    weights = {ANY: scale.unscaled(common)}
    for group in sorted({value.value.group for value in found}):
        of_group = [value for value in found if value.value.group == group]
        weights[group] = scale.unscaled(_fit(of_group, scale, common[1:], _GROUP_RIDGE))
    of_nulls = _Scale.of(nulls)
    weights[NULL] = of_nulls.unscaled(_fit(nulls, of_nulls, np.zeros(len(_NAMES)), _RIDGE))
    return weights


def _matrix(values: Sequence[JudgedValue]) -> Floats:
    """Return (values, signals), 0 for what is not known."""
    rows = [[value.value.signals.get(name, 0.0) for name in _NAMES] for value in values]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(_NAMES))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """Mean and standard deviation of each signal; 1 where it never varies."""

    mean: Floats
    deviation: Floats

    @classmethod
    def of(cls, values: Sequence[JudgedValue]) -> _Scale:
        signals = _matrix(values)
        if not len(signals):
            return cls(mean=np.zeros(len(_NAMES)), deviation=np.ones(len(_NAMES)))
        deviation = signals.std(axis=0)
        return cls(mean=signals.mean(axis=0), deviation=np.where(deviation > 1e-9, deviation, 1.0))

    def unscaled(self, scaled: Floats) -> Weights:
        """Return the weights of the signals themselves; `scaled` is (1 + signals), the bias first."""
        weights = scaled[1:] / self.deviation
        named = {name: float(w) for name, w in zip(_NAMES, weights, strict=True) if w != 0.0}
        return Weights(bias=float(scaled[0] - weights @ self.mean), weights=named)


def _fit(values: Sequence[JudgedValue], scale: _Scale, centre: Floats, ridge: float) -> Floats:
    """Return (1 + signals): the bias, and the weights of standardised signals, drawn to `centre`."""
    signals = (_matrix(values) - scale.mean) / scale.deviation
    design = np.hstack([np.ones((len(values) + 2, 1)), np.vstack([signals, np.zeros((2, len(_NAMES)))])])
    right = np.array([*(float(value.is_right) for value in values), 1.0, 0.0])
    counts = np.array([1.0] * len(values) + [_PRIOR, _PRIOR])

    def loss(at: Floats) -> tuple[float, Floats]:
        logits = design @ at
        drawn = at[1:] - centre
        value = counts @ (np.logaddexp(0.0, logits) - right * logits) + 0.5 * ridge * drawn @ drawn
        slope = design.T @ (counts * (1.0 / (1.0 + np.exp(-logits)) - right))
        slope[1:] += ridge * drawn
        return float(value), slope

    bounds = [(None, None), *((None if name in _EITHER_WAY else 0.0, None) for name in _NAMES)]
    found = minimize(loss, np.concatenate([[0.0], centre]), jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(found.x, dtype=np.float64)


def _find_thresholds(
    values: Sequence[JudgedValue], confidences: Floats
) -> Mapping[str, tuple[Threshold, ...]]:
    """Return the thresholds of each group, and of all together; of nulls there are none."""
    right = np.array([value.is_right for value in values], dtype=bool)
    groups = np.array([value.value.group for value in values], dtype=np.str_)
    found = {ANY: find_thresholds(confidences[groups != NULL], right[groups != NULL])}
    for group in sorted({*groups.tolist()} - {NULL}):
        found[group] = find_thresholds(confidences[groups == group], right[groups == group])
    return found


def find_thresholds(confidences: Floats, right: NDArray[np.bool_]) -> tuple[Threshold, ...]:
    """Return for each of `MAX_ERRORS` the least confidence from which on no more values are wrong.

    Of the n values of at least that confidence, of which w are wrong, (w + 1) / (n + 1) is at most the
    error: one more wrong one than was seen, as few values without any wrong one prove little. None where no
    confidence is enough. Values of equal confidence stand together.
    """
    distinct, inverse = np.unique(-confidences, return_inverse=True)
    n_seen = np.cumsum(np.bincount(inverse, minlength=len(distinct)))
    n_wrong = np.cumsum(np.bincount(inverse, weights=~right, minlength=len(distinct)))
    risk = (n_wrong + 1) / (n_seen + 1)
    return tuple(
        Threshold(max_error=error, confidence=float(-distinct[enough[-1]]) if len(enough) else None)
        for error in MAX_ERRORS
        for enough in [np.flatnonzero(risk <= error)]
    )
