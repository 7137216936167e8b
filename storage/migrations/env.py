"""Alembic's entry: runs the migrations on the connection that `storage.database` hands over."""

from __future__ import annotations

from typing import cast

from alembic import context
from sqlalchemy import Connection

from storage.tables import Table

connection = cast("Connection", context.config.attributes["connection"])
context.configure(connection=connection, target_metadata=Table.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
