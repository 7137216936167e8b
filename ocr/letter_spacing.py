"""Words of widely spaced letters, where the file draws each letter by an operation of its own.

Their gaps are as wide as the spaces of other text, so that each letter would be a word. What tells their
words apart is that a gap between words is wider than most gaps of the line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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


def rejoin_spaced(groups: Iterable[Group]) -> Iterator[Group]:
    """Yield the groups, where spaced letters that were parted are words again; all others as they come.

    Letters in columns of their own (the days of a week, marks in a grid) stand at equal distances whatever
    their widths; letters of a spaced word have equal gaps. Only the latter are joined.
    """
    line: list[Group] = []
    for how, group in groups:
        if line and not _continues(line[-1][1][-1], how, group):
            yield from _rejoined(line)
            line = []
        if group[0].is_alone:
            line.append((how, group))
        else:
            yield how, group
    yield from _rejoined(line)


def _continues(last: Glyph, how: Joint, group: Sequence[Glyph]) -> bool:
    first = group[0]
    is_guess = how is Joint.NEW_WORD and first.space is not Space.WRITTEN
    return is_guess and last.is_alone and first.is_alone and is_one_line(last, first)


def _rejoined(line: list[Group]) -> list[Group]:
    letters = [glyph for _, group in line for glyph in group]
    if len(letters) < _MIN_LETTERS or not all(glyph.is_alone for glyph in letters):
        return line
    pairs = list(pairwise(letters))
    size = letters[0].run.size_pt
    gaps = [gap_between(a, b) for a, b in pairs]
    tracking = median(gaps)
    if not _MIN_TRACKING * size < tracking <= _MAX_TRACKING * size:
        return line
    inner = [i for i, gap in enumerate(gaps) if gap <= tracking + _SPACE * size]
    pitches = [pairs[i][1].along()[0] - pairs[i][0].along()[0] for i in inner]
    if pstdev([gaps[i] for i in inner]) >= pstdev(pitches):
        return line
    words = [line[0]]
    for (before, after), (how, group) in zip(pairwise(line), line[1:], strict=True):
        if gap_between(before[1][-1], after[1][0]) <= tracking + _SPACE * size:
            words[-1] = (words[-1][0], words[-1][1] + group)
        else:
            words.append((how, group))
    return words
