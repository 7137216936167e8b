"""Passes take the threads that cores are free for, and no others."""

# Torch leaves parts of its interface untyped.
# pyright: reportUnknownMemberType=false
from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from decoding.engines import threads as module
from decoding.engines.threads import CoreUse, Threads, count_allowed_threads, read_core_use, set_threads


@pytest.fixture(autouse=True)
def _threads_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("OMP_THREAD_LIMIT", raising=False)  # nothing is computed here but their number
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@dataclass
class _Machine:
    """A clock, and counts of what cores did; None where nothing counts."""

    now: float = 0.0
    waited_s: float = 0.0
    idle_s: float = 0.0
    is_counted: bool = True

    def pass_time(self, seconds: float, *, waiting: float = 0.0, idle: float = 0.0) -> None:
        self.now += seconds
        self.waited_s += seconds * waiting
        self.idle_s += seconds * idle

    def use(self) -> CoreUse | None:
        return CoreUse(waited_s=self.waited_s, idle_s=self.idle_s) if self.is_counted else None

    def threads(self, most: int) -> Threads:
        return Threads(most, read_use=self.use, clock=lambda: self.now)


def test_idle_cores_are_taken_and_given_back_to_who_needs_them() -> None:
    machine = _Machine()
    threads = machine.threads(4)
    assert threads.n == 1
    machine.pass_time(1, idle=2.9)
    threads.adapt()
    assert (threads.n, torch.get_num_threads()) == (4, 4)
    machine.pass_time(1)  # all are at work, and none waits
    threads.adapt()
    assert threads.n == 4
    machine.pass_time(1, waiting=0.8)  # somebody else came
    threads.adapt()
    assert (threads.n, torch.get_num_threads()) == (2, 2)
    machine.pass_time(1, waiting=0.4)
    threads.adapt()
    machine.pass_time(1, waiting=0.4)
    threads.adapt()
    assert threads.n == 1
    machine.pass_time(1, idle=0.5)  # half a core is no core
    threads.adapt()
    assert threads.n == 1
    machine.pass_time(1, idle=1.0)
    threads.adapt()
    assert threads.n == 2


def test_a_moment_says_nothing() -> None:
    machine = _Machine()
    threads = machine.threads(2)
    machine.pass_time(0.01, idle=2)
    threads.adapt()
    assert threads.n == 1


def test_a_number_that_is_set_stays_whatever_the_load() -> None:
    threads = Threads.fixed(2)
    with threads.in_use():
        time.sleep(0.3)  # long enough to look
        threads.adapt()
        assert torch.get_num_threads() == 2


def test_where_nothing_counts_all_threads_compute() -> None:
    threads = _Machine(is_counted=False).threads(3)
    with threads.in_use():
        assert torch.get_num_threads() == 3


def test_a_program_has_its_own_number_back() -> None:
    torch.set_num_threads(3)
    machine = _Machine()
    threads = machine.threads(2)
    machine.pass_time(1, idle=1)

    def compute() -> None:
        with threads.in_use():
            assert torch.get_num_threads() == 2
            machine.pass_time(1, waiting=1)
            threads.adapt()
            assert torch.get_num_threads() == 1
            raise RuntimeError

    with pytest.raises(RuntimeError):
        compute()
    assert torch.get_num_threads() == 3


def test_no_more_are_asked_for_than_the_limit_lets_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_THREAD_LIMIT", "1")
    with Threads.fixed(3).in_use():
        assert torch.get_num_threads() == 1
    set_threads(4)
    assert torch.get_num_threads() == 1


@pytest.mark.parametrize("name", ["OMP_NUM_THREADS", "OMP_THREAD_LIMIT"])
def test_the_environment_bounds_them(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for each in ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT"):
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setattr(module, "_count_cores", lambda: 6)
    assert count_allowed_threads() == 6
    monkeypatch.setenv(name, "2")
    assert count_allowed_threads() == 2
    for odd in ("", "0", "4,2", "many"):
        monkeypatch.setenv(name, odd)
        assert count_allowed_threads() == 6


@pytest.mark.parametrize(
    ("quota", "n"), [("150000 100000", 2), ("50000 100000", 1), ("max 100000", 6), ("", 6), ("1 0", 6)]
)
def test_a_control_groups_share_bounds_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, quota: str, n: int
) -> None:
    for each in ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT"):
        monkeypatch.delenv(each, raising=False)
    (tmp_path / "cpu.max").write_text(quota)
    monkeypatch.setattr(module, "_QUOTA", tmp_path / "cpu.max")
    monkeypatch.setattr(module, "_count_cores", lambda: 6)
    assert count_allowed_threads() == n


def test_the_kernels_counts_are_read() -> None:
    if not Path("/proc/self/schedstat").is_file():
        pytest.skip("this system does not count")
    first, second = read_core_use(), read_core_use()
    assert first is not None
    assert second is not None
    assert first.waited_s >= 0
    assert 0 < first.idle_s <= second.idle_s


def test_a_system_that_does_not_count_is_no_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "_TASKS", tmp_path / "none")
    assert read_core_use() is None
    monkeypatch.setattr(module, "_TASKS", tmp_path)
    assert read_core_use() is None


def test_cores_are_no_more_than_processors() -> None:
    assert 1 <= module._count_cores() <= (os.cpu_count() or 1)  # pyright: ignore[reportPrivateUsage]
