"""Who is told that jobs have ended, and that a batch has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from storage.database import open_database, sqlite_url
from storage.job_leases import Outcome
from storage.job_messages import tell_webhooks
from storage.job_queue import JobQueue
from storage.webhooks import Delivery, Endpoint, WebhookStore
from tests.app.jobs.fakes import close_databases, describe, queue_of

REQUESTED = "https://erp.example.org/this-one"


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[JobQueue]:
    yield queue_of(tmp_path, on_finished=tell_webhooks)
    close_databases()


@pytest.fixture
def webhooks(tmp_path: Path, queue: JobQueue) -> Iterator[WebhookStore]:
    del queue  # has made the tables
    database = open_database(sqlite_url(tmp_path))
    yield WebhookStore(database, tenant="acme")
    database.dispose()


def endpoint(url: str | None, *event_types: str, number: int = 1) -> Endpoint:
    return Endpoint(
        endpoint_id=f"{number:032x}",
        tenant="acme",
        url=url,
        event_types=event_types or ("*",),
        secret=b"s" * 24,
        created_at=datetime.now(UTC),
    )


def run_one(queue: JobQueue) -> bool:
    """Have the next job end, one of `bad.pdf` in failure; return whether there was one."""
    claimed = queue.claim(owner="test")
    if claimed is None:
        return False
    failed = Outcome(state="failed", problem_json="{}")
    is_bad = claimed.job.file_name == "bad.pdf"
    queue.finish(claimed, failed if is_bad else Outcome(state="succeeded", result=b"{}"))
    return True


def told(webhooks: WebhookStore, event_type: str) -> list[tuple[str, dict[str, Any]]]:
    found: tuple[Delivery, ...] = webhooks.deliveries()
    return [(one.url, json.loads(one.payload)["data"]) for one in found if one.event_type == event_type]


def test_an_endpoint_is_told_how_a_job_ended(queue: JobQueue, webhooks: WebhookStore) -> None:
    webhooks.add(endpoint("https://erp.example.org/"))
    job_id = queue.accept("acme", BytesIO(b"one"), describe()).job.job_id
    assert told(webhooks, "extraction.finished") == []
    run_one(queue)
    assert told(webhooks, "extraction.finished") == [
        ("https://erp.example.org/", {"extraction_id": job_id, "status": "succeeded"})
    ]
    assert told(webhooks, "batch.finished") == []


def test_another_tenants_endpoint_is_told_nothing(queue: JobQueue, webhooks: WebhookStore) -> None:
    webhooks.add(endpoint("https://erp.example.org/"))
    queue.accept("bolt", BytesIO(b"one"), describe("bolt"))
    run_one(queue)
    assert told(webhooks, "extraction.finished") == []


def test_the_url_that_a_request_named_is_told_with_the_secret_for_such(
    queue: JobQueue, webhooks: WebhookStore
) -> None:
    webhooks.add(endpoint(None))
    queue.accept("acme", BytesIO(b"one"), naming(REQUESTED))
    run_one(queue)
    assert [url for url, _ in told(webhooks, "extraction.finished")] == [REQUESTED]


def test_it_is_told_of_a_job_that_was_cancelled_as_of_any_end(
    queue: JobQueue, webhooks: WebhookStore
) -> None:
    webhooks.add(endpoint(None))
    job_id = queue.accept("acme", BytesIO(b"one"), naming(REQUESTED), file_name="a.pdf").job.job_id
    left = queue.cancel("acme", job_id)
    assert told(webhooks, "extraction.finished") == [
        (REQUESTED, {"extraction_id": job_id, "status": "cancelled"})
    ]
    assert (left.file_name, left.document_sha256, left.webhook_url) == (None, None, None)


def test_a_secret_that_is_gone_costs_its_message_and_not_the_job(
    queue: JobQueue, webhooks: WebhookStore
) -> None:
    webhooks.add(endpoint("https://erp.example.org/"))
    job_id = queue.accept("acme", BytesIO(b"one"), naming(REQUESTED)).job.job_id
    run_one(queue)
    assert queue.find("acme", job_id).state == "succeeded"
    assert [url for url, _ in told(webhooks, "extraction.finished")] == ["https://erp.example.org/"]


def test_a_batch_is_told_of_once_when_its_last_job_has_ended(queue: JobQueue, webhooks: WebhookStore) -> None:
    webhooks.add(endpoint("https://erp.example.org/", "batch.finished"))
    sources = [(BytesIO(name.encode()), f"{name}.pdf") for name in ("one", "bad", "two")]
    batch = queue.accept_batch("acme", sources, describe(), fingerprint_of=str, key=None)
    for _ in sources:
        assert told(webhooks, "batch.finished") == []
        assert run_one(queue)
    assert not run_one(queue)
    assert told(webhooks, "batch.finished") == [
        (
            "https://erp.example.org/",
            {"batch_id": batch.batch_id, "n_by_status": {"failed": 1, "succeeded": 2}},
        )
    ]
    assert told(webhooks, "extraction.finished") == []


def naming(url: str) -> Any:  # noqa: ANN401
    made = describe()

    def make(kept: Any, file_name: str | None) -> Any:  # noqa: ANN401
        job = made(kept, file_name)
        return replace(job, request_json=json.dumps({**json.loads(job.request_json), "webhook_url": url}))

    return make
