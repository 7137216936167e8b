from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from retrieval.search import ExampleSearch
from retrieval.store import ExampleStore
from storage.database import sqlite_url


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ExampleStore]:
    opened = ExampleStore(sqlite_url(tmp_path), index_uri=str(tmp_path / "index"))
    yield opened
    opened.close()


@pytest.fixture
def search(store: ExampleStore) -> ExampleSearch:
    return ExampleSearch(store)
