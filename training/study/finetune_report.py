"""What the comparison of optimizers on a pretrained base has found, as tables."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from training.sft.model import OptimizerName
from training.study.curves import Estimate, estimate, signed
from training.study.finetune_grid import FinetuneStudy, final_loss
from training.study.finetune_trial import FinetuneOutcome

MEAN = "mean over sources"
# Loss by (tokens, source, seed) of one optimizer.
_Losses = Mapping[tuple[int, str], Mapping[int, float]]


def finetune_report(study: FinetuneStudy) -> str:
    """Return the report of what is done so far, in Markdown."""
    outcomes = study.outcomes()
    tuning, compared = set(study.tuning_trials()), _compared(study, outcomes)
    lines = ["## Rates", "", *_rates(study, [o for o in outcomes if o.trial in tuning])]
    if compared:
        lines += ["", "## Losses", "", *_losses(compared), "", "## Runs", "", *_runs(compared)]
    return "\n".join(lines) + "\n"


def _compared(
    study: FinetuneStudy, outcomes: Sequence[FinetuneOutcome]
) -> dict[OptimizerName, list[FinetuneOutcome]]:
    """Return the long runs of each optimizer; none while rates are still being chosen."""
    if len({o.trial for o in outcomes} & set(study.tuning_trials())) < len(study.tuning_trials()):
        return {}
    wanted = study.comparison_trials()
    found: dict[OptimizerName, list[FinetuneOutcome]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.trial in wanted:
            found[outcome.trial.optimizer].append(outcome)
    return dict(found)


def _rates(study: FinetuneStudy, outcomes: Sequence[FinetuneOutcome]) -> Iterator[str]:
    yield f"Seed {study.tuning_seed}, {study.tuning_tokens:,} tokens each, mean loss over sources in nats."
    yield ""
    yield "| optimizer | rate | loss | largest step of W, in rates | tokens a second | |"
    yield "|---|---|---|---|---|---|"
    ends = {o.trial: final_loss(o) for o in outcomes}
    for outcome in sorted(outcomes, key=lambda o: (o.trial.optimizer, o.trial.lr)):
        trial, loss = outcome.trial, final_loss(outcome)
        same = {t.lr: end for t, end in ends.items() if t.optimizer == trial.optimizer}
        rates = study.rates[trial.optimizer]
        notes = [outcome.diverged] if outcome.diverged else []
        if math.isfinite(loss) and loss == min(same.values()):
            at_edge = trial.lr in (min(rates), max(rates))
            notes.append("best, at the edge of what was tried" if at_edge else "best")
        yield (
            f"| {trial.optimizer} | {trial.lr:g} | {loss:.4f} | {outcome.largest_step:.3g} "
            f"| {outcome.tokens_per_s:.0f} | {'; '.join(notes)} |"
        )


def _losses(compared: Mapping[OptimizerName, Sequence[FinetuneOutcome]]) -> Iterator[str]:
    names = sorted(compared)
    losses = {name: _by_place(compared[name]) for name in names}
    yield "Nats a token; ± is half of a 95 % interval over seeds; differences are taken seed by seed."
    yield ""
    differences = [f"{name} - {names[0]}" for name in names[1:]]
    yield f"| tokens | source | {' | '.join([*names, *differences])} |"
    yield "|---|---|" + "---|" * (len(names) + len(differences))
    for place in sorted({place for found in losses.values() for place in found}, key=_order):
        found = [losses[name].get(place, {}) for name in names]
        cells = [str(estimate(list(seeds.values()))) if seeds else "" for seeds in found]
        cells += [_difference(other, found[0]) for other in found[1:]]
        yield f"| {place[0]:,} | {place[1]} | {' | '.join(cells)} |"


def _by_place(outcomes: Sequence[FinetuneOutcome]) -> _Losses:
    found: dict[tuple[int, str], dict[int, float]] = defaultdict(dict)
    for outcome in outcomes:
        n = len(outcome.evaluations)
        for i, evaluation in enumerate(outcome.evaluations):
            # Steps end a little after a share of the tokens, at each seed elsewhere.
            tokens = (
                round(outcome.trial.n_tokens * (i + 1) / n)
                if outcome.diverged is None
                else evaluation.n_tokens
            )
            for source, loss in {**evaluation.losses, MEAN: evaluation.mean}.items():
                found[tokens, source][outcome.trial.seed] = loss
    return found


def _order(place: tuple[int, str]) -> tuple[int, bool, str]:
    return place[0], place[1] == MEAN, place[1]


def _difference(seeds: Mapping[int, float], others: Mapping[int, float]) -> str:
    shared = sorted(seeds.keys() & others.keys())
    return signed(estimate([seeds[s] - others[s] for s in shared])) if shared else ""


def _runs(compared: Mapping[OptimizerName, Sequence[FinetuneOutcome]]) -> Iterator[str]:
    yield "| optimizer | rate | seeds | diverged | tokens a second | largest step of W, in rates |"
    yield "|---|---|---|---|---|---|"
    for name in sorted(compared):
        outcomes = compared[name]
        speed: Estimate = estimate([o.tokens_per_s for o in outcomes])
        yield (
            f"| {name} | {outcomes[0].trial.lr:g} | {len(outcomes)} "
            f"| {sum(o.diverged is not None for o in outcomes)} | {speed.mean:.0f} "
            f"| {max(o.largest_step for o in outcomes):.3g} |"
        )
