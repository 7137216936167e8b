"""The answer's text: compact JSON in schema order, as the model writes it and learns to write it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from schemas.spec import Path

REASONING_KEY = "reasoning"


def answer_json(value: Mapping[str, JsonValue], *, reasoning: str | None = None) -> str:
    """Return `value` as compact JSON in its own key order, `reasoning` first when given.

    Non-ASCII characters stand as themselves, so that text copied from the page keeps its tokens.

    Examples
    --------
    >>> answer_json({"total": "9.00", "tip": None}, reasoning="total < TOTAL")
    '{"reasoning":"total < TOTAL","total":"9.00","tip":null}'
    """
    return "".join(piece.text for piece in answer_pieces(value, reasoning=reasoning))


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPiece:
    """A part of the answer; `is_choice` is False for keys, which the grammar writes by itself.

    `path` leads to the value that it is part of, or that it opens.
    """

    text: str
    is_choice: bool
    path: Path


def answer_pieces(value: Mapping[str, JsonValue], *, reasoning: str | None = None) -> tuple[AnswerPiece, ...]:
    """Return the answer's text in pieces, split into what is forced and what the model chooses."""
    whole: dict[str, JsonValue] = {} if reasoning is None else {REASONING_KEY: reasoning}
    return tuple(_pieces({**whole, **value}, ()))


def _pieces(value: JsonValue, path: Path) -> Iterator[AnswerPiece]:
    if isinstance(value, Mapping):
        for index, (key, child) in enumerate(value.items()):
            opening = "," if index else "{"
            yield AnswerPiece(text=f"{opening}{_dump(key)}:", is_choice=False, path=(*path, key))
            yield from _pieces(child, (*path, key))
        yield AnswerPiece(text="}" if value else "{}", is_choice=False, path=path)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield AnswerPiece(text="," if index else "[", is_choice=True, path=path)
            yield from _pieces(child, (*path, index))
        yield AnswerPiece(text="]" if value else "[]", is_choice=True, path=path)
    else:
        yield AnswerPiece(text=_dump(value), is_choice=True, path=path)


def _dump(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
