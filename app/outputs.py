"""Results as files: JSON, JSON lines and CSV; a document that failed has its record in each of them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, JsonValue

from app.errors import ErrorRecord
from schemas.extraction import Extraction
from schemas.spec import ArraySpec, ExtractionSchema, ObjectSpec, Path, Spec, json_path, single_fields
from schemas.walk import lists, value_at

# Spreadsheets run cells that begin like this as formulas; numbers with a sign are none.
_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+\-]?[\d.,'\s]*\d[\d.,'\s]*%?")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileResult:
    """One document's extraction, or the record of why there is none.

    `file` is the file's name, with `#1`, `#2` ... if there are several documents in it.
    """

    file: str
    extraction: Extraction | None = None
    error: ErrorRecord | None = None

    def __post_init__(self) -> None:
        if (self.extraction is None) == (self.error is None):
            raise ValueError("a file has either an extraction or an error")


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)

    file: str
    extraction: Extraction | None = None
    error: ErrorRecord | None = None


def result_json(result: FileResult) -> str:
    """Return the result as an indented JSON document."""
    return _record(result).model_dump_json(indent=2, exclude_none=False) + "\n"


def result_line(result: FileResult) -> str:
    """Return the result as one line of JSON."""
    return _record(result).model_dump_json() + "\n"


def _record(result: FileResult) -> _Record:
    return _Record(file=result.file, extraction=result.extraction, error=result.error)


def scalar_csv(results: Sequence[FileResult], *schemas: ExtractionSchema) -> str:
    """Return one row a document: its status, then the values that stand outside of lists, in schema order.

    With several schemas each document has its schema's name after its status, and the columns of all of them.
    """
    paths = list(dict.fromkeys(path for schema in schemas for path, _ in single_fields(schema.root)))
    named = ["schema"] if len(schemas) > 1 else []
    rows = [
        [
            _cell(r.file),
            _status(r),
            *([_schema_name(r)] if named else []),
            *(_cell(value_at(_value(r), path)) for path in paths),
        ]
        for r in results
    ]
    return _csv(["file", "status", *named, *(json_path(path) for path in paths)], rows)


def line_item_csv(results: Sequence[FileResult], *schemas: ExtractionSchema) -> str:
    """Return one row for each row of each list: file, list, row number (from 1), then the columns.

    Lists inside of rows are lists of their own: `line_items[0].taxes`. `schemas` has that of every result.
    """
    columns = list(dict.fromkeys(column for schema in schemas for column in _columns(schema.root)))
    roots = {schema.name: schema.root for schema in schemas}
    only = schemas[0].root if len(schemas) == 1 else None
    body: list[list[str]] = []
    for result in results:
        if result.extraction is None:
            continue
        for found in lists(only or roots[result.extraction.schema_name], _value(result)):
            if isinstance(found.spec.item, ArraySpec):
                continue  # the lists inside of it have the rows
            for number, row in enumerate(found.items, start=1):
                cells = {_column(p): value_at(row, p) for p, _ in single_fields(found.spec.item)}
                body.append(
                    [
                        _cell(result.file),
                        _cell(json_path(found.path)),
                        str(number),
                        *(_cell(cells.get(c)) for c in columns),
                    ]
                )
    return _csv(["file", "list", "row_number", *columns], body)


def _columns(spec: Spec) -> Iterator[str]:
    """Yield the columns of every list at or below `spec`, those inside of rows too."""
    if isinstance(spec, ArraySpec):
        yield from (_column(path) for path, _ in single_fields(spec.item))
        yield from _columns(spec.item)
    elif isinstance(spec, ObjectSpec):
        for _, child in spec.properties:
            yield from _columns(child)


def _column(path: Path) -> str:
    """Return the column of a cell by its path in the row; a row that is one text has one column."""
    return json_path(path) or "value"


def _value(result: FileResult) -> JsonValue:
    return None if result.extraction is None else result.extraction.output.value


def _status(result: FileResult) -> str:
    if result.extraction is not None:
        return result.extraction.status
    return f"failed: {result.error.code}" if result.error else "failed"


def _schema_name(result: FileResult) -> str:
    return "" if result.extraction is None else _cell(result.extraction.schema_name)


def _cell(value: JsonValue) -> str:
    """Return a cell that no spreadsheet takes for a formula; negative amounts stay as they are."""
    text = "" if value is None else str(value)
    is_formula = _FORMULA.match(text) is not None and _NUMBER.fullmatch(text) is None
    return f"'{text}" if is_formula else text


def _csv(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([_cell(name) for name in header])
    writer.writerows(rows)
    return buffer.getvalue()
