"""Values back to the page: every leaf of an answer to its words, box and page, or a warning.

RASG's box back-calculation (arXiv 2405.20245, Algorithm 1 and section III): single fields are grounded
one by one on the whole document; the rows of a list share the page out among them by dynamic
programming (`decoding.grounding.line_items`), each row then being grounded inside its own chunk.
See docs/grounding.md for the choices that the paper leaves open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from decoding.grounding.matching import Run
from decoding.grounding.normalise import Normalised, normalise
from decoding.grounding.occurrences import DocumentIndex, Label
from decoding.grounding.page_values import marked_texts
from decoding.grounding.result import GroundedField, GroundedRow, GroundedTable, GroundingResult
from decoding.grounding.row_grounding import RowCell, ground_rows
from schemas.document import Document, Page
from schemas.extraction import Alignment, Citation, ExtractionWarning, FieldMetadata
from schemas.geometry import BBox
from schemas.spec import ArraySpec, ExtractionSchema, FieldKind, ObjectSpec, Path, Spec, json_path, row_path
from schemas.walk import AnswerList, Leaf, leaves, lists

# Kinds whose values must stand on the page in some notation; the others need not.
_MUST_STAND: frozenset[FieldKind] = frozenset({"verbatim", "amount", "date", "number", "iso_date"})
_MAX_COMPARED = 256  # places whose labels are compared, in reading order; a page full of one word has more
_RANK: dict[Alignment, int] = {"exact": 0, "normalised": 1, "fuzzy": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounded:
    """Where one value stands.

    Attributes
    ----------
    runs
        One run of words; several where the value's lines do not follow each other in reading order.
    n_occurrences
        In how many places the value stands equally well; above 1 the choice between them is a guess
        from labels and position.
    """

    runs: tuple[Run, ...]
    alignment: Alignment
    score: float
    n_occurrences: int = 1


def ground(
    value: JsonValue, index: DocumentIndex, *, kind: FieldKind = "verbatim", label: Label | None = None
) -> Grounded | None:
    """Return where `value` stands in the indexed pages, or None if it does not.

    Of several places the one with the highest similarity wins, where what a label is glued to has all of
    it; then the longest, then the one whose neighbouring words name the field best, then the first in reading
    order.
    """
    runs = index.occurrences(value, kind)
    pieces = index.segments(value, kind) if not runs or runs[0].alignment == "fuzzy" else ()
    if pieces and (not runs or pieces[0].score > runs[0].score):
        return Grounded(runs=pieces, alignment=pieces[0].alignment, score=pieces[0].score)
    if not runs:
        return None
    best = max(runs[:_MAX_COMPARED], key=lambda run: _rank(run, index, label))
    n_occurrences = sum(1 for run in runs if _merit(run) >= _merit(best))
    return Grounded(runs=(best,), alignment=best.alignment, score=best.score, n_occurrences=n_occurrences)


def _merit(run: Run) -> float:
    """Return how well the words spell the value; the length of a label glued to it says nothing of that."""
    return 1.0 if run.fills_parts else run.score


def _rank(run: Run, index: DocumentIndex, label: Label | None) -> tuple[float, ...]:
    return (
        _merit(run),
        -_RANK[run.alignment],
        0 if run.fills_parts else len(index.text(run)),
        0.0 if label is None else index.label_score(run, label),
        -run.page_index,
        -run.word_indices[0],
    )


_Place = tuple[Leaf, Grounded | None]  # a leaf and where it stands


def ground_extraction(
    value: Mapping[str, JsonValue],
    schema: ExtractionSchema,
    document: Document,
    *,
    page_indices: Mapping[Path, Sequence[int]] | None = None,
) -> GroundingResult:
    """Return, for every leaf of `value`, where it stands and what it says in normal form.

    Parameters
    ----------
    value
        An answer that validates against `schema`.
    page_indices
        The pages to search first for a leaf outside of tables, by its path: those that it was read from.
        What stands on none of them, and the leaves that are not named, are searched for on all.

    Notes
    -----
    Enums, booleans and free text need not stand on the page and are not searched for. Integers are
    cited where found, without a warning where not: counts are often not printed.
    """
    index = DocumentIndex(document.pages)
    tables = tuple(found for found in lists(schema.root, dict(value)) if _is_table(found))
    paths = {table.path for table in tables}
    singles = [leaf for leaf in leaves(schema.root, dict(value)) if _list_path(leaf) not in paths]
    placed = _ground_singles(singles, index, page_indices or {})
    for table in tables:
        placed += _ground_table(table, index)
    described = {leaf.path: _describe(leaf, grounded, index) for leaf, grounded in placed}
    known = {path: field for path, (field, _) in described.items()}
    return GroundingResult(
        fields={leaf.path: known[leaf.path] for leaf in singles},
        tables=tuple(_build_table(table, known) for table in tables),
        warnings=tuple(warning for _, warnings in described.values() for warning in warnings),
    )


def find_row_words(
    root: ObjectSpec, value: Mapping[str, JsonValue], document: Document
) -> dict[Path, frozenset[tuple[int, int]]]:
    """Return (page_index, word_index) of the words of every leaf of a list that stands somewhere, by path.

    Items of lists of scalars are rows as well: of two that are printed alike each has its own place.
    """
    index = DocumentIndex(document.pages)
    tables = [found for found in lists(root, dict(value)) if row_path(found.path) is None]
    placed = [place for table in tables for place in _ground_table(table, index)]
    return {
        leaf.path: frozenset((run.page_index, i) for run in grounded.runs for i in run.word_indices)
        for leaf, grounded in placed
        if grounded is not None
    }


def _is_table(found: AnswerList) -> bool:
    """Return whether a list is none of a row's, and its items are objects, or lists of such."""
    return row_path(found.path) is None and _holds_objects(found.spec.item)


def _holds_objects(spec: Spec) -> bool:
    return isinstance(spec, ObjectSpec) or (isinstance(spec, ArraySpec) and _holds_objects(spec.item))


def _list_path(leaf: Leaf) -> Path | None:
    row = row_path(leaf.path)
    return None if row is None else row[:-1]


def _rows(table: AnswerList) -> tuple[tuple[Leaf, ...], ...]:
    return tuple(
        tuple(leaves(table.spec.item, row, (*table.path, position)))
        for position, row in enumerate(table.items)
    )


def _ground_singles(
    singles: Sequence[Leaf], index: DocumentIndex, page_indices: Mapping[Path, Sequence[int]]
) -> list[_Place]:
    parts: dict[tuple[int, ...], DocumentIndex] = {}
    placed: list[_Place] = []
    for leaf in singles:
        pages = tuple(page_indices.get(leaf.path, ()))
        if pages not in parts:
            parts[pages] = index.part(pages)
        placed.append((leaf, _ground_leaf(leaf, parts[pages]) or _ground_leaf(leaf, index)))
    return placed


def _ground_leaf(leaf: Leaf, index: DocumentIndex) -> Grounded | None:
    keys = _keys(leaf)
    label = Label(keys[-1] if keys else "", leaf.spec.description)
    return ground(leaf.value, index, kind=leaf.spec.kind, label=label)


def _keys(leaf: Leaf) -> tuple[str, ...]:
    return tuple(part for part in leaf.path if isinstance(part, str))


def _ground_table(table: AnswerList, index: DocumentIndex) -> list[_Place]:
    rows = _rows(table)
    cells = [
        tuple(RowCell(column=_keys(leaf), value=leaf.value, kind=leaf.spec.kind) for leaf in row)
        for row in rows
    ]
    return [
        (leaf, _ground_cell(leaf, runs, index))
        for row, found in zip(rows, ground_rows(cells, index), strict=True)
        for leaf, runs in zip(row, found, strict=True)
    ]


def _ground_cell(leaf: Leaf, runs: Sequence[Run], index: DocumentIndex) -> Grounded | None:
    """Return the cell at `runs`; a text that stands nowhere near its row may still stand in several lines."""
    if not runs:
        return _ground_leaf(leaf, index)
    return Grounded(runs=tuple(runs), alignment=runs[0].alignment, score=runs[0].score)


def _build_table(table: AnswerList, known: Mapping[Path, GroundedField]) -> GroundedTable:
    depth = len(table.path) + 1
    rows = (
        GroundedRow(path=(*table.path, position), cells={leaf.path[depth:]: known[leaf.path] for leaf in row})
        for position, row in enumerate(_rows(table))
    )
    return GroundedTable(path=table.path, rows=tuple(rows))


def _describe(
    leaf: Leaf, grounded: Grounded | None, index: DocumentIndex
) -> tuple[GroundedField, tuple[ExtractionWarning, ...]]:
    run = None if grounded is None else grounded.runs[0]
    texts = (
        () if run is None or leaf.spec.kind != "amount" else marked_texts(index.pages[run.page_index], run)
    )
    normal = normalise(leaf.value, leaf.spec, style=index.style, path=leaf.path, marked_texts=texts)
    entry = _metadata(grounded, normal, index)
    doubts = (*_warn_ungrounded(leaf), *normal.warnings) if grounded is None else normal.warnings
    return GroundedField(spec=leaf.spec, value=leaf.value, metadata=entry), doubts


def _warn_ungrounded(leaf: Leaf) -> tuple[ExtractionWarning, ...]:
    if leaf.value is None or leaf.spec.kind not in _MUST_STAND:
        return ()
    message = "the value was not found on the pages that were read"
    return (ExtractionWarning(code="ungrounded_value", message=message, path=json_path(leaf.path)),)


def _metadata(grounded: Grounded | None, normal: Normalised, index: DocumentIndex) -> FieldMetadata:
    if grounded is None:
        return FieldMetadata(normalised=normal.text, currency=normal.currency)
    words = [index.pages[run.page_index].words[i] for run in grounded.runs for i in run.word_indices]
    currency = normal.currency
    if currency is None and normal.is_amount:
        currency = index.currency_beside(grounded.runs[0])
    return FieldMetadata(
        ocr_confidence=min(word.confidence for word in words),
        alignment=grounded.alignment,
        alignment_score=grounded.score,
        citations=tuple(_citation(run, index) for run in grounded.runs),
        normalised=normal.text,
        currency=currency,
    )


def _citation(run: Run, index: DocumentIndex) -> Citation:
    box = index.box(run)
    return Citation(
        page_number=run.page_index + 1,
        bbox=(box.left, box.top, box.right, box.bottom),
        word_indices=run.word_indices,
        reference_text=index.text(run),
    )


def back_calculate(
    values: Mapping[str, str], pages: Sequence[Page], *, y_low: float, y_high: float
) -> tuple[float, dict[str, BBox]]:
    """Return Algorithm 1's score and boxes of `values` in the part of the pages from y_low to y_high.

    Heights are counted through the document: page_index plus the fraction of that page. A word is inside
    if its centre is.

        score = sum over keys of the similarity of the best run inside [y_low, y_high)

    Notes
    -----
    Empty values are skipped. The score never falls when the part grows.
    """
    index = DocumentIndex(pages)
    score, boxes = 0.0, dict[str, BBox]()
    for key, value in values.items():
        inside = [run for run in index.occurrences(value, "verbatim") if _inside(run, index, y_low, y_high)]
        if inside:
            score += inside[0].score
            boxes[key] = index.box(inside[0])
    return score, boxes


def _inside(run: Run, index: DocumentIndex, y_low: float, y_high: float) -> bool:
    heights = [run.page_index + index.pages[run.page_index].words[i].bbox.center[1] for i in run.word_indices]
    return y_low <= min(heights) and max(heights) < y_high
