"""Many files, one result a document: what to read is found first, and one bad file stops no other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.errors import error_record, is_configuration
from app.explain.page import explain_html
from app.extraction.options import ExtractionOptions, SplitMode
from app.extraction.page_ranges import PageRange
from app.extraction.pipeline import FailedPart, Pipeline, PipelineResult
from app.extraction.schema_choice import SchemaChoice
from app.files import FolderEntry, read_file, walk_folder
from app.outputs import FileResult
from ocr.reader import page_images
from schemas.errors import ConfigurationError, RasgError

logger = logging.getLogger(__name__)

# Told the name of a file and the stage that begins: "read", "prompt", "decode", "ground", "explain".
OnStage = Callable[[str, str], None]
# Told the name of what stands in a folder and is no document, and why it is taken for none.
OnLeftOut = Callable[[str, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFile:
    """A file, and the name of its results: no two of a batch have the same."""

    path: Path
    name: str


def _log_left_out(name: str, reason: str) -> None:
    logger.warning("left out: %s: %s", name, reason)


def find_files(named: Iterable[Path], *, on_left_out: OnLeftOut = _log_left_out) -> tuple[BatchFile, ...]:
    """Return what was named: files by their names, those of a folder by their paths inside of it.

    A file that is named is read whatever it is; what else stands in a folder is told to `on_left_out`.

    Raises
    ------
    ConfigurationError
        If there is no document.
    """
    taken: set[str] = set()
    files: list[BatchFile] = []
    for entry, found in _find(named):
        # A name on disk may be no UTF-8; what is written is.
        name = found.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        if entry.why_left_out is None:
            files.append(BatchFile(path=entry.path, name=_take_name(name, taken)))
        else:
            on_left_out(name, entry.why_left_out)
    if not files:
        raise ConfigurationError("there is no document in what was named")
    return tuple(files)


def _take_name(name: str, taken: set[str]) -> str:
    """Return `name`, or the first like it that is not taken; then it is."""
    unique, n = name, 2
    while unique in taken:
        unique, n = f"{name}.{n}", n + 1
    taken.add(unique)
    return unique


def _find(named: Iterable[Path]) -> Iterator[tuple[FolderEntry, str]]:
    for file in named:
        if file.is_dir():
            for entry in walk_folder(file):
                yield entry, entry.path.relative_to(file).as_posix()
        else:
            yield FolderEntry(path=file), file.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """How files are extracted; with `explain_folder`, pages that show their values are written there too.

    Attributes
    ----------
    schema
        Of all documents, or "auto": of each the shipped one for its kind.
    split
        What of a file is one document; if there are several, they have its name with `#1`, `#2` ...
    pages
        Those of each file that are extracted; None for all.
    """

    pipeline: Pipeline
    schema: SchemaChoice
    options: ExtractionOptions
    split: SplitMode = "auto"
    pages: tuple[PageRange, ...] | None = None
    explain_folder: Path | None = None

    def run(self, files: Sequence[BatchFile], *, on_stage: OnStage) -> Iterator[tuple[FileResult, ...]]:
        """Yield the results of each file as they come, one for each document in it.

        A result is the extraction, or the record of why there is none; no two have the same name.

        Raises
        ------
        ConfigurationError
            If no other file would fare better.
        """
        taken = {file.name for file in files}
        for file in files:
            yield self._extract(file, taken, on_stage)

    def _extract(self, file: BatchFile, taken: set[str], on_stage: OnStage) -> tuple[FileResult, ...]:
        def announce(stage: str) -> None:
            on_stage(file.name, stage)

        try:
            data = read_file(file.path, self.pipeline.read_options.limits.max_bytes)
            results = self.pipeline.extract_all(
                data,
                self.schema,
                options=self.options,
                split=self.split,
                pages=self.pages,
                on_progress=announce,
            )
        except RasgError as error:
            if is_configuration(error):
                raise
            return (FileResult(file=file.name, error=error_record(error)),)
        except Exception as error:  # noqa: BLE001 - a batch goes on; the record and the log name what happened
            return (FileResult(file=file.name, error=error_record(error)),)
        several = len(results) > 1
        numbered = (f"{file.name}#{n}" for n in range(1, len(results) + 1))
        names = [_take_name(name, taken) for name in numbered] if several else [file.name]
        if self.explain_folder is not None:
            announce("explain")
            for name, result in zip(names, results, strict=True):
                self._try_to_explain(name, data, result, self.explain_folder)
        return tuple(
            _file_result(name, result, is_one_of_several=several)
            for name, result in zip(names, results, strict=True)
        )

    def _try_to_explain(
        self, name: str, data: bytes, result: PipelineResult | FailedPart, folder: Path
    ) -> None:
        if isinstance(result, FailedPart):
            return
        try:
            self._explain(name, data, result, folder)
        except Exception as error:  # noqa: BLE001 - the answer is there all the same
            logger.warning("no page that explains %s: %s", name, error)

    def _explain(self, name: str, data: bytes, result: PipelineResult, folder: Path) -> None:
        numbers, options = result.extraction.page_numbers, self.pipeline.read_options
        images = tuple(page_images(data, result.document, page_numbers=numbers, options=options))
        page = folder / f"{name}.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(explain_html(result, title=name, images=images), encoding="utf-8")


def _file_result(name: str, result: PipelineResult | FailedPart, *, is_one_of_several: bool) -> FileResult:
    if isinstance(result, FailedPart):
        record = error_record(result.error)
        if is_one_of_several:
            numbers = result.page_numbers
            where = f"page {numbers[0]}" if len(numbers) == 1 else f"pages {numbers[0]} to {numbers[-1]}"
            record = record.model_copy(update={"message": f"the document on {where}: {record.message}"})
        return FileResult(file=name, error=record)
    return FileResult(file=name, extraction=result.extraction)


def has_failed(results: Iterable[FileResult]) -> bool:
    """Return whether any document has no extraction."""
    return any(result.error is not None for result in results)
