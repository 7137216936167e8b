"""One document's predictions against its gold: counts that add up over any set of documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from eval.datasets import GoldRecord
from eval.glirm import Glirm, glirm
from eval.kie import (
    MATCHINGS,
    FieldResult,
    Matching,
    Separators,
    ValueKind,
    is_absent,
    kie_results,
    printed,
    printed_amounts,
    separators_of,
)
from eval.kinds import Kinds
from eval.predictions import ROWS_KEY, PredRecord
from eval.similarity import Similarity, edit, exact, same_amount_as, same_date, same_text
from schemas.spec import json_path

Role = Literal["field", "null", "cell"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedValue:
    """A value that was asked for, and whether it is right, matching `normalised`.

    Attributes
    ----------
    path
        In the answer, as text.
    role
        A field with a value, one that is null, or a filled cell of annotated rows.
    confidence
        In [0, 1]; None if there is none.
    """

    path: str
    role: Role
    confidence: float | None
    is_right: bool


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
    judged
        Every predicted field and cell, and every null that gold has a say on, with its confidence.
    error
        Why there is no answer: all of its gold values are missed.
    """

    id: str
    dataset: str
    fields: Mapping[Matching, tuple[FieldResult, ...]]
    rows: Mapping[Matching, Glirm] | None
    confidences: tuple[tuple[float, bool], ...]
    judged: tuple[JudgedValue, ...] = ()
    error: str | None = None


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
    separators = _separators(pred, gold, kinds)
    results: dict[Matching, tuple[FieldResult, ...]] = {
        m: kie_results(
            {name: pred.field(name) for name in asked},
            {name: gold.accepted(name) for name in asked},
            matching=m,
            kinds=kinds.fields,
            separators=separators,
        )
        for m in MATCHINGS
    }
    said = [r for r in results["normalised"] if r.outcome in ("right", "wrong", "hallucinated")]
    confidences = [(pred.confidence(r.field), r.outcome == "right") for r in said]
    aligned = _lir(pred, gold, kinds, columns, separators) if _has_rows(pred, gold, rows) else None
    cells = () if aligned is None else _judge_cells(pred, aligned["normalised"])
    return DocumentScore(
        id=gold.id,
        dataset=gold.dataset,
        fields=results,
        rows=aligned,
        confidences=tuple((known, right) for known, right in confidences if known is not None),
        judged=(*_judge_fields(pred, results["normalised"]), *cells) if pred.error is None else (),
        error=pred.error,
    )


def _judge_fields(pred: PredRecord, results: Iterable[FieldResult]) -> Iterator[JudgedValue]:
    for result in results:
        yield JudgedValue(
            path=json_path((result.field,)),
            role="null" if result.outcome in ("missed", "absent") else "field",
            confidence=pred.confidence(result.field),
            is_right=result.outcome in ("right", "absent"),
        )


def _judge_cells(pred: PredRecord, rows: Glirm) -> Iterator[JudgedValue]:
    """Yield the cells that were filled; a cell is right where its row has a partner with the same value."""
    for row in rows.alignment:
        filled = {} if row.pred_index is None else rows.pred[row.pred_index]
        for key, similarity in row.cells.items():
            if filled.get(key) is not None:
                path = json_path((ROWS_KEY, row.pred_index or 0, key))
                known = pred.metadata.get(path)
                yield JudgedValue(
                    path=path,
                    role="cell",
                    confidence=None if known is None else known.confidence,
                    is_right=similarity == 1.0,
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


def _separators(pred: PredRecord, gold: GoldRecord, kinds: Kinds) -> Separators:
    """Return how each side writes decimals, by the amounts that it prints: numbers of JSON have no say."""
    ours = _amounts(pred.value, pred.rows(ROWS_KEY), kinds)
    return separators_of(ours, _amounts(gold.kie, gold.line_items or (), kinds))


def _amounts(
    value: Mapping[str, JsonValue], rows: Iterable[Mapping[str, JsonValue]], kinds: Kinds
) -> Iterator[str]:
    yield from printed_amounts(value, kinds.fields)
    for row in rows:
        yield from printed_amounts(row, kinds.columns)


def _lir(
    pred: PredRecord, gold: GoldRecord, kinds: Kinds, asked: Sequence[str] | None, separators: Separators
) -> dict[Matching, Glirm]:
    rows, golds = _texts(pred.rows(ROWS_KEY), asked), _texts(gold.line_items or (), asked)
    same: Mapping[ValueKind, Similarity] = {
        "text": same_text,
        "amount": same_amount_as(separators.pred, separators.gold),
        "date": same_date,
    }
    columns = {key for row in (*rows, *golds) for key in row}
    by_matching: dict[Matching, Similarity | Mapping[str, Similarity]] = {
        "exact": exact,
        "normalised": {key: same[kinds.columns.get(key, "text")] for key in columns},
        "edit": edit,
    }
    return {m: glirm(rows, golds, similarity=by_matching[m]) for m in MATCHINGS}


def _texts(
    rows: Sequence[Mapping[str, JsonValue]], asked: Sequence[str] | None
) -> list[dict[str, JsonValue]]:
    """Return the rows with numbers as texts: gold files write 5 where answers write "5"; "" is null."""
    return [{k: _text(value) for k, value in row.items() if asked is None or k in asked} for row in rows]


def _text(value: JsonValue) -> JsonValue:
    if is_absent(value):
        return None
    return value if isinstance(value, list | dict) else printed(value)
