"""Completion to value: JSON as promised by the grammar, or the valid part of one that was cut."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from types import MappingProxyType

from pydantic import JsonValue

from decoding.grammar.build import Grammar
from decoding.grammar.json_cursor import JsonCursor
from schemas.errors import OutputParseError, TruncatedOutputError
from schemas.extraction import Completion
from schemas.spec import ArraySpec, FieldSpec, ObjectSpec, Path, Spec, allows_null, json_path
from schemas.walk import holds, value_at


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedOutput:
    """What a completion says.

    Attributes
    ----------
    value
        Satisfies the grammar's schema; without the reasoning.
    reasoning
        The text of the first property, if the grammar has one (what was written of it, if it was cut).
    truncated
        Whether the completion was cut: values that were not reached are null, lists end with their last
        complete row.
    value_spans
        Where each leaf of `value` stands in the completion's text, quotes included, in characters.
        Leaves that a cut left unwritten have none.
    """

    value: Mapping[str, JsonValue]
    reasoning: str | None = None
    truncated: bool = False
    value_spans: Mapping[Path, tuple[int, int]] = field(
        default_factory=lambda: MappingProxyType[Path, tuple[int, int]]({})
    )


def parse_completion(completion: Completion, grammar: Grammar) -> ParsedOutput:
    """Return what `completion` says under `grammar`.

    Raises
    ------
    TruncatedOutputError
        If the completion was cut before a value that must not be null, or before a list had its least
        number of rows: no valid value can be made of it.
    OutputParseError
        If the completion was not cut and is not one JSON object, or lacks keys: the engine did not
        follow the grammar.
    """
    text, cursor = completion.text, JsonCursor()
    cursor.feed(text)
    truncated = cursor.state != "after" or bool(cursor.open_brackets)
    if truncated and completion.finish_reason == "stop":
        raise OutputParseError("the completion ended by itself and is no complete JSON")
    raw = _load(_close(text) if truncated else text)
    if truncated:
        _drop(raw, cursor.open_item)
    reasoning = _take_reasoning(raw, text, cursor, grammar.reasoning_key)
    value = _object(grammar.schema.root, raw, (), truncated=truncated)
    spans = {path: span for path, span in cursor.leaf_spans.items() if holds(value, path)}
    return ParsedOutput(
        value=value, reasoning=reasoning, truncated=truncated, value_spans=MappingProxyType(spans)
    )


def token_spans(completion: Completion, spans: Mapping[Path, tuple[int, int]]) -> dict[Path, tuple[int, int]]:
    """Return for each character span of the completion's text the half-open range of tokens that wrote it.

    Tokens are bytes and may hold parts of characters, or more than the value: every token that shares
    a byte with the span counts, and of a value without quotes the sign behind it: it decided the end.
    No tokens, no ranges.
    """
    if not completion.tokens:
        return {}
    byte_of = list(accumulate((len(char.encode()) for char in completion.text), initial=0))
    ends = list(accumulate(len(token.token_bytes) for token in completion.tokens))
    text = completion.text
    stops = {
        path: end if text[end - 1] == '"' else min(end + 1, len(text)) for path, (_, end) in spans.items()
    }
    return {
        path: _tokens_in(ends, byte_of[start], byte_of[stops[path]]) for path, (start, _) in spans.items()
    }


def _tokens_in(ends: list[int], start: int, end: int) -> tuple[int, int]:
    return bisect_right(ends, start), bisect_left(ends, end) + 1


def _load(text: str) -> dict[str, JsonValue]:
    try:
        loaded: JsonValue = json.loads(text)
    except ValueError as error:
        raise OutputParseError("the completion is not the JSON that the grammar promises") from error
    if not isinstance(loaded, dict):
        raise OutputParseError(f"the completion is a JSON {type(loaded).__name__}, not an object")
    return loaded


def _close(text: str) -> str:
    """Return cut JSON up to its last complete part, with the open brackets closed."""
    cursor, end, brackets = JsonCursor(), 0, "{}"
    for position, char in enumerate(text):
        cursor.feed(char)
        opened = char in "{[" and cursor.state in ("first_key", "value")
        if char == "," and cursor.state in ("next_key", "value"):
            end, brackets = position, cursor.open_brackets
        elif opened or cursor.state == "after":
            end, brackets = position + 1, cursor.open_brackets
    return text[:end] + brackets


def _drop(raw: dict[str, JsonValue], row: Path | None) -> None:
    """Remove the row that was being written when the completion was cut."""
    if row is None:
        return
    *parents, last = row
    node = value_at(raw, tuple(parents))
    if isinstance(node, list) and isinstance(last, int):
        del node[last:]


def _take_reasoning(raw: dict[str, JsonValue], text: str, cursor: JsonCursor, key: str | None) -> str | None:
    if key is None:
        return None
    if key in raw:
        return str(raw.pop(key))
    # Cut inside the reasoning: plain characters only, so the text is what follows the opening quote.
    opening = f'{{"{key}":"'
    return text[len(opening) :] if cursor.path == (key,) and text.startswith(opening) else None


def _object(
    spec: ObjectSpec, raw: dict[str, JsonValue], path: Path, *, truncated: bool
) -> dict[str, JsonValue]:
    """Return `raw` in schema order, checked against `spec`, with what a cut left out."""
    if not raw.keys() <= {key for key, _ in spec.properties}:
        raise OutputParseError(f"the completion has keys that the schema does not, at {json_path(path)!r}")
    value: dict[str, JsonValue] = {}
    for key, child in spec.properties:
        if key in raw:
            value[key] = _check(child, raw[key], (*path, key), truncated=truncated)
        elif truncated:
            value[key] = _absent(child, (*path, key))
        else:
            raise OutputParseError(f"the completion lacks {json_path((*path, key))!r}")
    return value


def _check(spec: Spec, raw: JsonValue, path: Path, *, truncated: bool) -> JsonValue:
    if isinstance(spec, FieldSpec) or (raw is None and spec.nullable):
        return raw
    if isinstance(spec, ObjectSpec) and isinstance(raw, dict):
        return _object(spec, raw, path, truncated=truncated)
    if isinstance(spec, ArraySpec) and isinstance(raw, list):
        if truncated and len(raw) < spec.min_items:
            raise _cut_too_early(path)
        return [_check(spec.item, r, (*path, i), truncated=truncated) for i, r in enumerate(raw)]
    raise OutputParseError(f"the completion has a {type(raw).__name__} at {json_path(path)!r}")


def _absent(spec: Spec, path: Path) -> JsonValue:
    """Return the value of what a cut completion never reached: null, no rows, or an object of those."""
    if allows_null(spec):
        return None
    if isinstance(spec, ArraySpec) and spec.min_items == 0:
        return []
    if isinstance(spec, ObjectSpec):
        return {key: _absent(child, (*path, key)) for key, child in spec.properties}
    raise _cut_too_early(path)


def _cut_too_early(path: Path) -> TruncatedOutputError:
    return TruncatedOutputError(
        f"the completion was cut before {json_path(path)!r}, which must have a value",
        hint="raise max_tokens, make the field nullable, or use smaller windows",
    )
