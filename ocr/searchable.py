"""Whether the hidden words of a page are an honest transcript of its picture, as in searchable scans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

# Two engines read most words of a scan alike and misread letters of some; a word that the picture does not
# show at all has no like. Below this share of equal letters two words are different ones.
_MIN_SIMILARITY = 0.6
_MIN_AGREEMENT = 0.8
# So many words in a row that the picture does not show are a sentence, not dirt on the glass.
_MIN_PLANTED_RUN = 4
# Words compared letter by letter with all others of the page; the time grows with the square.
_MAX_COMPARED = 400


def agrees(hidden: Sequence[str], read: Sequence[str]) -> bool:
    """Return whether the words `hidden` are those that OCR `read` on the picture.

    Parameters
    ----------
    hidden
        Words in the file's order. Marks without letters and digits, and single letters, count for nothing.

    Notes
    -----
    False if nothing is hidden or nothing was read. Order and places are not compared: what OCR read is what
    the page is read as, so that hidden words cannot do harm by standing elsewhere.
    """
    words = [word for text in hidden if len(word := _plain(text)) > 1]
    if not words:
        return False
    is_shown = _found(words, Counter(word for text in read if (word := _plain(text))))
    longest = run = 0
    for shown in is_shown:
        run = 0 if shown else run + 1
        longest = max(longest, run)
    return sum(is_shown) >= _MIN_AGREEMENT * len(words) and longest < _MIN_PLANTED_RUN


def _plain(text: str) -> str:
    return "".join(ch for ch in text.casefold() if ch.isalnum())


def _found(words: Sequence[str], read: Counter[str]) -> list[bool]:
    """Return for each word whether one like it was read, each read word taken once."""
    is_shown: list[bool] = []
    for word in words:
        is_shown.append(read[word] > 0)
        read[word] -= is_shown[-1]
    left = [word for word, count in read.items() if count > 0][:_MAX_COMPARED]
    missing = [i for i, shown in enumerate(is_shown) if not shown][:_MAX_COMPARED]
    for i in missing:
        best = process.extractOne(
            words[i], left, scorer=Levenshtein.normalized_similarity, score_cutoff=_MIN_SIMILARITY
        )
        if best is not None:
            is_shown[i] = True
            left.remove(best[0])
    return is_shown
