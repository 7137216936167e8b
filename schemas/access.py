"""Who asks, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from schemas.errors import InputError

Scope = Literal["extract", "read", "teach", "manage", "metrics", "admin"]
# What each lets its key do, in the order in which they are shown.
SCOPES: tuple[Scope, ...] = get_args(Scope)


def check_scopes(names: tuple[str, ...]) -> tuple[Scope, ...]:
    """Return the scopes of these names, each once and in the order of `SCOPES`.

    Raises
    ------
    InputError
        If there is none, or a name is no scope's.

    Examples
    --------
    >>> check_scopes(("read", "extract", "read"))
    ('extract', 'read')
    """
    unknown = sorted(set(names) - set(SCOPES))
    if unknown or not names:
        told = f"no scope is named {unknown[0][:32]!r}" if unknown else "a key needs a scope"
        raise InputError(told, hint=f"scopes are {', '.join(SCOPES)}")
    return tuple(scope for scope in SCOPES if scope in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whose request it is, and what it may do; `key_id` is None where the service needs no key."""

    tenant: str
    scopes: tuple[Scope, ...]
    key_id: str | None = None

    def may(self, scope: Scope) -> bool:
        """Return whether the caller has the scope; who may administer may do everything."""
        return scope in self.scopes or "admin" in self.scopes


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """What is known of a key; its secret is known to its holder alone.

    Attributes
    ----------
    expires_at
        From then on it opens nothing; None never.
    revoked_at
        When it was taken back; None if it was not.
    last_used_at
        To the minute, None before the first use.
    """

    key_id: str
    name: str
    tenant: str
    scopes: tuple[Scope, ...]
    created_by: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def is_live(self, at: datetime) -> bool:
        """Return whether the key opens anything at a moment."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)
