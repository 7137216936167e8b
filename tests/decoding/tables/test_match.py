from __future__ import annotations

from dataclasses import replace

import pytest

from decoding.tables.decided import decide, value_kinds
from decoding.tables.find import find_tables
from decoding.tables.match import ScopedRow, match_lists
from decoding.tables.priced_lines import find_priced_lines
from decoding.tables.table import TableRow
from schemas.document import Document
from schemas.spec import FieldKind, FieldSpec, ObjectSpec
from tests.decoding.tables.pages import item, pages, rows_of

GOODS = """Pos   Description   Price   Qty   Amount
1     Paper blue     2.00     3     6.00
2     Ink            5.00     1     5.00"""
LINE = item(
    position="verbatim", description="verbatim", quantity="amount", unit_price="amount", amount="amount"
)


def scoped(document: Document, root: ObjectSpec) -> tuple[ScopedRow, ...]:
    found = match_lists(root, find_tables(document), find_priced_lines(document))
    return next((known.rows for known in found.values()), ())


def said(document: Document, row: ScopedRow, key: str) -> list[str]:
    return [" ".join(document.pages[row.page_index].words[i].text for i in cell) for cell in row.cells[key]]


def test_each_key_is_taken_from_its_own_column() -> None:
    document = pages(GOODS)
    first, second = scoped(document, rows_of(LINE))
    assert said(document, first, "unit_price") == ["2.00"]
    assert said(document, first, "quantity") == ["3"]
    assert said(document, second, "description") == ["Ink"]
    assert first.filled == {"position", "description", "quantity", "unit_price", "amount"}


def test_a_key_without_a_column_is_never_taken_from_another_keys() -> None:
    document = pages(GOODS)
    (first, _) = scoped(
        document, rows_of(item(description="verbatim", tax_rate="amount", units="verbatim", amount="amount"))
    )
    assert said(document, first, "tax_rate") == []


def test_of_keys_that_claim_one_column_the_one_that_is_called_as_it_is_has_it() -> None:
    document = pages(GOODS)
    first, _ = scoped(document, rows_of(item(description="verbatim", amount="amount", amount_gross="amount")))
    assert first.filled == {"description", "amount"}


def test_of_two_keys_of_one_column_either_has_its_value() -> None:
    document = pages(GOODS)
    first, _ = scoped(
        document, rows_of(item(description="verbatim", amount_net="amount", amount_gross="amount"))
    )
    assert said(document, first, "amount_net") == said(document, first, "amount_gross") == ["6.00"]
    assert first.filled == {"description"}
    assert first.either == (("amount_net", "amount_gross"),)


@pytest.mark.parametrize(
    ("heading", "asked", "price"),
    [
        # The description may have it, too.
        ("Price", item(description="verbatim", quantity="amount", unit_price="amount"), ["Revise", "300.00"]),
        ("Total", item(description="verbatim", quantity="amount", unit_price="amount"), ["Revise"]),
        # It is the row's, as nothing else is.
        ("Price", LINE, ["Revise"]),
    ],
)
def test_the_only_price_may_be_the_units_where_the_rows_is_not_asked_for(
    heading: str, asked: ObjectSpec, price: list[str]
) -> None:
    text = f"Item        Quantity   {heading}\nRevise             2   300.00\nScan               1   100.00"
    first, _ = scoped(document := pages(text), rows_of(asked))
    assert said(document, first, "unit_price") == price
    assert "unit_price" not in first.filled


def test_a_list_goes_over_all_tables_of_its_shape() -> None:
    other = "Pos   Description   Price   Qty   Unit   Amount\n3     Pens           1.00     2   box     2.00"
    document = pages(GOODS, other)
    assert len(scoped(document, rows_of(LINE))) == 3


def test_a_breakdown_of_taxes_is_no_list_of_goods() -> None:
    document = pages(
        "Tax code   Rate %   Taxable amount   Tax amount\nS          19       100.00           19.00"
    )
    assert scoped(document, rows_of(LINE)) == ()


def test_more_rows_than_the_schema_allows_are_left_to_the_model() -> None:
    assert scoped(pages(GOODS), rows_of(LINE, max_items=1)) == ()


def test_a_receipt_without_a_heading_gives_its_lines() -> None:
    document = pages("SOUP     2.40\nBREAD    3.00\nTOTAL    5.40")
    rows = scoped(document, rows_of(item(description="verbatim", amount="amount")))
    assert [len(row.words) for row in rows] == [1, 1]
    assert scoped(document, rows_of(item(label="verbatim", value="verbatim"))) == ()


@pytest.mark.parametrize(
    ("heading", "key", "is_filled"),
    [
        ("Référence", "code", True),
        ("Art.-Nr.", "sku", True),
        ("EAN", "sku", False),
        ("Art. Nr. Kunde", "code", False),
        ("Item no", "gtin", False),
    ],
)
def test_a_column_of_article_numbers_fills_the_key_unless_others_have_numbers_too(
    heading: str, key: str, *, is_filled: bool
) -> None:
    document = pages(f"{heading:<16}Description   Qty   Amount\nK-1234          Paper blue    3     6.00")
    kinds: dict[str, FieldKind] = {key: "verbatim", "description": "verbatim", "amount": "amount"}
    (row,) = scoped(document, rows_of(item(**kinds)))
    assert (key in row.filled) is is_filled


def test_a_table_under_the_same_heading_less_understood_fills_the_list_too() -> None:
    document = pages(
        "Artikel                QtyUnit  Preis   Betrag\nPaper                  3 box    2,00     6,00\n"
        "Artikel                Qty Unit Preis   Betrag\nInk                    1 box    5,00     5,00\n"
        "Gesamtbetrag                            11,00"
    )
    assert len(scoped(document, rows_of(LINE))) == 2


def test_keys_in_camel_case_have_their_columns() -> None:
    document = pages(GOODS)
    first, _ = scoped(document, rows_of(item(unitPriceGross="amount", count="amount")))
    assert said(document, first, "unitPriceGross") == ["2.00"]
    assert said(document, first, "count") == ["3"]


def test_a_name_may_stand_in_the_column_of_codes_where_there_is_no_other() -> None:
    document = pages(
        "Line   Air date     Inventory code   Total\n1      09/15/2013   Sa 12a-6p        145.00\n"
        "2      09/22/2013   M-F 8a-12p       160.00"
    )
    first, _ = scoped(document, rows_of(item(product="verbatim", line_no="verbatim", bookingDate="date")))
    assert said(document, first, "product") == ["Sa 12a-6p"]


def test_goods_with_a_rate_and_an_amount_of_tax_are_no_breakdown() -> None:
    text = (
        "Description   Qty   Net price   Net amount   VAT %   VAT amount\n"
        "Bread           2        3.00         6.00       7         0.42\n"
        "Wine            1        9.00         9.00      19         1.71"
    )
    spec = rows_of(item(description="verbatim", quantity="amount", unit_price="amount", amount="amount"))
    (table,) = find_tables(pages(text))
    assert [column.kind for column in table.columns][2:4] == ["unit_price", "amount"]
    assert len(match_lists(spec, [table])["line_items",].rows) == 2


def test_payments_below_goods_are_not_rows_of_goods() -> None:
    text = (
        "Pos   Description          Qty   Unit price   Amount\n"
        "1     Paper                 10         4.50    45.00\n\n"
        "                                Total          45.00\n\n"
        "Date        Description                       Amount\n"
        "01.03.2026  Deposit bank transfer              20.00"
    )
    spec = rows_of(item(description="verbatim", quantity="amount", unit_price="amount", amount="amount"))
    tables = find_tables(pages(text))
    assert len(tables) == 2
    assert len(match_lists(spec, tables)["line_items",].rows) == 1


def test_the_amount_of_a_booking_is_taken_from_debit_or_credit() -> None:
    text = (
        "Date         Description      Debit     Credit     Balance\n"
        "02.03.2026   Rent            500.00                 500.00\n"
        "03.03.2026   Salary                   2,000.00    2,500.00"
    )
    document = pages(text)
    spec = rows_of(item(date="date", description="verbatim", amount="amount", balance="amount"))
    rows = match_lists(spec, find_tables(document))["line_items",].rows
    words = document.pages[0].words
    amounts = [[words[i].text for cell in row.cells["amount"] for i in cell] for row in rows]
    assert amounts == [["500.00"], ["2,000.00"]]


@pytest.mark.parametrize(
    ("columns", "values"),
    [("Debit     Credit", ("debit", "credit")), ("Soll      Haben ", ("Soll", "Haben"))],
)
def test_which_column_a_booking_fills_says_its_direction(columns: str, values: tuple[str, str]) -> None:
    text = (
        f"Date         Description      {columns}    Balance\n"
        "02.03.2026   Rent            500.00                 500.00\n"
        "03.03.2026   Salary                   2,000.00    2,500.00\n"
        "04.03.2026   Both              5.00       5.00    2,500.00"
    )
    described = {"description": "verbatim", "amount": "amount", "balance": "amount"}
    spec = item(**described)  # pyright: ignore[reportArgumentType]
    way = FieldSpec(kind="enum", enum_values=(*values, None), description="Money out or in")
    spec = replace(spec, properties=(("way", way), *spec.properties))
    rows = match_lists(rows_of(spec), find_tables(pages(text)))["line_items",].rows
    assert [row.decided for row in rows] == [{"way": values[0]}, {"way": values[1]}, {}]
    # Its column is the amount's, whatever the key's description says.
    assert ["amount" in row.filled for row in rows] == [True, True, False]
    assert all("way" not in row.cells for row in rows)


@pytest.mark.parametrize("values", [("debit", "other"), ("debit", "soll"), ("debit",), ("debit", 1)])
def test_values_that_are_not_each_a_column_decide_nothing(values: tuple[str, ...]) -> None:
    assert value_kinds(FieldSpec(kind="enum", enum_values=values)) == {}
    assert value_kinds(FieldSpec(kind="verbatim")) == {}


def test_a_text_that_may_belong_to_two_rows_leaves_what_is_decided() -> None:
    row = TableRow(page_index=0, cells=((0,), (), (1,)), others=((0, 5), (), ()))
    assert decide(row, {"way": {"debit": 1, "credit": 2}}) == {"way": "credit"}
