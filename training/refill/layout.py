"""How a template's page is laid out: lines, segments between wide gaps, and which edge each segment keeps.

Across, one unit is the page's median width of a character; down, it is a line: the generator's units.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from training.refill.template import PageWord

Align = Literal["left", "center", "right"]

# The height of a word in lines, as on the generator's sheets.
WORD_HEIGHT = 0.78
# Words so far apart, in widths of a character, belong to different segments: the service's layout shows a gap
# from two on.
_GAP_CHARS = 2.0
_SAME_EDGE_CHARS = 0.8


@dataclass(frozen=True, slots=True)
class LaidWord:
    """A word: index, text, width, the gap before it in its segment, height, and its offset in the line."""

    source: int
    text: str
    width: float
    gap: float
    height: float
    top: float


@dataclass(frozen=True, slots=True)
class LaidSegment:
    """Words without a wide gap between, the edge that they share with others, and the gap before them."""

    words: tuple[LaidWord, ...]
    left: float
    right: float
    align: Align
    gap: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidLine:
    """A line and its distance to the line before."""

    segments: tuple[LaidSegment, ...]
    gap: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A page, `width` characters wide and `height` lines high, printed on from `left` to `right`."""

    lines: tuple[LaidLine, ...]
    width: float
    height: float
    left: float
    right: float


def lay_out(words: Sequence[PageWord], lines: Sequence[tuple[int, int]]) -> Layout:
    """Return the layout of a page; there must be words."""
    widths = [(right - left) / len(text) for text, left, _, right, _ in words if right > left]
    across = 1.0 / (median(widths) if widths else 0.01)
    heights = [bottom - top for _, _, top, _, bottom in words if bottom > top]
    down = WORD_HEIGHT / (median(heights) if heights else 0.01)
    bases = [sum(w[2] + w[4] for w in words[a:b]) / (2 * (b - a)) * down for a, b in lines]
    cut = [_segments(words, a, b, base, across, down) for (a, b), base in zip(lines, bases, strict=True)]
    edges = _Edges([segment for line in cut for segment in line])
    return Layout(
        lines=tuple(
            LaidLine(segments=tuple(edges.aligned(s) for s in line), gap=base - before)
            for line, base, before in zip(cut, bases, [0.0, *bases], strict=False)
        ),
        width=across,
        height=down,
        left=min(w[1] for w in words) * across,
        right=max(w[3] for w in words) * across,
    )


def _segments(
    words: Sequence[PageWord], start: int, end: int, base: float, across: float, down: float
) -> list[LaidSegment]:
    found: list[LaidSegment] = []
    group: list[LaidWord] = []
    left = right = gap_before = 0.0
    for i in range(start, end):
        text, x0, y0, x1, y1 = words[i]
        gap = x0 * across - right
        if group and gap >= _GAP_CHARS:
            found.append(LaidSegment(tuple(group), left, right, "left", gap_before))
            group, gap_before = [], gap
        if not group:
            left, gap = x0 * across, 0.0
        group.append(
            LaidWord(i, text, max(x1 - x0, 1e-4) * across, gap, max(y1 - y0, 1e-4) * down, y0 * down - base)
        )
        right = x1 * across
    return [*found, LaidSegment(tuple(group), left, right, "left", gap_before)]


class _Edges:
    """The edges and middles of all segments of a page, to tell which of its own a segment shares."""

    def __init__(self, segments: Sequence[LaidSegment]) -> None:
        self._lefts = sorted(s.left for s in segments)
        self._rights = sorted(s.right for s in segments)
        self._middles = sorted((s.left + s.right) / 2 for s in segments)

    def aligned(self, segment: LaidSegment) -> LaidSegment:
        """Return the segment with the edge that most others share; the left one where that is not clear."""
        n_left = _n_near(self._lefts, segment.left)
        n_right = _n_near(self._rights, segment.right)
        n_middle = _n_near(self._middles, (segment.left + segment.right) / 2)
        align: Align = "left"
        if n_right > n_left or (n_right == n_left > 1 and segment.words[-1].text[-1:].isdigit()):
            align = "right"
        if n_middle > max(n_left, n_right):
            align = "center"
        return LaidSegment(segment.words, segment.left, segment.right, align, segment.gap)


def _n_near(values: Sequence[float], value: float) -> int:
    low = bisect_left(values, value - _SAME_EDGE_CHARS)
    return bisect_right(values, value + _SAME_EDGE_CHARS) - low
