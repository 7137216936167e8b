"""Numbers of a text layer some glyph of which is drawn as another sign: a 7 that says 1, a minus that says e.

One wrong entry of a font's map makes no word look odd. What a glyph measures tells a minus and a decimal mark
from digits and letters, and two glyphs of one font that say the same digit from each other. That is reason
for a look at the pixels, not yet for disbelief: a font may have two forms of a digit.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from statistics import median
from typing import Any

import pypdfium2.raw as pdfium_c

from ocr.digit_shapes import DrawnDigits, digits_by_font, find_misdrawn, has_outlines, reach_of
from ocr.glyphs import Glyph
from ocr.text_layer import LayerWord

# The generated bindings are only partly typed.
_RAW: Any = pdfium_c

_DASHES = frozenset("-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u00ad\u00af\u02c9~\x02")
_LOW_MARKS = frozenset(".,\u060c\u066b\u201a\u2024\u2026")
_DIGITS = frozenset("0123456789")
# Shares of the height of the digits beside it. A minus is 0.1 high and 0.4 to 0.8 wide and stands at 0.3 to
# 0.6; points and commas reach 0.25, and 0.3 below the line.
_MAX_DASH_HEIGHT, _MIN_DASH_ASPECT = 0.25, 1.8
_DASH_FROM, _DASH_TO = 0.15, 0.8
_MAX_MARK_HEIGHT, _MAX_MARK_WIDTH = 0.5, 0.45
_LOW_TO, _HIGH_FROM = 0.4, 0.45
# Below the line reach the points between digits of 206 real documents (4,023) by 0.02 at most, the commas
# (1,578) by 0.13 at least.
_TAIL = 0.07
# Digits of the old style are 0.7 of their highest.
_MIN_DIGIT_HEIGHT = 0.5
# Shares of the font size: boxes are given in thousandths of it; a 6 and a 9 of one font begin 0.01 apart. Of
# an outline the corners of its curves are known, which may lie outside.
_ONE_PLACE, _ONE_OUTLINE = 0.0015, 0.005
# Cosine: slanted by the page, letters are wider than their outlines.
_UPRIGHT = 0.01


class _Shape(Enum):
    DASH = 0
    LOW = 1
    HIGH = 2
    OTHER = 3


def find_doubtful(words: Iterable[LayerWord], drawn: DrawnDigits) -> tuple[LayerWord, ...]:
    """Return the words with digits of which a glyph may be drawn as another sign than it says.

    That are dashes and marks near the baseline that say something else, a point with a tail, glyphs that say
    a mark or a digit and are none by their size, digits that clearly look like another one, and those of
    which a font has glyphs of several widths. Text that slopes is not looked at.

    Notes
    -----
    The page that the words come from must still be open.
    """
    numbers = [word for word in words if not _DIGITS.isdisjoint(word.text)]
    misdrawn = _misdrawn(numbers, drawn)
    return tuple(word for word in numbers if _has_odd_sign(word) or _has_odd_digit(word, misdrawn))


def _has_odd_sign(word: LayerWord) -> bool:
    digits = [glyph for glyph in word.glyphs if glyph.text in _DIGITS and _has_area(glyph)]
    if not digits or word.glyphs[0].run.quarter_turns is None:
        return False
    height = max(top - bottom for bottom, top in (glyph.ink_across() for glyph in digits))
    base = median(glyph.ink_across()[0] for glyph in digits)
    return any(_is_odd(glyph, base, height) for glyph in _beside_digits(word.glyphs) if _has_area(glyph))


def _beside_digits(glyphs: Sequence[Glyph]) -> Iterator[Glyph]:
    """Yield the digits, and what stands right beside them."""
    for index, glyph in enumerate(glyphs):
        around = glyphs[max(0, index - 1) : index + 2]
        if any(other.text in _DIGITS for other in around):
            yield glyph


def _has_area(glyph: Glyph) -> bool:
    return glyph.has_ink() and not glyph.run.is_invisible


def _is_odd(glyph: Glyph, base: float, height: float) -> bool:
    shape = _shape(glyph, base, height)
    if glyph.text in _DIGITS:
        bottom, top = glyph.ink_across()
        return shape is not _Shape.OTHER or top - bottom < _MIN_DIGIT_HEIGHT * height
    if shape is _Shape.DASH:
        return glyph.text not in _DASHES
    if shape is _Shape.LOW:
        tail = (base - glyph.ink_across()[0]) / height
        is_other = (glyph.text == "." and tail > _TAIL) or (glyph.text == "," and tail < _TAIL)
        return glyph.text not in _LOW_MARKS or is_other
    return glyph.text in ".,-\u2212"


def _shape(glyph: Glyph, base: float, height: float) -> _Shape:
    """Return what a glyph is by its measures, beside digits of `height` points that stand on `base`."""
    (start, end), (bottom, top) = glyph.ink_along(), glyph.ink_across()
    width, tall = (end - start) / height, (top - bottom) / height
    middle = ((bottom + top) / 2 - base) / height
    if tall <= _MAX_DASH_HEIGHT and width >= _MIN_DASH_ASPECT * tall:
        return _Shape.DASH if _DASH_FROM <= middle <= _DASH_TO else _Shape.OTHER
    if tall > _MAX_MARK_HEIGHT or width > _MAX_MARK_WIDTH:
        return _Shape.OTHER
    if (top - base) / height <= _LOW_TO:
        return _Shape.LOW
    return _Shape.HIGH if (bottom - base) / height >= _HIGH_FROM else _Shape.OTHER


def _misdrawn(numbers: Sequence[LayerWord], drawn: DrawnDigits) -> frozenset[tuple[int, str]]:
    """Return the fonts and digits that are, or may be, drawn as others."""
    found = {
        (font_id, digit)
        for font_id, digits in digits_by_font(numbers).items()
        for digit in find_misdrawn(font_id, digits, drawn, is_clear=False)
    }
    placed: dict[tuple[int, str], tuple[list[float], ...]] = {}
    for glyph in (glyph for word in numbers for glyph in word.glyphs):
        place = _place(glyph)
        if place is not None and glyph.run.font_id is not None:
            key = (glyph.run.font_id, glyph.text)
            for values, value in zip(placed.setdefault(key, ([], [], [], [])), place, strict=True):
                values.append(value)
    found.update(key for key, values in placed.items() if _are_several(key, values))
    return frozenset(found)


def _font(font_id: int) -> object:
    return ctypes.cast(font_id, _RAW.FPDF_FONT)


def _place(glyph: Glyph) -> tuple[float, float, float, float] | None:
    """Return where a digit's ink stands from its origin, in font sizes: along from, to, across from, to."""
    run = glyph.run
    if glyph.text not in _DIGITS or run.quarter_turns is None or abs(run.slant) > _UPRIGHT:
        return None
    if not run.size_pt or not run.stretch or not _has_area(glyph):
        return None
    (start, end), (bottom, top) = glyph.ink_along(), glyph.ink_across()
    origin, base, wide = glyph.along()[0], glyph.across()[0], run.size_pt * run.stretch
    return (
        (start - origin) / wide,
        (end - origin) / wide,
        (bottom - base) / run.size_pt,
        (top - base) / run.size_pt,
    )


def _are_several(key: tuple[int, str], places: tuple[list[float], ...]) -> bool:
    """Return whether a font has several glyphs for a digit, or draws another than it gives for it."""
    # Where there are no outlines, boxes are as exact as pixels.
    if not has_outlines(key[0]):
        return False
    if any(max(values) - min(values) > _ONE_PLACE for values in places):
        return True
    font = _font(key[0])
    # In place of a font that is not embedded the library has one of its own, which it makes as wide.
    known = reach_of(font, key[1]) if _RAW.FPDFFont_GetIsEmbedded(font) == 1 else None
    # Where an outline begins before its origin, the box of the glyph does, too.
    return (
        known is not None
        and known[0] >= 0
        and any(abs(values[0] - edge) > _ONE_OUTLINE for values, edge in zip(places, known, strict=False))
    )


def _has_odd_digit(word: LayerWord, misdrawn: frozenset[tuple[int, str]]) -> bool:
    return any((glyph.run.font_id, glyph.text) in misdrawn for glyph in word.glyphs)
