"""What the study says of each claim of the paper: it holds, it does not, or the seeds are too few to say."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from training.study.curves import (
    DENSE,
    PROXY,
    SIZES,
    Curve,
    Estimate,
    best_lr,
    best_shared_lr,
    difference,
    key_of,
    signed,
)
from training.study.grid import PROXY_RANK, RANKS, RESCALINGS
from training.study.trial import Trial

Ruling = Literal["holds", "does not hold", "not decided"]
# The rescaling of the paper's figures.
RESCALED = 9.0
# Losses that differ by less, in nats a character, are equal: the paper's two differ by 0.013.
_EQUAL = 0.013
# What rounding may do to a method that rescaling should not touch at all.
_UNTOUCHED = 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a claim fared here, and the figures that say so."""

    claim: str
    ruling: Ruling
    reason: str


def verdicts(found: Mapping[Trial, Curve]) -> tuple[Verdict, ...]:
    """Return a verdict on each claim of the paper."""
    return tuple(judge(found) for judge in (_transfer, _rank_two, _rank_32, _spectron_hurt, _ours_unhurt))


def _plain(holds: bool, curves: Iterable[Curve]) -> Ruling:
    """Return a ruling on where curves are lowest, if each has two seeds or more there."""
    if any(len(curve[best_lr(curve)]) < 2 for curve in curves):
        return "not decided"
    return "holds" if holds else "does not hold"


def _at_most(found: Estimate, bound: float) -> Ruling:
    """Return whether the whole interval is at most `bound`; of one seed that is not decided.

    Seeds that diverged are above any bound.
    """
    if found.n > 1 and found.mean == math.inf:
        return "does not hold"
    if found.half_width is None:
        return "not decided"
    if found.mean + found.half_width <= bound:
        return "holds"
    return "does not hold" if found.mean - found.half_width > bound else "not decided"


def _transfer(found: Mapping[Trial, Curve]) -> Verdict:
    configurations = {f"rank {r}": key_of("lora_muon", r) for r in RANKS if r >= 2}
    configurations |= {name: replace(PROXY, **size) for name, size in SIZES.items()}
    configurations |= {f"rescaling {c:g}": replace(PROXY, rescaling=c) for c in RESCALINGS}
    best = Counter(best_lr(found[key]) for key in configurations.values())
    tried = set[float].intersection(*(set(found[key]) for key in configurations.values()))
    common = max(tried, key=lambda lr: (best[lr], -lr))
    lost = {name: _lost(found[key], common) for name, key in configurations.items()}
    worst = max(lost, key=lambda name: lost[name])
    listed = ", ".join(f"{rate:g} ({n})" for rate, n in sorted(best.items()))
    return Verdict(
        claim="The best rate is the same for every rank from 2, width, depth and rescaling",
        ruling=_plain(len(best) == 1, (found[key] for key in configurations.values())),
        reason=f"best rates (number of configurations): {listed}; {common:g} everywhere loses at most "
        f"{lost[worst]:.3f} ({worst})",
    )


def _lost(curve: Curve, lr: float) -> float:
    """Return what a rate loses against the curve's best, in nats, over the seeds that both have."""
    return difference(curve[lr], curve[best_lr(curve)]).mean


def _rank_two(found: Mapping[Trial, Curve]) -> Verdict:
    proxy, dense = best_lr(found[key_of("lora_muon", 2)]), best_lr(found[DENSE])
    lost = difference(found[DENSE].get(proxy, {}), found[DENSE][dense])
    return Verdict(
        claim="Rank 2 finds the best rate of dense Muon",
        ruling=_plain(proxy == dense, (found[key_of("lora_muon", 2)], found[DENSE])),
        reason=f"rank 2 {proxy:g}, dense {dense:g}; dense at rank 2's rate loses {signed(lost)}",
    )


def _rank_32(found: Mapping[Trial, Curve]) -> Verdict:
    low, dense = found[key_of("lora_muon", 32)], found[DENSE]
    gap = difference(low[best_lr(low)], dense[best_lr(dense)])
    return Verdict(
        claim=f"Rank 32 reaches the loss of dense Muon (within {_EQUAL:g}), each at its best rate",
        ruling=_at_most(gap, _EQUAL),
        reason=f"rank 32 minus dense: {signed(gap)}",
    )


def _change(found: Mapping[Trial, Curve], method: str) -> Estimate:
    plain, scaled = found[key_of(method, PROXY_RANK)], found[key_of(method, PROXY_RANK, rescaling=RESCALED)]
    lr = best_shared_lr(plain, scaled)
    return difference(scaled[lr], plain[lr])


def _spectron_hurt(found: Mapping[Trial, Curve]) -> Verdict:
    change = _change(found, "spectron")
    opposite: dict[Ruling, Ruling] = {"holds": "does not hold", "does not hold": "holds"}
    unhurt = _at_most(change, 0.0)
    return Verdict(
        claim=f"Rescaling the factors by {RESCALED:g} hurts Spectron",
        ruling=opposite.get(unhurt, unhurt),
        reason=f"change of the loss: {signed(change)}",
    )


def _ours_unhurt(found: Mapping[Trial, Curve]) -> Verdict:
    change = _change(found, "lora_muon")
    size = replace(change, mean=abs(change.mean))
    return Verdict(
        claim=f"Rescaling the factors by {RESCALED:g} does not change LoRA-Muon (by {_UNTOUCHED:g})",
        ruling=_at_most(size, _UNTOUCHED),
        reason=f"change of the loss: {signed(change)}",
    )
