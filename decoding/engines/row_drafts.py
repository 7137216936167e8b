"""What the rows of a table that layout has shown will most likely be written as.

A row's cells are known before anything is written. What is left to the model (whether a key without a column
is null, where a description ends) it mostly decides as in the row before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from decoding.grammar.json_cursor import JsonCursor
from decoding.grammar.page_terms import LikelyRow
from schemas.spec import ExtractionSchema, FieldSpec, ObjectSpec, Path, spec_at
from schemas.values import possible_amounts

# Rows that are in doubt may be left out: so many further on a row is looked for.
_MOST_SKIPPED = 20
# Characters of rows after the one at hand that are drafted with it.
_MOST_AHEAD = 400


class RowDrafter:
    """Drafts rows of the known lists of one grammar. Texts are bytes as Latin-1."""

    def __init__(self, schema: ExtractionSchema, rows: Mapping[Path, Sequence[LikelyRow]]) -> None:
        self._lists = [
            (path, _Rows(item, likely))
            for path, likely in rows.items()
            if isinstance(item := spec_at(schema.root, (*path, 0)), ObjectSpec)
        ]

    def draft(self, cursor: JsonCursor, text: str) -> str:
        """Return what may follow `text`, at whose end the cursor is; nothing outside of known rows."""
        where = cursor.path
        for path, rows in self._lists:
            depth = len(path)
            if where[:depth] != path or len(where) <= depth or not isinstance(where[depth], int):
                continue
            start, before = cursor.item_starts(depth)
            if cursor.state == "after" and len(where) == depth + 1:  # the row has just ended
                return rows.draft(int(where[depth]) + 1, "", _row_at(text, start), is_next=True)
            row = "" if start < 0 else text[start:]
            return rows.draft(int(where[depth]), row, _row_at(text, before))
        return ""


def _row_at(text: str, start: int) -> dict[str, Any]:
    """Return the object that begins at `start`; an empty one for -1, and for null."""
    row: Any = None if start < 0 else json.JSONDecoder().raw_decode(text, start)[0]
    return row or {}


@dataclass(frozen=True, slots=True)
class _Key:
    """A key of a row: its name, what stands before its value, and the kind of that."""

    name: str
    opening: str
    kind: str


class _Rows:
    """The rows of one list."""

    def __init__(self, item: ObjectSpec, likely: Sequence[LikelyRow]) -> None:
        self._keys = [
            _Key(
                name=_latin(key),
                opening=f"{',' if index else '{'}{_latin(json.dumps(key, ensure_ascii=False))}:",
                kind=child.kind if isinstance(child, FieldSpec) else "other",
            )
            for index, (key, child) in enumerate(item.properties)
        ]
        self._likely = [
            LikelyRow(
                cells={_latin(key): _latin(cell) for key, cell in row.cells.items()}, text=_latin(row.text)
            )
            for row in likely
        ]

    def draft(self, index: int, row: str, previous: Mapping[str, Any], *, is_next: bool = False) -> str:
        """Return what may follow the text of row number `index`, after the row that was written before it."""
        at = self._place_of(previous, index - 1) if previous else index - 1
        before = self._likely[at] if previous and at < len(self._likely) else None
        if is_next and at + 1 >= len(self._likely):
            return "]"
        places = range(at + 1, min(at + 2 + _MOST_SKIPPED, len(self._likely)))
        # A row may be left out, or be written otherwise than was thought.
        for place, may_differ in [*((place, False) for place in places), *((at, True) for at in places[:1])]:
            rest = self._rest(row, self._values(place, previous, before), may_differ=may_differ)
            if rest is not None:
                comma = "," if is_next else ""
                return comma + rest + (self._ahead(place + 1, previous, before) if rest.endswith("}") else "")
        return ""

    def _ahead(self, place: int, previous: Mapping[str, Any], before: LikelyRow | None) -> str:
        """Return the rows from number `place` on, as far as rows before them tell what is written."""
        ahead = ""
        while before is not None and len(ahead) < _MOST_AHEAD:
            if place >= len(self._likely):
                return f"{ahead}]"
            written = self._written(0, self._values(place, previous, before))
            ahead += f",{written}"
            place += 1
            if not written.endswith("}"):
                break
        return ahead

    def _place_of(self, row: Mapping[str, Any], first: int) -> int:
        """Return which of the known rows from `first` on a written one is most like."""
        places = range(first, min(first + 1 + _MOST_SKIPPED, len(self._likely)))
        return max(places, key=lambda at: _count_same(self._likely[at], row), default=first)

    def _values(self, place: int, previous: Mapping[str, Any], before: LikelyRow | None) -> list[str | None]:
        """Return the JSON of each key's value in a known row; None where nothing tells it."""
        return [_json_as_before(key, self._likely[place], previous, before) for key in self._keys]

    def _rest(self, row: str, values: Sequence[str | None], *, may_differ: bool) -> str | None:
        """Return what follows the text of a row if it goes on as in `values`; None if it cannot.

        `may_differ` says whether values that have ended may be others.
        """
        at = 0
        for index, (key, value) in enumerate(zip(self._keys, values, strict=True)):
            pair = key.opening + (value or "")
            if pair.startswith(row[at:]):
                return pair[len(row) - at :] + (self._written(index + 1, values) if value else "")
            if not row.startswith(key.opening if may_differ or value is None else pair, at):
                return None
            try:
                _, at = json.JSONDecoder().raw_decode(row, at + len(key.opening))
            except ValueError:
                return None  # in the middle of another value
        return "}" if at == len(row) else None

    def _written(self, first: int, values: Sequence[str | None]) -> str:
        """Return the pairs from number `first` on, up to where a value is not known."""
        text = ""
        for key, value in zip(self._keys[first:], values[first:], strict=True):
            text += key.opening
            if value is None:
                return text
            text += value
        return text + "}"


def _json_as_before(
    key: _Key, likely: LikelyRow, previous: Mapping[str, Any], before: LikelyRow | None
) -> str | None:
    """Return a value as JSON: null, a cell or the words of one, taken as in the row before, or its word."""
    text, written = likely.cells.get(key.name), previous.get(key.name)
    if before is not None and written is None and (text is None or key.name in before.cells):
        return "null"
    if before is not None and isinstance(written, str):
        text = _same_part(written, before.cells.get(key.name, before.text), text or likely.text) or text
        if text is None and written not in before.text:
            text = written  # it stands nowhere in the row: one of the schema's own words
    if text is None:
        return None if not likely.cells else "null"
    if key.kind in ("number", "integer"):
        reading = next(iter(possible_amounts(text)), None)
        return None if reading is None else f"{reading:f}"
    return json.dumps(text, ensure_ascii=False)


def _same_part(part: str, whole: str, other: str) -> str | None:
    """Return what `other` has where `whole` has `part`: all, all but the last words, or the last words."""
    words = other.split(" ")
    if part == whole:
        return other
    if whole.startswith(f"{part} "):
        return " ".join(words[: len(words) - whole[len(part) :].count(" ")]) or None
    return " ".join(words[-1 - part.count(" ") :]) if whole.endswith(f" {part}") else None


def _count_same(likely: LikelyRow, row: Mapping[str, Any]) -> int:
    if not likely.cells:
        return sum(isinstance(value, str) and value in likely.text for value in row.values())
    return sum(row.get(key) == text for key, text in likely.cells.items())


def _latin(text: str) -> str:
    return text.encode("utf-8", "replace").decode("latin-1")
