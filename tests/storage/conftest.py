from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from storage.database import open_database, sqlite_url


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    opened = open_database(sqlite_url(tmp_path))
    yield opened
    opened.dispose()
