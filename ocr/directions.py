"""Words of a text layer by the direction they run in: upright ones, watermarks and notes along the edge."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate

from ocr.glyphs import Box
from ocr.pdf import turned
from ocr.reading_order import Arrangement, arrange
from ocr.text_layer import LayerWord
from ocr.text_quality import printable
from schemas.document import Word
from schemas.geometry import BBox, clip

# Far less than a letter, whatever the size of the page: a long receipt has hundreds of lines with one text.
_SAME_PLACE_PT = 1.5
# Three letters of an upright word are wider than high, but for "III" and its like in a narrow font.
_MIN_SIDEWAYS_LETTERS = 3
_MIN_HEIGHT_SHARE = 1.5
_UPWARDS_DEG = 270  # clockwise
# A line across A4 falls by half of a letter then; what leans more than the second stands apart.
_LEAST_LEAN_DEG, _MAX_LEAN_DEG = 0.2, 10.0


def upright_words(words: Sequence[LayerWord], n_turns: int, size_pt: tuple[float, float]) -> tuple[Word, ...]:
    """Return the words as they stand after `n_turns` clockwise quarter turns of the page were undone.

    The same word printed twice in one place (false bold) comes once.

    Parameters
    ----------
    size_pt
        The page's width and height in points, before the turn.
    """
    return tuple(word for word, _ in _upright(words, n_turns, size_pt))


def lean_slope(words: Sequence[LayerWord], n_turns: int, size_pt: tuple[float, float]) -> float:
    """Return how far lines fall over the width of the page once it is upright, in page heights.

    It is that of half of the letters at least: rows of a few words, as in a table, do not show it themselves.

    Parameters
    ----------
    size_pt
        The upright page's width and height in points.
    """
    leans = sorted(
        ((word.angle_deg - 90 * n_turns + 180) % 360 - 180, len(word.text))
        for word in words
        if len(word.text) > 1
    )
    half = sum(n for _, n in leans) / 2
    seen = accumulate(n for _, n in leans)
    lean = next((lean for (lean, _), n in zip(leans, seen, strict=True) if n >= half), 0.0)
    width, height = size_pt
    return (
        math.tan(math.radians(lean)) * width / height
        if _LEAST_LEAN_DEG <= abs(lean) <= _MAX_LEAN_DEG
        else 0.0
    )


def arrange_leaning(
    words: Sequence[LayerWord], lean_deg: int, n_turns: int, size_pt: tuple[float, float]
) -> Arrangement:
    """Return words that all run in one direction in their own reading order.

    Parameters
    ----------
    lean_deg
        Their direction, clockwise, once the page is upright.
    n_turns, size_pt
        As for `upright_words`. Boxes are on the upright page.
    """
    return _arrange_level(_upright(words, n_turns, size_pt), lean_deg, _turned_size(size_pt, n_turns))


def part_sideways(
    words: Sequence[Word], width_pt: float, height_pt: float
) -> tuple[tuple[Word, ...], tuple[Arrangement, ...]]:
    """Return the words that OCR read upright, and those that it read along the edge as an arrangement.

    Engines give words that run upwards among the others, with boxes that are higher than wide. Which way they
    run they do not say: from the bottom up, as most do.
    """
    sides = [(word.bbox.width * width_pt, word.bbox.height * height_pt) for word in words]
    is_sideways = [_is_sideways(word, side) for word, side in zip(words, sides, strict=True)]
    if not any(is_sideways):
        return tuple(words), ()
    upright = tuple(word for word, sideways in zip(words, is_sideways, strict=True) if not sideways)
    found = [(word, side[0]) for word, side, is_one in zip(words, sides, is_sideways, strict=True) if is_one]
    return upright, (_arrange_level(found, _UPWARDS_DEG, (width_pt, height_pt)),)


def _is_sideways(word: Word, side_pt: tuple[float, float]) -> bool:
    width, height = side_pt
    return height > _MIN_HEIGHT_SHARE * width and sum(map(str.isalnum, word.text)) >= _MIN_SIDEWAYS_LETTERS


def _arrange_level(
    found: Sequence[tuple[Word, float]], lean_deg: int, size: tuple[float, float]
) -> Arrangement:
    """Return words that all run in one direction, with their heights in points, in their own order."""
    if not found:
        return Arrangement()
    levelled = [_level(word.bbox, size_pt=size, lean_deg=lean_deg, height=height) for word, height in found]
    boxes = _within_unit(levelled)
    level = [replace(word, bbox=box) for (word, _), box in zip(found, boxes, strict=True)]
    # `arrange` gives back the very words it gets, in another order.
    origin = {id(turned_word): word for turned_word, (word, _) in zip(level, found, strict=True)}
    arranged = arrange(level)
    return replace(arranged, words=tuple(origin[id(word)] for word in arranged.words))


def _upright(
    words: Sequence[LayerWord], n_turns: int, size_pt: tuple[float, float]
) -> list[tuple[Word, float]]:
    """Return the words on the upright page with their font sizes, each once in a place."""
    width_pt, height_pt = _turned_size(size_pt, n_turns)
    found: list[tuple[Word, float]] = []
    # For each text the cells where it stands, and where in them: most texts stand in one place.
    places: dict[str, dict[tuple[int, int], list[tuple[float, float]]]] = {}
    for word in words:
        text = printable(word.text)
        if not text:
            continue
        bbox = clip(*turned(word.box, -n_turns))
        at = (bbox.left * width_pt, bbox.top * height_pt)
        cell = (math.floor(at[0] / _SAME_PLACE_PT), math.floor(at[1] / _SAME_PLACE_PT))
        cells = places.setdefault(text, {})
        if not cells or not _stands_near(at, cell, cells):
            cells.setdefault(cell, []).append(at)
            found.append((Word(text=text, bbox=bbox), word.size_pt))
    return found


def _stands_near(
    at: tuple[float, float],
    cell: tuple[int, int],
    cells: Mapping[tuple[int, int], Sequence[tuple[float, float]]],
) -> bool:
    """Return whether a point of `cells` is less than a cell away; it may lie across the cell's edge."""
    return any(
        max(abs(at[0] - x), abs(at[1] - y)) < _SAME_PLACE_PT
        for column in (cell[0] - 1, cell[0], cell[0] + 1)
        for row in (cell[1] - 1, cell[1], cell[1] + 1)
        for x, y in cells.get((column, row), ())
    )


def _turned_size(size_pt: tuple[float, float], n_turns: int) -> tuple[float, float]:
    width_pt, height_pt = size_pt
    return (height_pt, width_pt) if n_turns % 2 else (width_pt, height_pt)


def _level(bbox: BBox, *, size_pt: tuple[float, float], lean_deg: int, height: float) -> Box:
    """Return the box, in points, that a leaning word has when the page is turned so that it is level.

    Its box on the page is the hull of a rectangle as high as the font, which gives the rectangle's length.
    """
    cos, sin = math.cos(math.radians(lean_deg)), math.sin(math.radians(lean_deg))
    x, y = bbox.center[0] * size_pt[0], bbox.center[1] * size_pt[1]
    along, down = x * cos + y * sin, y * cos - x * sin
    hull = (bbox.width * size_pt[0], bbox.height * size_pt[1])
    across_hull = hull if abs(cos) >= abs(sin) else hull[::-1]
    larger, smaller = sorted((abs(cos), abs(sin)), reverse=True)
    length = max((across_hull[0] - smaller * height) / larger, 0.0)
    return (along - length / 2, down - height / 2, along + length / 2, down + height / 2)


def _within_unit(boxes: Sequence[Box]) -> list[BBox]:
    """Return the boxes moved and scaled, the same on both axes, so that they fit into [0, 1]."""
    left, top = min(b[0] for b in boxes), min(b[1] for b in boxes)
    extent = max(max(b[2] for b in boxes) - left, max(b[3] for b in boxes) - top) or 1.0
    return [
        clip((b[0] - left) / extent, (b[1] - top) / extent, (b[2] - left) / extent, (b[3] - top) / extent)
        for b in boxes
    ]
