"""How sure a micro F1 is, and whether two runs differ: documents resampled, their counts added up.

A document is the unit that was sampled: its fields stand or fall together, so that fields are never resampled
one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.f_scores import Counts
from schemas.errors import EvaluationError

N_RESAMPLES = 10_000
_BLOCK = 2**22  # weights held at a time, 32 MB

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """From `low` to `high`, at a confidence level in (0, 1)."""

    low: float
    high: float
    level: float = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How much higher the second F1 is than the first, its interval, and the p-value of no difference."""

    value: float
    interval: Interval
    p_value: float


def f1_interval(
    documents: Sequence[Counts], *, level: float = 0.95, n_resamples: int = N_RESAMPLES, seed: int = 0
) -> Interval:
    """Return the percentile bootstrap interval of the micro F1 over documents.

    Documents are drawn with replacement, `n_resamples` times; the interval is between the (1 - level) / 2
    and (1 + level) / 2 quantiles of the F1 of the draws. One document, or none, gives an interval without
    width. Ten documents or fewer give intervals that are too narrow, as of every bootstrap.

    Raises
    ------
    ValueError
        If the level is not in (0, 1), or `n_resamples` is less than 1.
    """
    _check(level, n_resamples)
    table = _table(documents)
    draws = np.concatenate([_f1(weights @ table) for weights in _draws(len(table), n_resamples, seed)])
    return _quantiles(draws, level)


def f1_difference(
    first: Sequence[Counts],
    second: Sequence[Counts],
    *,
    level: float = 0.95,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> Difference:
    """Return the paired difference of two runs on the same documents: micro F1 of `second` less `first`.

    The interval is the paired bootstrap's (both runs on the same draws). The p-value is that of approximate
    randomisation (Noreen 1989; Yeh 2000): if the runs do not differ, exchanging their results on any
    documents changes nothing, so

        p = (1 + number of random exchanges with a difference at least as large) / (n_resamples + 1).

    Raises
    ------
    EvaluationError
        If the runs have different numbers of documents.
    ValueError
        As of `f1_interval`.
    """
    _check(level, n_resamples)
    if len(first) != len(second):
        raise EvaluationError(f"runs of {len(first)} and {len(second)} documents cannot be paired")
    ours, theirs = _table(first), _table(second)
    value = float(_f1(theirs.sum(axis=0)) - _f1(ours.sum(axis=0)))
    draws = np.concatenate(
        [_f1(weights @ theirs) - _f1(weights @ ours) for weights in _draws(len(ours), n_resamples, seed)]
    )
    extreme = 0
    for swaps in _swaps(len(ours), n_resamples, seed):
        moved = swaps @ (theirs - ours)
        delta = _f1(theirs.sum(axis=0) - moved) - _f1(ours.sum(axis=0) + moved)
        extreme += int(np.sum(np.abs(delta) >= abs(value) - 1e-12))
    return Difference(
        value=value, interval=_quantiles(draws, level), p_value=(1 + extreme) / (n_resamples + 1)
    )


def _check(level: float, n_resamples: int) -> None:
    if not 0 < level < 1 or n_resamples < 1:
        raise ValueError(f"need 0 < level < 1 and a resample, got {level} and {n_resamples}")


def _table(documents: Sequence[Counts]) -> Floats:
    """Return (documents, 3): score, predicted, gold."""
    rows = [(one.score, one.n_pred, one.n_gold) for one in documents]
    return np.array(rows, dtype=np.float64).reshape(len(rows), 3)


def _f1(sums: Floats) -> Floats:
    both = sums[..., 1] + sums[..., 2]
    return np.divide(2 * sums[..., 0], both, out=np.ones_like(both), where=both > 0)


def _draws(n: int, n_resamples: int, seed: int) -> Iterator[Floats]:
    """Yield blocks (draws, n): how often each document is in each draw."""
    rng = np.random.default_rng(seed)
    for size in _blocks(n, n_resamples):
        if n == 0:
            yield np.zeros((size, 0))
        else:
            yield rng.multinomial(n, np.full(n, 1 / n), size=size).astype(np.float64)


def _swaps(n: int, n_resamples: int, seed: int) -> Iterator[Floats]:
    rng = np.random.default_rng(seed + 1)
    for size in _blocks(n, n_resamples):
        yield rng.integers(0, 2, size=(size, n)).astype(np.float64)


def _blocks(n: int, n_resamples: int) -> Iterator[int]:
    step = max(1, _BLOCK // max(n, 1))
    for start in range(0, n_resamples, step):
        yield min(step, n_resamples - start)


def _quantiles(draws: Floats, level: float) -> Interval:
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return Interval(low=float(low), high=float(high), level=level)
