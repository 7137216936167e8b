"""Lines of a page as groups of words that stand together, and what a group can be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from statistics import median

from decoding.tables.prices import looks_like_price
from schemas.document import Page, Word
from schemas.values.amounts import looks_like_amount

# Words further apart than this many character widths belong to different cells. Words of one phrase stand
# one apart, those of justified text up to two.
_CELL_GAP_CHARS = 1.8
# Lines whose middles are so many heights apart stand at one height.
_LEVEL = 0.6
# Of a cell of numbers, its unit or currency included.
_MAX_LETTERS = 8
_MAX_NUMBER = 24
# What files and articles are stamped with: as many figures without a mark are no amount.
_STAMP = re.compile(r"\d{8,}|0\d{4,}")


@dataclass(frozen=True, kw_only=True)
class Group:
    """Neighbouring words of one line: indices [start, end) of the page, and where they stand.

    Without slots: what its text can be is asked for with every column, and worked out once.
    """

    start: int
    end: int
    left: float
    right: float
    text: str

    @cached_property
    def is_numeric(self) -> bool:
        """Return whether the group begins or ends with a number and says little else, as such cells do."""
        words = self.text.split()
        if sum(map(str.isalpha, self.text)) > _MAX_LETTERS or _STAMP.fullmatch(self.text):
            return False
        ends = (word for word in (words[0], words[-1]) if len(word) <= _MAX_NUMBER)
        return any(looks_like_amount(word) or looks_like_price(word) for word in ends)

    @cached_property
    def has_decimals(self) -> bool:
        """Return whether a word prints an amount with decimals."""
        return any(map(looks_like_price, self.text.split()))


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLine:
    """One line of a page: its groups from left to right, the height of its middle and of its letters."""

    groups: tuple[Group, ...]
    y: float
    height: float

    @property
    def has_decimals(self) -> bool:
        """Return whether a word of the line prints an amount with decimals."""
        return any(group.has_decimals for group in self.groups)

    @property
    def n_figures(self) -> int:
        """Return how many digits the line has."""
        return sum(character.isdigit() for group in self.groups for character in group.text)


def char_width(page: Page) -> float:
    """Return the median width of a character of the page, in fractions of its width."""
    widths = [(w.bbox.right - w.bbox.left) / len(w.text) for w in page.words if w.bbox.right > w.bbox.left]
    return median(widths) if widths else 1.0


def table_lines(page: Page) -> tuple[TableLine, ...]:
    """Return the page's lines, cut into groups."""
    gap = _CELL_GAP_CHARS * char_width(page)
    return tuple(_line(page, start, end, gap) for start, end in page.lines)


def level_lines(page: Page) -> tuple[TableLine, ...]:
    """Return the page's lines, those that stand beside each other at one height as one.

    A crooked scan's prices may be lines of their own, a little above or below what they are for. The words
    of a group follow each other, those of a line need not.
    """
    found: list[TableLine] = []
    for line in table_lines(page):
        if found and _is_beside(found[-1], line):
            line = _joined(found.pop(), line)
        found.append(line)
    return tuple(found)


def _is_beside(above: TableLine, line: TableLine) -> bool:
    """Return whether two lines stand at nearly one height, none of their groups above one of the other."""
    is_level = abs(line.y - above.y) < _LEVEL * min(line.height, above.height)
    return is_level and not any(
        group.left < other.right and other.left < group.right
        for group in line.groups
        for other in above.groups
    )


def _joined(above: TableLine, line: TableLine) -> TableLine:
    longer = max(above, line, key=lambda part: sum(group.end - group.start for group in part.groups))
    groups = sorted((*above.groups, *line.groups), key=lambda group: group.left)
    return TableLine(groups=tuple(groups), y=longer.y, height=longer.height)


def usual_step(lines: Sequence[TableLine]) -> float:
    """Return the usual distance of neighbouring lines, in fractions of the page's height; 1.0 if unknown."""
    steps = [below.y - above.y for above, below in pairwise(lines) if below.y > above.y]
    return median(steps) if steps else 1.0


def _line(page: Page, start: int, end: int, gap: float) -> TableLine:
    words = page.words[start:end]
    # A line of Hebrew or Arabic is read from right to left, and its groups come so.
    groups = sorted(
        (group_of(page.words, a, b) for a, b in _cuts(page.words, start, end, gap)), key=lambda g: g.left
    )
    return TableLine(
        groups=tuple(groups),
        y=median((w.bbox.top + w.bbox.bottom) / 2 for w in words),
        height=median(w.bbox.bottom - w.bbox.top for w in words),
    )


def _cuts(words: Sequence[Word], start: int, end: int, gap: float) -> Iterator[tuple[int, int]]:
    first, left, right = start, words[start].bbox.left, words[start].bbox.right
    for i in range(start + 1, end):
        box = words[i].bbox
        if box.left - right > gap or left - box.right > gap:
            yield first, i
            first = i
        left, right = min(left, box.left), max(right, box.right)
    yield first, end


def group_of(words: Sequence[Word], start: int, end: int) -> Group:
    """Return the words [start, end) as one group."""
    part = words[start:end]
    return Group(
        start=start,
        end=end,
        left=min(w.bbox.left for w in part),
        right=max(w.bbox.right for w in part),
        text=" ".join(w.text for w in part),
    )
