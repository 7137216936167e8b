"""What is wrong with a request, in words that know nothing of the library that found it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

# By the names of the kinds of pydantic's errors.
_PLAIN: Mapping[str, str] = MappingProxyType(
    {
        "missing": "is missing",
        "extra_forbidden": "there is no such field",
        "json_invalid": "is no JSON",
        **dict.fromkeys(("tuple_type", "list_type", "set_type", "frozen_set_type"), "must be a list"),
        **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), "must be an object"),
        **dict.fromkeys(("string_type", "string_unicode"), "must be text"),
        **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "must be a whole number"),
        **dict.fromkeys(("float_type", "float_parsing", "decimal_type"), "must be a number"),
        "finite_number": "must be a finite number",
        **dict.fromkeys(("bool_type", "bool_parsing"), "must be true or false"),
        **dict.fromkeys(("bytes_type",), "must be a file"),
        **dict.fromkeys(
            ("datetime_type", "datetime_parsing", "datetime_from_date_parsing", "timezone_aware"),
            "must be a moment with its time zone, such as 2026-01-31T12:00:00Z",
        ),
    }
)
_INSTEAD = (
    (re.compile(r"^Input should be "), "must be "),
    (re.compile(r"^String should "), "must "),
    (re.compile(r"^(?:Value|Assertion) error, "), ""),
    (
        re.compile(r"^(?:Tuple|List|Set) should have (.*?) after validation, not (?:\d+|more)$"),
        r"must have \1",
    ),
    # Of a text that is kept secret.
    (
        re.compile(r"^Value should have (.*?) items? after validation, not (?:\d+|more)$"),
        r"must have \1 characters",
    ),
    (re.compile(r"^must have at (least|most) (\d+) characters?$"), r"must have at \1 \2 characters"),
)
_TOO_FEW = "too_short"
# A member of a union, which pydantic puts behind the index: fields are written in small letters.
_MEMBER = re.compile(r"[A-Z]\w*")


def describe_issues(errors: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield the JSON pointer and the reason of each error of a validation, each once.

    A list that has too few good items because some are bad is not told of: the bad ones are.
    """
    listed = list(errors)
    told: set[tuple[str, str]] = set()
    for error in listed:
        place = tuple(error["loc"])
        is_followed = any(
            len(other["loc"]) > len(place) for other in listed if _is_below(other["loc"], place)
        )
        if error["type"] == _TOO_FEW and is_followed:
            continue
        issue = "/" + "/".join(map(str, _without_members(place))), _reason(error)
        if issue not in told:
            told.add(issue)
            yield issue


def _is_below(place: tuple[object, ...], above: tuple[object, ...]) -> bool:
    return len(place) > len(above) and place[: len(above)] == above


def _without_members(place: tuple[object, ...]) -> Iterator[object]:
    for before, part in zip((None, *place), place, strict=False):
        if not (isinstance(before, int) and isinstance(part, str) and _MEMBER.fullmatch(part)):
            yield part


def _reason(error: Mapping[str, Any]) -> str:
    text = str(error["msg"])
    if text and not text[0].isupper():  # said by us
        return text
    plain = _PLAIN.get(str(error["type"]))
    if plain is not None:
        return plain
    for pattern, instead in _INSTEAD:
        text = pattern.sub(instead, text)
    return text
