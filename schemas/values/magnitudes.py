"""Words and letters behind an amount's figures that multiply them: "1,5 Mio. EUR", "$2.5bn", "TEUR 12"."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORDS: dict[str, int] = {
    **dict.fromkeys(("thousand", "thsd", "tsd", "tausend", "tys", "тыс", "тис", "ribu"), 10**3),
    **dict.fromkeys(("千", "천", "nghìn", "ngàn"), 10**3),
    **dict.fromkeys(("万", "萬", "만"), 10**4),
    **dict.fromkeys(("lakh", "lakhs", "lac", "lacs"), 10**5),
    **dict.fromkeys(("mio", "mln", "million", "millions", "millionen", "milioni"), 10**6),
    **dict.fromkeys(("milhões", "millones", "miljoen", "milj", "млн", "juta", "triệu"), 10**6),
    **dict.fromkeys(("百万", "百萬", "백만"), 10**6),
    **dict.fromkeys(("crore", "crores", "千万", "千萬"), 10**7),
    **dict.fromkeys(("億", "亿", "억"), 10**8),
    **dict.fromkeys(("mrd", "mld", "bln", "billions", "milliarden", "miljard"), 10**9),
    **dict.fromkeys(("milliards", "miliardi", "млрд", "tỷ"), 10**9),
}
# Beside a currency only: "5 m" is a length, "30 mn" a time, "3 k" nothing.
_LETTERS: dict[str, int] = {
    **dict.fromkeys(("k", "tis", "rb"), 10**3),
    **dict.fromkeys(("m", "mm", "mn", "mill", "jt"), 10**6),
    **dict.fromkeys(("b", "bn", "mia"), 10**9),
}
_PESOS = "MN"  # moneda nacional, of Mexico
# With a mark of rupees.
_INDIAN = {"l": 10**5, "cr": 10**7}
_RUPEES = re.compile(r"(?:\u20b9|\bRs?\b|\bINR\b)", re.IGNORECASE)
# More than this in crores or lakhs would have been written with groups; less is seldom a credit.
_MAX_CRORES = 100

_UNSPACED = "".join({ch for word in _WORDS for ch in word if ord(ch) > 0x2E7F})
_SPELLED = "|".join(sorted(map(re.escape, (*_WORDS, *_LETTERS, *_INDIAN)), key=len, reverse=True))
_BEHIND = re.compile(
    rf"(?P<figures>\d(?:[\d.,']|[ ](?=\d{{3}}(?!\d)))*)[ ]?(?P<word>{_SPELLED})(?P<point>\.?)"
    rf"(?:(?<=[{_UNSPACED}])|(?![^\W\d_]))(?=[^\d/]*$)",
    re.IGNORECASE,
)
# Thousands and millions as letters of the currency's mark, on either side.
_IN_MARK = re.compile(r"(?<![^\W\d_])(?P<word>T|k|M)(?P<mark>EUR|\u20ac|CHF|USD)(?![^\W\d_])")
_IN_MARKS = {"T": 10**3, "k": 10**3, "M": 10**6}
_CENTS = re.compile(r"[.,]\d\d$")
_HAS_MARK = re.compile(r"[$\u00a3\u00a5\u20a0-\u20cf]|[^\W\d_]{2,}\.?[\s(+-]*\d|[^\W\d_]{3}\s*\W*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Magnitude:
    """What multiplies an amount, and the text without it.

    `is_sure` is False where the letter may be something else: a tax class behind cents, a credit.
    """

    text: str
    factor: int
    is_sure: bool


def split_magnitude(text: str) -> Magnitude | None:
    """Return what multiplies the figures of an amount, None if nothing does.

    A lone letter counts beside a currency only. "mil" is no word here: a thousand in Spanish and Portuguese,
    a million elsewhere; nor is "billion", which is a thousand times more in German.

    Examples
    --------
    >>> split_magnitude("1,5 Mio. EUR")
    Magnitude(text='1,5 EUR', factor=1000000, is_sure=True)
    >>> split_magnitude("$1.25M").is_sure, split_magnitude("5 m"), split_magnitude("TEUR 12").factor
    (False, None, 1000)
    """
    found = _IN_MARK.search(text)
    if found is not None:
        plain = text[: found.start()] + found["mark"] + text[found.end() :]
        return Magnitude(text=plain, factor=_IN_MARKS[found["word"]], is_sure=True)
    found = _BEHIND.search(text)
    if found is None:
        return None
    plain = text[: found.end("figures")] + text[found.end() :]
    word = found["word"].lower()
    if word in _WORDS:
        return Magnitude(text=plain, factor=_WORDS[word], is_sure=True)
    return _by_letter(found, plain, word)


def _by_letter(found: re.Match[str], plain: str, word: str) -> Magnitude | None:
    has_cents = _CENTS.search(found["figures"]) is not None
    if word in _INDIAN:
        is_small = sum(map(str.isdigit, found["figures"].partition(".")[0])) < len(str(_MAX_CRORES))
        is_rupees = is_small and _RUPEES.search(plain) is not None
        return Magnitude(text=plain, factor=_INDIAN[word], is_sure=False) if is_rupees else None
    # B is the tax class of many tills, behind amounts with cents.
    if found["word"] == _PESOS or not _HAS_MARK.search(plain):
        return None
    if word == "b" and (has_cents or found["word"] == "b"):
        return None
    is_sure = not has_cents or found["word"].islower()
    return Magnitude(text=plain, factor=_LETTERS[word], is_sure=is_sure)
