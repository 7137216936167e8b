"""What glyphs without outlines look like: those of Type 3 fonts are drawings, seen on the page alone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ocr.changed import Changed, pixel_slices
from ocr.digit_shapes import DrawnDigits, Raster, has_outlines, raster_of
from ocr.glyphs import Box, Glyph
from ocr.pdf import PageFrame, turned
from ocr.text_layer import LayerWord

_DIGITS = frozenset("0123456789")
# Of a page with more, the first ones are looked at.
_MAX_GLYPHS = 5_000
# Smaller print has no shape.
_LEAST_PX = 8
# Mean difference of ink: of two sizes of a digit less, of a 3 and an 8 more.
_SAME_PICTURE, _MAX_PICTURES = 0.06, 8


def measure_drawn(
    words: Sequence[LayerWord], frame: PageFrame, look_closer: Callable[[], Changed]
) -> DrawnDigits:
    """Return pictures of what fonts without outlines say are digits, by font and digit.

    Glyphs of numbers whose box the library does not know get the box of what is drawn, in place.

    Parameters
    ----------
    look_closer
        Gives the pixels of an enlarged page that its text changes. Asked once, if there is such a font.

    Notes
    -----
    The page that the words come from must still be open.
    """
    starts = _starts(words)
    asked = [
        (glyph, glyph.ink if glyph.has_ink() else _cell(glyph, starts[id(glyph.run)]))
        for word in words
        if not word.is_invisible and not _DIGITS.isdisjoint(word.text) and _is_undrawn(word)
        for glyph in word.glyphs
    ][:_MAX_GLYPHS]
    if not asked:
        return {}
    ink = look_closer().pixels
    found: dict[tuple[int, str], list[Raster]] = {}
    places = pixel_slices([frame.to_page(*cell) for _, cell in asked], ink.shape)
    for (glyph, _), (rows, columns) in zip(asked, places, strict=True):
        edges = _edges(ink[rows, columns])
        if edges is None:
            continue
        top, bottom, left, right = edges
        box = (columns.start + left, rows.start + top, columns.start + right, rows.start + bottom)
        if not glyph.has_ink():
            glyph.ink = _to_points(box, frame, ink.shape)
        if glyph.text in _DIGITS and bottom - top >= _LEAST_PX:
            raster = _upright(ink[rows, columns][top:bottom, left:right], glyph, frame)
            if raster is not None:
                _add(found.setdefault((glyph.run.font_id or 0, glyph.text), []), raster)
    return found


def _add(known: list[Raster], raster: Raster) -> None:
    """Add a picture to those of its digit, if it is none of them again."""
    if len(known) < _MAX_PICTURES and all(
        float(np.abs(raster - other).mean()) > _SAME_PICTURE for other in known
    ):
        known.append(raster)


def _is_undrawn(word: LayerWord) -> bool:
    """Return whether the digits of a word have no outlines, as far as its first one tells."""
    digit = next(glyph for glyph in word.glyphs if glyph.text in _DIGITS)
    font_id, turns = digit.run.font_id, digit.run.quarter_turns
    return font_id is not None and turns is not None and not has_outlines(font_id)


def _starts(words: Sequence[LayerWord]) -> dict[int, list[float]]:
    """Return where the glyphs of each operation begin along its line, in order."""
    starts: dict[int, list[float]] = {}
    for glyph in (glyph for word in words for glyph in word.glyphs):
        starts.setdefault(id(glyph.run), []).append(glyph.along()[0])
    return {run: sorted(places) for run, places in starts.items()}


def _cell(glyph: Glyph, starts: Sequence[float]) -> Box:
    """Return the cell of a glyph up to where the next one begins: some fonts give each the whole box."""
    start, end = glyph.along()
    following = bisect_right(starts, start)
    if following == len(starts) or starts[following] >= end:
        return glyph.cell
    left, bottom, right, top = glyph.cell
    begin = starts[following]
    return (
        (left, bottom, begin, top),
        (left, -begin, right, top),
        (-begin, bottom, right, top),
        (left, bottom, right, begin),
    )[glyph.run.quarter_turns or 0]


def _edges(ink: NDArray[np.bool_]) -> tuple[int, int, int, int] | None:
    """Return the first row with ink and the one behind the last, and the columns; None without ink."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not rows.size:
        return None
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def _to_points(box_px: tuple[int, int, int, int], frame: PageFrame, shape: tuple[int, ...]) -> Box:
    """Return a box of pixels (left, top, right, bottom) of the page as displayed as glyphs have it."""
    height, width = shape
    shown = (box_px[0] / width, box_px[1] / height, box_px[2] / width, box_px[3] / height)
    left, top, right, bottom = turned(shown, -frame.quarter_turns)
    across, up = frame.right - frame.left, frame.top - frame.bottom
    return (
        frame.left + left * across,
        frame.top - bottom * up,
        frame.left + right * across,
        frame.top - top * up,
    )


def _upright(ink: NDArray[np.bool_], glyph: Glyph, frame: PageFrame) -> Raster | None:
    turns = (glyph.run.quarter_turns or 0) + frame.quarter_turns
    return raster_of(np.rot90(ink, turns % 4))
