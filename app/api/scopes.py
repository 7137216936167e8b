"""Which scope each route needs: the one place that says so.

A route that is not named here needs `admin`, so that one that was forgotten opens nothing.
"""

from __future__ import annotations

import re

from schemas.access import Scope

# Probes, what the service is, and how it is used: no key opens or closes them. /metrics asks for a token or a
# key by itself (`app.api.probes`).
_PUBLIC = frozenset({"/", "/metrics", "/livez", "/readyz", "/version", "/openapi.json", "/openapi-3.0.json"})
# The pages of documentation, with their assets.
_PUBLIC_FOLDERS = ("/docs",)

# Names of path parameters are left out: `/v1/examples/{example_id}` is `/v1/examples/{}`.
SCOPES_OF_ROUTES: dict[tuple[str, str], Scope] = {
    ("POST", "/v1/extractions"): "extract",
    ("GET", "/v1/extractions"): "read",
    ("GET", "/v1/extractions/{}"): "read",
    ("GET", "/v1/extractions/{}/result"): "read",
    ("GET", "/v1/extractions/{}/events"): "read",
    ("DELETE", "/v1/extractions/{}"): "extract",
    ("POST", "/v1/extractions/{}/feedback"): "teach",
    ("POST", "/v1/batches"): "extract",
    ("GET", "/v1/batches"): "read",
    ("GET", "/v1/batches/{}"): "read",
    ("DELETE", "/v1/batches/{}"): "extract",
    ("POST", "/v1/examples"): "teach",
    ("GET", "/v1/examples"): "read",
    ("GET", "/v1/examples/{}"): "read",
    ("DELETE", "/v1/examples/{}"): "teach",
    ("GET", "/v1/schemas"): "read",
    ("GET", "/v1/schemas/{}"): "read",
    ("POST", "/v1/schemas"): "manage",
    ("DELETE", "/v1/schemas/{}"): "manage",
    ("POST", "/v1/schemas/lint"): "read",
    ("POST", "/v1/schemas:lint"): "read",
    ("POST", "/v1/webhooks"): "manage",
    ("GET", "/v1/webhooks"): "manage",
    ("GET", "/v1/webhooks/{}"): "manage",
    ("DELETE", "/v1/webhooks/{}"): "manage",
    ("POST", "/v1/webhooks/{}/rotate"): "manage",
    ("GET", "/v1/webhooks/deliveries"): "manage",
    ("GET", "/v1/webhooks/deliveries/{}"): "manage",
    ("POST", "/v1/webhooks/deliveries/{}/redeliver"): "manage",
}
_PARAMETER = re.compile(r"\{[^}]*\}")


def scope_of(method: str, path: str) -> Scope | None:
    """Return the scope that a route needs, by its path as it is declared; None if it needs no key.

    Examples
    --------
    >>> scope_of("GET", "/v1/examples/{example_id}"), scope_of("GET", "/livez"), scope_of("PUT", "/new")
    ('read', None, 'admin')
    """
    if path in _PUBLIC or any(path == top or path.startswith(f"{top}/") for top in _PUBLIC_FOLDERS):
        return None
    asked = "GET" if method == "HEAD" else method
    return SCOPES_OF_ROUTES.get((asked, _PARAMETER.sub("{}", path)), "admin")
