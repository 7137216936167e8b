"""How sure the model was of each value: its probability among all that the grammar allowed."""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

from schemas.extraction import TokenLogprob
from schemas.spec import Path, json_path

_SPACE = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s,\]}"]+', re.DOTALL)
_SIGNS = {"{": "}", "[": "]"}


def span_confidence(tokens: Sequence[TokenLogprob], start: int, end: int) -> float | None:
    """Return the probability of the value in bytes [start, end) of the completion, in [0, 1].

        confidence = exp(sum of log p(t) over the tokens t that share a byte with the value)

    where p is the probability under the mask. By the chain rule this is the probability that the model
    writes exactly this value, and no other that the grammar allows, after what it wrote before: null, a
    shorter span and another span of the page all share the rest. The sum is chosen over the mean
    because the mask makes most tokens of a long value certain once its first words are chosen: they add
    nothing to the sum, and in a mean they would hide the one doubtful choice. A value's span includes its
    quotation marks: the first decides against null, the last where the value ends.

    Parameters
    ----------
    tokens
        The completion's tokens in order. Tokens that reach over the value's edges count whole; the
        grammar leaves no choice in keys and commas, so their share is nil.

    Returns
    -------
    None without tokens or if no token shares a byte with the span.
    """
    edges = [0, *accumulate(len(token.token_bytes) for token in tokens)]
    return _confidence(tokens, edges, start, end)


def field_confidences(text: str, tokens: Sequence[TokenLogprob], *, prefix: Path = ()) -> dict[str, float]:
    """Return the confidence of every scalar of the JSON object in `text`, by JSON path.

    Parameters
    ----------
    text
        The completion's text: one JSON object, as the tokens spell it. An object that is cut short
        yields the values that are whole.
    prefix
        Keys that lead to the object whose paths are asked for; other values are left out.

    Notes
    -----
    No tokens, or tokens that do not spell the text, give no confidences.
    """
    spelled = b"".join(token.token_bytes for token in tokens)
    data = text.encode()
    offset = spelled.find(data) if data else -1
    if offset < 0:
        return {}
    edges = [0, *accumulate(len(token.token_bytes) for token in tokens)]
    byte_at = list(accumulate((len(char.encode()) for char in text), initial=offset))
    found = (
        (path[len(prefix) :], _confidence(tokens, edges, byte_at[start], byte_at[end]))
        for path, start, end in value_spans(text)
        if path[: len(prefix)] == prefix
    )
    return {json_path(path): confidence for path, confidence in found if confidence is not None}


def _confidence(tokens: Sequence[TokenLogprob], edges: Sequence[int], start: int, end: int) -> float | None:
    first, last = bisect_right(edges, start) - 1, bisect_left(edges, end)
    inside = tokens[first:last]
    if not inside or start >= end or start < 0 or end > edges[-1]:
        return None
    return math.exp(min(0.0, math.fsum(token.logprob for token in inside)))


def value_spans(text: str) -> Iterator[tuple[Path, int, int]]:
    """Yield (path, start, end) of each scalar in a JSON text, in characters, quotation marks included.

    Stops without an error where the text is cut short or no longer JSON.

    Examples
    --------
    >>> [(path, start, end) for path, start, end in value_spans('{"a":"x","b":[1,null]}')]
    [(('a',), 5, 8), (('b', 0), 14, 15), (('b', 1), 16, 20)]
    """
    position = 0
    stack: list[tuple[str, Path, int]] = []  # closing sign, path of the container, next index
    path: Path = ()
    while True:
        position = _skip(text, position)
        sign = text[position : position + 1]
        if sign and sign in _SIGNS:
            stack.append((_SIGNS[sign], path, 0))
            position = _skip(text, position + 1)
        else:
            scalar = _SCALAR.match(text, position)
            if scalar is None or scalar.end() == len(text):
                return
            yield path, position, scalar.end()
            position = _skip(text, scalar.end())
        entered = _next_value(text, position, stack)
        if entered is None:
            return
        position, path = entered


def _next_value(text: str, position: int, stack: list[tuple[str, Path, int]]) -> tuple[int, Path] | None:
    """Return where the next value begins and its path, leaving closed containers; None at the end."""
    while stack:
        closing, container, index = stack[-1]
        sign = text[position : position + 1]
        if sign == closing:
            stack.pop()
            position = _skip(text, position + 1)
            continue
        if (sign == ",") != (index > 0):
            return None
        position = _skip(text, position + 1 if index else position)
        stack[-1] = closing, container, index + 1
        return (position, (*container, index)) if closing == "]" else _after_key(text, position, container)
    return None


def _after_key(text: str, position: int, container: Path) -> tuple[int, Path] | None:
    key = _SCALAR.match(text, position)
    if key is None or not key[0].startswith('"'):
        return None
    colon = _skip(text, key.end())
    if text[colon : colon + 1] != ":":
        return None
    try:
        return colon + 1, (*container, str(json.loads(key[0])))
    except ValueError:  # an invalid escape: no longer JSON
        return None


def _skip(text: str, position: int) -> int:
    space = _SPACE.match(text, position)
    return space.end() if space else position
