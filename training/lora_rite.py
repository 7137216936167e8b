"""The core of LoRA-RITE without second moments: LoRA-Muon's step by QR instead of inverse roots.

    Aᵀ = Q_A T_A  (thin QR),    ΔB = -(η / 2c) msign(M_B T_A^(-1)) T_A^(-ᵀ)
    B  = Q_B T_B,               ΔA = -(η / 2c) T_B^(-1) msign(T_B^(-ᵀ) M_A)

T_A^(-ᵀ) A = Q_Aᵀ is an orthonormal basis of the same space as S_A^(-1/2) A, so the step is the same
(LoRA-Muon, proposition 6). It is here to prove that, and to measure what doing without QR saves.
"""

# torch is typed in part only, and matrices keep the capitals of the papers
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportConstantRedefinition=false
from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from training.pair_optimizer import PairOptimizer, by_length
from training.polar import msign


class LoRARite(PairOptimizer):
    """The QR form as an optimizer; needs factors of full rank, so B must not start at zero."""

    def _directions(
        self,
        factors: Sequence[Tensor],
        momenta: Sequence[Tensor],
        params: Sequence[Tensor],  # noqa: ARG002
    ) -> list[Tensor]:
        return [0.5 * direction for direction in lora_rite_directions(factors, momenta)]


def lora_rite_directions(factors: Sequence[Tensor], momenta: Sequence[Tensor]) -> list[Tensor]:
    """Return T^(-1) msign(T^(-ᵀ) M) for each factor, T the triangle of its partner's QR.

    Parameters
    ----------
    factors, momenta
        A₀, B₀ᵀ, A₁, B₁ᵀ, …: each (r, k), k >= r, of full rank.
    """
    groups = by_length(factors)
    triangles: dict[int, Tensor] = {}
    for indices in groups:
        F = torch.stack([factors[i] for i in indices])  # (n_factors, r, k)
        T = torch.linalg.qr(F.mT, mode="r").R  # (n_factors, r, r), upper
        triangles.update(zip(indices, T.unbind(), strict=True))
    directions: dict[int, Tensor] = {}
    for indices in groups:
        T = torch.stack([triangles[i ^ 1] for i in indices])
        M = torch.stack([momenta[i] for i in indices])
        X = torch.linalg.solve_triangular(T.mT, M, upper=False)  # T^(-T) M
        D = torch.linalg.solve_triangular(T, msign(X), upper=True)
        directions.update(zip(indices, D.unbind(), strict=True))
    return [directions[i] for i in range(len(factors))]
