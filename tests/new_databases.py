"""Tables of a new database, made once by the migrations and written again for every other test."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from sqlalchemy import Connection, text

Migrate = Callable[[Connection], None]


def remember(migrate: Migrate) -> Migrate:
    """Return what does to a new SQLite file as `migrate` did to the first, in a twentieth of the time.

    Any other database is left to `migrate`. Each gets an id of its own, as a store does.
    """
    made: list[str] = []

    def make(connection: Connection) -> None:
        is_new = connection.dialect.name == "sqlite" and not _statements(connection)
        if not is_new or not made:
            migrate(connection)
            if is_new:
                made.extend(_statements(connection))
                made.append(f"INSERT INTO alembic_version VALUES ('{_version(connection)}')")
            return
        for statement in made:
            connection.exec_driver_sql(statement)
        store = "INSERT INTO store (store_id, index_variant) VALUES (:id, '')"
        connection.execute(text(store), {"id": uuid4().hex})

    return make


def _statements(connection: Connection) -> list[str]:
    query = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid"
    return [str(statement) for statement in connection.execute(text(query)).scalars()]


def _version(connection: Connection) -> str:
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
