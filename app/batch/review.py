"""What a person has to look at, of all documents of a batch: a row a reason, as CSV."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.outputs.cells import Cell
from app.outputs.csv_tables import CsvRows
from app.outputs.records import FileResult
from app.outputs.writing import sync
from schemas.errors import ConfigurationError
from schemas.extraction import Extraction
from schemas.walk import values_by_path

HEADER = ("file", "path", "page", "code", "message", "value", "confidence")


def review_rows(result: FileResult) -> Iterator[tuple[Cell, ...]]:
    """Yield a row for each thing of a document that a person has to look at: none where nothing asks for it.

    A document that failed has the code and message of its error. One that has to be looked at and says no
    reasons has its warnings in their place.
    """
    if result.error is not None:
        yield result.file, None, None, result.error.code, result.error.message, None, None
    found = result.extraction
    if found is None:
        return
    values = values_by_path(dict(found.output.value))
    for code, message, path, page_number in _reasons(found):
        entry = None if path is None else found.output.metadata.get(path)
        value = None if path is None else values.get(path)
        cited = entry.citations[0].page_number if entry is not None and entry.citations else None
        yield (
            result.file,
            path,
            page_number if page_number is not None else cited,
            code,
            message,
            None if value is None else str(value),
            None if entry is None else entry.confidence,
        )


def _reasons(found: Extraction) -> Iterator[tuple[str, str, str | None, int | None]]:
    if found.review:
        yield from ((r.code, r.message, r.path, r.page_number) for r in found.review)
    elif found.status != "succeeded":
        yield from ((w.code, w.message, w.path, w.page_number) for w in found.warnings)


def check_review_file(path: Path) -> None:
    """Check before any work that a file of what has to be looked at can be written.

    Raises
    ------
    ConfigurationError
        If it cannot.
    """
    if path.is_dir():
        raise ConfigurationError(f"{path} is a folder")
    with _part_of(path):
        pass


def write_review(path: Path, results: Iterable[FileResult], *, go_on: Callable[[], bool]) -> int | None:
    """Write what has to be looked at, and return the number of rows; None, and no file, if `go_on` said no.

    Raises
    ------
    ConfigurationError
        If the file cannot be written.
    """
    n_rows = 0
    with _part_of(path) as part:
        with part.open("w", encoding="utf-8", newline="") as file:
            rows = CsvRows(file, HEADER)
            for result in results:
                if not go_on():
                    return None
                for row in review_rows(result):
                    rows.add(row)
                    n_rows += 1
        sync(part)
        part.replace(path)
    return n_rows


@contextmanager
def _part_of(path: Path) -> Generator[Path]:
    """Yield an empty file beside `path`, and remove it if it is still there afterwards."""
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.touch()
        try:
            yield part
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from error
