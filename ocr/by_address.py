"""Calls of pdfium with pointers as numbers: half the cost, where each glyph of a page needs some."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

POINTER, INT, UINT, FLOAT = ctypes.c_void_p, ctypes.c_int, ctypes.c_uint, ctypes.c_float


def by_address(function: object, result: type, *arguments: type) -> Callable[..., Any]:
    """Return a function of the library whose pointers are numbers; a null pointer that it gives is None.

    Numbers and pointers are checked as `ctypes` does; whether a pointer points at anything is not.
    """
    address = ctypes.cast(function, POINTER).value  # pyright: ignore[reportArgumentType]
    return ctypes.CFUNCTYPE(result, *arguments)(address or 0)


def address_of(pointer: Any) -> int | None:  # noqa: ANN401 - the generated bindings' pointers
    """Return the number of a pointer, None if it is null."""
    return ctypes.c_void_p.from_buffer(pointer).value
