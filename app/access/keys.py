"""API keys: made, shown once, and known again by the hash of their secret.

A key is `rasg_<id>_<secret>`. By the prefix, scanners find one that leaked; by the id, its row is found. The
secret is 32 random bytes, and needs no slow hash, because nobody can guess them.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from schemas.access import ApiKey, Caller, Scope
from schemas.errors import InputError
from schemas.example import check_actor, check_tenant
from schemas.service_errors import UnauthenticatedError
from storage.keys import KeyStore

logger = logging.getLogger(__name__)

_KEY = re.compile(r"rasg_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_ID_BYTES, _SECRET_BYTES = 6, 32
# How old the note of a key's last use may be: a write for each request would cost more than the request.
_USE_NOTED_EVERY = timedelta(minutes=1)
# What an unknown id is compared with, so that it takes as long as a known one.
_NO_SECRET = bytes(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key and its text, which nothing can show again."""

    key: ApiKey
    text: str


class KeyRing:
    """Makes keys, and knows whose a key is; safe to share between threads and processes."""

    def __init__(self, store: KeyStore) -> None:
        self._store = store
        self._has_any = False

    def is_locked(self) -> bool:
        """Return whether requests need a key: from the first one on, for ever."""
        self._has_any = self._has_any or self._store.has_any()
        return self._has_any

    def known(self, tenant: str | None = None) -> tuple[ApiKey, ...]:
        """Return the keys of a tenant, or of all, the oldest first."""
        return self._store.all(tenant)

    def create(
        self,
        name: str,
        *,
        tenant: str,
        scopes: tuple[Scope, ...],
        actor: str,
        lifetime: timedelta | None = None,
        at: datetime | None = None,
    ) -> NewKey:
        """Return a new key of a tenant; it never ends if `lifetime` is None.

        Raises
        ------
        InputError
            If the name, the tenant or the lifetime is none, or there is no scope.
        """
        now = at or datetime.now(UTC)
        if not scopes:
            raise InputError("a key needs a scope")
        made, text, secret_sha256 = _make(
            ApiKey(
                key_id="",
                name=check_actor(name, asked="what the key is for"),
                tenant=check_tenant(tenant),
                scopes=scopes,
                created_by=check_actor(actor, asked="who makes the key"),
                created_at=now,
                expires_at=_end(now, lifetime),
            )
        )
        self._store.add(made, secret_sha256)
        return NewKey(key=made, text=text)

    def rotate(
        self, key_id: str, *, overlap: timedelta, actor: str, lifetime: timedelta | None = None
    ) -> NewKey:
        """Return a key in the place of another one, which still opens for the time of `overlap`.

        Raises
        ------
        KeyNotFoundError
            If there is no such key.
        InputError
            If the other one opens nothing any more, or a time is less than nothing.
        """
        now = datetime.now(UTC)
        before = self._store.get(key_id)
        if not before.is_live(now):
            raise InputError("the key was revoked or is over", hint="make a new one: rasg keys create")
        if overlap < timedelta(0):
            raise InputError("an overlap is no negative time")
        made, text, secret_sha256 = _make(
            replace(
                before,
                created_by=check_actor(actor, asked="who makes the key"),
                created_at=now,
                expires_at=_end(now, lifetime),
                last_used_at=None,
            )
        )
        self._store.replace(key_id, made, secret_sha256, ends_at=now + overlap)
        return NewKey(key=made, text=text)

    def revoke(self, key_id: str) -> ApiKey:
        """Take a key back, at once and for good.

        Raises
        ------
        KeyNotFoundError
            If there is no such key.
        """
        return self._store.revoke(key_id, at=datetime.now(UTC))

    def caller(self, text: str, *, at: datetime | None = None) -> Caller:
        """Return whose key `text` is.

        Raises
        ------
        UnauthenticatedError
            If it is nobody's, was revoked or is over: the caller is not told which.
        """
        now = at or datetime.now(UTC)
        parts = _KEY.fullmatch(text)
        found = None if parts is None else self._store.find(parts[1])
        given = hashlib.sha256(b"" if parts is None else parts[2].encode()).digest()
        is_same = hmac.compare_digest(given, _NO_SECRET if found is None else found.secret_sha256)
        if found is None or not is_same or not found.key.is_live(now):
            raise UnauthenticatedError("the key opens nothing", hint="send a key of rasg keys create")
        self._note_use(found.key, now)
        return Caller(tenant=found.key.tenant, scopes=found.key.scopes, key_id=found.key.key_id)

    def _note_use(self, key: ApiKey, at: datetime) -> None:
        if key.last_used_at is None or at - key.last_used_at >= _USE_NOTED_EVERY:
            self._store.note_use(key.key_id, at=at)


def _make(key: ApiKey) -> tuple[ApiKey, str, bytes]:
    """Return the key with an id of its own, its text, and the hash of its secret."""
    key_id, secret = secrets.token_hex(_ID_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
    return replace(key, key_id=key_id), f"rasg_{key_id}_{secret}", hashlib.sha256(secret.encode()).digest()


def _end(at: datetime, lifetime: timedelta | None) -> datetime | None:
    if lifetime is None:
        return None
    if lifetime <= timedelta(0):
        raise InputError("a key lives for some time, or for ever")
    return at + lifetime
