"""`rasg extract`: files and folders in, one result for each document out; one bad file stops no other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from app.batch import Batch, BatchFile, find_files, has_failed
from app.commands.option_flags import take_options
from app.commands.review_view import show_review
from app.extraction.options import SPLIT_HELP, ExtractionOptions, SplitMode
from app.extraction.page_ranges import PAGES_HELP, parse_page_ranges
from app.extraction.pipeline import Pipeline
from app.extraction.schema_choice import load_choice, possible_schemas
from app.log import configure_logging
from app.outputs import FileResult
from app.result_writer import Format, result_writer
from app.settings import EngineName, OcrChoice, Settings, load_settings
from app.wiring import (
    build_context,
    build_loader,
    build_pipeline,
    build_read_options,
    default_options,
    has_store,
    open_store,
)
from schemas.adapter import BASE
from schemas.errors import ConfigurationError, RasgError
from schemas.walk import values_by_path


@take_options
def extract(
    files: Annotated[list[Path], typer.Argument(help="Files, or folders that are searched for documents.")],
    schema: Annotated[
        str,
        typer.Option(help="A schema's name, a file with a JSON Schema, or `auto` to have it chosen by kind."),
    ] = "invoice",
    out: Annotated[Path | None, typer.Option(help="Folder for the results; standard output without.")] = None,
    output_format: Annotated[Format, typer.Option("--format", help="How results are written.")] = Format.JSON,
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

    Exit code 0 if every document was extracted, 1 if any failed (its record says why), 2 if nothing could be
    done.
    """
    settings = load_settings()
    configure_logging(settings.log)
    if explain and out is None:
        raise ConfigurationError("--explain writes files", hint="name a folder with --out")
    chosen = None if pages is None else parse_page_ranges(pages)
    asked = load_choice(schema)
    found = find_files(files, on_left_out=_tell_left_out)
    options = default_options(settings).model_copy(update=said)
    if not examples:
        options = options.model_copy(update={"n_examples": 0})
    pipeline = _pipeline(settings, engine, ocr, password, tenant, options)
    batch = Batch(
        pipeline=pipeline,
        schema=asked,
        options=options,
        split=split,
        pages=chosen,
        explain_folder=out if explain else None,
    )
    # While the first file is read; what is wrong with the engine, that file's record says.
    threading.Thread(target=lambda: _try(pipeline.prepare), name="prepare").start()
    with result_writer(possible_schemas(asked), output_format, out) as writer:
        for results in _show_progress(batch, found):
            for result in results:
                writer.add(result)
    _report(writer.results, out)
    if has_failed(writer.results):
        raise typer.Exit(1)


def _tell_left_out(name: str, reason: str) -> None:
    Console(stderr=True).print(f"left out: {name}: {reason}", markup=False, highlight=False, soft_wrap=True)


def _try(job: Callable[[], None]) -> None:
    with suppress(RasgError):
        job()


def _pipeline(
    settings: Settings,
    engine: EngineName | None,
    ocr: OcrChoice | None,
    password: str | None,
    tenant: str | None,
    options: ExtractionOptions,
) -> Pipeline:
    """Return the pipeline, with examples and adapters if there is a store: looking makes none."""
    read = settings.read if ocr is None else settings.read.model_copy(update={"ocr": ocr})
    is_asked = options.n_examples > 0 or options.adapter != BASE
    store = open_store(settings) if is_asked and has_store(settings.store) else None
    with_examples = store is not None and options.n_examples > 0
    pipeline = build_pipeline(
        settings,
        engine_name=engine,
        read_options=build_read_options(read, password=password, thumbnails=with_examples),
    )
    if store is None:
        return pipeline
    loader = build_loader(pipeline.engine, settings)
    return pipeline.serve(build_context(store, settings, loader, tenant=tenant, with_examples=with_examples))


def _show_progress(batch: Batch, files: Sequence[BatchFile]) -> Iterator[tuple[FileResult, ...]]:
    """Yield the results of each file of a batch, and show how far it is on the terminal."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("starting", total=len(files))

        def announce(name: str, stage: str) -> None:
            progress.update(task, description=f"{escape(name)}: {stage}")

        for results in batch.run(files, on_stage=announce):
            yield results
            progress.advance(task)


def _report(results: Sequence[FileResult], out: Path | None) -> None:
    """Show people what was found, and where it was written."""
    console = Console(stderr=out is None)
    for result in results:
        if out is not None and result.extraction is not None:
            console.print_json(data=result.extraction.output.value, ensure_ascii=False)
        _show(result, console)
    if out is not None:
        names = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
        console.print(f"written to {out}: {', '.join(names)}", markup=False)


def _show(result: FileResult, console: Console) -> None:
    """Print a table for people: each value, where it stands and how sure it is."""
    if result.extraction is None:
        console.print(f"{result.file}: failed: {result.error and result.error.message}", markup=False)
        return
    table = Table("field", "value", "page", "box (left, top, right, bottom)", "confidence", title=result.file)
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
        console.print(f"warning {warning.code} {warning.path or ''}: {warning.message}", markup=False)
