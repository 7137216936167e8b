"""What a page's text looks like to a search: its words, and a vector of its character n-grams."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

VECTOR_SIZE = 256
_NGRAM_SIZES = (3, 4, 5)
# A page of 40,000 characters is denser than any invoice; beyond it the vector changes little.
_MAX_CHARS = 40_000
_WORD = re.compile(r"[^\W_]+")
_PUNCTUATION = re.compile(r"[\W_]+")
_MAX_WORD_CHARS = 40
_MAX_WORDS = 2_000
# BM25's cost grows with the terms of the query: on a million pages 16 took 6 ms, 32 took 14 and 80 took 62.
MAX_QUERY_WORDS = 16
# Odd multipliers of Knuth's kind: any will do that spread neighbouring code points over all bits.
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_MIXER = np.uint64(0xBF58476D1CE4E5B9)

Floats = NDArray[np.float32]


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a page for BM25, folded in case, in order and with repeats, at most 2,000.

    A word is a run of letters and digits; single characters are left out.
    """
    found = (match.group()[:_MAX_WORD_CHARS].casefold() for match in _WORD.finditer(text))
    return tuple(word for word in found if len(word) > 1)[:_MAX_WORDS]


def printed_in(text: str) -> tuple[str, ...]:
    """Return what stands between white space, folded in case and without punctuation: "1.234,56" is one.

    Examples
    --------
    >>> printed_in("Total:  EUR 1.234,56 --")
    ('total', 'eur', '123456')
    """
    tokens = (_PUNCTUATION.sub("", token).casefold() for token in text[:_MAX_CHARS].split())
    return tuple(token for token in tokens if token)


def query_words(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words to search by: distinct, the longest first, of equals the earliest on the page.

    Long words are rare ones, and rare ones tell templates apart.
    """
    distinct = dict.fromkeys(words)
    return tuple(sorted(distinct, key=len, reverse=True))[:MAX_QUERY_WORDS]


def ngram_vector(text: str) -> Floats:
    """Return the hashed character 3- to 5-grams of a text as a unit vector, (256,) float32.

    Letters are folded in case, every digit counts as one and the same, and white space is one space. An
    n-gram adds 1 or -1 (by its hash) to the coordinate of its hash, damped as the square root of its count.
    A text too short for an n-gram gives the zero vector. The same everywhere: nothing depends on the
    process or the machine.

    References
    ----------
    Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", ICML 2009.
    """
    folded = re.sub(r"\d", "0", " ".join(text[:_MAX_CHARS].casefold().split()))
    codes = np.frombuffer(folded.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    vector = np.zeros(VECTOR_SIZE, dtype=np.float64)
    for size in _NGRAM_SIZES:
        if len(codes) < size:
            continue
        grams, counts = np.unique(_hashed(codes, size), return_counts=True)
        signs = np.where(grams >> np.uint64(63), 1.0, -1.0)
        places = (grams >> np.uint64(32)) % np.uint64(VECTOR_SIZE)
        np.add.at(vector, places.astype(np.int64), signs * np.sqrt(counts))
    length = float(np.linalg.norm(vector))
    return (vector / length if length > 0 else vector).astype(np.float32)


def _hashed(codes: NDArray[np.uint64], size: int) -> NDArray[np.uint64]:
    """Return a 64-bit hash of each run of `size` code points; arithmetic is modulo 2^64."""
    n = len(codes) - size + 1
    hashed = np.full(n, size, dtype=np.uint64)
    for offset in range(size):
        hashed = (hashed ^ codes[offset : offset + n]) * _MULTIPLIER
        hashed ^= hashed >> np.uint64(29)
    return hashed * _MIXER


def text_score(first: Floats, second: Floats) -> float:
    """Return the cosine of two unit vectors, in [0, 1]; below 0 counts as 0."""
    return float(max(0.0, min(1.0, float(np.dot(first, second)))))
