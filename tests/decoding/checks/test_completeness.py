"""What is known of an answer's completeness: rows seen, given, missing and unplaced."""

from __future__ import annotations

from pydantic import JsonValue

from decoding.checks.completeness import SeenRow, find_evidence, warn_of_missing_rows
from decoding.grounding.ground import ground_extraction
from ocr.layout_document import layout_document
from schemas.completeness import Completeness
from schemas.document import Document
from schemas.registry import from_json_schema

_SCHEMA = from_json_schema(
    {
        "type": "object",
        "properties": {
            "rows": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "text": {"type": "string"},
                        "amount": {"type": "string", "x-rasg-kind": "amount"},
                    },
                    "required": ["text", "amount"],
                },
            }
        },
        "required": ["rows"],
    },
    name="rows",
)
_TEXT = """
Item          Amount
Apples          1.10
Pears           2.20
Plums           3.30
Total           6.60
"""


def _document() -> Document:
    return layout_document(_TEXT, sha256="0" * 64)


def _seen(*names: str) -> tuple[SeenRow, ...]:
    """Return the rows of a page that begin with some words, each with its amount."""
    words = _document().pages[0].words
    starts = [next(i for i, word in enumerate(words) if word.text == name) for name in names]
    return tuple(SeenRow(page_index=0, words=frozenset((start, start + 1))) for start in starts)


def _evidence(rows: list[JsonValue], seen: tuple[SeenRow, ...] | None) -> Completeness:
    document = _document()
    grounded = ground_extraction({"rows": rows}, _SCHEMA, document)
    return find_evidence(grounded, document, {} if seen is None else {("rows",): seen})


_APPLES: JsonValue = {"text": "Apples", "amount": "1.10"}
_PLUMS: JsonValue = {"text": "Plums", "amount": "3.30"}


def test_a_row_that_is_seen_and_not_given_is_named_with_its_place() -> None:
    completeness = _evidence([_APPLES, _PLUMS], _seen("Apples", "Pears", "Plums"))
    found = completeness.lists["rows"]
    assert (found.rows_given, found.rows_seen, found.n_missing) == (2, 3, 1)
    (missing,) = found.missing
    assert (missing.page_number, missing.text) == (1, "Pears 2.20")
    (warning,) = warn_of_missing_rows(completeness)
    assert (warning.code, warning.path, warning.page_number) == ("list_incomplete", "rows", 1)
    assert "Pears 2.20" in warning.message


def test_nothing_is_missing_where_every_seen_row_is_given() -> None:
    completeness = _evidence(
        [_APPLES, {"text": "Pears", "amount": "2.20"}, _PLUMS], _seen("Apples", "Pears", "Plums")
    )
    found = completeness.lists["rows"]
    assert (found.n_missing, found.rows_unseen, found.rows_unplaced) == (0, 0, 0)
    assert warn_of_missing_rows(completeness) == ()


def test_without_a_table_only_lines_like_the_rows_are_missed() -> None:
    found = _evidence([_APPLES, _PLUMS], None).lists["rows"]
    assert (found.rows_seen, found.rows_unseen) == (None, 0)
    assert [row.text for row in found.missing] == ["Pears 2.20"]


def test_given_rows_that_are_none_of_those_seen_or_stand_nowhere_are_counted() -> None:
    total: JsonValue = {"text": "Total", "amount": "6.60"}
    nowhere: JsonValue = {"text": "Quinces", "amount": "9.99"}
    found = _evidence([_APPLES, total, nowhere], _seen("Apples")).lists["rows"]
    assert (found.rows_unseen, found.rows_unplaced) == (1, 1)


def test_an_empty_list_misses_all_rows_that_are_seen() -> None:
    found = _evidence([], _seen("Apples", "Pears")).lists
    assert found["rows"].n_missing == 2
