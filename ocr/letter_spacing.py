"""Words of widely spaced letters, where the file draws each letter by an operation of its own.

Their gaps are as wide as the spaces of other text, so that each letter would be a word. What tells their
words apart is that a gap between words is wider than most gaps of the line, or that a place of the line's
grid stays empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median, pstdev

from ocr.glyphs import Glyph, Space
from ocr.word_breaks import Joint, gap_between, is_one_line

Group = tuple[Joint, list[Glyph]]

# Fewer letters have no usual gap.
_MIN_LETTERS = 6
# Shares of the font size: below the first, text is not spaced out; above the second, these are columns.
_MIN_TRACKING = 0.04
_MAX_TRACKING = 0.6
# A space adds 0.2 to 0.33 to the gap between letters.
_SPACE = 0.13
# Positions are written with a decimal or two.
_ROUNDING = 0.005
# A grid's places are equally wide to within the rounding of positions.
_EVEN = 0.05
# Places no wider than the font is high hold text: typewriters and matrix printers have 0.6 to 0.9. Columns
# (the days of a week) are wider, and so are the boxes of a form (5 mm for 9 to 12 points are 1.2 to 1.6).
_TEXT_PITCH = 1.0
_COMB_PITCH = 1.8
# A letter that follows the one before by less than this many places leaves none empty.
_NEXT_PLACE = 1.4


_Distance = Callable[[Glyph, Glyph], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spacing:
    """How letters are set: those whose `distance` is within `limit_pt` are of one word.

    `pitch_pt` is how far apart the places of a grid are, None where letters have equal gaps.
    """

    distance: _Distance
    limit_pt: float
    pitch_pt: float | None
    size_pt: float
    font_id: int | None

    def joins(self, last: Glyph, glyph: Glyph) -> bool:
        return self.distance(last, glyph) <= self.limit_pt

    def has_on_grid(self, letters: Sequence[Glyph]) -> bool:
        """Return whether letters of the same font stand on the same grid."""
        return self.pitch_pt is not None and all(
            glyph.run.size_pt == self.size_pt
            and glyph.run.font_id == self.font_id
            and self._off_grid_pt(last, glyph) <= _EVEN * self.size_pt
            for last, glyph in pairwise(letters)
        )

    def _off_grid_pt(self, last: Glyph, glyph: Glyph) -> float:
        distance, pitch = self.distance(last, glyph), self.pitch_pt or 1.0
        return abs(distance - round(distance / pitch) * pitch)


def rejoin_spaced(groups: Iterable[Group]) -> Iterator[Group]:
    """Yield the groups, where spaced letters that were parted are words again; all others as they come.

    Letters in columns of their own (the days of a week, marks in a grid) stand at equal distances whatever
    their widths; letters of a spaced word have equal gaps. Only the latter are joined, and letters at equal
    distances that are too near for columns, or spell a number in the boxes of a form. A short line that
    stands on the grid of the line before is set as that is.
    """
    line: list[Group] = []
    grid: _Spacing | None = None
    for how, group in groups:
        if line and not _continues(line[-1][1][-1], how, group):
            spacing = _spacing(line, grid)
            yield from _rejoined(line, spacing)
            grid = grid if spacing is None else spacing
            line = []
        if group[0].is_alone:
            line.append((how, group))
        else:
            yield how, group
    yield from _rejoined(line, _spacing(line, grid))


def _between_starts(last: Glyph, glyph: Glyph) -> float:
    return glyph.along()[0] - last.along()[0]


def _between_middles(last: Glyph, glyph: Glyph) -> float:
    return (sum(glyph.along()) - sum(last.along())) / 2


def _continues(last: Glyph, how: Joint, group: Sequence[Glyph]) -> bool:
    first = group[0]
    is_guess = how is Joint.NEW_WORD and first.space is not Space.WRITTEN
    return is_guess and last.is_alone and first.is_alone and is_one_line(last, first)


def _rejoined(line: list[Group], spacing: _Spacing | None) -> list[Group]:
    if spacing is None:
        return line
    words = line[:1]
    for (_, before), (how, group) in pairwise(line):
        if spacing.joins(before[-1], group[0]):
            words[-1] = (words[-1][0], words[-1][1] + group)
        else:
            words.append((how, group))
    return words


def _spacing(line: Sequence[Group], grid: _Spacing | None) -> _Spacing | None:
    """Return how the letters of a line are set; None if they are too few, or not spaced, or columns."""
    letters = [glyph for _, group in line for glyph in group]
    if not all(glyph.is_alone for glyph in letters):
        return None
    if len(letters) < _MIN_LETTERS:
        return grid if grid is not None and grid.has_on_grid(letters) else None
    size, font = letters[0].run.size_pt, letters[0].run.font_id
    gaps = [gap_between(a, b) for a, b in pairwise(letters)]
    tracking = median(gaps)
    widest = tracking + _SPACE * size
    if tracking <= _MIN_TRACKING * size:
        return None
    near = [pair for pair, gap in zip(pairwise(letters), gaps, strict=True) if gap <= widest]
    # Letters of one width have equal gaps and equal steps: what says nothing is a grid.
    unevenness = pstdev(gap_between(*pair) for pair in near) + _ROUNDING * size
    if unevenness >= pstdev(_between_starts(*pair) for pair in near):
        return _grid(letters)
    if tracking > _MAX_TRACKING * size:
        return None
    return _Spacing(distance=gap_between, limit_pt=widest, pitch_pt=None, size_pt=size, font_id=font)


def _grid(letters: Sequence[Glyph]) -> _Spacing | None:
    """Return how letters at equal distances are set; None if they differ, or are those of columns."""
    size, font = letters[0].run.size_pt, letters[0].run.font_id
    is_number = _is_number([glyph.text for glyph in letters])
    for distance in (_between_starts, _between_middles):
        steps = [distance(a, b) for a, b in pairwise(letters)]
        pitch = median(steps)
        near = [step for step in steps if step <= _NEXT_PLACE * pitch]
        is_even = len(near) > 1 and pstdev(near) <= _EVEN * size
        if is_even and pitch <= (_COMB_PITCH if is_number else _TEXT_PITCH) * size:
            limit = _NEXT_PLACE * pitch
            return _Spacing(distance=distance, limit_pt=limit, pitch_pt=pitch, size_pt=size, font_id=font)
    return None


def _is_number(texts: Sequence[str]) -> bool:
    """Return whether letters in boxes spell a number or code, not the scale or the marks of a grid."""
    digits = [int(text) for text in texts if text.isdecimal()]
    is_scale = all(after - before == 1 for before, after in pairwise(digits))
    return len(digits) * 2 >= len(texts) and len(set(texts)) > 2 and not is_scale
