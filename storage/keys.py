"""API keys in SQL: the hash of each secret, whose it is, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from schemas.access import ApiKey, check_scopes
from schemas.service_errors import KeyNotFoundError
from storage.database import read_session, write_session
from storage.tables import ApiKeyRow


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """A key, and the SHA-256 of its secret."""

    key: ApiKey
    secret_sha256: bytes


class KeyStore:
    """The keys of all tenants; safe to share between threads and processes.

    The methods raise `RetrievalError` if the database fails.
    """

    def __init__(self, database: Engine) -> None:
        self._database = database

    def has_any(self) -> bool:
        """Return whether a key was ever made: one that was revoked or is over counts too."""
        with read_session(self._database) as session:
            return session.scalar(select(ApiKeyRow.key_id).limit(1)) is not None

    def all(self, tenant: str | None = None) -> tuple[ApiKey, ...]:
        """Return the keys of a tenant, or of all, the oldest first."""
        query = select(ApiKeyRow).order_by(ApiKeyRow.created_at, ApiKeyRow.key_id)
        if tenant is not None:
            query = query.where(ApiKeyRow.tenant == tenant)
        with read_session(self._database) as session:
            return tuple(_to_key(row) for row in session.scalars(query))

    def find(self, key_id: str) -> StoredKey | None:
        """Return the key of an id; None if there is none."""
        with read_session(self._database) as session:
            row = session.get(ApiKeyRow, key_id)
            return None if row is None else StoredKey(key=_to_key(row), secret_sha256=row.secret_sha256)

    def get(self, key_id: str) -> ApiKey:
        """Return the key of an id.

        Raises
        ------
        KeyNotFoundError
            If there is none.
        """
        with read_session(self._database) as session:
            return _to_key(_row(session, key_id))

    def add(self, key: ApiKey, secret_sha256: bytes) -> None:
        """Write a new key down."""
        with write_session(self._database) as session:
            session.add(_to_row(key, secret_sha256))

    def replace(self, key_id: str, new: ApiKey, secret_sha256: bytes, *, ends_at: datetime) -> ApiKey:
        """Write `new` down and let the key of `key_id` end at a moment, or earlier if it does already.

        Raises
        ------
        KeyNotFoundError
            If there is no such key.
        """
        with write_session(self._database) as session:
            row = _row(session, key_id)
            row.expires_at = ends_at if row.expires_at is None else min(row.expires_at, ends_at)
            session.add(_to_row(new, secret_sha256))
            return _to_key(row)

    def revoke(self, key_id: str, *, at: datetime) -> ApiKey:
        """Take a key back at once; the first time counts.

        Raises
        ------
        KeyNotFoundError
            If there is no such key.
        """
        with write_session(self._database) as session:
            row = _row(session, key_id)
            row.revoked_at = row.revoked_at or at
            return _to_key(row)

    def note_use(self, key_id: str, *, at: datetime) -> None:
        """Note when a key was last used."""
        with write_session(self._database) as session:
            session.execute(update(ApiKeyRow).where(ApiKeyRow.key_id == key_id).values(last_used_at=at))


def _row(session: Session, key_id: str) -> ApiKeyRow:
    row = session.get(ApiKeyRow, key_id)
    if row is None:
        raise KeyNotFoundError("there is no key of that id", hint="rasg keys list shows them")
    return row


def _to_row(key: ApiKey, secret_sha256: bytes) -> ApiKeyRow:
    return ApiKeyRow(
        key_id=key.key_id,
        secret_sha256=secret_sha256,
        name=key.name,
        tenant=key.tenant,
        scopes=" ".join(key.scopes),
        created_by=key.created_by,
        created_at=key.created_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        last_used_at=key.last_used_at,
    )


def _to_key(row: ApiKeyRow) -> ApiKey:
    return ApiKey(
        key_id=row.key_id,
        name=row.name,
        tenant=row.tenant,
        scopes=check_scopes(tuple(row.scopes.split())),
        created_by=row.created_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
