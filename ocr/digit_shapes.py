"""Whether the digits of a text layer look like the digits they are read as.

A font's map to Unicode may be wrong for its digits alone: the page shows 1085.88 and the text says 4318.11.
No word looks odd, so only the outlines of the glyphs tell. They are compared with those of common fonts,
which costs a fraction of a millisecond a digit and no OCR.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ocr.glyphs import Glyph
from ocr.text_layer import LayerWord

# The generated bindings are only partly typed.
_RAW: Any = pdfium_c

Point = tuple[float, float]
Segment = tuple[int, float, float]
"""What it does (move, line, or one of three points of a curve), and the point."""
Outline = list[list[Point]]
"""Closed curves as corners, in any unit, y upwards."""
Raster = NDArray[np.float32]
"""(_HEIGHT, _WIDTH) shares of ink, the digit as high as the picture."""
DrawnDigits = Mapping[tuple[int, str], Sequence[Raster]]
"""How the page shows what a font without outlines says is a digit, by the font's address and the digit."""

_DIGITS = "0123456789"
_HYPHEN = "\x02"  # what the library makes of one at the end of a line
_REFERENCE_FONTS = (
    *(b"Helvetica", b"Helvetica-Bold", b"Times-Roman", b"Times-Bold", b"Courier"),
    *(b"Helvetica-Oblique", b"Helvetica-BoldOblique", b"Times-Italic", b"Courier-Bold"),
)
_WIDTH, _HEIGHT = 12, 16
_ENLARGED = 4
# A digit narrower than this share of its height is not widened to the picture: a 1 stays a stroke.
_MIN_ASPECT = 0.35
# Mean differences of ink. Against the digits of 522 fonts on 206 documents, the digit that a glyph is read as
# differs by less than 0.2 in upright fonts; ornate ones are like no other digit, or like one of another name,
# the 1 like a 7, in one digit at most. Wrong maps: 0.23 to 0.57 for the digit said, 0.13 for the one drawn.
_MAX_LIKE = 0.2
_CLEARLY_NEARER = 0.7
_MIN_WRONG_DIGITS = 2
# Where a doubt is looked into: of 2,340 digits of 26 fonts that say another all but 5 are nearer by this
# much, and of those 206 documents 3 have a digit that is.
_MAX_LIKE_IN_DOUBT, _NEARER = 0.22, 0.95
# Fonts and curves of a page are the file's choice; a digit of a text font has fewer than 150 points.
_MAX_FONTS = 24
_MAX_SEGMENTS = 600
_CURVE_STEPS = (0.25, 0.5, 0.75, 1.0)


def misread_reason(words: Iterable[LayerWord], drawn: DrawnDigits) -> str | None:
    """Return why the digits of `words` cannot be believed; None if they look right, or cannot be looked at.

    At least two digits of one font must clearly look like other digits. Of a font that the file does not
    bring along, the library's own is looked at.

    Notes
    -----
    The page that the words come from must still be open.
    """
    for font_id, digits in digits_by_font(words).items():
        if len(digits) < _MIN_WRONG_DIGITS:
            continue
        n_wrong = len(find_misdrawn(font_id, digits, drawn))
        if n_wrong >= _MIN_WRONG_DIGITS:
            return f"{n_wrong} of {len(digits)} digits of a font are drawn as other digits"
    return None


def unmapped_reason(words: Iterable[LayerWord]) -> str | None:
    """Return why the numbers of `words` cannot be believed: a glyph beside a digit is of no known character.

    It may be the decimal mark, without which 77,77 is read as 7777, or a minus.
    """
    doubtful = (word for word in words if word.n_unmapped or not word.text.isprintable())
    n_numbers = sum(any(map(_lacks_mark, pairwise(word.glyphs))) for word in doubtful)
    return f"{n_numbers} numbers have glyphs of no known character" if n_numbers else None


def _lacks_mark(pair: tuple[Glyph, Glyph]) -> bool:
    return any(_says_nothing(a) and b.text.isdecimal() for a, b in (pair, pair[::-1]))


def _says_nothing(glyph: Glyph) -> bool:
    is_control = glyph.text < " " and glyph.text != _HYPHEN
    return glyph.is_unmapped or is_control


def find_misdrawn(
    font_id: int, digits: Iterable[str], drawn: DrawnDigits, *, is_clear: bool = True
) -> tuple[str, ...]:
    """Return those of `digits` whose glyph in the font at this address clearly looks like another digit.

    If it need not be clear, also those that look more like another than like themselves.
    """
    likes, nearer = (_MAX_LIKE, _CLEARLY_NEARER) if is_clear else (_MAX_LIKE_IN_DOUBT, _NEARER)
    found = ((digit, _look(font_id, digit, drawn)) for digit in sorted(digits))
    return tuple(digit for digit, (said, other) in found if other <= likes and other < nearer * said)


def has_outlines(font_id: int) -> bool:
    """Return whether the font at this address has outlines, which a Type 3 font has not.

    It is in the file without a font program; for its characters the library gives outlines of its own font.
    """
    font, n_bytes = _font(font_id), ctypes.c_size_t()
    _RAW.FPDFFont_GetFontData(font, None, 0, n_bytes)
    return n_bytes.value > 0 or _RAW.FPDFFont_GetIsEmbedded(font) != 1


def _font(font_id: int) -> object:
    return ctypes.cast(font_id, _RAW.FPDF_FONT)


def _look(font_id: int, digit: str, drawn: DrawnDigits) -> tuple[float, float]:
    """Return how far a digit's glyph is from the digit that it says and from the nearest other one."""
    if has_outlines(font_id):
        return _differences(_segments(_font(font_id), digit), digit)
    looks = [_compare(raster, digit) for raster in drawn.get((font_id, digit), ())]
    # Of several glyphs that say the digit, the one that is most another.
    return max(looks, key=lambda look: look[0] - look[1], default=(1.0, 1.0))


def reach_of(font: object, digit: str) -> tuple[float, float] | None:
    """Return where a digit's outline begins and ends, in font sizes from its origin; None without any."""
    xs = [x for curve in _outline(_segments(font, digit)) for x, _ in curve]
    return (min(xs), max(xs)) if xs and np.isfinite(xs).all() else None


def digits_by_font(words: Iterable[LayerWord]) -> Mapping[int, set[str]]:
    """Return the digits of words by the address of the font of each word's first glyph."""
    found: dict[int, set[str]] = {}
    for word in words:
        if word.font_id is not None and (word.font_id in found or len(found) < _MAX_FONTS):
            found.setdefault(word.font_id, set()).update(ch for ch in word.text if ch in _DIGITS)
    return found


@lru_cache(maxsize=1024)
def _differences(segments: tuple[Segment, ...], digit: str) -> tuple[float, float]:
    """Return how far these curves are from the digit said and from the nearest other; 1 both without an area.

    Most fonts of a page are on the next one, too.
    """
    raster = _raster(_outline(segments))
    return (1.0, 1.0) if raster is None else _compare(raster, digit)


def _compare(raster: Raster, digit: str) -> tuple[float, float]:
    names, references = load_references()
    differences = np.abs(references - raster).mean(axis=(1, 2))
    is_said = names == digit
    return float(differences[is_said].min()), float(differences[~is_said].min())


@lru_cache(maxsize=1)
def load_references() -> tuple[NDArray[np.str_], NDArray[np.float32]]:
    """Return names and pictures, (n, height, width), of digits in common fonts, which the library has.

    They are made once in a process, and take as long as a page does.
    """
    document = pdfium.PdfDocument.new()
    names: list[str] = []
    rasters: list[Raster] = []
    try:
        for name in _REFERENCE_FONTS:
            font = _RAW.FPDFText_LoadStandardFont(document, name)
            for digit in _DIGITS:
                raster = _raster(_outline(_segments(font, digit)))
                if raster is not None:
                    names.append(digit)
                    rasters.append(raster)
            _RAW.FPDFFont_Close(font)
    finally:
        document.close()
    return np.array(names), np.stack(rasters)


def _segments(font: object, digit: str) -> tuple[Segment, ...]:
    """Return the path of the glyph that `font` says is `digit`; nothing if it has no outlines."""
    path = _RAW.FPDFFont_GetGlyphPath(font, ord(digit), 1.0)
    if not path:
        return ()
    x, y = ctypes.c_float(), ctypes.c_float()
    found: list[Segment] = []
    for i in range(min(_RAW.FPDFGlyphPath_CountGlyphSegments(path), _MAX_SEGMENTS)):
        segment = _RAW.FPDFGlyphPath_GetGlyphPathSegment(path, i)
        _RAW.FPDFPathSegment_GetPoint(segment, x, y)
        found.append((_RAW.FPDFPathSegment_GetType(segment), x.value, y.value))
    return tuple(found)


def _outline(segments: Iterable[Segment]) -> Outline:
    """Return the curves of a path."""
    curves: Outline = []
    handles: list[Point] = []
    for kind, x, y in segments:
        if kind == _RAW.FPDF_SEGMENT_MOVETO:
            curves.append([(x, y)])
        elif kind == _RAW.FPDF_SEGMENT_LINETO and curves:
            curves[-1].append((x, y))
        elif kind == _RAW.FPDF_SEGMENT_BEZIERTO and curves:
            # Three points a curve: two handles and its end.
            handles.append((x, y))
            if len(handles) == 3:
                curves[-1] += _bend(curves[-1][-1], *handles)
                handles = []
    return curves


def _bend(start: Point, first: Point, second: Point, end: Point) -> list[Point]:
    """Return points along a cubic Bezier curve, without its start."""
    points: list[Point] = []
    for t in _CURVE_STEPS:
        a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
        points.append(
            (
                a * start[0] + b * first[0] + c * second[0] + d * end[0],
                a * start[1] + b * first[1] + c * second[1] + d * end[1],
            )
        )
    return points


def _raster(outline: Outline) -> Raster | None:
    """Return the digit as a small picture of fixed size; None without an area."""
    xs = [x for curve in outline for x, _ in curve]
    ys = [y for curve in outline for _, y in curve]
    if not xs or not (np.isfinite(xs).all() and np.isfinite(ys).all()) or max(ys) <= min(ys):
        return None
    left, right, bottom, top = min(xs), max(xs), min(ys), max(ys)
    width = max(right - left, _MIN_ASPECT * (top - bottom))
    margin = (width - (right - left)) / 2
    across, down = _WIDTH * _ENLARGED / width, _HEIGHT * _ENLARGED / (top - bottom)
    image = Image.new("L", (_WIDTH * _ENLARGED, _HEIGHT * _ENLARGED))
    draw = ImageDraw.Draw(image)
    placed = [[((x - left + margin) * across, (top - y) * down) for x, y in curve] for curve in outline]
    areas = [_area(curve) for curve in placed]
    outside = max(areas, key=abs, default=0.0)
    # Larger curves first; those that run the other way round than the outermost are holes.
    for area, curve in sorted(zip(areas, placed, strict=True), key=lambda pair: -abs(pair[0])):
        if len(curve) >= 3:
            draw.polygon(curve, fill=255 if area * outside > 0 else 0)
    small = image.resize((_WIDTH, _HEIGHT), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float32) / np.float32(255)


def raster_of(ink: NDArray[np.bool_]) -> Raster | None:
    """Return the same small picture of a digit that is drawn in pixels and fills them; None without any."""
    height, width = ink.shape
    if not height or not width:
        return None
    aside = max(round((_MIN_ASPECT * height - width) / 2), 0)
    padded = np.pad(ink, ((0, 0), (aside, aside)))
    image = Image.fromarray(padded.astype(np.uint8) * np.uint8(255))
    small = image.resize((_WIDTH, _HEIGHT), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float32) / np.float32(255)


def _area(curve: Sequence[Point]) -> float:
    """Return twice the signed area inside a closed curve."""
    before = (curve[-1], *curve[:-1])
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(before, curve, strict=True))
