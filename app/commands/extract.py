"""`rasg extract`: files and folders in, one result for each document out; one bad file stops no other."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue
from rich.console import Console

from app.batch.extractor import FileOutcome
from app.batch.find import STDIN, BatchFile, find_files
from app.batch.folder import OutputFolder
from app.batch.manifest import MANIFEST
from app.batch.review import check_review_file, write_review
from app.batch.run import BatchRun, FileDone, Tally
from app.batch.workers import extract_in_processes
from app.commands.extract_job import ExtractJob, ask_options, build_in_process, recipe_of
from app.commands.extract_view import (
    MAX_SHOWN_FILES,
    ProgressView,
    count_left_out,
    show_progress,
    show_result,
    summarise,
)
from app.commands.option_flags import take_options
from app.commands.stopping import Stop, stop_by_signals
from app.extraction.options import SPLIT_HELP, SplitMode
from app.extraction.page_ranges import PAGES_HELP, parse_page_ranges
from app.extraction.pipeline import Pipeline
from app.extraction.schema_choice import load_choice, possible_schemas
from app.log import configure_logging
from app.outputs.records import FileResult, result_json, result_line, value_json
from app.outputs.writing import Format, check_formats, table_names
from app.settings import EngineName, OcrChoice, load_settings
from app.terminal import open_console, print_data
from schemas.errors import ConfigurationError, RasgError
from schemas.text import visible

EXIT_FAILED, EXIT_NEEDS_REVIEW = 1, 3


class FailOn(StrEnum):
    """What makes the exit code another than 0."""

    FAILED = "failed"
    NEEDS_REVIEW = "needs_review"


@take_options
def extract(
    files: Annotated[
        list[str],
        typer.Argument(
            help="Files, folders that are searched for documents, patterns (quote those with **), or - for "
            "standard input."
        ),
    ],
    schema: Annotated[
        str,
        typer.Option(help="A schema's name, a file with a JSON Schema, or `auto` to have it chosen by kind."),
    ] = "invoice",
    out: Annotated[
        Path | None, typer.Option(help="Folder for the results and the manifest; standard output without.")
    ] = None,
    output_formats: Annotated[
        list[Format] | None,
        typer.Option(
            "--format", help="How results are written: json if not said; may be given several times."
        ),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, max=256, help="Files at a time, each in a process.")] = 1,
    again: Annotated[bool, typer.Option("--again", help="Also do what is done.")] = False,
    review: Annotated[
        Path | None, typer.Option(help="CSV file for what a person has to look at, a row a reason.")
    ] = None,
    fail_on: Annotated[
        FailOn, typer.Option(help="`needs_review` ends with exit code 3 where something has to be looked at.")
    ] = FailOn.FAILED,
    engine: Annotated[EngineName | None, typer.Option(help="Overrides RASG_ENGINE.")] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Also write a page that shows each value.")
    ] = False,
    ocr: Annotated[OcrChoice | None, typer.Option(help="Overrides RASG_READ__OCR.")] = None,
    split: Annotated[SplitMode, typer.Option(help=SPLIT_HELP)] = "auto",
    pages: Annotated[str | None, typer.Option(help=PAGES_HELP)] = None,
    password: Annotated[str | None, typer.Option(help="Opens encrypted PDFs.")] = None,
    examples: Annotated[
        bool, typer.Option(help="Show the model the annotated page most like each page.")
    ] = True,
    tenant: Annotated[
        str | None, typer.Option(help="Whose examples and adapters; overrides RASG_STORE__TENANT.")
    ] = None,
    *,
    said: Mapping[str, JsonValue],
) -> None:
    """Extract documents into JSON that satisfies a schema, and say where each value stands.

    With --schema auto each document is asked with the shipped schema for its kind.

    Of a folder all is read that is a document by its name or its first bytes; what else stands in it is named
    and left out. A file in which several documents are found gives one result for each, named FILE#1, FILE#2
    and so on.

    With --out a batch can be stopped and run again: what is done, by the bytes of the file, schema, options,
    model and adapter, is skipped; what failed is tried again. OUT/manifest.jsonl says of each file what made
    it, and OUT/results.jsonl has all results whatever the format.

    Exit code 0 if every document was extracted, 1 if any failed (its record says why), 2 if nothing could be
    done, 3 with --fail-on needs_review if none failed and a person has to look at any, 130 or 143 if it was
    stopped by Ctrl-C or SIGTERM. Files that were done before count.
    """
    settings = load_settings()
    configure_logging(settings.log)
    formats = tuple(dict.fromkeys(output_formats or [Format.JSON]))
    check_formats(formats, out)
    if explain and out is None:
        raise ConfigurationError("--explain writes files", hint="name a folder with --out")
    if review is not None:
        check_review_file(review)
    job = ExtractJob(
        settings=settings,
        schema=load_choice(schema),
        options=ask_options(settings, said, examples=examples),
        engine=engine,
        ocr=ocr,
        split=split,
        pages=None if pages is None else parse_page_ranges(pages),
        pages_text=pages,
        password=password,
        tenant=tenant,
        explain=explain,
        n_jobs=jobs,
    )
    left_out: Counter[str] = Counter()

    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rasg-")))
        folder = OutputFolder(scratch / "out" if out is None else out, formats, with_pages=explain)
        stack.callback(folder.close)
        stdin = _spool(scratch / "stdin", settings.read.max_bytes) if STDIN in files else None
        found = find_files(files, stdin=stdin, on_left_out=count_left_out(left_out))
        command = _Command(
            job=job, folder=folder, formats=formats, again=again, review=review, prints=out is None
        )
        stop = stack.enter_context(stop_by_signals())
        is_stopped = command.run(found, stop)
        command.report(found, left_out)
    if is_stopped:
        stop.end()
        raise typer.Exit(stop.exit_code)
    end_with(command.tally, fail_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Command:
    """One call: what is asked for, where results go, and what came of the files so far.

    `prints` says that results go to standard output; the folder is then a temporary one.
    """

    job: ExtractJob
    folder: OutputFolder
    formats: tuple[Format, ...]
    again: bool
    review: Path | None
    prints: bool
    tally: Tally = field(default_factory=Tally)
    shown: list[FileResult] = field(default_factory=list[FileResult])

    def run(self, files: Sequence[BatchFile], stop: Stop) -> bool:
        """Extract the files and write what is written last; return whether it was stopped before that."""
        pipeline = self.job.build_pipeline()
        recipe = recipe_of(self.job, pipeline)
        is_stopped = False
        try:
            with show_progress(len(files)) as view:
                batch = BatchRun(
                    folder=self.folder,
                    recipe=recipe,
                    max_bytes=self.job.settings.read.max_bytes,
                    on_done=partial(self._take, view),
                    again=self.again,
                )
                batch.run(files, self._extract_each(pipeline, view))
        except KeyboardInterrupt:
            stop.note()
            is_stopped = True
        return not self._finish(recipe.key, files, stop) or is_stopped

    def _extract_each(
        self, pipeline: Pipeline, view: ProgressView
    ) -> Callable[[Iterable[BatchFile]], Generator[tuple[BatchFile, FileOutcome]]]:
        if self.job.n_jobs > 1:
            return partial(
                extract_in_processes, build=partial(build_in_process, self.job), n_jobs=self.job.n_jobs
            )
        return partial(_extract_here, job=self.job, pipeline=pipeline, view=view)

    def _take(self, view: ProgressView, done: FileDone) -> None:
        """Count a file that is done, and print its results if that is where they go."""
        self.tally.add(done)
        view.end(done)
        if len(self.shown) < MAX_SHOWN_FILES:
            self.shown.extend(done.results)
        if self.prints:
            for result in done.results:
                print_result(result, self.formats)

    def _finish(self, key: str, files: Sequence[BatchFile], stop: Stop) -> bool:
        """Write tables and the list for people; return False if it was stopped before they were there."""
        names = [file.name for file in files]
        schemas = possible_schemas(self.job.schema)
        try:
            is_done = self.folder.finish(key, names, schemas, go_on=stop.has_time)
            if self.review is not None:
                results = (r for n in names if self.folder.known(n) for r in self.folder.results_of(n))
                is_done &= write_review(self.review, results, go_on=stop.has_time) is not None
        except KeyboardInterrupt:
            stop.note()
            return False
        if self.prints and is_done:
            for name in table_names(self.formats):
                print_data((self.folder.path / name).read_text(encoding="utf-8"))
        return is_done

    def report(self, files: Sequence[BatchFile], left_out: Counter[str]) -> None:
        """Show people what was found, and where it was written."""
        console = open_console(stderr=self.prints)
        if len(files) <= MAX_SHOWN_FILES:
            for result in self.shown:
                if not self.prints and result.extraction is not None:
                    console.print_json(data=result.extraction.output.value, ensure_ascii=False)
                show_result(result, console)
        if not self.prints:
            self._tell_written(console)
        for line in summarise(self.tally, left_out, n_files=len(files)):
            open_console(stderr=True).print(line, markup=False, highlight=False, soft_wrap=True)

    def _tell_written(self, console: Console) -> None:
        names, n_more = sorted(self.folder.written), self.folder.n_written - len(self.folder.written)
        more = f" and {n_more} more" if n_more else ""
        also = "" if self.review is None else f"; what has to be looked at to {self.review}"
        said = f"{', '.join([*names, MANIFEST])}{more}{also}"
        console.print(f"written to {self.folder.path}: {said}", markup=False, soft_wrap=True)
        missing = set(table_names(self.formats)) - set(names)
        if missing and not n_more:
            console.print(
                f"not made: {', '.join(sorted(missing))}; the same command makes them", markup=False
            )


def _extract_here(
    files: Iterable[BatchFile], *, job: ExtractJob, pipeline: Pipeline, view: ProgressView
) -> Generator[tuple[BatchFile, FileOutcome]]:
    """Yield each file with what came of it, extracted in this process."""
    extractor, is_prepared = job.build_extractor(pipeline), False
    for file in files:
        if not is_prepared and os.access(file.path, os.R_OK):  # nobody waits for a model over a misspelt name
            # While the first file is read; what is wrong with the engine, that file's record says.
            threading.Thread(target=lambda: _try(pipeline.prepare), name="prepare").start()
            is_prepared = True
        yield file, extractor.extract(file, on_stage=view.begin)


def _try(work: Callable[[], None]) -> None:
    with suppress(RasgError):
        work()


def print_result(result: FileResult, formats: Sequence[Format]) -> None:
    """Print a result in those of the formats that are one text for each document."""
    for each, text_of in (
        (Format.JSON, result_json),
        (Format.VALUE, value_json),
        (Format.JSONL, result_line),
    ):
        if each in formats:
            sys.stdout.write(visible(text_of(result)))
    sys.stdout.flush()


def _spool(path: Path, max_bytes: int) -> Path:
    """Keep standard input in a file: it can be read once only. One byte too many is for the limit to see."""
    if sys.stdin.isatty():
        raise ConfigurationError("nothing comes by standard input", hint="rasg extract - < FILE")
    path.write_bytes(sys.stdin.buffer.read(max_bytes + 1))
    return path


def end_with(tally: Tally, fail_on: FailOn) -> None:
    """End the command with the exit code that the outcomes call for."""
    if tally.outcomes["failed"]:
        raise typer.Exit(EXIT_FAILED)
    if fail_on is FailOn.NEEDS_REVIEW and (tally.outcomes["needs_review"] or tally.outcomes["partial"]):
        raise typer.Exit(EXIT_NEEDS_REVIEW)
