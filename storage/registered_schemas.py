"""Tenants' own schemas by name and version."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine, Select, func, select
from sqlalchemy.orm import Session

from schemas.errors import InputError, UnknownSchemaError
from storage.database import read_session, write_session
from storage.tables import RegisteredSchemaRow

_MAX_SCHEMAS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredSchema:
    """One version of a tenant's schema; versions count from 1, and none is used twice."""

    name: str
    version: int
    json_schema: str
    created_at: datetime


class SchemaStore:
    """The schemas of one tenant; safe to share between threads and processes.

    The methods raise `RetrievalError` if the database fails, and `UnknownSchemaError` if the tenant has no
    such schema.
    """

    def __init__(self, database: Engine, *, tenant: str) -> None:
        self.tenant = tenant
        self._database = database

    def add(self, name: str, json_schema: str) -> tuple[RegisteredSchema, bool]:
        """Return the newest version, which has this text, and whether it was made for it.

        Raises
        ------
        InputError
            If the tenant has too many.
        """
        with write_session(self._database) as session:
            newest = session.scalar(self._here(name).limit(1))
            if newest is not None and newest.json_schema == json_schema:
                return _to_schema(newest), False
            if self._count(session) >= _MAX_SCHEMAS:
                raise InputError(f"a tenant has at most {_MAX_SCHEMAS} schemas, versions counted")
            # Removed ones count: what a version means never changes.
            last = session.scalar(
                select(func.max(RegisteredSchemaRow.version)).where(
                    RegisteredSchemaRow.tenant == self.tenant, RegisteredSchemaRow.name == name
                )
            )
            row = RegisteredSchemaRow(
                tenant=self.tenant,
                name=name,
                version=(last or 0) + 1,
                json_schema=json_schema,
                created_at=datetime.now(UTC),
            )
            session.add(row)
            session.flush()
            return _to_schema(row), True

    def all(self) -> tuple[RegisteredSchema, ...]:
        """Return every version, by name and then the newest first."""
        with read_session(self._database) as session:
            return tuple(_to_schema(row) for row in session.scalars(self._here()))

    def get(self, name: str, version: int | None = None) -> RegisteredSchema:
        """Return a version of a schema, the newest if none is named."""
        with read_session(self._database) as session:
            return _to_schema(self._rows(session, name, version)[0])

    def remove(self, name: str, version: int | None = None) -> None:
        """Remove a version of a schema, all if none is named; their numbers are not given again."""
        with write_session(self._database) as session:
            for row in self._rows(session, name, version):
                row.json_schema, row.removed_at = "", datetime.now(UTC)

    def _here(self, name: str | None = None, version: int | None = None) -> Select[RegisteredSchemaRow]:
        row = RegisteredSchemaRow
        query = select(row).where(row.tenant == self.tenant, row.removed_at.is_(None))
        if name is not None:
            query = query.where(row.name == name)
        if version is not None:
            query = query.where(row.version == version)
        return query.order_by(row.name, row.version.desc())

    def _rows(self, session: Session, name: str, version: int | None) -> list[RegisteredSchemaRow]:
        found = list(session.scalars(self._here(name, version)))
        if not found:
            raise UnknownSchemaError("no schema has that name and version", hint="GET /v1/schemas lists them")
        return found

    def _count(self, session: Session) -> int:
        return session.scalar(select(func.count()).select_from(self._here().subquery())) or 0


def _to_schema(row: RegisteredSchemaRow) -> RegisteredSchema:
    return RegisteredSchema(
        name=row.name, version=row.version, json_schema=row.json_schema, created_at=row.created_at
    )
