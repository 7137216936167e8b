"""Rows that a number or a date marks as such, whatever their words say, and rows without an amount."""

from __future__ import annotations

import pytest

from decoding.tables.find import find_tables
from tests.decoding.tables.pages import pages
from tests.decoding.tables.test_find import found

NUMBERED = "Pos   Description            Qty   Unit price   Amount\n"


def column(text: str, index: int) -> list[str]:
    """Return one cell of each row."""
    return [row[index] for row in found(text)]


def test_bookings_whose_words_name_totals_and_taxes_end_no_statement() -> None:
    text = (
        "Date         Description                     Debit      Credit     Balance\n"
        "01.03.2026   Opening balance                                      1,000.00\n"
        "04.03.2026   Card payment Rewe               45.10                  954.90\n"
        "05.03.2026   Deposit cash                               100.00    1,054.90\n"
        "06.03.2026   Total Tankstelle                60.00                  994.90\n"
        "08.03.2026   Steuer Finanzamt               400.00                  594.90\n"
        "09.03.2026   Balance transfer Savings                   300.00      894.90\n"
        "10.03.2026   Rent                           500.00                  394.90\n"
        "31.03.2026   Closing balance                                        394.90"
    )
    assert column(text, 2) == ["45.10", "", "60.00", "400.00", "", "500.00"]


@pytest.mark.parametrize("dates", [["01/03", "02/03", "03/03"], ["01.03.", "02.03.", "03.03."]])
def test_dated_lines_with_one_amount_are_rows_and_a_dated_balance_is_none(dates: list[str]) -> None:
    names = ["PAYMENT - THANK YOU", "TAX OFFICE LONDON", "DISCOUNT STORE"]
    rows = "\n".join(
        f"{date}    {name:<24}  {n}4.99" for n, (date, name) in enumerate(zip(dates, names, strict=True), 1)
    )
    text = f"Date     Description                Amount\n{rows}\n04.03.   New balance                 74.97"
    assert column(text, 1) == names


def test_below_an_interim_balance_a_statement_goes_on() -> None:
    text = (
        "Datum     Verwendungszweck           Betrag EUR\n"
        "          Alter Saldo                  1.000,00\n"
        "02.03.    Miete                          500,00\n"
        "          Zwischensaldo                  500,00\n"
        "04.03.    Strom                           45,10\n"
        "05.03.    Gesamtverband Beitrag           20,00\n"
        "          Neuer Saldo                    434,90"
    )
    assert column(text, 2) == ["500,00", "45,10", "20,00"]


def test_numbered_lines_are_rows_though_they_name_taxes_deposits_and_balances() -> None:
    text = (
        f"{NUMBERED}1     Paper                   10         4.50    45.00\n"
        "2     Tax consulting                             80.00\n"
        "3     Insurance deposit                          20.00\n"
        "4     Balance sheet 2025                        900.00\n"
        "5     Change of address                          15.00\n\n"
        "      Total                                   1,060.00"
    )
    assert column(text, 0) == ["1", "2", "3", "4", "5"]


def test_a_numbered_row_is_no_sum_though_the_rows_above_come_to_it() -> None:
    text = (
        "Pos   Description          Amount\n1     Desk                 100.00\n"
        "2     Chair                 50.00\n3     Lamp                 150.00"
    )
    assert column(text, 1) == ["Desk", "Chair", "Lamp"]


def test_a_row_without_an_amount_is_a_row_of_its_own() -> None:
    text = (
        f"{NUMBERED}1     Machine                  1       500.00   500.00\n"
        "2     Manual                   1                  incl.\n"
        "3     Warranty                 1         0.00     0.00\n"
        "4     Cable set                2        10.00    20.00\n"
        "5     Training                 1             on request"
    )
    assert [row[:2] for row in found(text)] == [
        *(["1", "Machine"], ["2", "Manual"], ["3", "Warranty"], ["4", "Cable set"], ["5", "Training"]),
    ]


def test_an_unnumbered_number_at_the_foot_goes_into_no_cell_of_numbered_rows() -> None:
    text = (
        f"{NUMBERED}1     Machine                  1       500.00   500.00\n"
        "2     Warranty                 1         1.00     1.00\n"
        "3     Cable set                2        10.00    20.00\n"
        "4     Table                    1        20.00    20.00\n"
        "      Carried forward                           541.00\n"
        "                                         Page 1 of   2"
    )
    assert column(text, 4) == ["500.00", "1.00", "20.00", "20.00"]


def test_hours_and_an_amount_that_all_rows_come_to_are_no_row_without_a_text() -> None:
    text = (
        "Date      Activity      Hours    Rate    Amount\n"
        "01.03.    Meeting         2.0   100.00   200.00\n"
        "02.03.    Research        3.0   100.00   300.00\n"
        "                          5.0            500.00"
    )
    assert column(text, 1) == ["Meeting", "Research"]


@pytest.mark.parametrize(("last", "kind"), [("GP €", "amount"), ("Xyz €", None)])
def test_a_price_is_no_amount_where_an_unknown_heading_stands_right_of_it(
    last: str, kind: str | None
) -> None:
    text = f"Pos   Bezeichnung       Menge    EP €     {last}\n1     Plane             120      1,20   150,00"
    (table,) = find_tables(pages(text))
    assert [column.kind for column in table.columns][-2:] == ["unit_price", kind]


def test_goods_that_are_ordered_and_delivered_are_rows_without_prices() -> None:
    text = (
        "Pos   Article no   Description       Ordered   Delivered\n"
        "1     4711         Paper A4               10          10\n"
        "2     4712         Pens                   30          20"
    )
    assert column(text, 4) == ["10", "20"]


def test_a_tax_or_deposit_among_goods_ends_no_table_if_goods_follow() -> None:
    text = (
        "Description              Amount\nRoom rate                200.00\nCity tax                   5.00\n"
        "Deposit sauna key         10.00\nTaxi to the airport       15.00\nMinibar                    8.00\n"
        "VAT 7 % of the room       14.00\nTotal                    252.00"
    )
    names = ["Room rate", "City tax", "Deposit sauna key", "Taxi to the airport", "Minibar"]
    assert column(text, 0) == names


@pytest.mark.parametrize("below", ["Shipping", "Total", "Less voucher discount"])
def test_a_tax_above_a_charge_or_sum_is_no_row(below: str) -> None:
    text = (
        "Description              Amount\nPaper                    200.00\n"
        f"State tax                  5.00\n{below:<24}   2.00"
    )
    assert column(text, 0) == ["Paper"]


def test_a_line_of_units_below_a_heading_names_no_columns() -> None:
    text = (
        "Booking     Value       Text               Debit      Credit     Balance\n"
        "date        date                             EUR         EUR         EUR\n"
        "01.03.26    01.03.26    Account fee         4.90                  995.10\n"
        "02.03.26    02.03.26    Transfer                      100.00    1,095.10\n"
        "                        Turnover            4.90      100.00"
    )
    (table,) = find_tables(pages(text))
    kinds = [column.kind for column in table.columns]
    assert kinds == ["date", "date", "description", "debit", "credit", "balance"]
    assert len(table.rows) == 2  # what fills debit and credit is a sum


def test_the_head_of_a_page_without_a_heading_goes_into_no_row() -> None:
    first = f"{NUMBERED}1     Chair                    4        80.00   320.00"
    second = (
        "      Handels GmbH                Invoice 2026-118\n\n"
        "2     Table                    1       100.00   100.00\n"
        "3     Lamp                     1        10.00    10.00"
    )
    assert [row[1:4] for row in found(first, second)] == [
        *(["Chair", "4", "80.00"], ["Table", "1", "100.00"], ["Lamp", "1", "10.00"]),
    ]


def test_letters_mark_rows_as_numbers_do() -> None:
    text = (
        f"{NUMBERED}A     Consulting               1       900.00   900.00\n"
        "B     Tax advice               2       100.00   200.00\n"
        "C     Deposit refund                            -50.00\n"
        "D     Phone                                     12.00"
    )
    assert column(text, 0) == ["A", "B", "C", "D"]


def test_a_wrapped_text_with_figures_and_a_word_of_payments_ends_no_table() -> None:
    text = (
        "Description                       Amount\nPump type 450                     900.00\n"
        "pressure 3.5 bar, 400 V\nPipe DN 100                        30.00\n"
        "Total                             930.00"
    )
    assert column(text, 0) == ["Pump type 450 pressure 3.5 bar, 400 V", "Pipe DN 100"]
