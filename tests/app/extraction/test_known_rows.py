"""Rows that windows show for certain, as places in the whole document."""

from __future__ import annotations

from dataclasses import replace

from app.extraction.known_rows import list_seen_rows
from decoding.windows import Window, cut_windows
from ocr.layout_document import layout_document
from schemas.registry import from_json_schema
from schemas.spec import ExtractionSchema

_TEXT = """
Qty   Description     Price    Amount
2     Apples           1.10      2.20
1     Pears            3.30      3.30
3     Plums            2.00      6.00
Total                           11.50
"""
_AMOUNT = {"type": "string", "x-rasg-kind": "amount"}


def _schema() -> ExtractionSchema:
    kinds = dict.fromkeys(("quantity", "unit_price", "amount"), _AMOUNT)
    columns = {"description": {"type": "string"}, **kinds}
    item = {"type": "object", "properties": columns, "required": list(columns)}
    properties = {"rows": {"type": "array", "items": item}}
    return from_json_schema({"type": "object", "properties": properties, "required": ["rows"]}, name="rows")


def _windows() -> tuple[Window, ...]:
    document = layout_document(_TEXT, sha256="0" * 64)
    # A window for each half of the page's lines.
    return cut_windows(document, fits=lambda window: len(window.document.pages[0].lines) <= 3)


def test_rows_of_all_windows_are_places_in_the_whole_document() -> None:
    document, windows = layout_document(_TEXT, sha256="0" * 64), _windows()
    assert len(windows) > 1
    (rows,) = list_seen_rows(windows, _schema()).values()
    texts = [" ".join(document.pages[0].words[i].text for i in sorted(row.words)) for row in rows]
    assert texts == ["2 Apples 1.10 2.20", "1 Pears 3.30 3.30", "3 Plums 2.00 6.00"]


def test_of_a_list_that_one_window_is_not_sure_of_nothing_is_certain() -> None:
    first, *others = _windows()
    doubtful = replace(first, tables=tuple(replace(table, is_sure=False) for table in first.tables))
    assert list_seen_rows((doubtful, *others), _schema()) == {}
