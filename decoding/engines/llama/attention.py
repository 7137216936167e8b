"""Attention of some newest tokens to all that are kept.

The queries that share a head of keys are rows of one matrix: keys are read once for all of them. From some
rows on, torch's fused kernel takes longer in bfloat16 than plain products do, for some queries at a time and
only up to their last key.
"""

# Torch leaves parts of its interface untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor

from decoding.engines.llama.cache import round_up_entries
from decoding.engines.llama.projection import padded_rows

# Of 1 to 128 queries on one core (docs/results/decoding.md).
_MOST_FUSED = 8
_BLOCK = 64


def attend(
    queries: Tensor, keys: Tensor, values: Tensor, sees: Tensor | None, *, n_entries: int, n_shared: int
) -> Tensor:
    """Return (t, heads · size): what each query takes from `values`.

    Parameters
    ----------
    queries
        (t, heads, size), of the newest tokens.
    keys, values
        (heads / n_shared, entries and finite numbers behind them, size): as `KeysAndValues.add` gives them.
    n_entries
        How many entries there are, the newest tokens' the last.
    sees
        As `masked_scores` makes it; None if each token sees all before it, and itself.
    """
    if len(queries) <= _MOST_FUSED:
        return _attend_fused(queries, keys[:, :n_entries], values[:, :n_entries], sees, n_shared)
    n_before = n_entries - len(queries)
    parts: list[Tensor] = []
    for first in range(0, len(queries), _BLOCK):
        block = queries[first : first + _BLOCK]
        t, last = len(block), n_before + first + len(block)
        block = F.pad(block, (0, 0, 0, 0, 0, padded_rows(t) - t))
        end = round_up_entries(n_entries if sees is not None else last)
        added = None
        if sees is not None:
            added = F.pad(sees[:, first : first + _BLOCK], (0, end - n_entries), value=float("-inf"))
            added = F.pad(added, (0, 0, 0, len(block) - t))
        mixed = _attend_in_products(block, keys[:, :end], values[:, :end], added, n_shared, last - t)
        parts.append(mixed[:t])
    return torch.cat(parts) if len(parts) > 1 else parts[0]


def masked_scores(mask: Tensor, n_shared: int, dtype: torch.dtype) -> Tensor:
    """Return (n_shared, t, entries), what a mask (t, entries) adds to scores: 0 for what is seen."""
    added = torch.zeros(mask.shape, dtype=dtype).masked_fill_(~mask, float("-inf"))
    return added.expand(n_shared, -1, -1)


def _attend_fused(
    queries: Tensor, keys: Tensor, values: Tensor, sees: Tensor | None, n_shared: int
) -> Tensor:
    t = len(queries)
    if sees is None and t > 1:
        sees = masked_scores(_all_before(t, keys.shape[1]), n_shared, queries.dtype)
    added = None if sees is None else sees.reshape(n_shared * t, -1)
    mixed = F.scaled_dot_product_attention(
        _rows(queries, n_shared)[None], keys[None], values[None], attn_mask=added
    )
    return _heads(mixed[0], t)


def _attend_in_products(
    queries: Tensor, keys: Tensor, values: Tensor, sees: Tensor | None, n_shared: int, n_before: int
) -> Tensor:
    """Return what `_BLOCK` queries or fewer take: without `sees` of the first `n_before` entries, and on."""
    t, n = len(queries), keys.shape[1]
    scores = torch.bmm(_rows(queries * queries.shape[-1] ** -0.5, n_shared), keys.mT)
    by_query = scores.view(len(keys), n_shared, t, n)
    if sees is None:
        # Of the entries only these tokens' own, and those that fill up, may lie ahead of one of them.
        own = by_query[..., n_before:]
        own.masked_fill_(~torch.ones(own.shape[-2:], dtype=torch.bool).tril_(), float("-inf"))
    else:
        by_query += sees
    return _heads(torch.bmm(torch.softmax(scores, -1), values), t)


def _all_before(t: int, n: int) -> Tensor:
    """Return (t, n), which of n entries each of the t newest sees: itself and all before it."""
    return torch.ones((t, n), dtype=torch.bool).tril_(n - t)


def _rows(queries: Tensor, n_shared: int) -> Tensor:
    """Return (heads / n_shared, n_shared · t, size) of (t, heads, size)."""
    t, _, size = queries.shape
    by_key = queries.view(t, -1, n_shared, size).permute(1, 2, 0, 3)
    return by_key.reshape(by_key.shape[0], -1, size)


def _heads(rows: Tensor, t: int) -> Tensor:
    """Return (t, heads · size) of rows (heads / n_shared, n_shared · t, size)."""
    return rows.view(rows.shape[0], -1, t, rows.shape[-1]).permute(2, 0, 1, 3).reshape(t, -1)
