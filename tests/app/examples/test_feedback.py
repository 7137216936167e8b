"""How an answer came out by what a person says of it."""

from __future__ import annotations

from typing import Any

import pytest

from app.examples.feedback import FieldCount, count_right_fields
from schemas.registry import from_json_schema

_KINDS = from_json_schema(
    {
        "title": "kinds",
        "type": "object",
        "properties": {
            "vendor": {"type": ["string", "null"]},
            "total": {"type": ["string", "null"], "x-rasg-kind": "amount"},
            "date": {"type": ["string", "null"], "x-rasg-kind": "date"},
            "share": {"type": ["number", "null"]},
            "rows": {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string"}}}},
        },
    }
)


@pytest.mark.parametrize(
    ("pred", "gold", "expected"),
    [
        ({"vendor": "ACME Ltd."}, {"vendor": "Acme ltd"}, (1, 1)),
        ({"total": "1.234,50"}, {"total": "1234.50"}, (1, 1)),
        ({"total": "12.50"}, {"total": "1250"}, (0, 1)),
        ({"date": "2026-03-12"}, {"date": "12 March 2026"}, (1, 1)),
        ({"share": 5.0}, {"share": 5}, (1, 1)),
        ({"share": 5.5}, {"share": 5}, (0, 1)),
        ({"share": 3125}, {"share": 3.125}, (0, 1)),
        ({"total": "3.125", "share": 1.25}, {"total": "3125"}, (1, 2)),
        ({"vendor": "ACME"}, {"vendor": None}, (0, 1)),
        ({"vendor": None}, {"vendor": "ACME"}, (0, 1)),
        ({"vendor": None}, {"vendor": None}, (0, 0)),
        ({"rows": [{"a": "x"}]}, {"rows": []}, (0, 0)),
        ({"vendor": "ACME", "total": "1"}, {"vendor": "ACME", "total": "2", "date": "2026-01-01"}, (1, 3)),
    ],
)
def test_fields_are_counted_by_value(
    pred: dict[str, Any], gold: dict[str, Any], expected: tuple[int, int]
) -> None:
    n_right, n_fields = expected
    assert count_right_fields(pred, gold, _KINDS) == FieldCount(n_right=n_right, n_fields=n_fields)
