"""Smaller digits right behind a number: cents without a decimal mark, or the mark of a footnote.

Retail bills print 97.44 as 97 and a small, raised 44. Read as one word that is 9744, and 20,00 with a raised
1 is 20,001: a value off by a power of ten that looks as good as any.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ocr.word_breaks import Joint

if TYPE_CHECKING:
    from ocr.text_layer import LayerWord

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
# A whole number, grouped or not, with nothing before it but a sign and a currency.
_WHOLE = re.compile(r"[-\u2212+(]?(?:[^\W\d_]{1,4}\.?|[^\w.,]{0,2})(?:\d{1,3}(?:[.,'’]\d{3})+|\d+)")
_CENTS = re.compile(r"\d\d(?!\d)")
# A year has footnotes and no cents.
_YEAR = re.compile(r"(?:19|20)\d\d")
_WITH_CENTS = re.compile(r"\d([.,])\d\d(?!\d)$")
_USUAL_MARK = "."


def join_raised(pieces: Sequence[tuple[Joint, LayerWord]]) -> tuple[LayerWord, ...]:
    """Return the words, raised cents joined to the number before them.

    Two digits behind a whole number that is no year are its cents; they are joined by the decimal mark that
    most amounts of the page have, a point if none has. All other raised digits are words of their own.
    """
    if all(how is not Joint.RAISED for how, _ in pieces):
        return tuple(word for _, word in pieces)
    mark = _decimal_mark([word.text for _, word in pieces])
    words: list[LayerWord] = []
    for how, word in pieces:
        if how is Joint.RAISED and words and _are_cents(words[-1].text, word.text):
            words[-1] = _joined(words[-1], mark, word)
        else:
            words.append(word)
    return tuple(words)


def _are_cents(number: str, raised: str) -> bool:
    is_whole = _WHOLE.fullmatch(number) is not None and _YEAR.fullmatch(number) is None
    return is_whole and _CENTS.match(raised.translate(_SUPERSCRIPTS)) is not None


def _decimal_mark(texts: Sequence[str]) -> str:
    marks = Counter(found.group(1) for text in texts if (found := _WITH_CENTS.search(text)))
    return "," if marks[","] > marks[_USUAL_MARK] else _USUAL_MARK


def _joined(number: LayerWord, mark: str, cents: LayerWord) -> LayerWord:
    (left, top, right, bottom), box = number.box, cents.box
    return replace(
        number,
        text=number.text + mark + cents.text.translate(_SUPERSCRIPTS),
        box=(min(left, box[0]), min(top, box[1]), max(right, box[2]), max(bottom, box[3])),
        is_invisible=number.is_invisible and cents.is_invisible,
        n_unmapped=number.n_unmapped + cents.n_unmapped,
        glyphs=number.glyphs + cents.glyphs,
    )
