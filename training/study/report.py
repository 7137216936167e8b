"""What the study's outcomes say of each claim, as tables, a plot and a verdict."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from schemas.errors import InputError
from training.study import trial
from training.study.curves import (
    CONFIDENCE,
    DENSE,
    PROXY,
    SIZES,
    Curve,
    best_lr,
    best_shared_lr,
    curves,
    difference,
    estimate,
    key_of,
    signed,
    tied,
)
from training.study.grid import FEWER_LRS, PROXY_RANK, RANKS, RESCALINGS
from training.study.trial import Outcome, Trial
from training.study.verdicts import RESCALED, verdicts

REPORT = "report.md"
# What the paper reports; see References in `training.lora_muon`.
PAPER = {"muon": 1.789, "lora_muon r=32": 1.776, "lora_muon r=2": 2.156, "best lr": 0.1}
PAPER_RESCALING = {"spectron": "+0.020 [+0.016, +0.025]", "lora_muon": "-0.00005"}


def write_report(outcomes: Sequence[Outcome], folder: Path) -> str:
    """Write `report.md` and `sweep.png` to the folder and return the report.

    Raises
    ------
    InputError
        If there is not yet an outcome of every configuration at some rate.
    """
    found = curves(outcomes)
    missing = [key for key in _configurations() if key not in found]
    if missing:
        raise InputError(
            f"{len(missing)} configurations of the study have no trial yet", hint="let it run on"
        )
    text = "\n\n".join(section(found) for section in _SECTIONS) + "\n"
    (folder / REPORT).write_text(text, encoding="utf-8")
    from training.study.plot import draw

    draw(found, folder / "sweep.png")
    return text


def _configurations() -> list[Trial]:
    ranks = [key_of("lora_muon", rank) for rank in RANKS]
    sizes = [replace(key, **size) for key in (DENSE, PROXY) for size in SIZES.values()]
    scaled = [
        replace(key_of(m, PROXY_RANK), rescaling=c) for m in ("lora_muon", "spectron") for c in RESCALINGS
    ]
    return [DENSE, *ranks, *sizes, *scaled]


def _best_row(name: str, curve: Curve) -> str:
    lr = best_lr(curve)
    values = list(curve[lr].values())
    rates = ", ".join(f"{rate:g}" for rate in tied(curve))
    return f"| {name} | {lr:g} | {rates} | {estimate(values)} | {len(values)} |"


_HEAD = "| | best rate | of several seeds, not told from it | loss there | seeds |\n|---|---|---|---|---|\n"


def _ranks(found: Mapping[Trial, Curve]) -> str:
    rows = [_best_row("dense, Muon", found[DENSE])]
    rows += [_best_row(f"LoRA-Muon, rank {r}", found[key_of("lora_muon", r)]) for r in RANKS]
    rows += [
        _best_row(f"AdamW, rank {PROXY_RANK}", found[key])
        for key in [key_of("adamw", PROXY_RANK)]
        if key in found
    ]
    rows += [_best_row("AdamW, dense", found[key]) for key in [key_of("adamw", None)] if key in found]
    return "### Ranks\n\n" + _HEAD + "\n".join(rows)


def _sizes(found: Mapping[Trial, Curve]) -> str:
    rows = [
        _best_row(f"{name}, {label}", found[replace(key, **size)])
        for name, size in SIZES.items()
        for label, key in (("dense", DENSE), (f"rank {PROXY_RANK}", PROXY))
    ]
    return "### Widths and depths\n\n" + _HEAD + "\n".join(rows)


def _rescalings(found: Mapping[Trial, Curve]) -> str:
    rows: list[str] = []
    for method, label in (("lora_muon", "LoRA-Muon"), ("spectron", "Spectron")):
        plain = found[key_of(method, PROXY_RANK)]
        for c in RESCALINGS:
            curve = found[key_of(method, PROXY_RANK, rescaling=c)]
            lr = best_shared_lr(plain, curve)
            change = "" if c == 1 else signed(difference(curve[lr], plain[lr]))
            paper = PAPER_RESCALING[method] if c == RESCALED else ""
            rows.append(f"| {label}, {c:g} | {best_lr(curve):g} | {lr:g} | {change} | {paper} |")
    head = "| | best rate | compared at | change of the loss there | paper |\n|---|---|---|---|---|\n"
    return f"### Factors rescaled (rank {PROXY_RANK})\n\n" + head + "\n".join(rows) + "\n\n" + _by_rate(found)


def _by_rate(found: Mapping[Trial, Curve]) -> str:
    """Return what rescaling changes at every rate: rounding, where training is stable, or more."""
    rows: list[str] = []
    for method, label in (("lora_muon", "LoRA-Muon"), ("spectron", "Spectron")):
        plain = found[key_of(method, PROXY_RANK)]
        losses = [str(estimate(list(plain[lr].values()))) if lr in plain else "" for lr in FEWER_LRS]
        rows.append(f"| {label}, loss at 1 | {' | '.join(losses)} |")
        for c in RESCALINGS[1:]:
            curve = found[key_of(method, PROXY_RANK, rescaling=c)]
            changes = [_change_at(curve.get(lr, {}), plain.get(lr, {})) for lr in FEWER_LRS]
            rows.append(f"| {label}, change at {c:g} | {' | '.join(changes)} |")
    rates = " | ".join(f"{lr:g}" for lr in FEWER_LRS)
    return f"| at the rate | {rates} |\n|---|{'---|' * len(FEWER_LRS)}\n" + "\n".join(rows)


def _change_at(scaled: Mapping[int, float], plain: Mapping[int, float]) -> str:
    shared = scaled.keys() & plain.keys()
    if not shared:
        return ""
    if not all(math.isfinite(losses[seed]) for losses in (scaled, plain) for seed in shared):
        return "diverges"
    return signed(difference(scaled, plain))


def _beside_the_paper(found: Mapping[Trial, Curve]) -> str:
    rows = [
        _paper_row("dense Muon, loss at its best rate", found[DENSE], PAPER["muon"]),
        _paper_row("LoRA-Muon, rank 32", found[key_of("lora_muon", 32)], PAPER["lora_muon r=32"]),
        _paper_row("LoRA-Muon, rank 2", found[key_of("lora_muon", 2)], PAPER["lora_muon r=2"]),
        f"| best rate of dense Muon | {best_lr(found[DENSE]):g} | {PAPER['best lr']:g} |",
    ]
    return "### Beside the paper\n\n| | here | paper |\n|---|---|---|\n" + "\n".join(rows)


def _paper_row(name: str, curve: Curve, paper: float) -> str:
    return f"| {name} | {estimate(list(curve[best_lr(curve)].values()))} | {paper:.3f} |"


def _claims(found: Mapping[Trial, Curve]) -> str:
    rows = [f"| {v.claim} | {v.ruling} | {v.reason} |" for v in verdicts(found)]
    return "### Verdicts\n\n| claim | here | figures |\n|---|---|---|\n" + "\n".join(rows)


def _choices(found: Mapping[Trial, Curve]) -> str:
    """Return what the paper leaves unsaid, as it was chosen here, and how many seeds there are."""
    n_seeds = {len(losses) for curve in found.values() for losses in curve.values()}
    lines = (
        f"{trial.N_STEPS} steps of {trial.BATCH} windows of {trial.CONTEXT} characters: one pass over the "
        f"first {trial.TRAINING_SHARE:.0%} of the text; the loss is that of the rest, in nats a character",
        f"momentum {trial.MOMENTUM:g}, weight decay {trial.WEIGHT_DECAY:g}, rates by a cosine down to "
        f"{trial.SCHEDULE.end:g} of themselves, no warm-up",
        "LoRA-Muon takes both halves of a step at the old factors, as the paper has it; LoRAMuon's default, "
        "one after the other, is not part of the study",
        f"embeddings, norms and head by AdamW at {trial.OTHERS_LR:g}, whatever steps the matrices",
        "two blocks of width 128 unless it says otherwise, ReLU squared, factors from the singular value "
        "decomposition of the dense start (which they equal at full rank)",
        "dense Muon is torch's (five quintic steps in bfloat16), its factor for tall matrices undone",
        f"{min(n_seeds)} to {max(n_seeds)} seeds a rate, of which only those with the most count as the best",
        f"± is half of a {CONFIDENCE:.0%} interval by Student's t, differences taken seed by seed",
        "what has no ± is of one seed, and of one seed no rate is told from another",
    )
    return "### Choices\n\n" + "\n".join(f"- {line}" for line in lines)


_SECTIONS: tuple[Callable[[Mapping[Trial, Curve]], str], ...] = (
    _claims,
    _choices,
    _beside_the_paper,
    _ranks,
    _sizes,
    _rescalings,
)
