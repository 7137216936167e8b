"""Values that the grammar cannot keep within the schema are withdrawn with a warning, or the answer fails."""

from __future__ import annotations

import pytest

from decoding.checks.validity import withdraw_invalid
from decoding.merging import WindowAnswer
from schemas.errors import OutputParseError
from schemas.registry import from_json_schema
from schemas.spec import ExtractionSchema


def schema_of(price: dict[str, object]) -> ExtractionSchema:
    row = {"type": "object", "properties": {"price": price}}
    rows = {"type": "array", "items": row}
    return from_json_schema({"type": "object", "properties": {"rows": rows}}, name="prices")


def answer(*prices: float | None) -> WindowAnswer:
    return WindowAnswer(value={"rows": [{"price": price} for price in prices]}, metadata={})


def test_a_value_that_breaks_the_schema_becomes_null_with_a_warning() -> None:
    schema = schema_of({"type": ["number", "null"], "multipleOf": 0.5})
    kept, warnings = withdraw_invalid(answer(1.5, 1.7), schema)
    assert kept.value == {"rows": [{"price": 1.5}, {"price": None}]}
    assert [(w.code, w.path) for w in warnings] == [("constraint_violated", "rows[1].price")]


def test_a_valid_answer_is_returned_as_it_is() -> None:
    given = answer(1.5, None)
    assert withdraw_invalid(given, schema_of({"type": ["number", "null"], "multipleOf": 0.5})) == (given, ())


def test_a_value_that_must_not_be_null_fails_the_answer() -> None:
    with pytest.raises(OutputParseError, match=r"rows\[0\]\.price"):
        withdraw_invalid(answer(1.7), schema_of({"type": "number", "multipleOf": 0.5}))
