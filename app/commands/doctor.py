"""`rasg doctor`: what works on this machine."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.inspect import ReportFormat
from app.log import configure_logging
from app.settings import load_settings
from app.terminal import echo

if TYPE_CHECKING:
    from app.doctor import Finding


def doctor(
    output_format: Annotated[
        ReportFormat, typer.Option("--format", help="For people, or all of it as JSON.")
    ] = ReportFormat.TEXT,
) -> None:
    """Say what is installed and works: libraries, OCR, model, store, and a page extracted end to end.

    Nothing is changed. Exit code 1 if a document could not be extracted, with how to mend it.
    """
    # Not above: it loads what reads pages, which no other command's start should wait for.
    from app.doctor import examine, is_broken

    settings = load_settings()
    configure_logging(settings.log.model_copy(update={"level": "ERROR"}))
    findings: list[Finding] = []
    for finding in examine(settings):
        findings.append(finding)
        if output_format is ReportFormat.TEXT:
            _show(finding)
    if output_format is ReportFormat.JSON:
        echo(json.dumps([asdict(finding) for finding in findings], indent=1, ensure_ascii=False))
    if is_broken(tuple(findings)):
        raise typer.Exit(1)


def _show(finding: Finding) -> None:
    echo(f"{finding.state:<7} {finding.subject:<17} {finding.detail}")
    if finding.hint is not None:
        echo(f"{'':<25} {finding.hint}")
