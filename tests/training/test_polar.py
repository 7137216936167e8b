"""msign and the inverse square root against a float64 reference by singular values."""

# torch is typed in part only, and matrices keep the capitals of the papers
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportConstantRedefinition=false
from __future__ import annotations

import pytest
import torch
from torch import Tensor

from training.polar import DAMPING, inverse_sqrt, msign

SHAPES = [(1, 1), (1, 7), (7, 1), (4, 32), (32, 4), (16, 16), (3, 4, 20), (2, 3, 20, 4)]
DTYPES = [torch.float32, torch.float64]


def random_matrix(*shape: int, dtype: torch.dtype = torch.float64, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def with_singular_values(values: list[float], *, n: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Return a matrix (r, n) with these singular values, and its polar factor."""
    r = len(values)
    U = torch.linalg.qr(random_matrix(r, r, seed=1)).Q
    V = torch.linalg.qr(random_matrix(n, r, seed=2)).Q
    return (U @ torch.diag(torch.tensor(values, dtype=torch.float64)) @ V.mT).to(dtype), U @ V.mT


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_msign_is_the_polar_factor(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    M = random_matrix(*shape, dtype=dtype)
    U, _, Vh = torch.linalg.svd(M.double(), full_matrices=False)
    # Gaussian matrices of these shapes have singular values above 1e-3 of their norm: within 1e-3 of 1.
    assert torch.linalg.matrix_norm(msign(M).double() - U @ Vh, 2).max() < 2e-3


@pytest.mark.parametrize("dtype", DTYPES)
def test_msign_holds_small_singular_values_down_to_a_ten_thousandth(dtype: torch.dtype) -> None:
    M, _ = with_singular_values([1.0, 0.3, 1e-2, 1e-3, 1.1e-4], n=40, dtype=dtype)
    values = torch.linalg.svdvals(msign(M).double())
    assert values.min() > 0.9985
    assert values.max() < 1.0006


def test_msign_damps_what_is_smaller() -> None:
    M, _ = with_singular_values([1.0, 1e-5], n=8, dtype=torch.float64)
    assert torch.linalg.svdvals(msign(M))[1].item() == pytest.approx(0.206, abs=0.002)


@pytest.mark.parametrize("scale", [1e-12, 1e-3, 1e8])
def test_msign_ignores_scale(scale: float) -> None:
    M = random_matrix(4, 9, dtype=torch.float32)
    torch.testing.assert_close(msign(M * scale), msign(M), atol=2e-5, rtol=0)


@pytest.mark.parametrize("shape", [(3, 5), (5, 3)])
def test_msign_of_zero_is_zero(shape: tuple[int, int]) -> None:
    assert torch.equal(msign(torch.zeros(shape)), torch.zeros(shape))


def test_msign_keeps_a_matrix_of_low_rank_at_its_rank() -> None:
    M = random_matrix(6, 2) @ random_matrix(2, 30, seed=3)
    values = torch.linalg.svdvals(msign(M))
    assert values[:2] == pytest.approx([1.0, 1.0], abs=1e-3)
    assert values[2:].max() < 1e-8


def test_a_batch_is_each_matrix_alone() -> None:
    M = random_matrix(5, 3, 11)
    P = M @ M.mT
    torch.testing.assert_close(msign(M), torch.stack([msign(m) for m in M]))
    torch.testing.assert_close(inverse_sqrt(P), torch.stack([inverse_sqrt(p) for p in P]))


def damped_root(P: Tensor) -> Tensor:
    """Return (P / t + eps I)^(-1/2) / sqrt(t) by eigenvalues, in float64."""
    t = torch.linalg.matrix_norm(P.double())
    values, V = torch.linalg.eigh(P.double() / t)
    return V @ torch.diag((values + DAMPING).rsqrt()) @ V.mT / t.sqrt()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("values", [[1.0], [3.0, 3.0, 3.0], [1.0, 0.1, 1e-2, 1e-4], [1.0, 1e-6, 0.0]])
def test_the_inverse_root_is_the_damped_one(values: list[float], dtype: torch.dtype) -> None:
    V = torch.linalg.qr(random_matrix(len(values), len(values))).Q
    P = (V @ torch.diag(torch.tensor(values, dtype=torch.float64)) @ V.mT).to(dtype)
    P = 0.5 * (P + P.mT)
    expected = damped_root(P)
    error = torch.linalg.matrix_norm(inverse_sqrt(P).double() - expected, 2) / torch.linalg.matrix_norm(
        expected, 2
    )
    # 0.03 % is the polynomials' own error; float32 rounds a Gram to 1e-7 of its norm, which is a 1 % of
    # the damped eigenvalue 1e-5.
    assert error < (5e-4 if dtype == torch.float64 else 2e-2)


@pytest.mark.parametrize("dtype", DTYPES)
def test_root_times_gram_times_root_is_the_identity(dtype: torch.dtype) -> None:
    F = random_matrix(8, 64, dtype=dtype)
    P = F @ F.mT
    R = inverse_sqrt(P)
    assert torch.linalg.matrix_norm(R @ P @ R - torch.eye(8, dtype=dtype), 2) < 1e-3


@pytest.mark.parametrize("scale", [1e-12, 1e-5, 1e10])
def test_the_inverse_root_scales_with_the_root(scale: float) -> None:
    F = random_matrix(4, 9, dtype=torch.float32)
    P = F @ F.mT
    torch.testing.assert_close(inverse_sqrt(P * scale) * scale**0.5, inverse_sqrt(P), rtol=1e-4, atol=1e-5)


def test_the_inverse_root_of_zero_is_zero_also_beside_others() -> None:
    P = torch.stack([torch.zeros(3, 3), torch.eye(3)])
    R = inverse_sqrt(P)
    assert torch.equal(R[0], torch.zeros(3, 3))
    torch.testing.assert_close(R[1], torch.eye(3), atol=1e-3, rtol=0)
