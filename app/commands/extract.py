"""`rasg extract`: files and folders in, one result for each document out; one bad file stops no other."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import JsonValue

from app.batch.find import place_of
from app.batch.manifest import MANIFEST
from app.commands.option_flags import take_options
from app.commands.stopping import end_at_once
from app.extraction.options import SPLIT_HELP, SplitMode
from app.extraction.page_ranges import PAGES_HELP, parse_page_ranges
from app.log import configure_logging
from app.models.choice import choose_model
from app.models.folder import is_model
from app.outputs.writing import Format, check_formats
from app.settings import EngineName, OcrChoice, Settings, load_settings
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from app.batch.run import Tally

EXIT_FAILED, EXIT_NEEDS_REVIEW = 1, 3
_SHORT_MANIFEST = 1_000_000  # bytes, read within some milliseconds


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
    with end_at_once():
        settings = load_settings()
        configure_logging(settings.log)
        formats = tuple(dict.fromkeys(output_formats or [Format.JSON]))
        check_formats(formats, out)
        if explain and out is None:
            raise ConfigurationError("--explain writes files", hint="name a folder with --out")
        if jobs == 1:  # others import it in processes of their own
            new = files if again or out is None else _not_done(files, out / MANIFEST)
            _import_ahead(settings, engine or settings.engine, new)

        # While torch is loaded: these are all that reads, asks, checks and writes.
        from app.batch.review import check_review_file
        from app.commands.extract_job import ExtractJob, ask_options
        from app.commands.extract_run import run_extract
        from app.extraction.schema_choice import load_choice

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
        tally = run_extract(job, files, out=out, formats=formats, again=again, review=review)
    end_with(tally, fail_on)


def _import_ahead(settings: Settings, engine: EngineName, files: Sequence[str]) -> None:
    """Begin to import what the embedded engine needs, if there is a model and a file to read."""
    if engine != "embedded" or not any(os.access(file, os.R_OK) for file in files):
        return
    if is_model(choose_model(settings).folder):
        from decoding.engines.torch_import import import_torch

        threading.Thread(target=import_torch, name="import").start()


def _not_done(files: Sequence[str], manifest: Path) -> Sequence[str]:
    """Return what a manifest does not name, by which nothing is decided but what is worth importing.

    Of a folder most files are done where any are.
    """
    try:
        is_short = manifest.stat().st_size <= _SHORT_MANIFEST
        lines = manifest.read_bytes().splitlines() if is_short else []
        done = frozenset(str(json.loads(line)["path"]) for line in lines)
    except (OSError, ValueError, KeyError, TypeError):
        return files  # what is wrong with it is said when it is read
    paths = [Path(file) for file in files] if done else []
    known = {str(path) for path in paths if place_of(path) in done or path.is_dir()}
    return [file for file in files if str(Path(file)) not in known]


def end_with(tally: Tally, fail_on: FailOn) -> None:
    """End the command with the exit code that the outcomes call for."""
    if tally.outcomes["failed"]:
        raise typer.Exit(EXIT_FAILED)
    if fail_on is FailOn.NEEDS_REVIEW and (tally.outcomes["needs_review"] or tally.outcomes["partial"]):
        raise typer.Exit(EXIT_NEEDS_REVIEW)
