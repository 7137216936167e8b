"""A sheet of paper counted in characters and lines, on which tagged words are placed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

# Text and the tag of the value it belongs to (None: part of no value).
Run = tuple[str, str | None]
Align = Literal["left", "center", "right"]

_HEIGHT = 0.78  # of a word, in lines: printed lines keep a little white between them


@dataclass(slots=True)
class Mark:
    """A placed word: left edge and width in characters, top and height in lines, values it belongs to.

    Marks are private to the generator; noise moves and rewrites them before words are made of them.
    """

    text: str
    x: float
    y: float
    width: float
    height: float
    tags: tuple[str, ...]


class Sheet:
    """Collects words from top to bottom; `y` is the line on which the next word is placed.

    `width` is the printable width in characters.
    """

    def __init__(self, *, width: float) -> None:
        self.width = width
        self.y = 0.0
        self.marks: list[Mark] = []
        self.page_starts: list[float] = [0.0]

    def put(
        self, x: float, text: str, *, tag: str | None = None, y: float | None = None, scale: float = 1.0
    ) -> float:
        """Place the words of `text` from `x` on and return where the next word could begin."""
        top = self.y if y is None else y
        tags = () if tag is None else (tag,)
        for word in text.split():
            width = len(word) * scale
            self.marks.append(Mark(word, x, top, width, _HEIGHT * scale, tags))
            x += width + scale
        return x

    def runs(
        self,
        x: float,
        runs: Iterable[Run],
        *,
        align: Align = "left",
        y: float | None = None,
        scale: float = 1.0,
    ) -> float:
        """Place runs one after another; `x` is their left edge, centre or right edge by `align`."""
        parts = tuple(runs)
        if align != "left":
            length = runs_length(parts) * scale
            x = x - length / 2 if align == "center" else x - length
        for text, tag in parts:
            x = self.put(x, text, tag=tag, y=y, scale=scale)
        return x

    def line(
        self, runs: Iterable[Run] | str, *, align: Align = "left", x: float = 0.0, scale: float = 1.0
    ) -> None:
        """Place runs on the current line, centred on or against the edges of the sheet, and go down."""
        parts: Iterable[Run] = ((runs, None),) if isinstance(runs, str) else runs
        anchor = {"left": x, "center": self.width / 2, "right": self.width}[align]
        self.runs(anchor, parts, align=align, scale=scale)
        self.down(max(1.0, scale))

    def down(self, lines: float = 1.0) -> None:
        """Move on by `lines`."""
        self.y += lines

    def block(self, x: float, y: float, lines: Iterable[Iterable[Run]], *, align: Align = "left") -> float:
        """Place lines one below the other from (x, y) on and return the line below them; `self.y` stays."""
        for runs in lines:
            self.runs(x, runs, align=align, y=y)
            y += 1.0
        return y

    def flow(self, runs: Iterable[Run], *, x: float = 0.0) -> None:
        """Place runs as running text from the left edge `x` on, broken at spaces, and go below it."""
        at = x
        for text, tag in runs:
            for word in text.split():
                if at > x and at + len(word) > self.width:
                    self.down()
                    at = x
                at = self.put(at, word, tag=tag)
        self.down()

    def new_page(self) -> None:
        """Begin a page below what is on the sheet."""
        self.page_starts.append(self.y)


def runs_length(runs: Iterable[Run]) -> int:
    """Return the length of runs in characters when joined by single spaces."""
    return max(sum(len(word) + 1 for text, _ in runs for word in text.split()) - 1, 0)


def wrap(text: str, width: int) -> list[str]:
    """Return `text` in lines of at most `width` characters, broken at spaces where possible."""
    lines: list[str] = []
    current = ""
    for word in text.split():
        if current and len(current) + 1 + len(word) > width:
            lines.append(current)
            current = word
        else:
            current = f"{current} {word}" if current else word
    return [*lines, current] if current else lines
