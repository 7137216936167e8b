"""Characters that look alike or print nothing, in one spelling: spaces, hyphens, apostrophes, directions."""

from __future__ import annotations

SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
HYPHENS = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u207b\u208b\u2796\ufe63\uff0d"
APOSTROPHES = "\u2018\u2019\u02bc\u02b9\u2032\uff07\u00b4`"
# Joiners, marks of writing direction, the soft hyphen and the byte-order mark.
INVISIBLE = "\u200b\u200c\u200d\u2060\u200e\u200f\u061c\u202a\u202b\u202c\u2066\u2067\u2068\u2069\ufeff\u00ad"
# Points, commas, slashes and brackets as wide as Chinese characters, FEE0 behind those of ASCII.
FULL_WIDTH = "．，：／（）％"  # noqa: RUF001

_UNIFORM = str.maketrans(
    {
        **dict.fromkeys(SPACES, " "),
        **dict.fromkeys(HYPHENS, "-"),
        **dict.fromkeys(APOSTROPHES, "'"),
        **dict.fromkeys(INVISIBLE, None),
        "\u2044": "/",
        "\u2215": "/",
        "\u066a": "%",
        **{wide: chr(ord(wide) - 0xFEE0) for wide in FULL_WIDTH},
    }
)


def uniform(text: str) -> str:
    """Return the text with plain spaces, hyphens and apostrophes, and without what prints nothing.

    Examples
    --------
    >>> uniform("1\u2019234\u00a0\u2212")
    "1'234 -"
    """
    return text.translate(_UNIFORM)
