"""The store's SQL database: opened, brought up to date, and safe against a crash."""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
import stat
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from schemas.errors import (
    ConfigurationError,
    RetrievalError,
    StorageFullError,
    StorageUnavailableError,
)

logger = logging.getLogger(__name__)

# The newest of storage/migrations/versions; a test holds them together.
HEAD = "0007"
_BUSY_TIMEOUT_S = 30.0
# As many threads as a process may have that ask; an SQLite connection that is kept is three descriptors.
_N_KEPT_CONNECTIONS = 64
_PRIVATE_FOLDER, _PRIVATE_FILE = 0o700, 0o600
_ONLY_READS = "rasg_only_reads"
# Any number will do that no other program on the same PostgreSQL server takes for its own lock.
_POSTGRES_LOCK = 0x52415347
_SQLITE_UNAVAILABLE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
    }
)
# Its classes of errors: no connection, no resources, an operator stopped it.
_POSTGRES_UNAVAILABLE = frozenset({"08", "53", "57"})
_POSTGRES_FULL = "53100"


def sqlite_url(folder: Path) -> str:
    """Return the URL of the store's database in a folder."""
    return f"sqlite:///{folder / 'rasg.sqlite'}"


def open_database(url: str) -> Engine:
    """Return the database at `url`, its tables made or brought up to date.

    `url` is SQLAlchemy's: `sqlite:////folder/rasg.sqlite`, or `postgresql+psycopg://…`, which needs the extra
    `postgres`. SQLite keeps a write-ahead log and syncs it at every commit: what was acknowledged survives a
    crash of the process and of the machine.

    Raises
    ------
    ConfigurationError
        If the URL is malformed, its driver is missing, or the tables are of a newer program.
    RetrievalError
        If the database cannot be reached.
    """
    try:
        parsed = make_url(url)
        is_sqlite = parsed.get_backend_name() == "sqlite"
        arguments: dict[str, Any] = {"connect_args": {"timeout": _BUSY_TIMEOUT_S}} if is_sqlite else {}
        if is_sqlite:  # connections beyond the pool's size are opened for one use: as dear as ten looks
            arguments |= {"pool_size": _N_KEPT_CONNECTIONS}
        engine = create_engine(parsed, pool_pre_ping=not is_sqlite, hide_parameters=True, **arguments)
    except (SQLAlchemyError, ImportError, ValueError, TypeError) as error:
        raise ConfigurationError(f"the store's database is refused: {type(error).__name__}") from error
    if is_sqlite:
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_at_once)
    with translate_errors(), _one_at_a_time(engine, parsed.database if is_sqlite else None) as connection:
        _migrate(connection)
    return engine


@contextmanager
def translate_errors() -> Generator[None]:
    """Turn what SQLAlchemy raises into our error; its messages may hold values."""
    try:
        yield
    except SQLAlchemyError as error:
        raise _kind_of(error)(f"the store's database failed: {type(error).__name__}") from error


def _kind_of(error: SQLAlchemyError) -> type[RetrievalError]:
    """Return what a failure means: no space left, a database that cannot be used now, or ours to mend."""
    cause = error.orig if isinstance(error, DBAPIError) else None
    # Of SQLite the low byte is the kind, the others say more of it; of PostgreSQL the first two characters.
    code = getattr(cause, "sqlite_errorcode", None)
    state = getattr(cause, "sqlstate", None)
    if (code is not None and code & 0xFF == sqlite3.SQLITE_FULL) or state == _POSTGRES_FULL:
        return StorageFullError
    if code is not None:
        return StorageUnavailableError if code & 0xFF in _SQLITE_UNAVAILABLE else RetrievalError
    is_gone = isinstance(error, OperationalError) and (state is None or state[:2] in _POSTGRES_UNAVAILABLE)
    return StorageUnavailableError if is_gone else RetrievalError


def store_id(connection: Connection) -> str:
    """Return the id that the store got when it was made."""
    return str(connection.execute(text("SELECT store_id FROM store")).scalar_one())


def _configure_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - sqlite3's
    connection.isolation_level = None  # transactions begin where SQLAlchemy says, DDL included
    cursor = connection.cursor()
    # What is deleted is overwritten: an example that is removed leaves no words in the file.
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_at_once(connection: Connection) -> None:
    # A transaction that reads first and writes later would fail where another has written meanwhile; one
    # that only reads waits for nobody.
    options = connection.get_execution_options()
    if options.get("isolation_level") == "AUTOCOMMIT":
        return
    only_reads = options.get(_ONLY_READS, False)
    connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")


@contextmanager
def read_session(engine: Engine) -> Generator[Session]:
    """Yield a session that sees one state of the database and changes nothing."""
    options: dict[str, Any] = {_ONLY_READS: True}
    if engine.dialect.name == "postgresql":
        options["isolation_level"] = "REPEATABLE READ"
    with translate_errors(), Session(engine) as session:
        session.connection(execution_options=options)  # an engine with options of its own costs more
        yield session


@contextmanager
def write_session(engine: Engine) -> Generator[Session]:
    """Yield a session whose changes are all kept when it ends, or none; one writes at a time."""
    with translate_errors(), Session(engine) as session, session.begin():
        if engine.dialect.name == "postgresql":  # SQLite does so by itself
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRES_LOCK + 1})
        yield session


def check_writable(engine: Engine) -> None:
    """Return once a change has been kept: the database is there, its disk is not full, nobody holds it.

    Raises
    ------
    RetrievalError
        If it cannot be kept.
    """
    with write_session(engine) as session:
        session.execute(text("UPDATE store SET index_variant = index_variant"))


@contextmanager
def lock_index(engine: Engine, *, timeout_s: float) -> Generator[None]:
    """Yield while no other process brings the index of this database up to date.

    Raises
    ------
    RetrievalError
        If another one is at it for longer than `timeout_s`.
    """
    deadline = time.monotonic() + timeout_s
    path = engine.url.database
    if engine.dialect.name == "postgresql":
        key = {"key": _POSTGRES_LOCK + 2}
        with translate_errors(), engine.connect() as connection:
            taken = text("SELECT pg_try_advisory_lock(:key)")
            _wait(lambda: bool(connection.execute(taken, key).scalar()), deadline)
            try:
                yield
            finally:
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), key)
    elif path is None or path in ("", ":memory:"):
        yield
    else:
        with _open_lock(Path(f"{path}.index.lock")) as lock:
            _wait(lambda: _is_locked(lock), deadline)
            yield


def _open_lock(path: Path) -> IO[str]:
    return os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, _PRIVATE_FILE), "w")


def _is_locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _wait(taken: Callable[[], bool], deadline: float) -> None:
    while not taken():
        if time.monotonic() > deadline:
            raise RetrievalError("another process is making the search index")
        time.sleep(0.02)


def forget_deleted(engine: Engine) -> None:
    """Drop what was deleted from SQLite's log too, as far as no reader needs it."""
    if engine.dialect.name == "sqlite":
        with translate_errors(), engine.connect() as connection:
            bare = connection.execution_options(isolation_level="AUTOCOMMIT")
            bare.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def keep_private(database: Path) -> None:
    """Make SQLite's file, what is beside it and its folder readable to this user alone: documents are in it.

    SQLite gives its log the file's mode. A folder that is there already is closed if it is open to everybody
    and made for the store; one that is open to a group is left so, as a server may read adapters there.

    Raises
    ------
    OSError
        If the folder cannot be made or written.
    """
    folder = database.parent
    folder.mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER)
    os.close(os.open(database, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, _PRIVATE_FILE))
    for path in folder.glob(f"{database.name}*"):
        _close_to(path, _PRIVATE_FILE, if_open_to=0o077)
    if not Path.cwd().is_relative_to(folder.resolve()) and folder.resolve() != Path("~").expanduser():
        _close_to(folder, _PRIVATE_FOLDER, if_open_to=0o007)


def _close_to(path: Path, mode: int, *, if_open_to: int) -> None:
    """Give a path of this user's a mode, unless it is one that many use, such as /tmp."""
    with suppress(FileNotFoundError):  # a log is removed by whoever closes the database last
        found = path.stat()
        is_ours = found.st_uid == os.getuid() and not found.st_mode & stat.S_ISVTX
        if is_ours and found.st_mode & if_open_to:
            path.chmod(mode)


@contextmanager
def _one_at_a_time(engine: Engine, sqlite_path: str | None) -> Generator[Connection]:
    """Yield a connection while no other process migrates."""
    if sqlite_path is None or sqlite_path in ("", ":memory:"):
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRES_LOCK})
            yield connection
        return
    path = Path(sqlite_path)
    try:
        keep_private(path)
        lock = _open_lock(path.with_name(path.name + ".lock"))
    except OSError as error:
        raise ConfigurationError(f"the store's folder cannot be used: {error.strerror}") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with engine.begin() as connection:
            yield connection


def _migrate(connection: Connection) -> None:
    found = _revision(connection)
    if found == HEAD:
        return
    # Imported where there is something to do: a program that only looks has no use for it.
    from alembic import command
    from alembic.config import Config
    from alembic.util.exc import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise ConfigurationError(
            f"the store's tables are of version {found!r}, which this program does not know",
            hint="run the program that made them, or a newer one",
        ) from error
    if found is None:
        connection.execute(
            text("INSERT INTO store (store_id, index_variant) VALUES (:id, '')"), {"id": uuid4().hex}
        )
    logger.info("the store's tables are now of version %s", HEAD)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)
