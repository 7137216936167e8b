"""Keys and values of tokens that were read, in buffers with room to grow: adding copies nothing else."""

# Torch leaves parts of its interface untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import torch
from torch import Tensor

from decoding.engines.llama.config import LlamaShape

_FIRST_ROOM = 512


class KeysAndValues:
    """The entries of all layers, in the order in which they were read."""

    def __init__(self, shape: LlamaShape, *, dtype: torch.dtype, room: int = _FIRST_ROOM) -> None:
        self.length = 0
        self._room = room
        size = (shape.n_layers, 2, shape.n_key_heads, room, shape.size)
        self._entries = list(torch.empty(size, dtype=dtype))  # a layer (2, key heads, room, size)

    @classmethod
    def of(cls, kept: KeysAndValues, *, room: int = _FIRST_ROOM) -> KeysAndValues:
        """Return a copy that grows on its own, with room for so many more entries."""
        copy = cls.__new__(cls)
        copy.length = kept.length
        copy._room = kept.length + room
        copy._entries = [_roomier(entries, copy._room, kept.length) for entries in kept._entries]
        return copy

    def extend(self, n: int) -> None:
        """Make room for `n` more entries."""
        start = self.length
        self.length += n
        if self.length > self._room:
            self._room = max(2 * self._room, self.length + _FIRST_ROOM)
            self._entries = [_roomier(entries, self._room, start) for entries in self._entries]

    def add(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Write the newest entries of a layer, (t, key heads, size) each; return all of it.

        What is returned is (key heads, entries, size), keys and values.
        """
        start, end = self.length - len(keys), self.length
        entries = self._entries[layer]
        entries[0, :, start:end] = keys.transpose(0, 1)
        entries[1, :, start:end] = values.transpose(0, 1)
        return entries[0, :, :end], entries[1, :, :end]

    def keep(self, base: int, slots: Tensor) -> None:
        """Keep the first `base` entries and then those at `slots`, in that order."""
        end = base + len(slots)
        if slots.tolist() != list(range(base, end)):
            for entries in self._entries:
                entries[:, :, base:end] = entries[:, :, slots]  # the right side is a copy: overlap is safe
        self.length = end


def _roomier(entries: Tensor, room: int, n: int) -> Tensor:
    larger = entries.new_empty((*entries.shape[:2], room, entries.shape[-1]))
    larger[:, :, :n] = entries[:, :, :n]
    return larger
