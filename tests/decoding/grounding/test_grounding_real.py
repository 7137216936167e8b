"""Gold values of real documents lead back to where people marked them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from pydantic import JsonValue

from decoding.checks.completeness import find_evidence, warn_of_missing_rows
from decoding.checks.row_repeats import check_repeats
from decoding.grounding.ground import ground, ground_extraction
from decoding.grounding.occurrences import DocumentIndex, Label
from decoding.grounding.result import GroundingResult
from schemas.document import Document
from schemas.extraction import Citation
from schemas.spec import ArraySpec, ExtractionSchema, FieldKind, FieldSpec, ObjectSpec
from schemas.values import parse_amount, parse_date
from tests.decoding.transcripts import document_of, page_of_record
from tests.paths import shared_data

_COLUMNS = ("description", "quantity", "amount")
_KINDS: dict[str, FieldKind] = {
    "date": "date",
    **dict.fromkeys(("total", "subtotal", "tax", "tips", "amount", "quantity"), "amount"),
}
_CLASSES = {
    "store_name": "Store_name_value",
    "total": "Total_value",
    "date": "Date_value",
    "time": "Time_value",
    "subtotal": "Subtotal_value",
    "tax": "Tax_value",
    "tel": "Tel_value",
    "description": "Prod_item_value",
    "quantity": "Prod_quantity_value",
    "amount": "Prod_price_value",
}


@cache
def _records(path: str) -> tuple[dict[str, Any], ...]:
    data = shared_data()
    if data is None:
        pytest.skip("shared data not present")
    return tuple(json.loads(line) for line in (data / path).read_text().splitlines())


def _field(key: str) -> FieldSpec:
    return FieldSpec(kind=_KINDS.get(key, "verbatim"))


def _ground_gold(record: Mapping[str, Any]) -> tuple[GroundingResult, Document]:
    """Return the grounding of a record's own fields and line items on its own transcript."""
    item = ObjectSpec(properties=tuple((column, _field(column)) for column in _COLUMNS))
    fields = tuple((key, _field(key)) for key in record["kie"])
    root = ObjectSpec(properties=(*fields, ("line_items", ArraySpec(item=item))))
    rows: list[JsonValue] = [{c: row.get(c) for c in _COLUMNS} for row in record["line_items"]]
    document = document_of(page_of_record(record))
    schema = ExtractionSchema(name="gold", root=root, json_schema="{}")
    return ground_extraction({**record["kie"], "line_items": rows}, schema, document), document


def _marked(citation: Citation, key: str, record: Mapping[str, Any]) -> bool:
    """Return whether the citation's centre lies in a segment that people marked as this field's value."""
    width, height = record["page_size"]
    x = (citation.bbox[0] + citation.bbox[2]) / 2 * width
    y = (citation.bbox[1] + citation.bbox[3]) / 2 * height
    boxes = (segment["box"] for segment in record["ocr"] if segment["label"] == _CLASSES[key])
    return any(left <= x <= right and top <= y <= bottom for left, top, right, bottom in boxes)


def test_gold_values_of_scanned_receipts_are_found() -> None:
    records = _records("dev/sroie/labels.jsonl")
    found: list[bool] = []
    for record in records:
        index = DocumentIndex((page_of_record(record),))
        for key, value in record["kie"].items():
            found.append(ground(value, index, kind=_KINDS.get(key, "verbatim"), label=Label(key)) is not None)
    assert sum(found) / len(found) >= 0.99  # measured 1.000 of 340


def test_line_items_of_photographed_receipts_are_cited_where_people_marked_them() -> None:
    marked: list[bool] = []
    for record in _records("dev/wildreceipt/labels.jsonl"):
        if record["line_items"]:
            result, _ = _ground_gold(record)
            for path, entry in result.metadata.items():
                *row, column = path
                if row and entry.citations:
                    marked.append(_marked(entry.citations[0], str(column), record))
    assert sum(marked) / len(marked) >= 0.99  # measured 1464 of 1467


def test_single_fields_of_photographed_receipts_are_cited_where_people_marked_them() -> None:
    marked: list[bool] = []
    for record in _records("dev/wildreceipt/labels.jsonl"):
        index = DocumentIndex((page_of_record(record),))
        for key in record["kie"].keys() & _CLASSES.keys() - {"store_name"}:
            grounded = ground(record["kie"][key], index, kind=_KINDS.get(key, "verbatim"), label=Label(key))
            if grounded is not None:
                run, box = grounded.runs[0], index.box(grounded.runs[0])
                citation = Citation(
                    page_number=1,
                    bbox=(box.left, box.top, box.right, box.bottom),
                    word_indices=run.word_indices,
                    reference_text=index.text(run),
                )
                marked.append(_marked(citation, key, record))
    assert sum(marked) / len(marked) >= 0.97  # measured 632 of 640; 596 without labels to tell equal amounts


def test_complete_lists_are_rarely_doubted_and_cut_ones_mostly() -> None:
    records = [r for r in _records("dev/wildreceipt/labels.jsonl") if len(r["line_items"] or ()) >= 3]
    doubted = {"whole": 0, "cut": 0}
    for record in records:
        for name, rows in (("whole", record["line_items"]), ("cut", record["line_items"][:-1])):
            result, document = _ground_gold({**record, "line_items": rows})
            doubted[name] += bool(warn_of_missing_rows(find_evidence(result, document, {})))
    assert doubted["whole"] / len(records) <= 0.05  # measured 2 of 83
    assert doubted["cut"] / len(records) >= 0.85  # measured 74 of 83


def test_a_row_written_twice_is_noticed_and_equal_rows_of_a_page_are_not() -> None:
    records = [r for r in _records("dev/wildreceipt/labels.jsonl") if r["line_items"]]
    doubted = {"whole": 0, "twice": 0}
    for record in records:
        items = record["line_items"]
        for name, rows in (("whole", items), ("twice", [*items, items[-1]])):
            result, _ = _ground_gold({**record, "line_items": rows})
            doubted[name] += bool(check_repeats(result))
    assert doubted["whole"] / len(records) <= 0.02  # measured 0 of 118
    assert doubted["twice"] / len(records) >= 0.95  # measured 118 of 118


def test_gold_dates_and_totals_of_receipts_parse() -> None:
    records = _records("sroie_text/train.jsonl")
    dates = [parse_date(r["kie"]["date"]) for r in records if r["kie"].get("date")]
    totals = [parse_amount(r["kie"]["total"]) for r in records if r["kie"].get("total")]
    assert sum(parsed is not None for parsed in dates) / len(dates) >= 0.99
    assert sum(parsed is not None for parsed in totals) / len(totals) >= 0.99
