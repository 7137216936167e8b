"""Whether confidences can be believed: how often values of a confidence are right.

See docs/metrics/calibration.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """The values whose confidence is in one interval: their number, mean confidence and share right."""

    n: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What (confidence, right) pairs say.

    Attributes
    ----------
    bins
        The reliability curve: the bins that hold values, lowest confidence first.
    expected_error
        The expected calibration error (Naeini et al. 2015): sum over bins of n / N |accuracy - confidence|,
        in [0, 1]; 0 for no values.
    brier
        Mean of (confidence - right)^2, in [0, 1]; 0 for no values.
    coverage, risk
        The risk-coverage curve: of the share `coverage` of values with the highest confidences, the share
        that is wrong. Values of equal confidence enter together.
    aurc
        Area under that curve by coverage (the mean risk over all values; Geifman and El-Yaniv 2017), in
        [0, 1]; 0 for no values.
    """

    bins: tuple[Bin, ...]
    expected_error: float
    brier: float
    coverage: tuple[float, ...]
    risk: tuple[float, ...]
    aurc: float


def calibration(pairs: Sequence[tuple[float, bool]], *, n_bins: int = 10) -> Calibration:
    """Return how well confidences foretell what is right.

    Parameters
    ----------
    pairs
        Confidence in [0, 1], and whether the value is right.
    n_bins
        Intervals of equal width; a confidence on an edge belongs to the upper one, 1 to the last.

    Raises
    ------
    ValueError
        If a confidence is not in [0, 1], or `n_bins` is less than 1.

    Examples
    --------
    >>> found = calibration([(0.9, True), (0.9, True), (0.2, False)])
    >>> round(found.expected_error, 3), found.aurc
    (0.133, 0.1111111111111111)
    """
    confidences = np.array([confidence for confidence, _ in pairs], dtype=np.float64)
    right = np.array([is_right for _, is_right in pairs], dtype=np.float64)
    if n_bins < 1 or not np.all((confidences >= 0) & (confidences <= 1)):
        raise ValueError("confidences are in [0, 1], and there is at least one bin")
    if not len(confidences):
        return Calibration(bins=(), expected_error=0.0, brier=0.0, coverage=(), risk=(), aurc=0.0)
    bins = _bins(confidences, right, n_bins)
    coverage, risk, aurc = _risk_coverage(confidences, right)
    return Calibration(
        bins=bins,
        expected_error=sum(b.n * abs(b.accuracy - b.confidence) for b in bins) / len(confidences),
        brier=float(np.mean((confidences - right) ** 2)),
        coverage=coverage,
        risk=risk,
        aurc=aurc,
    )


def _bins(confidences: Floats, right: Floats, n_bins: int) -> tuple[Bin, ...]:
    places = np.minimum((confidences * n_bins).astype(np.int64), n_bins - 1)
    return tuple(
        Bin(
            n=int(inside.sum()),
            confidence=float(confidences[inside].mean()),
            accuracy=float(right[inside].mean()),
        )
        for place in range(n_bins)
        if (inside := places == place).any()
    )


def _risk_coverage(confidences: Floats, right: Floats) -> tuple[tuple[float, ...], tuple[float, ...], float]:
    """Return coverage and risk at each distinct confidence, and the mean risk over all values."""
    distinct, inverse, counts = np.unique(-confidences, return_inverse=True, return_counts=True)
    wrong = np.bincount(inverse, weights=1 - right, minlength=len(distinct))
    covered = np.cumsum(counts)
    risk = np.cumsum(wrong) / covered
    share = counts / len(confidences)
    return tuple((covered / len(confidences)).tolist()), tuple(risk.tolist()), float(np.sum(risk * share))
