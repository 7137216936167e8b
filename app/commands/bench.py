"""`rasg bench`: run a suite, compare two runs, find out what each part of the method brings."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.bench.ablate import SWITCHES, Switch, ablation_table, combinations_of
from app.bench.calibrate import calibrate_runs, calibration_report, write_calibration
from app.bench.compare import compare as compare_runs
from app.bench.compare import comparison_table, regressions
from app.bench.pages import write_pages
from app.bench.results import Results, run_results, run_title, write_results
from app.bench.run import RunFolder, run_suite
from app.bench.suite import Suite, read_hash_list, read_suite
from app.extraction.options import parse_share
from app.extraction.pipeline import Pipeline
from app.log import configure_logging
from app.models.choice import choose_model
from app.settings import EngineName, load_settings
from app.wiring import build_pipeline, build_read_options
from eval.plots import reliability_pair

app = typer.Typer(no_args_is_help=True, help="Measure extraction on labelled documents.")

_SuiteFile = Annotated[Path, typer.Option(help="YAML file that says what is asked of which data sets.")]
_Data = Annotated[Path | None, typer.Option(help="Folder of the data sets; overrides the suite's.")]
_N = Annotated[int | None, typer.Option(help="Documents of each data set; overrides the suite's.", min=1)]
_Documents = Annotated[
    Path | None,
    typer.Option(
        "--documents", help="Ask about these files only, a SHA-256 a line; examples are of the others."
    ),
]
_Engine = Annotated[EngineName | None, typer.Option(help="Overrides RASG_ENGINE.")]
_InFlight = Annotated[int, typer.Option(help="Documents at a time (a server batches them).", min=1, max=256)]


class SwitchChoice(StrEnum):
    """What an ablation switches."""

    RETRIEVAL = "retrieval"
    FINETUNING = "finetuning"
    STRUCTURED = "structured"
    REASONING = "reasoning"


@app.command("run")
def run(
    suite: _SuiteFile,
    out: Annotated[Path, typer.Option(help="The run's folder; a run in it goes on.")],
    data: _Data = None,
    n: _N = None,
    documents: _Documents = None,
    engine: _Engine = None,
    in_flight: _InFlight = 1,
) -> None:
    """Extract a suite's documents, score them, and write report, plots and alignments.

    Exit code 2 if nothing could be done; what was finished is kept and the same command goes on.
    """
    asked = read_suite(suite, data=data, n=n, documents=documents)
    pipeline = _pipeline(engine)
    results = _run(asked, pipeline, out, in_flight)
    typer.echo(write_results(results, RunFolder(path=out), title=run_title(out)))
    write_pages(results.scores, results.lines, asked, pipeline, out / "pages", readings=out / "readings")


@app.command("report")
def report(folder: Annotated[Path, typer.Argument(help="A run's folder.")]) -> None:
    """Score a run's predictions again, and write its report anew."""
    typer.echo(
        write_results(run_results(RunFolder(path=folder)), RunFolder(path=folder), title=run_title(folder))
    )


@app.command("compare")
def compare(
    first: Annotated[Path, typer.Argument(help="A run's folder: the one to be no worse than.")],
    second: Annotated[Path, typer.Argument(help="Another run on the same documents.")],
    tolerance: Annotated[
        float, typer.Option(help="How much F1 may fall before it counts as a regression.", min=0, max=1)
    ] = 0.0,
    level: Annotated[
        float, typer.Option(help="The p-value up to which a fall counts as no chance.", min=0, max=1)
    ] = 0.05,
) -> None:
    """Print both runs side by side, with p-values.

    Exit code 1 if a figure of the second run fell by more than the tolerance, and that is unlikely to be
    chance.
    """
    folders = RunFolder(path=first), RunFolder(path=second)
    figures = compare_runs(run_results(folders[0]), run_results(folders[1]))
    typer.echo(comparison_table(figures))
    fallen = regressions(figures, tolerance=tolerance, level=level)
    for one in fallen:
        typer.echo(f"regression: {one.metric} of {one.dataset} fell by {-one.difference.value:.3f}", err=True)
    if fallen:
        raise typer.Exit(1)


@app.command("ablate")
def ablate(
    suite: _SuiteFile,
    out: Annotated[Path, typer.Option(help="Folder of the runs, one for each combination.")],
    switches: Annotated[
        list[SwitchChoice] | None,
        typer.Option("--switch", help="What is switched; all but finetuning by default."),
    ] = None,
    adapter: Annotated[str | None, typer.Option(help="LoRA weights that finetuning means.")] = None,
    data: _Data = None,
    n: _N = None,
    documents: _Documents = None,
    engine: _Engine = None,
    in_flight: _InFlight = 1,
) -> None:
    """Run every combination of switches, and fit the linear model of what each brings."""
    chosen: tuple[Switch, ...] = tuple(
        s for s in SWITCHES if (switches is None and s != "finetuning") or s in (switches or ())
    )
    pipeline = _pipeline(engine)
    runs: dict[tuple[Switch, ...], Results] = {}
    for combination in combinations_of(
        read_suite(suite, data=data, n=n, documents=documents), chosen, adapter=adapter
    ):
        folder = out / combination.name
        typer.echo(f"run {combination.name}", err=True)
        runs[combination.on] = _run(combination.suite, pipeline, folder, in_flight, readings=out / "readings")
        write_results(runs[combination.on], RunFolder(path=folder), title=run_title(folder))
    table = ablation_table(runs, chosen)
    (out / "ablation.md").write_text(table, encoding="utf-8")
    typer.echo(table)


@app.command("calibrate")
def calibrate(
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs of one model.")],
    out: Annotated[Path, typer.Option(help="The file: calibration.json of the adapter's or model's folder.")],
    readings: Annotated[
        Path | None, typer.Option(help="Folder of documents as they were read; the first run's by default.")
    ] = None,
    documents: Annotated[
        Path | None,
        typer.Option("--documents", help="Fit on these files only, a SHA-256 a line: none that taught."),
    ] = None,
    max_error: Annotated[
        float,
        typer.Option(help="Share of wrong values that is tolerated where nobody says.", parser=parse_share),
    ] = 0.1,
    plot: Annotated[Path | None, typer.Option(help="PNG file for the curves before and after.")] = None,
) -> None:
    """Fit what the model's probabilities are worth, on values that are known to be right or wrong.

    Prints how the confidences fare on documents of vendors that were left out while they were fitted.
    """
    found = calibrate_runs(
        runs,
        readings=readings or runs[0] / "readings",
        read_options=build_read_options(load_settings().read),
        documents=None if documents is None else frozenset(read_hash_list(documents)),
        max_error=max_error,
    )
    write_calibration(found.calibration, out)
    typer.echo(calibration_report(found))
    if plot is not None:
        reliability_pair(found.before, found.after, plot)


def _pipeline(engine: EngineName | None) -> Pipeline:
    settings = load_settings()
    configure_logging(settings.log)
    return build_pipeline(settings, engine_name=engine)


def _run(
    suite: Suite, pipeline: Pipeline, out: Path, in_flight: int, *, readings: Path | None = None
) -> Results:
    folder = RunFolder(path=out)
    run_suite(
        suite,
        pipeline,
        folder,
        readings=readings or out / "readings",
        model_folder=choose_model(load_settings()).folder if pipeline.engine.name == "embedded" else None,
        n_in_flight=in_flight,
        announce=lambda name: typer.echo(f"  {name}", err=True),
    )
    return run_results(folder)
