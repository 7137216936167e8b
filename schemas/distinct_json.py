"""JSON in which no object has a key twice: of two the last would win, and nobody would know (RFC 8259, 4)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from pydantic import JsonValue, TypeAdapter

from schemas.errors import InputError

_MAX_CHARS = 40  # of a key in a message
# The escape of a half of a character beyond the first 65,536, which needs its other half.
_HALF = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")
_OBJECT: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])


class RepeatedKeyError(ValueError):
    """An object of a JSON text has a key twice."""


def load_distinct(text: bytes | str, *, parse_constant: Callable[[str], object] | None = None) -> object:
    """Return what a JSON text says; `parse_constant` is called for NaN and infinities, as by `json.loads`.

    Raises
    ------
    RepeatedKeyError
        If an object has a key twice, at whatever depth.
    ValueError
        If it is no JSON, or no UTF-8, -16 or -32, or spells half of a character (one escape of two): what
        comes of it cannot be written again.
    RecursionError
        If it is nested some thousand deep.

    Examples
    --------
    >>> load_distinct('{"a": 1, "b": {"a": 2}}')
    {'a': 1, 'b': {'a': 2}}
    >>> load_distinct('[{"a": 1, "a": 2}]')
    Traceback (most recent call last):
    schemas.distinct_json.RepeatedKeyError: an object repeats a key ('a')
    """
    plain = text if isinstance(text, str) else text.decode(json.detect_encoding(text))
    value: object = json.loads(plain, object_pairs_hook=_distinct, parse_constant=parse_constant)
    if _HALF.search(plain):
        json.dumps(value, ensure_ascii=False).encode()  # fails at a half
    return value


def load_object(text: bytes, *, name: str) -> dict[str, JsonValue]:
    """Return the object that a JSON text in UTF-8 is, with or without a byte order mark.

    Raises
    ------
    InputError
        If it is none, or an object in it has a key twice; `name` says of what.
    """
    try:
        return _OBJECT.validate_python(load_distinct(text.decode("utf-8-sig")))
    except RepeatedKeyError as error:
        raise InputError(f"{name}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name} is no JSON object") from error


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        seen: set[str] = set()
        again = next(key for key, _ in pairs if key in seen or seen.add(key))
        raise RepeatedKeyError(f"an object repeats a key ({again[:_MAX_CHARS]!r})")
    return mapping
