"""Where one word of a text layer ends and the next begins, from how the file draws the glyphs.

White space that the file writes always parts words. What the library makes up is a guess from the positions
of whole drawing operations, and it fails both ways: it parts the letters of a file that draws each by an
operation of its own, and it joins the numbers of columns that nearly touch.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from ocr.bidi import runs_leftwards
from ocr.glyphs import Glyph, Space

# Glyphs farther apart than this many of their heights are not of one word, whatever the file says.
_MAX_JUMP = 1.5
# Shares of the font size. A glyph that begins where the one before ends, to within the rounding of
# positions, goes on with its word; the narrowest space of a text font is 0.2.
_NO_GAP = 0.1
# Two operations that each write a part of one number leave no gap. Cells of 9-point text stand 1.2 points
# (0.13) and more apart; glyphs that are placed one by one may be off by a pixel of the printer's grid.
_CELL_GAP = 0.08
_LONE_CELL_GAP = 0.15
# Cents and footnote marks are set at 0.5 to 0.7 of the size, small capitals at 0.8.
_SMALL = 0.75
_TOUCHING = 0.15
# Digits whose baseline is this much higher are raised even at nearly the size of the number before them, and
# as far from it as price tags set them; a space between words on one baseline is as wide.
_RAISED = 0.1
_RAISED_SIZE = 0.9
_RAISED_GAP = 0.35
# A font's descent, by which the boxes of two sizes on one baseline begin at different heights.
_DESCENT = 0.25
_SAME_LINE = 0.15
_SAME_SIZE = 0.9
# A letter printed twice for the look of bold stands less than its stroke apart.
_REPRINTED = 0.1
_ROUNDING_PT = 0.01
_SUPERSCRIPTS = frozenset("⁰¹²³⁴⁵⁶⁷⁸⁹")
_SIGNS = frozenset("-\u2212+€$£(")
# They end a number, so that a digit or sign behind a gap begins another.
_CLOSING = frozenset(")%€$£")
_MINUS = frozenset("-\u2212")


class Joint(IntEnum):
    """How a glyph follows the one before: in its word, in a word of its own, or raised behind a number."""

    SAME_WORD = 0
    NEW_WORD = 1
    RAISED = 2


def joint(last: Glyph, glyph: Glyph) -> Joint:
    """Return how `glyph` follows `last`.

    `RAISED` is a smaller digit directly behind a larger one: cents, or a footnote's mark. A larger digit
    behind a smaller one begins a word.
    """
    space = glyph.space
    if space is Space.WRITTEN or not _is_near(last, glyph):
        return Joint.NEW_WORD
    if glyph.run is last.run:
        return Joint.NEW_WORD if space else _joint_in_run(last, glyph)
    if glyph.run.quarter_turns is None or glyph.run.quarter_turns != last.run.quarter_turns:
        return Joint.NEW_WORD if glyph.space else Joint.SAME_WORD
    gap, size = gap_between(last, glyph), max(last.run.size_pt, glyph.run.size_pt)
    both_digits = last.text.isdecimal() and glyph.text.isdecimal()
    if both_digits and _is_step(last, glyph, gap):
        return Joint.RAISED if glyph.run.size_pt < last.run.size_pt else Joint.NEW_WORD
    if glyph.space:
        return Joint.SAME_WORD if _goes_on(last, glyph, gap, size) else Joint.NEW_WORD
    lone = last.is_alone and glyph.is_alone
    opens = glyph.text.isdecimal() or glyph.text in _SIGNS
    are_cells = opens and (last.text.isdecimal() or (last.text in _CLOSING and not lone))
    # A number and a word touch as numbers do, but letters set one by one seldom stand so exactly.
    are_cells |= not lone and last.text.isdecimal() != glyph.text.isdecimal() and _are_alnum(last, glyph)
    if are_cells and gap > (_LONE_CELL_GAP if lone else _CELL_GAP) * size:
        return Joint.NEW_WORD
    return Joint.SAME_WORD


def _are_alnum(last: Glyph, glyph: Glyph) -> bool:
    return last.text.isalnum() and glyph.text.isalnum()


def _joint_in_run(last: Glyph, glyph: Glyph) -> Joint:
    if glyph.cell[2] <= last.cell[0] and not (runs_leftwards(glyph.text) or runs_leftwards(last.text)):
        return Joint.NEW_WORD if glyph.run.quarter_turns == 0 else Joint.SAME_WORD
    is_raised = glyph.text in _SUPERSCRIPTS and last.text.isdecimal()
    return Joint.RAISED if is_raised else Joint.SAME_WORD


def _is_near(last: Glyph, glyph: Glyph) -> bool:
    left, bottom, right, top = last.box
    next_left, next_bottom, next_right, next_top = glyph.box
    reach = _MAX_JUMP * max(top - bottom, next_top - next_bottom, right - left, 0.1)
    if (
        next_left - right <= reach
        and left - next_right <= reach
        and next_bottom - top <= reach
        and bottom - next_top <= reach
    ):
        return True
    # The box of an Arabic zero, a dot, is no measure.
    return (
        last.text.isdecimal()
        and glyph.text.isdecimal()
        and is_one_line(last, glyph)
        and abs(gap_between(last, glyph)) <= _NO_GAP * max(last.run.size_pt, glyph.run.size_pt)
    )


def precedes(word: Sequence[Glyph], before: Sequence[Glyph]) -> bool:
    """Return whether `word`, which the library gives behind `before`, ends right where that begins.

    Of Latin letters and digits in a line of Hebrew or Arabic the library gives the digits first: "-2201",
    "INV".
    """
    first, last, head = word[0], word[-1], before[0]
    if first.space or first.run is not before[-1].run or runs_leftwards(head.text + last.text):
        return False
    gap = gap_between(last, head)
    return abs(gap) <= _NO_GAP * head.run.size_pt and first.along()[0] < head.along()[0]


def gap_between(last: Glyph, glyph: Glyph) -> float:
    """Return the points between the two glyphs along their line, whichever comes first in it."""
    (start, end), (next_start, next_end) = last.along(), glyph.along()
    return max(next_start - end, start - next_end)


def _is_step(last: Glyph, glyph: Glyph, gap: float) -> bool:
    """Return whether one of two glyphs side by side is clearly smaller, or raised and smaller."""
    small, large = sorted((last, glyph), key=lambda g: g.run.size_pt)
    size, ratio = large.run.size_pt, small.run.size_pt / (large.run.size_pt or 1.0)
    if ratio > _RAISED_SIZE or gap > _RAISED_GAP * size:
        return False
    (low, high), (bottom, top) = large.across(), small.across()
    if not low <= (bottom + top) / 2 <= high + _SMALL * (high - low) / 2:
        return False
    is_raised = bottom - low >= (_RAISED + _DESCENT * (1 - ratio)) * size
    return is_raised or (ratio <= _SMALL and gap <= _TOUCHING * size)


def is_next_number(word: Sequence[Glyph], glyph: Glyph) -> bool:
    """Return whether `glyph` begins a number behind one that ends in a minus, in columns that nearly touch.

    A minus of an operation of its own may be that of the number behind it.
    """
    last = word[-1]
    if last.text not in _MINUS or len(word) < 2 or not word[-2].text.isdecimal():
        return False
    is_one = word[-2].run is last.run
    gap = gap_between(last, glyph)
    opens = glyph.text.isdecimal() or glyph.text in _SIGNS
    return is_one and opens and glyph.run is not last.run and gap > _CELL_GAP * last.run.size_pt


def is_reprinted(last: Glyph, glyph: Glyph) -> bool:
    """Return whether `glyph` is `last` once more, a hair off: bold by printing each letter twice."""
    # The two letters of a ligature are given one box, and are of one operation.
    if glyph.text != last.text or glyph.run is last.run:
        return False
    if abs(glyph.run.size_pt - last.run.size_pt) > _ROUNDING_PT:
        return False
    (start, end), (next_start, _) = last.along(), glyph.along()
    shift = max(abs(next_start - start), abs(glyph.across()[0] - last.across()[0]))
    return shift <= min(_REPRINTED * last.run.size_pt, (end - start) / 2)


def _goes_on(last: Glyph, glyph: Glyph, gap: float, size: float) -> bool:
    """Return whether `glyph` stands right where the line of `last` goes on.

    Only a guessed line end between glyphs that are drawn one by one is doubted: a guessed space is seldom
    wrong, as typesetters do put words closer than that, and fonts declare widths that are too large.
    """
    if glyph.space is not Space.GUESSED_LINE_END:
        return False
    return last.is_alone and glyph.is_alone and is_one_line(last, glyph) and abs(gap) <= _NO_GAP * size


def is_one_line(last: Glyph, glyph: Glyph) -> bool:
    """Return whether two glyphs of one direction and about the same size stand on one line."""
    sizes = (last.run.size_pt, glyph.run.size_pt)
    drop = abs(last.across()[0] - glyph.across()[0])
    return (
        glyph.run.quarter_turns is not None
        and glyph.run.quarter_turns == last.run.quarter_turns
        and min(sizes) >= _SAME_SIZE * max(sizes)
        and drop <= _SAME_LINE * max(sizes)
    )
