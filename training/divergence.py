"""When a run has left its start: what was known before is lost, and what follows is learned anew."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from schemas.errors import TrainingDivergedError


@dataclass(frozen=True, slots=True, kw_only=True)
class DivergenceGuard:
    """Watches the losses of a run that begins from something worth keeping, such as a pretrained base.

    The start is the mean of the first `n_start` losses, or the first one alone where that is lower: a run may
    leave its start within them. The losses after it are smoothed,

        s ← β s + (1 - β) loss,    β = 1 - 1 / n_smoothed, from s = start,

    and the run has left its start when s is above it by more than `margin` in `patience` steps on end, or
    when a loss is not finite.

    Parameters
    ----------
    margin
        In nats, at least 0.
    patience, n_start, n_smoothed
        In steps, at least 1.
    losses
        The first `n_start` losses; a guard begins without any.
    smoothed
        s; None before there is a loss.
    n_above
        Steps on end in which s was too high.

    Raises
    ------
    ValueError
        If a setting is out of its range.

    Examples
    --------
    >>> guard = DivergenceGuard(patience=2, n_smoothed=1)
    >>> for loss in (0.6, 0.7, 13.0):
    ...     guard = guard.after(loss)
    >>> guard.after(14.0)
    Traceback (most recent call last):
    ...
    schemas.errors.TrainingDivergedError: the loss left its start of 0.60: 14.00, too high in 2 steps on end
    """

    margin: float = 1.0
    patience: int = 10
    n_start: int = 5
    n_smoothed: int = 5
    losses: tuple[float, ...] = ()
    smoothed: float | None = None
    n_above: int = 0

    def __post_init__(self) -> None:
        if not self.margin >= 0 or min(self.patience, self.n_start, self.n_smoothed) < 1:
            raise ValueError("a guard needs a margin of at least 0, and spans of at least one step")

    @property
    def start(self) -> float | None:
        """Return the loss that the run began with, in nats; None before there is one."""
        return _start(self.losses) if self.losses else None

    def after(self, loss: float) -> DivergenceGuard:
        """Return the guard that has also seen `loss`.

        Raises
        ------
        TrainingDivergedError
            If the run has left its start with it.
        """
        if not math.isfinite(loss):
            raise TrainingDivergedError(f"the loss is {loss}", hint=_HINT)
        losses = self.losses if len(self.losses) == self.n_start else (*self.losses, loss)
        last = loss if self.smoothed is None else self.smoothed
        smoothed = last + (loss - last) / self.n_smoothed
        start = _start(losses)
        n_above = self.n_above + 1 if smoothed > start + self.margin else 0
        if n_above == self.patience:
            raise TrainingDivergedError(
                f"the loss left its start of {start:.2f}: {smoothed:.2f}, too high in {n_above} steps on end",
                hint=_HINT,
            )
        return replace(self, losses=losses, smoothed=smoothed, n_above=n_above)


def _start(losses: tuple[float, ...]) -> float:
    return min(losses[0], sum(losses) / len(losses))


_HINT = "start again with a lower rate, or with an optimizer whose steps are bounded"
