"""`rasg adapters`: LoRA weights go live, one at a time, and back."""

from __future__ import annotations

import getpass
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Column, Table
from rich.text import Text

from app.log import configure_logging
from app.models.choice import choose_model
from app.settings import EngineName, Settings, load_settings
from app.terminal import echo, open_console
from app.wiring import (
    build_context,
    build_files,
    build_loader,
    build_pipeline,
    build_read_options,
    default_options,
    open_store,
)
from schemas.errors import (
    AdapterNotFoundError,
    InputError,
    PromotionRefusedError,
    RasgError,
    UnknownSchemaError,
)
from schemas.example import check_actor
from schemas.registry import get_schema, load_schema

if TYPE_CHECKING:  # the store brings a database and an index with it
    from app.adapters.promotion import Judgement, Promoter
    from retrieval.store import ExampleStore
    from schemas.adapter import AdapterCard
    from storage.adapters import AdapterRegistry, RegisteredAdapter
    from storage.feedback import FeedbackSummary

app = typer.Typer(no_args_is_help=True, help="LoRA weights that answer for a tenant's schema.")

_HASH_CHARS, _BASE_CHARS = 12, 6

_Tenant = Annotated[str | None, typer.Option(help="Whose adapters; overrides RASG_STORE__TENANT.")]
_By = Annotated[str | None, typer.Option("--by", help="Who says so; you, if not named.")]
_Named = Annotated[str, typer.Argument(help="Name, id, or the first 8 or more characters of the hash.")]
_Schema = Annotated[str | None, typer.Option(help="A schema's name, or a file with a JSON Schema.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    settings: Settings
    store: ExampleStore
    registry: AdapterRegistry


@app.command("add")
def add(
    folder: Annotated[Path, typer.Argument(help="Folder of a LoRA adapter with its card.json.")],
    schema: _Schema = None,
    by: _By = None,
    tenant: _Tenant = None,
) -> None:
    """Copy an adapter into the store, as a candidate: it answers who names it, and nobody else."""
    with _open(tenant) as opened:
        kept = build_files(opened.settings).keep(folder)
        name = _schema_name(schema, kept.card)
        added = opened.registry.add(name, kept.content_sha256, kept.card, actor=_who(by))
    if kept.card.schema_names and name not in kept.card.schema_names:
        echo(f"it was trained for {', '.join(kept.card.schema_names)}, not for {name}", err=True)
    echo(f"{added.adapter_id}  {added.served_name}  {added.state}")


@app.command("list")
def list_(tenant: _Tenant = None) -> None:
    """List the adapters, with how right people found their answers; and those of what else answered."""
    from storage.feedback import feedback_summaries

    with _open(tenant) as opened:
        known = opened.registry.all()
        feedback = feedback_summaries(opened.store.database, opened.registry.tenant)
        own = _own_sha256(opened.settings)
    columns = (Column("hash", no_wrap=True), Column("base", no_wrap=True), "canary", "said", "score")
    table = Table("state", "schema", "name", *columns)
    for adapter in known:
        said = feedback.get((adapter.schema_name, adapter.content_sha256))
        percent = "" if adapter.canary_percent is None else f"{adapter.canary_percent} %"
        hashes = (adapter.content_sha256[:_HASH_CHARS], adapter.base_sha256[:_BASE_CHARS])
        cells = (adapter.name, *hashes, percent, *_feedback_cells(said))
        table.add_row(adapter.state, Text(adapter.schema_name), *cells)
    shown = {(adapter.schema_name, adapter.content_sha256) for adapter in known}
    for schema_name, sha256 in sorted(feedback.keys() - shown, key=lambda key: (key[0], key[1] or "")):
        name = "base" if sha256 is None else "the model's own" if sha256 == own else "no longer here"
        cells = (name, (sha256 or "")[:_HASH_CHARS], "", "", *_feedback_cells(feedback[schema_name, sha256]))
        table.add_row("", Text(schema_name), *cells)
    open_console().print(table)


@app.command("promote")
def promote(
    named: _Named,
    canary: Annotated[
        int | None, typer.Option(help="Let it answer so many percent of the documents only.", min=1, max=100)
    ] = None,
    tolerance: Annotated[
        float, typer.Option(help="How much F1 may fall before it counts.", min=0, max=1)
    ] = 0.0,
    level: Annotated[
        float, typer.Option(help="The p-value up to which a fall counts as no chance.", min=0, max=1)
    ] = 0.05,
    without_gold: Annotated[
        bool, typer.Option("--without-gold", help="Promote it though no document can judge it.")
    ] = False,
    schema: _Schema = None,
    engine: Annotated[EngineName | None, typer.Option(help="Overrides RASG_ENGINE.")] = None,
    by: _By = None,
    tenant: _Tenant = None,
) -> None:
    """Compare an adapter with the live one, or the base model, on the gold set, and make it live.

    Exit code 1 if KIE or GLIRM F1 fell by more than the tolerance and that is unlikely to be chance, or if
    there is no gold: nothing is changed then.
    """
    from app.adapters.promotion import PromotionBar

    bar = PromotionBar(tolerance=tolerance, level=level, without_gold=without_gold)
    with _open(tenant) as opened, _promoter(opened, engine) as promoter:
        try:
            judged = promoter.judge(_one(opened.registry, named, schema), announce=_announce)
            _show(judged)
            promoted = promoter.promote(judged, bar, canary=canary, actor=_who(by))
        except PromotionRefusedError as error:
            hint = f"\nhint: {error.hint}" if error.hint else ""
            echo(f"refused: {error} [{error.code}]{hint}", err=True)
            raise typer.Exit(1) from error
    echo(f"{promoted.served_name} is {_state(promoted)} for {promoted.schema_name}")


@app.command("rollback")
def rollback(
    schema: Annotated[str, typer.Option(help="A schema's name, or a file with a JSON Schema.")],
    by: _By = None,
    tenant: _Tenant = None,
) -> None:
    """Retire the live adapter; the one before it is live again, or the base model if there was none."""
    with _open(tenant) as opened:
        base_sha256 = build_files(opened.settings).base_sha256()
        done = opened.registry.roll_back(_schema_named(schema), base_sha256, actor=_who(by))
    answers = "the base model answers" if done.live is None else f"{done.live.served_name} is live"
    echo(f"{done.retired.served_name} is retired; {answers}")


@app.command("retire")
def retire(named: _Named, schema: _Schema = None, by: _By = None, tenant: _Tenant = None) -> None:
    """Take an adapter out of use; where it was live, the base model answers."""
    with _open(tenant) as opened:
        retired = opened.registry.retire(_one(opened.registry, named, schema).adapter_id, actor=_who(by))
    echo(f"{retired.served_name} is retired")


@contextmanager
def _open(tenant: str | None) -> Generator[_Opened]:
    from storage.adapters import AdapterRegistry

    settings = load_settings()
    configure_logging(settings.log)
    store = open_store(settings)
    try:
        registry = AdapterRegistry(store.database, tenant=tenant or settings.store.tenant)
        yield _Opened(settings=settings, store=store, registry=registry)
    finally:
        store.close()


@contextmanager
def _promoter(opened: _Opened, engine: EngineName | None) -> Generator[Promoter]:
    from app.adapters.promotion import Promoter

    settings, with_examples = opened.settings, opened.settings.examples.n > 0
    pipeline = build_pipeline(
        settings,
        engine_name=engine,
        read_options=build_read_options(settings.read, thumbnails=with_examples),
    )
    loader = build_loader(pipeline.engine, settings)
    context = build_context(
        opened.store, settings, loader, tenant=opened.registry.tenant, with_examples=with_examples
    )
    try:
        yield Promoter(
            opened.registry,
            opened.store,
            pipeline.serve(context),
            loader,
            runs=settings.store.folder / "promotions",
            options=default_options(settings),
        )
    finally:
        pipeline.engine.close()


def _one(registry: AdapterRegistry, named: str, schema: str | None) -> RegisteredAdapter:
    """Return the adapter that is meant.

    Raises
    ------
    AdapterNotFoundError
        If there is none.
    InputError
        If there are several.
    """
    found = registry.find(named, schema_name=None if schema is None else _schema_named(schema))
    if len(found) > 1:
        several = ", ".join(f"{one.content_sha256[:_HASH_CHARS]} ({one.schema_name})" for one in found)
        raise InputError(f"{named!r} may be {several}", hint="name one by its hash, or say --schema")
    for one in found:
        return one
    raise AdapterNotFoundError(f"there is no adapter {named!r}", hint="`rasg adapters list` shows them")


def _schema_name(asked: str | None, card: AdapterCard) -> str:
    if asked is not None:
        return _schema_named(asked)
    if len(card.schema_names) != 1:
        names = ", ".join(card.schema_names) or "none"
        raise InputError(f"say --schema: the adapter's card names {names}")
    return card.schema_names[0]


def _schema_named(asked: str) -> str:
    """Return a schema's name: that of a file or a shipped one, or what is said, for callers' own."""
    try:
        return load_schema(asked).name if asked.endswith(".json") else get_schema(asked).name
    except UnknownSchemaError:
        return asked


def _show(judged: Judgement) -> None:
    against = "the base model" if judged.against is None else judged.against.served_name
    echo(f"first: {against}, second: {judged.adapter.served_name}, {judged.n_documents} documents", err=True)
    if judged.folder is not None:
        echo(judged.table)
        echo(f"both runs are in {judged.folder}", err=True)


def _announce(name: str) -> None:
    echo(f"run {name}", err=True)


def _state(adapter: RegisteredAdapter) -> str:
    return adapter.state if adapter.canary_percent is None else f"canary at {adapter.canary_percent} %"


def _own_sha256(settings: Settings) -> str | None:
    """Return the hash of the adapter that the model comes with; None without one that can be read."""
    try:
        own = choose_model(settings).own_adapter
    except RasgError:
        return None
    return None if own is None else own.content_sha256


def _feedback_cells(said: FeedbackSummary | None) -> tuple[str, str]:
    if said is None:
        return "0", ""
    return str(said.n_documents), "" if said.mean_score is None else f"{said.mean_score:.3f}"


def _who(by: str | None) -> str:
    try:
        return check_actor(by or getpass.getuser())
    except OSError:  # a container's user may have no name
        return "command line"
