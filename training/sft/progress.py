"""What `rasg-train sft` says while it works, from its first second; and how it stops when it is told to."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

# A step, or a document, may take longer than a person waits: then the last checkpoint is where a run goes on.
STOP_S = 4.0
# Without a terminal a line is written as often as this, and at each stage.
_LINE_S = 10.0
_CODE_OF_SIGTERM = 128 + signal.SIGTERM


class Stopped(Exception):  # noqa: N818 - what was asked for is no error
    """The command was told to stop between two documents."""


@dataclass(slots=True, kw_only=True)
class Stop:
    """Whether the command was told to stop."""

    seconds: float = STOP_S
    is_told: bool = False

    def tell(self, _number: int, _frame: FrameType | None) -> None:
        """Note it, and end the process if what runs does not come to an end in time."""
        if not self.is_told:
            self.is_told = True
            timer = threading.Timer(self.seconds, self._end)
            timer.daemon = True
            timer.start()

    def check(self) -> None:
        """Raise `Stopped` if the command was told to stop."""
        if self.is_told:
            raise Stopped

    def _end(self) -> None:
        sys.stderr.write("stopped; the same command goes on from the last checkpoint\n")
        sys.stderr.flush()
        os._exit(_CODE_OF_SIGTERM)


@contextmanager
def stop_by_sigterm() -> Generator[Stop]:
    """Yield what tells of SIGTERM while the block runs."""
    stop = Stop()
    before = signal.signal(signal.SIGTERM, stop.tell)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGTERM, before)


@dataclass(slots=True, kw_only=True)
class StageView:
    """Shows a stage and how far it is: one moving line on a terminal, else lines now and then."""

    console: Console
    stop: Stop
    _progress: Progress | None = None
    _said_at: float = field(default=float("-inf"))

    @contextmanager
    def show(self) -> Generator[None]:
        """Show it while the block runs."""
        if not self.console.is_terminal:
            yield
            return
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self.console, transient=True) as self._progress:
            self._progress.add_task("starting", total=None)
            yield

    def announce(self, text: str) -> None:
        """Say that a stage begins."""
        self.stop.check()
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)
        self._said_at = time.monotonic()

    def advance(self, stage: str, n_done: int, n_all: int) -> None:
        """Show how far a stage is; raises `Stopped` if the command was told to stop."""
        self.stop.check()
        self._show(stage, n_done, n_all)

    def step(self, n_done: int, n_all: int, loss: float) -> None:
        """Show how far training is: it stops itself, after it has written where it stands."""
        self._show(f"step, loss {loss:.3f}", n_done, n_all)

    def _show(self, text: str, n_done: int, n_all: int) -> None:
        if self._progress is not None:
            task = self._progress.task_ids[0]
            self._progress.update(task, completed=n_done, total=n_all, description=text)
        elif time.monotonic() - self._said_at >= _LINE_S:
            self.console.print(f"{text}: {n_done} of {n_all}", highlight=False, markup=False)
            self._said_at = time.monotonic()
