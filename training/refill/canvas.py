"""A page taken apart, so that words can be exchanged and lines put in and out.

Across, a segment keeps the edge or the middle that it shares with others of the page: amounts stay against
the right edge of their column, a centred letterhead stays centred. Down, lines keep their distance to the
line before. A canvas is private to the making of one sample.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from training.refill.layout import WORD_HEIGHT, Align, Layout
from training.synthesis.words import Mark

# Between segments: the service's reading order parts blocks at gaps of two and a half characters.
MIN_GAP_CHARS = 2.7
# Print may be condensed to this share of its width to fit before its neighbour, or on its line.
_CONDENSED, _NARROWEST = 0.8, 0.6
_MARGIN_CHARS = 2.0
_PAGE_GAP = 4.0  # lines between the pages, which lie one below the other until they are read


class CannotPlace(Exception):  # noqa: N818 - a signal inside this package: the sample is drawn again
    """A text does not fit where it has to stand."""


@dataclass(slots=True)
class Piece:
    """A word on the canvas: widths in characters, heights in lines.

    `gap` stands before it in its segment; `top` is its offset from its line; `source` the template's word
    that it is, or that it replaces.
    """

    text: str
    width: float
    gap: float = 1.0
    height: float = WORD_HEIGHT
    top: float = -WORD_HEIGHT / 2
    source: int | None = None
    tags: tuple[str, ...] = ()


@dataclass(slots=True)
class Segment:
    """Words without a wide gap between them; `anchor` is the edge or middle that stays where it is."""

    pieces: list[Piece]
    anchor: float
    align: Align = "left"
    min_gap: float = MIN_GAP_CHARS

    @property
    def width(self) -> float:
        """Return the width in characters, without the gap before the first word."""
        return sum(p.width + p.gap for p in self.pieces) - self.pieces[0].gap

    @property
    def left(self) -> float:
        """Return where the segment begins if it is alone on its line."""
        if self.align == "left":
            return self.anchor
        return self.anchor - self.width * (0.5 if self.align == "center" else 1.0)

    def condense(self, factor: float) -> None:
        """Make words and gaps narrower."""
        for piece in self.pieces:
            piece.width *= factor
            piece.gap *= factor


@dataclass(slots=True)
class Line:
    """A line of segments from left to right; `gap` is the distance to the line before, in lines.

    `is_changed` says that its segments may overlap by now, `starts_page` that a new page begins with it. Of
    the lines of new rows, the first has the row's number as `row`, and the others are `is_inside` it.
    """

    segments: list[Segment]
    gap: float
    is_changed: bool = False
    starts_page: bool = False
    row: int | None = None
    is_inside: bool = False

    def pieces(self) -> Iterator[Piece]:
        """Yield the words from left to right."""
        for segment in self.segments:
            yield from segment.pieces


@dataclass(slots=True)
class Canvas:
    """The lines of a page, and where each word of the template is; `right` is where print may end."""

    lines: list[Line]
    right: float
    homes: dict[int, tuple[Line, Segment]] = field(default_factory=lambda: dict[int, tuple[Line, Segment]]())

    def pieces_of(self, run: Iterable[int]) -> list[Piece]:
        """Return the words that are, or replace, those of a run; in the order of lines."""
        own = set(run)
        lines = {id(self.homes[s][0]): self.homes[s][0] for s in sorted(own)}
        return [piece for line in lines.values() for piece in line.pieces() if piece.source in own]

    def texts(self, run: Sequence[int]) -> list[str]:
        """Return the words of a run, one text for each line that it stands on."""
        return [" ".join(p.text for p in self.pieces_of(group)) for group in self._by_line(run)]

    def replace(self, run: Sequence[int], texts: Sequence[str]) -> None:
        """Put other words in the place of a run, one text for each line that the run stands on.

        Raises
        ------
        ValueError
            If there are not as many texts as lines, or one of them has no word.
        """
        for group, text in zip(self._by_line(run), texts, strict=True):
            if not text.split():
                raise ValueError("a text has at least one word")
            self._replace_on_line(group, text.split())

    def _by_line(self, run: Sequence[int]) -> list[list[int]]:
        groups: dict[int, list[int]] = {}
        for source in run:
            groups.setdefault(id(self.homes[source][0]), []).append(source)
        return list(groups.values())

    def _replace_on_line(self, group: Sequence[int], words: Sequence[str]) -> None:
        line, home = self.homes[group[0]]
        own = set(group)
        old = [piece for piece in line.pieces() if piece.source in own]
        at = next(i for i, piece in enumerate(home.pieces) if piece.source in own)
        per_char = sum(p.width for p in old) / sum(len(p.text) for p in old)
        new = [
            Piece(
                text=word,
                width=len(word) * per_char,
                gap=old[0].gap if n == 0 else per_char,
                height=old[0].height,
                top=old[0].top,
                source=old[min(n, len(old) - 1)].source,
                tags=old[0].tags,
            )
            for n, word in enumerate(words)
        ]
        home.pieces[at : at + 1] = new
        kept = {id(piece) for piece in new}
        for segment in line.segments:
            segment.pieces = [p for p in segment.pieces if id(p) in kept or p.source not in own]
        line.segments = [segment for segment in line.segments if segment.pieces]
        line.is_changed = True

    def remove(self, sources: Iterable[int]) -> None:
        """Take words off the page, and lines that are empty then."""
        own = set(sources)
        for line in {id(self.homes[s][0]): self.homes[s][0] for s in own}.values():
            for segment in line.segments:
                segment.pieces = [piece for piece in segment.pieces if piece.source not in own]
            line.segments = [segment for segment in line.segments if segment.pieces]
        self.lines = [line for line in self.lines if line.segments]

    def put(self, lines: Sequence[Line], *, before: Line | None) -> None:
        """Insert lines before another one, at the end of the page if that is None."""
        at = len(self.lines) if before is None else self._index(before)
        self.lines[at:at] = lines

    def line_after(self, line: Line) -> Line | None:
        """Return the next line, None after the last."""
        at = self._index(line) + 1
        return self.lines[at] if at < len(self.lines) else None

    def _index(self, line: Line) -> int:
        return next(n for n, other in enumerate(self.lines) if other is line)

    def marks(self) -> tuple[list[Mark], list[float]]:
        """Return the words as placed marks, and the lines on which pages begin.

        Raises
        ------
        CannotPlace
            If the words of a line would have to be too narrow.
        """
        marks: list[Mark] = []
        starts, y = [float("-inf")], 0.0
        for line in self.lines:
            y += line.gap
            if line.starts_page:
                starts.append(y + _PAGE_GAP / 2)
                y += _PAGE_GAP
            lefts = _placed(line, self.right) if line.is_changed else [s.left for s in line.segments]
            for segment, left in zip(line.segments, lefts, strict=True):
                x = left - segment.pieces[0].gap
                for piece in segment.pieces:
                    x += piece.gap
                    marks.append(Mark(piece.text, x, y + piece.top, piece.width, piece.height, piece.tags))
                    x += piece.width
        return marks, starts


def canvas_of(layout: Layout) -> Canvas:
    """Return a fresh canvas of a page."""
    lines: list[Line] = []
    homes: dict[int, tuple[Line, Segment]] = {}
    for laid in layout.lines:
        line = Line([], laid.gap)
        for part in laid.segments:
            pieces = [Piece(w.text, w.width, w.gap, w.height, w.top, w.source) for w in part.words]
            anchor = {"left": part.left, "right": part.right, "center": (part.left + part.right) / 2}[
                part.align
            ]
            segment = Segment(pieces, anchor, part.align, min(MIN_GAP_CHARS, part.gap))
            line.segments.append(segment)
            homes.update((w.source, (line, segment)) for w in part.words)
        lines.append(line)
    return Canvas(lines, layout.right + _MARGIN_CHARS, homes)


def _placed(line: Line, limit: float) -> list[float]:
    """Return where each segment begins, from left to right and without overlaps; the line is sorted."""
    line.segments.sort(key=lambda s: s.left)
    segments = line.segments
    least = min(0.0, segments[0].left)
    for one, after in itertools.pairwise(segments):
        room = after.left - after.min_gap - one.left
        if one.width > room >= _CONDENSED * one.width:
            one.condense(room / one.width)
    gaps = sum(s.min_gap for s in segments[1:])
    total = sum(s.width for s in segments)
    if total + gaps > limit - least:
        factor = (limit - least - gaps) / total
        if factor < _NARROWEST:
            raise CannotPlace("the words of a line do not fit on it")
        for segment in segments:
            segment.condense(factor)
    lefts = [segment.left for segment in segments]
    for n in range(1, len(segments)):
        lefts[n] = max(lefts[n], lefts[n - 1] + segments[n - 1].width + segments[n].min_gap)
    end = max(limit, least)
    for n in range(len(segments) - 1, -1, -1):
        lefts[n] = min(lefts[n], end - segments[n].width)
        end = lefts[n] - segments[n].min_gap
    return lefts
