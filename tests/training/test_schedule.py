"""The learning rate's course: its parts, and that of every training, to the last bit."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch

from schemas.errors import ConfigurationError
from training.house import HouseConfig
from training.schedule import Schedule, note_rates, scale_rates
from training.sft.run import SftConfig
from training.study.trial import SCHEDULE

# Shares of runs of several lengths, the very beginning and end included.
PROGRESS = sorted({step / n for n in (1, 7, 53, 980, 1000) for step in range(n + 1)})
SHARES = (0.01, 0.05, 0.1, 0.15, 0.3, 0.4, 0.7)


def trapezoid(warm: float, cool: float) -> Callable[[float], float]:
    """Return the house model's rate: warm-up, plateau, linear to 0."""
    return lambda p: max(0.0, min(1.0, p / warm if warm else 1.0, (1.0 - p) / cool if cool else 1.0))


def triangle(warm: float) -> Callable[[float], float]:
    """Return an adapter's rate: warm-up, then linear to a fiftieth."""
    return lambda p: max(0.02, p / warm if p < warm else (1 - p) / (1 - warm))


def cosine(p: float) -> float:
    """Return the study's rate: a cosine from 1 to a tenth."""
    return 0.1 + (1 - 0.1) * 0.5 * (1 + math.cos(math.pi * p))


@pytest.mark.parametrize("warm", [0.0, *SHARES])
@pytest.mark.parametrize("cool", [0.0, *SHARES])
def test_the_house_models_rate_is_a_trapezoid(warm: float, cool: float) -> None:
    schedule = HouseConfig(warmup_share=warm, cooldown_share=cool).schedule
    assert [schedule.factor(p) for p in PROGRESS] == [trapezoid(warm, cool)(p) for p in PROGRESS]


@pytest.mark.parametrize("warm", [0.0, *SHARES])
def test_an_adapters_rate_is_a_triangle_that_is_never_nothing(warm: float) -> None:
    schedule = SftConfig(warmup_share=warm).schedule
    at = [*PROGRESS, warm, math.nextafter(warm, 1.0), max(0.0, math.nextafter(warm, -1.0))]
    assert [schedule.factor(p) for p in at] == [triangle(warm)(p) for p in at]


def test_the_studys_rate_is_a_cosine() -> None:
    assert [SCHEDULE.factor(p) for p in PROGRESS] == [cosine(p) for p in PROGRESS]


def test_a_cosine_may_begin_late_and_end_low() -> None:
    schedule = Schedule(cooldown_share=0.5, cooldown="cosine", end=0.2)
    # half-way down the cosine is 1/2: 0.2 + 0.8 / 2
    assert [schedule.factor(p) for p in (0.0, 0.5, 0.75, 1.0)] == pytest.approx([1.0, 1.0, 0.6, 0.2])


def test_without_parts_the_rate_stays() -> None:
    assert {Schedule().factor(p) for p in PROGRESS} == {1.0}


@pytest.mark.parametrize("progress", [1.0, 1.5, 100.0])
def test_after_its_end_a_rate_is_the_least(progress: float) -> None:
    assert Schedule(cooldown_share=0.4, least=0.1).factor(progress) == 0.1
    assert Schedule(cooldown_share=0.4).factor(progress) == 0.0


@pytest.mark.parametrize("name", ["warmup_share", "cooldown_share", "end", "least"])
@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan])
def test_what_is_no_share_is_refused(name: str, value: float) -> None:
    with pytest.raises(ConfigurationError, match=name):
        Schedule(**{name: value})  # type: ignore[arg-type]


def test_rates_are_scaled_from_their_own_value_every_time() -> None:
    groups = [
        {"params": [torch.zeros(1, requires_grad=True)], "lr": 0.1},
        {"params": [torch.zeros(1, requires_grad=True)], "lr": 0.4},
    ]
    optimizers = [torch.optim.SGD(groups)]
    note_rates(optimizers)
    for factor in (0.5, 0.25):
        scale_rates(optimizers, factor)
    assert [group["lr"] for group in optimizers[0].param_groups] == [0.1 * 0.25, 0.4 * 0.25]
