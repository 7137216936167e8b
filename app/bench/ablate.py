"""Which part of the method brings what: every combination of switches, and the paper's linear model of them.

RASG's Table II (arXiv 2405.20245) fits, over the runs of all combinations,

    F1 = intercept + sum over switches of coefficient * (1 if it is on)

by least squares. The same is done here, with intervals from resampling the documents of all runs together:
the design has few runs and no repetition, so that the documents are the only source of doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.bench.results import Results, by_id, kie_counts, lir_counts
from app.bench.suite import Suite
from eval.f_scores import Counts
from eval.scoring import DocumentScore
from schemas.errors import EvaluationError

Switch = Literal["retrieval", "finetuning", "structured", "reasoning"]
SWITCHES: tuple[Switch, ...] = ("retrieval", "finetuning", "structured", "reasoning")
_N_RESAMPLES = 2_000

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """One run of an ablation: which switches are on, and the suite that has them so."""

    on: tuple[Switch, ...]
    suite: Suite

    @property
    def name(self) -> str:
        """Return the run's folder name."""
        return "+".join(self.on) or "base"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficient:
    """What a switch (or "intercept") adds to an F1, with its 95 % interval."""

    name: str
    value: float
    low: float
    high: float


def combinations_of(
    suite: Suite, switches: Sequence[Switch], *, adapter: str | None
) -> tuple[Combination, ...]:
    """Return every combination of the switches, none on first.

    Raises
    ------
    EvaluationError
        If finetuning is to be switched and no adapter is named.
    """
    if "finetuning" in switches and adapter is None:
        raise EvaluationError("finetuning is switched by an adapter", hint="name one with --adapter")
    made: list[Combination] = []
    for states in product((False, True), repeat=len(switches)):
        on: tuple[Switch, ...] = tuple(s for s, state in zip(switches, states, strict=True) if state)
        options = suite.options.model_copy(
            update={
                "structured": "structured" in on if "structured" in switches else suite.options.structured,
                "reasoning": _reasoning(suite, switches, on),
                "adapter": _adapter(suite, switches, on, adapter),
                "retrieval": "retrieval" in on if "retrieval" in switches else suite.options.retrieval,
            }
        )
        made.append(Combination(on=on, suite=suite.model_copy(update={"options": options})))
    return tuple(made)


def _adapter(
    suite: Suite, switches: Sequence[Switch], on: Sequence[Switch], adapter: str | None
) -> str | None:
    if "finetuning" not in switches:
        return suite.options.adapter
    return adapter if "finetuning" in on else None


def _reasoning(suite: Suite, switches: Sequence[Switch], on: Sequence[Switch]) -> str:
    if "reasoning" not in switches:
        return suite.options.reasoning
    return "brief" if "reasoning" in on else "off"


def linear_model(
    runs: Mapping[tuple[Switch, ...], Results], switches: Sequence[Switch], *, metric: Literal["kie", "lir"]
) -> tuple[Coefficient, ...]:
    """Return the intercept and the coefficient of each switch, of the micro F1 over all data sets.

    Raises
    ------
    EvaluationError
        If the runs are of different documents, or fewer than the unknowns.
    """
    if len(runs) <= len(switches):
        raise EvaluationError(f"{len(switches)} switches need more than {len(runs)} runs")
    counts_of = kie_counts if metric == "kie" else lir_counts
    tables = _tables(runs, counts_of)  # (runs, documents, 3)
    design = np.array([[1.0, *(float(switch in on) for switch in switches)] for on in runs])
    solve = np.linalg.pinv(design)
    values = solve @ _f1(tables.sum(axis=1))
    draws = _resample(tables, solve)
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    names = ("intercept", *switches)
    return tuple(
        Coefficient(name=name, value=float(values[i]), low=float(low[i]), high=float(high[i]))
        for i, name in enumerate(names)
    )


def _tables(
    runs: Mapping[tuple[Switch, ...], Results], counts_of: Callable[[DocumentScore], Counts]
) -> Floats:
    documents = [by_id(results.scores.documents) for results in runs.values()]
    ids = sorted(documents[0])
    if any(sorted(found) != ids for found in documents):
        raise EvaluationError("the runs are of different documents")
    counts = [[counts_of(found[i]) for i in ids] for found in documents]
    rows = [[(c.score, c.n_pred, c.n_gold) for c in one] for one in counts]
    return np.array(rows, dtype=np.float64)


def _f1(sums: Floats) -> Floats:
    both = sums[..., 1] + sums[..., 2]
    return np.divide(2 * sums[..., 0], both, out=np.ones_like(both), where=both > 0)


def _resample(tables: Floats, solve: Floats) -> Floats:
    """Return (resamples, coefficients): the model fitted to draws of the documents."""
    n = tables.shape[1]
    rng = np.random.default_rng(0)
    weights = rng.multinomial(n, np.full(n, 1 / n), size=_N_RESAMPLES).astype(np.float64)
    sums = np.einsum("dn,rnc->drc", weights, tables)
    return _f1(sums) @ solve.T


def ablation_table(runs: Mapping[tuple[Switch, ...], Results], switches: Sequence[Switch]) -> str:
    """Return every run's F1 and the linear models as Markdown."""
    has_rows = any(d.rows is not None for results in runs.values() for d in results.scores.documents)
    metrics: tuple[Literal["kie", "lir"], ...] = ("kie", "lir") if has_rows else ("kie",)
    lines = [f"| {' | '.join((*switches, *(f'{m} F1' for m in metrics)))} |"]
    lines.append("|" + "---|" * (len(switches) + len(metrics)))
    for index, on in enumerate(runs):
        states = ["on" if switch in on else "off" for switch in switches]
        figures = [f"{_f1(_tables(runs, _counts(m)).sum(axis=1))[index]:.3f}" for m in metrics]
        lines.append(f"| {' | '.join((*states, *figures))} |")
    lines += ["", f"| coefficient | {' | '.join(f'{m} F1 | 95 % interval' for m in metrics)} |"]
    lines.append("|---|" + "---|---|" * len(metrics))
    models = [linear_model(runs, switches, metric=m) for m in metrics]
    for row in zip(*models, strict=True):
        cells = [f"{c.value:+.3f} | {c.low:+.3f} to {c.high:+.3f}" for c in row]
        lines.append(f"| {row[0].name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _counts(metric: Literal["kie", "lir"]) -> Callable[[DocumentScore], Counts]:
    return kie_counts if metric == "kie" else lir_counts
