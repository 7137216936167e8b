"""Keys and values of tokens that were read, in buffers with room to grow: adding copies nothing else."""

# Torch leaves parts of its interface untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import torch
from torch import Tensor

from decoding.engines.llama.config import LlamaShape

_FIRST_ROOM = 512
# What is read of the entries is a multiple of it: oneDNN keeps a kernel for every size (`padded_rows`).
_ENTRIES = 256


class KeysAndValues:
    """The entries of all layers, in the order in which they were read.

    Behind them there is room, whose entries are finite: what attends to none of them may read them too.
    """

    def __init__(self, shape: LlamaShape, *, dtype: torch.dtype) -> None:
        self.length = 0
        self._room = _FIRST_ROOM
        size = (shape.n_layers, 2, shape.n_key_heads, self._room, shape.size)
        self._entries = list(torch.zeros(size, dtype=dtype))  # a layer (2, key heads, room, size)

    @classmethod
    def of(cls, kept: KeysAndValues, *, room: int = _FIRST_ROOM) -> KeysAndValues:
        """Return a copy that grows on its own, with room for so many more entries."""
        copy = cls.__new__(cls)
        copy.length = kept.length
        copy._room = round_up_entries(kept.length + room)
        copy._entries = [_roomier(entries, copy._room, kept.length) for entries in kept._entries]
        return copy

    @classmethod
    def from_entries(cls, entries: Tensor) -> KeysAndValues:
        """Return those of all layers, (layers, 2, key heads, entries, size), as `entries` gave them."""
        made = cls.__new__(cls)
        made.length = made._room = entries.shape[3]
        made._entries = list(entries)
        return made

    def entries(self) -> Tensor:
        """Return a copy of the entries of all layers, (layers, 2, key heads, entries, size)."""
        return torch.stack([entries[:, :, : self.length] for entries in self._entries])

    def extend(self, n: int) -> None:
        """Make room for `n` more entries."""
        start = self.length
        self.length += n
        if self.length > self._room:
            self._room = round_up_entries(max(2 * self._room, self.length + _FIRST_ROOM))
            # One by one: the old of all would lie beside them.
            for layer, entries in enumerate(self._entries):
                self._entries[layer] = _roomier(entries, self._room, start)

    def add(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Write the newest entries of a layer, (t, key heads, size) each; return all of it.

        What is returned is (key heads, entries, size), keys and values, some of the room behind them included
        (`round_up_entries`).
        """
        start, end = self.length - len(keys), self.length
        entries = self._entries[layer]
        entries[0, :, start:end] = keys.transpose(0, 1)
        entries[1, :, start:end] = values.transpose(0, 1)
        filled = round_up_entries(end)
        return entries[0, :, :filled], entries[1, :, :filled]

    def keep(self, base: int, slots: Tensor) -> None:
        """Keep the first `base` entries and then those at `slots`, in that order."""
        end = base + len(slots)
        if slots.tolist() != list(range(base, end)):
            for entries in self._entries:
                entries[:, :, base:end] = entries[:, :, slots]  # the right side is a copy: overlap is safe
        self.length = end


def round_up_entries(n: int) -> int:
    """Return how many entries are read where there are `n`."""
    return -(-n // _ENTRIES) * _ENTRIES


def _roomier(entries: Tensor, room: int, n: int) -> Tensor:
    larger = entries.new_zeros((*entries.shape[:2], room, entries.shape[-1]))
    larger[:, :, :n] = entries[:, :, :n]
    return larger
