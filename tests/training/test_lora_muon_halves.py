"""The promise of sequential halves: no step moves W by more than its rate, whatever start and schedule."""

# torch is typed in part only, and matrices keep the capitals of the papers
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportConstantRedefinition=false
from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.training.test_lora_muon import (
    DTYPES,
    SHAPES,
    Make,
    descend,
    factors,
    gauges,
    pair,
    polar,
    simultaneous,
)
from tests.training.test_polar import damped_root, random_matrix
from training.lora_muon import LoRAMuon, LoRAPair, lora_muon_update, steepest_directions

# 0.1 % are the polynomials' (training.polar).
ERROR = 1e-3
# What one rounding moves an entry by, relative to it.
UNIT = {torch.float64: 1.2e-16, torch.float32: 6e-8, torch.bfloat16: 4e-3}

# Factors (A, B) of (m, n, r), float64.
Start = Callable[[int, int, int], tuple[Tensor, Tensor]]


def random_start(m: int, n: int, r: int) -> tuple[Tensor, Tensor]:
    return random_matrix(r, n, seed=1), random_matrix(m, r, seed=2)


def of_peft(m: int, n: int, r: int) -> tuple[Tensor, Tensor]:
    return random_matrix(r, n, seed=1) / n**0.5, torch.zeros(m, r, dtype=torch.float64)


def nearly_zero(m: int, n: int, r: int) -> tuple[Tensor, Tensor]:
    return random_matrix(r, n, seed=1), 1e-8 * random_matrix(m, r, seed=2)


def zero_a(m: int, n: int, r: int) -> tuple[Tensor, Tensor]:
    return torch.zeros(r, n, dtype=torch.float64), random_matrix(m, r, seed=2)


def rank_one(m: int, n: int, r: int) -> tuple[Tensor, Tensor]:
    """Both factors of rank one, B with a column of zeros."""
    A = random_matrix(r, 1, seed=1) @ random_matrix(1, n, seed=2)
    B = random_matrix(m, 1, seed=3) @ random_matrix(1, r, seed=4)
    B[:, 0] = 0.0
    return A, B


def ill_conditioned(m: int, n: int, r: int) -> tuple[Tensor, Tensor]:
    """Columns of B from 1 down to 1e-6, rows of A the other way."""
    sizes = torch.logspace(0, -6, r, dtype=torch.float64)
    return sizes.flip(0)[:, None] * random_matrix(r, n, seed=1), random_matrix(m, r, seed=2) * sizes


STARTS: tuple[Start, ...] = (random_start, of_peft, nearly_zero, zero_a, rank_one, ill_conditioned)


def product(p: LoRAPair) -> Tensor:
    return p.scale * (p.B.detach().double() @ p.A.detach().double())


def norm(M: Tensor) -> float:
    return torch.linalg.matrix_norm(M.double(), 2).item()


def step_with(optimizer: torch.optim.Optimizer, p: LoRAPair, G: Tensor, lr: float) -> float:
    """Take a step of rate `lr` with the gradient G of W; return what it moves W by beside its decay."""
    group = optimizer.param_groups[0]
    group["lr"] = lr
    before, kept = product(p), 1.0 - group["weight_decay"] * lr
    G = G.to(p.A.dtype)
    p.A.grad, p.B.grad = p.scale * p.B.detach().mT @ G, p.scale * G @ p.A.detach().mT
    optimizer.step()
    return norm(product(p) - kept * before)


def bound(p: LoRAPair, lr: float) -> float:
    """Return the rate, the polynomials' error, and what rounding both factors moves W by at most."""
    rounding = UNIT[p.A.dtype] * abs(p.scale) * p.A.detach().double().norm() * p.B.detach().double().norm()
    return lr * (1 + ERROR) + 3 * rounding.item()


rates = st.floats(-6.0, 0.5).map(lambda exponent: 10.0**exponent)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(
    shape=st.sampled_from(SHAPES),
    start=st.sampled_from(STARTS),
    dtype=st.sampled_from(DTYPES),
    schedule=st.lists(rates, min_size=1, max_size=6),
    gradient_rank=st.sampled_from((1, 2, 6)),
    scale=st.sampled_from((1.0, 0.25, -8.0)),
    decay=st.sampled_from((0.0, 0.01, 0.3)),
    momentum=st.sampled_from((0.0, 0.95)),
)
def test_no_step_moves_w_by_more_than_its_rate(
    shape: tuple[int, int, int],
    start: Start,
    dtype: torch.dtype,
    schedule: Sequence[float],
    gradient_rank: int,
    scale: float,
    decay: float,
    momentum: float,
) -> None:
    m, n, r = shape
    A, B = start(m, n, r)
    p = pair(A.to(dtype), B.to(dtype), scale=scale)
    optimizer = LoRAMuon([p], lr=0.1, momentum=momentum, weight_decay=decay)
    for i, lr in enumerate(schedule):
        G = random_matrix(m, gradient_rank, seed=10 + i) @ random_matrix(gradient_rank, n, seed=50 + i)
        assert step_with(optimizer, p, G, lr) <= bound(p, lr)
        assert p.A.isfinite().all()
        assert p.B.isfinite().all()


def second_step(make: Make, jump: float, dtype: torch.dtype = torch.float32) -> float:
    """Return by how many rates a second step from PEFT's start moves W, after one of rate / jump."""
    A, B = of_peft(40, 24, 4)
    p = pair(A.to(dtype), B.to(dtype), scale=2.0)
    optimizer = make([p], lr=0.1, momentum=0.95, weight_decay=0.0)
    G = random_matrix(40, 24, seed=5)
    step_with(optimizer, p, G, 1.2e-3 / jump)
    return step_with(optimizer, p, G, 1.2e-3) / 1.2e-3


def test_a_rate_that_jumps_wrecks_the_papers_form_and_not_the_sequential_one() -> None:
    # A thousandth of the rate, then a third: what once sent a base's loss from 0.95 to 10.5. The second step
    # moves W by up to 1 + 300 / 2 of its rates.
    assert 50 < second_step(simultaneous, 300.0) < 152
    assert second_step(LoRAMuon, 300.0) <= 1 + ERROR


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("jump", [1e-6, 1.0, 1e3, 1e6])
def test_no_jump_of_the_rate_breaks_the_bound(jump: float, dtype: torch.dtype) -> None:
    assert second_step(LoRAMuon, jump, dtype) <= 1 + ERROR


def test_with_one_rate_from_zero_the_papers_form_stays_within_half_as_much_again() -> None:
    # 1 + 1 / 2, the product of two equal steps.
    assert 1.0 < second_step(simultaneous, 1.0) < 1.5 + ERROR


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("m", "n", "r"), SHAPES)
def test_a_step_is_the_reference_with_the_new_b(m: int, n: int, r: int, dtype: torch.dtype) -> None:
    A, B, G_A, G_B = factors(m, n, r, dtype)
    keep = (1 - 0.5 * 0.1) ** 0.5
    A0, B0 = keep * A.double(), keep * B.double()
    R_A = damped_root(A0 @ A0.mT)
    expected_B = B0 - 0.05 * polar(G_B.double() @ R_A) @ R_A
    R_B = damped_root(expected_B.mT @ expected_B)
    expected_A = A0 - 0.05 * R_B @ polar(R_B @ G_A.double())
    new_A, new_B = lora_muon_update(A, B, G_A, G_B, lr=0.1, weight_decay=0.5)
    # As in W, where each half is 0.05 long and the polynomials are within 0.1 % of msign; in the factors a
    # square Gram with relative eigenvalues of 1e-4 passes more on.
    assert norm((new_B.double() - expected_B) @ A0) < 2e-4
    assert norm(expected_B @ (new_A.double() - expected_A)) < 1e-3


def test_the_optimizer_takes_the_step_of_the_update() -> None:
    A, B, G_A, G_B = factors(20, 15, 4)
    p = pair(A, B, scale=0.5)
    p.A.grad, p.B.grad = G_A, G_B
    LoRAMuon([p], lr=0.1, momentum=0.0, weight_decay=0.5).step()
    new_A, new_B = lora_muon_update(A, B, G_A, G_B, lr=0.1, weight_decay=0.5, scale=0.5)
    assert torch.equal(p.A, new_A)
    assert torch.equal(p.B, new_B)


def test_the_second_half_sees_what_the_first_has_made_of_a_zero_b() -> None:
    A, B, G_A, G_B = factors(20, 15, 4)
    new_A, new_B = lora_muon_update(A, torch.zeros_like(B), G_A, G_B, lr=0.1)
    # Both halves are 0.05 long, of the new B; at the old one, which is 0, the second would be 0.
    assert norm(new_B @ A) == pytest.approx(0.05, rel=2e-3)
    assert norm(new_B @ (new_A - A)) == pytest.approx(0.05, rel=2e-3)


@pytest.mark.parametrize("seed", [0, 1])
def test_an_orthogonal_change_of_the_split_leaves_the_whole_way_of_w_alone(seed: int) -> None:
    # Damping is relative to the Gram's norm, which a rotation keeps: equal to the last digits.
    R = torch.linalg.qr(random_matrix(4, 4, seed=seed)).Q
    A, B = nearly_zero(24, 18, 4)
    target = random_matrix(24, 18, seed=5)
    ways: list[list[Tensor]] = []
    for A0, B0 in ((A, B), (R @ A, B @ R.mT)):
        p = pair(A0, B0)
        optimizer = LoRAMuon([p], lr=0.1, weight_decay=0.1)
        ways.append([descend(optimizer, [p], target, 1) for _ in range(8)])
    for W, V in zip(*ways, strict=True):
        torch.testing.assert_close(W, V, atol=1e-9, rtol=0)


def test_a_jumping_rate_moves_w_alike_however_it_is_split() -> None:
    A, B = random_start(24, 18, 4)
    for R in gauges(4):
        ends: list[Tensor] = []
        for A0, B0 in ((A, B), (R @ A, B @ torch.linalg.inv(R))):
            p = pair(A0, B0)
            optimizer = LoRAMuon([p], lr=0.1)
            for i, lr in enumerate((1e-4, 0.1, 1e-3, 0.3)):
                step_with(optimizer, p, random_matrix(24, 18, seed=20 + i), lr)
            ends.append(product(p))
        # What is left is the damping, as over constant rates.
        assert norm(ends[0] - ends[1]) < 2e-3


@pytest.mark.parametrize("make", [LoRAMuon, simultaneous])
def test_decay_is_beside_the_step_and_not_in_it(make: Make) -> None:
    A, B = random_start(20, 15, 4)
    p = pair(A, B)
    G = random_matrix(20, 15, seed=3)
    # lr * decay = 0.99: W keeps a hundredth. Undiluted, a small step is as long as without decay.
    moved = step_with(make([p], lr=1e-5, weight_decay=9.9e4), p, G, 1e-5)
    q = pair(A, B)
    assert moved == pytest.approx(step_with(make([q], lr=1e-5, weight_decay=0.0), q, G, 1e-5), rel=0.2)
    assert norm(product(p)) == pytest.approx(0.01 * norm(B @ A), rel=1e-3)


def test_from_peft_s_start_a_loss_falls_without_warm_up() -> None:
    A, B = of_peft(12, 15, 6)
    p = pair(A, B)
    target = random_matrix(12, 15, seed=5)
    after = (descend(LoRAMuon([p], lr=0.2), [p], target, 30) - target).square().sum()
    assert after < 0.7 * target.square().sum()


def test_the_half_of_a_is_of_the_b_that_bfloat16_keeps() -> None:
    A, B, G_A, G_B = factors(40, 12, 4, torch.bfloat16)
    B = B * torch.logspace(0, -2, 4).bfloat16()  # rounding is not small beside its last column's share
    A = A * 0.0625
    p = pair(A, B)
    p.A.grad, p.B.grad = G_A, G_B
    LoRAMuon([p], lr=0.1, momentum=0.0, weight_decay=0.0).step()
    _, new_B = lora_muon_update(A.float(), B.float(), G_A.float(), G_B.float(), lr=0.1)
    assert torch.equal(p.B, new_B.bfloat16())
    (D_A,) = steepest_directions([G_A.float()], partners=[p.B.detach().float().mT])
    assert torch.equal(p.A, (A.float() - 0.05 * D_A).bfloat16())


@pytest.mark.parametrize("start", STARTS)
def test_short_factors_keep_the_bound_but_for_their_rounding(start: Start) -> None:
    A, B = start(40, 24, 4)
    p = pair(A.bfloat16(), B.bfloat16())
    optimizer = LoRAMuon([p], lr=0.1)
    for i, lr in enumerate((1e-4, 0.1, 0.03)):
        assert step_with(optimizer, p, random_matrix(40, 24, seed=20 + i), lr) <= bound(p, lr)


def test_a_state_from_before_there_was_a_choice_goes_on_with_simultaneous_halves() -> None:
    A, B, *_ = factors(12, 15, 3)
    target = random_matrix(12, 15, seed=5)
    p = pair(A, B)
    optimizer = simultaneous([p], lr=0.05)
    descend(optimizer, [p], target, 2)
    saved = copy.deepcopy(optimizer.state_dict())
    del saved["param_groups"][0]["halves"]
    q = pair(p.A.detach(), p.B.detach())
    resumed = LoRAMuon([q], lr=0.05)
    resumed.load_state_dict(saved)
    assert torch.equal(descend(optimizer, [p], target, 2), descend(resumed, [q], target, 2))
