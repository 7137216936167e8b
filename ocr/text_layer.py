"""The words of a PDF page's text layer, in the file's order, hidden ones included."""

from __future__ import annotations

import ctypes
import math
import unicodedata
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ocr.pdf import PageFrame

# The generated bindings are only partly typed.
_RAW: Any = pdfium_c

Box = tuple[float, float, float, float]

_HYPHEN_MARKS = ("\u0002", "\u00ad")
# Ligatures of Latin letters (Unicode block FB00-FB06), spelled out so that words can be searched.
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})
# No ink and no width: zero-width spaces and joiners, direction marks, the byte order mark.
_NO_WIDTH = frozenset("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")
# Characters farther apart than this many of their heights are not of one word, whatever the file says.
_MAX_JUMP = 1.5
# A font's declared ascent and descent can be nonsense; beyond this ratio the glyph's own box counts.
_MAX_LOOSE_RATIO = 4.0
# How many characters are asked for their angle.
_N_ANGLE_SAMPLES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerWord:
    """A word of the text layer: box (left, top, right, bottom) in fractions of the page, not clipped to it.

    `is_invisible` says that the file itself asks for no ink (render mode 3 or 7, or full transparency).
    `n_unmapped` counts characters whose font has no mapping to Unicode. `object_id` tells the words of one
    drawing operation, which share colour and clip, from those of others; None if the library does not know.
    """

    text: str
    box: Box
    is_invisible: bool
    n_unmapped: int
    object_id: int | None


@contextmanager
def open_text(page: pdfium.PdfPage) -> Generator[pdfium.PdfTextPage]:
    """Yield the text of `page`."""
    textpage = page.get_textpage()
    try:
        yield textpage
    finally:
        textpage.close()


def quarter_turns(textpage: pdfium.PdfTextPage, frame: PageFrame) -> int:
    """Return the clockwise quarter turns by which most characters appear turned; 0 without text."""
    n_chars = _n_chars(textpage)
    turns: Counter[int] = Counter()
    for i in range(0, n_chars, max(1, n_chars // _N_ANGLE_SAMPLES)):
        if not _RAW.FPDFText_IsGenerated(textpage, i):
            # Radians, clockwise, in unrotated page space.
            angle = _RAW.FPDFText_GetCharAngle(textpage, i)
            turns[(round(angle / (math.pi / 2)) + frame.quarter_turns) % 4] += 1
    return turns.most_common(1)[0][0] if turns else 0


def _n_chars(textpage: pdfium.PdfTextPage) -> int:
    return int(_RAW.FPDFText_CountChars(textpage))


@dataclass(slots=True)
class _Char:
    text: str
    box: Box  # points, (left, bottom, right, top)
    is_invisible: bool
    is_unmapped: bool
    object_id: int | None


@dataclass(slots=True)
class _Pending:
    """The characters of a word so far."""

    chars: list[_Char] = field(default_factory=list["_Char"])

    def fits(self, char: _Char) -> bool:
        """Return whether `char` is near enough to the last character to be of the same word."""
        if not self.chars:
            return True
        last = self.chars[-1].box
        height = max(last[3] - last[1], char.box[3] - char.box[1], last[2] - last[0], 0.1)
        return all(
            max(low - other_high, other_low - high) <= _MAX_JUMP * height
            for low, high, other_low, other_high in (
                (char.box[0], char.box[2], last[0], last[2]),
                (char.box[1], char.box[3], last[1], last[3]),
            )
        )


def layer_words(textpage: pdfium.PdfTextPage, frame: PageFrame, *, max_words: int) -> tuple[LayerWord, ...]:
    """Return the words of the text layer, at most `max_words`.

    Ligatures are spelled out; a soft hyphen is a hyphen at the end of a word and nothing elsewhere;
    characters without width are dropped, tabs and all other white space end a word.
    """
    words: list[LayerWord] = []
    pending = _Pending()
    for char in _chars(textpage):
        if char is not None and pending.fits(char):
            pending.chars.append(char)
            continue
        _finish(pending, frame, words)
        pending = _Pending([char] if char is not None else [])
        if len(words) >= max_words:
            return tuple(words[:max_words])
    _finish(pending, frame, words)
    return tuple(words)


def _finish(pending: _Pending, frame: PageFrame, words: list[LayerWord]) -> None:
    text = "".join(c.text for c in pending.chars)
    ends_with_hyphen = text.endswith(_HYPHEN_MARKS)
    for mark in _HYPHEN_MARKS:
        text = text.replace(mark, "")
    text = (text + "-" if ends_with_hyphen else text).translate(_LIGATURES)
    # Surrogate halves come as two characters; a lone half is no text.
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    # Some producers write a letter and its accent apart; whoever compares texts has them as one.
    text = unicodedata.normalize("NFC", text)
    if not text:
        return
    boxes = [c.box for c in pending.chars]
    box = frame.to_page(
        min(b[0] for b in boxes),
        min(b[1] for b in boxes),
        max(b[2] for b in boxes),
        max(b[3] for b in boxes),
    )
    words.append(
        LayerWord(
            text=text,
            box=box,
            is_invisible=all(c.is_invisible for c in pending.chars),
            n_unmapped=sum(c.is_unmapped for c in pending.chars),
            object_id=pending.chars[0].object_id,
        )
    )


def _chars(textpage: pdfium.PdfTextPage) -> Iterator[_Char | None]:
    """Yield the characters in the file's order, None for white space."""
    loose = _RAW.FS_RECTF()
    edges = tuple(ctypes.c_double() for _ in range(4))
    object_key, is_invisible = None, False
    for i in range(_n_chars(textpage)):
        code = _RAW.FPDFText_GetUnicode(textpage, i)
        text = chr(code)
        if code == 0 or text.isspace():
            yield None
            continue
        if text in _NO_WIDTH:
            continue
        text_object = _RAW.FPDFText_GetTextObject(textpage, i)
        key = ctypes.cast(text_object, ctypes.c_void_p).value
        if key != object_key:
            object_key, is_invisible = key, _asks_for_no_ink(text_object)
        is_unmapped = _RAW.FPDFText_HasUnicodeMapError(textpage, i) == 1
        yield _Char(text, _char_box(textpage, i, loose, edges), is_invisible, is_unmapped, key)


def _char_box(
    textpage: pdfium.PdfTextPage, i: int, loose: ctypes.Structure, edges: tuple[ctypes.c_double, ...]
) -> Box:
    """Return the font's box of a character, which is as high as the line, or the glyph's own box."""
    left, right, bottom, top = edges
    _RAW.FPDFText_GetCharBox(textpage, i, left, right, bottom, top)
    tight = (left.value, bottom.value, right.value, top.value)
    if not _RAW.FPDFText_GetLooseCharBox(textpage, i, loose):
        return tight
    box: Box = (loose.left, loose.bottom, loose.right, loose.top)
    width, height = tight[2] - tight[0], tight[3] - tight[1]
    too_high = box[3] - box[1] > _MAX_LOOSE_RATIO * max(height, width) > 0
    is_flat = box[3] <= box[1] or box[2] <= box[0]
    return tight if too_high or is_flat else box


def _asks_for_no_ink(text_object: object) -> bool:
    if not text_object:
        return False
    mode = _RAW.FPDFTextObj_GetTextRenderMode(text_object)
    if mode in (_RAW.FPDF_TEXTRENDERMODE_INVISIBLE, _RAW.FPDF_TEXTRENDERMODE_CLIP):
        return True
    if mode != _RAW.FPDF_TEXTRENDERMODE_FILL:
        return False
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    known = _RAW.FPDFPageObj_GetFillColor(text_object, red, green, blue, alpha)
    return bool(known) and alpha.value == 0
