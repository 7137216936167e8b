"""A page's layout text as words between the marks of its cells and lines, for comparing two pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from decoding.grammar.word_parts import word_parts

# What ends a cell of a line, and a line: tokens of their own, so that pages are compared cell by cell.
CELL_END, LINE_END = "\t", "\n"
MARKS = frozenset((CELL_END, LINE_END))
# Denser than any page of text; what follows is not compared, as the comparison grows with the square.
MAX_TOKENS = 6_000

_CELLS = re.compile(r" {2,}")
_DIGITS = re.compile(r"\d+")
_GLUE = ".,:;#*()[]"


@dataclass(frozen=True, slots=True)
class Span:
    """Tokens [start, end) of a page."""

    start: int
    end: int


def tokenize_page(text: str) -> tuple[str, ...]:
    r"""Return the words of a layout text with a mark behind each cell and each line, at most 6,000.

    Cells stand two spaces or more apart; blank lines leave nothing.

    Examples
    --------
    >>> tokenize_page("ACME Ltd\n\nTotal    12.50")
    ('ACME', 'Ltd', '\n', 'Total', '\t', '12.50', '\n')
    """
    tokens: list[str] = []
    for line in text.split("\n"):
        for cell in _CELLS.split(line.strip()):
            words = cell.split()
            if words:
                tokens += (*words, CELL_END)
        if tokens and tokens[-1] == CELL_END:
            tokens[-1] = LINE_END
        if len(tokens) > MAX_TOKENS:
            break
    return tuple(tokens[:MAX_TOKENS])


def shape_of(token: str) -> str:
    """Return what a token has in common with its like on another page: every run of digits counts as one.

    Examples
    --------
    >>> shape_of("RE-20417"), shape_of("1.234,50")
    ('re-0', '0.0,0')
    """
    return token if token in MARKS else _DIGITS.sub("0", token.casefold())


def words_in(tokens: Iterable[str]) -> tuple[str, ...]:
    """Return the tokens that are words."""
    return tuple(token for token in tokens if token not in MARKS)


def same_text(first: str, second: str) -> bool:
    """Return whether two texts have the same letters and digits, in any case."""
    return _letters(first) == _letters(second)


def _letters(text: str) -> str:
    return "".join(ch for ch in text.casefold() if ch.isalnum())


def find_spans(tokens: Sequence[str], value: str) -> tuple[Span, ...]:
    """Return where the words of `value` stand, one after the other, whatever is glued to the ends.

    Examples
    --------
    >>> find_spans(tokenize_page("Total:12.50*"), "12.50"), find_spans(tokenize_page("Total: 12.50"), "")
    ((Span(start=0, end=1),), ())
    """
    wanted = [word for word in map(_bare, value.split()) if word]
    at = [i for i, token in enumerate(tokens) if token not in MARKS and _bare(token)]
    printed = [_bare(tokens[i]) for i in at]
    n = len(wanted)

    def stands_at(k: int) -> bool:
        if n == 1:
            return wanted[0] in printed[k] and wanted[0] in _pieces(tokens[at[k]])
        ends = printed[k].endswith(wanted[0]) and printed[k + n - 1].startswith(wanted[-1])
        return (
            ends
            and printed[k + 1 : k + n - 1] == wanted[1:-1]
            and wanted[0] in _pieces(tokens[at[k]])
            and wanted[-1] in _pieces(tokens[at[k + n - 1]])
        )

    if not wanted:
        return ()
    return tuple(Span(at[k], at[k + n - 1] + 1) for k in range(len(at) - n + 1) if stands_at(k))


def _pieces(token: str) -> frozenset[str]:
    """Return what of a word a value may be: the word, and each run of its parts."""
    parts = word_parts(token)
    runs = ("".join(parts[i:j]) for i in range(len(parts)) for j in range(i + 1, len(parts) + 1))
    return frozenset(_bare(run) for run in runs)


def _bare(token: str) -> str:
    return token.strip(_GLUE).casefold()


def line_start(tokens: Sequence[str], index: int) -> int:
    """Return the index of the first token of the line that the token at `index` stands in."""
    while index and tokens[index - 1] != LINE_END:
        index -= 1
    return index


def line_end(tokens: Sequence[str], index: int) -> int:
    """Return the index of the mark that ends the line of the token at `index`, or of the page's end."""
    while index < len(tokens) and tokens[index] != LINE_END:
        index += 1
    return index
