"""Imports torch sooner than `import torch` does, for a program that reads a few pages and ends.

A fourth of that import registers what operators do to tensors without data (`torch._meta_registrations`):
compilers ask for it, and Transformers, which makes models so. A Llama that is run here does not. And a fourth
loads the library, for which nobody else has to wait.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

_LATER = "torch._meta_registrations"
_WHO_NEED_IT = ("transformers", "torch._dynamo")
_LIBRARY = "lib/libtorch_cpu.so"
_lock = threading.Lock()


def import_torch() -> None:
    """Import torch, if it is installed; whoever else imports it meanwhile waits for that.

    What is left out is imported when somebody asks for anything of it, or imports who needs it.
    """
    with _lock:
        if "torch" in sys.modules:
            return
        _load_library()
        if not any(isinstance(finder, _LaterFinder) for finder in sys.meta_path):
            sys.meta_path.insert(0, _LaterFinder())
        with suppress(ImportError):  # the engine says what is missing
            import torch  # noqa: F401  # pyright: ignore[reportUnusedImport]


def _load_library() -> None:
    """Load torch's library as `import torch` would, but with Python's lock released meanwhile."""
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


class _LaterModule(ModuleType):
    """A module that is run when something of it is asked for that it has not yet."""

    def __getattr__(self, name: str) -> object:
        # Whoever looks at all modules asks for such names.
        if name.startswith("__"):
            raise AttributeError(name)
        run_now(self)
        return ModuleType.__getattribute__(self, name)


def run_now(module: ModuleType) -> None:
    """Run a module that was left for later, if it was not run yet."""
    loader: Loader | None = vars(module).pop("_rasg_loader", None)
    if loader is not None:
        module.__class__ = ModuleType
        loader.exec_module(module)


class _LaterLoader(Loader):
    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = _LaterModule(spec.name)
        vars(module)["_rasg_loader"] = self._loader
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Leave it for later."""


class _LaterFinder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname in _WHO_NEED_IT and _LATER in sys.modules:
            run_now(sys.modules[_LATER])
        if fullname != _LATER:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _LaterLoader(spec.loader)
        return spec
