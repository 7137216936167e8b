"""Words that print a whole period ("01/28/20-02/02/20") are parted, so that either day can be an answer.

An answer copies whole words of the page, and a period without spaces is one word to a PDF and to OCR alike.
Only figures whose own marks are not the dash between them are parted: "12-03-2026-14" stays a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from schemas.document import Word
from schemas.geometry import BBox

_YEAR = r"(?:\d{4}|\d{2})"
_DAY = (
    rf"(?:\d{{1,2}}/\d{{1,2}}/{_YEAR}|\d{{1,2}}\.\d{{1,2}}\.{_YEAR}"
    r"|\d{4}-\d{2}-\d{2}|\d{4}/\d{1,2}/\d{1,2})"
)
_RANGE = re.compile(rf"((?:\S{{0,24}}[:=(\[])?{_DAY})([-\u2010-\u2015\u2212~])({_DAY}[)\].,;:]{{0,2}})")


def split_date_ranges(words: Iterable[Word]) -> tuple[Word, ...]:
    """Return the words, each that prints two days and a dash as three; the box is shared out by characters.

    Linear in the characters of the words; other words are returned as they are.

    Examples
    --------
    >>> box = BBox(left=0.0, top=0.1, right=0.17, bottom=0.2)
    >>> [word.text for word in split_date_ranges([Word(text="01/28/20-02/02/20", bbox=box)])]
    ['01/28/20', '-', '02/02/20']
    """
    return tuple(part for word in words for part in _parts(word))


def _parts(word: Word) -> Iterator[Word]:
    found = _RANGE.fullmatch(word.text)
    if found is None:
        yield word
        return
    for group in (1, 2, 3):
        yield replace(word, text=found[group], bbox=_share(word, *found.span(group)))


def _share(word: Word, start: int, end: int) -> BBox:
    """Return the part of the box that characters `start` to `end` take up, all being of one width."""
    box, n = word.bbox, len(word.text)
    width = box.right - box.left
    return replace(box, left=box.left + width * start / n, right=box.left + width * end / n)
