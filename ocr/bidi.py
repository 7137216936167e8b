"""Reading order of lines in scripts that run from right to left (Hebrew, Arabic), from where words stand.

A page shows such a line in visual order. In it, words in Latin letters, and the numbers among them, run from
left to right; a number among words that run leftwards stands in their order.

References
----------
Unicode Standard Annex 9, rules W7 (numbers behind Latin letters) and L2 (runs are reversed), applied
backwards to whole words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import groupby

# Presentation forms of Hebrew (FB1D-FB4F) and Arabic (FB50-FDFF, FE70-FEFC) in Unicode.
_DRAWN_FORMS = frozenset(map(chr, (*range(0xFB1D, 0xFE00), *range(0xFE70, 0xFEFD))))
# Marks that end a phrase and that visual order puts before the number which they follow.
_LEADING_MARK = re.compile(r"([,:;!?]+)(\d.*)")


def runs_leftwards(text: str) -> bool:
    """Return whether `text` has a letter of a script that runs from right to left."""
    # All such letters are beyond Latin, Greek and Cyrillic: most texts need no look at each letter.
    return not text.isascii() and any(unicodedata.bidirectional(ch) in ("R", "AL") for ch in text)


def is_leftward_line(texts: Sequence[str]) -> bool:
    """Return whether most letters of a line's words are of scripts that run from right to left."""
    kinds = [unicodedata.bidirectional(ch) for text in texts for ch in text]
    return sum(kind in ("R", "AL") for kind in kinds) > kinds.count("L")


def logical_order(texts: Sequence[str], *, is_leftward: bool) -> list[int]:
    """Return the indices of words, given from left to right, in the order in which they are read.

    Parameters
    ----------
    is_leftward
        Whether the line as a whole runs from right to left.

    Examples
    --------
    >>> logical_order(["666.90", "EUR", "\u05d1", "\u05d0"], is_leftward=True)
    [3, 2, 1, 0]
    >>> logical_order(["Tools", "Ltd", "\u05d1", "\u05d0"], is_leftward=True)
    [3, 2, 0, 1]
    """
    order: list[int] = []
    for goes_right, run in groupby(range(len(texts)), key=_goes_right(texts, is_leftward).__getitem__):
        stretch = list(run)
        order = (
            [*(stretch if goes_right else stretch[::-1]), *order]
            if is_leftward
            else [*order, *(stretch if goes_right else stretch[::-1])]
        )
    return order


def plain_letters(text: str) -> str:
    """Return `text` with the drawn forms of Arabic and Hebrew letters as the letters that they stand for.

    Examples
    --------
    >>> plain_letters("\ufedf") == "\u0644"
    True
    """
    if text.isascii():
        return text
    # A vowel's form of its own comes with a space to stand on.
    return "".join(
        "".join(unicodedata.normalize("NFKC", ch).split()) if ch in _DRAWN_FORMS else ch for ch in text
    )


def settle_mark(text: str) -> str:
    """Return a number of a leftward line with the mark that follows it behind it.

    Examples
    --------
    >>> settle_mark(",12")
    '12,'
    """
    found = _LEADING_MARK.fullmatch(text)
    return found.group(2) + found.group(1) if found else text


def _goes_right(texts: Sequence[str], is_leftward: bool) -> list[bool]:
    """Return for each word whether it is of a run from left to right."""
    kinds = [_kind(text) for text in texts]
    if not is_leftward:
        # Between two leftward words, a number is one of theirs.
        return [
            kind != "R"
            and not (kind == "N" and 0 < i < len(kinds) - 1 and kinds[i - 1] == kinds[i + 1] == "R")
            for i, kind in enumerate(kinds)
        ]
    goes_right: list[bool] = []
    for kind in kinds:
        goes_right.append(kind == "L" or (kind == "N" and bool(goes_right) and goes_right[-1]))
    return goes_right


def _kind(text: str) -> str:
    """Return "R" for a word that runs leftwards, "L" for one with other letters, "N" for one without."""
    if runs_leftwards(text):
        return "R"
    return "L" if any(ch.isalpha() for ch in text) else "N"
