"""Results become files in which nothing is lost and nothing runs."""

from __future__ import annotations

import csv
import io
import json

import pytest
from pydantic import JsonValue

from app.errors import ErrorRecord
from app.outputs import FileResult
from app.outputs.csv_tables import line_item_csv, scalar_csv
from app.outputs.records import result_json, result_line
from schemas.extraction import Extraction, Output, Usage
from schemas.registry import get_schema
from schemas.spec import ArraySpec, ExtractionSchema, FieldSpec, ObjectSpec

SCHEMA = get_schema("receipt")
ERROR = ErrorRecord(code="unreadable_document", message="cut off")


def result(**value: JsonValue) -> FileResult:
    blank: dict[str, JsonValue] = {key: None for key, _ in SCHEMA.root.properties}
    extraction = Extraction(
        document_sha256="0" * 64,
        schema_name="receipt",
        status="succeeded",
        output=Output(value={**blank, **value}, metadata={}),
        usage=Usage(n_pages=1, n_windows=1, n_prompt_tokens=1, n_completion_tokens=1),
        engine="embedded",
        model="tiny",
    )
    return FileResult(file="a.pdf", extraction=extraction)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_failed_file_has_its_row_in_every_format() -> None:
    failed = FileResult(file="b.pdf", error=ERROR)
    assert json.loads(result_json(failed))["error"]["code"] == "unreadable_document"
    assert json.loads(result_line(failed))["file"] == "b.pdf"
    assert rows_of(scalar_csv([failed], SCHEMA))[0]["status"] == "failed: unreadable_document"


def test_scalars_are_columns_in_schema_order() -> None:
    text = scalar_csv([result(vendor_name="A, B", amount_total_gross="9.00")], SCHEMA)
    row = rows_of(text)[0]
    assert (row["vendor_name"], row["amount_total_gross"]) == ("A, B", "9.00")
    assert text.splitlines()[0].startswith("file,status,vendor_name")


def test_documents_of_several_schemas_share_columns_and_name_theirs() -> None:
    found = result(vendor_name="A", line_items=[{"description": "x"}])
    failed = FileResult(file="b.pdf", error=ErrorRecord(code="unreadable_document", message="no"))
    schemas = (get_schema("invoice"), get_schema(SCHEMA.name))
    rows = rows_of(scalar_csv([found, failed], *schemas))
    assert [(row["schema"], row["vendor_name"]) for row in rows] == [(SCHEMA.name, "A"), ("", "")]
    assert list(rows[0]).count("vendor_name") == 1
    (row,) = rows_of(line_item_csv([found, failed], *schemas))
    assert (row["description"], row["unit_price_net"]) == ("x", "")


def test_rows_of_lists_are_rows_with_their_number() -> None:
    items: JsonValue = [{"description": "x"}, {"description": "y"}]
    rows = rows_of(line_item_csv([result(line_items=items)], SCHEMA))
    assert [(r["list"], r["row_number"], r["description"]) for r in rows] == [
        ("line_items", "1", "x"),
        ("line_items", "2", "y"),
    ]


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("@sum", "'@sum"),
        ("+49 30 123", "+49 30 123"),
        ("-45,00", "-45,00"),
        ("-1+cmd", "'-1+cmd"),
        ("plain", "plain"),
    ],
)
def test_no_cell_is_a_formula_and_negative_amounts_stay(text: str, cell: str) -> None:
    assert rows_of(scalar_csv([result(vendor_name=text)], SCHEMA))[0]["vendor_name"] == cell


def test_lists_inside_of_rows_are_rows_too() -> None:
    tax = ObjectSpec(properties=(("rate", FieldSpec(kind="amount")),))
    codes = ArraySpec(item=FieldSpec(kind="verbatim"))
    item = ObjectSpec(
        properties=(
            ("text", FieldSpec(kind="verbatim")),
            ("taxes", ArraySpec(item=tax)),
            ("codes", codes),
        )
    )
    root = ObjectSpec(properties=(("rows", ArraySpec(item=item)), ("grid", ArraySpec(item=codes))))
    schema = ExtractionSchema(name="nested", root=root, json_schema="{}")
    found = result(
        rows=[{"text": "x", "taxes": [{"rate": "7"}, {"rate": "19"}], "codes": ["A"]}],
        grid=[["B", "C"]],
    )
    rows = rows_of(line_item_csv([found], schema))
    assert [(r["list"], r["row_number"], r["text"], r["rate"], r["value"]) for r in rows] == [
        ("rows", "1", "x", "", ""),
        ("rows[0].taxes", "1", "", "7", ""),
        ("rows[0].taxes", "2", "", "19", ""),
        ("rows[0].codes", "1", "", "", "A"),
        ("grid[0]", "1", "", "", "B"),
        ("grid[0]", "2", "", "", "C"),
    ]


def test_a_result_is_either_an_extraction_or_an_error() -> None:
    with pytest.raises(ValueError, match="either"):
        FileResult(file="c.pdf")
