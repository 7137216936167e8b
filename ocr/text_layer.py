"""The words of a PDF page's text layer, in the file's order, hidden ones included."""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ocr.accents import with_accents
from ocr.bidi import plain_letters
from ocr.glyphs import Box, Glyph, glyphs, in_reading_order, n_chars
from ocr.letter_spacing import Group, rejoin_spaced
from ocr.pdf import PageFrame
from ocr.raised import join_raised
from ocr.shadows import without_shadows
from ocr.stacked_letters import is_stacked, join_stacked
from ocr.touching_cells import join_numbers, part_cells
from ocr.word_breaks import Joint, is_next_number, is_reprinted, joint, precedes

# The generated bindings are only partly typed.
_RAW: Any = pdfium_c

_MIRRORED = {"(": ")", ")": "(", "[": "]", "]": "["}
_HYPHEN_MARKS = ("\u0002", "\u00ad")
# Ligatures of Latin letters (Unicode block FB00-FB06), spelled out so that words can be searched.
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})
# How many characters are asked for their angle.
_N_ANGLE_SAMPLES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerWord:
    """A word of the text layer.

    Attributes
    ----------
    box
        (left, top, right, bottom) in fractions of the page, not clipped to it.
    is_invisible
        Whether the file itself asks for no ink (render mode 3 or 7, or full transparency).
    n_unmapped
        How many characters have a font without a mapping to Unicode for them.
    object_id, font_id
        The drawing operation of the first glyph and its font, as `Run` has them.
    size_pt
        Font size as drawn, in points.
    angle_deg
        Direction in which the text runs on the page as displayed, clockwise, in [0, 360): downwards for
        upright letters that stand one below the other.
    glyphs
        What it is drawn of, in the file's order.
    """

    text: str
    box: Box
    is_invisible: bool
    n_unmapped: int
    object_id: int | None
    font_id: int | None = None
    size_pt: float = 0.0
    angle_deg: float = 0.0
    glyphs: tuple[Glyph, ...] = field(default=(), repr=False, compare=False)


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
    n = n_chars(textpage)
    turns: Counter[int] = Counter()
    for i in range(0, n, max(1, n // _N_ANGLE_SAMPLES)):
        if not _RAW.FPDFText_IsGenerated(textpage, i):
            # Radians, clockwise, in unrotated page space.
            angle = _RAW.FPDFText_GetCharAngle(textpage, i)
            half_turn = 2 if _RAW.FPDFText_GetFontSize(textpage, i) < 0 else 0
            turns[(round(angle / (math.pi / 2)) + half_turn + frame.quarter_turns) % 4] += 1
    return turns.most_common(1)[0][0] if turns else 0


def layer_words(textpage: pdfium.PdfTextPage, frame: PageFrame, *, max_words: int) -> tuple[LayerWord, ...]:
    """Return the words of the text layer, at most `max_words`.

    Ligatures are spelled out, a letter and the accent over it are one; a soft hyphen is a hyphen at the end
    of a word or where it is drawn, and nothing elsewhere; characters without width are dropped, tabs and all
    other white space end a word. Where words end that no white space parts, and where the library's guess at
    a space is none, `joint` says; raised cents are joined to their amount by a decimal mark, and footnote
    marks behind a number are words of their own.
    """
    pieces: list[tuple[Joint, LayerWord]] = []
    found = with_accents(without_shadows(glyphs(textpage)))
    for how, group in join_numbers(rejoin_spaced(join_stacked(_turned_round(_groups(found))))):
        word = word_of(group, frame)
        if word is not None:
            pieces.append((how, word))
        if len(pieces) >= max_words:
            break
    return join_raised(pieces)


def _groups(found: Iterable[Glyph]) -> Iterator[Group]:
    """Yield the glyphs of each word, and how it follows the one before."""
    group: list[Glyph] = []
    began = Joint.NEW_WORD
    for glyph in found:
        how = joint(group[-1], glyph) if group else Joint.NEW_WORD
        if group and how is Joint.SAME_WORD and glyph.run is not group[-1].run:
            if is_reprinted(group[-1], glyph):
                continue
            if is_next_number(group, glyph):
                how = Joint.NEW_WORD
        if group and how is not Joint.SAME_WORD:
            yield from part_cells(began, group)
            group, began = [], how
        group.append(glyph)
    if group:
        yield from part_cells(began, group)


def _turned_round(groups: Iterable[Group]) -> Iterator[Group]:
    """Yield the groups, one that stands right before the last one as the beginning of its word."""
    held: Group | None = None
    for how, group in groups:
        if held is None:
            held = (how, group)
        elif how is Joint.NEW_WORD and precedes(group, held[1]):
            held = (held[0], _as_drawn(group) + _as_drawn(held[1]))
        else:
            yield held
            held = (how, group)
    if held is not None:
        yield held


def _as_drawn(group: list[Glyph]) -> list[Glyph]:
    """Return the glyphs, brackets that stand alone as they are drawn: the library mirrors those of Hebrew."""
    if not all(glyph.text in _MIRRORED for glyph in group):
        return group
    return [replace(glyph, text=_MIRRORED[glyph.text]) for glyph in group]


def word_of(group: list[Glyph], frame: PageFrame) -> LayerWord | None:
    """Return the word that the glyphs make; None if nothing is left of their text."""
    text = _spelled(group)
    if not text:
        return None
    lefts, bottoms, rights, tops = zip(*[glyph.box for glyph in group], strict=True)
    run = group[0].run
    return LayerWord(
        text=text,
        box=frame.to_page(min(lefts), min(bottoms), max(rights), max(tops)),
        is_invisible=all(glyph.run.is_invisible for glyph in group),
        n_unmapped=sum([glyph.is_unmapped for glyph in group]),
        object_id=run.object_id,
        font_id=run.font_id,
        size_pt=run.size_pt,
        angle_deg=(run.angle_deg + 90 * (frame.quarter_turns + is_stacked(group))) % 360,
        glyphs=tuple(group),
    )


def _shown_text(glyph: Glyph, *, is_last: bool) -> str:
    """Return the text of a glyph: of a soft hyphen, where it ends a word or is drawn, a hyphen."""
    if glyph.text not in _HYPHEN_MARKS:
        return glyph.text
    return "-" if is_last or glyph.has_ink() else ""


def _spelled(group: Sequence[Glyph]) -> str:
    """Return the text of a word's glyphs as people write it."""
    text = "".join([glyph.text for glyph in group])
    if text.isascii() and text.isprintable():  # most are: nothing below changes them
        return text
    ordered = in_reading_order(group)
    shown = (_shown_text(glyph, is_last=glyph is ordered[-1]) for glyph in ordered)
    text = "".join(shown).translate(_LIGATURES)
    # Surrogate halves come as two characters; a lone half is no text.
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    # Some producers write a letter and its accent apart; whoever compares texts has them as one.
    return unicodedata.normalize("NFC", plain_letters(text))
