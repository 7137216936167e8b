"""A bill, its schema and its gold: what the tests of examples are about."""

from __future__ import annotations

from pydantic import JsonValue

from app.examples.service import ExampleService
from app.extraction.finder import ExampleFinder
from schemas.registry import from_json_schema

TEXT: JsonValue = {"type": ["string", "null"]}
AMOUNT: JsonValue = {"type": ["string", "null"], "x-rasg-kind": "amount"}
_DATE: JsonValue = {"type": ["string", "null"], "x-rasg-kind": "date"}
_ROW: JsonValue = {"type": "object", "properties": {"item": TEXT, "price": AMOUNT}}
SCHEMA = from_json_schema(
    {
        "title": "bill",
        "type": "object",
        "properties": {
            "vendor": TEXT,
            "date": _DATE,
            "total": AMOUNT,
            "kind": {"enum": ["bill", "reminder", None]},
            "rows": {"type": "array", "items": _ROW},
        },
    }
)
VALUE: dict[str, JsonValue] = {
    "vendor": "ACME Ltd",
    "date": "2026-03-12",
    "total": "1234.56",
    "kind": "bill",
    "rows": [{"item": "Blue pen", "price": "34.56"}, {"item": "Desk", "price": "1200.00"}],
}
FIRST = ["ACME Ltd", "12 March 2026", "Blue pen 34,56", "Desk 1.200,00", "Total 1.234,56"]


def finder_of(book: ExampleService, *, min_similarity: float = 0.3) -> ExampleFinder:
    """Return a finder of the book's examples that is content with far ones."""
    return ExampleFinder(book.store, tenant=book.tenant, min_similarity=min_similarity, mode="fused")
