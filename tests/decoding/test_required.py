"""What a schema demands is asked of a document, not of each of its windows."""

from __future__ import annotations

from dataclasses import replace

from pydantic import JsonValue

from decoding.merging import WindowAnswer, merge_answers
from decoding.required import find_demands, relax, subschema_for
from schemas.extraction import FieldMetadata
from schemas.spec import DEFAULT_MAX_ITEMS, ArraySpec, ExtractionSchema, FieldSpec, ObjectSpec, json_path

NAME = FieldSpec(kind="verbatim", nullable=False)
NOTE = FieldSpec(kind="verbatim")
ROW = ObjectSpec(properties=(("text", NAME), ("amount", FieldSpec(kind="amount"))))
ROOT = ObjectSpec(
    properties=(
        ("name", NAME),
        ("note", NOTE),
        ("seller", ObjectSpec(properties=(("name", NAME), ("note", NOTE)))),
        ("rows", ArraySpec(item=ROW, min_items=2)),
    )
)
SCHEMA = ExtractionSchema(name="demanding", root=ROOT, json_schema="{}")
NOTHING: dict[str, JsonValue] = {
    "name": None,
    "note": None,
    "seller": {"name": None, "note": None},
    "rows": [],
}


def test_a_relaxed_schema_allows_nothing_to_be_found_but_keeps_what_a_row_must_show() -> None:
    schema = relax(SCHEMA)
    assert find_demands(schema, NOTHING) == ()
    rows = schema.root.get("rows")
    assert isinstance(rows, ArraySpec)
    assert rows.min_items == 0
    assert rows.item == ROW


def _lacking(value: dict[str, JsonValue]) -> list[tuple[str, ...]]:
    return [demand.keys for demand in find_demands(SCHEMA, value)]


def test_each_missing_demand_is_noticed() -> None:
    whole: dict[str, JsonValue] = {
        "name": "Ada",
        "note": None,
        "seller": {"name": "Bo", "note": None},
        "rows": [{"text": "a", "amount": None}, {"text": "b", "amount": None}],
    }
    assert _lacking(whole) == []
    assert _lacking({**whole, "name": None}) == [("name",)]
    assert _lacking({**whole, "seller": {"name": None, "note": "x"}}) == [("seller", "name")]
    assert _lacking({**whole, "rows": []}) == [("rows",)]
    assert _lacking(NOTHING) == [("name",), ("seller", "name"), ("rows",)]


def test_an_enum_that_lists_null_may_be_null() -> None:
    root = ObjectSpec(properties=(("a", FieldSpec(kind="enum", nullable=False, enum_values=("x", None))),))
    assert find_demands(replace(SCHEMA, root=root), {"a": None}) == ()


def test_only_what_is_lacking_is_asked_for() -> None:
    value: dict[str, JsonValue] = {
        **NOTHING,
        "name": "Ada",
        "rows": [{"text": "a", "amount": None}],
    }
    asked = subschema_for(SCHEMA, find_demands(SCHEMA, value)).root
    seller, rows = asked.get("seller"), asked.get("rows")
    assert [key for key, _ in asked.properties] == ["seller", "rows"]
    assert seller == ObjectSpec(properties=(("name", NAME),))
    assert isinstance(rows, ArraySpec)
    assert (rows.min_items, rows.max_items) == (1, DEFAULT_MAX_ITEMS - 1)


def test_the_answer_joins_what_was_there() -> None:
    ours = WindowAnswer(
        value={**NOTHING, "name": "Ada", "note": "ours", "rows": [{"text": "a", "amount": "1"}]},
        metadata={("rows", 0, "text"): FieldMetadata(confidence=0.4)},
    )
    theirs = WindowAnswer(
        value={"seller": {"name": "Bo"}, "rows": [{"text": "b", "amount": None}]},
        metadata={
            ("seller", "name"): FieldMetadata(confidence=0.2),
            ("rows", 0, "text"): FieldMetadata(confidence=0.3),
        },
    )
    merged, warnings = merge_answers(ROOT, [ours, theirs])
    assert merged.value == {
        "name": "Ada",
        "note": "ours",
        "seller": {"name": "Bo", "note": None},
        "rows": [{"text": "a", "amount": "1"}, {"text": "b", "amount": None}],
    }
    assert {json_path(path): entry.confidence for path, entry in merged.metadata.items()} == {
        "seller.name": 0.2,
        "rows[0].text": 0.4,
        "rows[1].text": 0.3,
    }
    assert warnings == ()
