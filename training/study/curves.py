"""The study's outcomes as curves of the loss over the learning rate, and means with intervals over seeds."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from schemas.errors import InputError
from training.study.grid import DEPTHS, PROXY_RANK, WIDTHS
from training.study.trial import Outcome, Trial

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A mean over seeds with its 95 % interval by Student's t; no interval of one seed."""

    mean: float
    n: int
    half_width: float | None = None

    def __str__(self) -> str:
        if self.half_width is None:
            return f"{self.mean:.3f}"
        return f"{self.mean:.3f} ± {self.half_width:.3f}"


def estimate(values: Sequence[float]) -> Estimate:
    """Return the mean and its interval; infinite as soon as one value is."""
    mean, n = float(np.mean(values)), len(values)
    if n < 2 or not math.isfinite(mean):
        return Estimate(mean=mean, n=n)
    return Estimate(mean=mean, n=n, half_width=_quantile(n) * float(np.std(values, ddof=1)) / math.sqrt(n))


@lru_cache
def _quantile(n: int) -> float:
    """Return Student's t of the interval over `n` seeds; SciPy takes milliseconds for each."""
    from scipy.stats import t

    return float(t.ppf(0.5 + CONFIDENCE / 2, n - 1))  # pyright: ignore[reportUnknownMemberType]


# Losses of one configuration by learning rate and seed.
Curve = Mapping[float, Mapping[int, float]]


def curves(outcomes: Iterable[Outcome]) -> dict[Trial, Curve]:
    """Return the validation losses of each configuration; its key is a trial with rate and seed 0."""
    found: dict[Trial, dict[float, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
    for outcome in outcomes:
        trial = outcome.trial
        found[replace(trial, lr=0.0, seed=0)][trial.lr][trial.seed] = outcome.val_loss
    return {key: dict(sorted(curve.items())) for key, curve in found.items()}


def best_lr(curve: Curve) -> float:
    """Return the rate of the lowest mean loss among those with the most seeds; of equals the lower one."""
    most = max(len(losses) for losses in curve.values())
    rates = [lr for lr, losses in curve.items() if len(losses) == most]
    return min(rates, key=lambda lr: (sum(curve[lr].values()) / most, lr))


def best_shared_lr(curve: Curve, other: Curve) -> float:
    """Return the rate of the curve's lowest mean loss among those that the other was tried at too.

    Raises
    ------
    InputError
        If they share no rate.
    """
    shared = {lr: losses for lr, losses in curve.items() if lr in other}
    if not shared:
        raise InputError("two configurations of the study share no rate")
    return best_lr(shared)


def difference(a: Mapping[int, float], b: Mapping[int, float]) -> Estimate:
    """Return the mean of a - b over the seeds that both have.

    Raises
    ------
    InputError
        If they share no seed.
    """
    shared = sorted(a.keys() & b.keys())
    if not shared:
        raise InputError("two configurations of the study share no seed")
    return estimate([a[seed] - b[seed] for seed in shared])


def key_of(method: str, rank: int | None, **size: float) -> Trial:
    """Return the key of a configuration in `curves`."""
    return Trial(method=method, rank=rank, lr=0.0, seed=0, **size)  # type: ignore[arg-type]


DENSE = key_of("muon", None)
PROXY = key_of("lora_muon", PROXY_RANK)

SIZES: dict[str, dict[str, int]] = {
    **{f"width {width}": {"width": width} for width in WIDTHS},
    **{f"depth {depth}": {"depth": depth} for depth in DEPTHS},
}


def signed(found: Estimate) -> str:
    """Return a difference with its sign and interval."""
    interval = "" if found.half_width is None else f" ± {found.half_width:.4f}"
    return f"{found.mean:+.4f}{interval}"


def tied(curve: Curve) -> tuple[float, ...]:
    """Return the rates that cannot be told from the best: the interval of the difference holds 0."""
    best = best_lr(curve)
    return tuple(
        lr for lr, losses in curve.items() if lr == best or _holds_zero(difference(losses, curve[best]))
    )


def _holds_zero(found: Estimate) -> bool:
    return found.half_width is not None and abs(found.mean) <= found.half_width
