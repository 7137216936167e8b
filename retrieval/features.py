"""Everything by which a page is searched for, and by which two pages are compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from retrieval.embedding import TextEmbedder
from retrieval.text_features import Floats, ngram_vector, printed_in, text_score, words_of
from retrieval.wavelet_hash import hash_distance, hash_score, wavelet_hash
from schemas.document import Page
from schemas.example import Example

# Two readings of one page agree on most of what is printed, and on the numbers among it. Of the pages of one
# vendor, no two receipts or contracts shared as much; of copies that were turned, skewed, darkened or
# compressed and read again, 84 % did (docs/results/retrieval.md).
_SAME_PRINT = 0.85
_SAME_NUMBERS = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFeatures:
    """A page as a search sees it; no hash where there is no image.

    `words` are what BM25 compares; `tokens` are what stands between white space, without punctuation.
    """

    page_hash: bytes | None
    words: tuple[str, ...]
    tokens: tuple[str, ...]
    vector: Floats
    embedding: Floats | None = None


def features_of(text: str, page_hash: bytes | None, embedder: TextEmbedder | None = None) -> PageFeatures:
    """Return the features of a page's layout text and of its image's hash."""
    return PageFeatures(
        page_hash=page_hash,
        words=words_of(text),
        tokens=printed_in(text),
        vector=ngram_vector(text),
        embedding=None if embedder is None else embedder.embed(text),
    )


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

    It does if most of what is printed is the same, and of the numbers too: the next invoice of a vendor has
    another number, another date and other amounts.
    """
    printed = printed_in(example.text)
    if _shared(query.tokens, printed) < _SAME_PRINT:
        return False
    return _shared(_numbers(query.tokens), _numbers(printed)) >= _SAME_NUMBERS


def _numbers(printed: Iterable[str]) -> list[str]:
    return [token for token in printed if any(ch.isdigit() for ch in token)]


def _shared(first: Iterable[str], second: Iterable[str]) -> float:
    """Return the share of words, with repeats, that two pages have in common (Dice); 1 of none at all."""
    a, b = Counter(first), Counter(second)
    total = a.total() + b.total()
    return 2 * (a & b).total() / total if total else 1.0
