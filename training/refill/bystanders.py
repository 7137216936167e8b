"""Names and addresses that nobody annotated: no page is to be known by whom it always names."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence

from schemas.document import Page
from training.refill.canvas import Canvas
from training.refill.field_finding import PageText
from training.refill.labels import known_words
from training.refill.template import Template
from training.synthesis.text import pseudo_word
from training.synthesis.vocabulary import LEGAL_FORMS, STREETS

_POSTCODE = re.compile(r"(?:[A-Z]{1,2}-)?\d{5}(?:-\d{4})?[.,]?|[A-Z]{1,2}\d[\dA-Z]?")
_MAX_LINES = 4  # of a block above its town
_SAME_EDGE_CHARS = 1.0
_LINE_PITCH = 2.2  # of a block, in heights of a word
_MIN_LETTERS = 3
_EXCHANGED_SHARE = 0.7
# Words that say what a line is, not whose it is.
_KEPT = frozenset(
    "box floor suite attn attention street avenue park road north south east west the and company "
    "corporation inc department dept accounts payable manager director vice president mr mrs ms dr usa group "
    "services deutschland germany straße strasse weg platz bank".split()
) | {
    word.casefold().strip(".,")
    for texts in (*STREETS.values(), LEGAL_FORMS)
    for text in texts
    for word in text.split()
}


def find_bystanders(text: PageText, taken: frozenset[int]) -> tuple[int, ...]:
    """Return the words of names, streets and towns above a postcode that are in no value of the page.

    `taken` are the words of values and labels.
    """
    found: set[int] = set()
    for i, word in enumerate(text.page.words):
        if _POSTCODE.fullmatch(word.text):
            block = list(_block(text, i))
            if any(_is_name(text.page, j) for j in block):
                found.update(j for j in block if _is_name(text.page, j))
    return tuple(sorted(found - taken))


def _block(text: PageText, i: int) -> Iterator[int]:
    """Yield the words of the segment of a postcode and of those right above it, with the same left edge."""
    segment = text.segment(i)
    yield from segment
    left, line = text.page.words[segment[0]].bbox, text.line_of[i]
    for above in range(line - 1, max(line - 1 - _MAX_LINES, -1), -1):
        start, end = text.page.lines[above]
        near = [
            j
            for j in range(start, end)
            if abs(text.page.words[j].bbox.left - left.left) <= _SAME_EDGE_CHARS * text.char_width
        ]
        if not near or left.center[1] - text.page.words[near[0]].bbox.center[1] > _LINE_PITCH * left.height:
            return
        left = text.page.words[near[0]].bbox
        yield from text.segment(near[0])


def _is_name(page: Page, i: int) -> bool:
    word = page.words[i].text.strip(".,:;")
    key = word.casefold()
    is_word = len(word) >= _MIN_LETTERS and word.isalpha()
    return is_word and key not in _KEPT and key not in known_words()


def swap_bystanders(canvas: Canvas, template: Template, rng: random.Random) -> None:
    """Exchange, on most pages, what nobody annotated; a word that stands elsewhere too is exchanged there."""
    if rng.random() >= _EXCHANGED_SHARE:
        return
    names: dict[str, str] = {}
    for i in template.bystanders:
        names.setdefault(_key(template.words[i][0]), pseudo_word(rng))
    for i in _places(template, names):
        old = template.words[i][0]
        canvas.replace((i,), [old.replace(_bare(old), _like(names[_key(old)], _bare(old)))])


def _places(template: Template, names: Mapping[str, str]) -> Iterator[int]:
    """Yield the words of those names that belong to no field, no label and no row."""
    taken: set[int] = set(template.untouched())
    known: Sequence[int] = [i for i, word in enumerate(template.words) if _key(word[0]) in names]
    yield from (i for i in known if i not in taken)


def _bare(word: str) -> str:
    return word.strip(".,:;")


def _key(word: str) -> str:
    return _bare(word).casefold()


def _like(word: str, like: str) -> str:
    return word.upper() if like.isupper() else word.capitalize() if like[:1].isupper() else word
