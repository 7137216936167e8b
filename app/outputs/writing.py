"""The formats of results, and the files of tables: made from the results one by one, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from app.outputs.csv_tables import CsvRows
from app.outputs.records import FileResult
from app.outputs.tables import Row, Table, tables_of
from app.outputs.workbook import Workbook, require_workbooks
from schemas.errors import ConfigurationError
from schemas.spec import ExtractionSchema

WORKBOOK = "results.xlsx"
_PART = ".part"


class Format(StrEnum):
    """How results are written.

    JSON is a file a document with all that is known, VALUE one with the answer alone; JSONL is a line a
    document with all; the others are tables.
    """

    JSON = "json"
    VALUE = "value"
    JSONL = "jsonl"
    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"


class _Sink(Protocol):
    """Takes the rows of tables; the file is whole when it is closed."""

    def add(self, table: str, row: Row) -> None: ...

    def close(self) -> None: ...

    def abandon(self) -> None: ...


class _CsvSink:
    def __init__(self, paths: dict[str, Path], tables: Sequence[Table]) -> None:
        self._files = {t.name: paths[t.name].open("w", encoding="utf-8", newline="") for t in tables}
        self._rows = {t.name: CsvRows(self._files[t.name], [c.name for c in t.columns]) for t in tables}

    def add(self, table: str, row: Row) -> None:
        self._rows[table].add(row)

    def close(self) -> None:
        for file in self._files.values():
            file.close()

    abandon = close


class _ParquetSink:
    def __init__(self, paths: dict[str, Path], tables: Sequence[Table]) -> None:
        from app.outputs.parquet_tables import ParquetRows

        self._rows = {table.name: ParquetRows(paths[table.name], table) for table in tables}

    def add(self, table: str, row: Row) -> None:
        self._rows[table].add(row)

    def close(self) -> None:
        for rows in self._rows.values():
            rows.close()

    abandon = close


def check_formats(formats: Sequence[Format], out: Path | None) -> None:
    """Check that results can be written so, before any work.

    Raises
    ------
    ConfigurationError
        If a library is missing, or what is asked for needs a folder and there is none.
    """
    if out is None and (len(formats) > 1 or formats[0] in (Format.XLSX, Format.PARQUET)):
        raise ConfigurationError(
            f"{' and '.join(formats)} cannot go to standard output", hint="name a folder with --out"
        )
    if Format.XLSX in formats:
        require_workbooks()


def table_names(formats: Sequence[Format]) -> tuple[str, ...]:
    """Return the names of the files of tables in these formats."""
    names: list[str] = []
    for each in (Format.CSV, Format.PARQUET):
        if each in formats:
            names += [f"results.{each}", f"line_items.{each}"]
    return (*names, WORKBOOK) if Format.XLSX in formats else tuple(names)


def write_tables(
    results: Iterable[FileResult],
    schemas: Sequence[ExtractionSchema],
    formats: Sequence[Format],
    out: Path,
    *,
    go_on: Callable[[], bool] = lambda: True,
) -> tuple[str, ...]:
    """Write the tables of results to a folder, and return the names of the files.

    `results` are taken one by one. When `go_on` says no, nothing is written, and what was there stays.

    Raises
    ------
    ConfigurationError
        If a file cannot be written.
    """
    names = table_names(formats)
    if not names:
        return ()
    parts = {name: out / f".{name}{_PART}" for name in names}
    try:
        with ExitStack() as stack:
            for part in parts.values():
                stack.callback(_remove, part)
            if not _fill(_open(parts, formats, tables_of(schemas)), results, tables_of(schemas), go_on):
                return ()
            for name, part in parts.items():
                sync(part)
                part.replace(out / name)
    except OSError as error:
        raise ConfigurationError(f"{out} cannot be written: {error.strerror or error}") from error
    return names


def _open(parts: dict[str, Path], formats: Sequence[Format], tables: tuple[Table, ...]) -> tuple[_Sink, ...]:
    sinks: list[_Sink] = []
    for each, sink in ((Format.CSV, _CsvSink), (Format.PARQUET, _ParquetSink)):
        if each in formats:
            sinks.append(sink({table.name: parts[f"{table.name}.{each}"] for table in tables}, tables))
    if Format.XLSX in formats:
        sinks.append(Workbook(parts[WORKBOOK], tables))
    return tuple(sinks)


def _fill(
    sinks: Sequence[_Sink],
    results: Iterable[FileResult],
    tables: Sequence[Table],
    go_on: Callable[[], bool],
) -> bool:
    """Write all rows and close the files; return False, with files of no use, if that was to stop."""
    is_whole = False
    try:
        for result in results:
            if not go_on():
                return False
            for table in tables:
                for row in table.rows(result):
                    for sink in sinks:
                        sink.add(table.name, row)
        is_whole = go_on()
        return is_whole
    finally:
        for sink in sinks:
            if is_whole:
                sink.close()
            else:
                sink.abandon()


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that after any crash it is whole or what it was before.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}{_PART}")
    try:
        part.write_bytes(data)
        sync(part)
        part.replace(path)
    finally:
        _remove(part)


def sync(path: Path) -> None:
    """Have the disk hold what was written to a file."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove(part: Path) -> None:
    with suppress(FileNotFoundError):
        part.unlink()
