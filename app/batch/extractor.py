"""One file of a batch: its bytes, the extraction of each document in it, and the pages that explain them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field

from app.batch.find import BatchFile
from app.batch.reading import ReadHead, record_of
from app.errors import ErrorRecord, error_record
from app.explain.page import explain_html
from app.extraction.options import ExtractionOptions, SplitMode
from app.extraction.page_ranges import PageRange
from app.extraction.pipeline import FailedPart, Pipeline, PipelineResult
from app.extraction.schema_choice import SchemaChoice
from app.files import Fingerprint, read_file
from ocr.reader import page_images
from schemas.document import Document
from schemas.extraction import Extraction

logger = logging.getLogger(__name__)

# Told the name of a file and the stage that begins: "read", "prompt", "decode", "ground", "explain".
OnStage = Callable[[str, str], None]


def ignore_stage(_file: str, _stage: str) -> None:
    """Do nothing with a stage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentOutcome:
    """One document of a file: its extraction or why there is none, and the page that explains it."""

    extraction: Extraction | None = None
    error: ErrorRecord | None = None
    page: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOutcome:
    """What came of a file: at least one document, of which bytes (None if it was not read), how soon."""

    documents: tuple[DocumentOutcome, ...]
    fingerprint: Fingerprint | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FileExtractor:
    """How files are extracted.

    Attributes
    ----------
    schema
        Of all documents, or "auto": of each the shipped one for its kind.
    split
        What of a file is one document.
    pages
        Those of each file that are extracted; None for all.
    explain
        Whether to make pages that show the values.
    """

    pipeline: Pipeline
    schema: SchemaChoice
    options: ExtractionOptions
    split: SplitMode = "auto"
    pages: tuple[PageRange, ...] | None = None
    explain: bool = False

    def extract(self, file: BatchFile, *, on_stage: OnStage = ignore_stage) -> FileOutcome:
        """Return what came of a file: whatever is wrong with it is its record.

        Raises
        ------
        ConfigurationError
            If no other file would fare better.
        """
        started = time.monotonic()
        fingerprint: Fingerprint | None = None
        try:
            data = read_file(file.path, self.pipeline.read_options.limits.max_bytes)
            fingerprint = Fingerprint.of(data)
            documents = self._documents(file.name, data, on_stage)
        except Exception as error:  # noqa: BLE001 - a batch goes on; the record and the log name what happened
            documents = (DocumentOutcome(error=record_of(error)),)
        seconds = time.monotonic() - started
        return FileOutcome(documents=documents, fingerprint=fingerprint, seconds=seconds)

    def extract_read(self, head: ReadHead, document: Document) -> FileOutcome:
        """Return what came of a file that was read elsewhere; no page explains it, as its bytes are not here.

        Raises
        ------
        ConfigurationError
            If no other file would fare better.
        """
        started = time.monotonic()
        try:
            results = self.pipeline.extract_read(
                document,
                self.schema,
                options=self.options,
                split=self.split,
                pages=self.pages,
                read_s=head.seconds,
            )
            documents = _outcomes(results)
        except Exception as error:  # noqa: BLE001 - as above
            documents = (DocumentOutcome(error=record_of(error)),)
        seconds = head.seconds + time.monotonic() - started
        return FileOutcome(documents=documents, fingerprint=head.fingerprint, seconds=seconds)

    def extract_each(
        self, files: Iterable[BatchFile], *, on_stage: OnStage = ignore_stage
    ) -> Generator[tuple[BatchFile, FileOutcome]]:
        """Yield each file with what came of it; the next is taken when it is its turn."""
        for file in files:
            yield file, self.extract(file, on_stage=on_stage)

    def _documents(self, name: str, data: bytes, on_stage: OnStage) -> tuple[DocumentOutcome, ...]:
        results = self.pipeline.extract_all(
            data,
            self.schema,
            options=self.options,
            split=self.split,
            pages=self.pages,
            on_progress=lambda stage: on_stage(name, stage),
        )

        def explain(n: int, result: PipelineResult) -> str | None:
            on_stage(name, "explain")
            return self._try_to_explain(f"{name}#{n}" if len(results) > 1 else name, data, result)

        return _outcomes(results, explain if self.explain else None)

    def _try_to_explain(self, title: str, data: bytes, result: PipelineResult) -> str | None:
        numbers, options = result.extraction.page_numbers, self.pipeline.read_options
        try:
            images = tuple(page_images(data, result.document, page_numbers=numbers, options=options))
            return explain_html(result, title=title, images=images)
        except Exception as error:  # noqa: BLE001 - the answer is there all the same
            logger.warning("no page that explains %s: %s", title, error)
            return None


def _outcomes(
    results: Sequence[PipelineResult | FailedPart],
    explain: Callable[[int, PipelineResult], str | None] | None = None,
) -> tuple[DocumentOutcome, ...]:
    """Return what came of each document of a file; `explain` makes the page of the one of that number."""
    documents: list[DocumentOutcome] = []
    for n, result in enumerate(results, start=1):
        if isinstance(result, FailedPart):
            record = _record_of_part(result, is_one_of_several=len(results) > 1)
            documents.append(DocumentOutcome(error=record))
        else:
            page = None if explain is None else explain(n, result)
            documents.append(DocumentOutcome(extraction=result.extraction, page=page))
    return tuple(documents)


def _record_of_part(part: FailedPart, *, is_one_of_several: bool) -> ErrorRecord:
    record = error_record(part.error)
    if not is_one_of_several:
        return record
    numbers = part.page_numbers
    where = f"page {numbers[0]}" if len(numbers) == 1 else f"pages {numbers[0]} to {numbers[-1]}"
    return record.model_copy(update={"message": f"the document on {where}: {record.message}"})
