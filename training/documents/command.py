"""`rasg-train documents`: train the adapter of the default model, and pack it."""

# torch, transformers and peft are typed in part only
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import logging
import signal
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from training.documents.mixture import Mixture
    from training.lora_run import LoraRunSettings
    from training.sft.packing import PackedRow
    from training.study.conversations_file import SourcedSample

app = typer.Typer(no_args_is_help=True, help="The adapter of the default model.")

_FACTORS = "factors"
_NOT_COMPARED = ("n_threads", "device", "n_processes", "n_minutes")


@app.callback()
def documents_options() -> None:
    """The adapter of the default model."""


@app.command()
def train(
    base: Annotated[Path, typer.Option(help="Hugging Face folder of the base (`rasg models fetch`).")],
    run: Annotated[Path, typer.Option(help="The run's folder; the same command goes on where it stopped.")],
    tokens: Annotated[int, typer.Option(help="Tokens to train on.", min=1)],
    start: Annotated[
        Path | None, typer.Option(help="Adapter to go on from; its rank and alpha are kept.")
    ] = None,
    templates: Annotated[Path | None, typer.Option(help="File of `rasg-train refill prepare`.")] = None,
    conversations: Annotated[
        Path | None, typer.Option(help="Gzipped pickle of (source, kind, token ids, weights, n_asked).")
    ] = None,
    held_out: Annotated[
        Path | None, typer.Option(help="Such a file of conversations whose losses are logged.")
    ] = None,
    n_held_out: Annotated[int, typer.Option(help="Of each source, at most.", min=1)] = 24,
    optimizer: Annotated[Literal["adamw", "lora-muon"], typer.Option(help="Which optimizer.")] = "adamw",
    lr: Annotated[float, typer.Option(help="AdamW's, or the length in W of a LoRA-Muon step.")] = 3e-4,
    rank: Annotated[int, typer.Option(help="Of fresh factors.", min=1)] = 64,
    real_share: Annotated[float, typer.Option(help="Of conversations about real documents.")] = 0.35,
    refilled_share: Annotated[float, typer.Option(help="Of conversations about refilled pages.")] = 0.45,
    row_tokens: Annotated[int, typer.Option(help="Tokens of a step.", min=64)] = 4096,
    max_tokens: Annotated[int, typer.Option(help="Of a conversation.", min=64)] = 4096,
    warmup_steps: Annotated[int, typer.Option(min=0)] = 30,
    cooldown_share: Annotated[float, typer.Option(min=0, max=1)] = 0.6,
    evaluations: Annotated[int, typer.Option(help="Times that held-out losses are taken.", min=1)] = 10,
    minutes: Annotated[
        float | None, typer.Option(help="End after so many at the latest: for a device that is lent.")
    ] = None,
    norms_every: Annotated[int, typer.Option(help="Steps between measurements of norms.", min=1)] = 10,
    seed: Annotated[int, typer.Option()] = 0,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    threads: Annotated[int, typer.Option(min=1)] = 1,
    processes: Annotated[int, typer.Option(help="Processes that make conversations; 0 in this one.")] = 0,
) -> None:
    """Train factors on real, refilled and made-up documents; SIGTERM ends it with a checkpoint."""
    from training.documents.mixture import Mixture
    from training.lora_run import LoraRunSettings
    from training.sft.factors import read_scale

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    scale = None if start is None else read_scale(start)
    settings = LoraRunSettings(
        rank=rank if scale is None else scale.rank,
        alpha=2.0 * rank if scale is None else scale.alpha,
        warmup_steps=warmup_steps,
        cooldown_share=cooldown_share,
        n_evaluations=evaluations,
        norms_every=norms_every,
    )
    mixture = Mixture(
        real_share=real_share,
        refilled_share=refilled_share,
        templates=None if templates is None else str(templates),
        max_tokens=max_tokens,
        row_tokens=row_tokens,
    )
    _train(
        settings,
        mixture,
        base=base,
        run=run,
        start=start,
        conversations=_read(conversations, max_tokens),
        held_out=_read(held_out, max_tokens),
        facts={"tokens": tokens, "optimizer": optimizer, "lr": lr, "seed": seed, "n_held_out": n_held_out},
        device=device,
        n_threads=threads,
        n_processes=processes,
        n_minutes=minutes,
    )


def _train(
    settings: LoraRunSettings,
    mixture: Mixture,
    *,
    base: Path,
    run: Path,
    start: Path | None,
    conversations: tuple[SourcedSample, ...],
    held_out: tuple[SourcedSample, ...],
    facts: dict[str, Any],
    device: str,
    n_threads: int,
    n_processes: int,
    n_minutes: float | None,
) -> None:
    from decoding.engines.threads import set_threads
    from schemas.adapter import adapter_sha256, weights_sha256
    from training.lora_run import LoraRun
    from training.run_folder import TrainingFolder
    from training.sft.factors import load_factors
    from training.sft.model import save_adapter

    set_threads(n_threads)
    folder = TrainingFolder(path=run)
    made_of = {"base_sha256": weights_sha256(base), "start": None if start is None else adapter_sha256(start)}
    config = {**asdict(settings), "mixture": asdict(mixture), **facts, **made_of}
    folder.begin(config, may_differ=_NOT_COMPARED)
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stopped.append(number))
    by_source: dict[str, list[Any]] = defaultdict(list)
    for one in held_out:
        if len(by_source[one.source]) < facts["n_held_out"]:
            by_source[one.source].append(one.sample)
    state = LoraRun(
        optimizer=facts["optimizer"],
        lr=facts["lr"],
        seed=facts["seed"],
        n_tokens=facts["tokens"],
        settings=settings,
        base=base,
        rows=lambda n_done: _rows(
            mixture, conversations, base, seed=facts["seed"] + n_done, n_processes=n_processes
        ),
        held_out=by_source,
        folder=folder,
        start=lambda model: None if start is None else load_factors(model, start),
        measures_start=True,
        device=device,
        n_minutes=n_minutes,
        stop=lambda: bool(stopped),
    ).train(finish=lambda model: save_adapter(model, run / _FACTORS, base_name=base.resolve().name))
    typer.echo(
        f"step {state.step}, {state.n_tokens} tokens" + (f": {state.diverged}" if state.diverged else "")
    )
    if state.diverged:
        raise typer.Exit(1)


def _rows(
    mixture: Mixture, conversations: tuple[SourcedSample, ...], base: Path, *, seed: int, n_processes: int
) -> Iterator[PackedRow]:
    from training.documents.mixture import mix, produce_rows
    from training.sft.packing import pack_in_order

    if not n_processes:
        samples = mix(mixture, conversations, str(base), seed=seed)
        yield from pack_in_order(samples, max_tokens=mixture.row_tokens)
        return
    rows = produce_rows(mixture, conversations, base, seed=seed, n_processes=n_processes)
    try:
        while True:
            yield rows.next()
    finally:
        rows.close()


def _read(path: Path | None, max_tokens: int) -> tuple[SourcedSample, ...]:
    from training.study.conversations_file import read_conversations

    return () if path is None else read_conversations(path, max_tokens=max_tokens)


@app.command()
def pack(
    run: Annotated[Path, typer.Option(help="A run that has ended.")],
    out: Annotated[Path, typer.Option(help="Folder of the adapter to write.")],
    rank: Annotated[int, typer.Option(help="Cut to it by SVD, where the run's is larger.", min=1)] = 32,
    base_name: Annotated[str, typer.Option(help="Of the base, by the catalogue.")] = "smollm2-135m-instruct",
) -> None:
    """Write a run's factors as an adapter in bfloat16; its card is written by hand, with its figures."""
    from training.sft.factors import write_factors

    energy = write_factors(run / _FACTORS, out, rank=rank, base_name=base_name)
    typer.echo(f"rank {rank} keeps {energy:.4f} of the energy")
