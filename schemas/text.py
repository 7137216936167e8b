"""Text that every store can hold."""

from __future__ import annotations


def storable(text: str) -> str:
    r"""Return `text` with U+FFFD for what no database takes: halves of characters, and NUL.

    Examples
    --------
    >>> storable("a\ud800b\x00") == "a\ufffdb\ufffd"
    True
    """
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\x00", "\ufffd")
