"""Words that a recogniser hardly prefers to a known one: "Sumnary" where it saw an m nearly as well.

A letter that is misread is seldom the only one that was seen. If a word is unknown, and other letters that
the recogniser saw in its places make a known word of it, that one was printed: the longer the word, the less
need be seen of it, since few words of eight letters are a letter away from another. Nothing is made up: where
a letter was read for sure, no other takes its place, whatever the word.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

_WORDS = Path(__file__).parent / "words.txt.gz"
# How likely a known word must be, over what was read, by its letters. On 50 scanned and 61 photographed
# receipts (docs/reading.md) words that were printed as they were read had less, but for two in 4,378 lines.
_LEAST_ODDS = {4: 0.25, 5: 0.05, 6: 0.02, 7: 0.006}
_SURE = 0.9
SEEN_ODDS = 0.003
"""The least odds that any word needs, and of a letter that counts as seen."""
_MIN_LETTERS_OF_TWO = 7  # of which two may be misread
_MAX_LETTERS = 30  # longer ones are no words, and cost time
# Letters with nothing but marks at their ends; mailboxes and addresses of sites may hold anything.
_LETTERS = re.compile(r"(?<![^\W_])[^\W\d_]{4,}(?![^\W_])")
_FREE = re.compile(r"@|www|//|[^\W\d_]\.[^\W\d_]")

Seen = Sequence[tuple[str, float]]
"""Other letters that were seen in a place, each with its odds to the one that was read, 1 at most."""


class _Change(NamedTuple):
    at: int
    letter: str
    odds: float


@lru_cache(maxsize=1)
def known_words() -> frozenset[str]:
    """Return the known words, of four letters and more, in small letters.

    They are those of everyday language, and of business papers. `scripts/make_words.py` makes the list, whose
    head says where it is from.
    """
    lines = gzip.decompress(_WORDS.read_bytes()).decode().splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def respell(text: str, seen: Sequence[Seen], is_known: Callable[[str], bool]) -> str:
    """Return `text` with the letters that make a known word of it, if they were seen.

    Its length stays, and its case.

    Parameters
    ----------
    text
        One word as it was read, with its marks.
    seen
        What else was seen, for each character of `text`.
    is_known
        Tells a word, in small letters, that may be meant.

    Examples
    --------
    >>> respell("Tatal:", [(), [("o", 0.9)], (), (), (), ()], {"total"}.__contains__)
    'Total:'
    >>> respell("Tatal:", [(), [("o", 0.01)], (), (), (), ()], {"total"}.__contains__)
    'Tatal:'
    """
    if not any(seen) or _FREE.search(text):
        return text
    for found in _LETTERS.finditer(text):
        word = found[0]
        if len(word) <= _MAX_LETTERS and _has_plain_case(word) and not is_known(word.lower()):
            start, end = found.span()
            text = text[:start] + _most_likely(word, seen[start:end], is_known) + text[end:]
    return text


def sure_words(lines: Iterable[Sequence[tuple[str, float]]]) -> Iterator[str]:
    """Yield the words, in small letters, whose characters were read with 0.9 each: a page repeats its words.

    Parameters
    ----------
    lines
        Of each line, its characters with their probabilities.
    """
    for line in lines:
        text = "".join(char for char, _ in line)
        for found in _LETTERS.finditer(text):
            if min(sureness for _, sureness in line[found.start() : found.end()]) >= _SURE:
                yield found[0].lower()


def _has_plain_case(word: str) -> bool:
    """Return whether a word is in small letters, in capitals, or in small ones after a capital."""
    return word.islower() or word.isupper() or (word[0].isupper() and word[1:].islower())


def _most_likely(word: str, seen: Sequence[Seen], is_known: Callable[[str], bool]) -> str:
    """Return the known word that is most likely, with one other letter or, if long, with two; else `word`."""
    least = _LEAST_ODDS.get(len(word), SEEN_ODDS)
    changes = [
        _Change(at, letter, odds)
        for at, others in enumerate(seen)
        for letter, odds in others
        if odds >= least and _fits(word, at, letter)
    ]
    for n_changes in (1, 2) if len(word) >= _MIN_LETTERS_OF_TWO else (1,):
        likely = [
            (odds, changed)
            for chosen in combinations(changes, n_changes)
            if (odds := _joint_odds(chosen)) >= least
            and is_known((changed := _changed(word, chosen)).lower())
        ]
        if likely:
            return max(likely)[1]
    return word


def _fits(word: str, at: int, letter: str) -> bool:
    """Return whether `letter` may stand at a place: in the case there, or before small letters in either."""
    if not letter.isalpha() or letter.lower() == word[at].lower():
        return False
    return letter.isupper() == word[at].isupper() or (at == 0 and word[1:].islower())


def _joint_odds(changes: Sequence[_Change]) -> float:
    """Return the odds of all changes together; 0.0 if two are of one place."""
    odds, places = 1.0, {change.at for change in changes}
    for change in changes:
        odds *= change.odds
    return odds if len(places) == len(changes) else 0.0


def _changed(word: str, changes: Sequence[_Change]) -> str:
    letters = list(word)
    for change in changes:
        letters[change.at] = change.letter
    return "".join(letters)
