"""An OpenAPI 3.1 document as 3.0, for tools that know no newer one (such as many ERPs' importers).

3.0 has its own dialect of JSON Schema: no null type, no `const`, bounds that are flags, one example, nothing
beside a `$ref`. What it cannot say is left out: the older description allows what the newer one does, and
sometimes more, and never refuses what the service takes or sends.

References
----------
OpenAPI Specification 3.0.3, 4.7.24 (Schema Object).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeGuard

Json = dict[str, Any]

_VERSION: Final = "3.0.3"
_KEPT: Final = frozenset(
    """
    title description type format enum default example nullable deprecated discriminator
    readOnly writeOnly xml externalDocs
    multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern
    maxItems minItems uniqueItems maxProperties minProperties required properties additionalProperties
    items allOf anyOf oneOf not
    """.split()
)
# What holds values and no schemas.
_DATA: Final = frozenset({"example", "examples", "default"})
_LISTS: Final = ("allOf", "anyOf", "oneOf")


def downgrade(document: Json) -> Json:
    """Return an OpenAPI 3.1 `document` as 3.0.3; the argument is not changed."""
    kept = {key: value for key, value in document.items() if key not in {"webhooks", "jsonSchemaDialect"}}
    info = {key: value for key, value in kept["info"].items() if key != "summary"}
    if "license" in info:
        info["license"] = {key: value for key, value in info["license"].items() if key != "identifier"}
    return {**_walk(kept), "openapi": _VERSION, "info": info}


def _walk(node: object) -> Any:  # noqa: ANN401 - JSON
    """Return what is no schema, with the schemas in it written as 3.0."""
    if _is_list(node):
        return [_walk(entry) for entry in node]
    if not _is_object(node):
        return node
    return {key: _walk_value(key, value) for key, value in node.items()}


def _walk_value(key: str, value: object) -> Any:  # noqa: ANN401 - JSON
    if key == "schema" and (_is_object(value) or isinstance(value, bool)):
        return to_3_0(value)
    if key == "schemas" and _is_object(value):
        return {name: to_3_0(schema) for name, schema in value.items()}
    return value if key in _DATA else _walk(value)


def _is_object(node: object) -> TypeGuard[Json]:
    return isinstance(node, dict)


def _is_list(node: object) -> TypeGuard[list[Any]]:
    return isinstance(node, list)


def to_3_0(schema: Json | bool) -> Json:
    """Return one JSON Schema (2020-12) in the dialect of OpenAPI 3.0.

    Examples
    --------
    >>> to_3_0({"type": ["string", "null"]})
    {'type': 'string', 'nullable': True}
    >>> to_3_0({"const": 1})
    {'enum': [1]}
    >>> to_3_0({"anyOf": [{"$ref": "#/a"}, {"type": "null"}]})
    {'allOf': [{'$ref': '#/a'}], 'nullable': True}
    """
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    found = dict(schema)
    for step in (_nulls, _examples, _const, _bounds, _contents, _tuples, _types, _children, _reference):
        found = step(found)
    return found


def _examples(schema: Json) -> Json:
    examples = schema.get("examples")
    return schema if not examples else {**schema, "example": examples[0]}


def _const(schema: Json) -> Json:
    return schema if "const" not in schema else {**schema, "enum": [schema["const"]]}


def _bounds(schema: Json) -> Json:
    found = dict(schema)
    tighter: dict[str, Callable[[float, float], float]] = {"minimum": max, "maximum": min}
    for bound, tightest in tighter.items():
        flag = f"exclusive{bound.capitalize()}"
        limit = found.pop(flag, None)
        if isinstance(limit, bool) or limit is None:
            continue
        given = found.get(bound)
        found[bound] = limit if given is None else tightest(limit, given)
        if found[bound] == limit:
            found[flag] = True
    return found


def _contents(schema: Json) -> Json:
    if schema.get("contentEncoding") == "base64":
        return {**schema, "format": "byte"}
    return schema if "contentMediaType" not in schema else {**schema, "format": "binary"}


def _tuples(schema: Json) -> Json:
    """Return a tuple as an array of any of its entries; 3.0 knows no places."""
    entries: list[Json] | None = schema.get("prefixItems")
    if entries is None:
        return schema
    distinct = [entry for index, entry in enumerate(entries) if entry not in entries[:index]]
    rest = schema.get("items")
    if _is_object(rest):
        distinct.append(rest)
    found = {**schema, "items": distinct[0] if len(distinct) == 1 else {"anyOf": distinct}}
    if rest is False:
        found["maxItems"] = min(len(entries), schema.get("maxItems", len(entries)))
    return found


def _types(schema: Json) -> Json:
    kinds = schema.get("type")
    if kinds == "null":
        bare = {key: value for key, value in schema.items() if key != "type"}
        return {**bare, "nullable": True, "enum": [None]}
    if not _is_list(kinds):
        return schema
    known = [kind for kind in kinds if kind != "null"]
    found = {key: value for key, value in schema.items() if key != "type"}
    if len(known) == 1:
        found["type"] = known[0]
    elif known:
        found = {**found, "anyOf": [{"type": kind} for kind in known]} if "anyOf" not in found else found
    if "null" in kinds:
        found["nullable"] = True
    return found


def _nulls(schema: Json) -> Json:
    """Return a choice between something and null as that, nullable."""
    found: Json = dict(schema)
    for name in ("anyOf", "oneOf"):
        choices: list[Any] | None = found.get(name)
        if choices is None or {"type": "null"} not in choices:
            continue
        others = [choice for choice in choices if choice != {"type": "null"}]
        del found[name]
        found = {**_merge(found, others, name), "nullable": True}
    return found


def _merge(schema: Json, choices: list[Any], name: str) -> Json:
    if len(choices) != 1:
        return {**schema, name: choices}
    (only,) = choices
    if "$ref" in only:
        return {**schema, "allOf": [*schema.get("allOf", []), only]}
    return {**only, **schema}


def _children(schema: Json) -> Json:
    found = {
        key: value for key, value in schema.items() if key in _KEPT or key == "$ref" or key.startswith("x-")
    }
    for name in _LISTS:
        if name in found:
            found[name] = [to_3_0(entry) for entry in found[name]]
    for name in ("not", "items"):
        if name in found:
            found[name] = to_3_0(found[name])
    if "properties" in found:
        found["properties"] = {name: to_3_0(entry) for name, entry in found["properties"].items()}
    if isinstance(found.get("additionalProperties"), dict):
        found["additionalProperties"] = to_3_0(found["additionalProperties"])
    if found.get("type") == "array":
        found.setdefault("items", {})
    # A nullable enumeration lists the null too.
    if found.get("nullable") and "enum" in found and None not in found["enum"]:
        found["enum"] = [*found["enum"], None]
    return found


def _reference(schema: Json) -> Json:
    """Return a reference alone, or beside what 3.0 would ignore next to it."""
    if "$ref" not in schema or len(schema) == 1:
        return schema
    others = {key: value for key, value in schema.items() if key != "$ref"}
    return {**others, "allOf": [*others.get("allOf", []), {"$ref": schema["$ref"]}]}
