"""How much needs no look: the share of values or documents that passes at a tolerated share of errors.

See docs/metrics/calibration.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.resampling import Interval

N_RESAMPLES = 500  # a table of thirty intervals takes two seconds
MAX_ERRORS = (0.005, 0.01, 0.02)

Floats = NDArray[np.float64]
# (confidence in [0, 1], whether right) of each value of one document.
Judged = Sequence[tuple[float, bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StraightThrough:
    """The share in [0, 1] that passes, and its interval over documents; both None where there is nothing."""

    max_error: float
    share: float | None
    interval: Interval | None


def values_through(
    documents: Sequence[Judged], max_error: float, *, n_resamples: int = N_RESAMPLES, seed: int = 0
) -> StraightThrough:
    """Return the largest share of the surest values of which no more than `max_error` are wrong.

    Of the risk-coverage curve it is the largest coverage whose risk is at most `max_error`: the threshold is
    chosen with hindsight. Values of equal confidence pass together. The interval (95 %) is the percentile
    bootstrap's over documents, the threshold chosen anew for each draw.

    Examples
    --------
    >>> values_through([[(0.9, True), (0.8, True)], [(0.7, False)]], 0.01).share
    0.6666666666666666
    """
    units = [
        _Unit(document=i, confidence=confidence, n_values=1, n_wrong=int(not right))
        for i, judged in enumerate(documents)
        for confidence, right in judged
    ]
    return _through(units, len(documents), max_error, n_resamples, seed)


def documents_through(
    documents: Sequence[Judged], max_error: float, *, n_resamples: int = N_RESAMPLES, seed: int = 0
) -> StraightThrough:
    """Return the largest share of documents that pass whole, with no more than `max_error` wrong values.

    A document is as sure as the least sure of its values; what is wrong is counted in values, of all
    documents that pass. Documents without a value are left out.
    """
    units = [
        _Unit(
            document=i,
            confidence=min(confidence for confidence, _ in judged),
            n_values=len(judged),
            n_wrong=sum(not right for _, right in judged),
        )
        for i, judged in enumerate(documents)
        if judged
    ]
    return _through(units, len(documents), max_error, n_resamples, seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unit:
    """What passes or does not: a value, or a document with all of its values."""

    document: int
    confidence: float
    n_values: int
    n_wrong: int


def _through(
    units: Sequence[_Unit], n_documents: int, max_error: float, n_resamples: int, seed: int
) -> StraightThrough:
    if not 0 <= max_error <= 1 or n_resamples < 1:
        raise ValueError(f"an error is in [0, 1] and there is a resample, got {max_error} and {n_resamples}")
    if not units:
        return StraightThrough(max_error=max_error, share=None, interval=None)
    ordered = sorted(units, key=lambda unit: -unit.confidence)
    confidences = np.array([unit.confidence for unit in ordered])
    ends = np.append(confidences[1:] != confidences[:-1], True)
    table = np.array([(1.0, unit.n_values, unit.n_wrong) for unit in ordered])
    of_document = np.array([unit.document for unit in ordered])
    rng = np.random.default_rng(seed)
    draws = [
        _share(
            table * rng.multinomial(n_documents, np.full(n_documents, 1 / n_documents))[of_document, None],
            ends,
            max_error,
        )
        for _ in range(n_resamples)
    ]
    low, high = np.quantile(draws, [0.025, 0.975])
    return StraightThrough(
        max_error=max_error,
        share=_share(table, ends, max_error),
        interval=Interval(low=float(low), high=float(high)),
    )


def _share(table: Floats, ends: NDArray[np.bool_], max_error: float) -> float:
    """Return the share of units, surest first, in the longest run of at most `max_error` wrong values.

    `table` is (units, 3): units, values and wrong values, weighted; `ends` says where a run may end.
    """
    n_units, n_values, n_wrong = np.cumsum(table, axis=0).T
    # A run of no weight has nothing wrong, and nothing in it.
    enough = ends & (n_wrong <= max_error * n_values + 1e-9)
    return float(n_units[enough][-1] / n_units[-1]) if enough.any() and n_units[-1] else 0.0
