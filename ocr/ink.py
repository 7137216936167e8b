"""Lines of text among ink that is no text: letterheads and totals drawn as outlines or as small images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.changed import pixel_slices
from schemas.geometry import BBox, from_pixels

Image = NDArray[np.uint8]
_Boxes = NDArray[np.int32]

# Grey levels that ink differs from the mean around it, and the side of that surrounding in pixels.
_CONTRAST = 36
_AROUND_PX = 31
# Below this mean, what is lighter than its surroundings may be letters on a dark ground.
_DARK_GROUND = 140
# Where the page's longer side has 1,200 pixels: 4 are the small letters of 6-point text on A4, 80 a headline.
_MIN_GLYPH_PX, _MAX_GLYPH_PX = 4, 80
# At this resolution letters touch, so a glyph may be several letters wide; rules are longer.
_MAX_WIDTHS, _MAX_HEIGHTS = 12, 6
# Shares of a glyph's box that have ink: a diagonal hair has less, blocks and bars have more.
_MIN_FILL, _MAX_FILL = 0.15, 0.85
# Of the bars of a bar code half are thinner than this.
_MAX_ASPECT = 3.5
# Of lines with fewer, most are parts of drawings; of 87 real pages with such ink that were looked at, all but
# three were lettering with the values below.
_MIN_GLYPHS = 4
# Behind a word of the same line fewer are a value: of 356 pages with a text layer one has such ink.
_MIN_GLYPHS_BEHIND_WORD, _MIN_WIDTHS_BEHIND_WORD = 3, 2.0
_MAX_UNEVEN = 0.35
# How high the word is, in heights of the glyphs.
_MIN_WORD_HEIGHTS, _MAX_WORD_HEIGHTS = 0.5, 3.5
# The grain of a photograph is as small as the smallest letters, and stands in a row now and then.
_SMALL_PX, _MIN_SMALL_GLYPHS = 6, 12
_MAX_LINE_HEIGHTS, _MIN_LINE_WIDTHS = 2.6, 3.0
_ON_BASELINE = 0.6
# Points, commas and an underline are half of their letters' ink at most.
_MAX_STRAY = 0.6
# A line of so many letters is no word mark of a logo: if it cannot be read, a person should know.
_N_LONG = 8
# Blank around the glyphs of a line, in their heights: room for accents and commas, which are no glyphs here.
_MARGIN = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class InkLine:
    """What looks like a line of text: its box, with a margin, and whether it is more than a word mark.

    That are many letters, and a few behind a word of the text layer.
    """

    box: BBox
    is_long: bool


def find_lines(picture: Image, covered: Sequence[BBox]) -> tuple[InkLine, ...]:
    """Return what looks like lines of upright text in `picture`, outside of the boxes that are `covered`.

    A line is a row of at least four shapes of about the size of letters on one baseline, or three behind a
    word that is covered, as an amount behind its label. Pictures, rules, bar codes, stamps without lettering
    and cursive signatures have none, or rarely.

    Parameters
    ----------
    picture
        The page, (height, width) gray, its longer side about 1,200 pixels; one under 31 pixels wide has none.
    """
    import cv2

    if min(picture.shape) < _AROUND_PX:
        return ()
    around = cv2.blur(picture, (_AROUND_PX, _AROUND_PX))
    inks = [cv2.subtract(around, picture) >= _CONTRAST]
    if around.min() < _DARK_GROUND:
        inks.append((cv2.subtract(picture, around) >= _CONTRAST) & (around < _DARK_GROUND))
    boxes = [(box.left, box.top, box.right, box.bottom) for box in covered]
    places = pixel_slices(boxes, picture.shape)
    words = np.array([(rows.start, rows.stop, columns.stop) for rows, columns in places]).reshape(-1, 3)
    lines: list[InkLine] = []
    for ink in inks:
        for place in places:
            ink[place] = False
        glyphs = _glyphs(ink.view(np.uint8))
        rows = _rows(glyphs)
        texts = [row for row in rows if _is_text(row) and _is_clear(row, ink)]
        whole = [_with_rest_of_row(row, glyphs) for row in texts]
        lines += (_ink_line(row, picture.shape, is_long=len(row) >= _N_LONG) for row in whole)
        values = [row for row in rows if _is_value(row, words) and _is_clear(row, ink)]
        lines += (_ink_line(row, picture.shape, is_long=True) for row in values)
    return tuple(lines)


def _glyphs(ink: Image) -> _Boxes:
    """Return (left, top, width, height, area) in pixels of each shape that may be a letter, (n_glyphs, 5)."""
    left, top, right, bottom = _part_with_shapes(ink)
    if right <= left:
        return np.empty((0, 5), np.int32)
    return _find_glyphs(ink[top:bottom, left:right]) + np.array([left, top, 0, 0, 0], np.int32)


def _part_with_shapes(ink: Image) -> tuple[int, int, int, int]:
    """Return (left, top, right, bottom) in pixels around all that is as high as a letter or a few of them.

    Found on every second pixel, which takes a quarter of the time; letters may be one there. Of two pages in
    three, with rules and boxes at most, nothing is left.
    """
    height, width = (side // 2 * 2 for side in ink.shape)
    rows = ink[0:height:2] | ink[1:height:2]
    halved = rows[:, 0:width:2] | rows[:, 1:width:2]
    stats = _shapes(halved)
    shapes = stats[(stats[:, 3] >= _MIN_GLYPH_PX // 2) & (stats[:, 3] <= _MAX_GLYPH_PX)]
    shapes = shapes[shapes[:, 3] <= _MAX_HEIGHTS * shapes[:, 2]]
    if not len(shapes):
        return 0, 0, 0, 0
    left, top = 2 * shapes[:, :2].min(axis=0)
    right, bottom = 2 * (shapes[:, :2] + shapes[:, 2:4]).max(axis=0)
    return int(left), int(top), int(right), int(bottom)


def _find_glyphs(ink: Image) -> _Boxes:
    shapes = _shapes(ink)
    _, _, width, height, area = shapes.T
    is_glyph = (height >= _MIN_GLYPH_PX) & (height <= _MAX_GLYPH_PX)
    is_glyph &= (width <= _MAX_WIDTHS * height) & (height <= _MAX_HEIGHTS * width)
    is_glyph &= (area >= _MIN_FILL * width * height) & (area <= _MAX_FILL * width * height)
    return shapes[is_glyph]


def _shapes(ink: Image) -> _Boxes:
    """Return (left, top, width, height, area) in pixels of all that hangs together, (n_shapes, 5)."""
    import cv2

    try:
        # A third of the time; more than 65,535 shapes, as grain may have, are an error.
        stats = cv2.connectedComponentsWithStats(ink, connectivity=8, ltype=cv2.CV_16U)[2]
    except cv2.error:
        stats = cv2.connectedComponentsWithStats(ink, connectivity=8)[2]
    return np.asarray(stats[1:], np.int32)


def _rows(glyphs: _Boxes) -> list[_Boxes]:
    """Return the glyphs in groups that stand beside one another, less than their height apart."""
    import cv2

    if not len(glyphs):
        return []
    left, top, width, height = glyphs[:, :4].T
    y = np.stack([top + height // 4, top + np.maximum(height * 3 // 4, height // 4 + 1)])
    x = np.stack([np.maximum(0, left - height // 2 - 1), left + width + height // 2 + 1])
    # Bands that touch are one group. Pixels between two edges are all alike: one cell stands for them.
    edges_y, edges_x = np.unique(y), np.unique(x)
    cells = np.zeros((len(edges_y), len(edges_x)), np.uint8)
    rows, columns = np.searchsorted(edges_y, y).T.tolist(), np.searchsorted(edges_x, x).T.tolist()
    for (first, last), (start, end) in zip(rows, columns, strict=True):
        cells[first:last, start:end] = 1
    _, labels = cv2.connectedComponents(cells, connectivity=4)
    row = np.searchsorted(edges_y, np.asarray(top + height // 2), side="right") - 1
    column = np.searchsorted(edges_x, np.asarray(left + width // 2), side="right") - 1
    group = labels[row, column]
    order = np.argsort(group, kind="stable")
    return np.split(glyphs[order], np.flatnonzero(np.diff(group[order])) + 1)


def _is_text(row: _Boxes) -> bool:
    left, top, width, height, _ = row.T
    size = float(np.median(height))
    if len(row) < (_MIN_SMALL_GLYPHS if size < _SMALL_PX else _MIN_GLYPHS):
        return False
    bottom = top + height
    is_line = bottom.max() - top.min() <= _MAX_LINE_HEIGHTS * size
    is_line &= (left + width).max() - left.min() >= _MIN_LINE_WIDTHS * size
    letters = bottom[height >= 0.6 * size]
    on_baseline = np.abs(letters - np.median(letters)) <= 0.15 * size + 1
    return bool(is_line and np.median(height / width) <= _MAX_ASPECT and on_baseline.mean() >= _ON_BASELINE)


def _is_value(row: _Boxes, words: NDArray[np.intp]) -> bool:
    """Return whether three glyphs of one height stand behind a word; of those top, bottom, right, (n, 3)."""
    left, top, width, height, _ = row.T
    size = float(np.median(height))
    if len(row) != _MIN_GLYPHS_BEHIND_WORD or size < _SMALL_PX or np.ptp(height) > _MAX_UNEVEN * size + 1:
        return False
    bottom = top + height
    is_level = np.abs(bottom - np.median(bottom)).max() <= _MAX_UNEVEN * size + 1
    is_wide = (left + width).max() - left.min() >= _MIN_WIDTHS_BEHIND_WORD * size
    if not (is_level and is_wide and np.median(height / width) <= _MAX_ASPECT):
        return False
    middle = (float(top.min()) + float(bottom.max())) / 2
    over, under, end = words.T
    is_beside = (over <= middle) & (middle <= under) & (end <= left.min() + size)
    heights = (under - over) / size
    return bool((is_beside & (heights >= _MIN_WORD_HEIGHTS) & (heights <= _MAX_WORD_HEIGHTS)).any())


def _is_clear(row: _Boxes, ink: NDArray[np.bool_]) -> bool:
    """Return whether little ink of the row's box is of no letter, as it is where grain or a texture is."""
    left, top, width, height, area = row.T
    around = ink[top.min() : (top + height).max(), left.min() : (left + width).max()]
    return bool(np.count_nonzero(around) - area.sum() <= _MAX_STRAY * area.sum())


def _with_rest_of_row(row: _Boxes, glyphs: _Boxes) -> _Boxes:
    """Return the row and what stands in its band farther off: the one digit of a quantity, say."""
    top, bottom = int(row[:, 1].min()), int((row[:, 1] + row[:, 3]).max())
    middle = glyphs[:, 1] + glyphs[:, 3] // 2
    is_in_band = (middle >= top) & (middle <= bottom) & (glyphs[:, 3] <= 1.5 * np.median(row[:, 3]))
    return np.unique(np.concatenate([row, glyphs[is_in_band]]), axis=0)


def _ink_line(line: _Boxes, shape: tuple[int, ...], *, is_long: bool) -> InkLine:
    left, top, width, height, _ = line.T
    margin = _MARGIN * float(np.median(height))
    box = from_pixels(
        float(left.min()) - margin,
        float(top.min()) - margin,
        float((left + width).max()) + margin,
        float((top + height).max()) + margin,
        width_px=shape[1],
        height_px=shape[0],
    )
    return InkLine(box=box, is_long=is_long)
