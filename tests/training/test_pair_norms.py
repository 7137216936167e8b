"""Norms of steps and updates against those of the whole matrices."""

# torch is typed in part only, and matrices keep the capitals of the papers
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportConstantRedefinition=false
from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tests.training.test_lora_muon import SHAPES, pair
from tests.training.test_polar import random_matrix
from training.lora_muon import LoRAMuon
from training.pair_norms import copy_factors, pair_norms

# Also where twice the rank is more than the matrix has rows or columns.
ALL_SHAPES = [*SHAPES, (5, 30, 4), (30, 5, 4), (3, 3, 3)]


def dense_norm(M: Tensor) -> float:
    return torch.linalg.matrix_norm(M.double(), 2).item()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("scale", [1.0, -0.25])
@pytest.mark.parametrize(("m", "n", "r"), ALL_SHAPES)
def test_the_norms_are_those_of_the_whole_matrices(
    m: int, n: int, r: int, scale: float, dtype: torch.dtype
) -> None:
    p = pair(random_matrix(r, n, seed=1).to(dtype), random_matrix(m, r, seed=2).to(dtype), scale=scale)
    before = copy_factors([p])
    W0 = scale * p.B.detach().double() @ p.A.detach().double()
    with torch.no_grad():
        p.A.add_(1e-2 * random_matrix(r, n, seed=3).to(dtype))
        p.B.add_(1e-2 * random_matrix(m, r, seed=4).to(dtype))
    W = scale * p.B.detach().double() @ p.A.detach().double()
    (found,) = pair_norms([p], before, kept=0.9)
    assert found.step == pytest.approx(dense_norm(W - 0.9 * W0), rel=1e-9)
    assert found.update == pytest.approx(dense_norm(W), rel=1e-9)
    assert found.name == "w"


def test_a_tiny_step_on_a_large_update_is_measured_to_its_last_digits() -> None:
    A, B = random_matrix(4, 30, seed=1), 1e6 * random_matrix(40, 4, seed=2)
    p = pair(A, B)
    before = copy_factors([p])
    D = 1e-9 * random_matrix(4, 30, seed=3)
    with torch.no_grad():
        p.A.add_(D)
    (found,) = pair_norms([p], before)
    assert found.step == pytest.approx(dense_norm(B @ (p.A.detach() - A)), rel=1e-6)


def test_a_pair_that_did_not_move_has_no_step() -> None:
    p = pair(random_matrix(2, 7), torch.zeros(5, 2, dtype=torch.float64))
    (found,) = pair_norms([p], copy_factors([p]))
    assert (found.step, found.update) == (0.0, 0.0)


def test_a_step_of_lora_muon_is_at_most_its_rate_and_decay_is_apart() -> None:
    p = pair(random_matrix(4, 20, seed=1), random_matrix(30, 4, seed=2), scale=2.0)
    p.A.grad, p.B.grad = random_matrix(4, 20, seed=3), random_matrix(30, 4, seed=4)
    before = copy_factors([p])
    update = dense_norm(2.0 * p.B.detach() @ p.A.detach())
    LoRAMuon([p], lr=0.1, weight_decay=0.5).step()
    (apart,) = pair_norms([p], before, kept=1 - 0.5 * 0.1)
    (whole,) = pair_norms([p], before)
    assert 0.05 < apart.step < 0.1 * 1.001
    # The decay alone moves W by 0.05 of an update of some 100.
    assert whole.step == pytest.approx(0.05 * update, abs=0.1)


def test_factors_of_other_pairs_are_refused() -> None:
    p, q = pair(random_matrix(2, 7), random_matrix(5, 2)), pair(random_matrix(3, 7), random_matrix(5, 3))
    with pytest.raises(ValueError, match="another pair"):
        pair_norms([p], copy_factors([q]))
    with pytest.raises(ValueError, match="zip"):
        pair_norms([p, q], copy_factors([p]))
