"""A process that accepts or runs jobs and kills itself at a named point; run by tests.

`python -m tests.faults.job_process FOLDER ROLE POINT [URL]`: the role is `accept`, `work` or `stop` (which is
stopped and not killed). What was acknowledged is told on a line of its own, `accepted ID`. The variable
`JOB_PROCESS_CLOCK_S` says by how many seconds the process's clock is off.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from io import BytesIO
from pathlib import Path
from typing import Any

from schemas.errors import EngineUnavailableError
from storage import job_leases, job_retention, jobs
from storage.blobs import FolderBlobs
from storage.group_commit import GroupCommit
from storage.job_queue import JobQueue
from tests.app.jobs.fakes import Page, Stage, describe, queue_of, worker_of


def die(*_: object, **__: object) -> None:
    """End at once, as by the kernel."""
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(300)


def before(work: Callable[..., Any]) -> Callable[..., Any]:
    """Return what dies before it works."""
    del work
    return die


def after(work: Callable[..., Any]) -> Callable[..., Any]:
    """Return what dies after it has worked."""

    def done(*arguments: Any, **named: Any) -> None:  # noqa: ANN401
        work(*arguments, **named)
        die()

    return done


# Where a process dies: what is replaced, and by what. Those of `accept` come first.
POINTS: dict[str, tuple[object, str, Callable[[Callable[..., Any]], Callable[..., Any]]]] = {
    "accept:before the bytes": (FolderBlobs, "keep", before),
    "accept:after the bytes": (FolderBlobs, "keep", after),
    "accept:inside the row's transaction": (jobs, "add_job", after),
    "accept:before the commit": (jobs, "submit", after),
    "accept:after the row": (GroupCommit, "run", after),
    "work:inside the claim": (job_leases, "to_job", before),
    "work:before the claim's commit": (job_leases, "claim", after),
    "work:after the claim": (JobQueue, "claim", after),
    "work:before the bytes": (JobQueue, "bytes_of", before),
    "work:inside the end": (job_leases, "end", after),
    "work:before the end": (job_leases, "finish", before),
    "work:before the end's commit": (job_leases, "finish", after),
    "work:after the end": (JobQueue, "finish", after),
    "work:at a sign of life": (job_leases, "renew", before),
    "work:at another's lease": (job_leases, "expire", before),
    "work:in the retention": (job_retention, "_delete_jobs", after),
}


CLOCK = "JOB_PROCESS_CLOCK_S"


def set_clock(seconds: float) -> None:
    """Have our modules see a clock that is off: they ask `datetime.now` for moments that are kept."""

    class Off(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:  # noqa: ANN401 - as if it were `datetime`'s
            return datetime.now(tz) + timedelta(seconds=seconds)

    for name, module in tuple(sys.modules.items()):
        if name.startswith(("storage.", "app.")) and vars(module).get("datetime") is datetime:
            vars(module)["datetime"] = Off


def main(folder: Path, role: str, point: str, url: str | None) -> None:
    """Do the role's work until it dies."""
    if CLOCK in os.environ:
        set_clock(float(os.environ[CLOCK]))
    if point in POINTS:
        owner, name, how = POINTS[point]
        setattr(owner, name, how(getattr(owner, name)))
    queue = queue_of(folder, url=url)
    if role == "accept":
        for number in range(100):
            text = f"{os.getpid()} {number}"
            job = queue.accept("acme", BytesIO(text.encode()), describe(), key=text.replace(" ", "-")).job
            _say(f"accepted {job.job_id}")
        return
    worker_of(queue, _read(point, queue), n_jobs=2, lease_s=1.0, max_attempts=10_000).start()
    _say("working")
    time.sleep(300)


def _read(point: str, queue: JobQueue) -> Callable[[bytes, Stage, Page], None]:
    def read(_: bytes, stage: Stage, page: Page) -> None:
        page(1, 2)
        if point == "work:while it reads":
            die()
        if point == "slow":  # three leases
            time.sleep(3)
        if point == "away":
            raise EngineUnavailableError("the engine is away")
        if point == "stop:while it reads":
            # Between two writes, and after the first sweep: one that is stopped inside of a write holds
            # SQLite's lock until it goes on.
            time.sleep(5)
            with vars(vars(queue)["_writes"])["_writing"]:
                _say("stopped")
                os.kill(os.getpid(), signal.SIGSTOP)
        if point in ("work:at a sign of life", "work:at another's lease"):
            time.sleep(3)
        stage("prompt")
        if point == "work:while it decodes":
            die()

    return read


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4] if len(sys.argv) > 4 else None)
