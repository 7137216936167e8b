"""Writing parsed patterns back, and matching text against them in linear time."""

from __future__ import annotations

from functools import lru_cache

from schemas.pattern import LAST_CHAR, Alternation, Chars, Concat, Node, Ranges, complement, parse_pattern

_ESCAPED = frozenset("^$\\.*+?()[]{}|/-&~#")
_ESCAPES = {0x09: "\\t", 0x0A: "\\n", 0x0B: "\\x0b", 0x0C: "\\x0c", 0x0D: "\\r"}
_MAX_CACHED_STEPS = 20_000


@lru_cache(maxsize=256)
def plain_pattern(pattern: str) -> str:
    r"""Return an equal pattern without shorthands, so that every engine reads it alike.

    Raises
    ------
    PatternError
        If `pattern` is outside the subset.

    Examples
    --------
    >>> plain_pattern(r"^(\d{2}|x)-\w?$")
    '^(?:[0-9]{2}|x)\\-[0-9A-Z_a-z]?$'
    """
    return f"^{_write(parse_pattern(pattern))}$"


def _write(node: Node) -> str:
    if isinstance(node, Chars):
        return _write_chars(node.ranges)
    if isinstance(node, Concat):
        return "".join(map(_write, node.parts))
    if isinstance(node, Alternation):
        return f"(?:{'|'.join(map(_write, node.choices))})"
    item = _write(node.item) if isinstance(node.item, Chars | Alternation) else f"(?:{_write(node.item)})"
    return item + _write_count(node.least, node.most)


def _write_count(least: int, most: int | None) -> str:
    if most is None:
        return "*" if least == 0 else "+" if least == 1 else f"{{{least},}}"
    if (least, most) == (0, 1):
        return "?"
    return f"{{{least}}}" if least == most else f"{{{least},{most}}}"


def _write_chars(ranges: Ranges) -> str:
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return _write_char(ranges[0][0])
    if ranges[-1][1] < LAST_CHAR:
        return f"[{''.join(_write_range(low, high) for low, high in ranges)}]"
    # A negated class, written as one; "any character at all" leaves out NUL, which no page holds.
    excluded = complement(ranges) or ((0, 0),)
    return f"[^{''.join(_write_range(low, high) for low, high in excluded)}]"


def _write_range(low: int, high: int) -> str:
    if low == high:
        return _write_char(low)
    return f"{_write_char(low)}-{_write_char(high)}"


def _write_char(code: int) -> str:
    if code in _ESCAPES:
        return _ESCAPES[code]
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    char = chr(code)
    return f"\\{char}" if char in _ESCAPED else char


class _Automaton:
    """Thompson's automaton: state i consumes `ranges[i]` or, if that is None, moves on for free."""

    def __init__(self, node: Node) -> None:
        self.ranges: list[Ranges | None] = []
        self.targets: list[tuple[int, ...]] = []
        self.final = self._add(None, ())
        self.start = self._closure({self._build(node, self.final)})
        self.steps: dict[tuple[frozenset[int], str], frozenset[int]] = {}

    def _add(self, ranges: Ranges | None, targets: tuple[int, ...]) -> int:
        self.ranges.append(ranges)
        self.targets.append(targets)
        return len(self.ranges) - 1

    def _build(self, node: Node, after: int) -> int:
        if isinstance(node, Chars):
            return self._add(node.ranges, (after,))
        if isinstance(node, Concat):
            for part in reversed(node.parts):
                after = self._build(part, after)
            return after
        if isinstance(node, Alternation):
            return self._add(None, tuple(self._build(choice, after) for choice in node.choices))
        return self._build_repeat(node.item, node.least, node.most, after)

    def _build_repeat(self, item: Node, least: int, most: int | None, after: int) -> int:
        entry = after
        if most is None:
            entry = self._add(None, ())
            self.targets[entry] = (self._build(item, entry), after)
        else:
            # x{0,2} is (x(x)?)?: each optional step may leave at once, so few states are live.
            for _ in range(most - least):
                entry = self._add(None, (self._build(item, entry), after))
        for _ in range(least):
            entry = self._build(item, entry)
        return entry

    def _closure(self, states: set[int]) -> frozenset[int]:
        seen = set(states)
        pending = list(states)
        while pending:
            state = pending.pop()
            if self.ranges[state] is None:
                fresh = [target for target in self.targets[state] if target not in seen]
                seen.update(fresh)
                pending.extend(fresh)
        return frozenset(s for s in seen if self.ranges[s] is not None or s == self.final)

    def _step(self, states: frozenset[int], char: str) -> frozenset[int]:
        key = (states, char)
        if key not in self.steps:
            if len(self.steps) >= _MAX_CACHED_STEPS:
                self.steps.clear()
            self.steps[key] = self._closure(
                {self.targets[s][0] for s in states if _contains(self.ranges[s], ord(char))}
            )
        return self.steps[key]

    def matches(self, text: str) -> bool:
        states = self.start
        for char in text:
            states = self._step(states, char)
            if not states:
                return False
        return self.final in states


def _contains(ranges: Ranges | None, code: int) -> bool:
    return ranges is not None and any(low <= code <= high for low, high in ranges)


@lru_cache(maxsize=64)
def _automaton(pattern: str) -> _Automaton:
    return _Automaton(parse_pattern(pattern))


def matches(pattern: str, text: str) -> bool:
    r"""Return whether the whole of `text` matches the anchored `pattern`, in time linear in `text`.

    Raises
    ------
    PatternError
        If `pattern` is outside the subset.

    Examples
    --------
    >>> matches(r"^[A-Z]{2}\d+$", "DE123"), matches("^(a+)+$", "a" * 5000 + "!")
    (True, False)
    """
    return _automaton(pattern).matches(text)
