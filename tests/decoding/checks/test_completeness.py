"""What is known of an answer's completeness: rows seen, given, missing and unplaced."""

from __future__ import annotations

from pydantic import JsonValue

from decoding.checks.completeness import (
    SeenRow,
    TaughtRows,
    find_evidence,
    warn_of_missing_rows,
    warn_of_taught_rows,
)
from decoding.grounding.ground import ground_extraction
from ocr.layout_document import layout_document
from schemas.completeness import Completeness
from schemas.document import Document
from schemas.registry import from_json_schema
from schemas.spec import Path

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


def test_rows_that_are_left_out_as_in_an_example_are_counted_apart_and_not_missed() -> None:
    document = _document()
    grounded = ground_extraction({"rows": [_APPLES, _PLUMS]}, _SCHEMA, document)
    (pears,) = _seen("Pears")
    taught: dict[Path, TaughtRows] = {("rows",): TaughtRows(left_out=((pears, "one"),), taught_by=("one",))}
    for seen in (_seen("Apples", "Plums"), None):
        known: dict[Path, tuple[SeenRow, ...]] = {} if seen is None else {("rows",): seen}
        found = find_evidence(grounded, document, known, taught).lists["rows"]
        assert (found.n_missing, found.n_left_out, found.taught_by) == (0, 1, ("one",))
        assert found.rows_seen == (None if seen is None else 3)
        assert [(row.text, row.example_id) for row in found.left_out] == [("Pears 2.20", "one")]
    (warning,) = warn_of_taught_rows(taught, document)
    assert (warning.code, warning.path, warning.page_number) == ("rows_left_out", "rows", 1)
    assert "one" in warning.message
    assert "Pears 2.20" in warning.message


def test_rows_that_are_added_as_in_an_example_are_said() -> None:
    (plums,) = _seen("Plums")
    taught: dict[Path, TaughtRows] = {("rows",): TaughtRows(added=((plums, "one"),), taught_by=("one",))}
    assert [w.code for w in warn_of_taught_rows(taught, _document())] == ["rows_added"]
