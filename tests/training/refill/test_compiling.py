"""A template says of each word what it is, and of what is not certain nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import JsonValue

from schemas.errors import ConfigurationError
from tests.training.refill.pages import (
    FEES,
    FEES_VALUE,
    INVOICE,
    INVOICE_ROWS,
    INVOICE_VALUE,
    RECEIPT,
    RECEIPT_VALUE,
    STACKED,
    annotated,
    compiled,
)
from training.refill.compiling import compile_document
from training.refill.template import ROWS_TOTAL, Template, read_templates, write_templates


def _field_texts(template: Template) -> dict[str, str]:
    return {field.tag: template.text(field.places[0]) for field in template.fields}


def _outcomes(text: str, value: Mapping[str, JsonValue]) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    list(compile_document(annotated(text, value), outcomes=outcomes))
    return outcomes


def test_fields_are_found_with_their_labels() -> None:
    template = compiled(INVOICE, INVOICE_VALUE)
    assert _field_texts(template)["vendor_address"] == "12 Harbour Road Bristol BS1 4XY"
    labels = {field.tag: template.text(field.label) for field in template.fields if field.label}
    assert labels["date_due"] == "Due Date:"
    assert labels["amount_total_tax"] == "VAT 20%"
    assert "vendor_name" not in labels


def test_a_label_may_stand_above_its_value() -> None:
    text = "Invoice No      Date\n4471            03/06/1991\nTOTAL 12.00"
    template = compiled(text, {"number": "4471", "date": "03/06/1991"})
    assert [(template.text(f.label or ()), f.is_label_above) for f in template.fields] == [
        ("Invoice No", True),
        ("Date", True),
    ]


def test_every_place_of_an_amount_is_in_its_group() -> None:
    template = compiled(INVOICE, INVOICE_VALUE)
    assert [[template.text(run) for run in group] for group in template.amounts] == [
        ["110.90"],
        ["22.18"],
        ["133.08", "133.08"],
    ]


def test_sums_know_the_rows_and_the_totals() -> None:
    # 110.90 is the sum of the rows, and 110.90 + 22.18 = 133.08.
    sums = compiled(INVOICE, INVOICE_VALUE).sums
    assert ((ROWS_TOTAL, 1), (0, -1)) in sums
    assert ((0, 1), (1, 1), (2, -1)) in sums


def test_a_table_has_its_columns_headings_and_rows_of_two_lines() -> None:
    template = compiled(INVOICE, INVOICE_VALUE)
    table = template.table
    assert table is not None
    assert [(column.tag, template.text(column.heading)) for column in table.columns] == [
        ("description", "Description"),
        ("quantity", "Qty"),
        ("unit_price", "Unit Price"),
        ("amount", "Amount"),
    ]
    assert [row.end - row.start for row in table.rows] == [1, 2, 1]
    assert table.rows_total == 1109000  # 42.00 + 50.00 + 18.90 in ten-thousandths


def test_a_currency_mark_of_its_own_belongs_to_the_column_of_its_amount() -> None:
    template = compiled(FEES, FEES_VALUE)
    assert template.table is not None
    assert [{n: template.text(run) for n, run in row.extras.items()} for row in template.table.rows] == [
        {1: "$"},
        {},
        {},
    ]


def test_a_table_lacks_only_columns_that_no_word_could_be_of() -> None:
    fees = compiled(FEES, FEES_VALUE).table
    assert fees is not None
    assert {"quantity", "unit_price", "tax_rate"} <= set(fees.absent)
    lines = [f"3     {line}" if ".00 " in f"{line} " or ".50" in line else line for line in FEES.split("\n")]
    counted = compiled("\n".join(lines), FEES_VALUE).table  # a column that nobody annotated: counts, perhaps
    assert counted is not None
    assert [column.tag for column in counted.columns] == [None, "description", "amount"]
    assert counted.absent == ()


def test_rows_whose_amounts_add_up_to_the_total_are_proven() -> None:
    template = compiled(RECEIPT, RECEIPT_VALUE)
    assert template.table is not None
    assert _cells(template) == [["PENCIL 2B", "3.40"], ["ERASER SOFT", "1.20"], ["NOTEBOOK A5", "5.60"]]
    assert compiled(RECEIPT.replace("5.60", "5.70"), RECEIPT_VALUE).table is None


def test_figures_below_their_texts_are_proven_by_price_times_quantity() -> None:
    template = compiled(STACKED, {"total": "23.00"})
    assert template.table is not None
    assert template.table.is_stacked
    assert _cells(template) == [["SALMON WAZEN", "2", "5.80", "11.60"], ["SUSHI RED", "3", "3.80", "11.40"]]
    # 2 x 5.80 is not 11.50, though 11.50 + 11.40 is the total.
    wrong = STACKED.replace("11.60", "11.50").replace("23.00", "22.90")
    assert compiled(wrong, {"total": "22.90"}).table is None


@pytest.mark.parametrize(
    "text",
    ["ERASER   SOFT", "9556939040116 ERASER", "ERASER @ 2", "12 ERASER", "DISCOUNT", "SUB TOTAL", "ERASER:"],
)
def test_what_an_item_is_called_must_leave_no_choice(text: str) -> None:
    assert compiled(RECEIPT.replace("ERASER SOFT  ", f"{text:<13}"[:13]), RECEIPT_VALUE).table is None


def _cells(template: Template) -> list[list[str]]:
    rows = () if template.table is None else template.table.rows
    return [[template.text(run) for run in row.cells.values()] for row in rows]


def test_rows_that_nobody_annotated_make_no_table() -> None:
    less: dict[str, JsonValue] = {**INVOICE_VALUE, "items": [{**INVOICE_ROWS[0]}, {**INVOICE_ROWS[2]}]}
    assert compiled(INVOICE, less).table is None
    assert _outcomes(INVOICE, less)["table: perhaps not all rows"] == 1


def test_a_last_row_that_may_go_on_below_makes_no_table() -> None:
    longer = FEES.replace("15.50\n", "15.50\nand of its copies\n")
    assert compiled(longer, FEES_VALUE).table is None
    assert _outcomes(longer, FEES_VALUE)["table: perhaps not all of the last row"] == 1


def test_a_line_with_a_date_is_no_heading() -> None:
    dated = FEES.replace("Review of the", "October 5, 1995                            Amount\nReview of the")
    template = compiled(dated, FEES_VALUE)
    assert template.table is not None
    assert template.table.head[0] == template.table.head[1]


def test_a_description_that_goes_on_beside_its_cell_makes_no_row() -> None:
    rows: list[JsonValue] = [{**row, "description": row["description"].split()[0]} for row in INVOICE_ROWS]
    assert _outcomes(INVOICE, {**INVOICE_VALUE, "items": rows})["table: no row is whole"] == 1


def test_a_name_whose_legal_form_was_not_annotated_is_not_asked_for() -> None:
    assert "vendor_name" not in _field_texts(
        compiled(INVOICE, {**INVOICE_VALUE, "seller": "Northwind Paper Mills"})
    )


def test_a_value_that_the_page_does_not_show_is_no_field() -> None:
    template = compiled(RECEIPT, {**RECEIPT_VALUE, "number": "RC0099999"})
    assert "document_id" not in _field_texts(template)


def test_a_date_that_could_not_be_printed_anew_is_not_asked_for() -> None:
    text = RECEIPT.replace("05/11/2023", "November 2023")
    assert "date_issue" not in _field_texts(compiled(text, {**RECEIPT_VALUE, "date": "November 2023"}))


def test_an_amount_that_was_read_in_two_pieces_is_not_asked_for() -> None:
    text = RECEIPT.replace("TOTAL                        10.20", "TOTAL                       10. 20")
    assert "amount_total_gross" not in _field_texts(compiled(text, {**RECEIPT_VALUE, "total": "10."}))


def test_a_page_lacks_a_field_only_if_no_word_announces_it() -> None:
    absent = compiled(INVOICE, INVOICE_VALUE).absent
    assert "iban" in absent
    assert not {"date_due", "customer_id", "vendor_tax_id"} & set(absent)  # "Due Date", "Invoice No", "VAT"


def test_templates_are_read_as_they_were_written(tmp_path: Path) -> None:
    made = (compiled(INVOICE, INVOICE_VALUE), compiled(RECEIPT, RECEIPT_VALUE))
    assert write_templates(made, tmp_path / "t.jsonl") == 2
    assert read_templates(tmp_path / "t.jsonl") == made


def test_a_line_that_is_no_template_is_refused_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(compiled(RECEIPT, RECEIPT_VALUE).model_dump_json() + "\n{}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="line 2"):
        read_templates(path)
    with pytest.raises(ConfigurationError, match="absent"):
        read_templates(tmp_path / "absent")
