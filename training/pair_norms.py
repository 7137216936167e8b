"""How far LoRA pairs have moved their matrices: spectral norms without the matrices."""

# torch is typed in part only, and matrices keep the capitals of the papers
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportConstantRedefinition=false
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from training.param_groups import LoRAPair

# A and B of a pair, apart from what becomes of it.
Factors = tuple[Tensor, Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairNorms:
    """Spectral norms of one adapted matrix, in W.

    Attributes
    ----------
    step
        ‖c (B A - k B₀ A₀)‖₂ since the factors were A₀, B₀, of which decay kept the share k.
    update
        ‖c B A‖₂: how far W is from the frozen W₀.
    """

    name: str
    step: float
    update: float


def copy_factors(pairs: Sequence[LoRAPair]) -> tuple[Factors, ...]:
    """Return the factors as they are now, for `pair_norms` after a step."""
    return tuple((pair.A.detach().clone(), pair.B.detach().clone()) for pair in pairs)


@torch.no_grad()
def pair_norms(
    pairs: Sequence[LoRAPair], before: Sequence[Factors], *, kept: float = 1.0
) -> tuple[PairNorms, ...]:
    """Return what happened to each pair since `before`.

        B A - k B₀ A₀ = (B - k B₀) A₀ + B (A - A₀) = [B - k B₀, B] [A₀; A - A₀]

    is a product of two thin matrices, Q_L T_L (Q_R T_R)ᵀ, with the norm of T_L T_Rᵀ (2 r, 2 r). No small
    difference of large products is taken. In float64, whatever the factors are stored in: 4 (m + n) (2 r)²
    operations a pair, a millisecond or two for layers of 576 x 1,536 at rank 32.

    Parameters
    ----------
    before
        Of `copy_factors`, for the same pairs.
    kept
        1 - λ η for the step apart from its decay.

    Raises
    ------
    ValueError
        If `before` is of other pairs.
    """
    return tuple(_norms(pair, *factors, kept) for pair, factors in zip(pairs, before, strict=True))


def _norms(pair: LoRAPair, A0: Tensor, B0: Tensor, kept: float) -> PairNorms:
    if A0.shape != pair.A.shape or B0.shape != pair.B.shape:
        raise ValueError(f"the factors before are of another pair than {pair.name!r}")
    A, B, A0, B0 = (F.double() for F in (pair.A, pair.B, A0, B0))
    r = pair.rank
    T_L = torch.linalg.qr(torch.cat((B - kept * B0, B), 1), mode="r").R  # (min(m, 2 r), 2 r)
    T_R = torch.linalg.qr(torch.cat((A0, A - A0)).mT, mode="r").R  # (min(n, 2 r), 2 r)
    step = torch.linalg.matrix_norm(T_L @ T_R.mT, 2).item()
    # B is the second part of the one, A the sum of both of the other.
    update = torch.linalg.matrix_norm(T_L[:, r:] @ (T_R[:, :r] + T_R[:, r:]).mT, 2).item()
    return PairNorms(name=pair.name, step=abs(pair.scale) * step, update=abs(pair.scale) * update)
