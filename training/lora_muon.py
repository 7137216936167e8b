"""LoRA-Muon: steepest descent under the spectral norm of W, taken on the two factors of a LoRA pair.

Muon moves a matrix W by at most η in spectral norm. For W = W₀ + c B A it splits the step in two,
ΔW = c (ΔB A + B ΔA) with each half bounded by η / 2, and solves each half exactly:

    ΔB = -(η / 2c) msign(M_B S_A^(-1/2)) S_A^(-1/2),    S_A = A Aᵀ
    ΔA = -(η / 2c) S_B^(-1/2) msign(S_B^(-1/2) M_A),    S_B = Bᵀ B

S_A^(-1/2) A has orthonormal rows, so the halves depend on the row space of A and the column space of B, not
on how B A is split: (B R⁻¹, R A) moves W as (B, A) does, for every invertible R. This is why one learning
rate serves every rank, width and scale of the factors.

References
----------
LoRA-Muon, algorithm 1, proposition 4 (the split decay). In the paper's letters W = W₀ + A Bᵀ: its A is B
here, its B is Aᵀ, as in PEFT.
"""

# torch is typed in part only, and matrices keep the capitals of the papers
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportConstantRedefinition=false
from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from training.pair_optimizer import PairOptimizer, by_length
from training.param_groups import LoRAPair, lora_pairs
from training.polar import inverse_sqrt, msign

__all__ = ["LoRAMuon", "LoRAPair", "lora_muon_directions", "lora_muon_update", "lora_pairs"]


class LoRAMuon(PairOptimizer):
    """The optimizer of a PEFT model's pairs; see `PairOptimizer` for its settings and the step.

    `lr` is the spectral norm of a step on W, to first order: 0.02 to 0.1 for a matrix trained from
    nothing, less for finetuning. The state is one momentum a factor, (m + n) r numbers: half of AdamW's.

    Notes
    -----
    PEFT starts with B = 0. The first step then moves B alone, by η / 2 in W. In the second step B is as small
    as one step, so ΔA is as large as A, and the term ΔB ΔA, which no first-order bound sees, adds up to
    η / 2; it falls with every further step. Warm the rate up over the first steps of a finetuning.

    Examples
    --------
    >>> A, B = torch.nn.Parameter(torch.ones(1, 2)), torch.nn.Parameter(torch.zeros(2, 1))
    >>> optimizer = LoRAMuon([LoRAPair(name="w", A=A, B=B)], lr=0.1, weight_decay=0.0)
    >>> ((B @ A) * torch.eye(2)).sum().neg().backward()
    >>> optimizer.step()
    >>> round(torch.linalg.matrix_norm(B @ A, 2).item(), 3)  # η / 2: A had no gradient
    0.05
    """

    def _directions(
        self,
        factors: Sequence[Tensor],
        momenta: Sequence[Tensor],
        params: Sequence[Tensor],  # noqa: ARG002
    ) -> list[Tensor]:
        return [0.5 * direction for direction in lora_muon_directions(factors, momenta)]


def lora_muon_update(
    A: Tensor,
    B: Tensor,
    M_A: Tensor,
    M_B: Tensor,
    *,
    lr: float,
    weight_decay: float = 0.0,
    scale: float = 1.0,
) -> tuple[Tensor, Tensor]:
    """Return the factors after one step: the equations of this module with the split decay.

    Parameters
    ----------
    A, M_A
        (r, n), factor and momentum.
    B, M_B
        (m, r).
    lr, weight_decay, scale
        η, λ (λ η < 1) and c.

    Returns
    -------
    tuple[Tensor, Tensor]
        (A, B); ‖c (B' A' - (1 - λ η) B A)‖₂ ≤ η + O(η²).
    """
    D_A, D_B = lora_muon_directions((A, B.mT), (M_A, M_B.mT))
    keep = (1.0 - weight_decay * lr) ** 0.5
    size = lr / (2.0 * scale * keep)
    return keep * A - size * D_A, keep * B - size * D_B.mT


def lora_muon_directions(factors: Sequence[Tensor], momenta: Sequence[Tensor]) -> list[Tensor]:
    """Return R msign(R M) for each factor, R the inverse root of its partner's Gram matrix.

    Parameters
    ----------
    factors, momenta
        A₀, B₀ᵀ, A₁, B₁ᵀ, …: each (r, k) with r the same for all; any lengths k.

    Returns
    -------
    list[Tensor]
        In the same order, each (r, k). Of a pair, ‖Bᵀᵀ D_A‖₂ and ‖D_Bᵀ A‖₂ are at most 1, and 0 where the
        partner is 0.

    Notes
    -----
    Factors of one length are stacked, and all Gram matrices are: a step costs one `inverse_sqrt` and one
    `msign` a length, however many layers there are.
    """
    groups = by_length(factors)
    grams = [_gram(factors, indices) for indices in groups]  # each (n_factors, r, r)
    order = [i for indices in groups for i in indices]
    place = {i: at for at, i in enumerate(order)}
    roots = inverse_sqrt(torch.cat(grams))  # in the order of `order`
    directions: dict[int, Tensor] = {}
    for indices in groups:
        R = roots[[place[i ^ 1] for i in indices]]  # the partner of factor i is i ^ 1
        M = torch.stack([momenta[i] for i in indices])  # (n_factors, r, k)
        D = R @ msign(R @ M)
        directions.update(zip(indices, D.unbind(), strict=True))
    return [directions[i] for i in range(len(factors))]


def _gram(factors: Sequence[Tensor], indices: Sequence[int]) -> Tensor:
    F = torch.stack([factors[i] for i in indices])  # (n_factors, r, k)
    return F @ F.mT
