"""How much each key may ask: so many requests a minute, so many at a time."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from schemas.service_errors import TooManyRequestsError

_WINDOW_S = 60
# Who asks for too much at a time may come back as soon as one of its own is done.
_SOON_S = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What is left to a key: `n_left` of `n_allowed` requests a minute, and more after `reset_s` seconds."""

    n_allowed: int
    n_left: int
    reset_s: int

    def headers(self) -> dict[str, str]:
        """Return it as the fields of draft-ietf-httpapi-ratelimit-headers."""
        return {
            "RateLimit-Policy": f'"minute";q={self.n_allowed};w={_WINDOW_S}',
            "RateLimit": f'"minute";r={self.n_left};t={self.reset_s}',
        }


class Limiter:
    """Counts what each key asks, in this process; safe to share between threads.

    `per_minute` and `at_a_time` are for each key; 0 sets no limit. A minute slides: it is weighed from the
    two last whole ones.
    """

    def __init__(self, *, per_minute: int, at_a_time: int) -> None:
        self._item = RateLimitItemPerMinute(per_minute) if per_minute else None
        self._at_a_time = at_a_time
        self._window = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()

    @contextmanager
    def request(self, key_id: str) -> Generator[Allowance | None]:
        """Yield what is left to a key after this request; None if requests are not counted.

        Raises
        ------
        TooManyRequestsError
            If it has no more this minute, or too many of its requests run.
        """
        self._enter(key_id)
        try:
            yield self._count(key_id)
        finally:
            self._leave(key_id)

    def _enter(self, key_id: str) -> None:
        with self._lock:
            if self._at_a_time and self._running[key_id] >= self._at_a_time:
                raise TooManyRequestsError(
                    f"{self._at_a_time} requests of this key are running, and more may not",
                    retry_after_s=_SOON_S,
                )
            self._running[key_id] += 1

    def _leave(self, key_id: str) -> None:
        with self._lock:
            self._running[key_id] -= 1
            if not self._running[key_id]:
                del self._running[key_id]

    def _count(self, key_id: str) -> Allowance | None:
        if self._item is None:
            return None
        is_allowed = self._window.hit(self._item, key_id)
        reset_at, n_left = self._window.get_window_stats(self._item, key_id)
        reset_s = max(1, math.ceil(reset_at - time.time()))
        if not is_allowed:
            raise TooManyRequestsError(
                f"this key may ask {self._item.amount} times a minute", retry_after_s=reset_s
            )
        return Allowance(n_allowed=self._item.amount, n_left=n_left, reset_s=reset_s)
