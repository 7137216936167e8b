"""What people see on a terminal: text from documents and callers shows there, and does nothing else."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from schemas.text import one_line, visible


def echo(text: str, *, err: bool = False) -> None:
    """Print text, and a newline, with escapes for what a terminal would obey or not show.

    JSON that is printed so holds the same values as before.
    """
    typer.echo(visible(text), err=err)


def print_data(text: str) -> None:
    """Print what another program reads: as it is into a pipe, with escapes on a terminal."""
    sys.stdout.write(visible(text) if sys.stdout.isatty() else text)


def print_line(console: Console, text: str) -> None:
    """Print text on one line, however long: a name with a newline in it would make a line of its own."""
    console.print(one_line(text), markup=False, highlight=False, soft_wrap=True)


def open_console(*, stderr: bool = False) -> Console:
    """Return a console whose tables and lines show what they hold, with escapes as `echo` has them.

    No text is markup there, and none an emoji's name.
    """
    return _VisibleConsole(stderr=stderr, markup=False, emoji=False)


class _VisibleConsole(Console):
    """Rich drops some control characters and lets the escape character through: here none is."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Yield the segments of what is printed; those that rich itself makes to control stay."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)
