"""Keys and values of what many texts begin with: the task and the schema, read once for all of them.

Those that were used last are kept in memory, and on disk for the next process: a command that answers about
one page would else read as many tokens of task and schema as of the page.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from decoding.engines.llama.cache import KeysAndValues
from decoding.engines.llama.config import LlamaShape
from decoding.engines.llama.kept_file import KeptFile, identify_weights

# Another number for another way to read what texts begin with, or to lay out keys and values.
_FORMAT = 1
# In memory. Of the default base 23 kB a token in bfloat16.
_MOST_TOKENS = 4096
_MOST_BYTES = 256_000_000
_NAME = "entries"


@dataclass(frozen=True, slots=True)
class Head:
    """Tokens that texts begin with, and the adapter that they are read with.

    `adapter_parts` is what told its weights from others when they were read (`identify_adapter`).
    """

    tokens: tuple[int, ...]
    adapter: str | None = None
    adapter_parts: tuple[object, ...] = ()


class KeptHeads:
    """What has been read of heads by the model in `folder`; it is made before the weights are read.

    With `cache`, a folder, it is kept on disk too. `merged` tells the adapter that was added to the weights:
    sums come to other last bits.
    """

    def __init__(
        self,
        folder: Path,
        shape: LlamaShape,
        *,
        dtype: object,
        cache: Path | None,
        merged: tuple[object, ...] = (),
    ) -> None:
        # A file that is replaced later is not what was read.
        self._parts = [*identify_weights(folder), *merged]
        self._shape = shape
        self._dtype = dtype
        self._cache = cache
        self._kept: OrderedDict[Head, KeysAndValues] = OrderedDict()

    def takes(self, tokens: Sequence[int]) -> bool:
        """Return whether there are tokens, and few enough to keep."""
        return 0 < len(tokens) <= _MOST_TOKENS

    def find(self, head: Head) -> KeysAndValues | None:
        """Return what was read of `head`, or None if it was not."""
        if head not in self._kept:
            read = self._read(head)
            if read is None:
                return None
            self._hold(head, read)
        self._kept.move_to_end(head)
        return self._kept[head]

    def keep(self, head: Head, read: KeysAndValues) -> None:
        """Keep what was read of `head`."""
        self._hold(head, read)
        if self._cache is not None:
            self._file(head, self._cache).write({_NAME: read.entries()})

    def drop_adapter(self, name: str) -> None:
        """Forget what was read with the adapter of a name, which may get other weights."""
        for head in [head for head in self._kept if head.adapter == name]:
            del self._kept[head]

    def _hold(self, head: Head, read: KeysAndValues) -> None:
        self._kept[head] = read
        while len(self._kept) > 1 and sum(len(kept.tokens) for kept in self._kept) > _MOST_TOKENS:
            self._kept.popitem(last=False)

    def _read(self, head: Head) -> KeysAndValues | None:
        if self._cache is None:
            return None
        entries: Tensor | None = self._file(head, self._cache).read().get(_NAME)
        shape = self._shape
        size = (shape.n_layers, 2, shape.n_key_heads, len(head.tokens), shape.size)
        if entries is None or entries.shape != size or entries.dtype != self._dtype:
            return None
        return KeysAndValues.from_entries(entries)

    def _file(self, head: Head, cache: Path) -> KeptFile:
        parts = [_FORMAT, *self._parts, self._dtype, *head.adapter_parts, *head.tokens]
        return KeptFile(cache / "heads", parts, most_bytes=_MOST_BYTES)


def identify_adapter(folder: Path) -> tuple[object, ...]:
    """Return what tells an adapter, as it is now, from all others: its scale stands beside its weights."""
    return ((folder / "adapter_config.json").read_bytes(), *identify_weights(folder))
