"""`rasg-train`: the house model and what else learns."""

# torch, transformers and matplotlib are typed in part only
# pyright: reportUnknownMemberType=false
from __future__ import annotations

import itertools
import logging
import random
import signal
import sys
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from schemas.errors import RasgError
from training.documents.command import app as documents
from training.refill.command import app as refill
from training.sft.command import sft

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
# As `rasg` has it: a setting, a file or the data is wrong, or training could not go on.
_EXIT_NOTHING_DONE = 2
# Texts for the tokenizer's merges; more adds nothing to 4,096 tokens.
_TOKENIZER_TEXTS = 12_000


@app.callback()
def main_options() -> None:
    """Train the models that the service ships or serves."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)


@app.command()
def house(
    out: Annotated[Path, typer.Option(help="Run folder; an unfinished run in it is resumed.")],
    minutes: Annotated[float, typer.Option(help="Wall-clock budget in minutes.")] = 110.0,
    n_layers: Annotated[int, typer.Option(min=2, help="Number of transformer blocks.")] = 5,
    width: Annotated[int, typer.Option(min=256, help="Hidden size, a multiple of 64.")] = 256,
    batch_tokens: Annotated[int, typer.Option(help="Padded tokens a step.")] = 8192,
    threads: Annotated[int, typer.Option(help="CPU threads of the training process.")] = 1,
    data_processes: Annotated[int, typer.Option(help="Processes that make documents.")] = 1,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    seed: Annotated[int, typer.Option(help="Seed of weights and documents.")] = 0,
    compiled: Annotated[
        bool, typer.Option("--compiled", help="Fuse kernels with torch.compile (needs g++).")
    ] = False,
    cooldown_share: Annotated[
        float, typer.Option(help="Share of the time in which the learning rate falls to 0.")
    ] = 0.4,
    curriculum_end: Annotated[
        float,
        typer.Option(min=0.36, max=1.0, help="Share of the time from which pages are of full difficulty."),
    ] = 0.75,
    transcripts: Annotated[Path | None, typer.Option(help="Labelled transcripts to watch.")] = None,
    templates: Annotated[
        Path | None, typer.Option(help="Real pages to refill, of `rasg-train refill prepare`.")
    ] = None,
    refilled_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share of refilled pages, with --templates.")
    ] = 0.5,
) -> None:
    """Train the house model from scratch on synthetic documents.

    Set GLIBC_TUNABLES=glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=8589934592 on a CPU:
    without it page faults take a large part of the time.
    """
    from training.house import HouseConfig, check_resumable, train_house
    from training.run_folder import TrainingFolder
    from training.stream import StreamConfig

    config = HouseConfig(
        minutes=minutes,
        n_layers=n_layers,
        width=width,
        batch_tokens=batch_tokens,
        n_threads=threads,
        n_data_processes=data_processes,
        device=device,
        seed=seed,
        compiled=compiled,
        cooldown_share=cooldown_share,
    )
    check_resumable(config, out)
    out.mkdir(parents=True, exist_ok=True)
    tokenizer_folder = out / "tokenizer"
    if not tokenizer_folder.is_dir():
        _make_tokenizer(tokenizer_folder, seed)
    stream = StreamConfig(tokenizer_folder=str(tokenizer_folder), seed=seed, batch_tokens=batch_tokens)
    stream = replace(
        stream,
        max_tokens=min(config.max_tokens, batch_tokens),
        curriculum_end=curriculum_end,
        templates=None if templates is None else str(templates),
        refilled_share=refilled_share,
    )
    TrainingFolder(path=out).write_config({**asdict(config), "stream": asdict(stream)})
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stopped.append(number))
    state = train_house(
        config, stream, out, evaluate=_watcher(tokenizer_folder, transcripts), stop=lambda: bool(stopped)
    )
    typer.echo(f"{state.step} steps, {state.n_tokens} tokens, {state.spent_s / 60:.1f} minutes")


def _make_tokenizer(folder: Path, seed: int) -> None:
    from training.encode import prompt_of
    from training.synthesis.sample import generate
    from training.tokenizer import train_tokenizer

    rng = random.Random(seed + 77)
    samples = (generate(rng) for _ in range(_TOKENIZER_TEXTS // 4))
    texts = itertools.chain.from_iterable(
        (message.content for message in prompt_of(sample).messages) for sample in samples
    )
    train_tokenizer(texts).save_pretrained(folder)


def _watcher(tokenizer_folder: Path, transcripts: Path | None) -> Any:  # noqa: ANN401
    from training.hf import load_tokenizer
    from training.house_eval import forced_accuracy, synthetic_set, transcript_set

    tokenizer = load_tokenizer(tokenizer_folder)
    synthetic = synthetic_set(40, seed=987_654)
    real = () if transcripts is None else transcript_set(transcripts, n=40)

    def watch(model: Any) -> dict[str, float]:  # noqa: ANN401
        scores = {"synthetic_all": forced_accuracy(model, tokenizer, synthetic).get("all", 0.0)}
        for key, score in forced_accuracy(model, tokenizer, real).items():
            scores[f"transcript_{key}"] = score
        return scores

    return watch


@app.command()
def score(
    model: Annotated[
        Path | None, typer.Option(help="Model folder; without, the service's own model with its adapter.")
    ] = None,
    transcripts: Annotated[Path | None, typer.Option(help="Labelled transcripts (labels.jsonl).")] = None,
    annotated: Annotated[
        bool, typer.Option("--annotated", help="Ask each transcript for what it is annotated with.")
    ] = False,
    n: Annotated[int, typer.Option(help="Documents to score.")] = 85,
    out: Annotated[Path | None, typer.Option(help="Where to write one JSON line a document.")] = None,
    grounding: Annotated[bool, typer.Option(help="Restrict values to the page.")] = True,
    candidates: Annotated[int, typer.Option(help="Candidates ranked for each value.")] = 4,
    seed: Annotated[int, typer.Option(help="Seed of the synthetic documents.")] = 123_456,
) -> None:
    """Score a model as the service would use it: on transcripts if given, else on synthetic documents.

    Prints the F1 of each field, of all fields, and of the rows (GLIRM) if any are asked for.
    """
    from app.extraction.options import ExtractionOptions
    from app.settings import load_settings
    from app.wiring import build_pipeline
    from training.house_eval import synthetic_set
    from training.house_score import annotated_cases, figures, synthetic_cases, to_json, transcript_cases
    from training.house_score import score as score_cases

    if transcripts is None:
        cases = synthetic_cases(synthetic_set(n, seed=seed))
    else:
        cases = (annotated_cases if annotated else transcript_cases)(transcripts, n=n)
    settings = load_settings()
    if model is not None:
        settings = settings.model_copy(update={"model_folder": model})
    pipeline = build_pipeline(settings, engine_name="embedded")
    options = ExtractionOptions(grounding=grounding, n_candidates=candidates)
    with typer.progressbar(score_cases(pipeline, cases, options=options), length=len(cases)) as progress:
        results = list(progress)
    if out is not None:
        out.write_text("".join(f"{to_json(result)}\n" for result in results), encoding="utf-8")
    found = figures(results)
    for name, field in found.kie["normalised"].fields.items():
        typer.echo(f"{name}\t{field.f1:.3f}")
    typer.echo(f"all\t{found.kie['normalised'].f1:.3f}")
    if found.lir is not None:
        typer.echo(f"rows\t{found.lir['normalised'].f1:.3f}")
    if found.n_failed:
        typer.echo(f"{found.n_failed} of {found.n_documents} documents have no answer: {found.errors}")


app.add_typer(documents, name="documents")
app.command("sft")(sft)
app.add_typer(refill, name="refill")
study = typer.Typer(no_args_is_help=True, help="Reproduce what papers claim.")
app.add_typer(study, name="study")


@study.callback()
def study_options() -> None:
    """Reproduce what papers claim."""


@study.command()
def tinyshakespeare(
    text: Annotated[Path, typer.Option(help="TinyShakespeare as one text file.")],
    out: Annotated[Path, typer.Option(help="Run folder; trials that it has are not run again.")],
    seeds: Annotated[int, typer.Option(min=1, help="Seeds of each trial; the paper takes 6.")] = 6,
    processes: Annotated[int, typer.Option(min=1, help="Trials at a time, one thread each.")] = 1,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    nearest: Annotated[
        bool,
        typer.Option("--near-best", help="Later seeds only at the first one's best rates and beside them."),
    ] = False,
    report_only: Annotated[bool, typer.Option("--report", help="Run nothing, write the report.")] = False,
) -> None:
    """Sweep learning rates of LoRA-Muon and its rivals over ranks, widths, depths and rescalings.

    The report counts whatever is there: a run may be stopped at any time and resumed.
    """
    from training.study.grid import full_grid, read_outcomes, run_grid
    from training.study.nearest import run_near_best

    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stopped.append(number))
    if report_only:
        outcomes = read_outcomes(out)
    else:
        run = partial(
            run_grid,
            text_path=text,
            folder=out,
            n_processes=processes,
            device=device,
            stop=lambda: bool(stopped),
        )
        outcomes = run_near_best(full_grid(seeds), run) if nearest else run(full_grid(seeds))
    from training.study.report import write_report

    typer.echo(write_report(outcomes, out))


@app.command()
def publish(
    run: Annotated[Path, typer.Option(help="Run folder of `house`.")],
    out: Annotated[Path, typer.Option(help="Model folder to write.")],
) -> None:
    """Write a run's model, tokenizer and loss curve to a model folder."""
    from training.publish import publish as publish_run

    publish_run(run, out)


def main() -> None:
    """Run the command line; errors of the service end in one readable line and a stable exit code."""
    try:
        app()
    except RasgError as error:
        hint = f"\nhint: {error.hint}" if error.hint else ""
        typer.echo(f"rasg-train: {error} [{error.code}]{hint}", err=True)
        sys.exit(_EXIT_NOTHING_DONE)


if __name__ == "__main__":
    main()
