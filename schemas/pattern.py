r"""Regular expressions of schemas: an anchored, linear-time subset, parsed once and written back plainly.

Engines disagree on what `\d`, `.` and an unanchored pattern mean, and a backtracking matcher can be
made to run for ever. So callers' patterns are parsed here, refused with a reason where engines
differ, written back with explicit character classes, and matched by simulating an automaton.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

MAX_PATTERN_CHARS = 512
# Repeats are unrolled: 1,000 characters cover any field of a business document, and one value is
# then checked in milliseconds however hostile the pattern.
MAX_POSITIONS = 1_000
MAX_GROUP_DEPTH = 32
LAST_CHAR = 0x10FFFF

Ranges = tuple[tuple[int, int], ...]


class PatternError(ValueError):
    """The pattern is outside the subset; the message says which part."""


@dataclass(frozen=True, slots=True)
class Chars:
    """One character of a set of code-point ranges, sorted and disjoint."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Concat:
    """All `parts`, one after the other; no parts match the empty text."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Alternation:
    """Any one of `choices`."""

    choices: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """`item` from `least` to `most` times; `most` None means without end."""

    item: Node
    least: int
    most: int | None


Node = Chars | Concat | Alternation | Repeat


def _normalised(ranges: Sequence[tuple[int, int]]) -> Ranges:
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return tuple(merged)


def complement(ranges: Ranges) -> Ranges:
    """Return the code points outside the sorted, disjoint `ranges`."""
    gaps: list[tuple[int, int]] = []
    start = 0
    for low, high in ranges:
        if start < low:
            gaps.append((start, low - 1))
        start = high + 1
    if start <= LAST_CHAR:
        gaps.append((start, LAST_CHAR))
    return tuple(gaps)


# The meanings of ECMA-262 (the dialect that JSON Schema names): ASCII digits and word characters.
_DIGIT: Ranges = ((0x30, 0x39),)
_WORD: Ranges = _normalised([(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)])
_SPACE: Ranges = _normalised(
    [
        *((0x09, 0x0D), (0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A)),
        *((0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF)),
    ]
)
_DOT: Ranges = complement(_normalised([(0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029)]))
_CLASS_ESCAPES: dict[str, Ranges] = {
    "d": _DIGIT,
    "D": complement(_DIGIT),
    "w": _WORD,
    "W": complement(_WORD),
    "s": _SPACE,
    "S": complement(_SPACE),
}
_CONTROL_ESCAPES = {"t": 0x09, "n": 0x0A, "v": 0x0B, "f": 0x0C, "r": 0x0D}
_PUNCTUATION = frozenset("^$\\.*+?()[]{}|/-\"'!#%&,:;<=>@_`~ ")


class _Parser:
    """Recursive descent over the text between the anchors."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.index = 0
        self.depth = 0

    def peek(self) -> str:
        return self.text[self.index : self.index + 1]

    def take(self) -> str:
        char = self.peek()
        if not char:
            raise PatternError("the pattern ends too early")
        self.index += 1
        return char

    def alternation(self) -> Node:
        choices = [self.concat()]
        while self.peek() == "|":
            self.take()
            choices.append(self.concat())
        return choices[0] if len(choices) == 1 else Alternation(tuple(choices))

    def concat(self) -> Node:
        parts: list[Node] = []
        while self.peek() not in ("", "|", ")"):
            parts.append(self.repeat(self.atom()))
        return parts[0] if len(parts) == 1 else Concat(tuple(parts))

    def atom(self) -> Node:
        char = self.take()
        if char == "(":
            return self.group()
        if char == "[":
            return self.char_class()
        if char == ".":
            return Chars(_DOT)
        if char == "\\":
            return Chars(self.escape())
        if char in "^$":
            raise PatternError(f"an anchor may stand only at the ends, got {char!r} inside")
        if char in "*+?{}]":
            raise PatternError(f"{char!r} repeats nothing; write it as \\{char}")
        return Chars(((ord(char), ord(char)),))

    def group(self) -> Node:
        if self.peek() == "?":
            self.take()
            if self.peek() != ":":
                raise PatternError("lookaround, named groups and inline flags are not supported")
            self.take()
        self.depth += 1
        if self.depth > MAX_GROUP_DEPTH:
            raise PatternError(f"groups nest deeper than {MAX_GROUP_DEPTH}")
        node = self.alternation()
        if self.peek() != ")":
            raise PatternError("a group is not closed")
        self.take()
        self.depth -= 1
        return node

    def escape(self) -> Ranges:
        char = self.take()
        if char in _CLASS_ESCAPES:
            return _CLASS_ESCAPES[char]
        code = self.code_point(char)
        return ((code, code),)

    def code_point(self, char: str) -> int:
        if char in _CONTROL_ESCAPES:
            return _CONTROL_ESCAPES[char]
        if char in _PUNCTUATION:
            return ord(char)
        if char in "xu":
            digits = "".join(self.take() for _ in range(2 if char == "x" else 4))
            if all(digit in "0123456789abcdefABCDEF" for digit in digits):
                return int(digits, 16)
        if char in "123456789k":
            raise PatternError("back-references are not supported")
        if char in "bBAzZ":
            raise PatternError(f"the assertion \\{char} is not supported; anchor with ^ and $")
        raise PatternError(f"the escape \\{char} is not supported")

    def char_class(self) -> Node:
        negated = self.peek() == "^"
        if negated:
            self.take()
        ranges: list[tuple[int, int]] = []
        while self.peek() != "]":
            ranges.extend(self.class_item())
        self.take()
        merged = _normalised(ranges)
        final = complement(merged) if negated else merged
        if not final:
            raise PatternError("a character class is empty")
        return Chars(final)

    def class_item(self) -> Ranges:
        low = self.class_char()
        if self.peek() != "-" or self.text[self.index + 1 : self.index + 2] in ("]", ""):
            return low
        self.take()
        first, last = _single(low), _single(self.class_char())
        if first > last:
            raise PatternError("a range in a character class runs backwards")
        return ((first, last),)

    def class_char(self) -> Ranges:
        char = self.take()
        if char == "\\":
            return self.escape()
        if char == "[" or self.text[self.index - 1 : self.index + 1] in ("&&", "--", "~~"):
            # Set operations in some engines, plain characters in others.
            raise PatternError(f"{char!r} in a character class must be written as \\{char}")
        return ((ord(char), ord(char)),)

    def repeat(self, item: Node) -> Node:
        char = self.peek()
        if char not in ("*", "+", "?", "{"):
            return item
        self.take()
        least, most = self.bounds() if char == "{" else {"*": (0, None), "+": (1, None), "?": (0, 1)}[char]
        if self.peek() in ("?", "+", "*", "{"):
            raise PatternError("lazy, possessive and double repeats are not supported; group first")
        return Repeat(item, least, most)

    def bounds(self) -> tuple[int, int | None]:
        inner = ""
        while self.peek() != "}":
            inner += self.take()
        self.take()
        low, comma, high = inner.partition(",")
        numbers = [text for text in (low, high) if text]
        if not low or not all(text.isascii() and text.isdigit() and len(text) <= 4 for text in numbers):
            raise PatternError("a repeat count is written {n}, {n,} or {n,m}, up to four digits")
        least = int(low)
        most = (int(high) if high else None) if comma else least
        if most is not None and most < least:
            raise PatternError("a repeat count has its upper bound below its lower one")
        return least, most


def _single(ranges: Ranges) -> int:
    codes = {code for pair in ranges for code in pair}
    if len(codes) > 1:
        raise PatternError("a range in a character class needs single characters at both ends")
    return codes.pop()


def _positions(node: Node) -> int:
    if isinstance(node, Chars):
        return 1
    if isinstance(node, Concat):
        return sum(map(_positions, node.parts))
    if isinstance(node, Alternation):
        return sum(map(_positions, node.choices)) + len(node.choices)
    return max(_positions(node.item), 1) * (max(node.least, 1) if node.most is None else max(node.most, 1))


@lru_cache(maxsize=256)
def parse_pattern(pattern: str) -> Node:
    r"""Return the syntax tree of what stands between `^` and `$`.

    Raises
    ------
    PatternError
        If the pattern is not anchored at both ends, uses lookaround, back-references, assertions,
        flags, lazy repeats or set operations, or is too long when its repeats are unrolled.

    Examples
    --------
    >>> parse_pattern("^[a-c]{2}$")
    Repeat(item=Chars(ranges=((97, 99),)), least=2, most=2)
    """
    if len(pattern) > MAX_PATTERN_CHARS:
        raise PatternError(f"the pattern is longer than {MAX_PATTERN_CHARS} characters")
    body = pattern[1:-1]
    n_backslashes = len(body) - len(body.rstrip("\\"))
    if len(pattern) < 2 or pattern[0] != "^" or pattern[-1] != "$" or n_backslashes % 2:
        raise PatternError("the pattern is not anchored: it must start with ^ and end with $")
    parser = _Parser(body)
    node = parser.concat()
    if parser.peek() == "|":
        raise PatternError("^a|b$ anchors each alternative on one side only; write ^(?:a|b)$")
    if parser.peek():
        raise PatternError("a group is closed that was not opened")
    if _positions(node) > MAX_POSITIONS:
        raise PatternError(f"the repeats multiply out to more than {MAX_POSITIONS} characters")
    return node
