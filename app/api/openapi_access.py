"""What the OpenAPI document says of keys (how they are sent, which scope an operation needs)."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from app.api.scopes import scope_of

Json = dict[str, Any]

_METHODS = ("get", "post", "put", "patch", "delete")
_SCHEMES: Json = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A key of `rasg keys create`."},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same key."},
}
_ANSWERS = {
    "401": "No key, or one that opens nothing.",
    "403": "The key lacks the scope.",
    "429": "The key asked too often, or for too much at a time.",
}


def describe_access(document: Json) -> Json:
    """Return the document with the security of each operation; those that need no key say so.

    `x-scope` names the scope: OpenAPI 3.1 takes role names of every scheme, but tools of 3.0 refuse them.
    """
    described = deepcopy(document)
    described.setdefault("components", {})["securitySchemes"] = deepcopy(_SCHEMES)
    for path, item in described["paths"].items():
        for method in item.keys() & set(_METHODS):
            operation = item[method]
            scope = scope_of(method.upper(), path)
            if scope is None:
                operation["security"] = []
                continue
            operation["security"] = [{name: []} for name in _SCHEMES]
            operation["x-scope"] = scope
            for status, told in _ANSWERS.items():
                operation["responses"].setdefault(status, {"description": told})
    return described
