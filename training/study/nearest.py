"""Which trials later seeds need: where they can change a best rate, or a comparison is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from training.study.curves import Curve, best_lr, curves
from training.study.trial import Outcome, Trial


def near_best(trials: Sequence[Trial], outcomes: Sequence[Outcome]) -> tuple[Trial, ...]:
    """Return the trials at each configuration's best rates so far and at the rates beside them.

    The best rates are the first seed's and that of all seeds; those of a configuration with rescaled factors
    are its plain one's too, as they are compared there. All trials of the first seed stay, and those of a
    configuration of which that seed has not every trial yet. With more outcomes the answer may grow: ask
    until it does not.
    """
    first = min(trial.seed for trial in trials)
    found = curves(outcomes)
    rates: dict[Trial, set[float]] = {}
    for trial in trials:
        if trial.seed == first:
            rates.setdefault(_key(trial), set()).add(trial.lr)

    def stays(trial: Trial) -> bool:
        key = _key(trial)
        tried = rates.get(key, set[float]())
        if trial.seed == first or any(first not in found.get(key, {}).get(lr, {}) for lr in tried):
            return True
        wanted = _near(found[key], tried, first) | _near(
            found.get(replace(key, rescaling=1.0), {}), tried, first
        )
        return trial.lr in wanted

    return tuple(trial for trial in trials if stays(trial))


def run_near_best(
    trials: Sequence[Trial], run: Callable[[Sequence[Trial]], Sequence[Outcome]]
) -> Sequence[Outcome]:
    """Run the first seed, then what `near_best` asks for until it asks no more, and return all outcomes.

    `run` runs those that it has no outcome of, and returns the outcomes of all that it ever ran.
    """
    first = min(trial.seed for trial in trials)
    outcomes, n_before = run([trial for trial in trials if trial.seed == first]), -1
    while len(outcomes) > n_before:  # nor does a run that was stopped add any
        n_before = len(outcomes)
        outcomes = run(near_best(trials, outcomes))
    return outcomes


def _key(trial: Trial) -> Trial:
    return replace(trial, lr=0.0, seed=0)


def _near(curve: Curve, tried: set[float], first: int) -> set[float]:
    """Return the curve's best rates and those of `tried` beside them."""
    of_first: Mapping[float, Mapping[int, float]] = {
        lr: {first: losses[first]} for lr, losses in curve.items() if lr in tried and first in losses
    }
    if not of_first:
        return set()
    grid = sorted(tried)
    places = {grid.index(best_lr(of_first)), grid.index(best_lr({lr: curve[lr] for lr in of_first}))}
    return {lr for i, lr in enumerate(grid) if any(abs(i - place) <= 1 for place in places)}
