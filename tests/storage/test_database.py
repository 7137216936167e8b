from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, text

import storage
from retrieval.store import ExampleStore
from schemas.errors import ConfigurationError, RetrievalError
from storage.adapters import AdapterRegistry
from storage.database import HEAD, open_database, sqlite_url, store_id
from storage.tables import Table
from tests.new_databases import Migrate, remember
from tests.retrieval.pages import example
from tests.storage.cards import card

MIGRATIONS = Path(storage.__file__).parent / "migrations"


@pytest.fixture(autouse=True)
def real_migrations(migrations: Migrate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every database here made by the migrations themselves (tests/new_databases.py)."""
    monkeypatch.setattr("storage.database._migrate", migrations)


def test_what_other_tests_begin_with_is_what_the_migrations_make(
    database: Engine, migrations: Migrate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[object] = []

    def count(connection: Connection) -> None:
        calls.append(connection)
        migrations(connection)

    monkeypatch.setattr("storage.database._migrate", remember(count))
    others = [open_database(sqlite_url(tmp_path / name)) for name in ("first", "second", "second")]
    assert len(calls) == 2  # the first, and the one that was there
    contents = [contents_of(one) for one in (database, *others)]
    assert len({tables for tables, _ in contents}) == 1
    assert len({store for _, store in contents}) == 3
    for one in others:
        one.dispose()


def contents_of(database: Engine) -> tuple[tuple[object, ...], str]:
    """Return the tables and the version of a database, and the id of its store."""
    with database.connect() as connection:
        tables = connection.execute(text("SELECT type, name, sql FROM sqlite_master ORDER BY name"))
        version = connection.execute(text("SELECT version_num FROM alembic_version")).all()
        return (*map(tuple, tables), *map(tuple, version)), store_id(connection)


def test_migrations_end_at_the_tables_that_the_code_sees(database: Engine) -> None:
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Table.metadata) == []
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == HEAD


def test_tables_of_a_newer_program_are_left_alone(database: Engine, tmp_path: Path) -> None:
    database.dispose()
    with sqlite3.connect(tmp_path / "rasg.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigurationError, match="9999"):
        open_database(sqlite_url(tmp_path))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "oracle://x",
        "sqlite:////proc/nowhere/x",
        "postgresql+psycopg://h:port/db",
        "sqlite:///x?timeout=a",
    ],
)
def test_a_database_that_cannot_be_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        open_database(url)


def test_a_file_that_is_no_database_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "rasg.sqlite").write_bytes(b"not a database, but long enough to be looked at" * 40)
    with pytest.raises(RetrievalError):
        open_database(sqlite_url(tmp_path))


def test_a_store_without_adapters_is_brought_up_to_date(tmp_path: Path) -> None:
    store = ExampleStore(sqlite_url(tmp_path), index_uri=str(tmp_path / "index"))
    store.add([example(1, 1)])
    store.close()
    downgrade(tmp_path, "0001")
    with sqlite3.connect(tmp_path / "rasg.sqlite") as connection:
        assert not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'adapters'").fetchall()
        connection.execute(
            "INSERT INTO extractions (extraction_id, tenant, created_at, schema_id, document, output_json) "
            "SELECT '0', 'acme', '2026-01-01', schema_id, x'00', '{}' FROM schemas"
        )
    connection.close()
    again = ExampleStore(sqlite_url(tmp_path), index_uri=str(tmp_path / "index"))
    assert again.n_examples("acme") == 1
    with again.database.connect() as opened:
        assert opened.execute(text("SELECT adapter_sha256 FROM extractions")).scalars().all() == [None]
    AdapterRegistry(again.database, tenant="acme").add("bill", "1" * 64, card(), actor="ada")
    again.close()


def downgrade(folder: Path, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(sqlite_url(folder))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
    engine.dispose()


def test_adapters_from_before_bases_counted_stay_live_for_the_base_of_their_card(tmp_path: Path) -> None:
    database = open_database(sqlite_url(tmp_path))
    registry = AdapterRegistry(database, tenant="acme")
    adapters = [
        registry.add("bill", f"{number:064x}", card(base_sha256=base * 64), actor="ada")
        for number, base in enumerate("ab")
    ]
    for adapter in adapters:
        registry.go_live(adapter.adapter_id, instead_of=None, actor="ada")
    database.dispose()
    downgrade(tmp_path, "0002")  # which knows one live adapter a schema: the one that changed last
    again = AdapterRegistry(open_database(sqlite_url(tmp_path)), tenant="acme")
    assert [(a.base_sha256, a.state) for a in again.all()] == [("a" * 64, "retired"), ("b" * 64, "live")]


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_documents_say_is_readable_to_this_user_alone(tmp_path: Path) -> None:
    made, old, grouped = (tmp_path / name for name in ("made", "old", "grouped"))
    old.mkdir()
    old.chmod(0o755)
    (old / "rasg.sqlite").touch()
    (old / "rasg.sqlite").chmod(0o644)
    grouped.mkdir()
    grouped.chmod(0o750)  # adapters are read there by a server of the group
    for folder, mode in ((made, 0o700), (old, 0o700), (grouped, 0o750)):
        engine = open_database(sqlite_url(folder))
        with engine.begin() as connection:
            connection.execute(text("SELECT 1"))
            files = sorted(folder.glob("rasg.sqlite*"))
            assert {"rasg.sqlite", "rasg.sqlite-wal"} <= {path.name for path in files}
            assert [mode_of(path) & 0o077 for path in files] == [0] * len(files)
        assert mode_of(folder) == mode
        engine.dispose()
