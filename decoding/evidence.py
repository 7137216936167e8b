"""Lines of evidence: what a model that reasons first says of each key before it answers.

    total < Total EUR 12.50     the value begins in the line of the page that starts with these words
    kind < page                 there is a value, and no line to name for it
    due_date < none             the page does not have it
    rows < 3 rows               a list

The lines, joined, are a trace. It has a line for every key, as a model takes a key that its trace leaves out
for one that the page does not have. The generator writes traces (`training.synthesis.sample`), annotations
keep lines (`app.examples.annotate`), examples are shown with them (`app.extraction.prompt_examples`), and
models are trained on all of it: a change here is a new model version.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from schemas.document import Page
from schemas.prompt import ReasoningMode
from schemas.spec import ObjectSpec

# What a trace of few keys may take at least, in characters; "full" leaves a model more room, shows no more.
_LEAST_CHARS: Mapping[ReasoningMode, int] = {"brief": 200, "full": 1200}
# What a trace of many keys has for each place.
_PLACE_CHARS = 16
_POINTS_AT, _BETWEEN = " < ", "; "
# What would end a JSON string, a line or its key, or needs an escape.
_NOT_IN_A_LINE = re.compile(r"[\"'\\;<\n]")
_ROWS = re.compile(r"[0-9]+ rows")
# Of a page's line; enough to find it again.
_N_WORDS = 3
_MAX_PLACE_CHARS = 32


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


def trace_chars(root: ObjectSpec, mode: ReasoningMode) -> int:
    """Return the characters that a trace about this schema may take: at least 200 where it is "brief".

    Examples
    --------
    >>> from schemas.spec import FieldSpec
    >>> few = ObjectSpec(properties=(("total", FieldSpec(kind="amount")),))
    >>> many = ObjectSpec(properties=tuple((f"field_{i:02}", FieldSpec(kind="amount")) for i in range(30)))
    >>> trace_chars(few, "off"), trace_chars(few, "brief"), trace_chars(many, "brief")
    (0, 200, 870)
    """
    return 0 if mode == "off" else max(_LEAST_CHARS[mode], _room(_plain(key) for key in _trace_keys(root)))


def join_lines(lines: Iterable[str]) -> str:
    """Return the lines as one trace, in their order, no longer than `trace_chars` of "brief".

    Where room runs out, all places are cut to the same length, at the end of a word if there is one; no line
    is left out.

    Examples
    --------
    >>> join_lines([write_value("vendor", ["ACME", "Ltd"]), write_absent("due_date")])
    'vendor < ACME Ltd; due_date < none'
    """
    parted = [line.partition(_POINTS_AT) for line in lines]
    room = max(_LEAST_CHARS["brief"], _room(key for key, _, _ in parted))
    trace = ""
    for most in range(_MAX_PLACE_CHARS, _PLACE_CHARS - 1, -1):
        trace = _BETWEEN.join(f"{key}{_POINTS_AT}{_cut(place, most)}" for key, _, place in parted)
        if len(trace) <= room:
            break
    return trace


def read_key(line: str) -> str:
    """Return the key that a line is about, as it stands there: a line has no quotes and no `;` or `<`.

    Examples
    --------
    >>> read_key("total < Total: EUR 12.50"), read_key(write_absent("seller's name"))
    ('total', 'sellers name')
    """
    return line.partition(_POINTS_AT)[0]


def points_at_value(line: str) -> bool:
    """Return whether a line says where a value begins, rather than that there is none, or how many rows.

    Examples
    --------
    >>> points_at_value("total < Total: EUR 12.50"), points_at_value("rows < 3 rows")
    (True, False)
    """
    place = line.partition(_POINTS_AT)[2]
    return place != "none" and not _ROWS.fullmatch(place)


def read_place(line: str) -> str:
    """Return how the page's line begins in which a value begins; "" if no line is named.

    Examples
    --------
    >>> read_place("total < Total: EUR 12.50"), read_place("kind < page")
    ('Total: EUR 12.50', '')
    """
    place = line.partition(_POINTS_AT)[2]
    return "" if place == "page" or not points_at_value(line) else place


def _trace_keys(root: ObjectSpec) -> Iterator[str]:
    """Yield the key of each line of a trace: lists are one line, objects as many as they have keys."""
    for key, child in root.properties:
        if isinstance(child, ObjectSpec):
            yield from _trace_keys(child)
        else:
            yield key


def _room(keys: Iterable[str]) -> int:
    return sum(len(key) + len(_POINTS_AT) + _PLACE_CHARS + len(_BETWEEN) for key in keys)


def _cut(place: str, most: int) -> str:
    if len(place) <= most:
        return place
    whole, space, _ = place[: most + 1].rpartition(" ")
    return whole if space else place[:most]


def _line(key: str, place: str) -> str:
    return f"{_plain(key)}{_POINTS_AT}{place}"


def _plain(text: str) -> str:
    return _NOT_IN_A_LINE.sub("", text)
