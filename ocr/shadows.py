"""Letters drawn twice, a little apart, for the look of a shadow: each letter once.

Where one operation draws a line and another its shadow the library leaves the shadow out. Where each letter
has operations of its own, or a line is short, it does not, and "11" is read as 1111.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ocr.glyphs import Glyph, Space
from ocr.word_breaks import gap_between, is_one_line

# Shares of the font size, and of a letter's width: further apart two letters are two.
_REACH, _MAX_SHIFT = 0.3, 0.45
_SAME_SHIFT, _OFF_LINE = 0.03, 0.05
# What is printed twice in one place is no shadow, and may say two things (`ocr.visibility`).
_LEAST_SHIFT = 0.01
# So many letters that lie over each other show how far a page's shadows fall; points fall clear of theirs.
_MIN_ALIKE = 3
# Letters of one kind that share a cell are a heap of print, and no shadow.
_MAX_IN_CELL = 6
# What is wider is a space to the library, too.
_SPACE = 0.15

Pair = tuple[int, int]
"""Two glyphs by their indices, the left or lower one first."""


def without_shadows(found: Iterable[Glyph]) -> Iterator[Glyph]:
    """Yield the glyphs but those that are another one of the same kind and size once more, a little off.

    Of two the left one is kept, of which one asks for no ink the other. An operation that draws anything else
    is no shadow.
    """
    glyphs = list(found)
    shadows = {_shadow_of(glyphs, pair) for pair in _twins(glyphs)}
    if not shadows:
        yield from glyphs
        return
    others = {id(glyph.run) for index, glyph in enumerate(glyphs) if index not in shadows}
    last: Glyph | None = None
    space, has_dropped = Space.NONE, False
    for glyph in glyphs:
        space = max(space, glyph.space)
        if id(glyph.run) not in others:
            has_dropped = True
            continue
        last = replace(glyph, space=_space(last, glyph, space)) if has_dropped else glyph
        space, has_dropped = Space.NONE, False
        yield last


def _shadow_of(glyphs: Sequence[Glyph], pair: Pair) -> int:
    first, second = pair
    return first if glyphs[first].run.is_invisible and not glyphs[second].run.is_invisible else second


def _space(last: Glyph | None, glyph: Glyph, space: Space) -> Space:
    """Return what stands before a glyph once a shadow is gone by which the library guessed."""
    if last is None or space is Space.WRITTEN:
        return space
    if not is_one_line(last, glyph):
        return Space.GUESSED_LINE_END
    return Space.GUESSED if gap_between(last, glyph) > _SPACE * glyph.run.em_pt else Space.NONE


def _twins(glyphs: Sequence[Glyph]) -> list[Pair]:
    """Return the pairs of glyphs of which one is the other's shadow."""
    near = [pair for pair in _neighbours(glyphs) if _is_alike(glyphs, pair)]
    if not near:
        return []
    shifts = np.array([_shift(glyphs, pair) for pair in near])
    is_over = np.array([_lie_over(glyphs, pair) for pair in near])
    # Letters of one line may stand as near as that, but all on one height.
    is_sign = is_over | (np.abs(shifts[:, 1]) >= _OFF_LINE)
    runs = np.array([[id(glyphs[i].run) for i in pair] for pair in near])
    found: list[Pair] = []
    for n, pair in enumerate(near):
        is_same = np.abs(shifts - shifts[n]).max(axis=1) <= _SAME_SHIFT
        is_beside = is_same & is_over & (runs == runs[n]).all(axis=1)
        if is_over[n] or is_beside.any() or np.count_nonzero(is_same & is_sign) >= _MIN_ALIKE:
            found.append(pair)
    return found


def _neighbours(glyphs: Sequence[Glyph]) -> set[Pair]:
    """Return the pairs of glyphs of one character that begin less than `_REACH` of their size apart."""
    if len(glyphs) < 2:
        return set()
    codes = np.array([ord(glyph.text[0]) for glyph in glyphs])
    sizes = np.array([round(10 * glyph.run.size_pt) for glyph in glyphs])
    places = np.array([glyph.cell[:2] for glyph in glyphs])
    side = 2 * _REACH * np.maximum(sizes, 1)[:, None] / 10
    pairs: set[Pair] = set()
    # What is less than half a cell apart shares a cell of one of four grids.
    for offset in ((0.0, 0.0), (0.5, 0.0), (0.0, 0.5), (0.5, 0.5)):
        cells = np.clip(np.floor(np.nan_to_num(places / side) + offset), -(2**40), 2**40).astype(np.int64)
        pairs.update(_in_one_cell(glyphs, np.column_stack([codes, sizes, cells])))
    return pairs


def _in_one_cell(glyphs: Sequence[Glyph], keys: NDArray[np.int64]) -> Iterator[Pair]:
    order = np.lexsort(keys.T)
    is_same = (keys[order[1:]] == keys[order[:-1]]).all(axis=1)
    starts = np.flatnonzero(is_same & ~np.concatenate([[False], is_same[:-1]]))
    ends = np.flatnonzero(is_same & ~np.concatenate([is_same[1:], [False]])) + 2
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        if end - start <= _MAX_IN_CELL:
            members: list[int] = order[start:end].tolist()
            yield from pairwise(sorted(members, key=lambda i: (*glyphs[i].along(), i)))


def _is_alike(glyphs: Sequence[Glyph], pair: Pair) -> bool:
    """Return whether two glyphs are of other operations, and each is the other's like."""
    first, second = (glyphs[i] for i in pair)
    return (
        first.run is not second.run
        and first.text == second.text
        and first.run.quarter_turns == second.run.quarter_turns is not None
        and abs(first.run.stretch - second.run.stretch) <= _SAME_SHIFT
        and max(map(abs, _shift(glyphs, pair))) >= _LEAST_SHIFT
    )


def _shift(glyphs: Sequence[Glyph], pair: Pair) -> tuple[float, float]:
    """Return how far the second of two glyphs stands right of the first, and above, in font sizes."""
    first, second = (glyphs[i] for i in pair)
    size = first.run.size_pt or 1.0
    along = second.along()[0] - first.along()[0]
    return along / size, (second.across()[0] - first.across()[0]) / size


def _lie_over(glyphs: Sequence[Glyph], pair: Pair) -> bool:
    """Return whether two glyphs are too near to be two: their ink would meet."""
    first = glyphs[pair[0]]
    start, end = first.ink_along() if first.has_ink() else first.along()
    begin, stop = first.along()
    low, high = first.ink_across() if first.has_ink() else first.across()
    along, across = (abs(shift) * first.run.size_pt for shift in _shift(glyphs, pair))
    return along < min(end - start, _MAX_SHIFT * (stop - begin)) and across < high - low
