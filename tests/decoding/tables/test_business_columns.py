"""Columns as bills of works, freight, insurance and rent have them: many of numbers, headed in many ways."""

from __future__ import annotations

import pytest

from decoding.tables.find import find_tables
from decoding.tables.headings import heading_ends, heading_kinds
from tests.decoding.tables.pages import item, pages, rows_of
from tests.decoding.tables.test_clerks_tables import kinds
from tests.decoding.tables.test_match import said, scoped
from tests.decoding.tables.test_row_marks import column

BILLED = item(
    position="verbatim",
    code="verbatim",
    description="verbatim",
    quantity="amount",
    unit_price_net="amount",
    tax_rate="amount",
    amount_net="amount",
)
VALUATION = (
    "Ref   Work item           Unit   Contract qty   Qty to date   This qty   Rate £   Amount £   VAT\n"
    "A1    Excavate trench     m               400           320        120    14.50   1,740.00   R\n"
    "A2    Lay 150 mm pipe     m               400           280        100    28.75   2,875.00   R\n"
    "B1    Manhole             nr                6             4          2   450.00     900.00   S"
)


def values(text: str, key: str, row: int = 0) -> list[str]:
    return said(pages(text), scoped(pages(text), rows_of(BILLED))[row], key)


def test_what_of_binds_is_no_heading_of_its_own() -> None:
    assert heading_ends(["Description", "of", "articles"]) == ()
    assert heading_ends(["Work", "item"]) == ()
    assert heading_ends(["Qty", "EP", "netto"]) == (1, 3)


@pytest.mark.parametrize("text", ["EUR/m3", "Rent/sq ft", "£ per kWh", "Preis/100", "Price per kg"])
def test_an_amount_for_each_is_a_unit_price(text: str) -> None:
    assert heading_kinds(text) == ("unit_price",)


@pytest.mark.parametrize("text", ["Debit/Credit", "Amount/EUR", "Currency/Amount"])
def test_other_strokes_make_no_price(text: str) -> None:
    assert "unit_price" not in heading_kinds(text)


def test_of_several_quantities_the_one_that_is_billed_is_the_rows() -> None:
    assert values(VALUATION, "quantity") == ["120"]
    assert values(VALUATION, "quantity", 2) == ["2"]
    open_price = VALUATION.replace("14.50", "14.60").replace("28.75", "28.95")
    assert values(open_price, "quantity") == ["400", "320", "120"]


def test_a_price_after_discount_is_the_one_that_the_amount_is_reckoned_with() -> None:
    text = (
        "Pos   Beschreibung      Menge   EP EUR   Nachl. %   EP netto   GP EUR\n"
        "1     Einrichten            2   400,00       3,00     388,00   776,00\n"
        "2     Betonstahl           10     1,35       2,00       1,32    13,20"
    )
    assert values(text, "unit_price_net") == ["388,00"]
    assert values(text, "amount_net") == ["776,00"]


def test_letters_of_taxes_are_no_rates() -> None:
    assert kinds(VALUATION)[-1] == "tax_code"
    row, *_ = scoped(pages(VALUATION), rows_of(BILLED))
    assert "tax_rate" not in row.filled
    assert kinds(VALUATION.replace("R\n", "20\n").replace("   S", "   5"))[-1] == "tax_rate"


@pytest.mark.parametrize(
    ("second", "third", "expected"),
    [("ordered", "shipped", "200"), ("bestellt", "geliefert", "200"), ("Shipped", "Backorder", "300")],
)
def test_what_was_delivered_is_the_quantity(second: str, third: str, expected: str) -> None:
    text = (
        f"Line   Item no   Description    {second:>10}   {third:>10}   UOM\n"
        f"1      HX-40     Hex bolt       {500:>10}   {500:>10}   EA\n"
        f"2      HX-60     Hex bolt       {300:>10}   {200:>10}   EA"
    )
    assert values(text, "quantity", 1) == [expected]


def test_keys_of_ordered_and_delivered_goods_have_their_own_columns() -> None:
    text = (
        "Description    Ordered   Delivered\n"
        "Hex bolt           500         400\n"
        "Washer             300         200"
    )
    spec = rows_of(item(description="verbatim", qty_ordered="amount", qty_delivered="amount"))
    row, _ = scoped(pages(text), spec)
    assert said(pages(text), row, "qty_ordered") == ["500"]
    assert said(pages(text), row, "qty_delivered") == ["400"]


def test_numbers_under_the_heading_of_a_unit_are_of_flats_and_an_empty_one_is_a_row() -> None:
    text = (
        "Unit   Tenant        Lease end     Sq ft   Rent/sq ft   Monthly rent\n"
        "101    Bakery Lane   31/12/2027    1,200         1.50       1,800.00\n"
        "102    Vacant                        850\n"
        "103    Nova Optics   30/06/2028      960         1.75       1,680.00"
    )
    assert kinds(text) == ["code", "description", None, "quantity", "unit_price", "amount"]
    assert column(text, 0) == ["101", "102", "103"]
    assert column(text, 3) == ["1,200", "850", "960"]


def test_a_heading_of_which_little_is_known_is_one_above_cells_of_its_own() -> None:
    text = (
        "Waybill    From - To         Kolli    Freight      Fuel      Toll   Total CHF\n"
        "8810022    Basel - Lyon          4     410.00     49.20     18.00      477.20\n"
        "8810047    Basel - Torino        2     280.00     33.60     22.50      336.10\n"
        "8810051    Bern - Graz          11   1,190.00    142.80     61.00    1,393.80"
    )
    assert column(text, 6) == ["477.20", "336.10", "1,393.80"]
    assert column(text, 1) == ["Basel - Lyon", "Basel - Torino", "Bern - Graz"]
    assert kinds(text)[1] == "description"
    # A line of so many words above a line of text is none.
    prose = "Waybill    From - To    Freight    Fuel    Total CHF\nall of these stand in one sentence here"
    assert find_tables(pages(prose)) == ()


def test_days_that_debts_are_old_are_headings() -> None:
    text = (
        "Beleg      Datum       Text         Betrag    0-30 Tage    31-60 Tage    > 60 Tage\n"
        "RE-1001    05.12.25    Rechnung     450,00                     450,00\n"
        "RE-1044    12.01.26    Rechnung   1.210,50     1.210,50\n"
        "RE-0915    02.10.25    Rechnung      88,00                                   88,00"
    )
    assert column(text, 3) == ["450,00", "1.210,50", "88,00"]
    assert column(text, 4) == ["", "1.210,50", ""]


def test_a_blank_between_thousands_parts_no_number_from_its_unit() -> None:
    text = (
        "Artikel   Benämning    Antal    Enhet   Á-pris       Summa\n"
        "1001      Broschyr    12 000 st           1,15   13 800,00\n"
        "1002      Etikett    250 000 st           0,04   10 000,00"
    )
    assert column(text, 2) == ["12 000 st", "250 000 st"] or column(text, 2) == ["12 000", "250 000"]


def test_a_net_that_taxes_are_reckoned_on_is_no_list_of_goods() -> None:
    text = (
        "Description      Qty   Amount\n"
        "Paper              2     7.33\n"
        "Toner              1    72.24\n"
        "Total                   79.57\n"
        "CODE     %      NET     TAX\n"
        "SR       6    79.57    4.77"
    )
    assert [values(text, "amount_net", row) for row in (0, 1)] == [["7.33"], ["72.24"]]
    assert len(scoped(pages(text), rows_of(BILLED))) == 2


def test_a_table_of_nothing_but_a_total_has_no_row() -> None:
    text = "By month      Spots     Rate       Net\nTotals           18    26.00     22.10"
    assert find_tables(pages(text)) == ()


def test_the_second_column_of_days_is_one_whatever_its_heading() -> None:
    text = (
        "Oper.    F. valor    Concepto            Importe      Saldo\n"
        "02/02    02/02       Nomina             1.850,00   3.100,20\n"
        "03/02    03/02       Recibo luz           -71,15   3.029,05\n"
        "07/02    06/02       Compra               -54,30   2.974,75"
    )
    assert kinds(text)[:2] == ["date", "date"]


def test_a_balance_named_in_the_text_of_a_booking_is_no_sum() -> None:
    text = (
        "Data          Descrizione                    Dare      Avere       Saldo\n"
        "02/02/2026    Bonifico a vostro favore                820,00    2.320,00\n"
        "              Rossi Mario saldo fattura 12\n"
        "04/02/2026    Pagamento POS                 45,60               2.274,40"
    )
    assert column(text, 1) == ["Bonifico a vostro favore Rossi Mario saldo fattura 12", "Pagamento POS"]


def test_a_unit_that_a_row_prints_is_never_null() -> None:
    text = "Description    Qty   UOM   Amount\nHex bolt         5   EA      12.50"
    (row,) = scoped(pages(text), rows_of(item(description="verbatim", uom="verbatim", amount="amount")))
    assert "uom" in row.filled


@pytest.mark.parametrize(
    "heading", ["Tax code   %     AMT (RM)   Tax (RM)", "CODE       %     NET        TAX     "]
)
def test_a_summary_of_taxes_is_no_list_of_goods_whatever_follows_it(heading: str) -> None:
    text = (
        f"{heading}\n"
        "SR         6     2263.32    135.80\n"
        "Goods sold are not returnable\n"
        "Thank you for shopping with us"
    )
    assert (
        scoped(pages(text), rows_of(item(description="verbatim", quantity="amount", amount="amount"))) == ()
    )


def test_goods_with_a_code_and_a_rate_of_their_tax_are_a_list() -> None:
    text = (
        "Description      VAT code    VAT %    Amount\n"
        "Paper            S           20.0      10.00\n"
        "Books            Z            0.0      12.00"
    )
    assert len(scoped(pages(text), rows_of(BILLED))) == 2


def test_a_grand_total_alone_below_a_heading_is_no_row() -> None:
    text = "By Broadcast Month     Spots     Rate      Net\nGrand Total:              24   581.00   493.85"
    assert find_tables(pages(text)) == ()
