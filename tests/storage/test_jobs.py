"""Jobs in SQL: accepted once, run under a lease, ended once, and nobody else's."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session

from schemas.errors import ExtractionNotFoundError, RetrievalError, StorageFullError
from schemas.service_errors import IdempotencyKeyReusedError, QueueFullError, RequestInFlightError
from storage import batches, job_keys, job_leases, jobs
from storage.batches import find_batch
from storage.blobs import BlobStore, open_blobs
from storage.database import open_database, sqlite_url, write_session
from storage.group_commit import GroupCommit
from storage.job_leases import Claim, Lease, LeaseLostError, Outcome, list_leases
from storage.job_retention import cancel_and_purge, drop_bytes, drop_orphans, sweep
from storage.jobs import (
    BytesGoneError,
    Job,
    JobFilter,
    count_ahead,
    count_ahead_of,
    find_job,
    list_jobs,
    read_result,
)
from storage.schema_records import keep_schema
from tests.storage.jobs import accept, acceptance, in_session, new_job, send, submit, tell_nobody

submit_batch = in_session(batches.submit_batch)
answered = in_session(job_keys.answered)
claim = in_session(job_leases.claim)
expire = in_session(job_leases.expire)
finish = in_session(job_leases.finish)
release = in_session(job_leases.release)
renew = in_session(job_leases.renew)
report = in_session(job_leases.report)


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return open_blobs(tmp_path / "blobs")


def begin(database: Engine, owner: str = "one") -> Claim:
    claimed = claim(database, owner=owner)
    assert claimed is not None
    return claimed


def end(database: Engine, claimed: Claim, result: bytes = b"{}") -> Job:
    return finish(database, claimed, Outcome(state="succeeded", result=result), on_finished=tell_nobody)


def lose(database: Engine, lease: Lease, *, max_attempts: int = 3) -> bool:
    return expire(database, lease, max_attempts=max_attempts, problem_json="{}", on_finished=tell_nobody)


def test_a_job_is_queued_runs_and_ends(database: Engine, blobs: BlobStore) -> None:
    first, second = accept(database, blobs, b"1", password="sesame"), accept(database, blobs, b"2")
    assert (first.state, second.state, count_ahead(database, second)) == ("queued", "queued", 1)
    claimed = begin(database)
    assert (claimed.job.job_id, claimed.json_schema, claimed.password) == (first.job_id, "{}", "sesame")
    report(database, first.job_id, claimed.token, stage="read", page_number=2, n_pages=3)
    running = find_job(database, "acme", first.job_id)
    assert (running.state, running.stage, running.page_number, running.n_pages) == ("running", "read", 2, 3)
    assert count_ahead(database, second) == 0
    done = end(database, claimed, b'{"total": 1}')
    assert (done.state, done.stage, done.attempt) == ("succeeded", None, 1)
    assert done.revision > running.revision > first.revision
    assert read_result(database, first.job_id) == b'{"total": 1}'
    with database.connect() as connection:
        assert connection.execute(text("SELECT password FROM jobs")).scalars().all() == [None, None]


def test_places_of_several_are_those_of_each(database: Engine, blobs: BlobStore) -> None:
    accepted = [accept(database, blobs, bytes([n])) for n in range(5)]
    begin(database)
    asked = [accepted[n].seq for n in (4, 1, 3, 1)]
    assert count_ahead_of(database, asked) == {accepted[n].seq: n - 1 for n in (1, 3, 4)}
    assert count_ahead(database, accepted[3]) == 2
    assert count_ahead_of(database, []) == {}


def test_each_job_is_begun_by_one_worker(database: Engine, blobs: BlobStore) -> None:
    jobs = {accept(database, blobs, bytes([n])).job_id for n in range(12)}
    begun: list[str] = []

    def work(owner: str) -> None:
        while claimed := claim(database, owner=owner):
            begun.append(claimed.job.job_id)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, "abcd"))
    assert sorted(begun) == sorted(jobs)


def test_what_a_stale_worker_writes_is_refused(database: Engine, blobs: BlobStore) -> None:
    job = accept(database, blobs)
    stale = begin(database, "one")
    (lease,) = list_leases(database)
    assert lose(database, lease)
    fresh = begin(database, "two")
    assert (fresh.job.attempt, fresh.token) == (2, stale.token + 1)
    assert renew(database, [(job.job_id, stale.token)]) == frozenset()
    with pytest.raises(LeaseLostError):
        report(database, job.job_id, stale.token, stage="decode")
    with pytest.raises(LeaseLostError):
        end(database, stale, b'"stale"')
    release(database, job.job_id, stale.token)
    end(database, fresh, b'"fresh"')
    with pytest.raises(LeaseLostError):
        end(database, stale, b'"stale"')
    assert read_result(database, job.job_id) == b'"fresh"'


def test_a_lease_whose_beat_has_moved_does_not_expire(database: Engine, blobs: BlobStore) -> None:
    job = accept(database, blobs)
    claimed = begin(database)
    (lease,) = list_leases(database)
    assert renew(database, [(job.job_id, claimed.token)]) == {job.job_id}
    assert not lose(database, lease)
    assert find_job(database, "acme", job.job_id).state == "running"


def test_a_job_that_kills_its_workers_fails_in_the_end(database: Engine, blobs: BlobStore) -> None:
    job = accept(database, blobs)
    for _ in range(2):
        begin(database)
        (lease,) = list_leases(database)
        assert lose(database, lease, max_attempts=2)
    assert find_job(database, "acme", job.job_id).state == "failed"
    assert claim(database, owner="one") is None


def test_a_job_that_is_given_back_waits_and_counts_no_attempt(database: Engine, blobs: BlobStore) -> None:
    job = accept(database, blobs)
    claimed = begin(database)
    release(database, job.job_id, claimed.token, delay_s=100)
    assert claim(database, owner="one") is None
    with write_session(database) as session:  # as if the clock had been set back by an hour
        late = datetime.now(UTC) + timedelta(hours=1)
        session.execute(text("UPDATE jobs SET not_before = :late"), {"late": late.isoformat(" ")})
    assert begin(database).job.attempt == 1


def test_what_is_told_of_an_end_is_kept_with_it_or_not_at_all(database: Engine, blobs: BlobStore) -> None:
    job = accept(database, blobs)
    claimed = begin(database)

    def fail(session: Session, finished: Job) -> None:
        assert (finished.state, finished.job_id) == ("succeeded", job.job_id)
        session.execute(text("DELETE FROM job_results"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        finish(database, claimed, Outcome(state="succeeded", result=b"{}"), on_finished=fail)
    assert find_job(database, "acme", job.job_id).state == "running"
    assert read_result(database, job.job_id) is None
    assert end(database, claimed).state == "succeeded"


def test_a_key_stands_for_one_request(database: Engine, blobs: BlobStore) -> None:
    first = send(database, blobs, b"1", "k")
    again = send(database, blobs, b"1", "k")
    assert (first.is_new, again.is_new, again.job.job_id) == (True, False, first.job.job_id)
    with pytest.raises(IdempotencyKeyReusedError):
        send(database, blobs, b"2", "k")
    assert send(database, blobs, b"2", "k", tenant="bolt").is_new
    with write_session(database) as session:
        old = datetime.now(UTC) - timedelta(hours=25)
        session.execute(text("UPDATE idempotency_keys SET created_at = :old"), {"old": old.isoformat(" ")})
    assert send(database, blobs, b"2", "k").is_new


def test_a_clock_that_is_set_back_keeps_no_request_in_flight(database: Engine, blobs: BlobStore) -> None:
    """Its process died before it answered, and the clock is an hour behind of what it wrote."""
    first = send(database, blobs, b"1", "k", in_flight_s=30)
    ahead = datetime.now(UTC) + timedelta(hours=1)
    with write_session(database) as session:
        moments = {"begun": ahead.isoformat(" "), "until": (ahead + timedelta(seconds=30)).isoformat(" ")}
        asked = "UPDATE idempotency_keys SET created_at = :begun, in_flight_until = :until"
        session.execute(text(asked), moments)
    again = send(database, blobs, b"1", "k", in_flight_s=30)
    assert (again.is_new, again.job.job_id) == (False, first.job.job_id)


def test_a_key_whose_first_request_waits_is_in_flight(database: Engine, blobs: BlobStore) -> None:
    first = send(database, blobs, b"1", "k", in_flight_s=30)
    with pytest.raises(RequestInFlightError):
        send(database, blobs, b"1", "k", in_flight_s=30)
    answered(database, "acme", "k")
    assert send(database, blobs, b"1", "k").job.job_id == first.job.job_id
    gave_up = send(database, blobs, b"3", "l", in_flight_s=-1)  # whose process died before it answered
    assert send(database, blobs, b"3", "l").job.job_id == gave_up.job.job_id


@pytest.mark.parametrize("n_threads", [8])
def test_of_twins_with_one_key_one_makes_the_job(database: Engine, blobs: BlobStore, n_threads: int) -> None:
    barrier = threading.Barrier(n_threads)

    def twin(_: int) -> tuple[str, bool]:
        barrier.wait(10)
        submitted = send(database, blobs, b"1", "k")
        return submitted.job.job_id, submitted.is_new

    with ThreadPoolExecutor(n_threads) as pool:
        answers = list(pool.map(twin, range(n_threads)))
    assert len({job_id for job_id, _ in answers}) == 1
    assert sum(is_new for _, is_new in answers) == 1


def test_the_same_request_is_answered_by_the_same_job_if_it_is_asked(
    database: Engine, blobs: BlobStore
) -> None:
    def ask(data: bytes, *, tenant: str = "acme") -> str:
        new = new_job(blobs, data, tenant=tenant)
        return submit(database, new, acceptance(blobs, deduplicate=True)).job.job_id

    first = ask(b"1")
    assert ask(b"1") == first
    assert ask(b"1", tenant="bolt") != first
    assert ask(b"2") != first
    cancel_and_purge(database, blobs, "acme", first, on_finished=tell_nobody)
    assert ask(b"1") != first


def test_beyond_the_bound_nothing_is_accepted(database: Engine, blobs: BlobStore) -> None:
    bound = acceptance(blobs, max_queued=1)
    submit(database, new_job(blobs, b"1"), bound)
    with pytest.raises(QueueFullError):
        submit(database, new_job(blobs, b"2"), bound)
    with pytest.raises(QueueFullError):
        submit_batch(database, "acme", [new_job(blobs, b"2")] * 2, bound)
    assert len(list_jobs(database, "acme", JobFilter(), before_seq=None, limit=10)) == 1


def test_bytes_that_were_deleted_meanwhile_are_noticed(database: Engine, blobs: BlobStore) -> None:
    new = new_job(blobs, b"1")
    assert drop_bytes(database, blobs, "acme", new.document_sha256)
    with pytest.raises(BytesGoneError):
        submit(database, new, acceptance(blobs))


def test_a_foreign_job_is_as_absent_as_one_that_never_was(database: Engine, blobs: BlobStore) -> None:
    job = accept(database, blobs)
    asks: tuple[Callable[[str], object], ...] = (
        lambda job_id: find_job(database, "bolt", job_id),
        lambda job_id: cancel_and_purge(database, blobs, "bolt", job_id, on_finished=tell_nobody),
        lambda job_id: find_batch(database, "bolt", job_id),
    )
    for ask in asks:
        messages: set[str] = set()
        for job_id in (job.job_id, "0" * 32, "../x"):
            with pytest.raises(ExtractionNotFoundError) as caught:
                ask(job_id)
            messages.add(str(caught.value))
        assert len(messages) == 1
    assert list_jobs(database, "bolt", JobFilter(), before_seq=None, limit=10) == ()
    assert find_job(database, "acme", job.job_id).state == "queued"


def test_jobs_are_listed_newest_first_and_filtered(database: Engine, blobs: BlobStore) -> None:
    jobs = [accept(database, blobs, bytes([n]), schema_name=f"s{n % 2}") for n in range(4)]
    end(database, begin(database))

    def ids(wanted: JobFilter, *, before: int | None = None, limit: int = 10) -> list[int]:
        found = list_jobs(database, "acme", wanted, before_seq=before, limit=limit)
        return [jobs.index(next(j for j in jobs if j.job_id == job.job_id)) for job in found]

    assert ids(JobFilter()) == [3, 2, 1, 0]
    assert ids(JobFilter(), limit=2) == [3, 2]
    assert ids(JobFilter(), before=jobs[2].seq) == [1, 0]
    assert ids(JobFilter(schema_name="s1")) == [3, 1]
    assert ids(JobFilter(states=("succeeded", "failed"))) == [0]
    assert ids(JobFilter(created_from=jobs[1].created_at, created_before=jobs[3].created_at)) == [2, 1]


def test_a_job_that_has_not_ended_is_cancelled_and_its_content_gone(
    database: Engine, blobs: BlobStore
) -> None:
    job = accept(database, blobs, b"1")
    claimed = begin(database)
    ended: list[str] = []
    left = cancel_and_purge(
        database, blobs, "acme", job.job_id, on_finished=lambda _, done: ended.append(done.state)
    )
    assert (left.state, left.document_sha256, left.file_name, ended) == (
        "cancelled",
        None,
        None,
        ["cancelled"],
    )
    assert not blobs.has("acme", str(job.document_sha256))
    with pytest.raises(LeaseLostError):
        end(database, claimed)
    cancel_and_purge(database, blobs, "acme", job.job_id, on_finished=tell_nobody)
    with pytest.raises(ExtractionNotFoundError):
        find_job(database, "acme", job.job_id)


def test_a_job_that_has_ended_is_deleted_with_bytes_result_and_key(
    database: Engine, blobs: BlobStore
) -> None:
    kept = accept(database, blobs, b"1")
    job = send(database, blobs, b"1", "k").job
    end(database, begin(database))
    end(database, begin(database))
    cancel_and_purge(database, blobs, "acme", job.job_id, on_finished=tell_nobody)
    assert read_result(database, job.job_id) is None
    assert blobs.has("acme", str(kept.document_sha256))  # another job has the same file
    cancel_and_purge(database, blobs, "acme", kept.job_id, on_finished=tell_nobody)
    assert not blobs.has("acme", str(kept.document_sha256))
    assert send(database, blobs, b"1", "k").is_new


def test_retention_deletes_what_ended_and_nothing_else(database: Engine, blobs: BlobStore) -> None:
    ended, waiting = accept(database, blobs, b"1"), accept(database, blobs, b"2")
    batch = submit_batch(database, "acme", [new_job(blobs, b"3")], acceptance(blobs))
    end(database, begin(database))
    soon = datetime.now(UTC) + timedelta(seconds=1)
    assert sweep(database, blobs, ended_before=soon - timedelta(hours=1)).n_jobs == 0
    swept = sweep(database, blobs, ended_before=soon)
    assert (swept.n_jobs, swept.n_files) == (1, 1)
    assert not blobs.has("acme", str(ended.document_sha256))
    assert blobs.has("acme", str(waiting.document_sha256))
    assert find_batch(database, "acme", batch.batch_id).n_by_state == {"queued": 1}


def test_uploads_that_no_job_has_are_deleted_once_they_are_old(database: Engine, blobs: BlobStore) -> None:
    job = accept(database, blobs, b"1")
    orphan = new_job(blobs, b"2").document_sha256
    assert drop_orphans(database, blobs, age_s=60) == 0
    assert drop_orphans(database, blobs, age_s=-60) == 1
    assert not blobs.has("acme", orphan)
    assert blobs.has("acme", str(job.document_sha256))


def test_a_batch_counts_its_jobs_by_state(database: Engine, blobs: BlobStore) -> None:
    new = [new_job(blobs, bytes([n])) for n in range(3)]
    batch = submit_batch(database, "acme", new, acceptance(blobs))
    assert (batch.n_jobs, batch.n_by_state) == (3, {"queued": 3})
    end(database, begin(database))
    assert find_batch(database, "acme", batch.batch_id).n_by_state == {"queued": 2, "succeeded": 1}
    listed = list_jobs(database, "acme", JobFilter(batch_id=batch.batch_id), before_seq=None, limit=9)
    assert len(listed) == 3


def test_without_space_for_its_row_nothing_of_a_job_is_acknowledged(tmp_path: Path, blobs: BlobStore) -> None:
    database = open_database(sqlite_url(tmp_path))
    new = new_job(blobs, b"1", request_json="x" * 10_000_000)

    def bound(connection: Any, _: object) -> None:  # noqa: ANN401 - sqlite3's
        connection.execute("PRAGMA max_page_count = 200")

    database.dispose()
    event.listen(database, "connect", bound)
    with pytest.raises(StorageFullError):
        submit(database, new, acceptance(blobs))
    assert list_jobs(database, "acme", JobFilter(), before_seq=None, limit=9) == ()
    assert accept(database, blobs, b"1").state == "queued"
    database.dispose()


def test_writes_that_are_committed_together_are_refused_one_by_one(database: Engine) -> None:
    writes = GroupCommit(database)
    barrier = threading.Barrier(24)

    def write(number: int) -> str:
        def work(session: Session) -> str:
            row = {"id": f"{number // 2:02}", "name": str(number)}
            session.execute(text("INSERT INTO schemas VALUES (:id, :name, '{}')"), row)
            if number % 3 == 0:
                raise ZeroDivisionError
            return str(number)

        barrier.wait(10)
        try:
            return writes.run(work)
        except ZeroDivisionError:
            return "refused"
        except RetrievalError:  # whether it was written with others, or, late, alone
            return "second"

    with ThreadPoolExecutor(24) as pool:
        ends = list(pool.map(write, range(24)))
    with database.connect() as connection:
        names = connection.execute(text("SELECT name FROM schemas")).scalars().all()
    assert sorted(names) == sorted(end for end in ends if end.isdigit())
    # Of each pair with one key, the first is kept that is not refused itself: no pair has two that are.
    assert not any(end.isdigit() for number, end in enumerate(ends) if number % 3 == 0)
    assert len(names) == 12


@pytest.mark.parametrize("n_others", [0, 3])
def test_what_the_database_refuses_is_the_same_error_alone_and_with_others(
    database: Engine, n_others: int
) -> None:
    writes, begun, gathered = GroupCommit(database), threading.Event(), threading.Event()

    def keep(key: str) -> Callable[[Session], object]:
        return lambda session: session.execute(
            text("INSERT INTO schemas VALUES (:id, 'x', '{}')"), {"id": key}
        )

    def hold(_: Session) -> None:
        begun.set()
        gathered.wait(10)

    writes.run(keep("00"))
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(writes.run, hold)
        assert begun.wait(10)
        others = [pool.submit(writes.run, keep(f"{1 + number:02}")) for number in range(n_others)]
        refused = pool.submit(writes.run, keep("00"))
        while len(writes._waiting) < 1 + n_others:  # pyright: ignore[reportPrivateUsage]
            time.sleep(0.001)
        gathered.set()
        for kept in (first, *others):
            kept.result(10)
        with pytest.raises(RetrievalError, match="IntegrityError"):
            refused.result(10)


def test_a_schema_that_was_undone_with_one_job_is_written_for_the_next(database: Engine) -> None:
    writes, gathered = GroupCommit(database), threading.Event()

    def write(number: int) -> str | None:
        def work(session: Session) -> str:
            schema_id = keep_schema(session, "mine", "{}")
            if number % 2 == 0:
                raise ZeroDivisionError
            return schema_id

        try:
            return writes.run(work)
        except ZeroDivisionError:
            return None

    with ThreadPoolExecutor(13) as pool:
        pool.submit(writes.run, lambda _: gathered.wait(10))
        time.sleep(0.1)
        ends = [pool.submit(write, number) for number in range(12)]
        time.sleep(0.3)
        gathered.set()
        ids = {end.result() for end in ends} - {None}
    assert len(ids) == 1
    with database.connect() as connection:
        kept = connection.execute(text("SELECT schema_id FROM schemas WHERE name = 'mine'")).scalars().all()
    assert set(kept) == ids


def test_as_many_are_accepted_at_once_as_have_a_place(database: Engine, blobs: BlobStore) -> None:
    writes, barrier = GroupCommit(database), threading.Barrier(24)
    new = [new_job(blobs, bytes([n])) for n in range(24)]
    bound = replace(acceptance(blobs), max_queued=10)

    def accept_one(number: int) -> int | None:
        barrier.wait(10)
        try:
            return writes.run(lambda session: jobs.submit(session, new[number], bound)).n_ahead
        except QueueFullError:
            return None

    with ThreadPoolExecutor(24) as pool:
        places = [place for place in pool.map(accept_one, range(24)) if place is not None]
    assert sorted(places) == list(range(10))
    assert len(list_jobs(database, "acme", JobFilter(), before_seq=None, limit=99)) == 10
