"""Numbers of table cells that touch, and the parts of one number, where gaps alone do not tell them apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from statistics import median

from ocr.glyphs import Glyph, Space
from ocr.letter_spacing import Group
from ocr.word_breaks import Joint, gap_between, is_one_line

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
# A label of letters alone, as a total has: article numbers have digits and letters in any order.
_LABEL = re.compile(r"[^\W\d_]{2,}[:.]?")
# Wider than the usual gap of its operation; within the numbers of real files up to 0.15 occur.
_SEAM = 0.06
# One number, a decimal mark or groups in it: "10,00", "1,234.50", "12.50-".
_ONE_NUMBER = re.compile(r"[-\u2212(]?[$\u00a3\u00a5\u20a0-\u20cf]?\d+(?:[.,]\d{1,3})+[-\u2212)]?")
# The narrowest space of a text font is wider.
_NO_SPACE = 0.201


def join_numbers(groups: Iterable[Group]) -> Iterator[Group]:
    """Yield the groups, as one those that one operation draws less than a space apart and are one number.

    The library takes 0.15 of the font size for a space: "1 0,00" for 10,00. Two amounts are never one.
    """
    held: Group | None = None
    for how, group in groups:
        if held is not None and group[0].space is Space.GUESSED and _go_on(held[1], group):
            held = (held[0], held[1] + group)
            continue
        if held is not None:
            yield held
        held = (how, group)
    if held is not None:
        yield held


def _go_on(word: Sequence[Glyph], group: Sequence[Glyph]) -> bool:
    last, first = word[-1], group[0]
    if first.run is not last.run or not (first.text.isdecimal() or first.text in ".,"):
        return False
    if not is_one_line(last, first) or gap_between(last, first) > _NO_SPACE * first.run.em_pt:
        return False
    texts = ["".join([glyph.text for glyph in part]) for part in (word, group)]
    return _ONE_NUMBER.fullmatch("".join(texts)) is not None and not all(map(_AMOUNT.fullmatch, texts))


def part_cells(began: Joint, word: list[Glyph]) -> Iterator[Group]:
    """Yield the glyphs of a word as one group, or those of each number where the cells of a table touch.

    Two amounts with cents are never one number ("12,501.500,00"), nor is a date or a label with an amount;
    and among digits that are drawn one by one, each where the one before ends, a gap is no accident.
    """
    if word[0].run is word[-1].run:
        for piece in _parted_at_seams(word):
            yield began, piece
            began = Joint.NEW_WORD
        return
    pieces = [list(glyphs) for _, glyphs in groupby(word, key=lambda glyph: id(glyph.run))]
    if not all(_AMOUNT.fullmatch("".join([glyph.text for glyph in piece])) for piece in pieces):
        pieces = _parted_at_gaps(word)
    for piece in pieces:
        yield began, piece
        began = Joint.NEW_WORD


def _parted_at_seams(word: list[Glyph]) -> list[list[Glyph]]:
    """Return the pieces of a word of one operation that steps between an amount and what is before it."""
    if len(word) < len("7.507.50") or not word[-1].text.isdecimal() or word[-1].run.quarter_turns is None:
        return [word]
    gaps = [gap_between(last, glyph) for last, glyph in pairwise(word)]
    seam = median(gaps) + _SEAM * word[0].run.em_pt
    starts = [0, *(i + 1 for i, gap in enumerate(gaps) if gap > seam), len(word)]
    pieces = [word[start:end] for start, end in pairwise(starts)]
    texts = ["".join([glyph.text for glyph in piece]) for piece in pieces]
    are_cells = all(_AMOUNT.fullmatch(text) or _LABEL.fullmatch(text) for text in texts)
    return pieces if are_cells and _AMOUNT.fullmatch(texts[-1]) else [word]


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
