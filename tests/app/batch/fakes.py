"""A pipeline that finds in a file what a test says, and the recipe of batches with it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import cast

from pydantic import JsonValue

from app.batch.extractor import FileExtractor
from app.batch.find import BatchFile, find_files
from app.batch.folder import OutputFolder
from app.batch.manifest import Recipe
from app.batch.run import BatchRun, FileDone
from app.extraction.options import ExtractionOptions
from app.extraction.pipeline import FailedPart, Pipeline, PipelineResult
from app.outputs.writing import Format
from ocr.reader import ReadOptions
from schemas.document import Document
from schemas.errors import EmptyDocumentError
from schemas.extraction import Extraction, Output, Status, Usage
from tests.app.two_documents import SCHEMA

Part = PipelineResult | FailedPart
Find = Callable[[bytes], tuple[Part, ...]]


class FakePipeline:
    """Finds in a file as many documents as a test says, and counts the files that it was asked about."""

    read_options = ReadOptions()

    def __init__(self, find: Find) -> None:
        self._find = find
        self.n_calls = 0

    def extract_all(self, data: bytes, *_: object, **__: object) -> tuple[Part, ...]:
        self.n_calls += 1
        return self._find(data)

    def prepare(self) -> None:
        return None


def good(*page_numbers: int, name: str | None = None, status: Status = "succeeded") -> PipelineResult:
    extraction = Extraction(
        document_sha256="0" * 64,
        page_numbers=page_numbers,
        schema_name="named",
        status=status,
        output=Output(value={"name": name or f"{page_numbers}"}, metadata={}),
        usage=Usage(n_pages=1, n_windows=1, n_prompt_tokens=1, n_completion_tokens=1),
        engine="embedded",
        model="tiny",
    )
    return PipelineResult(
        extraction=extraction, document=Document(sha256="0" * 64, media_type="application/pdf", pages=())
    )


def bad(*page_numbers: int) -> FailedPart:
    return FailedPart(page_numbers=page_numbers, error=EmptyDocumentError("no word was read", hint="look"))


def say_text(data: bytes) -> tuple[Part, ...]:
    """Find one document whose name is what the file holds."""
    return (good(name=data.decode()),)


def recipe(**options: JsonValue) -> Recipe:
    return Recipe(
        schema_name=SCHEMA.name,
        schema_sha256=hashlib.sha256(SCHEMA.json_schema.encode()).hexdigest(),
        options=options,
        split="auto",
        reading={},
        engine="embedded",
        model="tiny",
    )


def extractor(pipeline: FakePipeline, *, explain: bool = False) -> FileExtractor:
    return FileExtractor(
        pipeline=cast("Pipeline", pipeline), schema=SCHEMA, options=ExtractionOptions(), explain=explain
    )


def run_batch(
    files: Sequence[BatchFile] | Path,
    out: Path,
    pipeline: FakePipeline,
    *,
    formats: Sequence[Format] = (Format.JSONL,),
    made: Recipe | None = None,
    again: bool = False,
    explain: bool = False,
) -> list[FileDone]:
    """Run a batch in this process to its end, and return each file as it was done.

    A folder's files are named beside what is in `out` already, as the command has it.
    """
    done: list[FileDone] = []
    used = made or recipe()
    folder = OutputFolder(out, formats, with_pages=explain)
    claim = partial(folder.claim_name, max_bytes=10**6)
    try:
        found = find_files([files], claim_name=claim) if isinstance(files, Path) else files
        batch = BatchRun(folder=folder, recipe=used, max_bytes=10**6, on_done=done.append, again=again)
        batch.run(found, extractor(pipeline, explain=explain).extract_each)
        folder.finish(used.key, [file.name for file in found], (SCHEMA,), go_on=lambda: True)
    finally:
        folder.close()
    return done
