"""Two runs on the same documents: where they differ, and whether that may be chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.bench.results import Results, by_id, kie_counts, lir_counts
from eval.f_scores import Counts, total
from eval.resampling import Difference, f1_difference
from eval.run_scores import ALL
from eval.scoring import DocumentScore
from schemas.errors import EvaluationError


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedFigure:
    """One figure of both runs: "kie" or "lir" F1 of a data set, matching `normalised`."""

    dataset: str
    metric: str
    first: float
    second: float
    difference: Difference


def compare(first: Results, second: Results) -> tuple[ComparedFigure, ...]:
    """Return the figures of both runs side by side, each data set alone and all together.

    Raises
    ------
    EvaluationError
        If the runs are of different documents, or their values are compared in different ways, naming one.
    """
    _check_kinds(first, second)
    ours, theirs = by_id(first.scores.documents), by_id(second.scores.documents)
    lonely = sorted(ours.keys() ^ theirs.keys())
    if lonely:
        raise EvaluationError(
            f"{len(lonely)} documents are in one run only, such as {lonely[0]!r}",
            hint="compare runs of the same suite",
        )
    names = dict.fromkeys(document.dataset for document in ours.values())
    groups = [*names, *([ALL] if len(names) > 1 else [])]
    return tuple(
        figure
        for group in groups
        for figure in _figures(group, [(ours[i], theirs[i]) for i in ours if group in (ALL, ours[i].dataset)])
    )


def _check_kinds(first: Results, second: Results) -> None:
    if bool(first.kinds) != bool(second.kinds):
        raise EvaluationError(
            "one run says how its values are compared, the other is older",
            hint="give the older one's `rasg bench run` again: it decodes nothing anew",
        )
    for dataset in first.kinds.keys() & second.kinds.keys():
        one, two = first.kinds[dataset], second.kinds[dataset]
        pairs = [(one.fields, two.fields), (one.columns, two.columns)]
        other = sorted(name for a, b in pairs for name in a.keys() & b.keys() if a[name] != b[name])
        if other:
            raise EvaluationError(f"{other[0]!r} of {dataset} is compared in another way in each run")


def _figures(dataset: str, pairs: Sequence[tuple[DocumentScore, DocumentScore]]) -> Iterator[ComparedFigure]:
    yield _figure(dataset, "kie", [(kie_counts(a), kie_counts(b)) for a, b in pairs])
    rows = [_rows(a, b) for a, b in pairs if a.rows is not None or b.rows is not None]
    if rows:
        yield _figure(dataset, "lir", rows)


def _rows(first: DocumentScore, second: DocumentScore) -> tuple[Counts, Counts]:
    """Return both sides' rows; a run that gave none where the other did has missed them all."""
    one, two = lir_counts(first), lir_counts(second)
    if first.rows is None:
        one = Counts(n_gold=two.n_gold)
    if second.rows is None:
        two = Counts(n_gold=one.n_gold)
    return one, two


def _figure(dataset: str, metric: str, pairs: Sequence[tuple[Counts, Counts]]) -> ComparedFigure:
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    return ComparedFigure(
        dataset=dataset,
        metric=metric,
        first=total(first).f1,
        second=total(second).f1,
        difference=f1_difference(first, second),
    )


def comparison_table(figures: Sequence[ComparedFigure]) -> str:
    """Return the figures as a Markdown table."""
    lines = [
        "| data set | metric | first | second | difference | 95 % interval | p |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in figures:
        interval = one.difference.interval
        cells = [
            *(one.dataset, one.metric, f"{one.first:.3f}", f"{one.second:.3f}"),
            *(f"{one.difference.value:+.3f}", f"{interval.low:+.3f} to {interval.high:+.3f}"),
            f"{one.difference.p_value:.4f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def regressions(
    figures: Sequence[ComparedFigure], *, tolerance: float, level: float
) -> tuple[ComparedFigure, ...]:
    """Return the figures that fell by more than `tolerance`, with a p-value of at most `level`."""
    return tuple(
        one for one in figures if one.difference.value < -tolerance and one.difference.p_value <= level
    )
