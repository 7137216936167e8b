"""Spectron, and why it is not LoRA-Muon: its steps depend on how the product is split."""

# torch is typed in part only, and matrices keep the capitals of the papers
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportConstantRedefinition=false
from __future__ import annotations

import pytest
import torch

from tests.training.test_lora_muon import descend, factors, gauge_gap, gauges, pair
from tests.training.test_polar import random_matrix
from training.spectron import Spectron


def test_spectron_breaks_the_law_of_the_split() -> None:
    gaps = [gauge_gap(Spectron, R, torch.float64) for R in gauges(4)[:3]]
    assert min(gaps) > 0.02


def test_spectrons_update_of_one_factor_vanishes_as_the_other_shrinks() -> None:
    A, B, G_A, G_B = factors(36, 48, 6)
    shares: list[float] = []
    for c in (1.0, 27.0, 1e4):
        p = pair(A / c, B * c)
        p.A.grad, p.B.grad = G_A * c, G_B / c
        Spectron([p], lr=0.1, momentum=0.0, weight_decay=0.0).step()
        move = B * c @ (p.A.detach() - A / c), (p.B.detach() - B * c) @ A / c
        norms = [torch.linalg.matrix_norm(part, 2).item() for part in move]
        shares.append(norms[1] / sum(norms))
    # In the limit only A moves: the half of B vanishes.
    assert shares[0] > 0.3
    assert shares[1] < 0.01
    assert shares[2] < 1e-6


def test_spectron_sees_a_factor_grow_from_zero() -> None:
    A, B, *_ = factors(12, 15, 3)
    p = pair(A, torch.zeros_like(B))
    optimizer = Spectron([p], lr=0.1)
    descend(optimizer, [p], random_matrix(12, 15, seed=5), 10)
    top = optimizer.state[p.B]["top_vector"]
    assert torch.linalg.vector_norm(top).item() == pytest.approx(1.0)
