"""Attention by either kernel, beside its definition."""

# Torch leaves parts of its interface untyped.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false
from __future__ import annotations

import pytest
import torch
from torch import Tensor

from decoding.engines.llama.attention import attend, masked_scores
from decoding.engines.llama.cache import round_up_entries

SHARED, SIZE = 3, 32


def _attend_plainly(queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> Tensor:
    """softmax(q kᵀ / √size) v for each head, over the entries that a query sees."""
    heads: list[Tensor] = []
    for head in range(queries.shape[1]):
        scores = queries[:, head] @ keys[head // SHARED].mT / SIZE**0.5
        seen = scores.masked_fill(~mask, float("-inf"))
        heads.append(torch.softmax(seen, -1) @ values[head // SHARED])
    return torch.cat(heads, -1)


@pytest.mark.parametrize("t", [1, 2, 8, 9, 40, 128, 129, 300])
@pytest.mark.parametrize("n_before", [0, 1, 70])
@pytest.mark.parametrize("masked", [False, True])
def test_each_query_takes_from_what_it_sees(t: int, n_before: int, masked: bool) -> None:
    made = torch.Generator().manual_seed(t)
    queries = torch.randn(t, 2 * SHARED, SIZE, generator=made)
    keys, values = torch.randn(2, 2, n_before + t, SIZE, generator=made)
    mask = torch.ones(t, n_before + t, dtype=torch.bool).tril_(n_before)
    if masked:
        mask &= torch.rand(mask.shape, generator=made) < 0.6
        mask[:, n_before:] |= torch.eye(t, dtype=torch.bool)  # a token sees itself
    sees = masked_scores(mask, SHARED, torch.float32) if masked else None
    keys_and_room, values_and_room = torch.full((2, 2, round_up_entries(n_before + t), SIZE), 1e3)
    keys_and_room[:, : n_before + t], values_and_room[:, : n_before + t] = keys, values
    found = attend(queries, keys_and_room, values_and_room, sees, n_entries=n_before + t, n_shared=SHARED)
    torch.testing.assert_close(found, _attend_plainly(queries, keys, values, mask), atol=1e-5, rtol=1e-4)
