"""Checking a finished answer against its JSON Schema: the subset of `docs/schemas.md`, nothing else.

The meanings are those of JSON Schema 2020-12, with `format` asserted, `pattern` as in ECMA-262 and
`multipleOf` in decimal arithmetic. Tests compare the verdicts with the `jsonschema` library's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import cast
from urllib.parse import unquote

from pydantic import JsonValue

from schemas.automaton import matches
from schemas.source import JsonObject
from schemas.spec import ExtractionSchema, Path

Violation = tuple[Path, str]
_DATE_PATTERN = r"^\d{4}-\d{2}-\d{2}$"


def validate_output(value: JsonValue, schema: ExtractionSchema) -> tuple[Violation, ...]:
    """Return (path, message) of each violation of the schema by `value`; empty if it is valid.

    The path is () for the whole answer. Messages hold no text of the document.

    Parameters
    ----------
    schema
        Made by `schemas.registry`, which has refused what is not checked here.

    Examples
    --------
    >>> from schemas.registry import from_json_schema
    >>> count = {"type": "integer", "multipleOf": 5}
    >>> schema = from_json_schema({"type": "object", "properties": {"n": count}}, name="pack")
    >>> validate_output({"n": 7}, schema)
    ((('n',), 'is not a multiple of 5'),)
    """
    root = _loaded(schema.json_schema)
    return tuple(check(value, root, root))


@lru_cache(maxsize=64)
def _loaded(text: str) -> JsonObject:
    return cast("JsonObject", json.loads(text))


def resolve(reference: str, root: Mapping[str, JsonValue]) -> JsonValue:
    """Return the definition that a local reference ("#/$defs/Row") leads to.

    Raises
    ------
    LookupError
        If there is none.
    """
    target: JsonValue = dict(root)
    for part in unquote(reference).split("/")[1:]:
        if not isinstance(target, dict):
            raise LookupError(reference)
        target = target[part.replace("~1", "/").replace("~0", "~")]
    return target


def check(
    value: JsonValue, node: Mapping[str, JsonValue], root: Mapping[str, JsonValue], path: Path = ()
) -> Iterator[Violation]:
    """Yield each violation of the schema `node` by `value`; references start at `root`."""
    for keyword, argument in node.items():
        simple = _SIMPLE.get(keyword)
        if simple is not None:
            message = simple(value, argument)
            if message is not None:
                yield path, message
        elif keyword in _NESTED:
            yield from _NESTED[keyword](value, argument, root, path)
    if node.get("additionalProperties") is False and isinstance(value, dict):
        declared = cast("JsonObject", node.get("properties", {}))
        yield from (((*path, key), "is not a key of the schema") for key in value if key not in declared)


def same(a: JsonValue, b: JsonValue) -> bool:
    """Return whether two JSON scalars are equal: 1 equals 1.0, true does not."""
    return isinstance(a, bool) == isinstance(b, bool) and a == b


# --- keywords that look at one value only -------------------------------------------------------


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TYPES: dict[str, Callable[[JsonValue], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "number": _is_number,
    "integer": lambda value: (
        _is_number(value) and (isinstance(value, int) or cast("float", value).is_integer())
    ),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}


def _type(value: JsonValue, argument: JsonValue) -> str | None:
    names = cast("list[str]", argument if isinstance(argument, list) else [argument])
    return None if any(_TYPES[name](value) for name in names) else f"is not of type {' or '.join(names)}"


def _enum(value: JsonValue, argument: JsonValue) -> str | None:
    allowed = any(same(value, choice) for choice in cast("list[JsonValue]", argument))
    return None if allowed else "is not one of the allowed values"


def _const(value: JsonValue, argument: JsonValue) -> str | None:
    return None if same(value, argument) else "is not the one allowed value"


def _min_length(value: JsonValue, argument: JsonValue) -> str | None:
    short = isinstance(value, str) and len(value) < cast("int", argument)
    return f"is shorter than {argument} characters" if short else None


def _max_length(value: JsonValue, argument: JsonValue) -> str | None:
    long = isinstance(value, str) and len(value) > cast("int", argument)
    return f"is longer than {argument} characters" if long else None


def _pattern(value: JsonValue, argument: JsonValue) -> str | None:
    failed = isinstance(value, str) and not matches(cast("str", argument), value)
    return "does not match the pattern" if failed else None


def _format(value: JsonValue, argument: JsonValue) -> str | None:
    if argument != "date" or not isinstance(value, str):
        return None
    return None if _is_iso_date(value) else "is not a date YYYY-MM-DD"


def _is_iso_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    # fromisoformat also reads 20260312 and week dates.
    return matches(_DATE_PATTERN, text)


def _minimum(value: JsonValue, argument: JsonValue) -> str | None:
    failed = _is_number(value) and cast("float", value) < cast("float", argument)
    return f"is less than {argument}" if failed else None


def _maximum(value: JsonValue, argument: JsonValue) -> str | None:
    failed = _is_number(value) and cast("float", value) > cast("float", argument)
    return f"is greater than {argument}" if failed else None


def _exclusive_minimum(value: JsonValue, argument: JsonValue) -> str | None:
    failed = _is_number(value) and cast("float", value) <= cast("float", argument)
    return f"is not greater than {argument}" if failed else None


def _exclusive_maximum(value: JsonValue, argument: JsonValue) -> str | None:
    failed = _is_number(value) and cast("float", value) >= cast("float", argument)
    return f"is not less than {argument}" if failed else None


def _multiple_of(value: JsonValue, argument: JsonValue) -> str | None:
    if not _is_number(value):
        return None
    # Through text: 0.3 is a multiple of 0.1 for people, and not for binary fractions. Integers up to
    # 1e300 in a ratio to 1e-300 would need more digits than the context has: compare as fractions.
    numerator, denominator = Decimal(str(value)).as_integer_ratio()
    step, scale = Decimal(str(argument)).as_integer_ratio()
    failed = (numerator * scale) % (denominator * step) != 0
    return f"is not a multiple of {argument}" if failed else None


def _min_items(value: JsonValue, argument: JsonValue) -> str | None:
    failed = isinstance(value, list) and len(value) < cast("int", argument)
    return f"has fewer than {argument} items" if failed else None


def _max_items(value: JsonValue, argument: JsonValue) -> str | None:
    failed = isinstance(value, list) and len(value) > cast("int", argument)
    return f"has more than {argument} items" if failed else None


_SIMPLE: dict[str, Callable[[JsonValue, JsonValue], str | None]] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "minLength": _min_length,
    "maxLength": _max_length,
    "pattern": _pattern,
    "format": _format,
    "minimum": _minimum,
    "maximum": _maximum,
    "exclusiveMinimum": _exclusive_minimum,
    "exclusiveMaximum": _exclusive_maximum,
    "multipleOf": _multiple_of,
    "minItems": _min_items,
    "maxItems": _max_items,
}


# --- keywords that lead to other schemas or paths -----------------------------------------------


def _reference(
    value: JsonValue, argument: JsonValue, root: Mapping[str, JsonValue], path: Path
) -> Iterator[Violation]:
    target = resolve(cast("str", argument), root)
    yield from check(value, cast("JsonObject", target), root, path)


def _any_of(
    value: JsonValue, argument: JsonValue, root: Mapping[str, JsonValue], path: Path
) -> Iterator[Violation]:
    violations = [tuple(check(value, node, root, path)) for node in cast("list[JsonObject]", argument)]
    if all(violations):
        # The alternative that went deepest is the one that was meant: null never goes deep.
        yield from max(violations, key=lambda found: max(len(place) for place, _ in found))


def _one_of(
    value: JsonValue, argument: JsonValue, root: Mapping[str, JsonValue], path: Path
) -> Iterator[Violation]:
    violations = [tuple(check(value, node, root, path)) for node in cast("list[JsonObject]", argument)]
    n_valid = sum(not found for found in violations)
    if n_valid == 0:
        yield from _any_of(value, argument, root, path)
    elif n_valid > 1:
        yield path, "satisfies more than one of the alternatives"


def _properties(
    value: JsonValue, argument: JsonValue, root: Mapping[str, JsonValue], path: Path
) -> Iterator[Violation]:
    if isinstance(value, dict):
        for key, node in cast("dict[str, JsonObject]", argument).items():
            if key in value:
                yield from check(value[key], node, root, (*path, key))


def _required(
    value: JsonValue, argument: JsonValue, _root: Mapping[str, JsonValue], path: Path
) -> Iterator[Violation]:
    if isinstance(value, dict):
        yield from (((*path, key), "is missing") for key in cast("list[str]", argument) if key not in value)


def _items(
    value: JsonValue, argument: JsonValue, root: Mapping[str, JsonValue], path: Path
) -> Iterator[Violation]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from check(item, cast("JsonObject", argument), root, (*path, index))


_Nested = Callable[[JsonValue, JsonValue, Mapping[str, JsonValue], Path], Iterator[Violation]]
_NESTED: dict[str, _Nested] = {
    "$ref": _reference,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "properties": _properties,
    "required": _required,
    "items": _items,
}
