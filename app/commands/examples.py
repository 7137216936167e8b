"""`rasg examples`: what the service has been taught, and teaching it more."""

from __future__ import annotations

import getpass
import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Column, Table
from rich.text import Text

from app.examples.annotate import describe_ungrounded
from app.examples.result_answer import GivenAnswer, read_answer
from app.files import read_file
from app.log import configure_logging
from app.settings import Settings, load_settings
from app.terminal import echo, open_console
from app.wiring import build_example_service, build_finder, build_read_options, open_store
from ocr.reader import ReadOptions, read_document
from schemas.distinct_json import load_object
from schemas.registry import load_schema

if TYPE_CHECKING:  # the store brings a database and an index with it
    from app.examples.importing import Imported
    from app.examples.service import Added, ExampleService

app = typer.Typer(no_args_is_help=True, help="Annotated pages, shown to the model with pages like them.")

_MAX_ANSWER_BYTES = 10_000_000

_Tenant = Annotated[str | None, typer.Option(help="Whose examples; overrides RASG_STORE__TENANT.")]
_Schema = Annotated[str, typer.Option(help="A schema's name, or a file with a JSON Schema.")]
_By = Annotated[str | None, typer.Option("--by", help="Who confirms it; you, if not named.")]


@app.command("add")
def add(
    file: Annotated[Path, typer.Argument(help="The document.")],
    answer: Annotated[
        Path | None,
        typer.Option(
            help="JSON file with what it holds, or a result that you corrected; not for e-invoices."
        ),
    ] = None,
    schema: _Schema = "invoice",
    by: _By = None,
    tenant: _Tenant = None,
) -> None:
    """Keep a document's pages as examples."""
    from app.examples.importing import add_annotated_file

    with _open_service(tenant) as (settings, service):
        options = _read_options(settings)
        given, asked = None if answer is None else _answer(answer), load_schema(schema)
        data = read_file(file, options.limits.max_bytes)
        if given is not None:
            given.check_file(data)
        added = add_annotated_file(
            data,
            None if given is None else given.value,
            service=service,
            schema=asked,
            options=options,
            confirmed_by=_who(by),
            said=None if given is None else given.said_before(asked),
        )
    _tell(file.name, added)


@app.command("import")
def import_(
    folder: Annotated[
        Path, typer.Argument(help="E-invoices (PDF with XML inside), or a labels.jsonl with its documents.")
    ],
    schema: _Schema = "invoice",
    by: _By = None,
    tenant: _Tenant = None,
) -> None:
    """Keep a folder's annotated documents as examples; exit 1 if one could not be used."""
    from app.examples.importing import import_folder

    failed = 0
    with _open_service(tenant) as (settings, service):
        for imported in import_folder(
            folder,
            service=service,
            schema=load_schema(schema),
            options=_read_options(settings),
            confirmed_by=_who(by),
        ):
            failed += imported.error is not None
            _tell_imported(imported)
    if failed:
        echo(f"{failed} could not be used", err=True)
        raise typer.Exit(1)


@app.command("list")
def list_(
    n: Annotated[int, typer.Option("-n", help="How many, the newest.", min=1)] = 50, tenant: _Tenant = None
) -> None:
    """List the newest examples."""
    first = Column("id", no_wrap=True, min_width=32)
    table = Table(first, "schema", "page", "source", "confirmed by", "at")
    with _open_service(tenant) as (_, service):
        newest = service.store.newest(service.tenant, n)
        n_all = service.store.n_examples(service.tenant)
    for stored in newest:
        example = stored.example
        table.add_row(
            example.example_id,
            example.schema_name,
            str(example.page_index + 1),
            example.source,
            Text(example.confirmed_by),
            example.created_at.isoformat(timespec="seconds"),
        )
    console = open_console()
    console.print(table)
    console.print(f"{len(newest)} of {n_all}")


@app.command("search")
def search(
    file: Annotated[Path, typer.Argument(help="A document; its first page is searched for.")],
    n: Annotated[int, typer.Option("-n", help="How many.", min=1)] = 5,
    schema: _Schema = "invoice",
    tenant: _Tenant = None,
) -> None:
    """Show the examples most like a page, near or not, and what they hold."""
    settings = load_settings()
    configure_logging(settings.log)
    everything = settings.examples.model_copy(update={"min_similarity": 0.0})
    store = open_store(settings)
    finder = build_finder(store, settings.model_copy(update={"examples": everything}), tenant=tenant)
    try:
        options = _read_options(settings)
        document = read_document(read_file(file, options.limits.max_bytes), options=options)
        found = finder.find(document, load_schema(schema), k=n)
    finally:
        finder.close()
    for hit in found.hits:
        near = "shown" if hit.similarity_score >= settings.examples.min_similarity else "too far"
        echo(f"{hit.example.example_id}  {hit.similarity_score:.3f}  {near}")
        echo(json.dumps(hit.example.answer, ensure_ascii=False))
    if not found.hits:
        echo("none", err=True)


@app.command("remove")
def remove(
    example_ids: Annotated[list[str], typer.Argument(help="Ids, as `rasg examples list` shows them.")],
    by: _By = None,
    tenant: _Tenant = None,
) -> None:
    """Delete examples, contents and all; the audit keeps that they were there."""
    with _open_service(tenant) as (_, service):
        service.remove(example_ids, actor=_who(by))
    echo(f"{len(example_ids)} removed", err=True)


@app.command("rebuild")
def rebuild(tenant: _Tenant = None) -> None:
    """Make the search index anew from the database: of one tenant, or of all."""
    settings = load_settings()
    configure_logging(settings.log)
    store = open_store(settings)
    try:
        n_examples = store.rebuild(tenant)
    finally:
        store.close()
    echo(f"{n_examples} examples indexed", err=True)


@contextmanager
def _open_service(tenant: str | None) -> Generator[tuple[Settings, ExampleService]]:
    settings = load_settings()
    configure_logging(settings.log)
    store = open_store(settings)
    try:
        yield settings, build_example_service(store, settings, tenant=tenant)
    finally:
        store.close()


def _read_options(settings: Settings) -> ReadOptions:
    return build_read_options(settings.read, thumbnails=True)


def _answer(path: Path) -> GivenAnswer:
    return read_answer(load_object(read_file(path, _MAX_ANSWER_BYTES), name=path.name))


def _who(by: str | None) -> str:
    try:
        return by or getpass.getuser()
    except OSError:  # a container's user may have no name
        return "command line"


def _tell(name: str, added: Added) -> None:
    ids = ", ".join(example.example_id for example in added.examples)
    echo(f"{name}: {ids}")
    note = describe_ungrounded(added.ungrounded)
    if note:
        echo(f"{name}: {note}", err=True)
    if added.n_thinned:
        echo(f"{name}: {added.n_thinned} older examples of the template were removed", err=True)


def _tell_imported(imported: Imported) -> None:
    if imported.added is not None:
        _tell(imported.file, imported.added)
    else:
        echo(f"{imported.file}: {imported.error or 'nothing to learn from'}", err=True)
