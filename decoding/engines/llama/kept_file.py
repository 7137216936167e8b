"""Tensors that were worked out of a model's weights, kept on disk so that the next process finds them.

A file's name says of what its tensors were made: where anything of it changes, there is another file. What is
mapped of a file is shared by all processes that read it, and takes no time to load. A file that is damaged or
cannot be written costs the time to work its tensors out again, and nothing else.
"""

# Torch and safetensors leave parts of their interfaces untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

logger = logging.getLogger(__name__)

_DAY_S = 86_400


def identify_weights(folder: Path) -> list[object]:
    """Return what tells the weights in a folder, as they are now, from all others."""
    found: list[object] = []
    for path in sorted(folder.resolve().glob("*.safetensors")):
        now = path.stat()
        found += [path, now.st_size, now.st_mtime_ns, now.st_ino]
    return found


class KeptFile:
    """The file in `folder` of tensors that were made of `parts`, on this processor.

    Parameters
    ----------
    folder
        Made when something is written.
    parts
        Whatever tells these tensors from others in the folder.
    most_bytes
        Of all files in the folder: those that were not used for longest are deleted when one is written.
    """

    def __init__(self, folder: Path, parts: Sequence[object], *, most_bytes: int) -> None:
        # How tensors lie and are rounded depends on the instructions that the processor has.
        named = [torch.__version__, torch.backends.cpu.get_cpu_capability(), *parts]
        text = "\0".join(map(str, named)).encode("utf-8", "surrogateescape")
        self._path = folder / f"{hashlib.sha256(text).hexdigest()[:32]}.safetensors"
        self._most_bytes = most_bytes

    def read(self) -> dict[str, Tensor]:
        """Return what was kept, by name; nothing if nothing was, or if it cannot be read."""
        try:
            if not self._path.is_file():
                return {}
            tensors = load_file(self._path)
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            logger.warning("%s is damaged, and made anew: %s", self._path.name, type(error).__name__)
            return {}
        with suppress(OSError):  # somebody else's
            os.utime(self._path)  # for who looks which was not used for longest
        return tensors

    def write(self, tensors: Mapping[str, Tensor]) -> None:
        """Keep tensors by name."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle, part = tempfile.mkstemp(dir=self._path.parent, prefix=f"{self._path.stem}.")
            os.close(handle)
            try:
                save_file(dict(tensors), part)
                Path(part).replace(self._path)
            finally:
                Path(part).unlink(missing_ok=True)
        except (OSError, SafetensorError) as error:
            logger.info("%s is not kept: %s", self._path.name, type(error).__name__)
        with suppress(OSError):  # another process deletes in the same folder: the next write goes on
            self._delete_old()

    def _delete_old(self) -> None:
        """Delete what does not fit, and what processes that died have left half written."""
        room = self._most_bytes
        others = [(path, path.stat()) for path in self._path.parent.iterdir() if path.is_file()]
        for path, found in sorted(others, key=lambda other: -other[1].st_mtime):
            is_whole = path.suffix == self._path.suffix
            room -= found.st_size if is_whole else 0
            is_left = not is_whole and time.time() - found.st_mtime > _DAY_S
            if path != self._path and (is_left or (is_whole and room < 0)):
                path.unlink(missing_ok=True)
