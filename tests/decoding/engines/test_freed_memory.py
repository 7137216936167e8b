"""Freed memory goes back to the system, and where it cannot nothing fails."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from decoding.engines.freed_memory import give_back_memory
from tests.python_process import run_python

# Pieces below what the C library maps by themselves, with one in use above them.
CODE = """
from pathlib import Path
import gc
from decoding.engines.freed_memory import give_back_memory

def anonymous_kb():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))

pieces = [bytearray(b"x") * 100_000 for _ in range(600)]
last = bytearray(b"x") * 100_000
full = anonymous_kb()
pieces.clear()
give_back_memory()
print(full - anonymous_kb())
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is counted as Linux does")
@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="another C library")
def test_freed_pieces_below_others_are_given_back() -> None:
    assert int(run_python(CODE)) > 50_000  # of 600 times 100 kB


def test_a_c_library_without_it_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def load_another(_name: object) -> object:
        return object()

    monkeypatch.setattr(ctypes, "CDLL", load_another)
    give_back_memory()
