"""What holds for every test: no deadlines, the same random examples on every CI run, a store of its own."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

import storage.database
from tests.new_databases import Migrate, remember

# A deadline measures the machine's other work, not the code.
settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture(scope="session", autouse=True)
def store_folder() -> Iterator[Path]:
    """Keep what tests store out of the user's own folder, for fixtures of any scope."""
    folder = Path(tempfile.mkdtemp(prefix="rasg-store-"))
    os.environ["RASG_STORE__FOLDER"] = str(folder)
    # The house model ships with the project; the default one is fetched.
    os.environ.setdefault("RASG_MODEL", "house")
    yield folder
    del os.environ["RASG_STORE__FOLDER"]
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def migrations() -> Iterator[Migrate]:
    """Yield the real migrations: what they make of a new database is written again for each test."""
    real: Migrate = getattr(storage.database, "_migrate")  # noqa: B009 - private to all but this
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("storage.database._migrate", remember(real))
        yield real


@pytest.fixture(autouse=True)
def own_store(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test an empty store."""
    monkeypatch.setenv(
        "RASG_STORE__FOLDER", str(tmp_path_factory.getbasetemp() / f"store-{os.urandom(6).hex()}")
    )
