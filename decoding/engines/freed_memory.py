"""Memory that was freed, given back to the system: the C library keeps it for what is asked for next.

Loading a model converts its weights one matrix after the other. What that leaves behind is a hundred
megabytes in pieces, which the passes that follow use little of.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress


def give_back_memory() -> None:
    """Give back what is freed, where the C library can (glibc); elsewhere nothing happens."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
