"""An example under the schema that is asked for: one that says more is cut down to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from schemas.spec import ArraySpec, ExtractionSchema, FieldSpec, ObjectSpec, Spec


def covers(has: ExtractionSchema, asked: ExtractionSchema) -> bool:
    """Return whether an answer under `has` holds an answer under `asked`.

    It does if each key that is asked for is there, with the same kind of value; enumerations may offer less
    than what is asked. Descriptions, bounds and whether null is allowed make no difference.
    """
    return _covers(has.root, asked.root)


def _covers(has: Spec, asked: Spec) -> bool:
    if isinstance(asked, FieldSpec):
        return isinstance(has, FieldSpec) and _same_kind(has, asked)
    if isinstance(asked, ArraySpec):
        return isinstance(has, ArraySpec) and _covers(has.item, asked.item)
    if not isinstance(has, ObjectSpec):
        return False
    known = dict(has.properties)
    return all(key in known and _covers(known[key], child) for key, child in asked.properties)


def _same_kind(has: FieldSpec, asked: FieldSpec) -> bool:
    if has.kind != asked.kind:
        return False
    return has.kind != "enum" or set(has.enum_values) <= set(asked.enum_values)


def project(value: Mapping[str, JsonValue], asked: ExtractionSchema) -> dict[str, JsonValue]:
    """Return what of `value` the schema asks for, in its order; what is not there is null.

    Examples
    --------
    >>> from schemas.registry import from_json_schema
    >>> text = {"type": ["string", "null"]}
    >>> asked = from_json_schema({"type": "object", "properties": {"b": text, "a": text}})
    >>> project({"a": "1", "b": "2", "c": "3"}, asked)
    {'b': '2', 'a': '1'}
    """
    return {key: _project(value.get(key), child) for key, child in asked.root.properties}


def _project(value: JsonValue, asked: Spec) -> JsonValue:
    if isinstance(asked, FieldSpec):
        return None if isinstance(value, Mapping | list) else value
    if isinstance(asked, ArraySpec):
        return [_project(item, asked.item) for item in value] if isinstance(value, list) else _nothing(asked)
    if not isinstance(value, Mapping):
        return _nothing(asked)
    return {key: _project(value.get(key), child) for key, child in asked.properties}


def join(answers: Sequence[Mapping[str, JsonValue]]) -> dict[str, JsonValue]:
    """Return the answers of a document's pages as one: the first that says something, rows one after another.

    Examples
    --------
    >>> join([{"no": "7", "total": None, "rows": ["a"]}, {"no": None, "total": "9.00", "rows": ["b"]}])
    {'no': '7', 'total': '9.00', 'rows': ['a', 'b']}
    """
    joined: dict[str, JsonValue] = {}
    for answer in answers:
        for key, value in answer.items():
            joined[key] = _join(joined.get(key), value)
    return joined


def _join(first: JsonValue, second: JsonValue) -> JsonValue:
    if isinstance(first, list) and isinstance(second, list):
        return [*first, *second]
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return join([first, second])
    return second if first is None else first


def _nothing(asked: ArraySpec | ObjectSpec) -> JsonValue:
    """Return how nothing is written: an example shows what an answer may look like."""
    if asked.nullable:
        return None
    return (
        []
        if isinstance(asked, ArraySpec)
        else {key: _project(None, child) for key, child in asked.properties}
    )
