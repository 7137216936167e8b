"""Several continuations of one sequence in one forward pass, sharing the prompt's keys and values.

The hypotheses of a span search differ in a few tokens and share thousands. Instead of copying the cache
for each, all tokens live in one cache as a tree: the trunk (prompt and what is settled) and branches,
kept apart by the attention mask. A step of k hypotheses is one pass over k tokens. When one branch wins,
its entries are moved up behind the trunk and the others are dropped.

This file and `embedded.py` are the only ones that import torch and transformers.
"""

# Torch and Transformers leave parts of their interfaces untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor
from transformers.cache_utils import Cache, CacheLayerMixin

_FIRST_ROOM = 512  # cache slots beyond the prompt, before the first doubling
_PREFILL_CHUNK = 2048  # prompt tokens in one pass, which bounds the attention matrix


class CausalModel(Protocol):
    """What is needed of a Transformers causal language model."""

    device: torch.device

    def __call__(self, **kwargs: Any) -> Any:  # noqa: ANN401 - each model takes and returns its own
        """Return an output with `logits` (1, n, vocab)."""
        ...


class _SlabLayer(CacheLayerMixin):
    """Keys and values of one layer in a buffer with room to grow: appending copies nothing."""

    is_sliding = False

    def __init__(self) -> None:
        super().__init__()
        self.length = 0

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        room = key_states.shape[-2] + _FIRST_ROOM
        self.keys = key_states.new_empty((*key_states.shape[:2], room, key_states.shape[-1]))
        self.values = value_states.new_empty((*value_states.shape[:2], room, value_states.shape[-1]))
        self.is_initialized = True

    def update(
        self,
        key_states: Tensor,
        value_states: Tensor,
        *_args: object,
        **_kwargs: object,
    ) -> tuple[Tensor, Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        end = self.length + key_states.shape[-2]
        keys, values = self._buffers(end)
        keys[:, :, self.length : end] = key_states
        values[:, :, self.length : end] = value_states
        self.length = end
        return keys[:, :, :end], values[:, :, :end]

    def _buffers(self, needed: int) -> tuple[Tensor, Tensor]:
        """Return the buffers, doubled if they hold fewer than `needed` entries."""
        if self.keys is None or self.values is None:
            raise ValueError("the layer's buffers are made at its first update")
        if needed > self.keys.shape[-2]:
            self.keys = _extended(self.keys, needed)
            self.values = _extended(self.values, needed)
        return self.keys, self.values

    def keep(self, base: int, slots: Tensor) -> None:
        """Keep the first `base` entries and then those at `slots`, in that order."""
        keys, values = self._buffers(self.length)
        end = base + len(slots)
        keys[:, :, base:end] = keys[:, :, slots]  # the right side is a copy: overlap is safe
        values[:, :, base:end] = values[:, :, slots]
        self.length = end

    def get_seq_length(self) -> int:
        return self.length

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self.length + query_length, 0

    def get_max_length(self) -> int:
        return -1


def _extended(buffer: Tensor, n_more: int) -> Tensor:
    return torch.cat([buffer, buffer.new_empty((*buffer.shape[:2], n_more, buffer.shape[-1]))], dim=2)


@dataclass(frozen=True, slots=True)
class Branch:
    """Tokens to add behind the trunk and behind the branch's own entries, given by their cache slots."""

    slots: tuple[int, ...]
    tokens: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Grown:
    """A branch after a pass: its slots, the new ones included, and a row of log-probabilities a token."""

    slots: tuple[int, ...]
    logprobs: Tensor  # (n_tokens, vocab), float32: what follows each new token, unmasked


class TokenTree:
    """A model's cache over one prompt, its settled continuation (the trunk), and branches under trial."""

    def __init__(self, model: CausalModel, *, n_layers: int) -> None:
        self._model = model
        self._layers = [_SlabLayer() for _ in range(n_layers)]
        self._cache = Cache(layers=list(self._layers))
        self._trunk = 0  # entries of the trunk

    @torch.inference_mode()
    def prefill(self, tokens: Sequence[int]) -> Tensor:
        """Read the prompt into the trunk; return the log-probabilities (vocab,) of what follows it."""
        logits = torch.empty(0)
        for start in range(0, len(tokens), _PREFILL_CHUNK):
            chunk = tokens[start : start + _PREFILL_CHUNK]
            positions = torch.arange(start, start + len(chunk), device=self._model.device)
            logits = self._forward(chunk, positions=positions, mask=None, n_logits=1)
        self._trunk = len(tokens)
        return torch.log_softmax(logits[-1].float(), dim=-1)

    @torch.inference_mode()
    def grow(self, branches: Sequence[Branch]) -> tuple[Grown, ...]:
        """Add each branch's tokens in one pass; return the grown branches in order."""
        tokens = [token for branch in branches for token in branch.tokens]
        start = self._layers[0].length
        mask = torch.zeros((len(tokens), start + len(tokens)), dtype=torch.bool)
        mask[:, : self._trunk] = True
        positions = torch.empty(len(tokens), dtype=torch.long)
        grown_slots: list[tuple[int, ...]] = []
        row = 0
        for branch in branches:
            new = tuple(range(start + row, start + row + len(branch.tokens)))
            for depth, slot in enumerate(new):
                mask[row + depth, list(branch.slots)] = True
                mask[row + depth, new[0] : slot + 1] = True
                positions[row + depth] = self._trunk + len(branch.slots) + depth
            grown_slots.append(branch.slots + new)
            row += len(branch.tokens)
        logits = self._forward(
            tokens, positions=positions.to(self._model.device), mask=mask[None, None], n_logits=len(tokens)
        )
        rows = torch.log_softmax(logits.float(), dim=-1).split([len(branch.tokens) for branch in branches])
        return tuple(Grown(slots, logprobs) for slots, logprobs in zip(grown_slots, rows, strict=True))

    @torch.inference_mode()
    def settle(self, slots: Sequence[int]) -> None:
        """Make the entries at `slots` part of the trunk and drop all other branches."""
        index = torch.tensor(slots, dtype=torch.long, device=self._model.device)
        for layer in self._layers:
            layer.keep(self._trunk, index)
        self._trunk += len(slots)

    def _forward(
        self, tokens: Sequence[int], *, positions: Tensor, mask: Tensor | None, n_logits: int
    ) -> Tensor:
        """Return the logits (n_logits, vocab) of the last tokens, on the CPU."""
        output = self._model(
            input_ids=torch.tensor([list(tokens)], device=self._model.device),
            position_ids=positions[None],
            attention_mask=None if mask is None else mask.to(self._model.device),
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=n_logits,
        )
        logits: Tensor = output.logits[0]
        return logits.cpu()
