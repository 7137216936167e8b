"""What the study's outcomes say of each claim, as tables, a plot and a verdict."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from schemas.errors import InputError
from training.study.grid import DEPTHS, PROXY_RANK, RANKS, RESCALINGS, WIDTHS
from training.study.trial import Outcome, Trial

REPORT = "report.md"
# What the paper reports; see References in `training.lora_muon`.
PAPER = {"muon": 1.789, "lora_muon r=32": 1.776, "lora_muon r=2": 2.156, "best lr": 0.1}
PAPER_RESCALING = {"spectron": "+0.020 [+0.016, +0.025]", "lora_muon": "-0.00005"}
# The rescaling of the paper's figures.
_RESCALED = 9.0
_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A mean over seeds with its 95 % interval by Student's t; no interval of one seed."""

    mean: float
    n: int
    half_width: float | None = None

    def __str__(self) -> str:
        if self.half_width is None:
            return f"{self.mean:.3f}"
        return f"{self.mean:.3f} ± {self.half_width:.3f}"


def estimate(values: Sequence[float]) -> Estimate:
    """Return the mean and its interval; infinite as soon as one value is."""
    from scipy.stats import t

    mean, n = float(np.mean(values)), len(values)
    if n < 2 or not math.isfinite(mean):
        return Estimate(mean=mean, n=n)
    quantile = float(t.ppf(0.5 + _CONFIDENCE / 2, n - 1))  # pyright: ignore[reportUnknownMemberType]
    return Estimate(mean=mean, n=n, half_width=quantile * float(np.std(values, ddof=1)) / math.sqrt(n))


# Losses of one configuration by learning rate and seed.
Curve = Mapping[float, Mapping[int, float]]


def curves(outcomes: Iterable[Outcome]) -> dict[Trial, Curve]:
    """Return the validation losses of each configuration; its key is a trial with rate and seed 0."""
    found: dict[Trial, dict[float, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
    for outcome in outcomes:
        trial = outcome.trial
        found[replace(trial, lr=0.0, seed=0)][trial.lr][trial.seed] = outcome.val_loss
    return {key: dict(sorted(curve.items())) for key, curve in found.items()}


def best_lr(curve: Curve) -> float:
    """Return the rate of the lowest mean loss; of equals the lower one."""
    return min(curve, key=lambda lr: (np.mean(list(curve[lr].values())), lr))


def difference(a: Mapping[int, float], b: Mapping[int, float]) -> Estimate:
    """Return the mean of a - b over the seeds that both have.

    Raises
    ------
    InputError
        If they share no seed.
    """
    shared = sorted(a.keys() & b.keys())
    if not shared:
        raise InputError("two configurations of the study share no seed")
    return estimate([a[seed] - b[seed] for seed in shared])


def _key(method: str, rank: int | None, **size: float) -> Trial:
    return Trial(method=method, rank=rank, lr=0.0, seed=0, **size)  # type: ignore[arg-type]


DENSE = _key("muon", None)
PROXY = _key("lora_muon", PROXY_RANK)


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
    ranks = [_key("lora_muon", rank) for rank in RANKS]
    sizes = [replace(key, **size) for key in (DENSE, PROXY) for size in _SIZES.values()]
    scaled = [
        replace(_key(m, PROXY_RANK), rescaling=c) for m in ("lora_muon", "spectron") for c in RESCALINGS
    ]
    return [DENSE, *ranks, *sizes, *scaled]


_SIZES: dict[str, dict[str, int]] = {
    **{f"width {width}": {"width": width} for width in WIDTHS},
    **{f"depth {depth}": {"depth": depth} for depth in DEPTHS},
}


def _best_row(name: str, curve: Curve) -> str:
    lr = best_lr(curve)
    values = list(curve[lr].values())
    return f"| {name} | {lr:g} | {_tied(curve)} | {estimate(values)} | {len(values)} |"


def _tied(curve: Curve) -> str:
    """Return the rates that cannot be told from the best: the interval of the difference holds 0."""
    best = best_lr(curve)
    tied = [lr for lr, losses in curve.items() if lr == best or _holds_zero(difference(losses, curve[best]))]
    return ", ".join(f"{lr:g}" for lr in tied)


def _holds_zero(found: Estimate) -> bool:
    return found.half_width is not None and abs(found.mean) <= found.half_width


_HEAD = "| | best rate | not told from it | loss there | seeds |\n|---|---|---|---|---|\n"


def _ranks(found: Mapping[Trial, Curve]) -> str:
    rows = [_best_row("dense, Muon", found[DENSE])]
    rows += [_best_row(f"LoRA-Muon, rank {r}", found[_key("lora_muon", r)]) for r in RANKS]
    rows += [
        _best_row(f"AdamW, rank {PROXY_RANK}", found[key])
        for key in [_key("adamw", PROXY_RANK)]
        if key in found
    ]
    rows += [_best_row("AdamW, dense", found[key]) for key in [_key("adamw", None)] if key in found]
    return "### Ranks\n\n" + _HEAD + "\n".join(rows)


def _sizes(found: Mapping[Trial, Curve]) -> str:
    rows = [
        _best_row(f"{name}, {label}", found[replace(key, **size)])
        for name, size in _SIZES.items()
        for label, key in (("dense", DENSE), (f"rank {PROXY_RANK}", PROXY))
    ]
    return "### Widths and depths\n\n" + _HEAD + "\n".join(rows)


def _rescalings(found: Mapping[Trial, Curve]) -> str:
    rows: list[str] = []
    for method, label in (("lora_muon", "LoRA-Muon"), ("spectron", "Spectron")):
        plain = found[_key(method, PROXY_RANK)]
        lr = best_lr(plain)
        for c in RESCALINGS:
            curve = found[_key(method, PROXY_RANK, rescaling=c)]
            change = "" if c == 1 else _signed(difference(curve[lr], plain[lr]))
            paper = PAPER_RESCALING[method] if c == _RESCALED else ""
            rows.append(f"| {label}, {c:g} | {best_lr(curve):g} | {lr:g} | {change} | {paper} |")
    head = "| | best rate | compared at | change of the loss there | paper |\n|---|---|---|---|---|\n"
    return f"### Factors rescaled (rank {PROXY_RANK})\n\n" + head + "\n".join(rows)


def _signed(found: Estimate) -> str:
    interval = "" if found.half_width is None else f" ± {found.half_width:.4f}"
    return f"{found.mean:+.4f}{interval}"


def _beside_the_paper(found: Mapping[Trial, Curve]) -> str:
    rows = [
        _paper_row("dense Muon, loss at its best rate", found[DENSE], PAPER["muon"]),
        _paper_row("LoRA-Muon, rank 32", found[_key("lora_muon", 32)], PAPER["lora_muon r=32"]),
        _paper_row("LoRA-Muon, rank 2", found[_key("lora_muon", 2)], PAPER["lora_muon r=2"]),
        f"| best rate of dense Muon | {best_lr(found[DENSE]):g} | {PAPER['best lr']:g} |",
    ]
    return "### Beside the paper\n\n| | here | paper |\n|---|---|---|\n" + "\n".join(rows)


def _paper_row(name: str, curve: Curve, paper: float) -> str:
    return f"| {name} | {estimate(list(curve[best_lr(curve)].values()))} | {paper:.3f} |"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a claim held here, and the figures that say so."""

    claim: str
    holds: bool
    reason: str


def verdicts(found: Mapping[Trial, Curve]) -> tuple[Verdict, ...]:
    """Return a verdict on each claim of the paper."""
    return tuple(judge(found) for judge in (_transfer, _rank_two, _rank_32, _spectron_hurt, _ours_unhurt))


def _transfer(found: Mapping[Trial, Curve]) -> Verdict:
    configurations = {f"rank {r}": _key("lora_muon", r) for r in RANKS if r >= 2}
    configurations |= {name: replace(PROXY, **size) for name, size in _SIZES.items()}
    configurations |= {f"rescaling {c:g}": replace(PROXY, rescaling=c) for c in RESCALINGS}
    best = {name: best_lr(found[key]) for name, key in configurations.items()}
    rates = sorted(set(best.values()))
    listed = ", ".join(f"{rate:g} ({sum(b == rate for b in best.values())})" for rate in rates)
    return Verdict(
        claim="The best rate is the same for every rank from 2, width, depth and rescaling",
        holds=len(rates) == 1,
        reason=f"best rates (number of configurations): {listed}; a factor of {rates[-1] / rates[0]:g}",
    )


def _rank_two(found: Mapping[Trial, Curve]) -> Verdict:
    proxy, dense = best_lr(found[_key("lora_muon", 2)]), best_lr(found[DENSE])
    lost = difference(found[DENSE].get(proxy, {}), found[DENSE][dense])
    return Verdict(
        claim="Rank 2 finds the best rate of dense Muon",
        holds=proxy == dense,
        reason=f"rank 2 {proxy:g}, dense {dense:g}; dense at rank 2's rate loses {_signed(lost)}",
    )


def _rank_32(found: Mapping[Trial, Curve]) -> Verdict:
    low, dense = found[_key("lora_muon", 32)], found[DENSE]
    gap = difference(low[best_lr(low)], dense[best_lr(dense)])
    return Verdict(
        claim="Rank 32 reaches the loss of dense Muon, each at its best rate",
        holds=gap.mean - (gap.half_width or 0.0) <= 0,
        reason=f"rank 32 minus dense: {_signed(gap)}",
    )


def _change(found: Mapping[Trial, Curve], method: str) -> Estimate:
    plain = found[_key(method, PROXY_RANK)]
    lr = best_lr(plain)
    return difference(found[_key(method, PROXY_RANK, rescaling=_RESCALED)][lr], plain[lr])


def _spectron_hurt(found: Mapping[Trial, Curve]) -> Verdict:
    change = _change(found, "spectron")
    return Verdict(
        claim=f"Rescaling the factors by {_RESCALED:g} hurts Spectron",
        holds=change.mean - (change.half_width or 0.0) > 0,
        reason=f"change of the loss: {_signed(change)}",
    )


def _ours_unhurt(found: Mapping[Trial, Curve]) -> Verdict:
    change = _change(found, "lora_muon")
    return Verdict(
        claim=f"Rescaling the factors by {_RESCALED:g} does not change LoRA-Muon",
        holds=abs(change.mean) <= max(change.half_width or 0.0, 0.002),
        reason=f"change of the loss: {_signed(change)}",
    )


def _claims(found: Mapping[Trial, Curve]) -> str:
    rows = [
        f"| {v.claim} | {'holds' if v.holds else 'does not hold'} | {v.reason} |" for v in verdicts(found)
    ]
    return "### Verdicts\n\n| claim | here | figures |\n|---|---|---|\n" + "\n".join(rows)


_SECTIONS: tuple[Callable[[Mapping[Trial, Curve]], str], ...] = (
    _claims,
    _beside_the_paper,
    _ranks,
    _sizes,
    _rescalings,
)
