"""Limits of time that hold on a slow or busy machine: they grow as a yardstick measured beside them does."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager

# CPU seconds of the yardstick on an idle core of the machine where the limits were measured.
_REFERENCE_S = 0.014


def slowdown() -> float:
    """Return how many times slower than that machine this one is now, at least 1; takes some 0.05 seconds."""
    return max(1.0, min(_yardstick() for _ in range(3)) / _REFERENCE_S)


@contextmanager
def within_cpu(limit_s: float) -> Generator[None]:
    """Raise `AssertionError` where the block takes more CPU seconds than `limit_s` times the slowdown."""
    before = slowdown()
    started = time.process_time()
    yield
    used = time.process_time() - started
    allowed = limit_s * max(before, slowdown())
    assert used < allowed, f"{used:.2f} CPU seconds, at most {allowed:.2f} are allowed"


def _yardstick() -> float:
    """Return the CPU seconds of fixed work of the kind that most code here does: words, tuples, dicts."""
    started = time.process_time()
    counts: dict[tuple[str, int], int] = {}
    for i in range(20_000):
        key = (f"{i % 997:04d}".strip("0"), i % 13)
        counts[key] = counts.get(key, 0) + 1
    assert sum(counts.values()) == 20_000
    return time.process_time() - started
