"""Values back to the page: every leaf of an answer to its words, box and page, or a warning.

RASG's box back-calculation (arXiv 2405.20245, Algorithm 1 and section III): single fields are grounded
one by one on the whole document; the rows of a list share the page out among them by dynamic
programming (`decoding.grounding.line_items`), each row then being grounded inside its own chunk.
See docs/grounding.md for the choices that the paper leaves open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from decoding.grounding.matching import Run
from decoding.grounding.normalise import Normalised, normalise
from decoding.grounding.occurrences import DocumentIndex, Label
from decoding.grounding.row_grounding import RowCell, ground_rows
from schemas.document import Document, Page
from schemas.extraction import Alignment, Citation, ExtractionWarning, FieldMetadata
from schemas.geometry import BBox, union
from schemas.spec import ArraySpec, ExtractionSchema, FieldKind, FieldSpec, ObjectSpec, Path, Spec, json_path

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


@dataclass(frozen=True, slots=True, kw_only=True)
class RowBox:
    """The box around the cells of one row on one page."""

    row_index: int
    page_number: int
    bbox: BBox


@dataclass(frozen=True, slots=True, kw_only=True)
class TableBox:
    """The boxes of one list's rows, and those around them, one for each page that the list touches."""

    path: str
    rows: tuple[RowBox, ...]

    @property
    def pages(self) -> tuple[tuple[int, BBox], ...]:
        """Return (page_number, box around the rows on it), in page order."""
        numbers = sorted({row.page_number for row in self.rows})
        return tuple((n, union(row.bbox for row in self.rows if row.page_number == n)) for n in numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundingResult:
    """Metadata of every leaf by JSON path (null leaves too, without confidence), and what is doubtful."""

    metadata: dict[str, FieldMetadata]
    warnings: tuple[ExtractionWarning, ...]
    tables: tuple[TableBox, ...]


def ground(
    value: JsonValue, index: DocumentIndex, *, kind: FieldKind = "verbatim", label: Label | None = None
) -> Grounded | None:
    """Return where `value` stands in the indexed pages, or None if it does not.

    Of several places the one with the highest similarity wins, then the longest, then the one whose
    neighbouring words name the field best, then the first in reading order.
    """
    runs = index.occurrences(value, kind)
    pieces = index.segments(value, kind) if not runs or runs[0].alignment == "fuzzy" else ()
    if pieces and (not runs or pieces[0].score > runs[0].score):
        return Grounded(runs=pieces, alignment=pieces[0].alignment, score=pieces[0].score)
    if not runs:
        return None
    best = max(runs[:_MAX_COMPARED], key=lambda run: _rank(run, index, label))
    n_occurrences = sum(1 for run in runs if run.score >= best.score)
    return Grounded(runs=(best,), alignment=best.alignment, score=best.score, n_occurrences=n_occurrences)


def _rank(run: Run, index: DocumentIndex, label: Label | None) -> tuple[float, ...]:
    return (
        run.score,
        -_RANK[run.alignment],
        len(index.text(run)),
        0.0 if label is None else index.label_score(run, label),
        -run.page_index,
        -run.word_indices[0],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leaf:
    path: Path
    spec: FieldSpec
    value: JsonValue

    @property
    def label(self) -> Label:
        keys = [part for part in self.path if isinstance(part, str)]
        return Label(keys[-1] if keys else "", self.spec.description)


def ground_extraction(
    value: Mapping[str, JsonValue],
    schema: ExtractionSchema,
    document: Document,
    *,
    page_indices: Mapping[str, Sequence[int]] | None = None,
) -> GroundingResult:
    """Return, for every leaf of `value`, where it stands and what it says in normal form.

    Parameters
    ----------
    value
        An answer that validates against `schema`.
    page_indices
        The pages to search first for a leaf outside of tables, by its JSON path: those that it was read
        from. What stands on none of them, and the leaves that are not named, are searched for on all.

    Notes
    -----
    Enums, booleans and free text need not stand on the page and are not searched for. Integers are
    cited where found, without a warning where not: counts are often not printed.
    """
    index = DocumentIndex(document.pages)
    singles = list(_leaves(schema.root, dict(value), (), in_rows=False))
    found = _ground_singles(singles, index, page_indices or {})
    tables: list[TableBox] = []
    for path, rows in _tables(schema.root, dict(value), ()):
        grounded_rows = _ground_table(rows, index)
        found += [pair for row in grounded_rows for pair in row]
        tables.append(TableBox(path=json_path(path), rows=tuple(_row_boxes(grounded_rows, index))))
    described = [_describe(leaf, grounded, index) for leaf, grounded in found]
    return GroundingResult(
        metadata={
            json_path(leaf.path): entry for (leaf, _), (entry, _) in zip(found, described, strict=True)
        },
        warnings=tuple(warning for _, warnings in described for warning in warnings),
        tables=tuple(tables),
    )


def _ground_singles(
    leaves: Sequence[_Leaf], index: DocumentIndex, page_indices: Mapping[str, Sequence[int]]
) -> list[tuple[_Leaf, Grounded | None]]:
    parts: dict[tuple[int, ...], DocumentIndex] = {}
    found: list[tuple[_Leaf, Grounded | None]] = []
    for leaf in leaves:
        pages = tuple(page_indices.get(json_path(leaf.path), ()))
        if pages not in parts:
            parts[pages] = index.part(pages)
        grounded = ground(leaf.value, parts[pages], kind=leaf.spec.kind, label=leaf.label)
        if grounded is None:
            grounded = ground(leaf.value, index, kind=leaf.spec.kind, label=leaf.label)
        found.append((leaf, grounded))
    return found


def _leaves(spec: Spec, value: JsonValue, path: Path, *, in_rows: bool) -> Iterator[_Leaf]:
    """Yield the leaves below `path`; rows of objects only with `in_rows`, they are tables otherwise."""
    if isinstance(spec, FieldSpec):
        yield _Leaf(path=path, spec=spec, value=value)
    elif isinstance(spec, ObjectSpec):
        children = value if isinstance(value, Mapping) else {}
        for key, child in spec.properties if isinstance(value, Mapping) else ():
            yield from _leaves(child, children.get(key), (*path, key), in_rows=in_rows)
    elif isinstance(value, list) and (in_rows or not isinstance(spec.item, ObjectSpec)):
        for position, child in enumerate(value):
            yield from _leaves(spec.item, child, (*path, position), in_rows=in_rows)


def _tables(spec: Spec, value: JsonValue, path: Path) -> Iterator[tuple[Path, list[tuple[_Leaf, ...]]]]:
    """Yield each outermost list of objects: its path, and the leaves of each of its rows."""
    if isinstance(spec, ObjectSpec) and isinstance(value, Mapping):
        for key, child in spec.properties:
            yield from _tables(child, value.get(key), (*path, key))
    elif isinstance(spec, ArraySpec) and isinstance(spec.item, ObjectSpec) and isinstance(value, list):
        rows = [
            tuple(_leaves(spec.item, row, (*path, position), in_rows=True))
            for position, row in enumerate(value)
        ]
        yield path, rows


def _ground_table(
    rows: Sequence[tuple[_Leaf, ...]], index: DocumentIndex
) -> list[list[tuple[_Leaf, Grounded | None]]]:
    cells = [
        tuple(RowCell(column=_column(leaf), value=leaf.value, kind=leaf.spec.kind) for leaf in row)
        for row in rows
    ]
    chosen = ground_rows(cells, index)
    return [
        [(leaf, _cell(leaf, run, index)) for leaf, run in zip(row, runs, strict=True)]
        for row, runs in zip(rows, chosen, strict=True)
    ]


def _column(leaf: _Leaf) -> str:
    return ".".join(part for part in leaf.path if isinstance(part, str))


def _cell(leaf: _Leaf, run: Run | None, index: DocumentIndex) -> Grounded | None:
    """Return the cell at `run`; a text that stands in no piece may still stand in several lines."""
    if run is None:
        return ground(leaf.value, index, kind=leaf.spec.kind, label=leaf.label)
    return Grounded(runs=(run,), alignment=run.alignment, score=run.score)


def _row_boxes(
    rows: Sequence[Sequence[tuple[_Leaf, Grounded | None]]], index: DocumentIndex
) -> Iterator[RowBox]:
    for row_index, row in enumerate(rows):
        runs = [run for _, grounded in row if grounded is not None for run in grounded.runs]
        for page_index in sorted({run.page_index for run in runs}):
            box = union(index.box(run) for run in runs if run.page_index == page_index)
            yield RowBox(row_index=row_index, page_number=page_index + 1, bbox=box)


def _describe(
    leaf: _Leaf, grounded: Grounded | None, index: DocumentIndex
) -> tuple[FieldMetadata, tuple[ExtractionWarning, ...]]:
    path = json_path(leaf.path)
    normal = normalise(leaf.value, leaf.spec.kind, style=index.style, path=path)
    if grounded is None:
        entry = FieldMetadata(normalised=normal.text, currency=normal.currency)
        return entry, (*_ungrounded(leaf, path), *normal.warnings)
    return _grounded_entry(grounded, normal, index), normal.warnings


def _ungrounded(leaf: _Leaf, path: str) -> tuple[ExtractionWarning, ...]:
    if leaf.value is None or leaf.spec.kind not in _MUST_STAND:
        return ()
    message = "the value was not found on the pages that were read"
    return (ExtractionWarning(code="ungrounded_value", message=message, path=path),)


def _grounded_entry(grounded: Grounded, normal: Normalised, index: DocumentIndex) -> FieldMetadata:
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
