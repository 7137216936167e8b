"""Tables are read back as what they are: numbers, dates and texts, in CSV, workbooks and Parquet alike."""

# pyarrow is typed in part only
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
from __future__ import annotations

import csv
import sys
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import JsonValue

from app.errors import ErrorRecord
from app.outputs import FileResult
from app.outputs.cells import is_formula
from app.outputs.tables import tables_of
from app.outputs.workbook import Workbook
from app.outputs.writing import Format, check_formats, write_tables, write_whole
from schemas.errors import ConfigurationError
from schemas.extraction import Extraction, FieldMetadata, Output, Usage
from schemas.spec import ArraySpec, ExtractionSchema, FieldSpec, ObjectSpec

ROW = ObjectSpec(
    properties=(("text", FieldSpec(kind="verbatim")), ("price", FieldSpec(kind="amount"))),
)
SCHEMA = ExtractionSchema(
    name="typed",
    json_schema="{}",
    root=ObjectSpec(
        properties=(
            ("name", FieldSpec(kind="verbatim")),
            ("total", FieldSpec(kind="amount")),
            ("issued", FieldSpec(kind="date")),
            ("due", FieldSpec(kind="iso_date")),
            ("count", FieldSpec(kind="integer")),
            ("share", FieldSpec(kind="number")),
            ("paid", FieldSpec(kind="boolean")),
            ("total_text", FieldSpec(kind="verbatim")),  # as a column beside `total` would be called
            ("rows", ArraySpec(item=ROW)),
        )
    ),
)
ALL = (Format.CSV, Format.XLSX, Format.PARQUET)
# Of signs that spreadsheets run, plain, in full width, and behind what is not seen.
FORMULAS = (
    *("=1+1", "+1+cmd", "-1+cmd", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", "  =1+1", "\u00a0=1+1"),
    *("\u200b=1+1", "\ufeff=1+1", "\x01=1+1", "\uff1d1+1", "\uff0b1+cmd", '=HYPERLINK("http://a","b")'),
)


def result(file: str, metadata: dict[str, FieldMetadata] | None = None, **value: JsonValue) -> FileResult:
    blank: dict[str, JsonValue] = {key: None for key, _ in SCHEMA.root.properties}
    extraction = Extraction(
        document_sha256="d" * 64,
        schema_name="typed",
        status="succeeded",
        output=Output(value={**blank, "rows": [], **value}, metadata=metadata or {}),
        usage=Usage(n_pages=1, n_windows=1, n_prompt_tokens=1, n_completion_tokens=1),
        engine="embedded",
        model="tiny",
    )
    return FileResult(file=file, extraction=extraction)


TYPED = result(
    "a.pdf",
    {
        "name": FieldMetadata(confidence=0.98765),
        "total": FieldMetadata(confidence=0.5, normalised="1234.56", currency="EUR"),
        "issued": FieldMetadata(normalised="2026-03-12"),
        "rows[0].price": FieldMetadata(normalised="-0.5", currency="EUR", confidence=1.0),
        "rows[1].price": FieldMetadata(confidence=0.25),  # printed, and no amount for sure
    },
    name="ACME",
    total="1.234,56 €",
    issued="12 March 2026",
    due="2026-04-12",
    count=3,
    share=0.25,
    paid=True,
    total_text="beside",
    rows=[{"text": "x", "price": "-0,50"}, {"text": "y", "price": "1.234"}],
)
FAILED = FileResult(file="b.pdf", error=ErrorRecord(code="unreadable_document", message="=cut off"))


def write(folder: Path, *results: FileResult) -> Path:
    write_tables(results, (SCHEMA,), ALL, folder)
    return folder


def csv_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sheet_rows(path: Path, sheet: str = "results") -> list[dict[str, Any]]:
    book = openpyxl.load_workbook(path)
    header, *rows = book[sheet].iter_rows()
    found = [{str(h.value): cell.value for h, cell in zip(header, row, strict=True)} for row in rows]
    assert all(cell.data_type != "f" for row in rows for cell in row)
    book.close()
    return found


def parquet_rows(path: Path) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", pq.read_table(path).to_pylist())


def test_each_value_has_its_type_and_its_print_currency_and_confidence_beside_it(tmp_path: Path) -> None:
    write(tmp_path, TYPED, FAILED)
    row = csv_rows(tmp_path / "results.csv")[0]
    assert (row["total"], row["total_text_"], row["total_currency"]) == ("1234.56", "1.234,56 €", "EUR")
    assert (row["issued"], row["issued_text"], row["due"]) == ("2026-03-12", "12 March 2026", "2026-04-12")
    assert (row["count"], row["share"], row["paid"]) == ("3", "0.25", "true")
    assert (row["name_confidence"], row["total_confidence"]) == ("0.9877", "0.5")
    assert (row["total_text"], row["document_sha256"]) == ("beside", "d" * 64)
    in_book = sheet_rows(tmp_path / "results.xlsx")[0]
    assert (in_book["total"], in_book["issued"], in_book["due"], in_book["paid"]) == (
        1234.56,
        datetime(2026, 3, 12),
        datetime(2026, 4, 12),
        True,
    )
    in_parquet = parquet_rows(tmp_path / "results.parquet")[0]
    assert in_parquet["total"] == Decimal("1234.56")
    assert (in_parquet["issued"], in_parquet["count"], in_parquet["paid"]) == (date(2026, 3, 12), 3, True)
    schema = pq.read_schema(tmp_path / "results.parquet")
    assert schema.field("total").type == pa.decimal128(38, 9)
    assert schema.field("due").type == pa.date32()


def test_a_row_of_a_list_is_a_row_with_its_documents_key(tmp_path: Path) -> None:
    write(tmp_path, TYPED, FAILED)
    rows = csv_rows(tmp_path / "line_items.csv")
    assert [(r["file"], r["list"], r["row_number"], r["price"], r["price_text"]) for r in rows] == [
        ("a.pdf", "rows", "1", "-0.5", "-0,50"),
        ("a.pdf", "rows", "2", "", "1.234"),  # a thousand, or one and a bit: nobody knows
    ]
    assert [row["price"] for row in sheet_rows(tmp_path / "results.xlsx", "line_items")] == [-0.5, None]
    in_parquet = parquet_rows(tmp_path / "line_items.parquet")
    assert [(r["price"], r["row_number"]) for r in in_parquet] == [(Decimal("-0.5"), 1), (None, 2)]
    assert in_parquet[0]["document_sha256"] == "d" * 64


def test_a_document_that_failed_has_a_row_with_its_reason(tmp_path: Path) -> None:
    write(tmp_path, FAILED)
    for row in (
        csv_rows(tmp_path / "results.csv")[0],
        sheet_rows(tmp_path / "results.xlsx")[0],
        parquet_rows(tmp_path / "results.parquet")[0],
    ):
        assert row["status"] == "failed: unreadable_document"
        assert row["error"].lstrip("'") == "=cut off"


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_run_as_a_formula(tmp_path: Path, text: str) -> None:
    assert is_formula(text)
    write(tmp_path, result("=a.pdf", name=text, rows=[{"text": text}]))
    (row,) = csv_rows(tmp_path / "results.csv")
    assert (row["name"], row["file"]) == (f"'{text}".replace("\r", "\n"), "'=a.pdf")
    book = openpyxl.load_workbook(tmp_path / "results.xlsx")
    header, cells = book["results"].iter_rows()
    name = next(cell for head, cell in zip(header, cells, strict=True) if head.value == "name")
    assert (name.data_type, name.quotePrefix) == ("s", True)
    book.close()
    assert parquet_rows(tmp_path / "line_items.parquet")[0]["text"] == text


def test_what_a_format_cannot_hold_stays_text_or_is_empty_and_is_never_another_value(tmp_path: Path) -> None:
    long = "12345678901234567.89"  # 19 digits: more than a double has
    fine = "0.0000000001"  # ten decimals: more than the Parquet column has
    old = {"issued": FieldMetadata(normalised="1850-01-31")}
    write(
        tmp_path,
        result("a", total=long, count=2**70, name="x" * 40_000),
        result("b", total=fine),
        result("c", old, issued="31 January 1850"),
    )
    assert [row["total"] for row in csv_rows(tmp_path / "results.csv")[:2]] == [long, fine]
    in_book = sheet_rows(tmp_path / "results.xlsx")
    assert (in_book[0]["total"], len(in_book[0]["name"])) == (long, 32_767)
    assert in_book[2]["issued"] == "1850-01-31"
    in_parquet = parquet_rows(tmp_path / "results.parquet")
    assert [row["total"] for row in in_parquet[:2]] == [Decimal(long), None]
    assert (in_parquet[0]["count"], in_parquet[2]["issued"]) == (None, date(1850, 1, 31))


def test_half_characters_and_control_signs_stop_nothing(tmp_path: Path) -> None:
    write(tmp_path, result("a.pdf", name="\ud800 \x00\x1f", total="no amount"))
    assert csv_rows(tmp_path / "results.csv")[0]["total_text_"] == "no amount"
    assert parquet_rows(tmp_path / "results.parquet")[0]["total"] is None
    assert sheet_rows(tmp_path / "results.xlsx")[0]["file"] == "a.pdf"


def test_no_results_are_tables_without_rows(tmp_path: Path) -> None:
    write(tmp_path)
    assert csv_rows(tmp_path / "results.csv") == []
    assert parquet_rows(tmp_path / "line_items.parquet") == []
    assert sheet_rows(tmp_path / "results.xlsx") == []


def test_a_sheet_that_is_full_goes_on_in_another(tmp_path: Path) -> None:
    tables = tables_of((SCHEMA,))
    book = Workbook(tmp_path / "small.xlsx", tables, max_rows=3)
    for number in range(5):
        for row in tables[0].rows(result(f"{number}.pdf")):
            book.add("results", row)
    book.close()
    names = [
        [row["file"] for row in sheet_rows(tmp_path / "small.xlsx", sheet)]
        for sheet in ("results", "results 2", "results 3")
    ]
    assert names == [["0.pdf", "1.pdf"], ["2.pdf", "3.pdf"], ["4.pdf"]]


def test_a_library_that_is_missing_is_named_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(ConfigurationError, match="xlsxwriter") as caught:
        check_formats((Format.XLSX,), Path("out"))
    assert "rasg[excel]" in str(caught.value.hint)


@pytest.mark.parametrize("formats", [(Format.XLSX,), (Format.PARQUET,), (Format.JSON, Format.CSV)])
def test_what_is_no_text_needs_a_folder(formats: tuple[Format, ...]) -> None:
    with pytest.raises(ConfigurationError, match="standard output"):
        check_formats(formats, None)


def test_a_file_is_whole_or_what_it_was(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.json"
    write_whole(path, b"one")
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert list(path.parent.iterdir()) == [path]
