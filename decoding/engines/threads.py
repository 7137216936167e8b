"""How many threads a pass of the model takes: as many as there are cores that nobody else needs.

Two threads on two idle cores take two thirds of one's time. Beside another busy program they take twice as
long: each product waits for its slowest thread, and the others spin meanwhile. How long cores were idle, and
how long this process's threads stood in the queue for one, tells the one from the other.
"""

# Torch leaves parts of its interface untyped.
# pyright: reportUnknownMemberType=false
from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import torch

# More bring little to passes over a few rows of a small model.
_MOST = 8
_LOOK_S = 0.25
# Of the time that passes; on an idle machine threads wait for some thousandths of it.
_MOST_WAITING = 0.15
# Of a core, for one more thread: the rest is the system's own.
_IDLE_ENOUGH = 0.75
_TASKS = Path("/proc/self/task")
_STAT = Path("/proc/stat")
_TOPOLOGY = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreUse:
    """What has been counted since the start, seconds.

    Attributes
    ----------
    waited_s
        For how long this process's threads were ready to run, and stood in the queue for a core.
    idle_s
        For how long the machine's processors, taken together, had nothing to do.
    """

    waited_s: float
    idle_s: float


def count_allowed_threads() -> int:
    """Return how many threads may compute: one for a core, within what the environment and the group allow.

    Those are `OMP_NUM_THREADS` and `OMP_THREAD_LIMIT`, the processors that the process may run on, and its
    control group's share of them.
    """
    limits = [_MOST, _count_cores(), _read_quota()]
    limits += [_read_number(os.environ.get(name)) for name in ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT")]
    return max(1, min(limit for limit in limits if limit is not None))


class Threads:
    """The number of threads of each pass, `n`; for one caller at a time.

    Parameters
    ----------
    most
        At most so many.
    read_use
        Tells how cores were used until now; None if that cannot be known, and then there are always `most`.
    clock
        Seconds.
    """

    def __init__(
        self,
        most: int,
        *,
        read_use: Callable[[], CoreUse | None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = max(1, most)
        self._read_use = read_use or read_core_use
        self._clock = clock
        self._looked_at, self._use = clock(), self._read_use()
        self.n = self._most if self._use is None else 1

    @classmethod
    def fixed(cls, n: int) -> Threads:
        """Return what always computes with `n` threads."""
        return cls(n, read_use=lambda: None)

    @contextmanager
    def in_use(self) -> Generator[None]:
        """Compute with `n` threads while the block runs, and then with as many as before."""
        before = torch.get_num_threads()
        self.adapt()
        set_threads(self.n)
        try:
            yield
        finally:
            set_threads(before)

    def adapt(self) -> None:
        """Take fewer threads if they had to wait for a core, and one more for each core that was idle."""
        now = self._clock()
        elapsed_s = now - self._looked_at
        if self._most == 1 or self._use is None or elapsed_s < _LOOK_S:
            return
        use = self._read_use()
        if use is None:
            return
        waiting = (use.waited_s - self._use.waited_s) / elapsed_s
        idle = (use.idle_s - self._use.idle_s) / elapsed_s
        self._looked_at, self._use = now, use
        if waiting > _MOST_WAITING:
            self.n = max(1, self.n // 2)
        else:
            self.n = min(self._most, self.n + int(idle + 1 - _IDLE_ENOUGH))
        set_threads(self.n)


def read_core_use() -> CoreUse | None:
    """Return how cores were used until now, if the system counts it as Linux does."""
    waited_ns: list[int] = []
    try:
        for task in _TASKS.iterdir():
            with suppress(OSError):  # a thread may end meanwhile
                waited_ns.append(int((task / "schedstat").read_text(encoding="ascii").split()[1]))
        idle_ticks = int(_STAT.read_text(encoding="ascii").split(maxsplit=5)[4])
        ticks_a_second = os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return None
    return CoreUse(waited_s=sum(waited_ns) / 1e9, idle_s=idle_ticks / ticks_a_second) if waited_ns else None


def set_threads(n: int) -> None:
    """Have torch compute with `n` threads, and never with more than `OMP_THREAD_LIMIT` allows.

    oneDNN parts its work among the threads that it asked for. Where OpenMP starts fewer, the others' share is
    left undone, and the products are wrong without a word.
    """
    limit = _read_number(os.environ.get("OMP_THREAD_LIMIT"))
    n = max(1, n if limit is None else min(n, limit))
    # To set it costs some kernels that were made, even where it stays as it is.
    if torch.get_num_threads() != n:
        torch.set_num_threads(n)


def _count_cores() -> int:
    """Return the cores that the process may run on; two processors of one core share what it can do."""
    usable = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))
    cores: set[str] = set()
    for number in usable:
        try:
            cores.add(Path(_TOPOLOGY.format(number)).read_text(encoding="ascii"))
        except OSError:
            cores.add(str(number))
    return len(cores)


def _read_quota() -> int | None:
    """Return how many processors' time the control group may take."""
    try:
        quota, period = _QUOTA.read_text(encoding="ascii").split()
        return math.ceil(int(quota) / int(period))
    except (OSError, ValueError, ZeroDivisionError):
        return None  # "max": no limit


def _read_number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() and int(text) > 0 else None
