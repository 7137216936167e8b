"""Products in four and eight bits, beside the same in float32."""

# Torch leaves parts of its interface untyped.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false
from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch
from torch import Tensor

from decoding.engines.llama.projection import Beside, Factors, Projection, find_four_bits, padded_rows
from tests.paths import ROOT


def four_bit_weight(n_rows: int, n_columns: int, *, seed: int = 0) -> Tensor:
    """Return (n_rows, n_columns) bfloat16 as a Q4_1 file has it: sixteen levels for each 32 of a row."""
    made = torch.Generator().manual_seed(seed)
    groups = (n_rows, n_columns // 32)
    levels = torch.randint(0, 16, (*groups, 32), generator=made)
    levels[..., 0], levels[..., 1] = 0, 15  # such files' scales are made of the least and the largest
    scale = torch.rand(*groups, 1, generator=made) * 0.02 + 1e-4
    # Weights lie around zero: some five to ten levels below it. Far from it, bfloat16 keeps no levels apart.
    least = -scale * (5 + 5 * torch.rand(*groups, 1, generator=made))
    return (levels * scale + least).view(n_rows, n_columns).bfloat16()


def test_what_has_four_bits_is_found_as_near_as_bfloat16_keeps_it() -> None:
    weight = four_bit_weight(64, 96)
    found = find_four_bits(weight)
    assert found is not None
    back = found.apply(torch.eye(96, dtype=torch.bfloat16)).mT.float()
    # Scales are bfloat16 as weights are: 8 bits of mantissa, on levels up to 8 scales from the middle.
    assert float((back - weight.float()).abs().max()) < 2**-7 * float(weight.float().abs().max())
    assert float((back - weight.float()).norm() / weight.float().norm()) < 0.004


@pytest.mark.parametrize(
    "weight",
    [
        pytest.param(torch.randn(64, 64, generator=torch.Generator().manual_seed(1)).bfloat16(), id="dense"),
        pytest.param(
            (torch.randn(64, 64, generator=torch.Generator().manual_seed(1)) * 0.1 + 1).bfloat16(),
            id="dense, far from zero",
        ),
        pytest.param(torch.full((16, 32), float("nan"), dtype=torch.bfloat16), id="no numbers"),
        pytest.param(four_bit_weight(64, 64).float(), id="float32"),
        pytest.param(four_bit_weight(24, 64), id="rows that the kernel does not take"),
        pytest.param(torch.zeros(16, 40, dtype=torch.bfloat16), id="columns that are no groups"),
    ],
)
def test_other_weights_are_left_as_they_are(weight: Tensor) -> None:
    assert find_four_bits(weight) is None


def test_groups_of_one_value_are_four_bits_too() -> None:
    weight = torch.full((16, 32), -0.375, dtype=torch.bfloat16)
    found = find_four_bits(weight)
    assert found is not None
    assert found.apply(torch.eye(32, dtype=torch.bfloat16)).unique().tolist() == [-0.375]


@pytest.mark.parametrize("n_rows", [1, 2, 4, 5, 16, 33])
@pytest.mark.parametrize("adapted", [False, True])
def test_any_number_of_rows_gives_the_same_product(n_rows: int, adapted: bool) -> None:
    weight = four_bit_weight(64, 96)
    made = torch.Generator().manual_seed(2)
    x = torch.randn(n_rows, 96, generator=made).bfloat16()
    A, B = torch.randn(96, 8, generator=made) * 0.1, torch.randn(8, 64, generator=made) * 0.1
    factors = Factors(A, B, dtype=torch.bfloat16) if adapted else None
    expected = x.float() @ weight.float().mT + (x.float() @ A @ B if adapted else 0.0)
    found = Projection(weight, find_four_bits(weight))(x, Beside(factors, factors))
    assert float((found.float() - expected).norm() / expected.norm()) < 0.01  # bfloat16: 2^-8 an entry


def test_in_float32_nothing_is_rounded() -> None:
    made = torch.Generator().manual_seed(3)
    x, weight = torch.randn(3, 32, generator=made), torch.randn(16, 32, generator=made)
    A, B = torch.randn(32, 4, generator=made), torch.randn(4, 16, generator=made)
    found = Projection(weight, None)(x, Beside(None, Factors(A, B, dtype=torch.float32)))
    torch.testing.assert_close(found, x @ weight.mT + x @ A @ B)


def test_texts_of_all_lengths_make_few_kernels() -> None:
    padded = [padded_rows(n) for n in range(1, 8193)]
    assert all(rows >= n for n, rows in enumerate(padded, start=1))
    assert len(set(padded)) < 150  # at a megabyte or so each
    assert [padded_rows(n) for n in (1, 2, 5, 8, 9, 17, 128, 129)] == [4, 4, 8, 8, 16, 32, 128, 192]


# In a process of its own: OpenMP reads what the environment allows when it is loaded. What is printed is how
# far the products of other numbers of threads are from those of one, as a share of the largest.
_ACROSS_THREADS = """
import torch
from decoding.engines.llama.projection import Beside, Factors, Projection
from tests.paths import ROOT
from decoding.engines.threads import set_threads

made = torch.Generator().manual_seed(5)
for dtype in (torch.float32, torch.bfloat16):
    weight = torch.randn(1024, 1536, generator=made).to(dtype)
    A, B = torch.randn(1536, 32, generator=made), torch.randn(32, 1024, generator=made)
    projection, factors, off = Projection(weight, None), Beside(None, Factors(A, B, dtype=dtype)), 0.0
    for n_rows in (1, 3, 13, 64):
        x = torch.randn(n_rows, 1536, generator=made).to(dtype)
        products = []
        for n_threads in (1, 2, 3):
            set_threads(n_threads)
            products.append(projection(x, factors).float())
        off = max(off, *(float((product - products[0]).abs().max()) for product in products))
    print(off / float(products[0].abs().max()))
"""


# Each is a process that loads torch; of two threads "1" tells what is bound, None what is not.
@pytest.mark.parametrize("limit", [None, "1", pytest.param("2", marks=pytest.mark.slow)])
def test_another_number_of_threads_moves_nothing_but_the_last_bits(limit: str | None) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OMP_")}
    environment |= {} if limit is None else {"OMP_THREAD_LIMIT": limit}
    command = [sys.executable, "-c", _ACROSS_THREADS]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    in_float32, in_bfloat16 = map(float, done.stdout.split())
    assert in_float32 <= 1e-5
    assert in_bfloat16 <= 2.0**-6
