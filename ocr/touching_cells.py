"""Numbers of table cells that touch, so that no single gap between their glyphs tells them apart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from ocr.glyphs import Glyph
from ocr.letter_spacing import Group
from ocr.word_breaks import Joint, gap_between

# With a mark on either side, or a date: what a cell may hold that is never a part of a longer number.
_AMOUNT = re.compile(
    r"[-\u2212(]?[$\u00a3\u00a5\u20a0-\u20cf]?[-\u2212]?\d[\d.,]*[.,]\d\d"
    r"[-\u2212)]?[$\u00a3\u00a5\u20a0-\u20cf%]?"
    r"|\d\d([./-])\d\d\1(?:\d\d)?\d\d"
)
# Shares of the font size. Digits that are placed one by one stand as exactly as the file's decimals say, or
# are off by a pixel of a printer's grid; where all others are exact, a gap is one between cells.
_EXACT = 0.03
_GAP = 0.1


def part_cells(began: Joint, word: list[Glyph]) -> Iterator[Group]:
    """Yield the glyphs of a word as one group, or those of each number where the cells of a table touch.

    Two amounts with cents are never one number ("12,501.500,00"), nor is a date with an amount; and among
    digits that are drawn one by one, each where the one before ends, a gap is no accident.
    """
    if word[0].run is word[-1].run:
        yield began, word
        return
    pieces = [list(glyphs) for _, glyphs in groupby(word, key=lambda glyph: id(glyph.run))]
    if not all(_AMOUNT.fullmatch("".join([glyph.text for glyph in piece])) for piece in pieces):
        pieces = _parted_at_gaps(word)
    for piece in pieces:
        yield began, piece
        began = Joint.NEW_WORD


def _parted_at_gaps(word: list[Glyph]) -> list[list[Glyph]]:
    if not all(glyph.is_alone and (glyph.text.isdecimal() or glyph.text in ".,") for glyph in word):
        return [word]
    size = word[0].run.em_pt
    gaps = [gap_between(last, glyph) / size if size else 0.0 for last, glyph in pairwise(word)]
    if not _are_exact_or_wide(gaps):
        return [word]
    pieces = [word[:1]]
    for gap, glyph in zip(gaps, word[1:], strict=True):
        if gap > _GAP:
            pieces.append([glyph])
        else:
            pieces[-1].append(glyph)
    return pieces


def _are_exact_or_wide(gaps: Sequence[float]) -> bool:
    n_exact = sum(abs(gap) <= _EXACT for gap in gaps)
    return n_exact + sum(gap > _GAP for gap in gaps) == len(gaps) < 2 * n_exact
