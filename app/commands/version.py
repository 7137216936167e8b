"""`rasg version` and `rasg --version`."""

from __future__ import annotations

from importlib.metadata import version as distribution_version
from typing import Annotated

import typer

from app.terminal import echo


def version() -> None:
    """Print the version."""
    echo(distribution_version("rasg"))


def _print_version(is_asked: bool) -> None:
    if is_asked:
        echo(f"rasg {distribution_version('rasg')}")
        raise typer.Exit


def root(
    version_: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Business documents in, schema-valid JSON out, and every value stands on the page."""
