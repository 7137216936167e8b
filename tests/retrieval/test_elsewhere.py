"""The truth in PostgreSQL and the index in an object store; skipped where there is no server to start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from retrieval.features import features_of
from retrieval.search import ExampleSearch, Query
from retrieval.store import ExampleStore
from schemas.adapter import AdapterCard
from storage.adapters import AdapterRegistry
from storage.database import sqlite_url
from storage.feedback import feedback_summaries
from storage.tables import Table
from tests.object_store import object_store
from tests.retrieval.pages import SCHEMA, example, page_hash, page_text
from tests.storage.postgres import postgres_server

pytestmark = pytest.mark.slow


@pytest.fixture
def postgres_url() -> Iterator[str]:
    with postgres_server() as server:
        yield server.url


def _teach_and_find(store: ExampleStore) -> None:
    store.add([example(vendor, n) for vendor in range(5) for n in range(3)])
    search = ExampleSearch(store)
    features = features_of(page_text(2, 9), page_hash(2, 9))
    query = Query(tenant="acme", features=features, schema=SCHEMA, k=3)
    assert [hit.example.answer["vendor"] for hit in search.find(query)] == ["v2"] * 3
    store.remove("acme", [example(2, 0).example_id], ())
    assert len(search.find(query)) == 3
    assert search.find(query)[-1].example.answer["vendor"] != "v2"
    assert store.rebuild() == 14


def _promote(registry: AdapterRegistry, store: ExampleStore) -> None:
    card = AdapterCard(name="mine", base_model="m", base_sha256="a" * 64, data_sha256="b" * 64)
    first, second = (registry.add("bill", f"{n:064x}", card, actor="ada") for n in range(2))
    registry.go_live(first.adapter_id, instead_of=None, actor="ada")
    registry.go_live(second.adapter_id, instead_of=first.adapter_id, actor="ada")
    with pytest.raises(IntegrityError), store.database.begin() as connection:
        connection.execute(text("UPDATE adapters SET state = 'live'"))
    done = registry.roll_back("bill", "a" * 64, actor="ada")
    assert done.live is not None
    assert done.live.adapter_id == first.adapter_id
    assert feedback_summaries(store.database, "acme") == {}


def test_the_truth_can_be_in_postgresql(postgres_url: str, tmp_path: Path) -> None:
    store = ExampleStore(postgres_url, index_uri=str(tmp_path))
    _teach_and_find(store)
    with store.database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Table.metadata) == []
    _promote(AdapterRegistry(store.database, tenant="acme"), store)
    store.close()
    again = ExampleStore(postgres_url, index_uri=str(tmp_path))
    assert again.n_examples("acme") == 14
    again.close()


@pytest.fixture
def endpoint() -> Iterator[str]:
    with object_store("examples") as address:
        yield address


def test_the_index_can_be_in_an_object_store(
    endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT", endpoint)
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    store = ExampleStore(sqlite_url(tmp_path), index_uri="s3://examples/index")
    _teach_and_find(store)
    store.close()
