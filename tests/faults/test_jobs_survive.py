"""Processes die at named points, are stopped past their leases, lose their database: no job is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pytest

from storage.job_queue import JobQueue
from storage.jobs import Job
from tests.app.jobs.fakes import close_databases, describe, queue_of, worker_of
from tests.faults.job_process import CLOCK, POINTS
from tests.paths import ROOT
from tests.storage.postgres import PostgresServer, postgres_server

LEASE_S = 1.0
# A busy machine takes a while to start a program.
_PATIENCE_S = 200
WORK = [point for point in POINTS if point.startswith("work:")]
ACCEPT = [point for point in POINTS if point.startswith("accept:")]
DEADLY = [*WORK, "work:while it reads", "work:while it decodes"]


@pytest.fixture(autouse=True)
def databases_are_closed() -> Iterator[None]:
    yield
    close_databases()


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as running:
        yield running


@contextmanager
def process(
    folder: Path, role: str, point: str, url: str | None = None, *, clock_s: float = 0.0
) -> Generator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.faults.job_process", str(folder), role, point]
    if url is not None:
        command.append(url)
    environment = {**os.environ, CLOCK: str(clock_s)} if clock_s else None
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment) as running:
        try:
            yield running
        finally:
            running.kill()


def lines_of(running: subprocess.Popen[str]) -> list[str]:
    assert running.stdout is not None
    return [line.strip() for line in running.stdout.readlines() if line.endswith("\n")]


def accept(queue: JobQueue, n_jobs: int = 3) -> dict[str, str]:
    texts = [f"text {n} {time.monotonic_ns()}" for n in range(n_jobs)]
    return {queue.accept("acme", BytesIO(text.encode()), describe()).job.job_id: text for text in texts}


def wait_for(queue: JobQueue, job_ids: list[str], *, timeout_s: float) -> dict[str, Job]:
    deadline = time.monotonic() + timeout_s
    while True:
        found = queue.of_ids(job_ids)
        if all(job.is_finished for job in found.values()):
            return found
        assert time.monotonic() < deadline, [job.state for job in found.values()]
        time.sleep(0.05)


def drain(queue: JobQueue, job_ids: list[str], *, timeout_s: float = 30) -> dict[str, Job]:
    """Let a healthy worker finish, and return the jobs; 30 s after a lease ends is what is promised."""
    worker = worker_of(queue, n_jobs=2, lease_s=LEASE_S, max_attempts=10_000)
    worker.start()
    try:
        return wait_for(queue, job_ids, timeout_s=LEASE_S + timeout_s)
    finally:
        worker.close()


def check_answers(queue: JobQueue, texts: dict[str, str], jobs: dict[str, Job]) -> None:
    assert set(jobs) == set(texts)
    for job_id, text in texts.items():
        assert jobs[job_id].state == "succeeded"
        answer = json.loads(queue.result_of(jobs[job_id]) or b"null")
        assert (answer["output"]["value"]["text"], answer["extraction_id"]) == (text, job_id)


def die_at_work(folder: Path, point: str, url: str | None = None) -> None:
    told: list[str] = []
    queue = queue_of(folder, url=url, on_finished=lambda _, job: told.append(job.job_id))
    texts = accept(queue)
    if point == "work:at another's lease":
        assert queue.claim(owner="gone") is not None
    with process(folder, "work", point, url) as running:
        assert running.wait(_PATIENCE_S) == -signal.SIGKILL
    check_answers(queue, texts, drain(queue, list(texts)))
    assert len(told) == len(set(told))


def die_at_acceptance(folder: Path, point: str, url: str | None = None) -> None:
    queue = queue_of(folder, url=url)
    with process(folder, "accept", point, url) as running:
        told = lines_of(running)
        assert running.wait(_PATIENCE_S) == -signal.SIGKILL
        pid = running.pid
    assert told == []  # it died with its first file, before it could say so
    # The caller heard nothing and sends it again, with the same key.
    text = f"{pid} 0"
    again = queue.accept("acme", BytesIO(text.encode()), describe(), key=text.replace(" ", "-"))
    assert again.is_new == (point != "accept:after the row")
    jobs = drain(queue, [again.job.job_id])
    check_answers(queue, {again.job.job_id: text}, jobs)


def test_a_worker_that_is_killed_loses_and_doubles_nothing(tmp_path: Path) -> None:
    die_at_work(tmp_path, "work:inside the end")


@pytest.mark.slow
def test_a_caller_who_heard_nothing_can_send_again(tmp_path: Path) -> None:
    die_at_acceptance(tmp_path, "accept:after the row")


@pytest.mark.faults
@pytest.mark.parametrize("point", DEADLY)
def test_a_worker_is_killed_20_times_at_each_point(tmp_path: Path, point: str) -> None:
    for number in range(20):
        die_at_work(tmp_path / str(number), point)


@pytest.mark.faults
@pytest.mark.parametrize("point", ACCEPT)
def test_a_service_is_killed_20_times_at_each_point_of_acceptance(tmp_path: Path, point: str) -> None:
    for number in range(20):
        die_at_acceptance(tmp_path / str(number), point)


@pytest.mark.slow
@pytest.mark.parametrize("point", ["work:inside the end", "work:after the claim", "accept:after the row"])
def test_jobs_in_postgresql_survive_as_well(tmp_path: Path, server: PostgresServer, point: str) -> None:
    (die_at_acceptance if point.startswith("accept") else die_at_work)(tmp_path, point, server.url)


@pytest.mark.slow
@pytest.mark.parametrize("where", ["sqlite", "postgres"])
def test_a_worker_that_is_stopped_past_its_lease_comes_too_late(
    tmp_path: Path, where: str, request: pytest.FixtureRequest
) -> None:
    url = None if where == "sqlite" else request.getfixturevalue("server").url
    queue = queue_of(tmp_path, url=url)
    texts = accept(queue, 1)
    (job_id,) = texts
    with process(tmp_path, "stop", "stop:while it reads", url) as running:
        assert running.stdout is not None
        assert [running.stdout.readline().strip() for _ in range(2)] == ["working", "stopped"]
        jobs = drain(queue, [job_id])
        check_answers(queue, texts, jobs)
        os.kill(running.pid, signal.SIGCONT)
        time.sleep(1.0)  # in which it tries to go on
        assert running.poll() is None
    after = queue.of_ids([job_id])
    assert after == jobs
    assert after[job_id].attempt == 2
    check_answers(queue, texts, after)


@pytest.mark.slow
def test_a_database_that_dies_and_comes_back_loses_nothing(tmp_path: Path) -> None:
    with postgres_server() as server:
        queue = queue_of(tmp_path, url=server.url)
        texts = accept(queue, 40)

        def read(*_: object) -> None:
            time.sleep(0.05)

        worker = worker_of(queue, read, n_jobs=2, lease_s=LEASE_S, max_attempts=10_000)
        worker.start()
        try:
            time.sleep(0.3)
            server.kill()
            time.sleep(1.5)
            server.start()
            found = wait_for(queue, list(texts), timeout_s=60)
        finally:
            worker.close()
        check_answers(queue, texts, found)
