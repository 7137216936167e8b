"""`rasg`: extract documents, look at schemas, start the services."""

from __future__ import annotations

import sys

import typer

from app.commands import (
    adapters,
    batch,
    bench,
    doctor,
    einvoice,
    examples,
    extract,
    inspect,
    keys,
    mcp,
    models,
    schema,
    services,
    worker,
)
from app.errors import error_record
from app.terminal import echo
from schemas.errors import RasgError

# Nothing could be done at all: a setting, a schema or the engine is wrong.
EXIT_CONFIGURATION = 2

app = typer.Typer(
    name="rasg",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Business documents in, schema-valid JSON out, and every value stands on the page.",
)
app.callback()(services.root)
app.command("doctor")(doctor.doctor)
app.command("extract")(extract.extract)
app.command("batch")(batch.batch)
app.command("read")(inspect.read)
app.command("ground")(inspect.ground)
app.command("serve")(services.serve)
app.command("worker")(worker.worker)
app.command("vllm")(services.vllm)
app.command("mcp")(mcp.mcp)
app.command("version")(services.version)
app.add_typer(adapters.app, name="adapters")
app.add_typer(einvoice.app, name="einvoice")
app.add_typer(examples.app, name="examples")
app.add_typer(keys.app, name="keys")
app.add_typer(models.app, name="models")
app.add_typer(schema.app, name="schema")
app.add_typer(bench.app, name="bench")


def main() -> None:
    """Run the command line; errors of the service end in one readable line and a stable exit code."""
    try:
        app()
    except RasgError as error:
        record = error_record(error)
        hint = f"\nhint: {record.hint}" if record.hint else ""
        issues = "".join(f"\n  {issue.pointer}: {issue.detail}" for issue in record.errors)
        echo(f"rasg: {record.message} [{record.code}]{issues}{hint}", err=True)
        sys.exit(EXIT_CONFIGURATION)


if __name__ == "__main__":
    main()
