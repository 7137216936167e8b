"""Four bits of a model's weights kept on disk, so that they are found once and mapped from then on.

What is mapped is shared by all processes that read it, and takes no time to load.
"""

# Torch and safetensors leave parts of their interfaces untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from decoding.engines.llama.projection import FourBits

logger = logging.getLogger(__name__)

# Another number for another way to find or to lay out four bits.
_FORMAT = 1


class PackedFile:
    """The file in `cache` that belongs to the weights in `folder`, as they are now, on this processor."""

    def __init__(self, folder: Path, cache: Path) -> None:
        # How bits lie depends on the instructions that the processor has.
        parts = [_FORMAT, torch.__version__, torch.backends.cpu.get_cpu_capability()]
        for path in sorted(folder.resolve().glob("*.safetensors")):
            found = path.stat()
            parts += [path, found.st_size, found.st_mtime_ns, found.st_ino]
        name = hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "surrogateescape")).hexdigest()
        self._path = cache / f"{name[:32]}.safetensors"

    def read(self) -> dict[str, FourBits]:
        """Return what was kept, by name; nothing if nothing was, or if it cannot be read."""
        try:
            tensors = load_file(self._path) if self._path.is_file() else {}
            names = [name.removesuffix(".packed") for name in tensors if name.endswith(".packed")]
            return {name: FourBits(tensors[f"{name}.packed"], tensors[f"{name}.scales"]) for name in names}
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            logger.warning("packed weights in %s are found anew: %s", self._path.name, type(error).__name__)
            return {}

    def write(self, found: Mapping[str, FourBits]) -> None:
        """Keep four bits by name; a folder that cannot be written to costs the next start some seconds."""
        tensors = {
            f"{name}.{key}": tensor
            for name, bits in found.items()
            for key, tensor in (("packed", bits.packed), ("scales", bits.scales))
        }
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle, part = tempfile.mkstemp(dir=self._path.parent, prefix=f"{self._path.stem}.")
            os.close(handle)
            try:
                save_file(tensors, part)
                Path(part).replace(self._path)
            finally:
                Path(part).unlink(missing_ok=True)
        except (OSError, SafetensorError) as error:
            logger.info("packed weights are not kept: %s", type(error).__name__)
