"""How an answer came out by what a person says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from eval.kie import (
    FieldResult,
    Pred,
    ValueKind,
    gold_values,
    kie_results,
    printed,
    printed_amounts,
    separators_of,
)
from eval.kinds import value_kind
from schemas.spec import ExtractionSchema, json_path, single_fields
from schemas.walk import value_at


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldCount:
    """Of `n_fields` that either side has, `n_right` are right."""

    n_right: int
    n_fields: int


def count_right_fields(
    pred: Mapping[str, JsonValue], gold: Mapping[str, JsonValue], schema: ExtractionSchema
) -> FieldCount:
    """Return how many fields of an answer are as `gold` says, compared by value (KIE, `normalised`).

    A field is a scalar that stands in no list; one that is null on both sides does not count.
    """
    outcomes = [result.outcome for result in _compare(pred, gold, schema)]
    return FieldCount(
        n_right=outcomes.count("right"), n_fields=sum(outcome != "absent" for outcome in outcomes)
    )


def find_mistakes(
    pred: Mapping[str, JsonValue], gold: Mapping[str, JsonValue], schema: ExtractionSchema
) -> dict[str, JsonValue]:
    """Return what an answer says otherwise than `gold`, by the JSON path of each field outside of lists.

    Values are compared as in `count_right_fields`: "12.5" for "12.50" is no mistake.
    """
    paths = {json_path(path): path for path, _ in single_fields(schema.root)}
    return {
        result.field: value_at(dict(pred), paths[result.field])
        for result in _compare(pred, gold, schema)
        if result.outcome not in ("right", "absent")
    }


def _compare(
    pred: Mapping[str, JsonValue], gold: Mapping[str, JsonValue], schema: ExtractionSchema
) -> tuple[FieldResult, ...]:
    fields = tuple(single_fields(schema.root))
    ours = {json_path(path): value_at(dict(pred), path) for path, _ in fields}
    theirs = {json_path(path): value_at(dict(gold), path) for path, _ in fields}
    kinds: dict[str, ValueKind] = {json_path(path): value_kind(field.kind) for path, field in fields}
    return kie_results(
        {path: _pred(value) for path, value in ours.items()},
        {path: gold_values(value) for path, value in theirs.items()},
        kinds=kinds,
        separators=separators_of(printed_amounts(ours, kinds), printed_amounts(theirs, kinds)),
    )


def _pred(value: JsonValue) -> Pred | None:
    return None if value in (None, "") else Pred(text=printed(value))
