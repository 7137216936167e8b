"""`rasg schema`: what can be asked for, and whether a caller's own schema would be honoured."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from app.terminal import echo, open_console
from schemas.lint import lint
from schemas.registry import json_schema_of, list_schemas, load_schema
from schemas.source import read_schema_file

# Keys may hold what parts cells and lines.
_ESCAPED = str.maketrans({"\t": "\\t", "\n": "\\n", "\r": "\\r"})

app = typer.Typer(no_args_is_help=True, help="List, show and check schemas.")


@app.command("list")
def list_() -> None:
    """List the schemas that ship with the service."""
    rows = [
        (schema.name, schema.version, str(sum(1 for _ in schema.leaves())), schema.description)
        for schema in list_schemas()
    ]
    _print_rows(("name", "version", "fields", "what it is for"), rows)


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="A schema's name, or a file with a JSON Schema.")],
) -> None:
    """Print a schema as JSON Schema."""
    echo(json.dumps(json_schema_of(load_schema(name)), indent=2, ensure_ascii=False))


@app.command("lint")
def lint_file(
    file: Annotated[Path, typer.Argument(help="A file with a JSON Schema.", exists=True, dir_okay=False)],
) -> None:
    """Say for each keyword of a JSON Schema whether and when it is enforced; exit 1 if any is refused.

    Into a file or a pipe each keyword is one line whose cells tabs part, and nothing is cut off.
    """
    report = lint(read_schema_file(file))
    rows: list[tuple[str, str, str, str]] = []
    for entry in report.entries:
        why = entry.message if entry.hint is None else f"{entry.message} ({entry.hint})"
        rows.append((entry.pointer, entry.keyword, entry.verdict, why))
    _print_rows(("at", "keyword", "verdict", "why"), rows)
    console = open_console()
    for warning in report.warnings:
        console.print(f"warning: {warning.pointer}: {warning.message}", markup=False, soft_wrap=True)
    if not report.ok:
        raise typer.Exit(1)


def _print_rows(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table on a terminal; elsewhere a line a row, whole, whose cells tabs part."""
    console = open_console()
    if console.is_terminal:
        table = Table(*header)
        for row in rows:
            table.add_row(*row)
        console.print(table)
        return
    for row in rows:
        echo("\t".join(cell.translate(_ESCAPED) for cell in row))
