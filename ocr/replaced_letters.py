"""Numbers that were written over others: what is shown of both is one word.

Of equal glyphs in one place the library gives the first one alone. Where a file covers 145.00 and writes
145.50 into its place, the 5 is the only glyph of the number that is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ocr.glyphs import Glyph, Space
from ocr.pdf import PageFrame
from ocr.text_layer import LayerWord, word_of
from ocr.word_breaks import is_one_line

# Share of the font size: glyphs of one operation stand as exactly, to within the rounding of positions.
_NO_GAP = 0.1
_MARKS = frozenset(".,-\u2212'")
# A page with more words in parts is no page with a few numbers changed.
_MAX_PARTED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class PartedWord:
    """A word that hides some of its glyphs: what is seen of it, as words, and the glyphs that are not."""

    seen: tuple[LayerWord, ...]
    hidden: tuple[Glyph, ...]


def join_replaced(
    visible: Sequence[LayerWord], parted: Sequence[PartedWord], frame: PageFrame
) -> list[LayerWord]:
    """Return the visible words, those that stand where a number hides a glyph joined to what it shows.

    Parameters
    ----------
    parted
        What is seen of them is among `visible`.
    """
    words = list(visible)
    for each in parted[:_MAX_PARTED]:
        chain = _chain(each, words)
        joined = word_of(_ordered(chain), frame) if len(chain) > 1 else None
        if joined is not None:
            words[_index(words, chain[0])] = joined
            words = [word for word in words if not any(word is other for other in chain)]
    return words


def _index(words: Sequence[LayerWord], word: LayerWord) -> int:
    return next(i for i, each in enumerate(words) if each is word)


def _chain(parted: PartedWord, words: Sequence[LayerWord]) -> list[LayerWord]:
    """Return what is seen of a number and the words in its hidden places, without a gap or an overlap."""
    numbers = [word for word in words if _is_number(word)]
    over = [word for word in numbers if _stands_at_one(word, parted.hidden)]
    seen = [word for word in numbers if any(word is part for part in parted.seen)]
    near = [*seen, *(word for word in over if not any(word is part for part in seen))]
    chain, near = near[:1], near[1:]
    while (found := next((word for word in near if _fits(chain, word)), None)) is not None:
        chain.append(found)
        near = [word for word in near if word is not found]
    return chain if any(word is other for word in over for other in chain) else []


def _is_number(word: LayerWord) -> bool:
    return all(glyph.text.isdecimal() or glyph.text in _MARKS for glyph in word.glyphs)


def _stands_at_one(word: LayerWord, hidden: Sequence[Glyph]) -> bool:
    """Return whether a glyph of a word begins where one of the hidden ones does."""
    if not is_one_line(word.glyphs[0], hidden[0]):
        return False
    limit = _NO_GAP * hidden[0].run.em_pt
    return any(abs(a.along()[0] - b.along()[0]) <= limit for a in word.glyphs for b in hidden)


def _ordered(words: Sequence[LayerWord]) -> list[Glyph]:
    return sorted((glyph for word in words for glyph in word.glyphs), key=lambda glyph: glyph.along())


def _fits(chain: Sequence[LayerWord], word: LayerWord) -> bool:
    """Return whether the glyphs of a word stand before, behind or between those of a chain."""
    glyphs = _ordered([*chain, word])
    own = {id(glyph) for glyph in word.glyphs}
    limit = _NO_GAP * glyphs[0].run.em_pt
    seams = [(a, b) for a, b in pairwise(glyphs) if (id(a) in own) != (id(b) in own)]
    gaps = [b.along()[0] - a.along()[1] for a, b in seams]
    is_written = any(b.space is Space.WRITTEN for _, b in seams)
    # Between two glyphs of the chain there may be room for others that are still to come.
    return not is_written and min(gaps) >= -limit and min(map(abs, gaps)) <= limit
