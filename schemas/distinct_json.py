"""JSON in which no object has a key twice: of two the last would win, and nobody would know (RFC 8259, 4)."""

from __future__ import annotations

import json
from collections.abc import Callable

_MAX_CHARS = 40  # of a key in a message


class RepeatedKeyError(ValueError):
    """An object of a JSON text has a key twice."""


def load_distinct(text: bytes | str, *, parse_constant: Callable[[str], object] | None = None) -> object:
    """Return what a JSON text says; `parse_constant` is called for NaN and infinities, as by `json.loads`.

    Raises
    ------
    RepeatedKeyError
        If an object has a key twice, at whatever depth.
    ValueError
        If it is no JSON, or no UTF-8, -16 or -32.
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
    return json.loads(text, object_pairs_hook=_distinct, parse_constant=parse_constant)


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        seen: set[str] = set()
        again = next(key for key, _ in pairs if key in seen or seen.add(key))
        raise RepeatedKeyError(f"an object repeats a key ({again[:_MAX_CHARS]!r})")
    return mapping
