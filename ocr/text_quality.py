"""Whether the words of a text layer are text: glyphs that map to nothing, or to the wrong letters."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence

# Shares beyond which a layer is bad. On 67 first pages of real English and German documents: at most 0.01
# unmapped, 0.20 symbols, at least 0.91 of the words with vowels and 0.71 common letters.
_MAX_UNMAPPED_SHARE = 0.10
_MIN_VOWEL_SHARE = 0.55
_MAX_SYMBOL_SHARE = 0.60
# Fewer characters, or words of letters, say nothing.
_MIN_CHARS = 12
_MIN_LETTER_WORDS = 12
# The most common letters of languages in Latin script.
_COMMON = frozenset("etaoinsrldu")
_MIN_COMMON_SHARE = 0.52
_VOWELS = frozenset("aeiouyæøœ\u0131")


def garbage_reason(texts: Sequence[str], *, n_unmapped: int = 0) -> str | None:
    r"""Return why `texts`, the words of a page, are not readable text; None if they are, or are too few.

    Three signs: characters without a meaning (private use, replacement, control, `(cid:7)`, and the
    `n_unmapped` characters that the reader itself could not map); words of Latin letters without vowels or
    of rare letters, as a shifted encoding gives; mostly symbols.

    Examples
    --------
    >>> garbage_reason(["Invoice", "No.", "12345678"]) is None
    True
    >>> garbage_reason(["\ue001\ue002\ue003"] * 5)
    '100% of the characters have no meaning'
    """
    text = "".join(texts)
    if len(text) < _MIN_CHARS:
        return None
    counts = Counter(text)  # a page has few different characters
    n_cid = sum(len(t) for t in texts if "(cid:" in t)
    n_meaningless = sum(n for ch, n in counts.items() if _is_unmapped(ch))
    unmapped = max(n_meaningless + n_cid, n_unmapped) / len(text)
    if unmapped > _MAX_UNMAPPED_SHARE:
        return f"{min(unmapped, 1.0):.0%} of the characters have no meaning"
    symbols = sum(n for ch, n in counts.items() if not ch.isalnum() and ch not in "._-") / len(text)
    if symbols > _MAX_SYMBOL_SHARE:
        return f"{symbols:.0%} of the characters are symbols"
    return _letter_reason(texts)


def printable(text: str) -> str:
    r"""Return `text` without its control characters.

    Examples
    --------
    >>> printable("To\x01tal")
    'Total'
    """
    if text.isprintable():  # of most words no character needs a look
        return text
    return "".join(ch for ch in text if unicodedata.category(ch) != "Cc")


def _is_unmapped(ch: str) -> bool:
    return ch == "\ufffd" or unicodedata.category(ch) in ("Co", "Cc", "Cn", "Cs")


def _letter_reason(texts: Sequence[str]) -> str | None:
    # Four letters and more, not all capitals: codes and abbreviations have no vowels either.
    words = [w for w in texts if len(w) >= 4 and w.isalpha() and not w.isupper() and _is_latin(w)]
    if len(words) < _MIN_LETTER_WORDS:
        return None
    plain = [unicodedata.normalize("NFD", w).lower() for w in words]
    share = sum(not _VOWELS.isdisjoint(w) for w in plain) / len(plain)
    if share < _MIN_VOWEL_SHARE:
        return f"only {share:.0%} of the words have vowels"
    letters = {ch: n for ch, n in Counter("".join(plain)).items() if ch.isalpha()}
    common = sum(n for ch, n in letters.items() if ch in _COMMON) / sum(letters.values())
    return f"only {common:.0%} of the letters are common ones" if common < _MIN_COMMON_SHARE else None


def _is_latin(word: str) -> bool:
    return word.isascii() or max(word) < "\u0250"
