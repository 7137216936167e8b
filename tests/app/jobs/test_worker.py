"""Workers: every accepted job ends once, whatever happens to whoever runs it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pytest

from app.jobs.reaper import Reaper
from app.jobs.worker import Worker
from schemas.cancellation import check_cancelled
from schemas.errors import EmptyDocumentError, EngineUnavailableError, StorageUnavailableError
from storage.job_queue import JobQueue
from storage.jobs import Job
from tests.app.jobs.fakes import Page, Stage, close_databases, describe, queue_of, worker_of


@pytest.fixture(autouse=True)
def databases_are_closed() -> Iterator[None]:
    yield
    close_databases()


@pytest.fixture
def queue(tmp_path: Path) -> JobQueue:
    return queue_of(tmp_path)


def accept(queue: JobQueue, text: str = "a") -> Job:
    return queue.accept("acme", BytesIO(text.encode()), describe()).job


def wait_for(queue: JobQueue, job: Job, is_so: Callable[[Job], bool], *, timeout_s: float = 20) -> Job:
    deadline = time.monotonic() + timeout_s
    while not is_so(found := queue.find("acme", job.job_id)):
        assert time.monotonic() < deadline, found
        time.sleep(0.01)
    return found


def ended(queue: JobQueue, job: Job) -> Job:
    return wait_for(queue, job, lambda found: found.is_finished)


def value_of(queue: JobQueue, job: Job) -> object:
    return json.loads(queue.result_of(job) or b"null")["output"]["value"]["text"]


@contextmanager
def working(worker: Worker) -> Generator[Worker]:
    worker.start()
    try:
        yield worker
    finally:
        worker.close()


def test_jobs_end_with_the_answer_to_their_own_file(queue: JobQueue) -> None:
    jobs = [accept(queue, f"text {n}") for n in range(6)]
    with working(worker_of(queue, n_jobs=3)):
        for number, job in enumerate(jobs):
            assert ended(queue, job).state == "succeeded"
            assert value_of(queue, job) == f"text {number}"
    body = json.loads(queue.result_of(jobs[0]) or b"null")
    assert body["extraction_id"] == jobs[0].job_id


def test_pages_and_stages_are_told_while_it_runs(queue: JobQueue) -> None:
    told, go_on = threading.Event(), threading.Event()

    def act(_: bytes, stage: Stage, page: Page) -> None:
        page(3, 3)
        told.set()
        go_on.wait(20)
        stage("prompt")

    job = accept(queue)
    with working(worker_of(queue, act)):
        assert told.wait(10)
        found = queue.find("acme", job.job_id)
        assert (found.state, found.stage, found.page_number, found.n_pages) == ("running", "read", 3, 3)
        go_on.set()
        ended(queue, job)


def test_a_file_that_cannot_be_read_has_its_problem(queue: JobQueue) -> None:
    def act(*_: object) -> None:
        raise EmptyDocumentError("nothing to read")

    job = accept(queue)
    with working(worker_of(queue, act)):
        found = ended(queue, job)
    problem = json.loads(found.problem_json or "null")
    assert (found.state, problem["code"], problem["status"]) == ("failed", "empty_document", 422)


def test_an_unexpected_error_ends_the_job_and_not_the_worker(queue: JobQueue) -> None:
    def act(data: bytes, *_: object) -> None:
        if data == b"bad":
            raise ZeroDivisionError("a secret")

    bad, good = accept(queue, "bad"), accept(queue, "good")
    with working(worker_of(queue, act)):
        assert ended(queue, bad).state == "failed"
        assert ended(queue, good).state == "succeeded"
    assert "secret" not in str(queue.find("acme", bad.job_id).problem_json)


def test_a_job_waits_while_the_engine_is_not_there(queue: JobQueue) -> None:
    n_tried = 0

    def act(*_: object) -> None:
        nonlocal n_tried
        n_tried += 1
        if n_tried == 1:
            raise EngineUnavailableError("no server")

    job = accept(queue)
    with working(worker_of(queue, act)):
        found = ended(queue, job)
    assert (found.state, found.attempt, n_tried) == ("succeeded", 1, 2)


def test_a_job_whose_time_is_over_fails_though_its_thread_hears_nothing(queue: JobQueue) -> None:
    release = threading.Event()

    def hang(data: bytes, *_: object) -> None:
        if data == b"slow":
            release.wait(20)

    slow, quick = accept(queue, "slow"), accept(queue, "quick")
    with working(worker_of(queue, hang, n_jobs=2, timeout_s=0.2, lease_s=0.6)):
        problem = json.loads(ended(queue, slow).problem_json or "null")
        assert ended(queue, quick).state == "succeeded"
        release.set()  # what it writes now comes too late
    assert (problem["code"], problem["status"]) == ("timeout", 504)
    assert queue.find("acme", slow.job_id).state == "failed"
    assert queue.result_of(slow) is None


def test_the_work_of_a_job_that_is_deleted_stops(queue: JobQueue) -> None:
    begun, stopped = threading.Event(), threading.Event()

    def act(*_: object) -> None:
        begun.set()
        try:
            for _pass in range(2000):
                check_cancelled()
                time.sleep(0.01)
        finally:
            stopped.set()

    job = accept(queue)
    with working(worker_of(queue, act, lease_s=0.6)):
        assert begun.wait(10)
        queue.cancel("acme", job.job_id)
        assert stopped.wait(10)
    assert queue.find("acme", job.job_id).state == "cancelled"


def test_a_worker_that_closes_gives_its_job_back(queue: JobQueue) -> None:
    begun = threading.Event()

    def act(*_: object) -> None:
        begun.set()
        for _pass in range(2000):
            check_cancelled()
            time.sleep(0.01)

    job = accept(queue)
    with working(worker_of(queue, act)):
        assert begun.wait(10)
    found = queue.find("acme", job.job_id)
    assert (found.state, found.attempt) == ("queued", 0)
    with working(worker_of(queue)):
        assert ended(queue, job).state == "succeeded"


def test_the_job_of_a_worker_that_is_gone_is_taken_over(queue: JobQueue) -> None:
    job = accept(queue)
    assert queue.claim(owner="gone") is not None
    with working(worker_of(queue, lease_s=0.3)):
        found = ended(queue, job)
    assert (found.state, found.attempt) == ("succeeded", 2)


def test_a_job_that_kills_its_workers_says_so(queue: JobQueue) -> None:
    job = accept(queue)
    queue.claim(owner="gone")
    with working(worker_of(queue, lease_s=0.3, max_attempts=1)):
        found = ended(queue, job)
    assert json.loads(found.problem_json or "null")["code"] == "worker_lost"


def test_a_lease_ends_by_the_watchers_own_clock_alone(queue: JobQueue) -> None:
    accept(queue)
    claimed = queue.claim(owner="one")
    assert claimed is not None
    clock = [0.0]
    reaper = Reaper(queue, lease_s=10, max_attempts=3, keep_days=7, clock=lambda: clock[0])
    assert reaper.tick() == 0
    clock[0] = 9.0
    queue.renew([(claimed.job.job_id, claimed.token)])
    assert reaper.tick() == 0  # its beat has moved
    clock[0] = 18.0
    assert reaper.tick() == 0
    clock[0] = 19.0
    assert reaper.tick() == 1


def test_a_database_that_goes_away_and_comes_back_loses_nothing(
    queue: JobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish, n_failures = JobQueue.finish, iter([True, False])

    def fail_once(self: JobQueue, *arguments: object) -> Job:
        if next(n_failures, False):
            raise StorageUnavailableError("gone")
        return finish(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(JobQueue, "finish", fail_once)
    job = accept(queue)
    with working(worker_of(queue)):
        found = ended(queue, job)
    assert (found.state, found.attempt) == ("succeeded", 1)


def test_who_is_told_of_an_end_is_told_once(tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []
    queue = queue_of(tmp_path, on_finished=lambda _, job: told.append((job.job_id, job.state)))
    done, cancelled = accept(queue, "1"), accept(queue, "2")
    queue.cancel("acme", cancelled.job_id)
    with working(worker_of(queue)):
        ended(queue, done)
    assert told == [(cancelled.job_id, "cancelled"), (done.job_id, "succeeded")]
