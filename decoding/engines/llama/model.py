"""One pass of a Llama over new tokens, behind those whose keys and values are kept."""

# Torch leaves parts of its interface untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor

from decoding.engines.llama.attention import attend, masked_scores
from decoding.engines.llama.config import LlamaShape
from decoding.engines.llama.projection import Beside, padded_rows
from decoding.engines.llama.weights import Layer, Weights

if TYPE_CHECKING:
    from decoding.engines.llama.cache import KeysAndValues

# Of one layer, by the names of `PARTS`; without a name there is nothing to add.
LayerFactors = Mapping[str, Beside]
AllFactors = Sequence[LayerFactors]


class Llama:
    """A Llama's weights, ready to read tokens; it keeps nothing of what it reads.

    What is added from block to block is float32, as are norms; products are in the weights' dtype.
    """

    def __init__(self, weights: Weights) -> None:
        self.shape: LlamaShape = weights.shape
        self.dtype = weights.embedding.dtype
        self._weights = weights
        size, theta = self.shape.size, self.shape.theta
        # In float32 as Transformers has it, and rounded to the dtype of what is turned.
        waves = theta ** (torch.arange(0, size, 2).float() / size)
        angles = (torch.arange(self.shape.n_positions).float()[:, None] / waves)[:, None]
        # (positions, 1, size): both halves of a head have the same angles
        self._cos = torch.cat([angles.cos(), angles.cos()], -1).to(self.dtype)
        self._sin = torch.cat([-angles.sin(), angles.sin()], -1).to(self.dtype)

    @torch.inference_mode()
    def read(
        self,
        tokens: Tensor,
        positions: Tensor,
        cache: KeysAndValues,
        *,
        mask: Tensor | None,
        factors: AllFactors | None,
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
        cache.extend(len(tokens))
        # Drafts and forced tokens may lie beyond the last position; an answer is cut before it.
        positions = positions.clamp(max=self.shape.n_positions - 1)
        cos, sin = self._cos[positions], self._sin[positions]
        sees = self._masked_scores(mask)
        x = self._weights.embedding[tokens].float()  # (t, d)
        last = self.shape.n_layers - 1
        for index, layer in enumerate(self._weights.layers):
            own = {} if factors is None else factors[index]
            queries, new_keys, new_values = self._turned_heads(x, layer, own, cos, sin)
            keys, values = cache.add(index, new_keys, new_values)
            if index == last and n_kept < len(tokens):
                # Nothing looks at the other tokens any more.
                queries, x = queries[-n_kept:], x[-n_kept:]
                sees = self._masked_scores(None if mask is None else mask[-n_kept:])
            mixed = attend(queries, keys, values, sees, n_entries=cache.length, n_shared=self.shape.n_shared)
            x = x.add_(layer.out(mixed, own.get("out")))
            x = x.add_(self._think(x, layer, own))
        return self._norm(x, self._weights.norm)

    def score(self, hidden: Tensor, tokens: Tensor | None = None) -> Tensor:
        """Return the logits of `hidden` (t, d): float32 (t, n) of these tokens, or (t, vocabulary) of all.

        Those of a few are exact in float32; of all, products are rounded to the weights' dtype.
        """
        if tokens is None:
            # As it lies, not in order for the kernel: that is some milliseconds, a second copy is 57 MB.
            filled = F.pad(hidden, (0, 0, 0, padded_rows(len(hidden)) - len(hidden)))
            return F.linear(filled, self._weights.head)[: len(hidden)].float()
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

    def _masked_scores(self, mask: Tensor | None) -> Tensor | None:
        return None if mask is None else masked_scores(mask, self.shape.n_shared, self.dtype)

    def _think(self, x: Tensor, layer: Layer, own: LayerFactors) -> Tensor:
        gate, up = layer.gate_up(self._norm(x, layer.mlp_norm), own.get("gate_up")).chunk(2, -1)
        return layer.down(F.silu(gate).mul_(up), own.get("down"))

    def _norm(self, x: Tensor, weight: Tensor) -> Tensor:
        return F.rms_norm(x, weight.shape, weight, self.shape.eps).to(self.dtype)
