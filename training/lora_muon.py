"""LoRA-Muon: steepest descent under the spectral norm of W, taken on the two factors of a LoRA pair.

Muon moves a matrix W by at most η in spectral norm. For W = W₀ + c B A the step has two halves, each bounded
by η / 2 and each solved exactly for the momenta M:

    ΔB = -(η / 2c) msign(M_B S_A^(-1/2)) S_A^(-1/2),    S_A = A Aᵀ
    ΔA = -(η / 2c) S_B^(-1/2) msign(S_B^(-1/2) M_A),    S_B = Bᵀ B

S_A^(-1/2) A has orthonormal rows, so the halves depend on the row space of A and the column space of B, not
on how B A is split: (B R⁻¹, R A) moves W as (B, A) does, for every invertible R. This is why one learning
rate serves every rank, width and scale of the factors.

The halves are taken one after the other, A against the new B ("sequential", ours). The step is then at most
η, from any factors and under any schedule:

1. B ← B + ΔB moves W by c ΔB A, of norm (η / 2) ‖msign(·) S_A^(-1/2) A‖₂ ≤ η / 2.
2. A ← A + ΔA, S_B of the new B, moves W by c B ΔA, of norm (η / 2) ‖B S_B^(-1/2) msign(·)‖₂ ≤ η / 2.
3. Nothing else has moved: c (B + ΔB)(A + ΔA) - c B A = c ΔB A + c (B + ΔB) ΔA.

The paper takes both at the old factors ("simultaneous"). That adds c ΔB ΔA, which its first-order bound does
not see. It is of the order of η² for factors at work; but where B is small, ΔA is large: after a step of
length η₁ from B = 0, the next one of η₂ moves W by up to η₂ + (η₂ / η₁) η₂ / 2.

References
----------
LoRA-Muon, algorithm 1, proposition 4 (the split decay). In the paper's letters W = W₀ + A Bᵀ: its A is B
here, its B is Aᵀ, as in PEFT.
"""

# torch is typed in part only, and matrices keep the capitals of the papers
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportConstantRedefinition=false, reportPrivateUsage=false, reportPrivateImportUsage=false
from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import torch
from torch import Tensor

from training.pair_optimizer import PairOptimizer, by_length, in_precision, store
from training.param_groups import LoRAPair, lora_pairs
from training.polar import inverse_sqrt, msign

__all__ = [
    "Halves",
    "LoRAMuon",
    "LoRAPair",
    "lora_muon_directions",
    "lora_muon_update",
    "lora_pairs",
    "steepest_directions",
]

Halves = Literal["sequential", "simultaneous"]


class LoRAMuon(PairOptimizer):
    """The optimizer of a PEFT model's pairs; see `PairOptimizer` for its settings.

    `lr` is the spectral norm of a step on W: 0.02 to 0.1 for a matrix trained from nothing, less for
    finetuning. The state is one momentum a factor, (m + n) r numbers: half of AdamW's.

    Parameters
    ----------
    halves
        "sequential": the factors decay, then B moves, then A against the new B:

            A, B ← s A, s B;  B ← B + ΔB(A);  A ← A + ΔA(B)

        W₀ apart, W moves by -λ η c B A and by at most η. No schedule is needed for that, no warm-up
        either. "simultaneous": the paper's, for its study: at most η to first order, and from B = 0 only
        under rates that rise slowly.

    Notes
    -----
    The bound holds up to 0.1 %, the error of the polynomials of `training.polar`, and up to what rounding
    the stored factors moves: u c ‖B‖₂ ‖A‖₂, with u = 6e-8 for float32 and 4e-3 for bfloat16.

    PEFT starts with B = 0. The first step then moves B alone, by η / 2 in W, as A has no gradient.

    A state that was saved before there was a choice goes on as it began, with "simultaneous".

    Examples
    --------
    >>> A, B = torch.nn.Parameter(torch.ones(1, 2)), torch.nn.Parameter(torch.zeros(2, 1))
    >>> optimizer = LoRAMuon([LoRAPair(name="w", A=A, B=B)], lr=0.1, weight_decay=0.0)
    >>> ((B @ A) * torch.eye(2)).sum().neg().backward()
    >>> optimizer.step()
    >>> round(torch.linalg.matrix_norm(B @ A, 2).item(), 3)  # η / 2: A had no gradient
    0.05
    """

    def __init__(
        self,
        pairs: Iterable[LoRAPair] | Iterable[dict[str, Any]],
        *,
        lr: float | Tensor,
        momentum: float = 0.9,
        weight_decay: float = 0.01,
        halves: Halves = "sequential",
    ) -> None:
        super().__init__(pairs, lr=lr, momentum=momentum, weight_decay=weight_decay, halves=halves)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group.setdefault("halves", "simultaneous")

    def _directions(
        self,
        factors: Sequence[Tensor],
        momenta: Sequence[Tensor],
        params: Sequence[Tensor],  # noqa: ARG002
    ) -> list[Tensor]:
        return [0.5 * direction for direction in lora_muon_directions(factors, momenta)]

    def _move(
        self,
        params: Sequence[Tensor],
        momenta: Sequence[Tensor],
        scales: Sequence[float],
        keep: float | Tensor,
        group: dict[str, Any],
    ) -> None:
        if group["halves"] == "simultaneous":
            super()._move(params, momenta, scales, keep, group)
            return
        dtype = momenta[0].dtype
        work = in_precision(params, dtype)
        torch._foreach_mul_(work, keep)
        sizes = [group["lr"] / (2.0 * scale) for scale in scales]
        A, B = work[0::2], work[1::2]
        D_B = steepest_directions([M.mT for M in momenta[1::2]], partners=A)
        torch._foreach_sub_(B, torch._foreach_mul([D.mT for D in D_B], sizes))  # each (m, r)
        store(params[1::2], B)
        # A's half is of the B that is kept: in a short dtype its rounding is not small beside the step.
        kept = in_precision(params[1::2], dtype)
        D_A = steepest_directions(momenta[0::2], partners=[F.mT for F in kept])
        torch._foreach_sub_(A, torch._foreach_mul(D_A, sizes))
        store(params[0::2], A)


def lora_muon_update(
    A: Tensor,
    B: Tensor,
    M_A: Tensor,
    M_B: Tensor,
    *,
    lr: float,
    weight_decay: float = 0.0,
    scale: float = 1.0,
    halves: Halves = "sequential",
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
    halves
        As in `LoRAMuon`.

    Returns
    -------
    tuple[Tensor, Tensor]
        (A, B); ‖c (B' A' - (1 - λ η) B A)‖₂ ≤ η, of simultaneous halves η + O(η²).
    """
    keep = (1.0 - weight_decay * lr) ** 0.5
    size = lr / (2.0 * scale)
    if halves == "simultaneous":
        D_A, D_B = lora_muon_directions((A, B.mT), (M_A, M_B.mT))
        return keep * A - size / keep * D_A, keep * B - size / keep * D_B.mT
    A, B = keep * A, keep * B
    (D_B,) = steepest_directions([M_B.mT], partners=[A])
    B = B - size * D_B.mT
    (D_A,) = steepest_directions([M_A], partners=[B.mT])
    return A - size * D_A, B


def lora_muon_directions(factors: Sequence[Tensor], momenta: Sequence[Tensor]) -> list[Tensor]:
    """Return the direction of each factor against its partner, all at the same factors.

    Parameters
    ----------
    factors, momenta
        A₀, B₀ᵀ, A₁, B₁ᵀ, …: each (r, k) with r the same for all; any lengths k.

    Returns
    -------
    list[Tensor]
        In the same order, each (r, k). Of a pair, ‖Bᵀᵀ D_A‖₂ and ‖D_Bᵀ A‖₂ are at most 1, and 0 where the
        partner is 0.
    """
    return steepest_directions(momenta, partners=[factors[i ^ 1] for i in range(len(factors))])


def steepest_directions(momenta: Sequence[Tensor], *, partners: Sequence[Tensor]) -> list[Tensor]:
    """Return R msign(R M) for each momentum M, R the inverse root of its partner's Gram matrix.

    Parameters
    ----------
    momenta
        Each (r, k) with r the same for all; any lengths k.
    partners
        As many, each (r, l): A for the momentum of Bᵀ, Bᵀ for that of A.

    Returns
    -------
    list[Tensor]
        In the same order, each D of (r, k); ‖Dᵀ partner‖₂ is at most 1, and 0 where the partner is 0.

    Notes
    -----
    Partners and momenta of one length are stacked, and all Gram matrices are: a call costs one
    `inverse_sqrt`, and one `msign` a length, however many layers there are.
    """
    groups = by_length(partners)
    grams = [_gram(partners, indices) for indices in groups]  # each (n_partners, r, r)
    order = [i for indices in groups for i in indices]
    place = {i: at for at, i in enumerate(order)}
    roots = inverse_sqrt(torch.cat(grams))  # in the order of `order`
    directions: dict[int, Tensor] = {}
    for indices in by_length(momenta):
        R = roots[[place[i] for i in indices]]
        M = torch.stack([momenta[i] for i in indices])  # (n_momenta, r, k)
        D = R @ msign(R @ M)
        directions.update(zip(indices, D.unbind(), strict=True))
    return [directions[i] for i in range(len(momenta))]


def _gram(factors: Sequence[Tensor], indices: Sequence[int]) -> Tensor:
    F = torch.stack([factors[i] for i in indices])  # (n_factors, r, k)
    return F @ F.mT
