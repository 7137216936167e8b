from __future__ import annotations

import json

import pytest

from decoding.engines.row_drafts import RowDrafter
from decoding.grammar.json_cursor import JsonCursor
from decoding.grammar.page_terms import LikelyRow
from schemas.spec import ArraySpec, FieldSpec, ObjectSpec
from tests.decoding.pages import schema_of

KEYS = ("code", "name", "unit", "price", "total")
SCHEMA = schema_of(
    title=FieldSpec(kind="verbatim"),
    rows=ArraySpec(
        item=ObjectSpec(properties=tuple((key, FieldSpec(kind="verbatim")) for key in KEYS)), max_items=9
    ),
)
TABLE = (
    LikelyRow(
        cells={"code": "A1", "name": "Copy paper white", "price": "2.00"}, text="A1 Copy paper white 2.00"
    ),
    LikelyRow(cells={"code": "B2", "name": "Ink jet black", "price": "3.00"}, text="B2 Ink jet black 3.00"),
    LikelyRow(cells={"code": "C3", "name": "Größe L", "price": "4.00"}, text="C3 Größe L 4.00"),
)
OPENING = '{"title":null,"rows":['


def _draft(written: str, rows: tuple[LikelyRow, ...] = TABLE) -> str:
    text = (OPENING + written).encode().decode("latin-1")
    cursor = JsonCursor()
    cursor.feed(text)
    return RowDrafter(SCHEMA, {("rows",): rows}).draft(cursor, text).encode("latin-1").decode()


def _row(code: str | None, name: str | None, price: str | None) -> str:
    values = {"code": code, "name": name, "unit": None, "price": price, "total": None}
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def test_the_first_row_is_drafted_from_its_columns_and_no_further() -> None:
    assert _draft("") == _row("A1", "Copy paper white", "2.00")
    started = '{"code":"A1","name":"Co'
    assert _draft(started) == _row("A1", "Copy paper white", "2.00").removeprefix(started)


def test_rows_after_one_that_was_written_are_drafted_up_to_the_end() -> None:
    first, second = _row("A1", "Copy paper white", "2.00"), _row("B2", "Ink jet black", "3.00")
    third = _row("C3", "Größe L", "4.00")
    assert _draft(first) == f",{second},{third}]"
    assert _draft(f"{first},{second[:30]}") == f"{second[30:]},{third}]"
    assert _draft(f"{first},{second},{third}") == "]"


def test_a_value_is_taken_from_its_cell_as_in_the_row_before() -> None:
    assert _draft(f"{_row('A1', 'Copy paper', None)},").startswith(_row("B2", "Ink jet", None))
    assert _draft(f"{_row(None, 'white', '2.00')},").startswith(_row(None, "black", "3.00"))


def test_a_row_that_goes_on_otherwise_is_drafted_behind_the_value_that_differs() -> None:
    assert _draft('{"code":"A1","name":"Other"') == ',"unit":null,"price":"2.00","total":null}'
    assert _draft('{"code":"A1","name":"Oth') == ""


def test_rows_that_were_left_out_are_passed_over() -> None:
    assert _draft(f"{_row('B2', 'Ink jet black', '3.00')},").startswith(_row("C3", "Größe L", "4.00"))
    assert _draft(f"{_row('A1', 'Copy paper white', '2.00')},{_row('C3', 'Größe L', '4.00')[:14]}") == (
        _row("C3", "Größe L", "4.00")[14:] + "]"
    )


def test_rows_without_columns_go_by_the_row_before() -> None:
    rows = tuple(
        LikelyRow(cells={}, text=text) for text in ("White bread 1.20", "Milk 0.90", "Six eggs 2.10")
    )
    assert _draft("", rows) == '{"code":'
    assert _draft(f"{_row(None, 'White bread', '1.20')},", rows) == (
        _row(None, "Milk", "0.90") + "," + _row(None, "Six eggs", "2.10") + "]"
    )


def test_outside_of_known_rows_nothing_is_drafted() -> None:
    cursor = JsonCursor()
    cursor.feed('{"title":"A')
    assert RowDrafter(SCHEMA, {("rows",): TABLE}).draft(cursor, '{"title":"A') == ""
    assert RowDrafter(SCHEMA, {}).draft(cursor, '{"title":"A') == ""


def test_a_word_of_the_schemas_own_is_drafted_as_in_the_row_before() -> None:
    schema = schema_of(
        rows=ArraySpec(
            item=ObjectSpec(
                properties=(("price", FieldSpec(kind="verbatim")), ("way", FieldSpec(kind="verbatim")))
            )
        )
    )
    rows = tuple(LikelyRow(cells={"price": price}, text=f"Rent {price}") for price in ("1.00", "2.00"))
    drafter = RowDrafter(schema, {("rows",): rows})
    text = '{"rows":[{"price":"1.00","way":"debit"},{'
    cursor = JsonCursor()
    cursor.feed(text)
    assert drafter.draft(cursor, text) == '"price":"2.00","way":"debit"}]'


@pytest.mark.parametrize("kind", ["number", "integer"])
def test_numbers_are_written_without_quotes(kind: str) -> None:
    schema = schema_of(
        rows=ArraySpec(item=ObjectSpec(properties=(("n", FieldSpec(kind=kind)),)))  # pyright: ignore[reportArgumentType]
    )
    drafter = RowDrafter(schema, {("rows",): (LikelyRow(cells={"n": "1,200"}, text="1,200"),)})
    cursor = JsonCursor()
    cursor.feed('{"rows":[')
    assert drafter.draft(cursor, '{"rows":[') in ('{"n":1200}', '{"n":1.200}')
