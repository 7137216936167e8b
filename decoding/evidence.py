"""Lines of evidence: what a model that reasons first says of each key before it answers.

    total < Total EUR 12.50     the value begins in the line of the page that starts with these words
    kind < page                 there is a value, and no line to name for it
    due_date < none             the page does not have it
    rows < 3 rows               a list

The lines, joined, are a trace. The generator writes traces (`training.synthesis.sample`), annotations keep
lines (`app.examples.annotate`), examples are shown with them (`app.extraction.prompt_examples`), and models
are trained on all of it: a change here is a new model version.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from decoding.grammar.build import REASONING_CHARS
from schemas.document import Page

_POINTS_AT, _BETWEEN = " < ", "; "
# What would end a JSON string, a line or its key, or needs an escape.
_NOT_IN_A_LINE = re.compile(r"[\"'\\;<\n]")
# Of a page's line; enough to find it again, and short enough for some seven fields a trace.
_N_WORDS = 3
_MAX_PLACE_CHARS = 32
# What every mode's traces are taught within: "full" leaves a model more room, and shows no more.
_MAX_TRACE_CHARS = REASONING_CHARS["brief"]


def write_value(key: str, words: Sequence[str] = ()) -> str:
    """Return the line of a key that has a value; `words` are those of the page's line that it begins in.

    The first three are named, in at most 32 characters; without any, the page is.

    Examples
    --------
    >>> write_value("total", ["Total:", "EUR", "12.50", "incl.", "VAT"]), write_value("kind")
    ('total < Total: EUR 12.50', 'kind < page')
    """
    return _line(key, _plain(" ".join(words[:_N_WORDS]))[:_MAX_PLACE_CHARS].strip() or "page")


def write_absent(key: str) -> str:
    """Return the line of a key that the page has no value for: "due_date < none"."""
    return _line(key, "none")


def write_rows(key: str, n_rows: int) -> str:
    """Return the line of a list, of rows or of plain values: "rows < 3 rows"."""
    return _line(key, f"{n_rows} rows")


def words_of_line(page: Page, word_index: int) -> tuple[str, ...]:
    """Return the words of the page's line that has the word of this index."""
    start, end = next(line for line in page.lines if line[0] <= word_index < line[1])
    return tuple(word.text for word in page.words[start:end])


def join_lines(lines: Iterable[str]) -> str:
    """Return the lines as one trace, in their order, within `REASONING_CHARS` of "brief".

    The one place that decides what is said where room runs out: the first line that does not fit ends the
    trace, though a later one might.

    Examples
    --------
    >>> join_lines([write_value("vendor", ["ACME", "Ltd"]), write_absent("due_date")])
    'vendor < ACME Ltd; due_date < none'
    """
    trace = ""
    for line in lines:
        longer = f"{trace}{_BETWEEN}{line}" if trace else line
        if len(longer) > _MAX_TRACE_CHARS:
            break
        trace = longer
    return trace


def read_key(line: str) -> str:
    """Return the key that a line is about, as it stands there: a line has no quotes and no `;` or `<`.

    Examples
    --------
    >>> read_key("total < Total: EUR 12.50"), read_key(write_absent("seller's name"))
    ('total', 'sellers name')
    """
    return line.partition(_POINTS_AT)[0]


def _line(key: str, place: str) -> str:
    return f"{_plain(key)}{_POINTS_AT}{place}"


def _plain(text: str) -> str:
    return _NOT_IN_A_LINE.sub("", text)
