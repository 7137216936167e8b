"""`rasg read` and `rasg ground`: what is read of a file, and what becomes of an answer on it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.files import read_file
from app.inspection import GroundReport, ReadReport, parse_answer, report_grounding, report_reading
from app.settings import OcrChoice, load_settings
from app.terminal import echo, open_console
from app.wiring import build_read_options
from ocr.reader import read_document
from schemas.document import Document
from schemas.extraction import ExtractionWarning
from schemas.registry import load_schema

# An answer to one document is far smaller.
_MAX_ANSWER_BYTES = 32_000_000


class ReportFormat(StrEnum):
    """How a report is written."""

    TEXT = "text"
    JSON = "json"


_File = Annotated[Path, typer.Argument(help="A document.")]
_Ocr = Annotated[OcrChoice | None, typer.Option(help="Overrides RASG_READ__OCR.")]
_Password = Annotated[str | None, typer.Option(help="Opens an encrypted PDF.")]
_Format = Annotated[ReportFormat, typer.Option("--format", help="For people, or all of it as JSON.")]


def read(
    file: _File,
    ocr: _Ocr = None,
    password: _Password = None,
    output_format: _Format = ReportFormat.TEXT,
) -> None:
    """Show what is read of a file: the text of each page as a model would see it, and what is doubtful.

    As JSON every word has its box (left, top, right, bottom in page fractions), source and confidence. What
    tells a machine what to answer is set aside: it stands after the text of its page, as JSON in `set_aside`.
    """
    report = report_reading(_document(file, ocr, password))
    if output_format is ReportFormat.JSON:
        echo(report.model_dump_json(indent=1))
    else:
        _show_reading(report)


def ground(
    file: _File,
    schema: Annotated[str, typer.Option(help="A schema's name, or a file with a JSON Schema.")],
    answer: Annotated[Path, typer.Option(help="A JSON file with the answer; keys that it lacks are null.")],
    ocr: _Ocr = None,
    password: _Password = None,
    output_format: _Format = ReportFormat.TEXT,
) -> None:
    """Show for each value of an answer whether it can be written, where it stands and what it says.

    No model is asked. A value can be written if the grammar of its field on these pages has it.
    Rows of tables are not bound to their own cells here, as they are in an extraction.
    """
    asked = load_schema(schema)
    value = parse_answer(read_file(answer, _MAX_ANSWER_BYTES))
    report = report_grounding(_document(file, ocr, password), asked, value)
    if output_format is ReportFormat.JSON:
        echo(report.model_dump_json(indent=1))
    else:
        _show_grounding(report)


def _document(file: Path, ocr: OcrChoice | None, password: str | None) -> Document:
    settings = load_settings().read
    chosen = settings if ocr is None else settings.model_copy(update={"ocr": ocr})
    options = build_read_options(chosen, password=password)
    return read_document(read_file(file, options.limits.max_bytes), options=options)


def _show_reading(report: ReadReport) -> None:
    console = open_console()
    for page in report.pages:
        words = ", ".join(f"{n} words from {source}" for source, n in page.sources.items()) or "no word"
        console.rule(f"page {page.page_number}: {words}", align="left")
        console.print(Text(page.text), soft_wrap=True)
        if page.set_aside:
            aside = " ".join(word.text for word in page.set_aside)
            console.print(Text(f"set aside, no model sees it: {aside}"), soft_wrap=True)
    _show_warnings(console, report.warnings)


def _show_grounding(report: GroundReport) -> None:
    console = open_console()
    table = Table("field", "value", "can be written", "page", "normal form", "warnings")
    for path, field in report.fields.items():
        page = str(field.citations[0].page_number) if field.citations else "not on the page"
        normal = " ".join(part for part in (field.normalised, field.currency) if part)
        cells = (
            path,
            str(field.value),
            "yes" if field.writable else "no",
            page,
            normal,
            ", ".join(field.warnings),
        )
        table.add_row(*map(Text, cells))
    console.print(table)
    _show_warnings(console, report.warnings)


def _show_warnings(console: Console, warnings: tuple[ExtractionWarning, ...]) -> None:
    for warning in warnings:
        where = warning.path or (f"page {warning.page_number}" if warning.page_number else "")
        console.print(f"warning {warning.code} {where}: {warning.message}", markup=False)
