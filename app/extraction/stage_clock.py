"""Seconds of an extraction by stage."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from app.telemetry.observer import Observer
from schemas.cancellation import check_cancelled


@dataclass(slots=True)
class StageClock:
    """Seconds by stage, which the observer watches too."""

    observer: Observer
    seconds: dict[str, float] = field(default_factory=dict[str, float])

    @contextmanager
    def stage(self, name: str) -> Generator[None]:
        """Count the block's seconds for a stage, which does not begin where the work is cancelled."""
        check_cancelled()
        started = time.perf_counter()
        try:
            with self.observer.stage(name):
                yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started
