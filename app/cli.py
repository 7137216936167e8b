"""`rasg`: extract documents, look at schemas, start the services."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import typer

from app.commands.lazy import LazyGroup, Place
from app.commands.version import root
from app.standard_streams import standard_streams
from app.terminal import echo
from schemas.errors import RasgError

# Nothing could be done at all: a setting, a schema or the engine is wrong.
EXIT_CONFIGURATION = 2

# In the order of the list of all.
PLACES: Mapping[str, Place] = {
    "doctor": Place(
        "doctor",
        "doctor",
        "Say what is installed and works: libraries, OCR, model, store, and a page extracted end to end.",
    ),
    "extract": Place(
        "extract",
        "extract",
        "Extract documents into JSON that satisfies a schema, and say where each value stands.",
    ),
    "batch": Place(
        "batch",
        "batch",
        "Extract very many documents with the actors of a Ray cluster, into Parquet; needs the extra `ray`.",
    ),
    "read": Place(
        "inspect",
        "read",
        "Show what is read of a file: the text of each page as a model would see it, and what is doubtful.",
    ),
    "ground": Place(
        "inspect",
        "ground",
        "Show for each value of an answer whether it can be written, where it stands and what it says.",
    ),
    "serve": Place("services", "serve", "Serve the HTTP API; settings come from RASG_* variables."),
    "worker": Place(
        "worker", "worker", "Run accepted jobs until interrupted, beside `rasg serve` or without it."
    ),
    "vllm": Place(
        "services",
        "vllm",
        "Start a vLLM server as the service needs it, and keep it running until interrupted.",
    ),
    "mcp": Place(
        "mcp", "mcp", "Speak the Model Context Protocol on stdin and stdout, for a running service."
    ),
    "version": Place("version", "version", "Print the version."),
    "adapters": Place("adapters", "app", "LoRA weights that answer for a tenant's schema."),
    "einvoice": Place("einvoice", "app", "E-invoices of EN 16931: write them from results."),
    "examples": Place("examples", "app", "Annotated pages, shown to the model with pages like them."),
    "keys": Place("keys", "app", "API keys: from the first one on, every request needs one."),
    "models": Place("models", "app", "Language models by name: fetched once, used offline."),
    "schema": Place("schema", "app", "List, show and check schemas."),
    "bench": Place("bench", "app", "Measure extraction on labelled documents."),
}


class _Commands(LazyGroup):
    places = PLACES


app = typer.Typer(
    name="rasg",
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Business documents in, schema-valid JSON out, and every value stands on the page.",
)
app.callback()(root)


def main() -> None:
    """Run the command line; errors of the service end in one readable line and a stable exit code."""
    try:
        with standard_streams():
            app()
    except RasgError as error:
        from app.errors import error_record

        record = error_record(error)
        hint = f"\nhint: {record.hint}" if record.hint else ""
        issues = "".join(f"\n  {issue.pointer}: {issue.detail}" for issue in record.errors)
        echo(f"rasg: {record.message} [{record.code}]{issues}{hint}", err=True)
        sys.exit(EXIT_CONFIGURATION)


if __name__ == "__main__":
    main()
