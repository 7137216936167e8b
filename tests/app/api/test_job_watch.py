"""Who watches jobs: all of them together ask the database as one would."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from app.api.job_watch import JobWatch
from schemas.errors import RetrievalError
from storage.job_queue import JobQueue
from storage.jobs import Job

JOB = Job(
    seq=1,
    job_id="0" * 32,
    tenant="acme",
    batch_id=None,
    state="queued",
    schema_name="invoice",
    file_name=None,
    document_sha256=None,
    n_bytes=1,
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    started_at=None,
    finished_at=None,
    attempt=0,
    stage=None,
    page_number=None,
    n_pages=None,
    revision=0,
    problem_json=None,
)


class Queue:
    """Counts how often it is asked; it may be out of reach."""

    def __init__(self) -> None:
        self.n_counts = 0
        self.is_there = True

    def count_ahead_of(self, seqs: Iterable[int]) -> dict[int, int]:
        self.n_counts += 1
        if not self.is_there:
            raise RetrievalError("the database is away")
        return {seq: seq - 1 for seq in seqs}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
async def test_many_who_watch_are_counted_together() -> None:
    queue = Queue()
    watch = JobWatch(cast("JobQueue", cast("Any", queue)))
    jobs = [replace(JOB, seq=seq) for seq in range(1, 101)]
    assert await asyncio.gather(*map(watch.place_of, jobs)) == list(range(100))
    assert queue.n_counts == 1
    assert await asyncio.gather(*map(watch.place_of, jobs)) == list(range(100))
    assert queue.n_counts == 2
    assert await watch.place_of(replace(JOB, state="running")) is None
    queue.is_there = False
    with pytest.raises(RetrievalError):
        await watch.place_of(JOB)
    await watch.close()
