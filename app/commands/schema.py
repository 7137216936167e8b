"""`rasg schema`: what can be asked for, and whether a caller's own schema would be honoured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from app.terminal import echo, open_console
from schemas.lint import lint
from schemas.registry import json_schema_of, list_schemas, load_schema
from schemas.source import read_schema_file

app = typer.Typer(no_args_is_help=True, help="List, show and check schemas.")


@app.command("list")
def list_() -> None:
    """List the schemas that ship with the service."""
    table = Table("name", "version", "fields", "what it is for")
    for schema in list_schemas():
        n_leaves = sum(1 for _ in schema.leaves())
        table.add_row(schema.name, schema.version, str(n_leaves), schema.description)
    open_console().print(table)


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
    console = open_console()
    if console.is_terminal:
        table = Table("at", "keyword", "verdict", "why")
        for row in rows:
            table.add_row(*row)
        console.print(table)
    else:
        for row in rows:
            echo("\t".join(row))
    for warning in report.warnings:
        console.print(f"warning: {warning.pointer}: {warning.message}", markup=False, soft_wrap=True)
    if not report.ok:
        raise typer.Exit(1)
