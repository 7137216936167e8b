"""Every value leads back to its words, box and page, or is said to stand nowhere."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from decoding.grounding.ground import back_calculate, ground, ground_extraction
from decoding.grounding.occurrences import DocumentIndex, Label
from decoding.grounding.result import GroundingResult
from schemas.document import Document
from schemas.extraction import Citation, FieldMetadata
from schemas.geometry import BBox
from schemas.spec import (
    ArraySpec,
    ExtractionSchema,
    FieldKind,
    FieldSpec,
    ObjectSpec,
    Path,
    Spec,
    json_path,
    row_path,
)
from schemas.walk import leaves, value_at
from tests.decoding.transcripts import document_of, page_of_lines
from tests.schemas.answers import SPECS, fitting

_N_ROWS = 40


def _schema(**kinds: FieldKind | Spec) -> ExtractionSchema:
    properties = tuple(
        (key, FieldSpec(kind=kind) if isinstance(kind, str) else kind) for key, kind in kinds.items()
    )
    return ExtractionSchema(name="test", root=ObjectSpec(properties=properties), json_schema="{}")


def _rows(**kinds: FieldKind) -> ArraySpec:
    return ArraySpec(item=_schema(**kinds).root)


def _metadata(result: GroundingResult) -> dict[str, FieldMetadata]:
    return {json_path(path): entry for path, entry in result.metadata.items()}


def _line(result: GroundingResult, path: str) -> tuple[int, int]:
    """Return (page number, line) of the value's first citation on a page of `page_of_lines`."""
    citation = _metadata(result)[path].citations[0]
    return citation.page_number, round(citation.bbox[1] * _N_ROWS)


def _edges(box: BBox) -> tuple[float, float, float, float]:
    return box.left, box.top, box.right, box.bottom


_INVOICE = document_of(
    page_of_lines(
        "ACME GmbH            Rechnung 4711",
        "Datum                12.03.2026",
        "1  Kaffee   2   1.234,50   2.469,00",
        "2  Tee      2       3,10       6,20",
        "3  Kaffee   1   1.234,50   1.234,50",
        "Netto                      3.709,70",
        "Summe EUR                  3.709,70",
    )
)


def test_every_leaf_has_metadata_and_null_leaves_have_no_citation() -> None:
    schema = _schema(vendor="verbatim", number="verbatim", note="verbatim", kind="free")
    value: dict[str, JsonValue] = {"vendor": "ACME GmbH", "number": "4711", "note": None, "kind": "whatever"}
    result = ground_extraction(value, schema, _INVOICE)
    assert list(_metadata(result)) == ["vendor", "number", "note", "kind"]
    assert _metadata(result)["vendor"].citations[0].reference_text == "ACME GmbH"
    assert _metadata(result)["vendor"].citations[0].word_indices == (0, 1)
    assert _metadata(result)["vendor"].alignment == "exact"
    assert _metadata(result)["note"].citations == ()
    assert result.warnings == ()


def test_box_is_the_union_of_the_words() -> None:
    index = DocumentIndex((page_of_lines("a Total due b", n_rows=10),))
    grounded = ground("Total due", index)
    assert grounded is not None
    # columns 2 to 11 of 80; the line is 0.7 of a tenth high
    assert _edges(index.box(grounded.runs[0])) == pytest.approx((2 / 80, 0.0, 11 / 80, 0.07))


def test_value_that_stands_nowhere_is_an_ungrounded_warning() -> None:
    schema = _schema(vendor="verbatim", total="amount", due="date", count="integer", n="number")
    value: dict[str, JsonValue] = {
        "vendor": "Zorg AG",
        "total": "9,99",
        "due": "1.1.2020",
        "count": 77,
        "n": 8.5,
    }
    result = ground_extraction(value, schema, _INVOICE)
    ungrounded = [w.path for w in result.warnings if w.code == "ungrounded_value"]
    assert ungrounded == ["vendor", "total", "due", "n"]  # a count need not be printed
    assert _metadata(result)["vendor"].ocr_confidence is None


def test_amount_with_the_other_sign_is_another_value() -> None:
    index = DocumentIndex((page_of_lines("Credit 45.00"),))
    assert ground("-45.00", index, kind="amount") is None
    assert ground("45.00", index, kind="amount") is not None


def test_document_style_decides_normal_forms() -> None:
    schema = _schema(date="date", total="amount", price="amount")
    value: dict[str, JsonValue] = {"date": "12.03.2026", "total": "3.709,70", "price": "1.234,50"}
    result = ground_extraction(value, schema, _INVOICE)
    assert _metadata(result)["date"].normalised == "2026-03-12"
    assert _metadata(result)["total"].normalised == "3709.70"
    assert _metadata(result)["total"].currency is None
    assert result.warnings == ()


def test_only_currency_of_a_page_decides_normal_forms_of_money_that_prints_no_mark() -> None:
    schema = _schema(net="amount", total="amount", weight="amount")
    value: dict[str, JsonValue] = {"net": "12.500", "total": "125.000", "weight": "1.250 kg"}
    lines = ("Net 12.500", "Total KWD 125.000", "Weight 1.250 kg")
    dinars = ground_extraction(value, schema, document_of(page_of_lines(*lines)))
    assert [_metadata(dinars)[key].normalised for key in value] == ["12.500", "125.000", None]
    assert [warning.code for warning in dinars.warnings] == ["ambiguous_amount"]
    # Of two currencies none is the page's; the comma of 380,00 starts decimals, which KWD contradicts.
    mixed = ground_extraction(value, schema, document_of(page_of_lines(*lines, "Paid EUR 380,00")))
    assert _metadata(mixed)["total"].normalised is None


def test_amount_that_leaves_its_mark_out_is_read_with_the_mark_on_the_page() -> None:
    schema = _schema(a="amount", b="amount", c="amount", d="amount")
    value: dict[str, JsonValue] = {"a": "5,500", "b": "3,200", "c": "125.000", "d": "12.750"}
    document = document_of(page_of_lines("A ¥5,500", "B $ 3,200", "C 125.000 KWD", "D 12.750"))
    result = ground_extraction(value, schema, document)
    assert [_metadata(result)[key].normalised for key in value] == ["5500", "3200", "125.000", None]
    assert [(w.code, w.path) for w in result.warnings] == [("ambiguous_amount", "d")]


def test_ambiguous_and_unparsed_values_are_warnings_without_a_normal_form() -> None:
    document = document_of(page_of_lines("Date 03/04/2026", "Total 1,234", "Due soon", "Paid much"))
    schema = _schema(date="date", total="amount", due="date", paid="amount")
    value: dict[str, JsonValue] = {"date": "03/04/2026", "total": "1,234", "due": "soon", "paid": "much"}
    result = ground_extraction(value, schema, document)
    assert [(w.code, w.path) for w in result.warnings] == [
        ("ambiguous_date", "date"),
        ("ambiguous_amount", "total"),
        ("unparsed_date", "due"),
        ("unparsed_amount", "paid"),
    ]
    assert all(entry.normalised is None for entry in _metadata(result).values())
    assert all(entry.citations for entry in _metadata(result).values())


def test_currency_is_read_from_the_amount_or_the_word_beside_it() -> None:
    document = document_of(page_of_lines("Total EUR 5,00", "Tip 1,00 CHF", "Paid $6,00", "Change 2,00"))
    schema = _schema(total="amount", tip="amount", paid="amount", change="amount")
    value: dict[str, JsonValue] = {"total": "5,00", "tip": "1,00 CHF", "paid": "$6,00", "change": "2,00"}
    metadata = _metadata(ground_extraction(value, schema, document))
    assert [metadata[key].currency for key in value] == ["EUR", "CHF", None, None]


def test_numbers_and_iso_dates_are_found_by_value() -> None:
    schema = _schema(total="number", date="iso_date", quantity="integer")
    value: dict[str, JsonValue] = {"total": 2469.0, "date": "2026-03-12", "quantity": 3}
    result = ground_extraction(value, schema, _INVOICE)
    cited = {key: entry.citations[0].reference_text for key, entry in _metadata(result).items()}
    assert cited == {"total": "2.469,00", "date": "12.03.2026", "quantity": "3"}
    assert _metadata(result)["total"].alignment == "normalised"


def test_label_decides_between_equal_amounts() -> None:
    index = DocumentIndex((page_of_lines("Cash 35.00", "Sub Total 35.00", "Total 35.00", "Balance 35.00"),))
    words = index.pages[0].words
    lines = {}
    for key in ("cash_paid", "subtotal", "total", "balance"):
        grounded = ground("35.00", index, kind="amount", label=Label(key))
        assert grounded is not None
        assert grounded.n_occurrences == 4
        lines[key] = round(words[grounded.runs[0].word_indices[0]].bbox.top * _N_ROWS)
    assert lines == {"cash_paid": 0, "subtotal": 1, "total": 2, "balance": 3}


def test_first_occurrence_is_taken_where_no_label_helps() -> None:
    index = DocumentIndex((page_of_lines("Beer", "Beer", "Beer"),))
    grounded = ground("Beer", index)
    assert grounded is not None
    assert (grounded.runs[0].word_indices, grounded.n_occurrences) == ((0,), 3)


def test_the_pages_that_a_value_was_read_from_are_searched_first() -> None:
    pages = page_of_lines("Beer 5.00"), replace(page_of_lines("Wine Beer 7.00"), page_index=1)
    schema = _schema(item="verbatim", other="verbatim", third="verbatim")
    value: dict[str, JsonValue] = {"item": "Beer", "other": "Beer", "third": "Wine"}
    read_from: dict[Path, tuple[int, ...]] = {("item",): (1,), ("third",): (0,)}
    result = ground_extraction(value, schema, document_of(*pages), page_indices=read_from)
    cited = {path: entry.citations[0].page_number for path, entry in _metadata(result).items()}
    assert cited == {"item": 2, "other": 1, "third": 2}
    assert result.warnings == ()


def test_rows_of_a_long_document_are_found_on_their_own_pages() -> None:
    n_pages = 70  # more than the finest quantisation of their heights
    pages = [
        replace(page_of_lines("Item Qty Amount", "Tea 1 5.00", f"Cake{n} 1 5.00"), page_index=n)
        for n in range(n_pages)
    ]
    schema = _schema(lines=_rows(item="verbatim", quantity="amount", amount="amount"))
    rows: list[JsonValue] = [
        {"item": item, "quantity": "1", "amount": "5.00"}
        for n in range(n_pages)
        for item in ("Tea", f"Cake{n}")
    ]
    result = ground_extraction({"lines": rows}, schema, document_of(*pages))
    for position in range(2 * n_pages):
        cited = [_metadata(result)[f"lines[{position}].{key}"].citations[0] for key in ("item", "amount")]
        assert [c.page_number for c in cited] == [position // 2 + 1] * 2
        assert [c.word_indices[0] // 3 for c in cited] == [1 + position % 2] * 2


def test_rows_are_grounded_in_order_each_on_its_own_line() -> None:
    schema = _schema(
        lines=_rows(position="verbatim", item="verbatim", quantity="amount", price="amount", amount="amount")
    )
    rows: list[JsonValue] = [
        {"position": "1", "item": "Kaffee", "quantity": "2", "price": "1.234,50", "amount": "2.469,00"},
        {"position": "2", "item": "Tee", "quantity": "2", "price": "3,10", "amount": "6,20"},
        {"position": "3", "item": "Kaffee", "quantity": "1", "price": "1.234,50", "amount": "1.234,50"},
    ]
    result = ground_extraction({"lines": rows}, schema, _INVOICE)
    for index, line in enumerate((2, 3, 4)):
        for column in ("position", "item", "quantity", "price", "amount"):
            assert _line(result, f"lines[{index}].{column}") == (1, line)
    cited = [_metadata(result)[f"lines[1].{c}"].citations[0].word_indices for c in ("position", "quantity")]
    assert cited[0] != cited[1]  # both are "2", and each has its own word
    prices = [_metadata(result)[f"lines[2].{c}"].citations[0].bbox[0] for c in ("price", "amount")]
    assert prices[0] < prices[1]  # equal amounts stay in the order of the columns
    assert result.warnings == ()


def test_table_has_a_box_for_each_row_and_each_page() -> None:
    first = page_of_lines("Head", "Beer 5.00", "Wine 7.00")
    second = page_of_lines("Head", "Milk 5.00", "Total 17.00")
    schema = _schema(lines=_rows(item="verbatim", amount="amount"))
    rows: list[JsonValue] = [
        {"item": n, "amount": a} for n, a in (("Beer", "5.00"), ("Wine", "7.00"), ("Milk", "5.00"))
    ]
    result = ground_extraction({"lines": rows}, schema, document_of(first, second))
    (table,) = result.tables
    pages = [(row.path[-1], number) for row in table.rows for number, _ in row.boxes]
    assert pages == [(0, 1), (1, 1), (2, 2)]
    assert table.path == ("lines",)
    boxes = dict(table.boxes)
    assert _edges(boxes[1]) == pytest.approx((0, 1 / 40, 9 / 80, 2.7 / 40))
    assert _edges(boxes[2]) == pytest.approx((0, 1 / 40, 9 / 80, 1.7 / 40))


def test_misprinted_cell_is_found_on_its_own_row_and_not_where_it_is_spelled_right() -> None:
    document = document_of(
        page_of_lines("1001 Long Widget 5.00", "1002 Lony Widget 6.00", "1003 Blue Bolt 7.00")
    )
    schema = _schema(lines=_rows(code="verbatim", item="verbatim", amount="amount"))
    rows: list[JsonValue] = [
        {"code": "1001", "item": "Long Widget", "amount": "5.00"},
        {"code": "1002", "item": "Long Widget", "amount": "6.00"},
        {"code": "1003", "item": "Blue Bolt", "amount": "7.00"},
    ]
    result = ground_extraction({"lines": rows}, schema, document)
    assert _line(result, "lines[1].item") == (1, 1)
    assert _metadata(result)["lines[1].item"].alignment == "fuzzy"


def test_value_printed_once_for_all_rows_is_cited_in_each() -> None:
    document = document_of(page_of_lines("Delivered 12.05.2026", "Beer 5,00", "Wine 7,00", "Milk 25.12.2025"))
    schema = _schema(lines=_rows(item="verbatim", amount="amount", date="date"))
    rows: list[JsonValue] = [
        {"item": "Beer", "amount": "5,00", "date": "12.05.2026"},
        {"item": "Wine", "amount": "7,00", "date": "12.05.2026"},
    ]
    result = ground_extraction({"lines": rows}, schema, document)
    assert [_line(result, f"lines[{i}].date") for i in range(2)] == [(1, 0), (1, 0)]
    assert result.warnings == ()


def test_value_of_several_lines_has_one_citation_a_line() -> None:
    document = document_of(page_of_lines("Acme Inc          Invoice", "Long Street 5     4711"))
    schema = _schema(address="verbatim")
    result = ground_extraction({"address": "Acme Inc\nLong Street 5"}, schema, document)
    entry = _metadata(result)["address"]
    assert [c.reference_text for c in entry.citations] == ["Acme Inc", "Long Street 5"]
    assert (entry.alignment, entry.alignment_score) == ("normalised", 1.0)


def test_lists_of_texts_nested_objects_and_null_lists_are_walked() -> None:
    tags = ArraySpec(item=FieldSpec(kind="verbatim"))
    party = ObjectSpec(properties=(("name", FieldSpec(kind="verbatim")),), nullable=True)
    empty = ArraySpec(item=party, nullable=True)
    schema = _schema(tags=tags, seller=party, buyer=party, items=empty)
    value: dict[str, JsonValue] = {
        "tags": ["Kaffee", "Tee"],
        "seller": {"name": "ACME GmbH"},
        "buyer": None,
        "items": None,
    }
    result = ground_extraction(value, schema, _INVOICE)
    assert list(_metadata(result)) == ["tags[0]", "tags[1]", "seller.name"]
    assert result.warnings == ()


def test_document_without_words_grounds_nothing() -> None:
    result = ground_extraction({"total": "5.00"}, _schema(total="amount"), document_of(page_of_lines()))
    assert [w.code for w in result.warnings] == ["ungrounded_value"]
    assert _metadata(result)["total"].normalised == "5.00"


def test_algorithm_1_keeps_to_its_part_of_the_page() -> None:
    pages = (page_of_lines("Beer 5.00", "Beer 6.00", n_rows=10),)
    whole = back_calculate({"item": "Beer", "amount": "6.00", "note": ""}, pages, y_low=0, y_high=1)
    below = back_calculate({"item": "Beer", "amount": "6.00"}, pages, y_low=0.1, y_high=1)
    above = back_calculate({"item": "Beer", "amount": "6.00"}, pages, y_low=0, y_high=0.1)
    assert (whole[0], below[0], above[0]) == (2.0, 2.0, 1.0)
    assert whole[1]["item"].top == 0.0
    assert below[1]["item"].top == pytest.approx(0.1)
    assert list(above[1]) == ["item"]


_names = st.text(alphabet="abcdefghij", min_size=3, max_size=7)
_row = st.fixed_dictionaries({"item": _names, "quantity": st.integers(1, 3), "cents": st.integers(100, 999)})


@settings(max_examples=40)
@given(rows=st.lists(_row, min_size=1, max_size=12), n_first=st.integers(0, 12))
def test_rows_of_any_table_lead_back_to_their_lines(rows: list[dict[str, int | str]], n_first: int) -> None:
    cells: list[dict[str, JsonValue]] = [
        {"item": str(r["item"]), "quantity": str(r["quantity"]), "amount": f"{int(r['cents']) / 100:.2f}"}
        for r in rows
    ]
    printed = [f"{cell['item']:<20}{cell['quantity']:<6}{cell['amount']}" for cell in cells]
    document = document_of(
        page_of_lines("Items of this order", *printed[:n_first]), page_of_lines("More", *printed[n_first:])
    )
    schema = _schema(lines=_rows(item="verbatim", quantity="amount", amount="amount"))
    result = ground_extraction({"lines": list(cells)}, schema, document)
    assert result.warnings == ()
    for index, cell in enumerate(cells):
        page, line = (1, index + 1) if index < n_first else (2, index - n_first + 1)
        for column in cell:
            assert _line(result, f"lines[{index}].{column}") == (page, line)


_texts = st.text(alphabet="aB1.,-/ €é\n", max_size=16)


@settings(max_examples=60)
@given(lines=st.lists(_texts, max_size=8), texts=st.lists(_texts, min_size=4, max_size=4))
def test_any_answer_on_any_page_gives_citations_that_stand_or_warnings(
    lines: list[str], texts: list[str]
) -> None:
    document = document_of(page_of_lines(*(line.replace("\n", " ") for line in lines)))
    schema = _schema(a="verbatim", b="amount", c="date", rows=_rows(d="verbatim"))
    rows: list[JsonValue] = [{"d": texts[3]}, {"d": texts[3]}]
    value: dict[str, JsonValue] = {"a": texts[0], "b": texts[1], "c": texts[2], "rows": rows}
    result = ground_extraction(value, schema, document)
    assert set(_metadata(result)) == {"a", "b", "c", "rows[0].d", "rows[1].d"}
    warned = {w.path for w in result.warnings if w.code == "ungrounded_value"}
    for path, entry in _metadata(result).items():
        assert bool(entry.citations) != (path in warned)
        _assert_cited_words_stand(entry.citations, document)


def _assert_cited_words_stand(citations: tuple[Citation, ...], document: Document) -> None:
    for citation in citations:
        page = document.pages[citation.page_number - 1]
        words = [page.words[i] for i in citation.word_indices]
        assert citation.reference_text == " ".join(word.text for word in words)
        left, top, right, bottom = citation.bbox
        assert all(left <= w.bbox.left and w.bbox.right <= right for w in words)
        assert all(top <= w.bbox.top and w.bbox.bottom <= bottom for w in words)


def test_rows_come_with_their_cells_by_path_whatever_the_keys() -> None:
    taxes = ArraySpec(item=ObjectSpec(properties=(("rate.", FieldSpec(kind="amount")),)))
    item = ObjectSpec(properties=(("", FieldSpec(kind="verbatim")), ("[0]", taxes)))
    schema = _schema(**{"Lines [a]": ArraySpec(item=item), "Box [1]": FieldSpec(kind="verbatim")})
    document = document_of(page_of_lines("Beer 7%", "Wine 19%"))
    rows: list[JsonValue] = [{"": "Beer", "[0]": [{"rate.": "7%"}]}, {"": "Wine", "[0]": [{"rate.": "19%"}]}]
    result = ground_extraction({"Lines [a]": rows, "Box [1]": "Beer"}, schema, document)
    (table,) = result.tables
    assert [row.path for row in table.rows] == [("Lines [a]", 0), ("Lines [a]", 1)]
    cells = [{path: cell.value for path, cell in row.cells.items()} for row in table.rows]
    assert cells == [{("",): "Beer", ("[0]", 0, "rate."): "7%"}, {("",): "Wine", ("[0]", 0, "rate."): "19%"}]
    assert {path: field.value for path, field in result.fields.items()} == {("Box [1]",): "Beer"}
    assert [cell.amount for cell in table.rows[1].cells.values()] == [None, Decimal(19)]
    assert next(iter(_metadata(result))) == '["Box [1]"]'
    assert _line(result, '["Lines [a]"][1]["[0]"][0]["rate."]') == (1, 1)


def test_objects_in_lists_of_lists_are_grounded_too() -> None:
    schema = _schema(grid=ArraySpec(item=_rows(item="verbatim")))
    document = document_of(page_of_lines("Beer Wine", "Milk"))
    grid: JsonValue = [[{"item": "Beer"}, {"item": "Wine"}], [{"item": "Milk"}]]
    result = ground_extraction({"grid": grid}, schema, document)
    assert {path: _line(result, path)[1] for path in _metadata(result)} == {
        "grid[0][0].item": 0,
        "grid[0][1].item": 0,
        "grid[1][0].item": 1,
    }


@settings(max_examples=60, deadline=None)
@given(SPECS, st.data())
def test_every_leaf_of_any_answer_is_known_once_and_in_its_row(spec: Spec, data: st.DataObject) -> None:
    root = ObjectSpec(properties=(("x", spec), ("Box [1]", spec)))
    value: dict[str, JsonValue] = {"x": fitting(spec, data), "Box [1]": fitting(spec, data)}
    schema = ExtractionSchema(name="any", root=root, json_schema="{}")
    result = ground_extraction(value, schema, document_of(page_of_lines("a b 1 2", "[a] b. -3")))
    known = result.metadata
    assert sorted(map(json_path, known)) == sorted(json_path(leaf.path) for leaf in leaves(root, dict(value)))
    cells = {
        (*row.path, *path): cell
        for table in result.lists
        for row in table.rows
        for path, cell in row.cells.items()
    }
    assert cells.keys() == {path for path in known if row_path(path) is not None}
    for path, cell in cells.items():
        assert cell.metadata == known[path]
        assert cell.value == value_at(dict(value), path)
