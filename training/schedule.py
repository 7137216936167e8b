"""The learning rate over a run: warm-up, plateau, cool-down."""

# torch is typed in part only
# pyright: reportUnknownMemberType=false
from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from torch.optim import Optimizer

Shape = Literal["linear", "cosine"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The factor of every learning rate, by the share p of the run that is over, in [0, 1].

        factor(p) = max(least, min(warm(p), end + (1 - end) cool(p)))
        warm(p)   = min(1, p / w)
        cool(p)   = min(1, (1 - p) / c)                       if linear
                  = (1 + cos(π max(0, p - (1 - c)) / c)) / 2  if cosine

    with w `warmup_share` and c `cooldown_share`: it rises from 0 in the first share of the run, stays at 1,
    and falls to `end` in the last. Where a share is 0, that part is left out. It is never under `least`.

    Raises
    ------
    ConfigurationError
        If a share, `end` or `least` is not in [0, 1].

    Examples
    --------
    >>> trapezoid = Schedule(warmup_share=0.1, cooldown_share=0.4)
    >>> [trapezoid.factor(p) for p in (0.05, 0.3, 0.8, 1.0)]
    [0.5, 1.0, 0.4999999999999999, 0.0]
    """

    warmup_share: float = 0.0
    cooldown_share: float = 0.0
    cooldown: Shape = "linear"
    end: float = 0.0
    least: float = 0.0

    def __post_init__(self) -> None:
        for name in ("warmup_share", "cooldown_share", "end", "least"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ConfigurationError(f"{name} of a learning rate is in [0, 1], not {getattr(self, name)}")

    def factor(self, progress: float) -> float:
        """Return the factor in [0, 1] where a share of `progress`, in [0, 1], of the run is over."""
        warm = min(1.0, progress / self.warmup_share) if self.warmup_share else 1.0
        return max(self.least, min(warm, self.end + (1.0 - self.end) * self._cool(progress)))

    def _cool(self, progress: float) -> float:
        if not self.cooldown_share:
            return 1.0
        if self.cooldown == "linear":
            return min(1.0, (1.0 - progress) / self.cooldown_share)
        spent = max(0.0, progress - (1.0 - self.cooldown_share)) / self.cooldown_share
        return 0.5 * (1.0 + math.cos(math.pi * spent))


def note_rates(optimizers: Iterable[Optimizer]) -> None:
    """Note each group's own rate, which `scale_rates` multiplies; checkpoints keep it."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["initial_lr"] = group["lr"]


def scale_rates(optimizers: Iterable[Optimizer], factor: float) -> None:
    """Set every group's rate to `factor` times its own."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"] * factor
