"""Tables as CSV (RFC 4180 with newlines, UTF-8): decimals with a point, dates by ISO 8601, no formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Protocol

from app.outputs.cells import Cell, harmless, plain_text
from app.outputs.records import FileResult
from app.outputs.tables import DocumentTable, LineItemTable, Row, Table
from schemas.spec import ExtractionSchema


class _TextFile(Protocol):
    def write(self, text: str, /) -> object: ...


class CsvRows:
    """Writes rows to a text file, the header first."""

    def __init__(self, file: _TextFile, header: Sequence[str]) -> None:
        self._writer = csv.writer(file, lineterminator="\n")
        self._writer.writerow([harmless(plain_text(name)) for name in header])

    def add(self, row: Row) -> None:
        """Write one row."""
        self._writer.writerow([_text(cell) for cell in row])


def _text(cell: Cell) -> str:
    # The library quotes what its own line ends have; readers take a lone return for one, too.
    text = plain_text(cell).replace("\r\n", "\n").replace("\r", "\n")
    return harmless(text) if isinstance(cell, str) else text


def scalar_csv(results: Iterable[FileResult], *schemas: ExtractionSchema) -> str:
    """Return the table of documents as CSV; see `DocumentTable`."""
    return _csv(DocumentTable(schemas), results)


def line_item_csv(results: Iterable[FileResult], *schemas: ExtractionSchema) -> str:
    """Return the table of the rows of all lists as CSV; see `LineItemTable`."""
    return _csv(LineItemTable(schemas), results)


def _csv(table: Table, results: Iterable[FileResult]) -> str:
    buffer = io.StringIO()
    rows = CsvRows(buffer, [column.name for column in table.columns])
    for result in results:
        for row in table.rows(result):
            rows.add(row)
    return buffer.getvalue()
