"""What each window of a long document is asked for: rows of all of them, other values where they can stand.

The head's values stand in the first window and the totals in the last: these are asked for everything.
Windows amid a known table are asked for its rows; what else they show, their other lines, is asked about once
the windows around it have left a value open. Of other windows nothing is asked that they show no value for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.extraction.known_rows import KnownRows, only_lists, shows_rows_only
from decoding.grammar.build import list_writable
from decoding.merging import WindowAnswer, Words
from decoding.required import Demand, subschema_for
from decoding.tables.totals import folded_words, names_carried_sum, names_subtotal
from decoding.windows import Window
from schemas.document import Document, Word
from schemas.spec import ArraySpec, ExtractionSchema, ObjectSpec, Path, Spec
from schemas.walk import value_at

# A line by its words without figures, and whether it has any.
_LineKey = tuple[tuple[str, ...], bool]


def choose_schemas(
    windows: Sequence[Window], schema: ExtractionSchema, lists: Sequence[KnownRows], *, grounding: bool
) -> tuple[ExtractionSchema, ...]:
    """Return what each window is asked for of `schema`, which every window may leave open.

    `lists` are the known rows of each window: amid a long table only these are asked for.
    """
    amid = find_amid(windows, lists)
    chosen: list[ExtractionSchema] = []
    for number, window in enumerate(windows):
        if amid[number]:
            chosen.append(only_lists(schema, lists[number]))
        elif number in (0, len(windows) - 1):
            chosen.append(schema)
        else:
            chosen.append(_without_unwritable(schema, window.document, grounding=grounding))
    return tuple(chosen)


def _without_unwritable(schema: ExtractionSchema, document: Document, *, grounding: bool) -> ExtractionSchema:
    parts = list_parts(schema.root)
    kept = choose_writable(parts, schema, document, grounding=grounding)
    return subschema_for(schema, kept) if 0 < len(kept) < len(parts) else schema


def find_amid(windows: Sequence[Window], lists: Sequence[KnownRows]) -> tuple[bool, ...]:
    """Return for each window whether it is amid a long table: neither first nor last, and rows mostly."""
    inner = range(1, len(windows) - 1)
    return tuple(
        number in inner and shows_rows_only(known, window.document)
        for number, (window, known) in enumerate(zip(windows, lists, strict=True))
    )


def choose_writable(
    parts: Sequence[Demand], schema: ExtractionSchema, document: Document, *, grounding: bool
) -> list[Demand]:
    """Return those of `parts` that a document can show a value for; lists are."""
    writable = list_writable(schema, document, grounding=grounding)
    return [part for part in parts if isinstance(part.spec, ArraySpec) or part.keys in writable]


def find_open(schema: ExtractionSchema, answer: WindowAnswer, *, low_confidence: float) -> tuple[Demand, ...]:
    """Return what an answer leaves open: scalars outside of lists, null or unsure, and lists without rows.

    Unsure are those below `low_confidence` in [0, 1] and those that are nobody's first choice.
    """

    def is_open(path: Path) -> bool:
        known = answer.metadata.get(path)
        is_unsure = known is not None and known.confidence is not None and known.confidence < low_confidence
        return value_at(dict(answer.value), path) in (None, []) or is_unsure or path in answer.second_choice

    return tuple(part for part in list_parts(schema.root) if is_open(part.keys))


def list_parts(spec: Spec, keys: tuple[str, ...] = ()) -> list[Demand]:
    """Return the scalars outside of lists and the outermost lists of an object, in schema order."""
    if isinstance(spec, ObjectSpec):
        return [part for key, child in spec.properties for part in list_parts(child, (*keys, key))]
    return [Demand(keys=keys, spec=spec)]


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowLines:
    """The lines of a window, counted through its pages.

    Attributes
    ----------
    words
        Of each line.
    in_table
        The lines of a table's rows or its heading.
    labelled
        Of these, lines of one column that are a label and a value: they may be of no row.
    """

    window: Window
    words: tuple[tuple[Word, ...], ...]
    in_table: frozenset[int]
    labelled: frozenset[int]


def read_lines(window: Window, known: KnownRows) -> WindowLines:
    """Return a window's lines, with those of its known rows."""
    cells = [
        frozenset((row.page_index, word) for word in cell)
        for found in known.values()
        for row in found.rows
        for cell in row.words
    ]
    exact = frozenset[tuple[int, int]]().union(
        *(row.places for found in known.values() for row in found.rows)
    )
    headings = {
        word for table in window.tables for column in table.columns for word in folded_words([column.heading])
    }
    spans = [(page.page_index, span) for page in window.document.pages for span in page.lines]
    words = tuple(window.document.pages[page].words[start:end] for page, (start, end) in spans)
    in_table: set[int] = set()
    labelled: set[int] = set()
    for number, (page, (start, end)) in enumerate(spans):
        folded = folded_words(word.text for word in words[number])
        here = {(page, i) for i in range(start, end)}
        if here & exact or (folded and folded <= headings):
            in_table.add(number)
        if any(word.text.endswith(":") for word in words[number][:-1]) and _is_of_one_column(here, cells):
            labelled.add(number)
    return WindowLines(
        window=window,
        words=words,
        in_table=frozenset(in_table),
        labelled=frozenset(labelled & in_table),
    )


def _is_of_one_column(line: set[tuple[int, int]], cells: Sequence[Words]) -> bool:
    """Return whether a line shows no two cells: it goes on with a row's text, or is of no row."""
    shown = [cell & line for cell in cells if not cell.isdisjoint(line)]
    return all(not cell.isdisjoint(shown[0]) for cell in shown)


def find_other_lines(
    lines: Sequence[WindowLines], amid: Sequence[bool]
) -> tuple[tuple[Window, tuple[int, ...]], ...]:
    """Return the windows amid a table that show something beside it, with those lines.

    No line of a heading, or of a sum that is carried over or that rows follow, and none that a window which
    was asked for everything shows, too, but for its figures: a running head or foot. Of rows only lines of a
    label and a value of which no other line has the label.
    """
    asked = [shown for shown, is_amid in zip(lines, amid, strict=True) if not is_amid]
    inner = [shown for shown, is_amid in zip(lines, amid, strict=True) if is_amid]
    seen = {_line_key(words) for shown in asked for words in shown.words}
    counts = Counter(_line_key(words) for shown in inner for words in shown.words)
    single = {key for key, count in counts.items() if count == 1}
    found = [(shown.window, tuple(_other_lines(shown, seen, single))) for shown in inner]
    return tuple((window, other) for window, other in found if other)


def _other_lines(shown: WindowLines, seen: set[_LineKey], single: set[_LineKey]) -> Iterator[int]:
    for number, words in enumerate(shown.words):
        key = _line_key(words)
        folded = folded_words(word.text for word in words)
        is_sum = names_carried_sum(folded) or names_subtotal(folded)
        is_row = number in shown.in_table and not (number in shown.labelled and key in single)
        if not (is_sum or is_row or key in seen):
            yield number


def _line_key(words: Sequence[Word]) -> _LineKey:
    texts = [word.text for word in words]
    return tuple(sorted(folded_words(texts))), any(char.isdigit() for text in texts for char in text)
