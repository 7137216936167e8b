"""What optimizers of LoRA pairs share: groups of pairs, momenta, decay; each adds only its directions."""

# torch is typed in part only, and matrices keep the capitals of the papers
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportConstantRedefinition=false, reportPrivateUsage=false, reportPrivateImportUsage=false
from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import torch
from torch import Tensor

from training.param_groups import LoRAPair

_MOMENTUM = "momentum_buffer"


class PairOptimizer(torch.optim.Optimizer):
    """A step on every pair (A, B) of its groups.

    With gradients G, momenta M, factors F of shape (r, k) (A as it is and B transposed), and directions D
    that the subclass gives:

        M ← β M + (1 - β) G
        F ← s F - (η / c) D / s,    s = √(1 - λ η)

    The decay is split evenly over the factors: B A shrinks by exactly 1 - λ η and the first-order part of
    the step, D_Bᵀ A + B D_A, comes through undiluted. c is the pair's scale, so that η is a length of W.
    All directions are taken at the old factors.

    Momenta and arithmetic are float32 (float64 for float64 factors), whatever the factors are stored in;
    the result is rounded once.

    A subclass that moves its factors in another order overrides `_move`.

    Parameters
    ----------
    pairs
        Of `lora_pairs`, or groups of them: mappings with "pairs" and the settings that differ.
    lr
        η: a float, or a tensor without dimensions, which spares `torch.compile` a recompilation at every
        change. At least 0.
    momentum
        β in [0, 1), an exponential mean without bias correction.
    weight_decay
        λ, with λ η < 1; it pulls B A towards 0, never W₀.
    settings
        What a subclass's groups have beside these.

    Raises
    ------
    ValueError
        If a setting is out of its range, or there is no pair.
    """

    def __init__(
        self,
        pairs: Iterable[LoRAPair] | Iterable[dict[str, Any]],
        *,
        lr: float | Tensor,
        momentum: float = 0.9,
        weight_decay: float = 0.01,
        **settings: Any,  # noqa: ANN401
    ) -> None:
        given = list(pairs)
        is_grouped = bool(given) and isinstance(given[0], dict)
        groups = cast("list[dict[str, Any]]", given if is_grouped else [{"pairs": given}])
        super().__init__(groups, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay, **settings})

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a mapping with "pairs" (of `lora_pairs`) and settings of its own.

        Raises
        ------
        ValueError
            If it holds no pair, or a setting is out of its range.
        """
        group = dict(param_group)
        pairs: Sequence[LoRAPair] = tuple(group.pop("pairs", ()))
        if not pairs:
            raise ValueError("a group needs at least one LoRA pair")
        group["params"] = [factor for pair in pairs for factor in (pair.A, pair.B)]
        group["scales"] = [pair.scale for pair in pairs]
        _check({**self.defaults, **group})
        super().add_param_group(group)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over the state of an optimizer of the same pairs; momenta stay in float32."""
        super().load_state_dict(state_dict)  # casts them to the factors' dtype
        params = [p for group in self.param_groups for p in group["params"]]
        for index, saved in state_dict["state"].items():
            p = params[index]
            for key, value in saved.items():
                self.state[p][key] = value.detach().clone().to(p.device)

    @abstractmethod
    def _directions(
        self, factors: Sequence[Tensor], momenta: Sequence[Tensor], params: Sequence[Tensor]
    ) -> list[Tensor]:
        """Return the direction of each factor, in units of η in W-space.

        Parameters
        ----------
        factors, momenta
            A₀, B₀ᵀ, A₁, B₁ᵀ, …: each (r, k), of one rank r.
        params
            The parameters behind them, which are the keys of `self.state`.
        """

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # noqa: ANN401
        """Take one step; pairs without gradients are left alone.

        Returns
        -------
        Any
            What `closure` returned, or None without one.

        Raises
        ------
        ValueError
            If only one factor of a pair has a gradient: no step on a half-frozen pair is defined.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            self._step_group(group)
        return loss

    def _step_group(self, group: dict[str, Any]) -> None:
        by_rank: dict[tuple[Any, ...], list[tuple[Tensor, Tensor, float]]] = {}
        pairs = zip(group["params"][::2], group["params"][1::2], group["scales"], strict=True)
        for A, B, scale in pairs:
            if (A.grad is None) != (B.grad is None):
                raise ValueError("one factor of a LoRA pair has a gradient and the other has none")
            if A.grad is not None:
                by_rank.setdefault((A.shape[0], A.dtype, A.device), []).append((A, B, scale))
        for alike in by_rank.values():
            with torch.autocast(alike[0][0].device.type, enabled=False):
                self._step_alike(alike, group)

    def _step_alike(self, pairs: Sequence[tuple[Tensor, Tensor, float]], group: dict[str, Any]) -> None:
        params = [factor for A, B, _ in pairs for factor in (A, B)]
        dtype = torch.float64 if params[0].dtype == torch.float64 else torch.float32
        momenta = self._advance_momenta(params, group["momentum"], dtype)
        lr = group["lr"]
        if not isinstance(lr, Tensor):
            _check(group)  # a scheduler may have set it
        keep = (1.0 - group["weight_decay"] * lr) ** 0.5  # s
        self._move(params, momenta, [scale for _, _, scale in pairs], keep, group)

    def _move(
        self,
        params: Sequence[Tensor],
        momenta: Sequence[Tensor],
        scales: Sequence[float],
        keep: float | Tensor,
        group: dict[str, Any],
    ) -> None:
        """Decay and move A₀, B₀, A₁, B₁, …, all at once; `scales` has one entry a pair, `keep` is s."""
        work = in_precision(params, momenta[0].dtype)
        directions = self._directions(_row_form(work), _row_form(momenta), params)
        sizes = [group["lr"] / (scale * keep) for scale in scales for _ in (0, 1)]
        torch._foreach_mul_(work, keep)
        # _row_form turns the directions of B back to (m, r).
        steps = torch._foreach_mul(_row_form(directions), sizes)
        torch._foreach_sub_(work, steps)
        store(params, work)

    def _advance_momenta(self, params: list[Tensor], beta: float, dtype: torch.dtype) -> list[Tensor]:
        for p in params:
            if _MOMENTUM not in self.state[p]:
                self.state[p][_MOMENTUM] = torch.zeros_like(p, dtype=dtype)
        momenta: list[Tensor] = [self.state[p][_MOMENTUM] for p in params]
        grads = [cast("Tensor", p.grad).to(dtype) for p in params]
        torch._foreach_lerp_(momenta, grads, 1.0 - beta)
        return momenta


def in_precision(params: Sequence[Tensor], dtype: torch.dtype) -> list[Tensor]:
    """Return the factors in the arithmetic's dtype: themselves where they are stored in it, else copies."""
    return [p if p.dtype == dtype else p.to(dtype) for p in params]


def store(params: Sequence[Tensor], work: Sequence[Tensor]) -> None:
    """Round what `in_precision` copied back into the factors."""
    for p, value in zip(params, work, strict=True):
        if p is not value:
            p.copy_(value)


def by_length(factors: Sequence[Tensor]) -> list[list[int]]:
    """Return the indices of the factors of each length k, in order: those of one can be stacked."""
    groups: dict[int, list[int]] = {}
    for i, factor in enumerate(factors):
        groups.setdefault(factor.shape[1], []).append(i)
    return list(groups.values())


def _row_form(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Return every second tensor transposed: A (r, n) and B (m, r) become rows of one rank, and back."""
    return [tensor.mT if i % 2 else tensor for i, tensor in enumerate(tensors)]


def _check(settings: dict[str, Any]) -> None:
    lr, momentum, weight_decay = (float(settings[key]) for key in ("lr", "momentum", "weight_decay"))
    if not 0.0 <= lr < float("inf"):
        raise ValueError(f"lr must be at least 0 and finite, not {lr}")
    if not 0.0 <= momentum < 1.0:
        raise ValueError(f"momentum must be in [0, 1), not {momentum}")
    if not 0.0 <= weight_decay * lr < 1.0:
        raise ValueError(f"weight_decay * lr must be in [0, 1), not {weight_decay} * {lr}")
