"""Work that nobody waits for any more stops: at its next stage, page, or pass of the model.

Whoever starts work runs it inside `cancelled_by(cancellation)`; the work asks `check_cancelled()` where it
can stop. The cancellation travels as a context variable, so that nothing between the two has to know of it; a
thread that the work starts is given its context (`contextvars.copy_context().run`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar

from schemas.errors import WorkCancelledError


class Cancellation:
    """Says that some work is not wanted any more; set once, from any thread, and never taken back."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], object]] = []

    @property
    def is_cancelled(self) -> bool:
        """Return whether the work is not wanted any more."""
        return self._event.is_set()

    def cancel(self) -> None:
        """Say so, and call whoever asked to be told; only the first time."""
        with self._lock:
            self._event.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def on_cancel(self, callback: Callable[[], object]) -> None:
        """Call `callback` once when it is cancelled, at once if it is already; it must not wait or raise."""
        with self._lock:
            if not self._event.is_set():
                self._callbacks.append(callback)
                return
        callback()

    def check(self) -> None:
        """Raise `WorkCancelledError` if the work is not wanted any more."""
        if self._event.is_set():
            raise WorkCancelledError("the work was stopped: nobody waits for it any more")


_current: ContextVar[Cancellation | None] = ContextVar("cancellation", default=None)


@contextmanager
def cancelled_by(cancellation: Cancellation) -> Generator[None]:
    """Make what runs inside stop when `cancellation` is cancelled."""
    token = _current.set(cancellation)
    try:
        yield
    finally:
        _current.reset(token)


def current_cancellation() -> Cancellation | None:
    """Return what can cancel the work of this context; None for work that nobody can."""
    return _current.get()


def check_cancelled() -> None:
    """Raise `WorkCancelledError` if the work of this context is not wanted any more.

    Examples
    --------
    >>> stop = Cancellation()
    >>> with cancelled_by(stop):
    ...     check_cancelled()
    ...     stop.cancel()
    ...     check_cancelled()
    Traceback (most recent call last):
        ...
    schemas.errors.WorkCancelledError: the work was stopped: nobody waits for it any more
    """
    cancellation = _current.get()
    if cancellation is not None:
        cancellation.check()
