"""The scores of a whole run: per data set and over all, with every figure's counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from eval.datasets import GoldRecord
from eval.f_scores import Counts, total
from eval.kie import MATCHINGS, KieScore, Matching, Outcome, kie_score
from eval.kinds import Kinds, guess_kinds
from eval.predictions import ROWS_KEY, PredRecord
from eval.scoring import DocumentScore, score_document
from schemas.errors import EvaluationError

ALL = "all"


class Figures(BaseModel):
    """Precision, recall and F1 with the counts that they come from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    precision: float
    recall: float
    f1: float
    score: float
    n_pred: int
    n_gold: int


class FieldFigures(Figures):
    """The figures of one field, and how often it came out in each way."""

    outcomes: dict[Outcome, int]


class KieFigures(Figures):
    """Figures over all fields: micro, and `macro_f1`, the mean of the fields'."""

    macro_f1: float
    outcomes: dict[Outcome, int]
    fields: dict[str, FieldFigures]


class LirFigures(Figures):
    """GLIRM over all tables: micro, and `macro_f1`, the mean of the documents'."""

    macro_f1: float
    n_documents: int
    n_pred_rows: int
    n_gold_rows: int
    columns: dict[str, Figures]


class GroupScores(BaseModel):
    """The scores of one data set; `lir` is None if no document has annotated rows that were asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_documents: int
    n_failed: int
    errors: dict[str, int]
    kie: dict[Matching, KieFigures]
    lir: dict[Matching, LirFigures] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunScores:
    """Every document's score, and the scores of each data set and of all (`ALL`) together.

    `unasked` are predictions of documents that gold does not have: they are not scored.
    """

    documents: tuple[DocumentScore, ...]
    groups: Mapping[str, GroupScores]
    unasked: tuple[str, ...]


def score_run(
    preds: Mapping[str, PredRecord], gold: Iterable[GoldRecord], *, kinds: Mapping[str, Kinds] | None = None
) -> RunScores:
    """Return the scores of a run.

    `kinds` are those of each data set's fields and columns; what has none is guessed from gold.

    A gold document without a prediction has failed with the code `no_prediction`: all of its values are
    missed. Fields and columns are those that any prediction of the data set names, so that a document that
    failed misses what was asked and nothing else.

    Raises
    ------
    EvaluationError
        If there is no gold, a gold document comes twice, or no prediction is of a gold document.
    """
    records = tuple(gold)
    names = Counter(record.id for record in records)
    twice = [name for name, count in names.items() if count > 1]
    if not records or twice:
        raise EvaluationError(f"gold has {twice[0]!r} twice" if twice else "there is no gold document")
    if names.keys().isdisjoint(preds):
        raise EvaluationError(
            "no prediction is of a gold document",
            hint=f"gold has ids such as {records[0].id!r}; predictions {next(iter(preds), 'none')!r}",
        )
    known = kinds or {}
    scores = tuple(
        score
        for dataset, group in _by_dataset(records).items()
        for score in _score_group(preds, group, known.get(dataset, Kinds()).over(guess_kinds(group)))
    )
    by_dataset: dict[str, list[DocumentScore]] = {}
    for score in scores:
        by_dataset.setdefault(score.dataset, []).append(score)
    groups = {name: group_scores(group) for name, group in by_dataset.items()}
    if len(groups) > 1:
        groups[ALL] = group_scores(scores)
    return RunScores(
        documents=scores, groups=groups, unasked=tuple(name for name in preds if name not in names)
    )


def _by_dataset(records: Sequence[GoldRecord]) -> dict[str, list[GoldRecord]]:
    groups: dict[str, list[GoldRecord]] = {}
    for record in records:
        groups.setdefault(record.dataset, []).append(record)
    return groups


def _score_group(
    preds: Mapping[str, PredRecord], group: Sequence[GoldRecord], kinds: Kinds
) -> Iterable[DocumentScore]:
    answers = [preds[record.id] for record in group if record.id in preds]
    answered = [pred for pred in answers if pred.error is None]
    # A name that holds a list in one answer is no field, though another answer has null for it.
    lists = {name for pred in answered for name in pred.value if name not in pred.scalars()}
    asked = dict.fromkeys(name for pred in answered for name in pred.scalars() if name not in lists)
    has_rows = any(ROWS_KEY in pred.value for pred in answered)
    columns = dict.fromkeys(key for pred in answers for row in pred.rows(ROWS_KEY) for key in row)
    for record in group:
        pred = preds.get(record.id, PredRecord(id=record.id, error="no_prediction"))
        yield score_document(
            pred,
            record,
            kinds=kinds,
            # Without a single answer nobody knows what was asked: all that gold has.
            fields=tuple(asked) if answered else None,
            columns=tuple(columns) or None,
            rows=has_rows if answered else None,
        )


def group_scores(documents: Sequence[DocumentScore]) -> GroupScores:
    """Return the scores of some documents together."""
    errors = Counter(document.error for document in documents if document.error is not None)
    with_rows = [document for document in documents if document.rows is not None]
    return GroupScores(
        n_documents=len(documents),
        n_failed=errors.total(),
        errors=dict(errors),
        kie={m: _kie_figures(kie_score(r for d in documents for r in d.fields[m])) for m in MATCHINGS},
        lir={m: _lir_figures(with_rows, m) for m in MATCHINGS} if with_rows else None,
    )


def _figures(counts: Counts) -> dict[str, float]:
    return {
        "precision": counts.precision,
        "recall": counts.recall,
        "f1": counts.f1,
        "score": counts.score,
        "n_pred": counts.n_pred,
        "n_gold": counts.n_gold,
    }


def _kie_figures(score: KieScore) -> KieFigures:
    fields = {
        name: FieldFigures.model_validate({**_figures(one.counts), "outcomes": dict(one.outcomes)})
        for name, one in score.fields.items()
    }
    return KieFigures.model_validate(
        {
            **_figures(score.counts),
            "macro_f1": score.macro_f1,
            "outcomes": dict(score.outcomes),
            "fields": fields,
        }
    )


def _lir_figures(documents: Sequence[DocumentScore], matching: Matching) -> LirFigures:
    tables = [document.rows[matching] for document in documents if document.rows is not None]
    keys = dict.fromkeys(key for table in tables for key in table.columns)
    columns = {key: total(t.columns[key] for t in tables if key in t.columns) for key in keys}
    return LirFigures.model_validate(
        {
            **_figures(total(table.counts for table in tables)),
            "macro_f1": sum(table.f1 for table in tables) / len(tables),
            "n_documents": len(tables),
            "n_pred_rows": sum(len(table.pred) for table in tables),
            "n_gold_rows": sum(len(table.gold) for table in tables),
            "columns": {key: Figures.model_validate(_figures(counts)) for key, counts in columns.items()},
        }
    )
