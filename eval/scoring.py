"""One document's predictions against its gold: counts that add up over any set of documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from eval.datasets import GoldRecord
from eval.glirm import Glirm, glirm
from eval.kie import MATCHINGS, FieldResult, Matching, ValueKind, gold_values, guessed_kinds, kie_results
from eval.predictions import ROWS_KEY, PredRecord
from eval.similarity import Similarity, edit, exact, same_amount, same_date, same_text

_NORMALISED: Mapping[ValueKind, Similarity] = {"text": same_text, "amount": same_amount, "date": same_date}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinds:
    """How the fields of a data set, and the columns of its rows, are compared once normalised."""

    fields: Mapping[str, ValueKind]
    columns: Mapping[str, ValueKind]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentScore:
    """How one document came out.

    Attributes
    ----------
    fields
        The results of its fields under each matching.
    rows
        The alignment of its rows under each matching; None if rows are not annotated or were not asked for.
    confidences
        (confidence, whether right) of each predicted field that has one, matching `normalised`.
    error
        Why there is no answer: all of its gold values are missed.
    """

    id: str
    dataset: str
    fields: Mapping[Matching, tuple[FieldResult, ...]]
    rows: Mapping[Matching, Glirm] | None
    confidences: tuple[tuple[float, bool], ...]
    error: str | None = None


def kinds_of(gold: Iterable[GoldRecord]) -> Kinds:
    """Return the kinds of all fields and columns, guessed from their gold values (`guessed_kinds`)."""
    records = tuple(gold)
    rows = [row for record in records for row in record.line_items or ()]
    return Kinds(
        fields=guessed_kinds({k: accepted(record, k) for k in record.kie} for record in records),
        columns=guessed_kinds({k: gold_values(v) for k, v in row.items()} for row in rows),
    )


def accepted(gold: GoldRecord, name: str) -> tuple[str, ...]:
    """Return every accepted text of a field, none if the document does not have it."""
    return gold_values(gold.kie.get(name), (gold.kie_alternatives or {}).get(name, ()))


def score_document(
    pred: PredRecord,
    gold: GoldRecord,
    *,
    kinds: Kinds,
    fields: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    rows: bool | None = None,
) -> DocumentScore:
    """Return how `pred` came out against `gold`.

    Parameters
    ----------
    fields
        What was asked for. None takes what the answer names (null counts as asked) and, where there is no
        answer, all that gold has.
    columns
        What was asked for of rows; None takes every column of either side.
    rows
        Whether rows were asked for; None says so where the answer names them, or where there is no answer.
    """
    asked = _asked(pred, gold) if fields is None else tuple(fields)
    results: dict[Matching, tuple[FieldResult, ...]] = {
        m: _kie(pred, gold, asked, kinds, m) for m in MATCHINGS
    }
    said = [r for r in results["normalised"] if r.outcome in ("right", "wrong", "hallucinated")]
    confidences = [(pred.confidence(r.field), r.outcome == "right") for r in said]
    return DocumentScore(
        id=gold.id,
        dataset=gold.dataset,
        fields=results,
        rows=_lir(pred, gold, kinds, columns) if _has_rows(pred, gold, rows) else None,
        confidences=tuple((known, right) for known, right in confidences if known is not None),
        error=pred.error,
    )


def _asked(pred: PredRecord, gold: GoldRecord) -> tuple[str, ...]:
    if pred.error is not None:
        return tuple(gold.kie)
    return pred.scalars()


def _has_rows(pred: PredRecord, gold: GoldRecord, asked: bool | None) -> bool:
    """Return whether there are rows to score: annotated ones, of a document that was asked for them."""
    if asked is None:
        asked = pred.error is not None or ROWS_KEY in pred.value
    return asked and gold.line_items is not None


def _kie(
    pred: PredRecord, gold: GoldRecord, asked: Sequence[str], kinds: Kinds, matching: Matching
) -> tuple[FieldResult, ...]:
    return kie_results(
        {name: pred.field(name) for name in asked},
        {name: accepted(gold, name) for name in asked},
        matching=matching,
        kinds=kinds.fields,
    )


def _lir(
    pred: PredRecord, gold: GoldRecord, kinds: Kinds, asked: Sequence[str] | None
) -> dict[Matching, Glirm]:
    rows, golds = _texts(pred.rows(ROWS_KEY), asked), _texts(gold.line_items or (), asked)
    columns = {key for row in (*rows, *golds) for key in row}
    by_matching: dict[Matching, Similarity | Mapping[str, Similarity]] = {
        "exact": exact,
        "normalised": {key: _NORMALISED[kinds.columns.get(key, "text")] for key in columns},
        "edit": edit,
    }
    return {m: glirm(rows, golds, similarity=by_matching[m]) for m in MATCHINGS}


def _texts(
    rows: Sequence[Mapping[str, JsonValue]], asked: Sequence[str] | None
) -> list[dict[str, JsonValue]]:
    """Return the rows with numbers as texts: gold files write 5 where answers write "5"; "" is null."""
    return [{k: _text(value) for k, value in row.items() if asked is None or k in asked} for row in rows]


def _text(value: JsonValue) -> JsonValue:
    if isinstance(value, list | dict) or value is None or value == "":
        return None if value in (None, "") else value
    return str(value)
