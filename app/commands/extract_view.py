"""What `rasg extract` shows people: how far it is, each file as it is done, and what came of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from app.batch.find import OnLeftOut
from app.batch.manifest import Outcome
from app.batch.run import FileDone, Tally
from app.commands.review_view import show_review
from app.outputs.records import FileResult
from app.terminal import open_console, print_line
from schemas.text import one_line
from schemas.walk import values_by_path

# Batches of more files are summed up only.
MAX_SHOWN_FILES = 10
_WORDS: dict[Outcome, str] = {
    "succeeded": "succeeded",
    "needs_review": "to be looked at",
    "partial": "partial",
    "failed": "failed",
}


class ProgressView(Protocol):
    """Is told what happens while files are extracted."""

    def begin(self, name: str, stage: str) -> None:
        """Take note that a stage of a file begins."""
        ...

    def end(self, done: FileDone) -> None:
        """Take note that a file is done."""
        ...


class _Bar:
    """One moving line on a terminal; what went wrong stays above it."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def begin(self, name: str, stage: str) -> None:
        self._progress.update(self._task, description=f"{escape(one_line(name))}: {stage}")

    def end(self, done: FileDone) -> None:
        self._progress.update(self._task, description=escape(one_line(done.file.name)), advance=1)
        if done.outcome == "failed":
            print_line(self._progress.console, _line_of(done))


class _Lines:
    """One line a file, for logs and pipes."""

    def __init__(self, console: Console, n_files: int) -> None:
        self._console = console
        self._n_files = n_files
        self._n_done = 0

    def begin(self, name: str, stage: str) -> None:
        """Say nothing: a line a file is enough."""

    def end(self, done: FileDone) -> None:
        self._n_done += 1
        print_line(self._console, f"{self._n_done}/{self._n_files} {_line_of(done)}")


@contextmanager
def show_progress(n_files: int) -> Generator[ProgressView]:
    """Yield what shows how far a batch is on standard error: a bar on a terminal, else a line a file."""
    console = open_console(stderr=True)
    if not console.is_terminal:
        yield _Lines(console, n_files)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        yield _Bar(progress, progress.add_task("starting", total=n_files))


def _line_of(done: FileDone) -> str:
    errors = [result.error for result in done.results if result.error is not None]
    why = f": {errors[0].message} [{errors[0].code}]" if errors else ""
    how = f"{done.outcome}, as before" if done.was_done else done.outcome
    if done.same_as is not None:
        how += f", the same bytes as {done.same_as}"
    if done.replaces:
        how += ", in the place of other bytes"
    took = "" if done.was_done or done.same_as is not None else f" ({done.seconds:.1f} s)"
    n_documents = f", {len(done.results)} documents" if len(done.results) > 1 else ""
    return f"{done.file.name}: {how}{n_documents}{why}{took}"


def count_left_out(counts: Counter[str]) -> OnLeftOut:
    """Return what says at once what is no document, and counts it by its reason."""

    def tell(name: str, reason: str) -> None:
        counts[reason] += 1
        print_line(open_console(stderr=True), f"left out: {name}: {reason}")

    return tell


def summarise(tally: Tally, left_out: Counter[str], *, n_files: int) -> tuple[str, ...]:
    """Return in lines what came of all files."""
    counts = [f"{n} {word}" for outcome, word in _WORDS.items() if (n := tally.outcomes[outcome])]
    n_open = n_files - tally.outcomes.total()
    if n_open:
        counts.append(f"{n_open} not done")
    lines = [f"{n_files} file(s): {', '.join(counts) or 'nothing done'}"]
    if tally.n_done_before:
        lines.append(
            f"skipped, as they were done before: {tally.n_done_before} (--again does them once more)"
        )
    if tally.n_replaced:
        lines.append(f"replaced, as their bytes are others than before: {tally.n_replaced}")
    if left_out:
        reasons = ", ".join(f"{n} x {reason}" for reason, n in left_out.most_common())
        lines.append(f"left out: {left_out.total()} ({reasons})")
    return tuple(lines)


def show_result(result: FileResult, console: Console) -> None:
    """Print a table for people: each value, where it stands and how sure it is."""
    if result.extraction is None:
        print_line(console, f"{result.file}: failed: {result.error and result.error.message}")
        return
    columns = ("field", "value", "page", "box (left, top, right, bottom)", "confidence")
    table = Table(*columns, title=one_line(result.file))
    values = values_by_path(dict(result.extraction.output.value))
    for path, entry in result.extraction.output.metadata.items():
        value = values.get(path)
        if value is None:
            continue
        cited = entry.citations[0] if entry.citations else None
        table.add_row(
            Text(path),
            Text(str(value)),
            str(cited.page_number) if cited else "-",
            ", ".join(f"{edge:.3f}" for edge in cited.bbox) if cited else "not on the page",
            f"{entry.confidence:.2f}" if entry.confidence is not None else "-",
        )
    console.print(table)
    show_review(result.extraction, console)
    if (kind := result.extraction.kind) is not None:
        console.print(f"{result.extraction.schema_name} was asked; kind {kind.name} ({kind.confidence:.2f})")
    for use in result.extraction.examples:
        pages = ", ".join(str(number) for number in use.page_numbers)
        console.print(
            f"example {use.example_id} was shown with page {pages}: {use.similarity_score:.2f} alike"
        )
    for warning in result.extraction.warnings:
        print_line(console, f"warning {warning.code} {warning.path or ''}: {warning.message}")
