"""`rasg batch`: files of folders or object stores, by the machines of a Ray cluster, into Parquet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Annotated, Any

import typer
from pydantic import JsonValue

from app.batch.parts import PartsFolder
from app.batch.reading import FileReader
from app.batch.remote import RemoteFile, find_remote
from app.batch.remote_run import PART_FILES, PART_S, ExtractRemote, RemoteBatch
from app.batch.run import FileDone, Tally
from app.commands.extract import FailOn, end_with
from app.commands.extract_job import ExtractJob, ask_options, build_in_process, recipe_of
from app.commands.extract_view import ProgressView, count_left_out, show_progress, summarise
from app.commands.option_flags import take_options
from app.commands.stopping import Stop, stop_by_signals
from app.extraction.options import SPLIT_HELP, SplitMode
from app.extraction.schema_choice import load_choice, possible_schemas
from app.log import configure_logging
from app.settings import EngineName, OcrChoice, Settings, load_settings
from app.terminal import open_console
from app.wiring import build_read_options, has_store
from schemas.errors import ConfigurationError


@take_options
def batch(
    inputs: Annotated[
        list[str],
        typer.Argument(help="Files, folders or patterns: paths, or URIs such as s3://bucket/scans."),
    ],
    out: Annotated[str, typer.Option(help="Path or URI for the parts of the results and of the manifest.")],
    schema: Annotated[
        str,
        typer.Option(help="A schema's name, a file with a JSON Schema, or `auto` to have it chosen by kind."),
    ] = "invoice",
    address: Annotated[
        str | None,
        typer.Option(
            help="Of a Ray cluster: `auto` on one of its machines, or ray://HOST:10001; "
            "without, actors run on this machine."
        ),
    ] = None,
    readers: Annotated[int, typer.Option(min=1, max=10_000, help="Actors that read pages.")] = 1,
    extractors: Annotated[int, typer.Option(min=1, max=10_000, help="Actors that extract.")] = 1,
    reader_cpus: Annotated[
        float,
        typer.Option(min=0.01, max=256, help="Cores of a reader: fewer where it shares them."),
    ] = 1.0,
    extractor_cpus: Annotated[
        float,
        typer.Option(min=0.01, max=256, help="Cores that an extractor takes: 0.1 where it asks a server."),
    ] = 1.0,
    extractor_gpus: Annotated[float, typer.Option(min=0, max=16, help="GPUs that an extractor takes.")] = 0.0,
    part_files: Annotated[
        int, typer.Option(min=1, max=100_000, help="Files of a part, at most.")
    ] = PART_FILES,
    part_seconds: Annotated[
        float, typer.Option(min=0, max=86_400, help="After which a part is written, however small.")
    ] = PART_S,
    again: Annotated[bool, typer.Option("--again", help="Also do what is done.")] = False,
    fail_on: Annotated[
        FailOn, typer.Option(help="`needs_review` ends with exit code 3 where something has to be looked at.")
    ] = FailOn.FAILED,
    engine: Annotated[EngineName | None, typer.Option(help="Overrides RASG_ENGINE.")] = None,
    ocr: Annotated[OcrChoice | None, typer.Option(help="Overrides RASG_READ__OCR.")] = None,
    split: Annotated[SplitMode, typer.Option(help=SPLIT_HELP)] = "auto",
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
    """Extract very many documents with the actors of a Ray cluster, into Parquet; needs the extra `ray`.

    Readers turn files into pages, extractors turn pages into answers; each builds itself from the settings of
    this command. What is done, by bytes, schema, options, model and adapter, is skipped, so that the same
    command goes on where one was stopped or killed. OUT/manifest says of each file what made it.

    Exit codes are those of `rasg extract`.
    """
    settings = load_settings()
    configure_logging(settings.log)
    job = ExtractJob(
        settings=_read_page_by_page(settings),
        schema=load_choice(schema),
        options=ask_options(settings, said, examples=examples),
        engine=engine,
        ocr=ocr,
        split=split,
        password=password,
        tenant=tenant,
    )
    extract_files = _on_ray(
        job,
        address=address,
        n_readers=readers,
        n_extractors=extractors,
        reader_cpus=reader_cpus,
        extractor_cpus=extractor_cpus,
        extractor_gpus=extractor_gpus,
    )
    left_out: Counter[str] = Counter()

    recipe = recipe_of(job, job.build_pipeline())
    folder = PartsFolder(out, possible_schemas(job.schema), schema_sha256=recipe.schema_sha256)
    tally = Tally()
    with closing(folder):
        found = find_remote(inputs, on_left_out=count_left_out(left_out))
        with stop_by_signals(seconds=_STOP_S) as stop, show_progress(len(found)) as view:
            run = RemoteBatch(
                folder=folder,
                recipe=recipe,
                on_done=partial(_take, tally, view),
                again=again,
                part_files=part_files,
                part_s=part_seconds,
            )
            is_stopped = _run(run, found, extract_files, stop)
    for line in summarise(tally, left_out, n_files=len(found)):
        open_console(stderr=True).print(line, markup=False, highlight=False, soft_wrap=True)
    if is_stopped:
        stop.end()
        raise typer.Exit(stop.exit_code)
    end_with(tally, fail_on)


# The last part is written, and actors are ended, within this.
_STOP_S = 10.0


def _take(tally: Tally, view: ProgressView, done: FileDone) -> None:
    tally.add(done)
    view.end(done)


def _run(run: RemoteBatch, files: tuple[RemoteFile, ...], extract_files: ExtractRemote, stop: Stop) -> bool:
    """Run a batch; return whether it was stopped."""
    try:
        run.run(files, extract_files)
    except KeyboardInterrupt:
        stop.note()
        return True
    return False


def _read_page_by_page(settings: Settings) -> Settings:
    """Return the settings with a core for each reader: files are read side by side, and not their pages."""
    return settings.model_copy(update={"read": settings.read.model_copy(update={"n_workers": 1})})


def _on_ray(job: ExtractJob, **cluster: Any) -> ExtractRemote:  # noqa: ANN401 - the fields of `Cluster`
    """Return what extracts files by the actors of a cluster.

    Raises
    ------
    ConfigurationError
        If Ray is not installed.
    """
    try:
        from app.batch.on_ray import Cluster, extract_on_ray
    except ImportError as error:
        raise ConfigurationError(
            "batches beyond one machine need Ray",
            hint="install the extra `ray`: pip install 'rasg[ray]'; `rasg extract --jobs N` needs none",
        ) from error
    return partial(
        extract_on_ray,
        build_reader=partial(build_reader, job),
        build_extractor=partial(build_in_process, job),
        cluster=Cluster(**cluster),
    )


def build_reader(job: ExtractJob) -> FileReader:
    """Return what reads files in a process of its own, as the extractors of the job need them."""
    configure_logging(job.settings.log)
    with_examples = job.options.n_examples > 0 and has_store(job.settings.store)
    options = build_read_options(job.reading, password=job.password, thumbnails=with_examples)
    return FileReader(read_options=replace(options, einvoice=job.options.xml != "ignore"))
