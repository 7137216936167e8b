"""Everything by which a page is searched for, and by which two pages are compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from retrieval.text_features import Floats, ngram_vector, text_score, words_of
from retrieval.wavelet_hash import hash_distance, hash_score, wavelet_hash
from schemas.document import Page
from schemas.example import Example

# Two readings of one page agree on most of its words, and on the numbers among them. On receipts and
# TV contracts of one vendor, no two different ones shared more than 0.88 of all words or 0.67 of those with
# digits (docs/retrieval.md).
_SAME_WORDS = 0.9
_SAME_NUMBERS = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFeatures:
    """A page as a search sees it; no hash where there is no image."""

    page_hash: bytes | None
    words: tuple[str, ...]
    vector: Floats


def features_of(text: str, page_hash: bytes | None) -> PageFeatures:
    """Return the features of a page's layout text and of its image's hash."""
    return PageFeatures(page_hash=page_hash, words=words_of(text), vector=ngram_vector(text))


def hash_of(page: Page) -> bytes | None:
    """Return the hash of the page's thumbnail, if it has one."""
    return None if page.thumbnail is None else wavelet_hash(page.thumbnail)


def similarity(query: PageFeatures, example: Example) -> float:
    """Return how near an example is, in [0, 1]: 1 is the same text (or, without any text, the same picture).

    The cosine of the n-gram vectors; where one of the two pages has no text, what their hashes share.
    """
    vector = ngram_vector(example.text)
    if query.vector.any() and vector.any():
        return text_score(query.vector, vector)
    if query.page_hash is None or example.page_hash is None:
        return 0.0
    return hash_score(hash_distance(query.page_hash, example.page_hash))


def is_same_page(query: PageFeatures, example: Example) -> bool:
    """Return whether an example shows the page that is asked about, as another file: a scan, a copy.

    It does if nearly all words are the same, and of those with digits too: the next invoice of a vendor
    has another number, another date and other amounts.
    """
    words = words_of(example.text)
    if _shared(query.words, words) < _SAME_WORDS:
        return False
    return _shared(_numbers(query.words), _numbers(words)) >= _SAME_NUMBERS


def _numbers(words: Iterable[str]) -> list[str]:
    return [word for word in words if any(ch.isdigit() for ch in word)]


def _shared(first: Iterable[str], second: Iterable[str]) -> float:
    """Return the share of words, with repeats, that two pages have in common (Dice); 1 of none at all."""
    a, b = Counter(first), Counter(second)
    total = a.total() + b.total()
    return 2 * (a & b).total() / total if total else 1.0
