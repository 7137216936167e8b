"""Processes that make what a training eats, for a device that is faster than one process makes it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

Made = TypeVar("Made")
# Seconds without anything, after which the processes are looked at.
_PATIENCE_S = 60
CONTEXT = multiprocessing.get_context("spawn")  # a forked process would inherit torch's thread pool and hang


class Producers(Generic[Made]):
    """Spawned processes that fill one queue.

    Parameters
    ----------
    produce
        Called in each process with its arguments, and the queue as the last; it never returns.
    arguments
        A process each.
    n_queued
        What is made beyond so many waits.
    """

    def __init__(
        self, produce: Callable[..., None], arguments: Sequence[tuple[Any, ...]], *, n_queued: int
    ) -> None:
        self._queue: Any = CONTEXT.Queue(maxsize=n_queued)
        self._processes = [
            CONTEXT.Process(target=produce, args=(*own, self._queue), daemon=True) for own in arguments
        ]
        for process in self._processes:
            process.start()

    def next(self) -> Made:
        """Return what was made next; raises RuntimeError when every producer has died."""
        import queue

        while True:
            try:
                return self._queue.get(timeout=_PATIENCE_S)
            except queue.Empty:
                if not any(process.is_alive() for process in self._processes):
                    raise RuntimeError("the data processes died; see their traceback above") from None

    def close(self) -> None:
        """Stop the producers."""
        for process in self._processes:
            process.terminate()
            process.join(timeout=5)
