"""Lists whose rows a table shows: what the grammar admits in each."""

from __future__ import annotations

import json

import pytest

from decoding.grammar.build import Grammar, build_grammar
from decoding.tables.match import ScopedList, ScopedRow
from schemas.spec import ArraySpec, FieldSpec, ObjectSpec, Path
from tests.decoding.engines.sampler import accepts
from tests.decoding.pages import document_of, schema_of

VERBATIM = FieldSpec(kind="verbatim", nullable=True)


def _known_rows(*, is_sure: bool = True) -> Grammar:
    # Two rows of three words: description, price, amount.
    document = document_of(("paper 2.00 6.00", "ink 5.00 5.00", "Total 11.00"))
    rows = tuple(
        ScopedRow(
            page_index=0,
            cells={"name": ((start,),), "price": ((start + 1,),), "amount": ((start + 2,),), "tax": ()},
            filled=frozenset({"name", "amount"}),
            words=((start, start + 1, start + 2),),
        )
        for start in (0, 3)
    )
    row = ObjectSpec(
        properties=(
            ("name", VERBATIM),
            ("price", FieldSpec(kind="amount", nullable=True)),
            ("amount", FieldSpec(kind="amount", nullable=True)),
            ("tax", FieldSpec(kind="amount", nullable=True)),
        )
    )
    known: dict[Path, ScopedList] = {("rows",): ScopedList(rows=rows, is_sure=is_sure)}
    return build_grammar(schema_of(rows=ArraySpec(item=row)), document, rows=known)


def _row(name: str | None, price: str | None, amount: str | None, tax: str | None = None) -> str:
    return json.dumps({"name": name, "price": price, "amount": amount, "tax": tax}, separators=(",", ":"))


FIRST, SECOND = _row("paper", "2.00", "6.00"), _row("ink", "5.00", "5.00")


@pytest.mark.parametrize(
    "rows",
    [
        f"{SECOND},{FIRST}",  # in another order
        f"{FIRST},{FIRST}",  # one twice
        FIRST,  # one missing
        "",
        f"{FIRST},{SECOND},{_row('Total', None, '11.00')}",  # one that is none
        f"{_row('ink', '2.00', '6.00')},{SECOND}",  # another row's word
        f"{_row('paper', '6.00', '2.00')},{SECOND}",  # swapped
        f"{_row('paper', '2.00', None)},{SECOND}",  # a filled cell left out
        f"{_row('paper', '2.00', '6.00', '6.00')},{SECOND}",  # a column that is not there
    ],
)
def test_known_rows_are_given_once_in_order_from_their_own_cells(rows: str) -> None:
    lark = _known_rows().lark
    assert accepts(lark, f'{{"rows":[{FIRST},{SECOND}]}}')
    assert accepts(lark, f'{{"rows":[{_row("paper", None, "6.00")},{SECOND}]}}')
    assert not accepts(lark, f'{{"rows":[{rows}]}}')


def test_rows_in_doubt_may_be_left_out_but_not_moved() -> None:
    lark = _known_rows(is_sure=False).lark
    for rows in ("", FIRST, SECOND, f"{FIRST},{SECOND}"):
        assert accepts(lark, f'{{"rows":[{rows}]}}')
    assert not accepts(lark, f'{{"rows":[{SECOND},{FIRST}]}}')
    assert not accepts(lark, f'{{"rows":[{FIRST},{FIRST}]}}')


def test_what_must_not_be_null_is_taken_from_anywhere_in_the_row() -> None:
    document = document_of(("paper 2.00", "Total 11.00"))
    row = ScopedRow(page_index=0, cells={"code": ()}, filled=frozenset(), words=((0, 1),))
    spec = ArraySpec(item=ObjectSpec(properties=(("code", FieldSpec(kind="verbatim", nullable=False)),)))
    known: dict[Path, ScopedList] = {("rows",): ScopedList(rows=(row,), is_sure=True)}
    lark = build_grammar(schema_of(rows=spec), document, rows=known).lark
    assert accepts(lark, '{"rows":[{"code":"paper"}]}')
    assert not accepts(lark, '{"rows":[{"code":"Total"}]}')


def test_what_a_row_decides_is_all_that_is_admitted() -> None:
    document = document_of(("Rent 5.00",))
    rows = tuple(
        ScopedRow(page_index=0, cells={}, filled=frozenset(), words=((0, 1),), decided=decided)
        for decided in ({"way": "debit"}, dict[str, str]())
    )
    way = FieldSpec(kind="enum", enum_values=("debit", "credit", None), nullable=True)
    known: dict[Path, ScopedList] = {("rows",): ScopedList(rows=rows, is_sure=True)}
    schema = schema_of(rows=ArraySpec(item=ObjectSpec(properties=(("way", way),))))
    grammar = build_grammar(schema, document, rows=known)
    for first, second in (("debit", "debit"), ("debit", "credit"), ("debit", None)):
        text = json.dumps({"rows": [{"way": first}, {"way": second}]}, separators=(",", ":"))
        assert accepts(grammar.lark, text)
    for wrong in ("credit", None):
        text = json.dumps({"rows": [{"way": wrong}, {"way": "debit"}]}, separators=(",", ":"))
        assert not accepts(grammar.lark, text)


def test_of_two_keys_of_one_filled_column_one_has_its_value_or_both_have() -> None:
    document = document_of(("Surcharge 6.00",))
    cells = {"name": ((0,),), "net": ((1,),), "gross": ((1,),)}
    row = ScopedRow(
        page_index=0, cells=cells, filled=frozenset({"name"}), words=((0, 1),), either=(("net", "gross"),)
    )
    amount = FieldSpec(kind="amount", nullable=True)
    item = ObjectSpec(properties=(("name", VERBATIM), ("net", amount), ("gross", amount)))
    known: dict[Path, ScopedList] = {("rows",): ScopedList(rows=(row,), is_sure=True)}
    lark = build_grammar(schema_of(rows=ArraySpec(item=item)), document, rows=known).lark
    for net, gross in (("6.00", None), (None, "6.00"), ("6.00", "6.00"), (None, None)):
        text = json.dumps(
            {"rows": [{"name": "Surcharge", "net": net, "gross": gross}]}, separators=(",", ":")
        )
        assert accepts(lark, text) == (net is not None or gross is not None)


@pytest.mark.parametrize("amount", ["21", "400"])
def test_a_blank_between_thousands_parts_no_number_in_a_cell_of_its_own(amount: str) -> None:
    document = document_of(("paper 21 400 kg",))
    row = ScopedRow(
        page_index=0,
        cells={"name": ((0,),), "quantity": ((1, 2, 3),)},
        filled=frozenset({"name", "quantity"}),
        words=((0, 1, 2, 3),),
    )
    item = ObjectSpec(properties=(("name", VERBATIM), ("quantity", FieldSpec(kind="amount", nullable=True))))
    known: dict[Path, ScopedList] = {("rows",): ScopedList(rows=(row,), is_sure=True)}
    lark = build_grammar(schema_of(rows=ArraySpec(item=item)), document, rows=known).lark

    def answer(quantity: str) -> str:
        rows = [{"name": "paper", "quantity": quantity}]
        return json.dumps({"rows": rows}, separators=(",", ":"))

    assert accepts(lark, answer("21 400"))
    assert not accepts(lark, answer(amount))
