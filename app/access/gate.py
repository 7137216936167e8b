"""The gate in front of the service: whose request it is, or that it is nobody's."""

from __future__ import annotations

from dataclasses import dataclass

from app.access.keys import KeyRing
from app.access.limits import Limiter
from schemas.access import Caller
from schemas.service_errors import UnauthenticatedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What is asked of each request.

    Attributes
    ----------
    tenant
        Of requests without a key, as long as there is none.
    may_be_open
        Whether requests are answered while there is no key: nobody else reaches the service, or its operator
        says so.
    """

    keys: KeyRing
    limiter: Limiter
    tenant: str
    may_be_open: bool

    def caller_of(self, key: str | None) -> Caller:
        """Return who sent a request with `key`.

        Raises
        ------
        UnauthenticatedError
            If the key opens nothing, or there is none and one is needed.
        """
        if key is not None:
            return self.keys.caller(key)
        if self.keys.is_locked():
            raise UnauthenticatedError("a key is needed", hint="Authorization: Bearer <key>, or X-API-Key")
        if not self.may_be_open:
            raise UnauthenticatedError("no key exists yet", hint="make one: rasg keys create")
        return Caller(tenant=self.tenant, scopes=("admin",))
