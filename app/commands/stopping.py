"""Ctrl-C and SIGTERM: a command ends soon, keeps what is done, and its exit code says by which signal."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

# A command that was told to stop has this long for what it does last; then it is gone, whatever it does.
SECONDS = 1.2
_CODE_OF_SIGNALS = 128


class Stopped(KeyboardInterrupt):
    """The command was told to stop by a signal."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class Stop:
    """Whether a command was told to stop, and how long ago.

    Parameters
    ----------
    seconds
        After which the process ends at once: what runs in a library may not come back in time.
    """

    def __init__(self, *, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._since: float | None = None
        self._is_by_signal = False
        self.number = signal.SIGINT

    def note(self) -> None:
        """Note that the command stops, whoever says so."""
        self._since = time.monotonic() if self._since is None else self._since

    def begin(self, number: int) -> None:
        """Have the process end soon; the second time it ends at once."""
        if self._is_by_signal:
            self._end()
        self.number, self._is_by_signal = signal.Signals(number), True
        self.note()
        timer = threading.Timer(self._seconds, self._end)
        timer.daemon = True
        timer.start()

    def end(self) -> None:
        """End the process at once if a signal said so: libraries take seconds to leave."""
        if self._is_by_signal:
            self._end()

    def _end(self) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(self.exit_code)

    @property
    def exit_code(self) -> int:
        """Return the code of a command that a signal ended: 130 for Ctrl-C, 143 for SIGTERM."""
        return _CODE_OF_SIGNALS + self.number

    def has_time(self) -> bool:
        """Return whether there is time for more: always, where the command was not told to stop."""
        return self._since is None or time.monotonic() - self._since < self._seconds / 2


@contextmanager
def end_at_once() -> Generator[None]:
    """Have Ctrl-C end the process at once and without a word in the block, while nothing is begun.

    Modules are imported meanwhile, for seconds: an exception would wait for them, and where Python calls back
    from its import system it is dropped, so that the command goes on as if nobody had stopped it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def stop_by_signals(*, seconds: float = SECONDS) -> Generator[Stop]:
    """Yield what tells of a stop; SIGINT and SIGTERM raise `Stopped` in the block, in the main thread.

    `seconds` are those of `Stop`.
    """
    stop = Stop(seconds=seconds)

    def begin(number: int, _frame: FrameType | None) -> None:
        stop.begin(number)
        raise Stopped(number)

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, begin) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
