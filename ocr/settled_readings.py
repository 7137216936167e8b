"""Amounts that OCR read in two ways, settled by what else the pages print.

A total is printed more than once, or other amounts come to it: "83.21" that may be "$3.21" is that where 3.21
stands below it, and nothing speaks for 83.21. An amount that is borne out so is in no doubt any more
(docs/reading.md has what that brings).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from schemas.document import Page, Word
from schemas.values import NumberStyle, vote_decimal_separator

_AMOUNT = re.compile(r"[^\w\s]{0,3}[A-Z]{0,3}\$?\d[\d.,']*[.,]\d\d")
_AROUND = ".,:;*"
# On a page of more amounts any figure is one of them, or the sum of two, by chance.
_MOST_AMOUNTS, _MOST_SUMMED = 60, 30

_Place = tuple[int, int]  # page and word


def settle_readings(pages: Sequence[Page]) -> tuple[Page, ...]:
    """Return the pages with the likelier of two readings of an amount, where only one of them is borne out.

    A reading is borne out if another word is the same amount, or two others come to it. Where that is the
    other reading, both change places, and the word stays in doubt; where it is the first one, the other is
    dropped. Amounts are those with two decimals; documents with more than 60 different ones stay as they are.
    """
    doubted = [
        (page.page_index, i) for page in pages for i, word in enumerate(page.words) if word.other_reading
    ]
    if not doubted:
        return tuple(pages)
    amounts = _Amounts(pages)
    settled = {place: word for place in doubted if (word := amounts.settle(place)) is not None}
    return tuple(_with_words(page, settled) for page in pages)


def _with_words(page: Page, words: dict[_Place, Word]) -> Page:
    if not any(index == page.page_index for index, _ in words):
        return page
    changed = (words.get((page.page_index, i), word) for i, word in enumerate(page.words))
    return replace(page, words=tuple(changed))


class _Amounts:
    """The amounts of some pages, by their places."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self._words = {(page.page_index, i): word for page in pages for i, word in enumerate(page.words)}
        texts = [word.text for word in self._words.values()]
        self._style = NumberStyle(decimal_separator=vote_decimal_separator(texts))
        self._known = {
            place: amount for place, word in self._words.items() if (amount := self._read(word.text))
        }

    def settle(self, place: _Place) -> Word | None:
        """Return the word at a place, its readings turned round, or with one; None if nothing tells."""
        word = self._words[place]
        other_text = word.other_reading.strip(_AROUND)
        own, other = self._known.get(place), self._read(other_text)
        counts = Counter(amount for at, amount in self._known.items() if at != place)
        if own is None or other is None or own == other or len(counts) > _MOST_AMOUNTS:
            return None
        if _is_borne_out(own, counts) == _is_borne_out(other, counts):
            return None
        if _is_borne_out(own, counts):
            return replace(word, other_reading="")
        return replace(word, text=other_text, other_reading=word.text)

    def _read(self, text: str) -> Decimal | None:
        """Return an amount above zero to the cent, whatever its sign."""
        plain = text.strip(_AROUND)
        parsed = self._style.read_amount(plain) if _AMOUNT.fullmatch(plain) else None
        return abs(parsed.value) or None if parsed is not None else None


def _is_borne_out(amount: Decimal, counts: Counter[Decimal]) -> bool:
    if amount in counts:
        return True
    return len(counts) <= _MOST_SUMMED and any(_sums(amount, counts))


def _sums(amount: Decimal, counts: Counter[Decimal]) -> Iterator[bool]:
    """Yield for each other amount whether it and a third one come to `amount`."""
    for part in counts:
        rest = amount - part
        yield rest > 0 and rest in counts and (rest != part or counts[part] > 1)
