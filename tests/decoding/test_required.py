"""What a schema demands is asked of a document, not of each of its windows."""

from __future__ import annotations

from pydantic import JsonValue

from decoding.required import fill, lacks, relaxed
from decoding.windows import WindowAnswer
from schemas.extraction import FieldMetadata
from schemas.spec import ArraySpec, ExtractionSchema, FieldSpec, ObjectSpec

NAME = FieldSpec(kind="verbatim", nullable=False)
NOTE = FieldSpec(kind="verbatim")
ROW = ObjectSpec(properties=(("text", NAME), ("amount", FieldSpec(kind="amount"))))
ROOT = ObjectSpec(
    properties=(
        ("name", NAME),
        ("note", NOTE),
        ("seller", ObjectSpec(properties=(("name", NAME), ("note", NOTE)))),
        ("rows", ArraySpec(item=ROW, min_items=1)),
    )
)
SCHEMA = ExtractionSchema(name="demanding", root=ROOT, json_schema="{}")
NOTHING: dict[str, JsonValue] = {
    "name": None,
    "note": None,
    "seller": {"name": None, "note": None},
    "rows": [],
}


def answer(value: dict[str, JsonValue], **confidences: float) -> WindowAnswer:
    """Return a window's answer; keys of `confidences` are JSON paths with `__` for dots."""
    metadata = {k.replace("__", "."): FieldMetadata(confidence=v) for k, v in confidences.items()}
    return WindowAnswer(value=value, metadata=metadata)


def test_a_relaxed_schema_allows_nothing_to_be_found_but_keeps_what_a_row_must_show() -> None:
    root = relaxed(SCHEMA).root
    assert not lacks(root, NOTHING)
    rows = root.get("rows")
    assert isinstance(rows, ArraySpec)
    assert rows.min_items == 0
    assert rows.item == ROW


def test_each_missing_demand_is_noticed() -> None:
    whole: dict[str, JsonValue] = {
        "name": "Ada",
        "note": None,
        "seller": {"name": "Bo", "note": None},
        "rows": [{"text": "a", "amount": None}],
    }
    assert not lacks(ROOT, whole)
    assert lacks(ROOT, {**whole, "name": None})
    assert lacks(ROOT, {**whole, "seller": {"name": None, "note": "x"}})
    assert lacks(ROOT, {**whole, "rows": []})


def test_an_enum_that_lists_null_may_be_null() -> None:
    spec = FieldSpec(kind="enum", nullable=False, enum_values=("a", None))
    assert not lacks(spec, None)


def test_only_what_is_missing_is_taken_from_the_forced_answer() -> None:
    ours = answer({**NOTHING, "name": "Ada", "note": "ours"}, name=0.9)
    theirs = answer(
        {
            "name": "Eve",
            "note": None,
            "seller": {"name": "Bo", "note": "forced"},
            "rows": [{"text": "a", "amount": "1"}],
        },
        name=0.1,
        seller__name=0.2,
        seller__note=0.3,
    )
    theirs = WindowAnswer(
        value=theirs.value, metadata={**theirs.metadata, "rows[0].text": FieldMetadata(confidence=0.4)}
    )
    filled = fill(ROOT, ours, theirs)
    assert filled.value == {
        "name": "Ada",
        "note": "ours",
        "seller": {"name": "Bo", "note": None},
        "rows": [{"text": "a", "amount": "1"}],
    }
    assert {key: entry.confidence for key, entry in filled.metadata.items()} == {
        "name": 0.9,
        "seller.name": 0.2,
        "rows[0].text": 0.4,
    }
