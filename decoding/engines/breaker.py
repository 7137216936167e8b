"""A circuit breaker: a server that fails again and again is left alone for a while, then tried once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from schemas.errors import EngineUnavailableError


class CircuitBreaker:
    """Lets calls through (closed), refuses them (open), or lets one try (half open).

    Safe to share by threads. After `n_failures` failures in a row it opens for `cool_down_s`. Then one call
    is let through: if that succeeds it closes, else it opens for twice as long, up to `max_cool_down_s`.

    Examples
    --------
    >>> breaker = CircuitBreaker(n_failures=1, cool_down_s=10)
    >>> with breaker.guard() as fail:
    ...     fail()
    >>> breaker.is_open
    True
    """

    def __init__(
        self,
        *,
        n_failures: int = 5,
        cool_down_s: float = 5.0,
        max_cool_down_s: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._n_failures = n_failures
        self._first_cool_down_s = self._cool_down_s = cool_down_s
        self._max_cool_down_s = max_cool_down_s
        self._clock = clock
        self._lock = threading.Lock()
        self._n_failed = 0
        self._opened_at: float | None = None
        self._is_tried = False

    @property
    def is_open(self) -> bool:
        """Return whether calls are refused, but for the one that tries."""
        with self._lock:
            return self._opened_at is not None

    @contextmanager
    def guard(self) -> Generator[Callable[[], None]]:
        """Yield what says that the call failed; without that, and without an exception, it succeeded.

        Raises
        ------
        EngineUnavailableError
            If calls are refused; `retry_after_s` says for how long.
        """
        is_trial = self._enter()
        failed = False

        def fail() -> None:
            nonlocal failed
            failed = True

        try:
            yield fail
        except BaseException:
            failed = True
            raise
        finally:
            self._leave(failed=failed, is_trial=is_trial)

    def _enter(self) -> bool:
        """Return whether the call is the one that tries an open breaker."""
        with self._lock:
            if self._opened_at is None:
                return False
            left_s = self._opened_at + self._cool_down_s - self._clock()
            if left_s <= 0 and not self._is_tried:
                self._is_tried = True
                return True
        raise EngineUnavailableError(
            f"the server failed {self._n_failed} times in a row and is left alone for a while",
            retry_after_s=max(left_s, 1.0),
        )

    def _leave(self, *, failed: bool, is_trial: bool) -> None:
        with self._lock:
            if is_trial:
                self._is_tried = False
            if not failed:
                self._n_failed, self._opened_at, self._cool_down_s = 0, None, self._first_cool_down_s
                return
            self._n_failed += 1
            if is_trial:
                self._opened_at = self._clock()
                self._cool_down_s = min(2 * self._cool_down_s, self._max_cool_down_s)
            elif self._opened_at is None and self._n_failed >= self._n_failures:
                self._opened_at = self._clock()
