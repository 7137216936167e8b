"""A guard tells a run that has left its start from one that is only noisy."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import pytest

from schemas.errors import TrainingDivergedError
from training.divergence import DivergenceGuard


def watched(losses: Iterable[float], guard: DivergenceGuard | None = None) -> DivergenceGuard:
    seen = guard or DivergenceGuard()
    for loss in losses:
        seen = seen.after(loss)
    return seen


def n_survived(losses: Iterable[float], guard: DivergenceGuard) -> int | None:
    """Return after how many losses the guard stops, or None if it does not."""
    for i, loss in enumerate(losses):
        try:
            guard = guard.after(loss)
        except TrainingDivergedError:
            return i + 1
    return None


def test_a_run_that_left_its_base_is_stopped_within_its_first_twenty_steps() -> None:
    # What a rate that jumped did to a pretrained base: 0.63 in the first step, 13 to 20 from the fifth on.
    losses = [0.63, 0.95, 10.5, 12.0, 13.0, 20.0, 17.0, *[9.0] * 40]
    # Too high from the third loss on, in ten steps on end: 3 + 10 - 1.
    assert n_survived(losses, DivergenceGuard()) == 12


def test_a_noisy_run_goes_on() -> None:
    rng = random.Random(0)
    losses = [0.8 * math.exp(-i / 100) * rng.lognormvariate(0, 0.5) for i in range(500)]
    assert max(losses) > 1.5  # single steps are far above the start
    assert n_survived(losses, DivergenceGuard()) is None


def test_one_bad_step_is_forgiven() -> None:
    assert n_survived([0.7, 0.7, 0.7, 30.0, *[0.7] * 30], DivergenceGuard(patience=20)) is None


def test_what_comes_back_is_counted_anew() -> None:
    guard = watched([0.5, 5.0, 5.0], DivergenceGuard(patience=3, n_smoothed=1))
    assert guard.n_above == 2
    guard = guard.after(0.5)
    assert guard.n_above == 0
    assert watched([5.0, 5.0], guard).n_above == 2


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_no_number_stops_at_once(loss: float) -> None:
    with pytest.raises(TrainingDivergedError, match=str(loss)):
        watched([0.5, loss])


def test_the_error_says_how_far_and_what_to_do() -> None:
    with pytest.raises(TrainingDivergedError, match=r"0\.50: 3\.00, too high in 1") as raised:
        watched([0.5, 3.0], DivergenceGuard(patience=1, n_smoothed=1))
    assert raised.value.code == "training_diverged"
    assert raised.value.hint


def test_losses_are_smoothed_from_the_start() -> None:
    # 1, then 1 + (3 - 1) / 4 = 1.5, then 1.5 + (3 - 1.5) / 4 = 1.875
    assert watched([1.0, 3.0, 3.0], DivergenceGuard(n_smoothed=4, margin=9.0)).smoothed == 1.875


def test_the_start_is_the_mean_of_the_first_losses_unless_the_first_is_lower() -> None:
    guard = DivergenceGuard(n_start=3, margin=99.0)
    assert guard.start is None
    assert watched([0.9, 0.6, 0.3, 7.0], guard).start == pytest.approx(0.6)  # (0.9 + 0.6 + 0.3) / 3
    assert watched([0.3, 0.6, 0.9, 7.0], guard).start == 0.3


def test_a_guard_that_was_saved_goes_on() -> None:
    guard = watched([0.5, 4.0, 4.0])
    saved: dict[str, Any] = json.loads(json.dumps(asdict(guard)))
    losses = tuple(saved.pop("losses"))
    assert DivergenceGuard(losses=losses, **saved) == guard


@pytest.mark.parametrize(
    "settings", [{"margin": -0.1}, {"margin": math.nan}, {"patience": 0}, {"n_start": 0}, {"n_smoothed": 0}]
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="at least"):
        DivergenceGuard(**settings)
