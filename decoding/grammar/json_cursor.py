"""Where in a JSON text one is, character by character, also when the text is cut."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Literal

from schemas.spec import Path, PathPart

# value   a value may begin here
# string  inside a string value          scalar  inside a number, true, false or null
# key     inside an object's key         colon   between a key and its value
# after   a value has just ended         first_key, next_key  a key (or the object's end) comes
# broken  more was closed than was open: no JSON
State = Literal["value", "string", "scalar", "first_key", "next_key", "key", "colon", "after", "broken"]
_DELIMITERS = frozenset(",]} \n\r\t")
_WHITE = frozenset(" \n\r\t")


@dataclass(slots=True)
class _Frame:
    """One open container: its position for an array, the key at hand for an object.

    `starts` are where the item at hand of an array begins, and the one before it; -1 for none.
    """

    is_array: bool
    part: PathPart
    starts: tuple[int, int] = (-1, -1)


@dataclass(slots=True)
class JsonCursor:
    """Follows a JSON text; `leaf_spans` holds where each finished leaf stands, quotes included.

    Positions count what was fed: characters of text, or bytes decoded as Latin-1 (bytes above 127
    occur inside strings only). The text is taken to be valid JSON so far, as a grammar guarantees.
    """

    state: State = "value"
    position: int = 0
    leaf_spans: dict[Path, tuple[int, int]] = field(default_factory=dict[Path, tuple[int, int]])
    _stack: list[_Frame] = field(default_factory=list[_Frame])
    _start: int = 0
    _escaped: bool = False
    _key: str = ""

    def copy(self) -> JsonCursor:
        """Return an independent cursor at the same place."""
        return JsonCursor(
            state=self.state,
            position=self.position,
            leaf_spans=dict(self.leaf_spans),
            _stack=[_Frame(frame.is_array, frame.part, frame.starts) for frame in self._stack],
            _start=self._start,
            _escaped=self._escaped,
            _key=self._key,
        )

    @property
    def path(self) -> Path:
        """Return the path of the value at hand (the one that begins, runs, or has just ended)."""
        return tuple(frame.part for frame in self._stack)

    @property
    def n_leaves(self) -> int:
        """Return how many leaves have ended."""
        return len(self.leaf_spans)

    @property
    def open_brackets(self) -> str:
        """Return what would close the open containers, innermost first."""
        return "".join("]" if frame.is_array else "}" for frame in reversed(self._stack))

    @property
    def open_item(self) -> Path | None:
        """Return the path of the outermost list item (an object or list) that is not closed yet."""
        for depth, frame in enumerate(self._stack[:-1]):
            if frame.is_array:
                return self.path[: depth + 1]
        return None

    @property
    def value_start(self) -> int:
        """Return where the leaf at hand begins, its quote included."""
        return self._start

    def item_starts(self, depth: int) -> tuple[int, int]:
        """Return where the item begins that the array of path[:depth] has at hand, and the one before it.

        -1 stands for one that has not begun.
        """
        return self._stack[depth].starts

    def feed(self, text: str) -> None:
        """Move past `text`."""
        for char in text:
            self._step(char)
            self.position += 1

    def _step(self, char: str) -> None:
        if self.state == "broken":
            return
        if self.state == "string":
            self._in_string(char)
        elif self.state == "key":
            self._in_key(char)
        elif self.state == "scalar" and char not in _DELIMITERS:
            return
        elif self.state == "scalar":
            self._end_leaf(self.position)
            self._between(char)
        elif char not in _WHITE:
            self._between(char)

    def _in_string(self, char: str) -> None:
        if self._escaped:
            self._escaped = False
        elif char == "\\":
            self._escaped = True
        elif char == '"':
            self._end_leaf(self.position + 1)

    def _in_key(self, char: str) -> None:
        if not self._escaped and char == '"':
            self._stack[-1].part = str(json.loads(f'"{self._key}"')) if "\\" in self._key else self._key
            self.state = "colon"
            return
        self._escaped = char == "\\" and not self._escaped
        self._key += char

    def _end_leaf(self, end: int) -> None:
        self.leaf_spans[self.path] = (self._start, end)
        self.state = "after"

    def _between(self, char: str) -> None:
        if char in ",]}" and not self._stack:
            self.state = "broken"
        elif char == ",":
            self._next_item()
        elif char in "]}":
            self._stack.pop()
            self.state = "after"
        elif char == ":":
            self.state = "value"
        elif self.state in ("first_key", "next_key"):
            self.state, self._key, self._escaped = "key", "", False
        else:
            self._begin_value(char)

    def _next_item(self) -> None:
        frame = self._stack[-1]
        if isinstance(frame.part, int):
            frame.part += 1
            frame.starts = (-1, frame.starts[0])
        self.state = "value" if frame.is_array else "next_key"

    def _begin_value(self, char: str) -> None:
        self._start = self.position
        if self._stack and self._stack[-1].is_array:
            self._stack[-1].starts = (self.position, self._stack[-1].starts[1])
        if char == '"':
            self.state, self._escaped = "string", False
        elif char == "{":
            self._stack.append(_Frame(is_array=False, part=""))
            self.state = "first_key"
        elif char == "[":
            self._stack.append(_Frame(is_array=True, part=0))
            self.state = "value"
        else:
            self.state = "scalar"
