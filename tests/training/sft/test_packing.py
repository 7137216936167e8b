"""Packed rows hold every sample once, and no sample sees another."""

# torch and transformers are typed in part only
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import random
from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.decoding.engines.tiny_model import make_model
from training.encode import EncodedSample, joined
from training.hf import load_model
from training.sft.model import packed_loss
from training.sft.packing import batched, pack


def sample(length: int, *, start: int = 3, n_answer: int = 2) -> EncodedSample:
    ids = [start + i % 700 for i in range(length)]
    return joined(ids[:-n_answer], ids[-n_answer:], [1.0] * n_answer)


@given(st.lists(st.integers(3, 60), min_size=1, max_size=150), st.integers(0, 5))
def test_every_sample_is_in_one_row_and_rows_are_no_longer_than_allowed(
    lengths: list[int], seed: int
) -> None:
    samples = [sample(length, start=3 + i) for i, length in enumerate(lengths)]
    rows = pack(samples, max_tokens=64, rng=random.Random(seed))
    assert all(len(row.token_ids) <= 64 for row in rows)
    found = Counter(int(row.token_ids[i]) for row in rows for i in np.flatnonzero(row.positions == 0))
    assert found == Counter(int(one.token_ids[0]) for one in samples)
    assert sum(len(row.token_ids) for row in rows) == sum(lengths)
    assert sum(row.weights.sum() for row in rows) == sum(one.weights.sum() for one in samples)


def test_rows_are_nearly_full() -> None:
    rng = random.Random(0)
    samples = [sample(rng.randint(5, 40)) for _ in range(300)]
    rows = pack(samples, max_tokens=100, rng=rng)
    assert sum(len(row.token_ids) for row in rows) / (100 * len(rows)) > 0.93


def test_a_sample_longer_than_a_row_is_a_row_of_its_own() -> None:
    rows = pack([sample(90), sample(10)], max_tokens=50, rng=random.Random(0))
    assert sorted(len(row.token_ids) for row in rows) == [10, 90]


def test_packing_is_the_same_for_the_same_seed() -> None:
    samples = [sample(5 + i) for i in range(40)]
    first, second = (pack(samples, max_tokens=64, rng=random.Random(3)) for _ in range(2))
    assert all(np.array_equal(a.token_ids, b.token_ids) for a, b in zip(first, second, strict=True))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Any:  # noqa: ANN401
    return load_model(make_model(tmp_path_factory.mktemp("tiny")))


def test_a_packed_sample_has_the_loss_that_it_has_alone(model: Any) -> None:  # noqa: ANN401
    samples = [sample(9, start=10), sample(14, start=200), sample(6, start=90, n_answer=3)]
    (row,) = pack(samples, max_tokens=64, rng=random.Random(0))
    with torch.no_grad():
        together, weight = packed_loss(model, row)
        alone = [packed_loss(model, pack([one], max_tokens=64, rng=random.Random(0))[0]) for one in samples]
    assert weight == sum(one for _, one in alone)
    torch.testing.assert_close(together, torch.stack([loss for loss, _ in alone]).sum())


def test_the_loss_is_that_of_the_whole_logits(model: Any) -> None:  # noqa: ANN401
    one = sample(12, n_answer=4)
    (row,) = pack([one], max_tokens=64, rng=random.Random(0))
    with torch.no_grad():
        loss, weight = packed_loss(model, row)
        ids = torch.from_numpy(one.token_ids).long()[None]
        logprobs = torch.log_softmax(model(input_ids=ids).logits[0, :-1].float(), dim=-1)
    picked = -logprobs[torch.arange(11), ids[0, 1:]][-4:].sum()
    torch.testing.assert_close(loss, picked)
    assert weight == 4.0


def test_what_comes_first_changes_nothing_that_follows(model: Any) -> None:  # noqa: ANN401
    """Were attention not parted, the sample behind another one would see it."""
    target = sample(10, start=300)
    losses: list[float] = []
    for start in (20, 500):
        other = sample(11, start=start, n_answer=2)
        other.weights[:] = 0
        rows = pack([other, target], max_tokens=64, rng=random.Random(1))
        with torch.no_grad():
            losses.append(packed_loss(model, rows[0])[0].item())
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)


def test_rows_are_grouped_into_steps_in_order() -> None:
    rows = pack([sample(n) for n in (30, 30, 30, 90, 20)], max_tokens=32, rng=random.Random(0))
    groups = batched(rows, max_tokens=64)
    assert [row for group in groups for row in group] == rows
    assert all(sum(len(row.token_ids) for row in group) <= 64 or len(group) == 1 for group in groups)
    assert batched([], max_tokens=64) == []
