"""The linear layers of a block with their factors, those of one input at once."""

# torch is typed in part only, and matrices keep the capitals of the papers
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportConstantRedefinition=false, reportIncompatibleMethodOverride=false
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor
from torch.autograd import Function

from training.param_groups import LoRAPair


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapted:
    """Linear layers that see the same input, one weight below the other, each with its factors or none.

    Attributes
    ----------
    W
        (Σ mᵢ, n), frozen, in the dtype of the arithmetic.
    sizes
        The mᵢ.
    pairs
        One for each layer; None where a layer is not adapted.
    """

    W: Tensor
    sizes: tuple[int, ...]
    pairs: tuple[LoRAPair | None, ...]

    def __call__(self, x: Tensor) -> Tensor:
        """Map (t, n) to (t, Σ mᵢ): x Wᵢᵀ + cᵢ (x Aᵢᵀ) Bᵢᵀ side by side."""
        adapters: list[_Place] = []
        factors: list[Tensor] = []
        column = row = 0
        for m, pair in zip(self.sizes, self.pairs, strict=True):
            if pair is not None:
                r = pair.rank
                adapters.append((slice(column, column + m), slice(row, row + r), pair.scale))
                factors += [pair.A, pair.B]
                row += r
            column += m
        if not factors:
            return x @ self.W.mT
        return cast("Tensor", _Projection.apply(x, self.W, adapters, *factors))


# Of one adapter: its columns of the output, its rows of the stacked A, and its scale.
_Place = tuple[slice, slice, float]


class _Projection(Function):
    """One product where autograd would make three to five of them and add up copies.

    Y = X Wᵀ, and Yᵢ += cᵢ Uᵢ Bᵢᵀ with U = X Aᵀ; A is all Aᵢ, one below the other.
    """

    @staticmethod
    def forward(ctx: Any, X: Tensor, W: Tensor, places: Sequence[_Place], *factors: Tensor) -> Tensor:  # noqa: ANN401
        A = torch.cat(factors[0::2]).to(X.dtype)  # (R, n)
        Bs = [B.to(X.dtype) for B in factors[1::2]]  # each (m, r)
        U = X @ A.mT  # (t, R)
        Y = X @ W.mT  # (t, Σ m)
        for B, (columns, rows, scale) in zip(Bs, places, strict=True):
            Y[:, columns].addmm_(U[:, rows], B.mT, alpha=scale)
        ctx.save_for_backward(X, U, W, A, *Bs)
        ctx.places = places
        ctx.dtypes = [factor.dtype for factor in factors]
        return Y

    @staticmethod
    def backward(ctx: Any, dY: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        X, U, W, A, *Bs = ctx.saved_tensors
        dU = torch.empty_like(U)
        dBs: list[Tensor] = []
        for B, (columns, rows, scale) in zip(Bs, ctx.places, strict=True):
            dY_i = dY[:, columns]
            dU[:, rows] = (dY_i @ B).mul_(scale)
            dBs.append((dY_i.mT @ U[:, rows]).mul_(scale))  # (m, r)
        dA = dU.mT @ X  # (R, n)
        dX = (dY @ W).addmm_(dU, A) if ctx.needs_input_grad[0] else None
        dAs = [dA[rows] for _, rows, _ in ctx.places]
        grads = [grad for pair in zip(dAs, dBs, strict=True) for grad in pair]
        return dX, None, None, *(g.to(dtype) for g, dtype in zip(grads, ctx.dtypes, strict=True))
