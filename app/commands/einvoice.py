"""`rasg einvoice`: results as e-invoices."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel, ConfigDict, ValidationError

from app.einvoices.write import OutputSyntax, write_einvoice
from app.files import read_file
from app.terminal import echo, print_data
from schemas.errors import ConfigurationError, InputError
from schemas.extraction import Extraction

app = typer.Typer(no_args_is_help=True, help="E-invoices of EN 16931: write them from results.")

_MAX_RESULT_BYTES = 50_000_000


class _Result(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    extraction: Extraction | None


@app.callback()
def _group() -> None:
    """Keep `write` a command of its own, whatever others there are."""


@app.command("write")
def write(
    result: Annotated[
        Path, typer.Argument(help="A result of `rasg extract` in JSON, or an answer of the service.")
    ],
    to: Annotated[
        OutputSyntax, typer.Option(help="UBL 2.1, or CII as Factur-X and XRechnung have it.")
    ] = "ubl",
    given: Annotated[
        list[str] | None,
        typer.Option("--set", help="A term that the document does not say, as BT-40=DE; may be repeated."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File for the XML; standard output without.")] = None,
) -> None:
    """Write an extracted invoice as an e-invoice of EN 16931.

    Nothing is made up: if a mandatory term is missing, or the amounts do not add up, the list of what is
    missing is written instead (exit code 2). What was reckoned or concluded is named on standard error.
    """
    written = write_einvoice(_read(result), to, given=_parse_all(given or ()))
    for note in written.notes:
        echo(f"note: {note}", err=True)
    if out is None:
        print_data(written.xml.decode())
        return
    try:
        out.write_bytes(written.xml)
    except OSError as error:
        raise ConfigurationError(f"{out} cannot be written: {error.strerror}") from error


def _read(path: Path) -> Extraction:
    data = read_file(path, _MAX_RESULT_BYTES)
    try:
        found = _Result.model_validate_json(data).extraction
    except ValidationError:
        try:
            return Extraction.model_validate_json(data)
        except ValidationError as error:
            raise InputError(f"{path.name} is no result of an extraction in JSON") from error
    if found is None:
        raise InputError(f"{path.name} is the record of a document that failed")
    return found


def _parse_all(texts: Iterable[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for term, value in map(_parse_given, texts):
        if given.setdefault(term, value) != value:
            raise ConfigurationError(f"--set gives {term} twice")
    return given


def _parse_given(text: str) -> tuple[str, str]:
    term, sign, value = text.partition("=")
    if not sign or not value.strip():
        raise ConfigurationError("--set wants TERM=VALUE, for example BT-40=DE")
    return term.strip().upper(), value.strip()
