"""Commands whose modules are loaded when they are called, and not to name or to list them all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

# Typer keeps the class that both are of to itself.
Command = TyperCommand | TyperGroup


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command stands, and what is said of it in the list of all.

    Attributes
    ----------
    module
        Of this package.
    attribute
        A function, or the `Typer` of a group.
    help
        The first paragraph of what `--help` says of the command.
    """

    module: str
    attribute: str
    help: str

    def load(self, name: str) -> Command:
        """Return the command, by this name; its module is imported."""
        from app.commands.stopping import end_at_once

        with end_at_once():
            found: Any = getattr(import_module(f"{__package__}.{self.module}"), self.attribute)
        holder = typer.Typer(add_completion=False)
        if isinstance(found, typer.Typer):
            holder.add_typer(found, name=name)
        else:
            holder.command(name)(found)
        loaded: Any = get_group(holder).commands[name]
        return loaded


class LoadedCommands(Mapping[str, Command]):
    """Commands by name, each loaded when it is asked for; the names are known before."""

    def __init__(self, places: Mapping[str, Place]) -> None:
        self._places = places
        self._loaded: dict[str, Command] = {}

    def __getitem__(self, name: str) -> Command:
        if name not in self._loaded:
            self._loaded[name] = self._places[name].load(name)
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, name: object) -> bool:
        return name in self._places


class LazyGroup(TyperGroup):
    """The group of the commands at `places`, in that order."""

    places: ClassVar[Mapping[str, Place]] = {}

    def __init__(self, **attrs: Any) -> None:  # noqa: ANN401 - Typer's
        super().__init__(**attrs)
        commands: Any = LoadedCommands(self.places)
        self.commands = commands

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002 - of a class that Typer hides
        """Return the names of the commands."""
        return list(self.places)

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """Write what there is; no command is loaded for its line."""
        described: Any = {
            name: TyperCommand(name=name, help=place.help) for name, place in self.places.items()
        }
        shown = TyperGroup(
            name=self.name,
            help=self.help,
            params=self.params,
            commands=described,
            rich_markup_mode=self.rich_markup_mode,
        )
        shown.format_help(ctx, formatter)
