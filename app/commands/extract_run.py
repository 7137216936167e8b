"""What `rasg extract` does once it knows what is asked for: files, results, and what people see of them."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import typer
from rich.console import Console

from app.batch.extractor import FileOutcome
from app.batch.find import STDIN, BatchFile, find_files
from app.batch.folder import OutputFolder
from app.batch.manifest import MANIFEST
from app.batch.review import write_review
from app.batch.run import BatchRun, FileDone, Tally
from app.batch.workers import extract_in_processes
from app.commands.extract_job import ExtractJob, build_in_process, recipe_of
from app.commands.extract_view import (
    MAX_SHOWN_FILES,
    ProgressView,
    count_left_out,
    show_progress,
    show_result,
    summarise,
)
from app.commands.stopping import Stop, stop_by_signals
from app.extraction.pipeline import Pipeline
from app.extraction.schema_choice import possible_schemas
from app.outputs.records import FileResult, result_json, result_line, value_json
from app.outputs.writing import Format, table_names
from app.terminal import open_console, print_data, print_line
from schemas.errors import ConfigurationError, RasgError
from schemas.text import visible


def run_extract(
    job: ExtractJob,
    files: Sequence[str],
    *,
    out: Path | None,
    formats: tuple[Format, ...],
    again: bool,
    review: Path | None,
) -> Tally:
    """Extract the files into the folder `out`, or onto standard output, and return what came of them.

    Raises
    ------
    typer.Exit
        If it was stopped.
    """
    with stop_by_signals() as stop:
        try:
            tally = _extract_all(job, files, stop, out=out, formats=formats, again=again, review=review)
        except KeyboardInterrupt:  # before any work
            tally = None
    if tally is None:
        stop.end()
        raise typer.Exit(stop.exit_code)
    return tally


def _extract_all(
    job: ExtractJob,
    files: Sequence[str],
    stop: Stop,
    *,
    out: Path | None,
    formats: tuple[Format, ...],
    again: bool,
    review: Path | None,
) -> Tally | None:
    """Return what came of the files; None if it was stopped meanwhile, which has been told."""
    left_out: Counter[str] = Counter()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rasg-")))
        folder = OutputFolder(scratch / "out" if out is None else out, formats, with_pages=job.explain)
        stack.callback(folder.close)
        stdin = _spool(scratch / "stdin", job.settings.read.max_bytes) if STDIN in files else None
        claim = partial(folder.claim_name, max_bytes=job.settings.read.max_bytes)
        found = find_files(
            files, stdin=stdin, on_left_out=count_left_out(left_out), claim_name=claim, results=out
        )
        command = _Command(
            job=job, folder=folder, formats=formats, again=again, review=review, prints=out is None
        )
        is_stopped = command.run(found, stop)
        command.report(found, left_out)
    return None if is_stopped else command.tally


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
            print_line(open_console(stderr=True), line)

    def _tell_written(self, console: Console) -> None:
        names, n_more = sorted(self.folder.written), self.folder.n_written - len(self.folder.written)
        more = f" and {n_more} more" if n_more else ""
        also = "" if self.review is None else f"; what has to be looked at to {self.review}"
        said = f"{', '.join([*names, MANIFEST])}{more}{also}"
        print_line(console, f"written to {self.folder.path}: {said}")
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
    if sys.stdin is None or sys.stdin.isatty():  # None: it was closed before the command began
        raise ConfigurationError("nothing comes by standard input", hint="rasg extract - < FILE")
    path.write_bytes(sys.stdin.buffer.read(max_bytes + 1))
    return path
