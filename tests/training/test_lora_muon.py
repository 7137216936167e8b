"""The laws of LoRA-Muon, each against a float64 reference; Spectron must break the gauge law."""

# torch is typed in part only, and matrices keep the capitals of the papers
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportConstantRedefinition=false
from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.training.test_polar import damped_root, random_matrix
from training.lora_muon import LoRAMuon, LoRAPair, lora_muon_directions, lora_muon_update
from training.lora_rite import LoRARite, lora_rite_directions
from training.pair_optimizer import PairOptimizer
from training.spectron import Spectron

DTYPES = [torch.float32, torch.float64]
# (m, n, r): tall, wide, square, rank one, full rank
SHAPES = [(40, 12, 4), (12, 40, 4), (24, 24, 8), (16, 10, 1), (6, 9, 6)]
Make = Callable[..., PairOptimizer]
# The paper's form; `LoRAMuon` alone is the sequential one, whose own laws are in test_lora_muon_halves.py.
simultaneous = partial(LoRAMuon, halves="simultaneous")
FORMS = [LoRAMuon, simultaneous]


def polar(M: Tensor) -> Tensor:
    U, _, Vh = torch.linalg.svd(M.double(), full_matrices=False)
    return U @ Vh


def factors(m: int, n: int, r: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, ...]:
    """Return A, B, and gradients of them that come from one gradient of W."""
    A, B = random_matrix(r, n, seed=1), random_matrix(m, r, seed=2)
    G = random_matrix(m, n, seed=3)
    return tuple(x.to(dtype) for x in (A, B, B.mT @ G, G @ A.mT))


def pair(A: Tensor, B: Tensor, *, scale: float = 1.0, name: str = "w") -> LoRAPair:
    return LoRAPair(name=name, A=nn.Parameter(A.clone()), B=nn.Parameter(B.clone()), scale=scale)


def descend(optimizer: PairOptimizer, pairs: list[LoRAPair], target: Tensor, n_steps: int) -> Tensor:
    """Take steps on ||W - target||^2 / 2 for the first pair and return its c B A."""
    for _ in range(n_steps):
        optimizer.zero_grad()
        for p in pairs:
            ((p.scale * p.B @ p.A - target).square().sum() / 2).backward()
        optimizer.step()
    return (pairs[0].scale * pairs[0].B @ pairs[0].A).detach()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("m", "n", "r"), SHAPES)
def test_a_step_is_the_reference_by_eigenvalues_and_singular_values(
    m: int, n: int, r: int, dtype: torch.dtype
) -> None:
    A, B, G_A, G_B = factors(m, n, r, dtype)
    R_A, R_B = damped_root(A @ A.mT), damped_root(B.mT @ B)
    expected_A = A.double() - 0.05 * R_B @ polar(R_B @ G_A.double())
    expected_B = B.double() - 0.05 * polar(G_B.double() @ R_A) @ R_A
    new_A, new_B = lora_muon_update(A, B, G_A, G_B, lr=0.1, halves="simultaneous")
    # The polynomials are within 0.1 % of msign; the step is 0.05 long in W.
    torch.testing.assert_close(new_A.double(), expected_A, atol=2e-4, rtol=0)
    torch.testing.assert_close(new_B.double(), expected_B, atol=2e-4, rtol=0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("m", "n", "r"), SHAPES)
def test_each_half_of_a_step_is_half_the_rate_and_the_tangent_at_most_the_rate(
    m: int, n: int, r: int, dtype: torch.dtype
) -> None:
    A, B, G_A, G_B = factors(m, n, r, dtype)
    new_A, new_B = lora_muon_update(A, B, G_A, G_B, lr=0.1, halves="simultaneous")
    halves = (new_B - B) @ A, B @ (new_A - A)
    norms = [torch.linalg.matrix_norm(half.double(), 2).item() for half in halves]
    assert norms == pytest.approx([0.05, 0.05], rel=2e-3)
    assert torch.linalg.matrix_norm((halves[0] + halves[1]).double(), 2) <= 0.1 * 1.002


def gauges(r: int) -> list[Tensor]:
    """Return scalar and general invertible changes of the factors."""
    mixed = random_matrix(r, r, seed=9) + 3.0 * torch.eye(r, dtype=torch.float64)
    return [c * torch.eye(r, dtype=torch.float64) for c in (1 / 9, 3.0, 27.0)] + [mixed]


def gauge_gap(make: Make, R: Tensor, dtype: torch.dtype) -> float:
    """Return how far W is apart after 5 steps from (A, B) and from (R A, B R^-1)."""
    A, B, *_ = factors(24, 18, 4)
    target = random_matrix(24, 18, seed=5).to(dtype)
    ends: list[Tensor] = []
    for A0, B0 in ((A, B), (R @ A, B @ torch.linalg.inv(R))):
        p = pair(A0.to(dtype), B0.to(dtype))
        ends.append(descend(make([p], lr=0.1, momentum=0.9, weight_decay=0.1), [p], target, 5))
    return torch.linalg.matrix_norm((ends[0] - ends[1]).double(), 2).item()


@pytest.mark.parametrize("make", FORMS)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 5e-3), (torch.float64, 2e-3)])
def test_steps_on_w_do_not_depend_on_how_it_is_split(
    make: Make, dtype: torch.dtype, tolerance: float
) -> None:
    # Five steps of 0.1. What is left is the damping, which sees the Gram's eigenvalues (condition of R: ~5).
    assert max(gauge_gap(make, R, dtype) for R in gauges(4)) < tolerance


@pytest.mark.parametrize("make", FORMS)
def test_a_scalar_change_of_the_split_is_exact(make: Make) -> None:
    assert max(gauge_gap(make, R, torch.float64) for R in gauges(4)[:3]) < 1e-12


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 2e-3), (torch.float64, 1e-3)])
@pytest.mark.parametrize(("m", "n", "r"), SHAPES[:4])
def test_the_qr_form_gives_the_same_step(
    m: int, n: int, r: int, dtype: torch.dtype, tolerance: float
) -> None:
    A, B, G_A, G_B = factors(m, n, r, dtype)
    ours = lora_muon_directions((A, B.mT), (G_A, G_B.mT))
    theirs = lora_rite_directions((A, B.mT), (G_A, G_B.mT))
    # In W, where both have length 1. Equal but for the damping, which only ours has (a square random factor,
    # whose Gram has relative eigenvalues of 1e-4, would differ by 5 %), and the last digits of msign.
    assert torch.linalg.matrix_norm(B @ (ours[0] - theirs[0]), 2) < tolerance
    assert torch.linalg.matrix_norm((ours[1] - theirs[1]).mT @ A, 2) < tolerance


@pytest.mark.parametrize("make", FORMS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_without_gradient_the_product_decays_once(make: Make, dtype: torch.dtype) -> None:
    A, B, *_ = factors(9, 7, 3, dtype)
    p = pair(A, B)
    p.A.grad, p.B.grad = torch.zeros_like(A), torch.zeros_like(B)
    make([p], lr=0.5, weight_decay=0.4).step()
    # 1 - 0.4 * 0.5 = 0.8
    torch.testing.assert_close(p.B @ p.A, 0.8 * B @ A)


def test_decay_does_not_dilute_the_tangent_step() -> None:
    A, B, G_A, G_B = factors(20, 15, 4)
    lr, decay = 1e-6, 1e5  # 1 - decay * lr = 0.9, and terms of lr squared are too small to see
    step = partial(lora_muon_update, A, B, G_A, G_B, lr=lr, halves="simultaneous")
    plain_A, plain_B = step()
    new_A, new_B = step(weight_decay=decay)
    torch.testing.assert_close(new_B @ new_A - 0.9 * B @ A, plain_B @ plain_A - B @ A, atol=1e-11, rtol=1e-4)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_zero_b_moves_alone_and_by_half_the_rate(dtype: torch.dtype) -> None:
    A, _, _, G_B = factors(10, 14, 3, dtype)
    p = pair(A, torch.zeros(10, 3, dtype=dtype))
    p.A.grad, p.B.grad = torch.zeros_like(A), G_B
    LoRAMuon([p], lr=0.1, weight_decay=0.0).step()
    assert torch.equal(p.A, A)
    values = torch.linalg.svdvals((p.B @ p.A).detach().double())
    assert values[:3] == pytest.approx([0.05] * 3, rel=2e-3)


def test_a_zero_b_stays_bounded_in_the_following_steps() -> None:
    A, *_ = factors(10, 14, 3)
    p = pair(A, torch.zeros(10, 3, dtype=torch.float64))
    target = random_matrix(10, 14, seed=5)
    optimizer = simultaneous([p], lr=0.1, weight_decay=0.0)
    before = torch.zeros(10, 14, dtype=torch.float64)
    for _ in range(6):
        after = descend(optimizer, [p], target, 1)
        # eta from the tangent and at most eta / 2 from the product of the two steps
        assert torch.linalg.matrix_norm(after - before, 2) < 0.1 * 1.51
        before = after
    assert torch.linalg.matrix_norm(p.A.detach(), 2) < 4 * torch.linalg.matrix_norm(A, 2)


@pytest.mark.parametrize("make", [*FORMS, LoRARite])
def test_the_scale_of_peft_changes_nothing_in_w(make: Make) -> None:
    A, B, *_ = factors(12, 15, 3)
    target = random_matrix(12, 15, seed=5)
    ends: list[Tensor] = []
    for scale in (1.0, 0.25, 16.0):
        p = pair(A, B / scale, scale=scale)
        ends.append(descend(make([p], lr=0.05, weight_decay=0.1), [p], target, 4))
    torch.testing.assert_close(ends[1], ends[0], atol=1e-12, rtol=0)
    torch.testing.assert_close(ends[2], ends[0], atol=1e-12, rtol=0)


@pytest.mark.parametrize("make", [*FORMS, LoRARite, Spectron])
def test_steps_lower_a_loss(make: Make) -> None:
    A, B, *_ = factors(12, 15, 6)
    p = pair(A, B)
    target = random_matrix(12, 15, seed=5)
    before = (B @ A - target).square().sum()
    after = (descend(make([p], lr=0.2), [p], target, 30) - target).square().sum()
    assert after < 0.7 * before  # Spectron's steps are shorter: its rate is divided by 1 and both norms


def mixed_pairs() -> list[LoRAPair]:
    shapes = [(12, 8, 2), (8, 12, 2), (12, 12, 2), (12, 8, 2), (12, 8, 4)]
    return [
        pair(random_matrix(r, n, seed=i), random_matrix(m, r, seed=10 + i), scale=1.0 + i, name=str(i))
        for i, (m, n, r) in enumerate(shapes)
    ]


@pytest.mark.parametrize("make", FORMS)
def test_many_layers_in_one_step_are_each_layer_alone(make: Make) -> None:
    together, alone = mixed_pairs(), mixed_pairs()
    for p, q in zip(together, alone, strict=True):
        for factor, other in ((p.A, q.A), (p.B, q.B)):
            factor.grad = torch.sin(factor.detach() * 3)
            other.grad = factor.grad.clone()
    make(together, lr=0.1).step()
    for q in alone:
        make([q], lr=0.1).step()
    for p, q in zip(together, alone, strict=True):
        torch.testing.assert_close(p.A, q.A)
        torch.testing.assert_close(p.B, q.B)


@pytest.mark.parametrize("make", [*FORMS, Spectron])
def test_a_saved_state_goes_on_bit_by_bit(make: Make) -> None:
    A, B, *_ = factors(12, 15, 3, torch.float32)
    target = random_matrix(12, 15, dtype=torch.float32, seed=5)
    p = pair(A, B)
    optimizer = make([p], lr=0.05)
    descend(optimizer, [p], target, 3)
    q = pair(p.A.detach(), p.B.detach())
    resumed = make([q], lr=9.0)  # the saved rate counts
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    assert torch.equal(descend(optimizer, [p], target, 3), descend(resumed, [q], target, 3))


def test_a_saved_state_of_short_factors_keeps_its_momenta_in_float32() -> None:
    A, B, G_A, G_B = factors(12, 15, 3, torch.bfloat16)
    p, q = pair(A, B), pair(A, B)
    optimizers = [LoRAMuon([x], lr=0.05) for x in (p, q)]
    for step in range(4):
        if step == 2:  # the second goes on from what was saved
            saved = copy.deepcopy(optimizers[1].state_dict())
            optimizers[1] = LoRAMuon([q], lr=0.05)
            optimizers[1].load_state_dict(saved)
        for x, optimizer in zip((p, q), optimizers, strict=True):
            x.A.grad, x.B.grad = G_A * (1 + step), G_B * (2 - step)
            optimizer.step()
    assert torch.equal(p.A, q.A)
    assert torch.equal(p.B, q.B)


def test_two_runs_are_equal_bit_by_bit() -> None:
    A, B, *_ = factors(12, 15, 3, torch.float32)
    target = random_matrix(12, 15, dtype=torch.float32, seed=5)
    p, q = pair(A, B), pair(A, B)
    first, second = (descend(LoRAMuon([x], lr=0.05), [x], target, 4) for x in (p, q))
    assert torch.equal(first, second)


def test_bfloat16_factors_are_stepped_in_float32_and_rounded_once() -> None:
    A, B, G_A, G_B = factors(12, 15, 3, torch.bfloat16)
    p = pair(A, B)
    p.A.grad, p.B.grad = G_A, G_B
    optimizer = simultaneous([p], lr=0.1, momentum=0.0, weight_decay=0.0)
    optimizer.step()
    A32, B32 = lora_muon_update(A.float(), B.float(), G_A.float(), G_B.float(), lr=0.1, halves="simultaneous")
    assert torch.equal(p.A, A32.bfloat16())
    assert torch.equal(p.B, B32.bfloat16())
    assert {x.dtype for state in optimizer.state.values() for x in state.values()} == {torch.float32}


def test_autocast_around_a_step_does_not_lower_its_precision() -> None:
    A, B, G_A, G_B = factors(12, 15, 3, torch.float32)
    ends: list[Tensor] = []
    for enabled in (False, True):
        p = pair(A, B)
        p.A.grad, p.B.grad = G_A.clone(), G_B.clone()
        with torch.autocast("cpu", enabled=enabled):
            LoRAMuon([p], lr=0.1).step()
        ends.append(p.A.detach())
    assert torch.equal(*ends)


def test_the_state_is_one_number_for_each_of_the_factors() -> None:
    A, B, G_A, G_B = factors(12, 15, 3, torch.float32)
    p = pair(A, B)
    p.A.grad, p.B.grad = G_A, G_B
    optimizer = LoRAMuon([p], lr=0.1)
    optimizer.step()
    assert sum(x.numel() for state in optimizer.state.values() for x in state.values()) == (12 + 15) * 3


def test_groups_have_rates_of_their_own() -> None:
    A, B, G_A, G_B = factors(12, 15, 3)
    slow, fast = pair(A, B), pair(A, B)
    for p in (slow, fast):
        p.A.grad, p.B.grad = G_A, G_B
    groups = [{"pairs": [slow], "lr": 0.01}, {"pairs": [fast]}]
    simultaneous(groups, lr=0.1, weight_decay=0.0).step()
    torch.testing.assert_close(fast.A - A, 10 * (slow.A - A))


def test_a_scheduler_moves_the_rate() -> None:
    A, B, *_ = factors(12, 15, 3)
    p = pair(A, B)
    optimizer = LoRAMuon([p], lr=0.1)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.5, total_iters=2)
    descend(optimizer, [p], torch.zeros(12, 15, dtype=torch.float64), 1)
    schedule.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.075)


def test_a_pair_without_gradients_is_left_alone() -> None:
    used, unused = mixed_pairs()[:2]
    used.A.grad, used.B.grad = torch.ones_like(used.A), torch.ones_like(used.B)
    before = unused.A.detach().clone()
    LoRAMuon([used, unused], lr=0.1).step()
    assert torch.equal(unused.A, before)


def test_half_a_gradient_is_refused() -> None:
    p = mixed_pairs()[0]
    p.A.grad = torch.ones_like(p.A)
    with pytest.raises(ValueError, match="one factor"):
        LoRAMuon([p], lr=0.1).step()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lr": -0.1}, "lr must be"),
        ({"lr": float("nan")}, "lr must be"),
        ({"lr": 0.1, "momentum": 1.0}, "momentum must be"),
        ({"lr": 0.1, "weight_decay": -1.0}, "weight_decay"),
        ({"lr": 0.5, "weight_decay": 2.0}, "weight_decay"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LoRAMuon(mixed_pairs(), **settings)


def test_a_rate_that_a_scheduler_made_too_large_is_refused() -> None:
    p = mixed_pairs()[0]
    p.A.grad, p.B.grad = torch.ones_like(p.A), torch.ones_like(p.B)
    optimizer = LoRAMuon([p], lr=0.1, weight_decay=1.0)
    optimizer.param_groups[0]["lr"] = 2.0
    with pytest.raises(ValueError, match="weight_decay"):
        optimizer.step()


def test_no_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        LoRAMuon([], lr=0.1)


def test_a_closure_is_called_with_gradients() -> None:
    p = mixed_pairs()[0]
    optimizer = LoRAMuon([p], lr=0.1)

    def closure() -> Tensor:
        loss = (p.B @ p.A).square().sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).requires_grad


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
@pytest.mark.parametrize("make", FORMS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_compiled_step_is_the_plain_one(make: Make, dtype: torch.dtype) -> None:
    plain, compiled = mixed_pairs(), mixed_pairs()
    optimizers = [make(pairs, lr=torch.tensor(0.1, dtype=dtype)) for pairs in (plain, compiled)]
    fused = torch.compile(optimizers[1].step)
    for factor in (0.1, 0.2, 0.05):
        for optimizer in optimizers:
            optimizer.param_groups[0]["lr"].fill_(factor)
            for p in optimizer.param_groups[0]["params"]:
                p.grad = torch.cos(p.detach())
        optimizers[0].step()
        fused()
    for p, q in zip(plain, compiled, strict=True):
        torch.testing.assert_close(p.A, q.A)
        torch.testing.assert_close(p.B, q.B)
