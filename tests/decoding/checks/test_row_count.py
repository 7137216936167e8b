"""Rows that the page shows and the answer lacks do not go unnoticed."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from decoding.checks.completeness import find_evidence, warn_of_missing_rows
from decoding.grounding.ground import ground_extraction
from schemas.document import Document
from schemas.extraction import ExtractionWarning
from schemas.spec import ArraySpec, ExtractionSchema, FieldKind, FieldSpec, ObjectSpec, json_path
from tests.decoding.transcripts import document_of, page_of_lines

_KINDS: dict[str, FieldKind] = {"item": "verbatim", "price": "amount", "amount": "amount"}
_CELLS = (
    ("Coffee beans", "12.50", "25.00"),
    ("Green tea", "3.10", "6.20"),
    ("Black tea", "4.00", "4.00"),
    ("Sugar", "1.15", "2.30"),
    ("Milk", "0.99", "9.90"),
)
_PRINTED = tuple(f"{item:<20}{price:>10}{amount:>12}" for item, price, amount in _CELLS)
_FOOT = (
    f"{'Total':<20}{'':>10}{'47.40':>12}",
    f"{'Cash':<20}{'':>10}{'50.00':>12}",
    f"{'Change':<20}{'':>10}{'2.60':>12}",
)
_PAGE = page_of_lines("Corner Shop", "Item                     Price      Amount", *_PRINTED, *_FOOT)


def _check(rows: tuple[int, ...], document: Document) -> tuple[ExtractionWarning, ...]:
    item = ObjectSpec(properties=tuple((key, FieldSpec(kind=kind)) for key, kind in _KINDS.items()))
    root = ObjectSpec(properties=(("lines", ArraySpec(item=item)),))
    schema = ExtractionSchema(name="test", root=root, json_schema="{}")
    cells: list[JsonValue] = [dict(zip(_KINDS, _CELLS[i], strict=True)) for i in rows]
    grounded = ground_extraction({"lines": cells}, schema, document)
    return warn_of_missing_rows(find_evidence(grounded, document, {}))


def test_complete_list_is_not_doubted() -> None:
    assert _check((0, 1, 2, 3, 4), document_of(_PAGE)) == ()


@pytest.mark.parametrize(
    ("rows", "n_missing"),
    [((0, 1, 2, 3), 1), ((1, 2, 3, 4), 1), ((0, 1, 3, 4), 1), ((0, 4), 3), ((0, 1), 3), ((2, 3), 3)],
)
def test_rows_left_out_anywhere_are_counted(rows: tuple[int, ...], n_missing: int) -> None:
    (found,) = _check(rows, document_of(_PAGE))
    assert (found.code, found.path, found.page_number) == ("list_incomplete", "lines", 1)
    assert found.message.startswith(f"{n_missing} more lines")


def test_rows_on_the_next_page_are_counted() -> None:
    carried = f"{'Carried forward':<20}{'':>10}{'35.20':>12}"
    first = page_of_lines("Corner Shop", *_PRINTED[:3], carried, "", "", "VAT id GB1 Page 1 of 2")
    second = page_of_lines(
        "Corner Shop", "", "Item                     Price      Amount", *_PRINTED[3:], *_FOOT
    )
    (found,) = _check((0, 1, 2), document_of(first, second))
    assert (found.page_number, found.message[0]) == (2, "2")
    assert _check((0, 1, 2, 3, 4), document_of(first, second)) == ()


def test_totals_taxes_and_discounts_are_no_rows() -> None:
    foot = ("Subtotal", "FOODTAX", "MwSt 19%", "Rabatt", "Zwischensumme", "BALANCEDUE")
    lines = [f"{word:<20}{'1.00':>10}{'7.77':>12}" for word in foot]
    assert _check((0, 1, 2, 3, 4), document_of(page_of_lines(*_PRINTED, *lines))) == ()


@pytest.mark.parametrize(
    ("marks", "n_missing"), [(("02.03.", "04.03.", "05.03."), 1), (("1", "2", "3"), 1), (("A", "B", "C"), 0)]
)
def test_a_marked_line_is_a_row_though_its_words_name_a_tax(marks: tuple[str, ...], n_missing: int) -> None:
    names = ("Coffee beans", "Green tea", "Tax consulting")
    lines = [
        f"{mark:<8}{name:<20}{price:>10}{amount:>12}"
        for mark, name, (_, price, amount) in zip(marks, names, _CELLS, strict=False)
    ]
    foot = f"{'05.03.':<8}{'New balance':<20}{'1.00':>10}{'7.77':>12}"
    found = _check((0, 1), document_of(page_of_lines(*lines, foot)))
    assert [warning.message[0] for warning in found] == ([str(n_missing)] if n_missing else [])


def test_line_with_the_sum_of_the_rows_is_a_total_in_any_language() -> None:
    line = f"{'Kaikki yhteensä':<20}{'47.40':>10}{'47.40':>12}"
    assert _check((0, 1, 2, 3, 4), document_of(page_of_lines(*_PRINTED, line))) == ()


def test_amounts_outside_the_columns_and_far_away_lines_are_no_rows() -> None:
    beside = "Call us 12.50 25.00 any time"
    far = page_of_lines(*_PRINTED, *[""] * 8, _PRINTED[0].replace("Coffee beans", "Other table."))
    assert _check((0, 1, 2, 3, 4), document_of(page_of_lines(*_PRINTED, beside))) == ()
    assert _check((0, 1, 2, 3, 4), document_of(far)) == ()


def test_one_row_or_none_shows_no_structure() -> None:
    assert _check((1,), document_of(_PAGE)) == ()
    assert _check((), document_of(_PAGE)) == ()


def _check_fields(lines: tuple[str, ...], **fields: str) -> tuple[ExtractionWarning, ...]:
    root = ObjectSpec(properties=tuple((key, FieldSpec(kind="amount")) for key in fields))
    schema = ExtractionSchema(name="test", root=root, json_schema="{}")
    document = document_of(page_of_lines(*lines))
    grounded = ground_extraction(dict(fields), schema, document)
    return warn_of_missing_rows(find_evidence(grounded, document, {}))


def test_fields_whose_keys_look_like_rows_lack_no_row() -> None:
    """A form with numbered boxes: a third one like them is no row that the answer lacks."""
    lines = ("Wages      12.50", "Bonus      25.00", "Pension    31.75")
    assert _check_fields(lines, **{"Box [1]": "12.50", "Box [2]": "25.00"}) == ()


@pytest.mark.parametrize("key", ["Box [1]", "a.b", "[0]"])
def test_rows_left_out_under_any_key_are_counted(key: str) -> None:
    item = ObjectSpec(properties=tuple((column, FieldSpec(kind=kind)) for column, kind in _KINDS.items()))
    root = ObjectSpec(properties=((key, ArraySpec(item=item)), ("Sum [EUR]", FieldSpec(kind="amount"))))
    schema = ExtractionSchema(name="test", root=root, json_schema="{}")
    cells: list[JsonValue] = [dict(zip(_KINDS, _CELLS[i], strict=True)) for i in range(4)]
    # the last line is set like a row, but its amount is that of a field outside of the list
    last = f"{'Altogether':<20}{'47.41':>10}{'47.41':>12}"
    document = document_of(page_of_lines(*_PRINTED, last))
    grounded = ground_extraction({key: cells, "Sum [EUR]": "47.41"}, schema, document)
    (found,) = warn_of_missing_rows(find_evidence(grounded, document, {}))
    assert (found.path, found.message[0]) == (json_path((key,)), "1")
