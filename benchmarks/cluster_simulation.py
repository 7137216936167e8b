"""A batch on N workers, simulated: what a cluster brings, and where it stops bringing more.

    python -m benchmarks.cluster_simulation                         # stage seconds of docs/results/dev.md
    python -m benchmarks.cluster_simulation --results out/results.jsonl     # those of a batch of one's own
    python -m benchmarks.cluster_simulation --lost-after-h 4        # machines that are taken away

Readers and extractors take files as `app/batch/on_ray.py` has them take files: one at a time, with a bound on
pages that wait. The driver is one process, which needs its time for each answer. A worker that is lost comes
back later, and its file is begun anew. Cores are shared between readers and extractors as their work is.
"""

from __future__ import annotations

import argparse
import heapq
import json
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

# Seconds a page of 919 pages of nine kinds (docs/results/dev.md), and how unequal pages are: an assumption.
READ_S, EXTRACT_S = 0.53, 3.97
# Of the driver, for each of the two answers of a file: docs/scale.md says how it was measured.
DRIVER_S = 0.002
_WAITING = 2
_FILES_A_WORKER = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is simulated.

    Attributes
    ----------
    n_readers, n_extractors
        Workers, a core each.
    start_s
        Until a worker is ready, at first and after each loss.
    lost_after_s
        Mean time until a worker is lost; None if none is.
    """

    n_readers: int
    n_extractors: int
    start_s: float = 30.0
    driver_s: float = DRIVER_S
    lost_after_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """Seconds until all was done, the share of the cores' time that was work, and files begun anew."""

    seconds: float
    efficiency: float
    n_begun_anew: int


Role = Literal["read", "extract"]


def simulate(stages: Sequence[tuple[float, float]], plan: Plan, *, seed: int = 0) -> Simulated:
    """Return how a batch goes of files that need so many seconds to be read, and to be extracted."""
    return _Simulation(stages, plan, random.Random(seed)).run()


class _Simulation:
    def __init__(self, stages: Sequence[tuple[float, float]], plan: Plan, rng: random.Random) -> None:
        self._stages, self._plan, self._rng = stages, plan, rng
        self._todo, self._waiting = deque(range(len(stages))), deque[int]()
        self._idle: dict[Role, int] = {"read": 0, "extract": 0}
        self._n_reading = self._n_done = self._n_anew = self._sequence = 0
        self._driver_free_s = 0.0
        # When, what comes, of which role, which file: a worker is ready, has an answer, or is lost with it.
        self._events: list[tuple[float, int, str, Role, int]] = []

    def run(self) -> Simulated:
        roles: tuple[tuple[Role, int], ...] = (
            ("read", self._plan.n_readers),
            ("extract", self._plan.n_extractors),
        )
        for role, n in roles:
            for _ in range(n):
                self._plan_event(self._plan.start_s, "ready", role, -1)
        now = 0.0
        while self._n_done < len(self._stages):
            happened, _, what, role, file = heapq.heappop(self._events)
            now = max(happened, self._driver_free_s)
            self._driver_free_s = now + self._plan.driver_s
            self._take(now, what, role, file)
            self._give(now)
        work = sum(read + extract for read, extract in self._stages)
        n_workers = self._plan.n_readers + self._plan.n_extractors
        return Simulated(seconds=now, efficiency=work / (n_workers * now), n_begun_anew=self._n_anew)

    def _take(self, now: float, what: str, role: Role, file: int) -> None:
        if what != "ready":
            self._n_reading -= role == "read"
        if what == "lost":
            self._n_anew += 1
            self._todo.appendleft(file)
            self._plan_event(now + self._plan.start_s, "ready", role, -1)
            return
        self._idle[role] += 1
        if what == "answer" and role == "read":
            self._waiting.append(file)
        self._n_done += what == "answer" and role == "extract"

    def _give(self, now: float) -> None:
        while self._idle["extract"] and self._waiting:
            self._begin(now, "extract", self._waiting.popleft())
        bound = _WAITING * self._plan.n_extractors + self._plan.n_readers
        while self._idle["read"] and self._todo and len(self._waiting) + self._n_reading < bound:
            self._n_reading += 1
            self._begin(now, "read", self._todo.popleft())

    def _begin(self, now: float, role: Role, file: int) -> None:
        self._idle[role] -= 1
        seconds = self._stages[file][role == "extract"]
        mean = self._plan.lost_after_s
        lost_s = None if mean is None else self._rng.expovariate(1 / mean)
        if lost_s is not None and lost_s < seconds:  # losses have no memory: each file draws anew
            self._plan_event(now + lost_s, "lost", role, file)
        else:
            self._plan_event(now + seconds, "answer", role, file)

    def _plan_event(self, when: float, what: str, role: Role, file: int) -> None:
        self._sequence += 1
        heapq.heappush(self._events, (when, self._sequence, what, role, file))


def stages_of(results: Path) -> list[tuple[float, float]]:
    """Return the seconds of reading and of all else of each document of a `results.jsonl`."""
    found: list[tuple[float, float]] = []
    for line in results.read_text(encoding="utf-8").splitlines():
        extraction = json.loads(line)["extraction"]
        if extraction is not None:
            seconds = dict(extraction["usage"]["stage_seconds"])
            read = float(seconds.pop("read", 0.0))
            found.append((read, float(sum(seconds.values()))))
    return found


def draw_stages(n: int, *, read_s: float, extract_s: float, seed: int = 0) -> list[tuple[float, float]]:
    """Return stages of these means, exponentially distributed: pages are very unequal."""
    rng = random.Random(seed)
    return [(rng.expovariate(1 / read_s), rng.expovariate(1 / extract_s)) for _ in range(n)]


def share_cores(n_cores: int, stages: Sequence[tuple[float, float]]) -> tuple[int, int]:
    """Return how many of the cores read and how many extract, by what there is to do; at least one each."""
    read, extract = (sum(each) for each in zip(*stages, strict=True))
    n_readers = min(n_cores - 1, max(1, round(n_cores * read / (read + extract))))
    return n_readers, n_cores - n_readers


def main() -> None:
    """Print a line for each number of cores."""
    parser = argparse.ArgumentParser(description="Simulate a batch on many workers.")
    parser.add_argument("--cores", type=int, nargs="+", default=[2, 8, 32, 128, 512, 2048])
    parser.add_argument("--results", type=Path, help="results.jsonl whose stage seconds are drawn from")
    parser.add_argument("--read-s", type=float, default=READ_S)
    parser.add_argument("--extract-s", type=float, default=EXTRACT_S)
    parser.add_argument("--driver-s", type=float, default=DRIVER_S)
    parser.add_argument("--lost-after-h", type=float, help="mean hours until a worker is lost")
    parser.add_argument("--files-a-core", type=int, default=_FILES_A_WORKER)
    chosen = parser.parse_args()
    measured = None if chosen.results is None else stages_of(chosen.results)
    rng = random.Random(0)
    print("| cores | readers + extractors | files a second | of what the cores could do | begun anew |")
    print("|---|---|---|---|---|")
    for n_cores in chosen.cores:
        n = n_cores * chosen.files_a_core
        drawn = draw_stages(n, read_s=chosen.read_s, extract_s=chosen.extract_s)
        stages = drawn if measured is None else rng.choices(measured, k=n)
        n_readers, n_extractors = share_cores(n_cores, stages)
        lost = None if chosen.lost_after_h is None else 3600 * chosen.lost_after_h
        plan = Plan(
            n_readers=n_readers, n_extractors=n_extractors, driver_s=chosen.driver_s, lost_after_s=lost
        )
        made = simulate(stages, plan)
        rate = n / made.seconds
        print(
            f"| {n_cores} | {n_readers} + {n_extractors} | {rate:.2f} | {made.efficiency:.0%} | "
            f"{made.n_begun_anew} of {n} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
