"""Machines whose clocks are an hour off: leases, back-off and keys are as with right ones."""

from __future__ import annotations

import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from storage.job_queue import JobQueue
from storage.jobs import Job
from tests.app.jobs.fakes import close_databases, describe, queue_of
from tests.faults.test_jobs_survive import accept, check_answers, drain, lines_of, process

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("clock_s", [3600.0, -3600.0], ids=["ahead", "behind"]),
]
_PATIENCE_S = 100


@pytest.fixture(autouse=True)
def databases_are_closed() -> Iterator[None]:
    yield
    close_databases()


def wait_until_begun(queue: JobQueue, job_id: str) -> Job:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        job = queue.of_ids([job_id])[job_id]
        if job.started_at is not None:
            return job
        time.sleep(0.05)
    raise AssertionError("nobody began the job")


def test_a_worker_that_lives_keeps_its_job(tmp_path: Path, clock_s: float) -> None:
    """It works for three leases under the eyes of a worker whose clock is right, and beats all the time."""
    queue = queue_of(tmp_path)
    texts = accept(queue, 1)
    (job_id,) = texts
    with process(tmp_path, "work", "slow", clock_s=clock_s):
        begun = wait_until_begun(queue, job_id)
        assert begun.started_at is not None
        assert abs((begun.started_at - begun.created_at).total_seconds() - clock_s) < _PATIENCE_S
        jobs = drain(queue, [job_id])
    check_answers(queue, texts, jobs)
    assert jobs[job_id].attempt == 1


def test_the_job_of_a_worker_that_is_killed_is_taken_when_its_lease_ends(
    tmp_path: Path, clock_s: float
) -> None:
    queue = queue_of(tmp_path)
    texts = accept(queue, 1)
    (job_id,) = texts
    with process(tmp_path, "work", "slow", clock_s=clock_s) as running:
        wait_until_begun(queue, job_id)
        running.kill()
    jobs = drain(queue, [job_id])
    check_answers(queue, texts, jobs)
    assert jobs[job_id].attempt == 2


def test_a_job_that_waits_for_an_engine_does_not_wait_for_a_clock(tmp_path: Path, clock_s: float) -> None:
    """The worker with the wrong clock gave it back, to be begun some seconds later by that clock."""
    queue = queue_of(tmp_path)
    texts = accept(queue, 1)
    (job_id,) = texts
    with process(tmp_path, "work", "away", clock_s=clock_s) as running:
        wait_until_begun(queue, job_id)
        deadline = time.monotonic() + _PATIENCE_S
        while queue.of_ids([job_id])[job_id].state != "queued":
            assert time.monotonic() < deadline
            time.sleep(0.02)
        running.kill()
    check_answers(queue, texts, drain(queue, [job_id]))


def test_what_another_clock_accepted_is_done_once_for_its_key(tmp_path: Path, clock_s: float) -> None:
    queue = queue_of(tmp_path)
    with process(tmp_path, "accept", "none", clock_s=clock_s) as running:
        told = [line.removeprefix("accepted ") for line in lines_of(running)]
        assert running.wait(_PATIENCE_S) == 0
        texts = {job_id: f"{running.pid} {number}" for number, job_id in enumerate(told)}
    assert len(texts) == 100
    jobs = drain(queue, list(texts), timeout_s=120)
    check_answers(queue, texts, jobs)
    assert {job.attempt for job in jobs.values()} == {1}
    for job_id, text in list(texts.items())[:3]:
        again = queue.accept("acme", BytesIO(text.encode()), describe(), key=text.replace(" ", "-"))
        assert (again.is_new, again.job.job_id) == (False, job_id)
