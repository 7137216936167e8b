"""Four bits of a model's weights kept on disk, so that they are found once and mapped from then on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from decoding.engines.llama.kept_file import KeptFile, identify_weights
from decoding.engines.llama.projection import FourBits

# Another number for another way to find or to lay out four bits.
_FORMAT = 1
_MOST_BYTES = 1_000_000_000


class PackedFile:
    """The file in `cache` that belongs to the weights in `folder`, as they are now, on this processor."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self._file = KeptFile(cache, [_FORMAT, *identify_weights(folder)], most_bytes=_MOST_BYTES)

    def read(self) -> dict[str, FourBits]:
        """Return what was kept, by name; nothing if nothing was, or if it cannot be read."""
        tensors = self._file.read()
        names = [name.removesuffix(".packed") for name in tensors if name.endswith(".packed")]
        return {
            name: FourBits(tensors[f"{name}.packed"], tensors[f"{name}.scales"])
            for name in names
            if f"{name}.scales" in tensors
        }

    def write(self, found: Mapping[str, FourBits]) -> None:
        """Keep four bits by name; a folder that cannot be written to costs the next start some seconds."""
        self._file.write(
            {
                f"{name}.{key}": tensor
                for name, bits in found.items()
                for key, tensor in (("packed", bits.packed), ("scales", bits.scales))
            }
        )
