"""A finished run as an adapter that can be served: weights, card, curves."""

# matplotlib is typed in part only
# pyright: reportUnknownMemberType=false
from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import JsonValue

from schemas.adapter import CARD, CONFIG, WEIGHTS, AdapterCard
from schemas.errors import ConfigurationError
from training.run_folder import TrainingFolder
from training.sft.run import BEST

CURVES, README = "curves.png", "README.md"


def package(run: Path, out: Path, card: AdapterCard) -> None:
    """Write the run's best adapter to `out` with its card, its curves and a page for people.

    Raises
    ------
    ConfigurationError
        If the run has no adapter yet.
    """
    best = run / BEST
    if not (best / WEIGHTS).is_file():
        raise ConfigurationError(
            f"no adapter in {run.name!r}: no epoch has ended, or none was better than the base model"
        )
    out.mkdir(parents=True, exist_ok=True)
    for name in (CONFIG, WEIGHTS):
        shutil.copyfile(best / name, out / name)
    (out / CARD).write_text(card.model_dump_json(indent=1) + "\n", encoding="utf-8")
    (out / README).write_text(card_text(card), encoding="utf-8")
    draw_curves(TrainingFolder(path=run).log.records(), out / CURVES)


def card_text(card: AdapterCard) -> str:
    """Return the card as Markdown."""
    lines = [
        f"# Adapter `{card.name}`",
        "",
        f"LoRA weights for the model `{card.base_model}` (weights {card.base_sha256[:12]}).",
        "Made by `rasg-train sft`.",
        "",
        f"- Schemas: {', '.join(card.schema_names) or 'none'}.",
        f"- Documents seen in training or early stopping: {len(card.trained_on)}.",
        f"- Conversations: {card.data_sha256[:12]}.",
        "",
        "## Scores on the validation part",
        "",
        "F1, values normalised; the validation part chose the epoch, so these are a little too good.",
        "",
        *_score_rows(card.scores),
        "",
        "## Settings",
        "",
        *(f"- {key}: {_plain(value)}" for key, value in card.settings.items()),
    ]
    return "\n".join(lines) + "\n"


def _score_rows(scores: Mapping[str, float]) -> list[str]:
    keys = [key for key in scores if not key.startswith("base_")]
    rows = [f"| {key} | {_number(scores.get(f'base_{key}'))} | {_number(scores[key])} |" for key in keys]
    return ["| | base model | adapter |", "|---|---|---|", *rows]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _plain(value: JsonValue) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(child)}" for key, child in value.items())
    return str(value)


def draw_curves(records: Sequence[Mapping[str, float]], picture: Path) -> None:
    """Draw loss and validation scores against steps, as a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), constrained_layout=True)
    steps = [(r["step"], r["loss"]) for r in records if "loss" in r]
    if steps:
        left.plot(*zip(*steps, strict=True), linewidth=0.7)
    left.set(xlabel="step", ylabel="loss on the answer (nats a token)", ylim=(0, None))
    for key in ("kie", "lir"):
        points = [(r["step"], r.get(key, r.get(f"base_{key}"))) for r in records]
        known = [(step, score) for step, score in points if score is not None]
        if known:
            right.plot(*zip(*known, strict=True), marker=".", label=f"{key} F1")
    right.set(xlabel="step (0: base model)", ylabel="validation", ylim=(0, 1))
    if right.get_lines():
        right.legend(fontsize=8)
    figure.savefig(picture, dpi=90)
    plt.close(figure)
