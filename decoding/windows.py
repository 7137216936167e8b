"""Long documents: cut into windows that fit the model's context, and the answers put together again.

No line is left out: a document that does not fit is decoded window by window. A scalar found in several
windows takes the answer the model is surest of, and a disagreement is a warning; rows of lists are
joined in page order. What a schema demands need not stand in each window (`decoding.required`).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import pairwise

from pydantic import JsonValue

from decoding.tables.find import find_tables
from decoding.tables.priced_lines import find_priced_lines
from decoding.tables.table import PagePart, Table, rows_within
from schemas.document import Document, Page
from schemas.errors import PromptTooLongError
from schemas.extraction import ExtractionWarning, FieldMetadata, OtherValue
from schemas.spec import ArraySpec, FieldSpec, ObjectSpec, Path, Spec, json_path
from schemas.values import UNDECIDED


@dataclass(frozen=True, slots=True, kw_only=True)
class _PagePart:
    """Lines [first_line, last_line) of one page."""

    page_index: int
    first_line: int
    last_line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A part of a document as a document of its own.

    Attributes
    ----------
    page_indices
        Which pages of the whole it shows.
    starts
        For each, the index in the whole page of the first word that it shows.
    tables
        The tables of the whole document, with the rows that the window shows: the heading of a table may
        stand in another window.
    priced
        The lines that may be items where no table has a heading, likewise.
    """

    document: Document
    page_indices: tuple[int, ...]
    starts: tuple[int, ...] = ()
    tables: tuple[Table, ...] = ()
    priced: Table | None = None


def cut_windows(document: Document, *, fits: Callable[[Window], bool]) -> tuple[Window, ...]:
    """Return windows that fit, in order, that together hold every line.

    Whole pages are kept together where they fit; a page that alone is too long is cut between lines, between
    the rows of a table where there is one.

    Parameters
    ----------
    fits
        Whether the engine can take a window; what is part of a window that fits must fit.

    Raises
    ------
    PromptTooLongError
        If a single line does not fit.
    """
    cutter = _Cutter(document, fits)
    windows: list[Window] = []
    pending: tuple[_PagePart, ...] = ()
    for part in _pages(document):
        if fits(cutter.window((*pending, part))):
            pending = (*pending, part)
            continue
        if pending:
            windows.append(cutter.window(pending))
        *full, last = cutter.split(part)
        windows += [cutter.window((piece,)) for piece in full]
        pending = (last,)
    if pending or not windows:
        windows.append(cutter.window(pending))
    return tuple(windows)


class _Cutter:
    """What is known of one document while it is cut: its tables, and where a cut would part a row."""

    def __init__(self, document: Document, fits: Callable[[Window], bool]) -> None:
        self.document = document
        self.fits = fits
        self.tables = find_tables(document)
        self.priced = find_priced_lines(document)
        known = (*self.tables, *((self.priced,) if self.priced else ()))
        self.inside = _lines_inside_rows(document, known)

    def window(self, parts: tuple[_PagePart, ...]) -> Window:
        """Return the window of some parts, with the rows that it shows."""
        pages = self.document.pages
        shown = [_words_of(pages[part.page_index], part) for part in parts]
        tables = tuple(found for table in self.tables if (found := rows_within(table, shown)).rows)
        priced = rows_within(self.priced, shown) if self.priced else None
        return Window(
            document=replace(
                self.document,
                pages=tuple(_part_page(pages[part.page_index], part, i) for i, part in enumerate(parts)),
            ),
            page_indices=tuple(part.page_index for part in parts),
            starts=tuple(part.start for part in shown),
            tables=tables,
            priced=priced if priced and priced.rows else None,
        )

    def split(self, part: _PagePart) -> tuple[_PagePart, ...]:
        """Return `part` halved between lines until each piece fits, where it can between rows."""
        if self.fits(self.window((part,))):
            return (part,)
        if part.last_line - part.first_line < 2:
            raise PromptTooLongError(
                f"one line of page {part.page_index + 1} is too long for the model's context",
                hint="serve a model with a longer context, or ask for fewer fields",
            )
        middle = (part.first_line + part.last_line) / 2
        cuts = range(part.first_line + 1, part.last_line)
        between = [line for line in cuts if (part.page_index, line) not in self.inside]
        cut = min(between or cuts, key=lambda line: (abs(line - middle), line))
        halves = replace(part, last_line=cut), replace(part, first_line=cut)
        return tuple(piece for half in halves for piece in self.split(half))


def _pages(document: Document) -> tuple[_PagePart, ...]:
    return tuple(
        _PagePart(page_index=page.page_index, first_line=0, last_line=len(page.lines))
        for page in document.pages
    )


def _lines_inside_rows(document: Document, tables: Sequence[Table]) -> frozenset[tuple[int, int]]:
    """Return (page_index, line_index) of the lines that a cut before them would part from their row."""
    inside: set[tuple[int, int]] = set()
    starts = [[start for start, _ in page.lines] for page in document.pages]
    for table in tables:
        for row in table.rows:
            lines = {bisect_right(starts[row.page_index], word) - 1 for word in row.words}
            inside.update((row.page_index, line) for line in lines - {min(lines, default=0)})
    return frozenset(inside)


def _words_of(page: Page, part: _PagePart) -> PagePart:
    lines = page.lines[part.first_line : part.last_line]
    start, end = (lines[0][0], lines[-1][1]) if lines else (0, 0)
    return PagePart(page_index=page.page_index, start=start, end=end)


def _part_page(page: Page, part: _PagePart, page_index: int) -> Page:
    lines = page.lines[part.first_line : part.last_line]
    if len(lines) == len(page.lines):
        return replace(page, page_index=page_index)
    start, end = lines[0][0], lines[-1][1]
    return replace(
        page,
        page_index=page_index,
        words=page.words[start:end],
        lines=tuple((a - start, b - start) for a, b in lines),
        block_order=tuple(i - start for i in page.block_order if start <= i < end),
        cuts=frozenset(_cuts_within(page, start, end)),
    )


def _cuts_within(page: Page, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the cuts among words [start, end), and one where their blocks went on outside of them."""
    yield from ((a - start, b - start) for a, b in page.cuts if start <= a < end and start <= b < end)
    within = [(at, i - start) for at, i in enumerate(page.block_order) if start <= i < end]
    yield from ((i, j) for (at, i), (next_at, j) in pairwise(within) if next_at != at + 1 and j != i + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowAnswer:
    """The value extracted from one window, or from all of them.

    Attributes
    ----------
    metadata
        What is known of each leaf, by path.
    page_indices
        The pages that each leaf was read from, by path; a leaf without was read from all.
    others
        Amounts that were nearly given, by path: of one window, or of another one.
    carried
        Amounts that are only carried over to the next page (`decoding.carried`).
    """

    value: Mapping[str, JsonValue]
    metadata: Mapping[Path, FieldMetadata]
    page_indices: Mapping[Path, tuple[int, ...]] = field(default_factory=dict[Path, tuple[int, ...]])
    others: Mapping[Path, tuple[OtherValue, ...]] = field(default_factory=dict[Path, tuple[OtherValue, ...]])
    carried: frozenset[Path] = frozenset()


@dataclass(slots=True)
class _Merge:
    metadata: dict[Path, FieldMetadata] = field(default_factory=dict[Path, FieldMetadata])
    page_indices: dict[Path, tuple[int, ...]] = field(default_factory=dict[Path, tuple[int, ...]])
    others: dict[Path, tuple[OtherValue, ...]] = field(default_factory=dict[Path, tuple[OtherValue, ...]])
    warnings: list[ExtractionWarning] = field(default_factory=list[ExtractionWarning])


def merge_answers(
    root: ObjectSpec, answers: Sequence[WindowAnswer]
) -> tuple[WindowAnswer, tuple[ExtractionWarning, ...]]:
    """Return the answers of all windows as one, and a `window_conflict` for each disagreement.

    Scalars: the non-null answer with the highest confidence, the earliest on a tie; a sum that is carried
    over to the next page only where no window has another one, and then it is no disagreement. Lists: all
    rows in order, up to `max_items`; rows beyond it are a `list_incomplete` warning.
    """
    merge = _Merge()
    sources: list[_Source] = [(dict(answer.value), answer, ()) for answer in answers]
    value = _merge_object(root, sources, (), merge)
    answer = WindowAnswer(
        value=value, metadata=merge.metadata, page_indices=merge.page_indices, others=merge.others
    )
    return answer, tuple(merge.warnings)


# One candidate for a place in the merged value: the value, its window's answer, its path there.
_Source = tuple[JsonValue, WindowAnswer, Path]


def _merge_object(
    spec: ObjectSpec, sources: Sequence[_Source], path: Path, merge: _Merge
) -> dict[str, JsonValue]:
    merged: dict[str, JsonValue] = {}
    for key, child in spec.properties:
        below: list[_Source] = [
            (value.get(key), answer, (*at, key))
            for value, answer, at in sources
            if isinstance(value, Mapping)
        ]
        merged[key] = _merge(child, below, (*path, key), merge)
    return merged


def _merge(spec: Spec, sources: Sequence[_Source], path: Path, merge: _Merge) -> JsonValue:
    present = [source for source in sources if source[0] is not None]
    if isinstance(spec, ObjectSpec):
        return _merge_object(spec, present, path, merge) if present else None
    if isinstance(spec, ArraySpec):
        return _merge_array(spec, present, path, merge) if present else None
    return _merge_scalar(spec, present or sources[:1], path, merge)


def _merge_array(spec: ArraySpec, sources: Sequence[_Source], path: Path, merge: _Merge) -> list[JsonValue]:
    rows: list[_Source] = [
        (row, answer, (*at, index))
        for value, answer, at in sources
        if isinstance(value, list)
        for index, row in enumerate(value)
    ]
    if len(rows) > spec.max_items:
        message = f"{len(rows)} rows were found and the schema allows {spec.max_items}"
        merge.warnings.append(
            ExtractionWarning(code="list_incomplete", message=message, path=json_path(path))
        )
    return [
        _merge(spec.item, [row], (*path, index), merge) for index, row in enumerate(rows[: spec.max_items])
    ]


def _merge_scalar(spec: FieldSpec, sources: Sequence[_Source], path: Path, merge: _Merge) -> JsonValue:
    if not sources:
        return None
    sources = [source for source in sources if source[2] not in source[1].carried] or sources
    known = [answer.metadata.get(at) for _, answer, at in sources]
    order = sorted(range(len(sources)), key=lambda i: (-_confidence(known[i]), i))
    value, answer, at = sources[order[0]]
    chosen = known[order[0]]
    if chosen is not None:
        merge.metadata[path] = chosen
    if at in answer.page_indices:
        merge.page_indices[path] = answer.page_indices[at]
    if spec.kind == "amount":
        merge.others[path] = tuple(_others(path, [(sources[i], _confidence(known[i])) for i in order]))
    if len({_comparable(spec, value) for value, _, _ in sources}) > 1:
        merge.warnings.append(
            ExtractionWarning(
                code="window_conflict",
                message="parts of the document gave different values; the surest one was kept",
                path=json_path(path),
            )
        )
    return value


def _others(path: Path, ranked: Sequence[tuple[_Source, float]]) -> Iterator[OtherValue]:
    """Yield what else may stand at `path`: near values of the first source, and what the others gave.

    `ranked` are the sources with their confidences, the chosen one first.
    """
    ((value, answer, at), surest), *others = ranked
    yield from (other.model_copy(update={"path": path}) for other in answer.others.get(at, ()))
    for (given, _, _), confidence in others:
        if given != value and 0 < confidence <= surest:
            yield OtherValue(path=path, value=given, gap=math.log(surest / confidence))


def _confidence(metadata: FieldMetadata | None) -> float:
    return -1.0 if metadata is None or metadata.confidence is None else metadata.confidence


def _comparable(spec: FieldSpec, value: JsonValue) -> object:
    """Return what two notations of one value have in common: "1,234.00" and "1234.00" do not conflict."""
    if isinstance(value, int | float):
        return Decimal(str(value)) if not isinstance(value, bool) else value
    text = str(value)
    readings: tuple[object, ...] = ()
    if spec.kind == "amount":
        readings = UNDECIDED.amount_readings(text)
    elif spec.kind == "date":
        readings = UNDECIDED.date_readings(text)
    return readings[0] if readings else text.casefold()
