"""Results to files as they come: a batch that is stopped keeps what it had finished."""

from __future__ import annotations

import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from app.outputs import FileResult, line_item_csv, result_json, result_line, scalar_csv
from schemas.errors import ConfigurationError
from schemas.spec import ExtractionSchema
from schemas.text import visible


class Format(StrEnum):
    """How results are written."""

    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


class ResultWriter:
    """Writes each result at once: as a JSON file of its own, or a line of `results.jsonl`.

    `schemas` are those that results may be of.

    The two CSV files are written when all results are there, or the batch is stopped.
    """

    def __init__(self, schemas: Sequence[ExtractionSchema], output_format: Format, out: Path | None) -> None:
        self.schemas = tuple(schemas)
        self.format = output_format
        self.out = out
        self.results: list[FileResult] = []

    def add(self, result: FileResult) -> None:
        """Write one result.

        Raises
        ------
        ConfigurationError
            If it cannot be written.
        """
        self.results.append(result)
        if self.format is Format.JSON:
            self._write(f"{result.file}.json", result_json(result))
        elif self.format is Format.JSONL:
            self._write("results.jsonl", result_line(result), append=len(self.results) > 1)

    def close(self) -> None:
        """Write what is written last."""
        if self.format is Format.CSV:
            self._write("results.csv", scalar_csv(self.results, *self.schemas))
            self._write("line_items.csv", line_item_csv(self.results, *self.schemas))

    def _write(self, name: str, text: str, *, append: bool = False) -> None:
        if self.out is None:
            # A terminal would obey what is in a document; in JSON the escapes mean what they stand for.
            is_data = self.format is Format.CSV and not sys.stdout.isatty()
            sys.stdout.write(text if is_data else visible(text))
            return
        path = self.out / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a" if append else "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from error


@contextmanager
def result_writer(
    schemas: Sequence[ExtractionSchema], output_format: Format, out: Path | None
) -> Generator[ResultWriter]:
    """Yield a writer, and finish its files however the batch ends."""
    writer = ResultWriter(schemas, output_format, out)
    try:
        yield writer
    finally:
        writer.close()
