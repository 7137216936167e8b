"""Spectron: msign of each factor's momentum, with a rate that shrinks as the factors grow.

    O_A = msign(M_A),  O_B = msign(M_B),  ρ = η / (σ₁(A) + σ₁(B) + 1)
    A ← A - (ρ / c) O_A,    B ← B - (ρ / c) O_B

‖ΔW‖₂ ≤ η holds, but the step depends on how B A is split: with (B / κ, κ A) and κ → ∞ the update of A
vanishes (LoRA-Muon, proposition 5). It stands here as the baseline that LoRA-Muon is compared with.

References
----------
Spectron (arXiv 2602.12429). The decay, which it leaves open, is the split one of `PairOptimizer`.
"""

# torch is typed in part only, and matrices keep the capitals of the papers
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportConstantRedefinition=false
from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from training.pair_optimizer import PairOptimizer

# Keller Jordan's quintic, five steps: singular values end in about [0.7, 1.2].
_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_N_STEPS = 5
_VECTOR = "top_vector"


class Spectron(PairOptimizer):
    """Spectron on LoRA pairs; see `PairOptimizer` for its settings."""

    def _directions(
        self, factors: Sequence[Tensor], momenta: Sequence[Tensor], params: Sequence[Tensor]
    ) -> list[Tensor]:
        norms = [self._norm(F, p) for F, p in zip(factors, params, strict=True)]
        return [
            newton_schulz(M) / (norms[i] + norms[i ^ 1] + 1.0)  # the partner of factor i is i ^ 1
            for i, M in enumerate(momenta)
        ]

    def _norm(self, F: Tensor, p: Tensor) -> Tensor:
        """Return σ₁ of F (r, k) by one power iteration from where the last step's ended."""
        v = self.state[p].get(_VECTOR)
        if v is None or not v.any():  # a factor that was zero has left no direction
            v = _start_vector(F)
        u = F @ v  # (r,)
        v = F.mT @ u  # (k,)
        v = v / (torch.linalg.vector_norm(v) + torch.finfo(F.dtype).tiny)
        self.state[p][_VECTOR] = v
        return torch.linalg.vector_norm(F @ v)


def newton_schulz(M: Tensor) -> Tensor:
    """Return an approximation of the polar factor of M (r, k), r <= k: singular values near 1."""
    a, b, c = _COEFFICIENTS
    X = M / (torch.linalg.vector_norm(M) + 1e-7)
    for _ in range(_N_STEPS):
        G = X @ X.mT  # (r, r)
        X = a * X + (b * G + c * G @ G) @ X
    return X


def _start_vector(F: Tensor) -> Tensor:
    # A fixed start far from any eigenvector: ones plus a slope. Ten iterations make it good from the start.
    v = torch.linspace(1.0, 2.0, F.shape[1], dtype=F.dtype, device=F.device)
    for _ in range(10):
        v = F.mT @ (F @ v)
        v = v / (torch.linalg.vector_norm(v) + torch.finfo(F.dtype).tiny)
    return v
