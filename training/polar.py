"""Matrix functions by polynomials alone: the polar factor, and the inverse square root of a Gram matrix.

Both need nothing but products of matrices, so a stack of layers costs a few kernels, in any precision that
can multiply. The coefficients are tables of minimax polynomials, composed one after the other, that drive
every singular value in their interval towards 1.

References
----------
Amsel et al., "The Polar Express" (arXiv 2505.16932), for the coefficients of `msign`.
LoRA-Muon, appendix B.3 (`msign`) and B.4 (`inverse_sqrt`, algorithm 4).
"""

# torch is typed in part only, and matrices keep the capitals of the papers
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportConstantRedefinition=false
from __future__ import annotations

import torch
from torch import Tensor

Coefficients = tuple[tuple[float, float, float], ...]

# Each row is (a, b, c) of the odd polynomial a x + b x^3 + c x^5.
MSIGN_COEFFICIENTS: Coefficients = (
    (7.2086, -15.5131, 9.0178),
    (3.9623, -2.5813, 0.4542),
    (3.9466, -2.5765, 0.4544),
    (3.8991, -2.5671, 0.4566),
    (3.7186, -2.5308, 0.4653),
    (3.1390, -2.3073, 0.4733),
    (2.1715, -1.5246, 0.3885),
    (1.8648, -1.2224, 0.3577),
)
# The last row is Newton-Schulz of fifth order, whose fixed point is exactly 1.
INVERSE_SQRT_COEFFICIENTS: Coefficients = (
    (7.424865680309214, -18.39581635618996, 12.896720413604342),
    (3.4877256051546017, -2.3300436563986993, 0.4404692168431095),
    (2.7766085124882527, -2.070643152532662, 0.46302261050004967),
    (1.9913142104341506, -1.373936700681269, 0.3875934979568538),
    (1.8754637749479246, -1.2505152090010534, 0.37505152463617264),
    (1.874999066623701, -1.2499981332141676, 0.37499906659046633),
    (1.875, -1.25, 0.375),
)
# Keeps the normalised eigenvalues below 1 when rounding adds to them.
_SAFETY = 1.001
# Damping of `inverse_sqrt`, relative to the Frobenius norm of its argument.
DAMPING = 1e-5
# Below this Frobenius norm a Gram matrix counts as zero. The paper's code takes 1e-5, which factors of
# norm 3e-3 would meet; their steps are well defined, so only what float32 cannot square is left out.
_ZERO_NORM = 1e-20


# Steps between two looks at X itself (`_by_gram`).
_BLOCKS = (MSIGN_COEFFICIENTS[:3], MSIGN_COEFFICIENTS[3:6], MSIGN_COEFFICIENTS[6:])


def msign(M: Tensor) -> Tensor:
    """Return the polar factor U Vᵀ of M = U S Vᵀ: all singular values become 1.

        X ← M / ‖M‖_F;  for each (a, b, c):  X ← a X + (b X Xᵀ + c (X Xᵀ)²) X

    on M or its transpose, whichever has fewer rows. It is the direction of steepest descent under the
    spectral norm, and does not depend on the scale of M.

    Parameters
    ----------
    M
        (..., m, n), floating point; computed in its own dtype.

    Returns
    -------
    Tensor
        (..., m, n). A singular value of at least 1e-4 ‖M‖_F comes out in [0.9990, 1.0004] (float32 and
        float64), 1e-5 ‖M‖_F as 0.206, and zero stays zero: the zero matrix is returned as it is.

    Notes
    -----
    Eight steps, and no convergence in the limit: the polynomials are best for a bounded number of steps and
    do not have 1 as their fixed point. A matrix with at most half as many rows as columns is multiplied three
    times instead of eight: see `_by_gram`.
    """
    is_tall = M.shape[-2] > M.shape[-1]
    X = M.mT if is_tall else M  # (..., k, l) with k <= l
    X = X / (torch.linalg.vector_norm(X, dim=(-2, -1), keepdim=True) + _tiny(X))
    X = _by_gram(X) if 2 * X.shape[-2] <= X.shape[-1] else _directly(X)
    return X.mT if is_tall else X


def _directly(X: Tensor) -> Tensor:
    for a, b, c in MSIGN_COEFFICIENTS:
        G = X @ X.mT  # (..., k, k)
        X = torch.add(a * X, (b * G + c * (G @ G)) @ X)
    return X


def _by_gram(X: Tensor) -> Tensor:
    """Return the same as `_directly`, with most of the work on matrices of (k, k).

    With P = a I + b G + c G² a step is X ← P X, and G = X Xᵀ becomes P G P: X itself is needed at the end.
    But rounding errors of G grow with every P, by a² where X is small, so that after three steps (up to
    113² of 6e-8 in float32, under a thousandth of 1) G is computed from X anew. That is 12 k² l operations
    and 6 passes over X instead of 32 k² l and 16.
    """
    identity = torch.eye(X.shape[-2], dtype=X.dtype, device=X.device)
    for block in _BLOCKS:
        G = X @ X.mT  # (..., k, k)
        Q = identity
        for a, b, c in block:
            P = a * identity + b * G + c * (G @ G)
            Q = P @ Q
            G = P @ G @ P
            G = 0.5 * (G + G.mT)
        X = Q @ X
    return X


def inverse_sqrt(P: Tensor) -> Tensor:
    """Return (P / t + ε I)^(-1/2) / √t with t = ‖P‖_F and ε = 1e-5, and zero for P = 0.

        X ← I;  for each (a, b, c):  Z ← (a/γ) I + (b/γ³) P + (c/γ⁵) P²;  X ← X Z;  P ← sym(P Z²)

    with γ = 1.001. Factors of P stay polynomials of P, so everything commutes and P → I while X → P^(-1/2).

    Parameters
    ----------
    P
        (..., r, r), symmetric and positive semi-definite: A Aᵀ or Bᵀ B.

    Returns
    -------
    Tensor
        (..., r, r), symmetric. A direction with eigenvalue 1e-5 t gets 71 % of the gain of the exact
        inverse root, 1e-6 t 30 %, 1e-7 t 10 %: a rank-deficient factor is damped, not blown up. The zero
        matrix gives the zero matrix, so that a factor that starts at zero holds its partner still for
        one step instead of throwing it away.
    """
    norms = torch.linalg.vector_norm(P, dim=(-2, -1), keepdim=True)  # (..., 1, 1)
    is_zero = norms <= _ZERO_NORM
    t = torch.where(is_zero, torch.ones_like(norms), norms)
    identity = torch.eye(P.shape[-1], dtype=P.dtype, device=P.device)
    Pk = P / t + DAMPING * identity
    X = identity.expand_as(P)
    for a, b, c in INVERSE_SQRT_COEFFICIENTS:
        Z = (a / _SAFETY) * identity + (b / _SAFETY**3) * Pk + (c / _SAFETY**5) * (Pk @ Pk)
        X = X @ Z
        Pk = Pk @ (Z @ Z)
        Pk = 0.5 * (Pk + Pk.mT)  # rounding must not grow into an antisymmetric part
    return torch.where(is_zero, torch.zeros_like(X), X * t.rsqrt())


def _tiny(X: Tensor) -> float:
    # 1e-20 in the paper; float16 would round that to zero.
    return max(1e-20, torch.finfo(X.dtype).tiny)
