"""An answer with its places: what grounding knows of each leaf, by path, and the rows of its lists.

Whoever doubts an answer reads these values; paths are printed only where the answer leaves the service.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from pydantic import JsonValue

from schemas.extraction import Citation, ExtractionWarning, FieldMetadata
from schemas.geometry import BBox, union
from schemas.spec import NUMERIC_KINDS, FieldSpec, Path, row_path


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundedField:
    """One leaf of an answer: what was asked for, what was answered, and where it stands."""

    spec: FieldSpec
    value: JsonValue
    metadata: FieldMetadata

    @property
    def amount(self) -> Decimal | None:
        """Return the normal form of an amount or number; None of what has none, and of all else."""
        if self.spec.kind not in NUMERIC_KINDS or self.metadata.normalised is None:
            return None
        return Decimal(self.metadata.normalised)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundedRow:
    """One row of a list.

    Attributes
    ----------
    path
        The row's place in the answer.
    cells
        The leaves of the row, null ones too, by their path inside of it: () where the row is one scalar.
    """

    path: Path
    cells: Mapping[Path, GroundedField]

    @property
    def boxes(self) -> tuple[tuple[int, BBox], ...]:
        """Return (page_number, box around the cells on it) for each page that the row touches, in order."""
        return _page_boxes(cited for cell in self.cells.values() for cited in cell.metadata.citations)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundedTable:
    """One list: its place in the answer, and its rows in order."""

    path: Path
    rows: tuple[GroundedRow, ...]

    @property
    def boxes(self) -> tuple[tuple[int, BBox], ...]:
        """Return (page_number, box around the rows on it) for each page that the list touches, in order."""
        cells = (cell for row in self.rows for cell in row.cells.values())
        return _page_boxes(cited for cell in cells for cited in cell.metadata.citations)


def _page_boxes(citations: Iterable[Citation]) -> tuple[tuple[int, BBox], ...]:
    by_page: dict[int, list[BBox]] = {}
    for cited in citations:
        by_page.setdefault(cited.page_number, []).append(BBox(*cited.bbox))
    return tuple((number, union(by_page[number])) for number in sorted(by_page))


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundingResult:
    """Every leaf of an answer with its place, null leaves too, and what is doubtful.

    Attributes
    ----------
    fields
        The leaves outside of tables by path, items of lists of scalars among them.
    tables
        The outermost lists whose items are objects, or lists of such. What lists inside of a row hold are
        cells of it.
    """

    fields: Mapping[Path, GroundedField]
    tables: tuple[GroundedTable, ...]
    warnings: tuple[ExtractionWarning, ...]

    @property
    def metadata(self) -> dict[Path, FieldMetadata]:
        """Return what is known of every leaf, without confidence: of `fields`, then of the tables' cells."""
        cells = {
            (*row.path, *path): cell
            for table in self.tables
            for row in table.rows
            for path, cell in row.cells.items()
        }
        return {path: field.metadata for path, field in (*self.fields.items(), *cells.items())}

    def cites(self, page_index: int, words: Iterable[int]) -> bool:
        """Return whether some value stands on one of the words of a page, by their indices."""
        wanted = frozenset(words)
        return any(
            cited.page_number == page_index + 1 and not wanted.isdisjoint(cited.word_indices)
            for metadata in self.metadata.values()
            for cited in metadata.citations
        )

    @property
    def lists(self) -> tuple[GroundedTable, ...]:
        """Return every outermost list: those of scalars as tables of what their items hold, then `tables`."""
        rows: dict[Path, dict[Path, GroundedField]] = {}
        for path, field in self.fields.items():
            row = row_path(path)
            if row is not None:
                rows.setdefault(row, {})[path[len(row) :]] = field
        lists: dict[Path, list[GroundedRow]] = {}
        for row, cells in rows.items():
            lists.setdefault(row[:-1], []).append(GroundedRow(path=row, cells=cells))
        return (
            *(GroundedTable(path=path, rows=tuple(rows)) for path, rows in lists.items()),
            *self.tables,
        )
