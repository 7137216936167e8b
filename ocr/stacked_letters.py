"""Words whose upright letters stand one below the other, as along a table's side: else each is of a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from statistics import median

from ocr.glyphs import Glyph
from ocr.letter_spacing import Group, spells_text
from ocr.word_breaks import Joint

_MIN_STACKED = 4
# Shares of the font size: a column of a table that holds a letter a row has no narrower rows than 1.0, and
# spells nothing. A place that stays empty is a space.
_MIN_STEP, _MAX_STEP, _MAX_SPACE = 0.6, 1.6, 3.2
_SAME_MIDDLE = 0.3
_NEXT_PLACE = 1.4


def is_stacked(word: Sequence[Glyph]) -> bool:
    """Return whether the letters of a word stand one below the other, each by itself."""
    if len(word) < 2 or not word[0].is_alone or not word[-1].is_alone:
        return False
    return all(_is_below(last, glyph) for last, glyph in pairwise(word))


def join_stacked(groups: Iterable[Group]) -> Iterator[Group]:
    """Yield the groups, where letters stand below one another and spell a text as its words."""
    held: list[Group] = []
    for how, group in groups:
        is_letter = len(group) == 1 and group[0].is_alone
        if held and not (is_letter and _is_below(held[-1][1][-1], group[0])):
            yield from _joined(held)
            held = []
        if is_letter:
            held.append((how, group))
        else:
            yield how, group
    yield from _joined(held)


def _middle(glyph: Glyph) -> float:
    return sum(glyph.along()) / 2


def _step(last: Glyph, glyph: Glyph) -> float:
    return last.across()[0] - glyph.across()[0]


def _is_below(last: Glyph, glyph: Glyph) -> bool:
    size = last.run.size_pt
    if glyph.run.size_pt != size or not _MIN_STEP * size <= _step(last, glyph) <= _MAX_SPACE * size:
        return False
    aside = abs(_middle(last) - _middle(glyph)) - _half_difference(last, glyph)
    is_one_direction = glyph.run.quarter_turns == last.run.quarter_turns is not None
    return is_one_direction and aside <= _SAME_MIDDLE * last.run.em_pt


def _half_difference(last: Glyph, glyph: Glyph) -> float:
    """Return how far apart the middles of two letters are that begin at one place."""
    (start, end), (next_start, next_end) = last.along(), glyph.along()
    return abs((end - start) - (next_end - next_start)) / 2


def _joined(letters: list[Group]) -> list[Group]:
    if len(letters) < _MIN_STACKED or not spells_text([group[0].text for _, group in letters]):
        return letters
    glyphs = [group[0] for _, group in letters]
    steps = [_step(last, glyph) for last, glyph in pairwise(glyphs)]
    usual = median(steps)
    if usual > _MAX_STEP * glyphs[0].run.size_pt:
        return letters
    words: list[Group] = [(letters[0][0], glyphs[:1])]
    for step, glyph in zip(steps, glyphs[1:], strict=True):
        if step > _NEXT_PLACE * usual:
            words.append((Joint.NEW_WORD, [glyph]))
        else:
            words[-1][1].append(glyph)
    return words
