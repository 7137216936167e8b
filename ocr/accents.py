"""Letters whose accent is a glyph of its own, printed over them: one letter each.

TeX's older fonts have no accented letters, and set "ü" as a diaeresis with a "u" below it, in either order.
Read one by one that is "M¨uller", a name that nobody looks for.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import replace

from ocr.glyphs import Glyph

# Accents that stand alone, and the combining characters that stand for the same (Unicode, NFKD).
_COMBINING = {
    "`": "\u0300", "\u00b4": "\u0301", "\u02c6": "\u0302", "^": "\u0302", "\u02dc": "\u0303",
    "~": "\u0303", "\u00af": "\u0304", "\u02d8": "\u0306", "\u02d9": "\u0307", "\u00a8": "\u0308",
    "\u02da": "\u030a", "\u00b0": "\u030a", "\u02dd": "\u030b", "\u02c7": "\u030c", "\u00b8": "\u0327",
    "\u02db": "\u0328",
    **{chr(code): chr(code) for code in range(0x300, 0x370)},
}  # fmt: skip
# Fonts that set accents apart have letters without a dot to put them on.
_DOTLESS = {"\u0131": "i", "\u0237": "j"}
# An accent beside a letter, as a typewriter's, has none of its width over it.
_MIN_COVERED = 0.5


def with_accents(found: Iterable[Glyph]) -> Iterator[Glyph]:
    """Yield the glyphs, an accent and the letter that it is printed over as one; all others as they come."""
    held: Glyph | None = None
    for glyph in found:
        if held is None:
            held = glyph
            continue
        accented = None
        if glyph.text in _COMBINING:
            accented = _accented(held, glyph)
        elif held.text in _COMBINING:
            accented = _accented(glyph, held)
        if accented is None:
            yield held
            held = glyph
        else:
            held = replace(accented, space=held.space)
    if held is not None:
        yield held


def _accented(letter: Glyph, accent: Glyph) -> Glyph | None:
    """Return the letter with the accent; None if it does not stand over it, or there is no such letter."""
    text = unicodedata.normalize("NFC", _DOTLESS.get(letter.text, letter.text) + _COMBINING[accent.text])
    return replace(letter, text=text) if len(text) == 1 and _covers(letter, accent) else None


def _covers(letter: Glyph, accent: Glyph) -> bool:
    start, end = letter.along()
    left, right = accent.along()
    low, high = letter.across()
    bottom, top = accent.across()
    shared = min(end, right) - max(start, left)
    return shared >= _MIN_COVERED * (right - left) > 0 and bottom < high and low < top
