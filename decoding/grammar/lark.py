"""Texts and patterns written down in llguidance's Lark dialect."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

# One character inside a JSON string: itself, or one of the escapes that `json.dumps` writes.
JSON_CHAR = r'(?:[^"\\\x00-\x1f]|\\(?:["\\\/bfnrt]|u00[01][0-9a-f]))'
# Text that need not be escaped at all; reasoning and patterned strings keep to it.
PLAIN_CHAR = r'[^"\\\x00-\x1f\x7f]'

# Text that some tokenizer may take for a special token: "<|im_end|>", "</s>", "[SEP]". llguidance tokenizes
# what the grammar forces as the tokenizer would, special tokens included, and the mask then allows that
# token alone: if it ends the text, a page with such a word would cut every answer that quotes it.
_SPECIAL_TOKEN = re.compile(
    r"(?:<|\\x\{3c\})[^<>\s]{1,200}?(?:>|\\x\{3e\})|(?:\[|\\x\{5b\})[A-Z_]{2,}(?:\]|\\x\{5d\})"
)
_MAX_NESTING = 64  # of a trie's groups; parsers of regexes stop at some 250
_WITHOUT_FORCING = '%llguidance {"no_forcing": true}'


def json_text(text: str) -> str:
    r"""Return `text` as it stands inside the quotes of a JSON string.

    Examples
    --------
    >>> json_text('5" pipe')
    '5\\" pipe'
    """
    return json.dumps(text, ensure_ascii=False)[1:-1]


def literal(text: str) -> str:
    """Return the Lark string literal that matches exactly `text`."""
    # Lark's own lexer refuses raw control characters, DEL among them.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def regex(pattern: str) -> str:
    """Return the Lark regex literal of `pattern`; slashes are escaped here."""
    return "/" + pattern.replace("\\/", "/").replace("/", "\\/") + "/"


def regex_or_none(pattern: str | None) -> str | None:
    """Return the pattern as `regex` does, or None where there is none."""
    return None if pattern is None else regex(pattern)


def escape(text: str) -> str:
    r"""Return a regex of exactly `text`, with nothing left to the regex dialect's reading.

    Examples
    --------
    >>> escape("1.5 é")
    '1\\x{2e}5\\x{20}é'
    """
    return "".join(ch if ch.isalnum() and ch.isprintable() else f"\\x{{{ord(ch):x}}}" for ch in text)


def trie_regex(texts: Iterable[str]) -> str:
    """Return a regex of exactly `texts`, with shared beginnings factored out.

    A flat alternation of thousands of texts costs the lexer a step for each of them and each first
    byte; the trie costs one for each distinct continuation.

    Raises
    ------
    ValueError
        If there are no texts.

    Examples
    --------
    >>> trie_regex(["12", "125", "7"])
    '(?:12(?:5)?|7)'
    """
    ordered = sorted(set(texts))
    if not ordered:
        raise ValueError("a pattern of no texts matches nothing")
    return _branch(ordered, 0)


def _branch(texts: list[str], depth: int, level: int = 0) -> str:
    """Return the regex of what follows `depth` shared characters; `texts` are sorted and distinct."""
    if len(texts) == 1:
        return escape(texts[0][depth:])
    if level == _MAX_NESTING:
        return f"(?:{'|'.join(escape(text[depth:]) for text in texts)})"
    optional = "?" if len(texts[0]) == depth else ""
    rest = texts[1:] if optional else texts
    groups = [_group(group, depth, level) for group in _by_character(rest, depth)]
    return f"(?:{'|'.join(groups)}){optional}"


def _by_character(texts: list[str], depth: int) -> Iterable[list[str]]:
    groups: dict[str, list[str]] = {}
    for text in texts:
        groups.setdefault(text[depth], []).append(text)
    return groups.values()


def _group(texts: list[str], depth: int, level: int) -> str:
    """Return the regex of texts that share the character at `depth`, and perhaps more."""
    end = depth + 1
    first, last = texts[0], texts[-1]
    while end < len(first) and first[end] == last[end]:
        end += 1
    return escape(first[depth:end]) + _branch(texts, end, level + 1)


def substring(chunks: Iterable[str]) -> str:
    """Return the Lark body that matches any run of whole neighbouring `chunks` (llguidance's automaton)."""
    return "%regex " + json.dumps({"substring_chunks": list(chunks)}, ensure_ascii=True).replace(
        "\x7f", "\\u007f"
    )


@dataclass(slots=True)
class LarkWriter:
    """Rules and terminals under construction; equal terminals are written once and share a name."""

    lines: list[str] = field(default_factory=list[str])
    _names: dict[str, str] = field(default_factory=dict[str, str])

    def terminal(self, body: str) -> str:
        """Return the name of the terminal with this body."""
        return self._named(body, prefix="T")

    def rule(self, body: str) -> str:
        """Return the name of the rule with this body."""
        return self._named(body, prefix="r")

    def _named(self, body: str, *, prefix: str) -> str:
        key = f"{prefix}:{body}"
        if key not in self._names:
            self._names[key] = f"{prefix}{len(self._names)}"
            self.lines.append(f"{self._names[key]}: {body}")
        return self._names[key]

    def text(self, start: str) -> str:
        """Return the grammar whose start rule has the body `start`.

        Its tokens are the model's choice, not forced, where its texts hold what may be a special token.
        """
        lines = [f"start: {start}", *self.lines, ""]
        has_special = any(_SPECIAL_TOKEN.search(line) for line in lines)
        return "\n".join([_WITHOUT_FORCING, *lines] if has_special else lines)


def is_satisfiable(terminal: str, definitions: tuple[str, ...]) -> bool:
    """Return whether any text matches `terminal`, given the definitions that it refers to.

    Asked only of terminals with a caller's pattern: the pattern is run by llguidance's derivatives,
    which need linear time, never by a backtracking matcher.
    """
    from llguidance import LLMatcher, LLTokenizer

    tokenizer = LLTokenizer("byte")
    # llguidance intersects terminals only, whose names are in upper case.
    matcher = LLMatcher(
        tokenizer, "\n".join(["start: WHOLE", f"WHOLE: {terminal}", *definitions, ""]), log_level=0
    )
    if matcher.is_error():
        return False
    allowed = matcher.compute_logit_bias()
    return any(allowed[:256]) and not matcher.is_error()


def anchored(pattern: str) -> str:
    r"""Return the anchored regex of a caller's pattern, in ECMAScript's reading of \d and \w."""
    from llguidance import regex_to_lark

    body = pattern.removeprefix("^")
    head = body.removesuffix("$")
    n_backslashes = len(head) - len(head.rstrip("\\"))
    if n_backslashes % 2 == 0:  # an odd one makes the dollar a character to match
        body = head
    return f"/(?:{regex_to_lark(body, use_ascii='dw')})/"
