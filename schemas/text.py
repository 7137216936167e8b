"""Text that every store can hold, and that every terminal shows as it is."""

from __future__ import annotations

import re


def storable(text: str) -> str:
    r"""Return `text` with U+FFFD for what no database takes: halves of characters, and NUL.

    Examples
    --------
    >>> storable("a\ud800b\x00") == "a\ufffdb\ufffd"
    True
    """
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\x00", "\ufffd")


# What changes how other text is shown, or hides: control, direction (UAX 9), invisible, odd ends of lines.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    r"""Return `text` with escapes (`\u001b`) for what a terminal would obey or hide; newlines and tabs stay.

    Text from documents and callers can hold sequences that move the cursor, set the title or turn the rest of
    the line around. In a JSON text the escapes mean what they stand for.

    Examples
    --------
    >>> print(visible("Total\x1b[2J \u202e00.1"))
    Total\u001b[2J \u202e00.1
    """
    return _UNSEEN.sub(_escape, text)


def one_line(text: str) -> str:
    r"""Return `text` as `visible`, and on one line: what is written in lines must not make lines of its own.

    Examples
    --------
    >>> print(one_line("a\nb"))
    a\u000ab
    """
    return visible(text).replace("\n", r"\u000a")


def escape(text: str) -> str:
    r"""Return each character of `text` as JSON escapes it.

    Examples
    --------
    >>> print(escape("ü😀"))
    \u00fc\ud83d\ude00
    """
    units = text.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def _escape(found: re.Match[str]) -> str:
    return escape(found[0])
