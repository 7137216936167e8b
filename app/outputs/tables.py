"""Results as two tables: a row a document, and a row for each row of its lists, with typed columns.

Beside the typed value of a field stand what was printed (`_text`), the currency (`_currency`, ISO 4217) and
how sure the value is (`_confidence`, in [0, 1], four decimals).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from app.outputs.cells import Cell, CellKind, cell_kind, typed_cell
from app.outputs.records import FileResult
from schemas.extraction import FieldMetadata
from schemas.spec import (
    ArraySpec,
    ExtractionSchema,
    FieldSpec,
    ObjectSpec,
    Path,
    Spec,
    json_path,
    single_fields,
)
from schemas.walk import lists, value_at

Part = Literal["value", "text", "currency", "confidence"]
Row = tuple[Cell, ...]

_PARTS: Mapping[CellKind, tuple[Part, ...]] = {
    "amount": ("value", "text", "currency", "confidence"),
    "date": ("value", "text", "confidence"),
}
_OTHERS: tuple[Part, ...] = ("value", "confidence")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its name, which no other of the table has, and what it holds."""

    name: str
    kind: CellKind


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldColumns:
    """The columns of one field, by its path in the document or in a row of a list."""

    path: Path
    kind: CellKind
    columns: tuple[tuple[Part, Column], ...]

    def cells(self, value: JsonValue, entry: FieldMetadata | None) -> Iterator[Cell]:
        """Yield the cells of a value and what is known of it; all empty for null."""
        for part, _ in self.columns:
            if value is None:
                yield None
            elif part == "value":
                yield typed_cell(value, self.kind, entry)
            elif part == "text":
                yield typed_cell(value, "text", entry)
            elif entry is not None:
                yield entry.currency if part == "currency" else _rounded(entry.confidence)
            else:
                yield None


class _Names:
    """Names of columns, of which no two are alike, whatever a schema's keys are."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = {name.lower() for name in taken}  # databases do not tell a capital letter

    def take(self, name: str) -> str:
        while name.lower() in self._taken:
            name += "_"
        self._taken.add(name.lower())
        return name


class DocumentTable:
    """One row a document: file, status, the values that stand outside of lists, where it came from.

    With several schemas each document has its schema's name after its status, and the columns of all of them.
    `file` is the key: no two documents of a batch have the same.
    """

    name = "results"

    def __init__(self, schemas: Sequence[ExtractionSchema]) -> None:
        self._is_one = len(schemas) == 1
        first = ("file", "status") if self._is_one else ("file", "status", "schema")
        last = ("document_sha256", "pages", "kind", "review", "warnings", "error")
        self._fields = _field_columns([single_fields(s.root) for s in schemas], _Names((*first, *last)))
        self.columns = _all_columns(first, self._fields, last)

    def rows(self, result: FileResult) -> Iterator[Row]:
        """Yield the row of a document; one that failed has its code and empty cells."""
        found, error = result.extraction, result.error
        status = result.outcome if error is None else f"failed: {error.code}"
        first: Row = (result.file, status)
        if not self._is_one:
            first += ("" if found is None else found.schema_name,)
        entries = {} if found is None else found.output.metadata
        cells = (
            cell
            for field in self._fields
            for cell in field.cells(value_at(result.value, field.path), entries.get(json_path(field.path)))
        )
        if found is None:
            message = None if error is None else error.message
            yield (*first, *cells, None, None, None, None, None, message)
            return
        pages = " ".join(map(str, found.page_numbers)) or None
        kind = None if found.kind is None else found.kind.name
        codes = (_codes(r.code for r in found.review), _codes(w.code for w in found.warnings))
        yield (*first, *cells, found.document_sha256, pages, kind, *codes, None)


class LineItemTable:
    """One row for each row of each list: file, list, row number (from 1), its values, its document's key.

    Lists inside of rows are lists of their own: `line_items[0].taxes`. `schemas` has that of every result.
    """

    name = "line_items"

    def __init__(self, schemas: Sequence[ExtractionSchema]) -> None:
        self._roots = {schema.name: schema.root for schema in schemas}
        self._only = schemas[0].root if len(schemas) == 1 else None
        first = ("file", "list", "row_number")
        last = ("document_sha256",)
        self._fields = _field_columns([_row_fields(s.root) for s in schemas], _Names((*first, *last)))
        self.columns = _all_columns(first, self._fields, last)

    def rows(self, result: FileResult) -> Iterator[Row]:
        """Yield the rows of a document's lists, in the order of the answer."""
        found = result.extraction
        if found is None:
            return
        root = self._only or self._roots[found.schema_name]
        for each in lists(root, result.value):
            if isinstance(each.spec.item, ArraySpec):
                continue  # the lists inside of it have the rows
            known = {path for path, _ in single_fields(each.spec.item)}
            for index, row in enumerate(each.items):
                cells = self._cells(row, known, (*each.path, index), found.output.metadata)
                yield (result.file, json_path(each.path), index + 1, *cells, found.document_sha256)

    def _cells(
        self, row: JsonValue, known: set[Path], place: Path, entries: Mapping[str, FieldMetadata]
    ) -> Iterator[Cell]:
        for field in self._fields:
            value = value_at(row, field.path) if field.path in known else None
            yield from field.cells(value, entries.get(json_path((*place, *field.path))))


Table = DocumentTable | LineItemTable


def tables_of(schemas: Sequence[ExtractionSchema]) -> tuple[Table, ...]:
    """Return the tables of results of these schemas: documents, and line items."""
    return DocumentTable(schemas), LineItemTable(schemas)


def _rounded(confidence: float | None) -> float | None:
    return None if confidence is None else round(confidence, 4)


def _codes(codes: Iterable[str]) -> str | None:
    return " ".join(dict.fromkeys(codes)) or None


def _all_columns(
    first: Sequence[str], fields: Sequence[FieldColumns], last: Sequence[str]
) -> tuple[Column, ...]:
    def plain(names: Sequence[str]) -> Iterator[Column]:
        return (Column(name=n, kind="integer" if n == "row_number" else "text") for n in names)

    return (*plain(first), *(column for field in fields for _, column in field.columns), *plain(last))


def _field_columns(
    schemas: Sequence[Iterable[tuple[Path, FieldSpec]]], names: _Names
) -> tuple[FieldColumns, ...]:
    """Return the columns of the fields of all schemas, each path once, in schema order."""
    kinds: dict[Path, CellKind] = {}
    for fields in schemas:
        for path, spec in fields:
            kind = cell_kind(spec.kind)
            kinds[path] = kind if kinds.get(path, kind) == kind else "text"
    # A field's own name goes before what would be put beside another's.
    own = {path: names.take(json_path(path) or "value") for path in kinds}
    return tuple(
        FieldColumns(path=path, kind=kind, columns=tuple(_columns(own[path], kind, names)))
        for path, kind in kinds.items()
    )


def _columns(own: str, kind: CellKind, names: _Names) -> Iterator[tuple[Part, Column]]:
    for part in _PARTS.get(kind, _OTHERS):
        held: CellKind = kind if part == "value" else "number" if part == "confidence" else "text"
        name = own if part == "value" else names.take(f"{own}_{part}")
        yield part, Column(name=name, kind=held)


def _row_fields(spec: Spec) -> Iterator[tuple[Path, FieldSpec]]:
    """Yield the fields of the rows of every list at or below `spec`, those inside of rows too."""
    if isinstance(spec, ArraySpec):
        yield from single_fields(spec.item)
        yield from _row_fields(spec.item)
    elif isinstance(spec, ObjectSpec):
        for _, child in spec.properties:
            yield from _row_fields(child)
