"""Words of widely spaced letters, drawn each by an operation of its own or all by one that spaces them.

Their gaps are as wide as the spaces of other text, so that each letter would be a word. What tells their
words apart is that a gap between words is wider than most gaps of the line, or that a place of the line's
grid stays empty.
"""

from __future__ import annotations

import re
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
# Wider still stand the digits of what can be nothing but one amount or a long number.
_WIDE_COMB_PITCH = 2.6
_LONG_NUMBER = 8  # a date at least
# So many different letters, with vowels among them, spell a name or a text, and no calendar's or scale's.
_MIN_DISTINCT = 4
_VOWELS = frozenset("aeiouyäöüàáâãåèéêëíîïóôõúûæøаеиоуыэюяєії")  # noqa: RUF001
# Of Germanic and of Romance languages, from January on.
_MONTH_INITIALS = ("jfmamjjasond", "gfmamglasond", "efmamjjasond")
_AMOUNT = re.compile(r"\d+[.,]\d\d")
_CODE = re.compile(r"[A-Z]{2}\d{8,30}")  # an IBAN, a VAT number
# Fewer in one operation have no usual gap; more glyphs a word are words that are set apart.
_MIN_WORDS, _MAX_GLYPHS_A_WORD = 5, 2
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
            glyph.run.em_pt == self.size_pt
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
    for how, group in _rejoined_in_runs(groups):
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


def _rejoined_in_runs(groups: Iterable[Group]) -> Iterator[Group]:
    """Yield the groups, where one operation that spaces its letters had its words taken apart whole again."""
    held: list[Group] = []
    for how, group in groups:
        if held and group[0].run is not held[-1][1][-1].run:
            yield from _rejoined_in_run(held)
            held = []
        # Most operations begin with a word: it cannot be of letters.
        if held or (len(group) <= _MAX_GLYPHS_A_WORD and not group[0].is_alone):
            held.append((how, group))
        else:
            yield how, group
    yield from _rejoined_in_run(held)


def _rejoined_in_run(words: list[Group]) -> list[Group]:
    """Return the words of one operation, but for the first that may begin in another."""
    n_glyphs = sum([len(group) for _, group in words])
    if len(words) < _MIN_WORDS or n_glyphs > _MAX_GLYPHS_A_WORD * len(words):
        return words
    letters = [glyph for _, group in words for glyph in group]
    spacing = _usual_spacing(letters)
    # A row of a table may be one operation: in its columns stands what is no one number.
    is_wide = spacing is not None and (spacing.pitch_pt or 0.0) > _TEXT_PITCH * letters[0].run.em_pt
    is_code = _is_one_number([glyph.text for glyph in letters])
    return words if spacing is None or (is_wide and not is_code) else _rejoined(words, spacing)


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
        if group[0].space is not Space.WRITTEN and spacing.joins(before[-1], group[0]):
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
    return _usual_spacing(letters)


def _usual_spacing(letters: Sequence[Glyph]) -> _Spacing | None:
    """Return how letters of one line are set; None if they are not spaced, or columns."""
    size, font = letters[0].run.em_pt, letters[0].run.font_id
    pairs = [pair for pair in pairwise(letters) if pair[1].space is not Space.WRITTEN]
    gaps = [gap_between(a, b) for a, b in pairs]
    tracking = median(gaps) if gaps else 0.0
    widest = tracking + _SPACE * size
    if tracking <= _MIN_TRACKING * size:
        return None
    near = [pair for pair, gap in zip(pairs, gaps, strict=True) if gap <= widest]
    # Letters of one width have equal gaps and equal steps: what says nothing is a grid.
    unevenness = pstdev(gap_between(*pair) for pair in near) + _ROUNDING * size
    if unevenness >= pstdev(_between_starts(*pair) for pair in near):
        return _grid(letters, pairs)
    if tracking > _MAX_TRACKING * size:
        return _grid(letters, pairs)
    return _Spacing(distance=gap_between, limit_pt=widest, pitch_pt=None, size_pt=size, font_id=font)


def _grid(letters: Sequence[Glyph], pairs: Sequence[tuple[Glyph, Glyph]]) -> _Spacing | None:
    """Return how letters at equal distances are set; None if they differ, or are those of columns."""
    size, font = letters[0].run.em_pt, letters[0].run.font_id
    widest = _widest_pitch([glyph.text for glyph in letters])
    for distance in (_between_starts, _between_middles):
        steps = [distance(a, b) for a, b in pairs]
        pitch = median(steps)
        near = [step for step in steps if step <= _NEXT_PLACE * pitch]
        is_even = len(near) > 1 and pstdev(near) <= _EVEN * size
        if is_even and pitch <= widest * size:
            limit = _NEXT_PLACE * pitch
            return _Spacing(distance=distance, limit_pt=limit, pitch_pt=pitch, size_pt=size, font_id=font)
    return None


def _widest_pitch(texts: Sequence[str]) -> float:
    """Return how far apart letters may stand that are one line of text, in shares of the font size."""
    if _is_number(texts):
        is_long = len(texts) >= _LONG_NUMBER
        return _WIDE_COMB_PITCH if is_long or _is_one_number(texts) else _COMB_PITCH
    return _COMB_PITCH if spells_text(texts) else _TEXT_PITCH


def _is_number(texts: Sequence[str]) -> bool:
    """Return whether letters in boxes spell a number or code, not the scale or the marks of a grid."""
    digits = [int(text) for text in texts if text.isdecimal()]
    is_scale = all(after - before == 1 for before, after in pairwise(digits))
    return len(digits) * 2 >= len(texts) and len(set(texts)) > 2 and not is_scale


def _is_one_number(texts: Sequence[str]) -> bool:
    """Return whether letters are an amount with its decimal mark, or a code that begins with two letters."""
    text = "".join(texts)
    return _AMOUNT.fullmatch(text) is not None or _CODE.fullmatch(text) is not None


def spells_text(texts: Sequence[str]) -> bool:
    """Return whether letters spell words, not the initials or the marks of a calendar or a grid."""
    letters = "".join(texts).casefold()
    words = "".join(filter(str.isalpha, letters))
    is_alphabet = all(after >= before for before, after in pairwise(words))
    is_spelled = len(set(words)) >= _MIN_DISTINCT and not _VOWELS.isdisjoint(words)
    return is_spelled and not is_alphabet and not any(initials in words for initials in _MONTH_INITIALS)
