"""The backup that the operators' page shows is one of a store that is being written to."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
from sqlalchemy import text

from schemas.errors import RetrievalError
from storage.database import check_writable, open_database, read_session, sqlite_url, store_id, write_session
from tests.paths import ROOT


def test_the_backup_of_the_page_holds_what_the_log_alone_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    live = open_database(sqlite_url(tmp_path))
    with write_session(live) as session:
        session.execute(text("UPDATE store SET index_variant = 'kept'"))
    assert (tmp_path / "rasg.sqlite-wal").stat().st_size > 0
    monkeypatch.chdir(tmp_path)
    exec(textwrap.dedent(program), {})
    with live.connect() as connection:
        original = store_id(connection)
    live.dispose()
    restored = tmp_path / "restored"
    restored.mkdir()
    (tmp_path / "backup.sqlite").rename(restored / "rasg.sqlite")
    copy = open_database(sqlite_url(restored))
    with read_session(copy) as session:
        assert session.execute(text("SELECT store_id, index_variant FROM store")).one() == (original, "kept")
    copy.dispose()


def test_a_store_takes_a_change_and_loses_nothing_by_the_question(tmp_path: Path) -> None:
    database = open_database(sqlite_url(tmp_path))
    with write_session(database) as session:
        session.execute(text("UPDATE store SET index_variant = 'kept'"))
    check_writable(database)
    with read_session(database) as session:
        assert session.execute(text("SELECT index_variant FROM store")).scalar_one() == "kept"
    database.dispose()


def test_a_store_that_takes_no_change_says_so(tmp_path: Path) -> None:
    database = open_database(sqlite_url(tmp_path))
    with database.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")
        connection.rollback()
    with pytest.raises(RetrievalError):
        check_writable(database)
    database.dispose()
