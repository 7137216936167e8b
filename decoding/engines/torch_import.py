"""Imports torch beside other imports, for a program that reads a few pages and ends."""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

_LIBRARY = "lib/libtorch_cpu.so"


def import_torch() -> None:
    """Import torch, if it is installed; called in a thread, it leaves a core to whoever imports meanwhile.

    A fourth of that import loads the library, for which nobody else has to wait: `import torch` would keep
    Python's lock meanwhile. What is missing, the engine says.
    """
    if "torch" in sys.modules:
        return
    _load_library()
    with suppress(ImportError):
        import torch  # noqa: F401  # pyright: ignore[reportUnusedImport]


def _load_library() -> None:
    spec = find_spec("torch")
    if spec is None or spec.origin is None:
        return
    library = Path(spec.origin).parent / _LIBRARY
    with suppress(OSError, AttributeError):  # another system: torch loads it itself
        if library.is_file():
            # Of ctypes itself, `CDLL(path)` would keep the lock.
            load = ctypes.CDLL(None).dlopen
            load.restype = ctypes.c_void_p
            load.argtypes = (ctypes.c_char_p, ctypes.c_int)
            load(os.fsencode(library), os.RTLD_NOW)
