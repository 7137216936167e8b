"""Many files, one result each: what to read is found first, and one bad file stops no other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.errors import error_record, is_configuration
from app.explain.page import explain_html
from app.extraction.options import ExtractionOptions
from app.extraction.pipeline import Pipeline, PipelineResult
from app.files import read_file
from app.outputs import FileResult
from ocr.reader import page_images
from schemas.errors import ConfigurationError, RasgError
from schemas.spec import ExtractionSchema

logger = logging.getLogger(__name__)

# What a folder is searched for; a file that is named is read whatever its name ends with.
_SUFFIXES = frozenset({".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp"})

# Told the name of a file and the stage that begins: "read", "prompt", "decode", "ground", "explain".
OnStage = Callable[[str, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFile:
    """A file, and the name of its results: no two of a batch have the same."""

    path: Path
    name: str


def find_files(named: Iterable[Path]) -> tuple[BatchFile, ...]:
    """Return what was named: files by their names, those of a folder by their paths inside of it.

    Raises
    ------
    ConfigurationError
        If there is no document.
    """
    taken: set[str] = set()
    files: list[BatchFile] = []
    for path, found in _find(named):
        # A name on disk may be no UTF-8; what is written is.
        name = found.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        unique, n = name, 2
        while unique in taken:
            unique, n = f"{name}.{n}", n + 1
        taken.add(unique)
        files.append(BatchFile(path=path, name=unique))
    if not files:
        raise ConfigurationError("there is no document in what was named")
    return tuple(files)


def _find(named: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    for file in named:
        if file.is_dir():
            found = sorted(p for p in file.rglob("*") if p.suffix.lower() in _SUFFIXES and p.is_file())
            yield from ((path, path.relative_to(file).as_posix()) for path in found)
        else:
            yield file, file.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """How files are extracted; with `explain_folder`, pages that show their values are written there too."""

    pipeline: Pipeline
    schema: ExtractionSchema
    options: ExtractionOptions
    explain_folder: Path | None = None

    def run(self, files: Sequence[BatchFile], *, on_stage: OnStage) -> Iterator[FileResult]:
        """Yield the result of each file as it comes: its extraction, or the record of why there is none.

        Raises
        ------
        ConfigurationError
            If no other file would fare better.
        """
        for file in files:
            yield self._extract(file, on_stage)

    def _extract(self, file: BatchFile, on_stage: OnStage) -> FileResult:
        def announce(stage: str) -> None:
            on_stage(file.name, stage)

        try:
            data = read_file(file.path, self.pipeline.read_options.limits.max_bytes)
            result = self.pipeline.extract(data, self.schema, options=self.options, on_progress=announce)
        except RasgError as error:
            if is_configuration(error):
                raise
            return FileResult(file=file.name, error=error_record(error))
        except Exception as error:  # noqa: BLE001 - a batch goes on; the record and the log name what happened
            return FileResult(file=file.name, error=error_record(error))
        if self.explain_folder is not None:
            announce("explain")
            try:
                self._explain(file.name, data, result, self.explain_folder)
            except Exception as error:  # noqa: BLE001 - the answer is there all the same
                logger.warning("no page that explains %s: %s", file.name, error)
        return FileResult(file=file.name, extraction=result.extraction)

    def _explain(self, name: str, data: bytes, result: PipelineResult, folder: Path) -> None:
        images = tuple(page_images(data, result.document, options=self.pipeline.read_options))
        page = folder / f"{name}.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(explain_html(result, title=name, images=images), encoding="utf-8")


def has_failed(results: Iterable[FileResult]) -> bool:
    """Return whether any file has no extraction."""
    return any(result.error is not None for result in results)
