"""`rasg-eval`: score a file of predictions against gold, without any model."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, get_args

import typer

from eval.datasets import GoldRecord, read_gold_file
from eval.kie import ValueKind
from eval.kinds import Kinds
from eval.lines import require_regular
from eval.predictions import read_predictions
from eval.report import diff_text, report_markdown, worst_tables
from eval.run_scores import RunScores, score_run
from schemas.errors import EvaluationError, RasgError
from schemas.text import visible

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def evaluate(
    pred: Annotated[Path, typer.Argument(help="Predictions, one JSON line a document.")],
    gold: Annotated[Path, typer.Argument(help="Gold records, one JSON line a document.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder for scores.json, report.md and the alignments.")
    ] = None,
    kinds: Annotated[
        Path | None, typer.Option(help='JSON file {"fields": {NAME: KIND}, "columns": {NAME: KIND}}.')
    ] = None,
    title: Annotated[str, typer.Option(help="Heading of the report.")] = "Scores",
) -> None:
    """Score predictions against gold: fields by KIE F1, rows by GLIRM.

    Prints the report, or writes it to a folder. Exit code 2 if a file cannot be used.
    """
    records = tuple(read_gold_file(gold))
    named = _kinds(kinds, records)
    scores = score_run(read_predictions(pred), records, kinds=named)
    report = report_markdown(scores, title=title)
    if out is None:
        typer.echo(visible(report))
    else:
        write_scores(scores, out, report=report)
        typer.echo(f"written to {out}")


def _kinds(path: Path | None, records: tuple[GoldRecord, ...]) -> dict[str, Kinds]:
    """Return the kinds that a file names, for every data set alike; none without a file."""
    if path is None:
        return {}
    require_regular(path, "file of kinds")
    try:
        named = json.loads(path.read_text(encoding="utf-8-sig"))
        fields, columns = dict(named.get("fields", {})), dict(named.get("columns", {}))
    except (OSError, ValueError, AttributeError, TypeError, RecursionError) as error:
        raise EvaluationError(f"the kinds {path.name!r} cannot be read") from error
    wrong = [kind for kind in (*fields.values(), *columns.values()) if kind not in get_args(ValueKind)]
    if wrong:
        raise EvaluationError(f"a kind is text, amount or date, got {wrong[0]!r}")
    return dict.fromkeys((record.dataset for record in records), Kinds(fields=fields, columns=columns))


def write_scores(scores: RunScores, out: Path, *, report: str) -> None:
    """Write scores.json, report.md and the alignments of the worst tables to a folder."""
    try:
        (out / "diffs").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EvaluationError(f"{str(out)!r} cannot be a folder: {error.strerror}") from error
    groups = {name: group.model_dump(mode="json") for name, group in scores.groups.items()}
    (out / "scores.json").write_text(json.dumps(groups, indent=1) + "\n", encoding="utf-8")
    (out / "report.md").write_text(report, encoding="utf-8")
    for number, document in enumerate(worst_tables(scores.documents), start=1):
        # The document's own name may hold anything, so the file is named by its rank.
        text = f"{document.id}\n\n{diff_text(document)}"
        (out / "diffs" / f"{number:02}.txt").write_text(text, encoding="utf-8")


def main() -> None:
    """Run the command line; errors end in one readable line and exit code 2."""
    try:
        app()
    except RasgError as error:
        hint = f"\nhint: {error.hint}" if error.hint else ""
        typer.echo(visible(f"rasg-eval: {error} [{error.code}]{hint}"), err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
