"""What the framework says of the routes, made whole: readable ids, and every error as a problem document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from http import HTTPStatus
from typing import Any, Final

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from app.errors import PROBLEM_JSON, Problem

Json = dict[str, Any]

_REFS: Final = "#/components/schemas/{model}"
_METHODS: Final = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
_PROBLEM_CONTENT: Final = {"schema": {"$ref": _REFS.format(model="Problem")}}
# The framework's own shape of a refused request, which this service never sends.
_FRAMEWORK_ERRORS: Final = ("HTTPValidationError", "ValidationError")
_DESCRIPTION: Final = (
    "Business documents in, schema-valid JSON out, and every value stands on the page. "
    "Every error is a problem document (RFC 9457) with a stable `code`."
)
_PROBLEMS: Final = {
    "4XX": "The request is refused; `code` says why, `errors` where.",
    "5XX": "The service failed or is busy; `retryable` and `Retry-After` say whether to come back.",
}


def describe(raw: Json, routes: Sequence[BaseRoute]) -> Json:
    """Return the OpenAPI document `raw` with the operations' ids and problems of this service.

    An operation's id is the name of its route's function: it stays when a path changes.

    Raises
    ------
    ValueError
        If two operations have one name.
    """
    document = deepcopy(raw)
    document["info"] |= {
        "description": _DESCRIPTION,
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    }
    names = _operation_ids(routes)
    for path, item in document["paths"].items():
        for method in _METHODS & item.keys():
            item[method]["operationId"] = names[path, method]
            item[method]["responses"] = _responses(item[method]["responses"])
    _name_bodies(document)
    _add_components(document)
    return document


def _name_bodies(document: Json) -> None:
    """Make components of the JSON bodies that a route reads by itself, as the framework makes of its own."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for item in document["paths"].values():
        for method in _METHODS & item.keys():
            content = item[method].get("requestBody", {}).get("content", {}).get("application/json", {})
            name = content.get("schema", {}).get("title")
            if name is not None:
                schemas.update(content["schema"].pop("$defs", {}))
                schemas[name] = content["schema"]
                content["schema"] = {"$ref": _REFS.format(model=name)}


def _operation_ids(routes: Sequence[BaseRoute]) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for route in routes:
        if not isinstance(route, APIRoute) or not route.include_in_schema:
            continue
        for method in route.methods:
            if route.name in found.values():
                raise ValueError(f"two operations are called {route.name!r}")
            found[route.path_format, method.lower()] = route.name
    return found


def _responses(given: Mapping[str, Any]) -> Json:
    kept = {status: response for status, response in given.items() if not _is_framework_error(response)}
    for status, response in kept.items():
        if status.isdigit() and int(status) >= HTTPStatus.BAD_REQUEST:
            content = response.setdefault("content", {})
            content[PROBLEM_JSON] = content.pop("application/json", _PROBLEM_CONTENT)
    return kept | {
        status: {
            "description": said,
            "headers": {
                name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-Id", "Retry-After")
            },
            "content": {PROBLEM_JSON: _PROBLEM_CONTENT},
        }
        for status, said in _PROBLEMS.items()
    }


def _is_framework_error(response: Mapping[str, Any]) -> bool:
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    return str(schema.get("$ref", "")).endswith(f"/{_FRAMEWORK_ERRORS[0]}")


def _add_components(document: Json) -> None:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in _FRAMEWORK_ERRORS:
        schemas.pop(name, None)
    problem = Problem.model_json_schema(ref_template=_REFS, mode="serialization")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    components.setdefault("headers", {}).update(
        {
            "X-Request-Id": {
                "description": "The request's id, as in the service's log: the caller's own, or a new one.",
                "schema": {"type": "string"},
            },
            "Retry-After": {
                "description": "Seconds after which the same request may succeed; only where it may.",
                "schema": {"type": "integer", "minimum": 1},
            },
        }
    )
