"""From bytes, text or Python values to plain JSON, within limits: the gate before any schema work."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import cast

from pydantic import JsonValue

from schemas.distinct_json import load_distinct
from schemas.errors import InvalidSchemaError
from schemas.report import pointer_to

JsonObject = dict[str, JsonValue]

MAX_SCHEMA_BYTES = 256_000  # a 369-field schema with descriptions takes about 60 kB
MAX_JSON_DEPTH = 96  # brackets: 16 levels of nesting, each at most 6 (properties, key, anyOf, index ...)
MAX_JSON_VALUES = 50_000
_MAX_NUMBER = 1e300


def read_schema_file(path: Path) -> JsonObject:
    """Return the JSON object in the file at `path`.

    Raises
    ------
    InvalidSchemaError
        If it is no readable file, exceeds `MAX_SCHEMA_BYTES`, or is not one bounded JSON object.
    """
    try:
        # Pipes and devices would block or never end.
        if not path.is_file():
            raise InvalidSchemaError(f"{path.name} is not a file", hint="give the path of a JSON Schema")
        with path.open("rb") as stream:
            data = stream.read(MAX_SCHEMA_BYTES + 1)
    except (OSError, ValueError) as error:
        raise InvalidSchemaError(
            f"the schema file {path.name} cannot be read: {type(error).__name__}"
        ) from error
    return parse_schema_text(data)


def parse_schema_text(data: bytes | str) -> JsonObject:
    """Return the JSON object in `data`.

    Raises
    ------
    InvalidSchemaError
        If it is too large, not UTF-8, not strict JSON (NaN, repeated keys), too deep or not an object.
    """
    if len(data) > MAX_SCHEMA_BYTES:
        raise _invalid("", f"the schema is larger than {MAX_SCHEMA_BYTES} bytes")
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
        value = load_distinct(text, parse_constant=_no_constant)
    except RecursionError as error:
        raise _invalid("", f"the JSON nests deeper than {MAX_JSON_DEPTH}") from error
    except UnicodeDecodeError as error:
        raise InvalidSchemaError("the schema is not UTF-8", issues=(("", "is not UTF-8"),)) from error
    except ValueError as error:
        raise InvalidSchemaError(f"the schema is not JSON: {error}", issues=(("", "not JSON"),)) from error
    if not isinstance(value, Mapping):
        raise _invalid("", "the schema must be a JSON object")
    return plain_json(cast("Mapping[object, object]", value))


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _invalid(pointer: str, reason: str) -> InvalidSchemaError:
    place = pointer or "the schema"
    return InvalidSchemaError(f"{place}: {reason}", issues=((pointer, reason),))


def plain_json(mapping: Mapping[object, object]) -> JsonObject:
    """Return a copy of `mapping` made of plain JSON values only.

    Raises
    ------
    InvalidSchemaError
        If a value is no JSON, a number is not finite, text is not Unicode, or a limit is exceeded
        (a mapping that contains itself exceeds the depth).
    """
    copy = _Copier().copy(mapping, "", 0)
    if len(json.dumps(copy, ensure_ascii=False).encode()) > MAX_SCHEMA_BYTES:
        raise _invalid("", f"the schema is larger than {MAX_SCHEMA_BYTES} bytes")
    return cast("JsonObject", copy)


class _Copier:
    def __init__(self) -> None:
        self.n_values = 0
        self.n_chars = 0

    def copy(self, value: object, pointer: str, depth: int) -> JsonValue:
        self.n_values += 1
        if depth > MAX_JSON_DEPTH:
            raise _invalid("", f"the JSON nests deeper than {MAX_JSON_DEPTH}")
        if self.n_values > MAX_JSON_VALUES:
            raise _invalid("", f"the schema has more than {MAX_JSON_VALUES} values")
        if isinstance(value, Mapping):
            pairs = cast("Mapping[object, object]", value).items()
            return {
                self.text(k, pointer): self.copy(v, pointer_to(pointer, str(k)), depth + 1) for k, v in pairs
            }
        if isinstance(value, str):
            return self.text(value, pointer)
        if isinstance(value, list | tuple):
            return self.items(cast("Iterable[object]", value), pointer, depth)
        return _scalar(value, pointer)

    def items(self, values: Iterable[object], pointer: str, depth: int) -> list[JsonValue]:
        return [self.copy(v, pointer_to(pointer, i), depth + 1) for i, v in enumerate(values)]

    def text(self, value: object, pointer: str) -> str:
        if not isinstance(value, str):
            raise _invalid(pointer, f"keys must be text, got {type(value).__name__}")
        self.n_chars += len(value)
        if self.n_chars > MAX_SCHEMA_BYTES:
            raise _invalid("", f"the schema is larger than {MAX_SCHEMA_BYTES} bytes")
        if any("\ud800" <= char <= "\udfff" for char in value):
            raise _invalid(pointer, "text holds half a surrogate pair")
        return value


def _scalar(value: object, pointer: str) -> JsonValue:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        if not math.isfinite(value) if isinstance(value, float) else abs(value) > _MAX_NUMBER:
            raise _invalid(pointer, "a number is not finite or too large")
        return value
    raise _invalid(pointer, f"not a JSON value: {type(value).__name__}")
