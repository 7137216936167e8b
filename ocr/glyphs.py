"""The glyphs of a PDF page in the file's order: what each is read as, where it stands and how it is drawn."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from struct import Struct
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ocr.bidi import runs_leftwards
from ocr.by_address import FLOAT, INT, POINTER, UINT, address_of, by_address

# The generated bindings are only partly typed.
_RAW: Any = pdfium_c

Box = tuple[float, float, float, float]

# No ink and no width: zero-width spaces and joiners, direction marks, the byte order mark.
_NO_WIDTH = frozenset("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")
# What is read of a glyph that is drawn and whose character has no ink.
_UNKNOWN = "\ufffd"
_INKED_PT = 0.1
# Shares of the font size: some fonts of hidden transcripts have a space as wide as a line.
_MAX_SPACE_INK = 1.5
# What a font has no glyph for is drawn as a box half as wide as high; a minus and a comma are smaller.
_SIGN_INK = 0.3
# A font's declared ascent and descent can be nonsense; beyond this ratio the glyph's own box counts.
_MAX_LOOSE_RATIO = 4.0
_FOUR_DOUBLES, _FOUR_FLOATS = Struct("4d").unpack, Struct("4f").unpack
_unicode_of = by_address(_RAW.FPDFText_GetUnicode, UINT, POINTER, INT)
_object_of = by_address(_RAW.FPDFText_GetTextObject, POINTER, POINTER, INT)
_has_map_error = by_address(_RAW.FPDFText_HasUnicodeMapError, INT, POINTER, INT)
_is_generated = by_address(_RAW.FPDFText_IsGenerated, INT, POINTER, INT)
_box_of = by_address(_RAW.FPDFText_GetCharBox, INT, POINTER, INT, *[POINTER] * 4)
_loose_box_of = by_address(_RAW.FPDFText_GetLooseCharBox, INT, POINTER, INT, POINTER)
_matrix_of = by_address(_RAW.FPDFText_GetMatrix, INT, POINTER, INT, POINTER)
_size_of = by_address(_RAW.FPDFText_GetFontSize, ctypes.c_double, POINTER, INT)
_angle_of = by_address(_RAW.FPDFText_GetCharAngle, FLOAT, POINTER, INT)
_font_of = by_address(_RAW.FPDFTextObj_GetFont, POINTER, POINTER)
_mode_of = by_address(_RAW.FPDFTextObj_GetTextRenderMode, INT, POINTER)
_colour_of = by_address(_RAW.FPDFPageObj_GetFillColor, INT, POINTER, *[POINTER] * 4)
_FILL = _RAW.FPDF_TEXTRENDERMODE_FILL
_NO_INK = (_RAW.FPDF_TEXTRENDERMODE_INVISIBLE, _RAW.FPDF_TEXTRENDERMODE_CLIP)
# Text within so many degrees of a quarter turn runs along the page's sides; a scan may lie a little askew.
_STRAIGHT_DEG = 10.0


class Space(IntEnum):
    """What stands before a glyph: nothing, a space or line end made up by the library, or one of the file."""

    NONE = 0
    GUESSED = 1
    GUESSED_LINE_END = 2
    WRITTEN = 3


@dataclass(slots=True, kw_only=True)
class Run:
    """One drawing operation.

    Attributes
    ----------
    object_id
        Tells the glyphs of one operation, which share colour, clip and font, from those of others; None if
        the library does not know.
    is_invisible
        Whether the file itself asks for no ink (render mode 3 or 7, or full transparency).
    size_pt
        Font size as drawn, in points.
    angle_deg
        Direction in which the text runs, clockwise from the page's x axis before the page's own rotation,
        in [0, 360).
    font_id
        Address of the font, valid as long as the page is open; None if the library does not know.
    stretch
        How much wider than high the text is drawn, 1 as the font has it.
    slant
        The cosine of the angle between a line and its letters' uprights, 0 as the font has it.
    quarter_turns
        The clockwise quarter turns of the text; None for a slope.
    """

    object_id: int | None
    is_invisible: bool
    size_pt: float
    angle_deg: float
    font_id: int | None
    stretch: float = 1.0
    slant: float = 0.0
    quarter_turns: int | None = field(init=False)

    def __post_init__(self) -> None:
        turns = round(self.angle_deg / 90)
        self.quarter_turns = turns % 4 if abs(self.angle_deg - 90 * turns) <= _STRAIGHT_DEG else None

    @property
    def em_pt(self) -> float:
        """Return the font size along the line, in points: what gaps between letters are measured by."""
        return self.size_pt * max(self.stretch, 1.0)


@dataclass(slots=True)
class Glyph:
    """A character of the page; boxes are (left, bottom, right, top) in points.

    Attributes
    ----------
    box
        Where it is seen: the font's box, or the glyph's own where the font's is far too high for it.
    cell
        The font's box whatever its height: it begins at the glyph's origin and is as wide as its advance.
    ink
        Around what is drawn of the glyph itself; without an area where the file has no outlines for it.
    is_alone
        Whether no other glyph is drawn by the same operation.
    """

    text: str
    box: Box
    cell: Box
    ink: Box
    run: Run
    is_unmapped: bool
    space: Space
    is_alone: bool = False

    def along(self) -> tuple[float, float]:
        """Return where the glyph begins and ends in the direction of its text, in points."""
        return _along(self.cell, self.run.quarter_turns or 0)

    def across(self) -> tuple[float, float]:
        """Return the lower and upper edge of the glyph as it is read, in points."""
        return _across(self.cell, self.run.quarter_turns or 0)

    def has_ink(self) -> bool:
        """Return whether anything is drawn of it, as far as the library knows."""
        return _has_ink(self.ink)

    def ink_along(self) -> tuple[float, float]:
        """Return where its ink begins and ends in the direction of its text, in points."""
        return _along(self.ink, self.run.quarter_turns or 0)

    def ink_across(self) -> tuple[float, float]:
        """Return the lower and upper edge of its ink as it is read, in points."""
        return _across(self.ink, self.run.quarter_turns or 0)


def _along(box: Box, quarter_turns: int) -> tuple[float, float]:
    left, bottom, right, top = box
    return ((left, right), (-top, -bottom), (-right, -left), (bottom, top))[quarter_turns]


def _across(box: Box, quarter_turns: int) -> tuple[float, float]:
    left, bottom, right, top = box
    return ((bottom, top), (left, right), (-top, -bottom), (-right, -left))[quarter_turns]


def n_chars(textpage: pdfium.PdfTextPage) -> int:
    """Return how many characters the library sees, made-up spaces included."""
    return int(_RAW.FPDFText_CountChars(textpage))


def glyphs(textpage: pdfium.PdfTextPage) -> Iterator[Glyph]:
    """Yield the glyphs that are no white space, in the file's order.

    Characters without width (joiners, direction marks) are dropped, unless they are drawn: then the file maps
    another character to them, which is unknown. Text that is written from right to left
    comes in reading order where the library can tell.
    """
    before: Glyph | None = None
    held: Glyph | None = None
    for glyph in _glyphs(textpage):
        if held is not None:
            held.is_alone = held.run is not glyph.run and (before is None or before.run is not held.run)
            yield held
        before, held = held, glyph
    if held is not None:
        held.is_alone = before is None or before.run is not held.run
        yield held


def in_reading_order(word: Sequence[Glyph]) -> Sequence[Glyph]:
    """Return the glyphs of a word in the order they are read.

    The library turns words of Hebrew and Arabic round where the file draws them from left to right, and also
    some that the file draws in reading order: then the first letter stands left of the last.
    """
    letters = [glyph for glyph in word if runs_leftwards(glyph.text)]
    # The points of an abbreviation go with its letters; a digit or a Latin letter has an order of its own.
    has_others = len(letters) < len(word) and any(
        glyph.text.isalnum() and not runs_leftwards(glyph.text) for glyph in word
    )
    if len(letters) < 2 or has_others or letters[0].along()[0] >= letters[-1].along()[0]:
        return word
    return sorted(word, key=lambda glyph: -glyph.along()[0])


def _glyphs(textpage: pdfium.PdfTextPage) -> Iterator[Glyph]:
    # This loop is most of what reading a text layer costs: names are bound once, and pointers are numbers.
    untyped: Any = textpage
    page = address_of(untyped.raw) or 0
    unicode_of, object_of, has_map_error = _unicode_of, _object_of, _has_map_error
    box_of, run_of, no_space = _Boxes(page).of, _Runs(page).of, Space.NONE
    run: Run | None = None
    space = no_space
    for i in range(n_chars(textpage)):
        text = chr(unicode_of(page, i))
        is_space = text == "\0" or text.isspace()
        if is_space and (how := _space(page, i, text)) is not Space.WRITTEN:
            space = max(space, how)
            continue
        is_false = is_space or text in _NO_WIDTH
        if is_false and not _has_ink(box_of(i)[2]):
            space = Space.WRITTEN if is_space else space
            continue
        key = object_of(page, i)
        if run is None or key != run.object_id:
            run = run_of(i, key)
        if is_space and not _is_drawn(box_of(i)[2], run, most=_SIGN_INK if text == "\0" else _MAX_SPACE_INK):
            space = Space.WRITTEN
            continue
        yield Glyph(
            _UNKNOWN if is_false else text, *box_of(i), run, is_false or has_map_error(page, i) == 1, space
        )
        space = no_space


def _has_ink(box: Box) -> bool:
    """Return whether a glyph's own box has an area: those of spaces and joiners are lines."""
    left, bottom, right, top = box
    return right - left > _INKED_PT and top - bottom > _INKED_PT


def _is_drawn(ink: Box, run: Run, *, most: float) -> bool:
    """Return whether what the file calls a space is drawn: then it is a sign of no known kind.

    Its smaller side is at most `most` font sizes.
    """
    left, bottom, right, top = ink
    if min(right - left, top - bottom) > most * run.em_pt:
        return False
    # Of a slope the box of a line has an area.
    lean = math.radians(abs(run.angle_deg - 90 * round(run.angle_deg / 90)))
    is_line = min(right - left, top - bottom) <= _INKED_PT + math.tan(lean) * max(right - left, top - bottom)
    is_seen = not run.is_invisible and run.quarter_turns is not None and not is_line
    return is_seen and max(right - left, top - bottom) <= _MAX_SPACE_INK * run.em_pt


def _space(page: int, i: int, text: str) -> Space:
    if text == "\0" or _is_generated(page, i) != 1:
        return Space.WRITTEN
    return Space.GUESSED_LINE_END if text in "\r\n" else Space.GUESSED


class _Runs:
    """The drawing operations of a page; some files have one a letter, so that nothing is made twice."""

    def __init__(self, page: int) -> None:
        self._page = page
        self._matrix = _RAW.FS_MATRIX()
        self._colours = tuple(ctypes.c_uint() for _ in range(4))
        self._at_matrix = ctypes.addressof(self._matrix)
        self._at_colours = tuple(map(ctypes.addressof, self._colours))

    def of(self, i: int, key: int | None) -> Run:
        """Return how the operation at the address `key` draws, which draws the character `i`."""
        page, matrix = self._page, self._matrix
        scale, stretch, slant = 1.0, 1.0, 0.0
        if _matrix_of(page, i, self._at_matrix):
            scale, width = math.hypot(matrix.c, matrix.d), math.hypot(matrix.a, matrix.b)
            stretch = _finite(width / scale) if scale else 1.0
            dot = matrix.a * matrix.c + matrix.b * matrix.d
            slant = _finite(dot / (scale * width)) if scale and width else 0.0
        size_pt = _finite(_size_of(page, i) * scale)
        # A negative size turns the letters round, of which the library's angle knows nothing.
        turn_deg = 180 if size_pt < 0 else 0
        return Run(
            object_id=key,
            is_invisible=self._asks_for_no_ink(key),
            size_pt=abs(size_pt),
            # Radians, clockwise; -1 for a character that the library made up.
            angle_deg=(math.degrees(max(_finite(_angle_of(page, i)), 0.0)) + turn_deg) % 360,
            font_id=_font_of(key) if key else None,
            stretch=stretch,
            slant=slant,
        )

    def _asks_for_no_ink(self, key: int | None) -> bool:
        if not key:
            return False
        mode = _mode_of(key)
        if mode != _FILL:
            return mode in _NO_INK
        return bool(_colour_of(key, *self._at_colours)) and self._colours[3].value == 0


def _finite(number: float) -> float:
    """Return `number`, or 0.0 where a matrix of the file makes it none."""
    return number if math.isfinite(number) else 0.0


class _Boxes:
    """The boxes of a page's characters; what the library writes into is made once, and read as a whole."""

    def __init__(self, page: int) -> None:
        self._page = page
        self._tight, self._loose = bytearray(4 * 8), bytearray(4 * 4)
        # Left, right, bottom and top, as the library wants them, where they stand as a `Box`.
        edges = [ctypes.c_double.from_buffer(self._tight, 8 * place) for place in (0, 2, 1, 3)]
        self._edges = tuple(map(ctypes.addressof, edges))
        self._rectangle = ctypes.addressof(ctypes.c_float.from_buffer(self._loose))

    def of(self, i: int) -> tuple[Box, Box, Box]:
        """Return the box, the cell and the ink of the character `i`."""
        _box_of(self._page, i, *self._edges)
        tight: Box = _FOUR_DOUBLES(self._tight)
        if not _loose_box_of(self._page, i, self._rectangle):
            return tight, tight, tight
        left, top, right, bottom = _FOUR_FLOATS(self._loose)
        if top <= bottom or right <= left:
            return tight, tight, tight
        cell: Box = (left, bottom, right, top)
        # A text that the file gives for what it draws (ActualText) is laid evenly over that, and has no ink.
        if tight == cell:
            return cell, cell, (left, bottom, left, bottom)
        width, height = tight[2] - tight[0], tight[3] - tight[1]
        is_too_high = top - bottom > _MAX_LOOSE_RATIO * (height if height > width else width) > 0
        return (tight if is_too_high else cell), cell, tight
