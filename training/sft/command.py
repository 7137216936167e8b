"""`rasg-train sft`: an adapter from annotated documents."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from schemas.errors import ConfigurationError
from training.sft.progress import StageView, Stopped, stop_by_sigterm

if TYPE_CHECKING:
    from training.sft.data import TrainingSource
    from training.sft.finetune import Finetuned, Job
    from training.sft.model import LoraShape


class OptimizerChoice(StrEnum):
    """What steps the factors."""

    ADAMW = "adamw"
    LORA_MUON = "lora-muon"


# AdamW's rate, and the spectral norm of LoRA-Muon's steps: of docs/results/finetuning.md for fresh factors
# (0.02 takes a pretrained base apart), and a fifth of it or so, which nobody has sought, where factors have
# learned already.
_FRESH_LR = {OptimizerChoice.ADAMW: 1e-3, OptimizerChoice.LORA_MUON: 0.004}
_FURTHER_LR = {OptimizerChoice.ADAMW: 2e-4, OptimizerChoice.LORA_MUON: 0.001}
_FRESH_RANK, _FRESH_ALPHA = 8, 16.0


def sft(
    name: Annotated[str, typer.Option(help="The adapter's name.")],
    data: Annotated[
        list[str],
        typer.Option(
            help="Annotated documents: `store` (of RASG_STORE__*), a suite (SUITE.yaml, SUITE.yaml:DATASET), "
            "or labelled transcripts (FILE.jsonl). May be given several times."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder of the adapter.")],
    run: Annotated[Path, typer.Option(help="Run folder; an unfinished run in it is resumed.")],
    base: Annotated[Path | None, typer.Option(help="Hugging Face model folder; the service's own.")] = None,
    schema: Annotated[
        str | None,
        typer.Option(
            help="Of transcripts: a name, a JSON Schema file, or SUITE.yaml:DATASET. Of a store: a name."
        ),
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="Of a store; overrides RASG_STORE__TENANT.")] = None,
    optimizer: Annotated[
        OptimizerChoice, typer.Option(help="What steps the factors.")
    ] = OptimizerChoice.ADAMW,
    lr: Annotated[float | None, typer.Option(help="Learning rate; of LoRA-Muon a length in W.")] = None,
    start: Annotated[
        Path | None,
        typer.Option(help="Adapter's folder to begin with; the service's model's own, where it has one."),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin with fresh factors all the same.")] = False,
    rank: Annotated[
        int | None, typer.Option(min=1, help="Of the factors; the start's, or 8 of fresh ones.")
    ] = None,
    alpha: Annotated[
        float | None, typer.Option(help="PEFT's scale is alpha / rank; the start's, or 16 of fresh ones.")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the documents at most.")] = 8,
    patience: Annotated[int, typer.Option(min=1, help="Epochs without a better score.")] = 3,
    batch_tokens: Annotated[int, typer.Option(min=16, help="Tokens packed into a step.")] = 4096,
    synthetic_share: Annotated[float, typer.Option(help="Share of made-up documents.")] = 0.0,
    synthetic_kinds: Annotated[
        str,
        typer.Option(
            help="Of receipt, invoice, order, statement, form, booking, agreement, official: with commas."
        ),
    ] = "receipt,invoice,order,statement,form,booking,agreement,official",
    validation: Annotated[float, typer.Option(help="Share of documents that stop training.")] = 0.15,
    kept_out: Annotated[float, typer.Option(help="Share of documents that it never sees.")] = 0.2,
    split_by: Annotated[str | None, typer.Option(help="Field whose value keeps documents together.")] = None,
    n_validation: Annotated[int, typer.Option(min=1, help="Documents a validation at most.")] = 40,
    min_similarity: Annotated[float, typer.Option(help="Of examples that are shown.")] = 0.8,
    seed: Annotated[int, typer.Option(help="Seed of the factors and the order.")] = 0,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = 2,
) -> None:
    """Finetune an adapter on the conversations that the service has about annotated documents.

    Training stops when real answers on the validation part get no better; the best epoch is packed with its
    card. The shares are of the same documents in every run, so that what is kept out stays a gold set.
    """
    # Said before anything is imported that takes its time.
    console = Console(stderr=True)
    with stop_by_sigterm() as stop:
        view = StageView(console=console, stop=stop)
        view.announce(f"{name}: reading settings and model")
        from app.models.choice import choose_model
        from app.settings import load_settings
        from training.sft.finetune import Job
        from training.sft.run import SftConfig
        from training.sft.split import Shares

        settings = load_settings()
        model = choose_model(settings)
        begun = _start_of(start, fresh=fresh, own=None if base else model.adapter)
        config = SftConfig(
            optimizer=optimizer.value,
            lr=(_FRESH_LR if begun is None else _FURTHER_LR)[optimizer] if lr is None else lr,
            shape=_shape_of(begun, rank, alpha),
            epochs=epochs,
            patience=patience,
            batch_tokens=batch_tokens,
            synthetic_share=synthetic_share,
            synthetic_kinds=tuple(synthetic_kinds.split(",")),
            seed=seed,
            device=device,
            n_threads=threads,
        )
        run.mkdir(parents=True, exist_ok=True)

        def sources() -> Iterator[TrainingSource]:
            for one in data:
                view.announce(f"reading documents of {one}")
                yield from _sources(one, run, schema, tenant, min_similarity, view)

        with view.show():
            try:
                job = Job(
                    name=name,
                    base=base or model.folder,
                    start=begun,
                    run=run,
                    out=out,
                    sources=tuple(sources()),
                    config=config,
                    shares=Shares(validation=validation, kept_out=kept_out, by=split_by),
                    n_validation=n_validation,
                )
                done = _train(job, view)
            except Stopped:
                typer.echo("stopped; the same command goes on")
                return
        _tell(done, out)


def _start_of(start: Path | None, *, fresh: bool, own: Path | None) -> Path | None:
    """Return the adapter to begin with: one for documents knows more of a tenant's than a base does."""
    if start is not None and fresh:
        raise ConfigurationError("training begins with an adapter or with fresh factors, not with both")
    return None if fresh else start or own


def _shape_of(start: Path | None, rank: int | None, alpha: float | None) -> LoraShape:
    from training.sft.factors import read_scale
    from training.sft.model import LoraShape

    if start is None:
        return LoraShape(rank=rank or _FRESH_RANK, alpha=alpha or _FRESH_ALPHA)
    scale = read_scale(start)
    if (rank or scale.rank, alpha or scale.alpha) != (scale.rank, scale.alpha):
        raise ConfigurationError(
            f"the adapter to begin with has rank {scale.rank} and alpha {scale.alpha:g}",
            hint="leave --rank and --alpha out, or begin with --fresh factors",
        )
    return LoraShape(rank=scale.rank, alpha=scale.alpha)


def _train(job: Job, view: StageView) -> Finetuned:
    """Train and show how far it is; SIGTERM ends it with a checkpoint."""
    from training.sft.finetune import finetune

    return finetune(
        job,
        announce=view.announce,
        advance=view.advance,
        report=view.step,
        stop=lambda: view.stop.is_told,
    )


def _tell(done: Finetuned, out: Path) -> None:
    outcomes = ", ".join(f"{key} {n}" for key, n in sorted(done.outcomes.items()))
    typer.echo(f"{done.n_conversations} conversations ({outcomes})")
    typer.echo(f"{done.state.step} steps, {done.state.n_tokens} tokens, best epoch {done.state.best_epoch}")
    for key, value in done.state.scores.items():
        typer.echo(f"{key} F1 {done.state.base_scores.get(key, 0.0):.3f} -> {value:.3f}")
    if done.card is not None:
        typer.echo(f"adapter in {out}")
    elif done.state.is_done:
        typer.echo("no epoch was better than what it began with: no adapter is written")
    else:
        typer.echo("stopped; the same command goes on")


def _sources(
    text: str,
    run: Path,
    schema: str | None,
    tenant: str | None,
    min_similarity: float,
    view: StageView,
) -> Iterator[TrainingSource]:
    from app.settings import load_settings
    from app.wiring import build_read_options, open_store
    from schemas.example import check_tenant
    from training.sft.data import of_store, of_suite, of_transcripts, schema_of, suite_of

    settings = load_settings()
    if text == "store":
        store = open_store(settings)
        own = check_tenant(tenant or settings.store.tenant)
        yield of_store(store, own, schema_name=schema, min_similarity=min_similarity)
    elif text.partition(":")[0].endswith((".yaml", ".yml")):
        yield from of_suite(
            suite_of(text),
            run / "sources",
            read_options=build_read_options(settings.read),
            readings=run / "readings",
            min_similarity=min_similarity,
            announce=view.announce,
        )
    elif text.endswith(".jsonl"):
        if schema is None:
            raise ConfigurationError("transcripts need a schema", hint="name one with --schema")
        yield of_transcripts(Path(text), schema_of(schema), run / "sources", min_similarity=min_similarity)
    else:
        raise ConfigurationError(
            f"{text!r} is neither `store`, nor a suite (.yaml), nor transcripts (.jsonl)"
        )
