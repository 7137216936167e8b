"""One pass of a Llama over new tokens, behind those whose keys and values are kept."""

# Torch leaves parts of its interface untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor

from decoding.engines.llama.config import LlamaShape
from decoding.engines.llama.projection import Factors, Projection
from decoding.engines.llama.weights import Layer, Weights

if TYPE_CHECKING:
    from decoding.engines.llama.cache import KeysAndValues

# Of one layer, by the names of `PARTS`; without a name there is nothing to add.
LayerFactors = Mapping[str, Factors]


class Llama:
    """A Llama's weights, ready to read tokens; it keeps nothing of what it reads.

    What is added from block to block is float32, as are norms; products are in the weights' dtype.
    """

    def __init__(self, weights: Weights) -> None:
        self.shape: LlamaShape = weights.shape
        self.dtype = weights.embedding.dtype
        self._weights = weights
        self._head = Projection(weights.head, None)
        size, theta = self.shape.size, self.shape.theta
        # In float32 as Transformers has it, and rounded to the dtype of what is turned.
        angles = torch.arange(self.shape.n_positions).float()[:, None] / theta ** (
            torch.arange(0, size, 2).float() / size
        )
        self._cos = torch.cat([angles.cos(), angles.cos()], -1).to(self.dtype)[
            :, None
        ]  # (positions, 1, size)
        self._sin = torch.cat([-angles.sin(), angles.sin()], -1).to(self.dtype)[:, None]

    @torch.inference_mode()
    def read(
        self,
        tokens: Tensor,
        positions: Tensor,
        cache: KeysAndValues,
        *,
        mask: Tensor | None,
        factors: Sequence[LayerFactors] | None,
        n_kept: int,
    ) -> Tensor:
        """Return the hidden states (n_kept, d) of the last tokens, in the weights' dtype.

        Parameters
        ----------
        tokens, positions
            (t,) int64.
        cache
            Their keys and values are added to it.
        mask
            (t, entries with the new ones) bool, what each token sees; None is all that is there before it.
        factors
            An adapter's, a layer an entry.
        """
        start = cache.extend(len(tokens))
        cos, sin = self._cos[positions], self._sin[positions]
        sees = None if mask is None else _for_shared_heads(mask, self.shape.n_shared, self.dtype)
        is_causal = mask is None and start == 0
        if sees is None and not is_causal and len(tokens) > 1:
            ahead = torch.ones((len(tokens), start + len(tokens)), dtype=torch.bool).tril_(start)
            sees = _for_shared_heads(ahead, self.shape.n_shared, self.dtype)
        x = self._weights.embedding[tokens].float()  # (t, d)
        last = self.shape.n_layers - 1
        for index, layer in enumerate(self._weights.layers):
            own = {} if factors is None else factors[index]
            heads = self._turned_heads(x, layer, own, cos, sin)
            keys, values = cache.add(index, heads[1], heads[2])
            queries = heads[0]
            if index == last and n_kept < len(tokens) and not is_causal:
                # Nothing looks at the other tokens any more.
                queries, x = queries[-n_kept:], x[-n_kept:]
                sees = None if sees is None else _last_rows(sees, self.shape.n_shared, n_kept)
            mixed = self._attend(queries, keys, values, sees, is_causal=is_causal)
            if index == last and n_kept < len(mixed):
                mixed, x = mixed[-n_kept:], x[-n_kept:]
            x = x.add_(layer.out(mixed, own.get("out")))
            x = x.add_(self._think(x, layer, own))
        return self._norm(x, self._weights.norm)

    def score(self, hidden: Tensor, tokens: Tensor | None = None) -> Tensor:
        """Return the logits of `hidden` (t, d): float32 (t, n) of these tokens, or (t, vocabulary) of all.

        Those of a few are exact in float32; of all, products are rounded to the weights' dtype.
        """
        if tokens is None:
            return self._head(hidden).float()
        return hidden.float() @ self._weights.head[tokens].float().mT

    def _turned_heads(
        self, x: Tensor, layer: Layer, own: LayerFactors, cos: Tensor, sin: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return queries, keys and values, (t, heads, size) each, the first two turned by their positions."""
        shape = self.shape
        qkv = layer.qkv(self._norm(x, layer.attention_norm), own.get("qkv"))
        heads = qkv.view(len(x), shape.n_heads + 2 * shape.n_key_heads, shape.size)
        n_turned = shape.n_heads + shape.n_key_heads
        plain = heads[:, :n_turned]
        other = plain.unflatten(-1, (2, shape.size // 2)).flip(-2).flatten(-2)
        turned = torch.addcmul(plain * cos, other, sin)
        return turned[:, : shape.n_heads], turned[:, shape.n_heads :], heads[:, n_turned:]

    def _attend(
        self, queries: Tensor, keys: Tensor, values: Tensor, sees: Tensor | None, *, is_causal: bool
    ) -> Tensor:
        """Return (t, heads · size): what each query takes from `values`, both (key heads, entries, size)."""
        t, shape = len(queries), self.shape
        if is_causal:
            mixed = F.scaled_dot_product_attention(
                queries.transpose(0, 1)[None], keys[None], values[None], is_causal=True, enable_gqa=True
            )
            return mixed[0].transpose(0, 1).reshape(t, -1)
        # The queries that share a head of keys are rows of one: keys are read once for all of them.
        rows = queries.view(t, shape.n_key_heads, shape.n_shared, shape.size).permute(1, 2, 0, 3)
        mixed = F.scaled_dot_product_attention(
            rows.reshape(1, shape.n_key_heads, -1, shape.size), keys[None], values[None], attn_mask=sees
        )
        rows = mixed.view(shape.n_key_heads, shape.n_shared, t, shape.size)
        return rows.permute(2, 0, 1, 3).reshape(t, -1)

    def _think(self, x: Tensor, layer: Layer, own: LayerFactors) -> Tensor:
        gate, up = layer.gate_up(self._norm(x, layer.mlp_norm), own.get("gate_up")).chunk(2, -1)
        return layer.down(F.silu(gate).mul_(up), own.get("down"))

    def _norm(self, x: Tensor, weight: Tensor) -> Tensor:
        return F.rms_norm(x, weight.shape, weight, self.shape.eps).to(self.dtype)


def _for_shared_heads(mask: Tensor, n_shared: int, dtype: torch.dtype) -> Tensor:
    """Return a mask (t, n) as what is added for the queries that share a head of keys, (n_shared · t, n)."""
    added = torch.zeros(mask.shape, dtype=dtype).masked_fill_(~mask, float("-inf"))
    return added.repeat(n_shared, 1)


def _last_rows(sees: Tensor, n_shared: int, n_kept: int) -> Tensor:
    return sees.view(n_shared, -1, sees.shape[-1])[:, -n_kept:].reshape(n_shared * n_kept, -1)
