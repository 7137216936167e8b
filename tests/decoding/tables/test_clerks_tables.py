"""Tables as accounts payable sees them: statements, bills of works, surcharges, progress of sections."""

from __future__ import annotations

import pytest

from decoding.tables.find import find_tables
from decoding.tables.match import match_lists
from decoding.tables.priced_lines import find_priced_lines
from schemas.documents.bank_statement import BankStatementLineItem
from schemas.registry import from_pydantic
from tests.decoding.tables.pages import item, pages, rows_of
from tests.decoding.tables.test_find import found
from tests.decoding.tables.test_match import said, scoped
from tests.decoding.tables.test_row_marks import column

BOOKING = item(date="date", date_value="date", description="verbatim", amount="amount", balance="amount")


def kinds(text: str) -> list[str | None]:
    (table,) = find_tables(pages(text))
    return [column.kind for column in table.columns]


@pytest.mark.parametrize(
    ("out", "into"),
    [("Ausgang", "Eingang"), ("Dare", "Avere"), ("Cargos", "Abonos"), ("Subtractions", "Additions")],
)
def test_what_goes_out_and_comes_in_is_a_debit_and_a_credit(out: str, into: str) -> None:
    text = (
        f"Date       Description          {out:>12} {into:>12}     Balance\n"
        "01/05      Payroll deposit                       2,500.00    4,000.00\n"
        "01/07      Check 1041                 420.00                 3,580.00\n"
        "01/09      Service charge              12.00                 3,568.00\n"
        "01/15      Payment to credit card     900.00                 2,668.00"
    )
    assert kinds(text) == ["date", "description", "debit", "credit", "balance"]
    assert column(text, 0) == ["01/05", "01/07", "01/09", "01/15"]


def test_dated_lines_with_an_amount_under_an_unknown_heading_are_rows() -> None:
    text = (
        "Date       Description                Plus        Minus      Balance\n"
        "01/05      Payroll deposit        2,500.00                  4,000.00\n"
        "01/07      Check 1041                            420.00     3,580.00\n"
        "01/09      Service charge                         12.00     3,568.00\n"
        "01/15      Payment to card                       900.00     2,668.00"
    )
    assert column(text, 0) == ["01/05", "01/07", "01/09", "01/15"]


def test_a_second_day_is_no_amount() -> None:
    head = "Bu-Tag    Wert      Vorgang                    "
    text = (
        f"{head}Umsatz\n02.01.    03.01.    Basislastschrift           210,40\n"
        "                    EREF: 4411 MREF: 88121\n"
        "05.01.    05.01.    Dauerauftrag             1.450,00"
    )
    assert kinds(text) == ["date", "date", "description", "amount"]
    assert found(text)[0] == ["02.01.", "03.01.", "Basislastschrift EREF: 4411 MREF: 88121", "210,40"]
    both = text.replace("Umsatz", "  Soll     Haben")
    assert kinds(both) == ["date", "date", "description", "debit", "credit"]
    row, _ = scoped(pages(both), rows_of(BOOKING))
    assert said(pages(both), row, "amount") == ["210,40"]


def test_where_only_debits_and_credits_tell_a_row_all_rows_are_given() -> None:
    (table,) = find_tables(
        pages(
            "Date     Description        Debit     Credit\n02/02    Rent              800.00\n"
            "03/02    Customer                     950.00"
        )
    )
    assert table.is_sure


def test_a_price_is_none_of_the_row_where_another_column_is_what_it_comes_to() -> None:
    text = "Code    Product          Qty   Price   Value\n1044    Orange juice       4   11.49   45.96"
    assert kinds(text) == ["code", "description", "quantity", "unit_price", "amount"]
    assert kinds(text.replace("45.96", "41.00"))[3:] == ["amount", None]


@pytest.mark.parametrize("heading", ["Item", "Document no.", "Rechnung Nr."])
def test_article_and_document_numbers_are_codes(heading: str) -> None:
    text = (
        f"{heading:<14}Description      Qty   Price   Amount\n"
        "A-100         Desk lamp         -2   34.00   -68.00\n"
        "A-221         Monitor arm       -1   79.90   -79.90"
    )
    assert kinds(text)[0] == "code"
    assert kinds(text.replace("A-100", "1    ").replace("A-221", "2    "))[0] == "position"


def test_a_surcharge_without_a_number_is_a_row_among_numbered_ones() -> None:
    text = (
        "Pos   Description          Qty   Unit price   Amount\n"
        "1     Steel plate           10        22.00   220.00\n"
        "2     Angle bar              4        18.50    74.00\n"
        "3     Copper tube            6         9.90    59.40\n"
        "      Copper surcharge       6         1.10     6.60\n"
        "4     Cutting               12         3.00    36.00\n"
        "5     Bending                8         2.50    20.00\n"
        "6     Painting               1        50.00    50.00\n"
        "7     Crate                  1        35.00    35.00\n"
        "      Fuel surcharge                            12.00\n"
        "      Subtotal                                 513.00\n"
        "      VAT 20%                                   85.60"
    )
    names = ["Steel plate", "Angle bar", "Copper tube", "Copper surcharge", "Cutting"]
    assert column(text, 1) == [*names, "Bending", "Painting", "Crate", "Fuel surcharge"]
    assert column(text, 4)[2:4] == ["59.40", "6.60"]


def test_headings_of_groups_are_in_no_row() -> None:
    text = (
        "Pos.      Leistung               Menge      EP        GP\n"
        "01        Erdarbeiten\n"
        "01.0010   Oberboden abtragen       120    8,50  1.020,00\n"
        "          und seitlich lagern\n"
        "01.0020   Baugrube                 340   14,20  4.828,00\n"
        "02        Mauerarbeiten\n"
        "02.0010   Mauerwerk                210   68,00 14.280,00"
    )
    assert [row[:2] for row in found(text)] == [
        ["01.0010", "Oberboden abtragen und seitlich lagern"],
        ["01.0020", "Baugrube"],
        ["02.0010", "Mauerwerk"],
    ]


@pytest.mark.parametrize("above", ["Saldo letzte Abrechnung", "Kontostand am 31.12.25"])
def test_what_an_account_holds_is_no_row_of_a_statement_with_one_amount(above: str) -> None:
    text = (
        f"Datum       Beschreibung                   Betrag\n"
        f"            {above:<26}  512,20-\n"
        "03.02.26    AMAZON                         49,99-\n"
        "05.02.26    HILTON                        380,71-\n"
        f"            {'Kontostand am 28.02.26':<26}  942,90-"
    )
    assert column(text, 1) == ["AMAZON", "HILTON"]


def test_a_sum_of_a_section_is_no_booking() -> None:
    text = (
        "Date        Description                        Amount\n"
        "01/05/26    ACH CREDIT PAYROLL INC           2,500.00\n"
        "01/20/26    TOTAL ENERGIES                     310.00\n"
        "Total deposits and other credits             2,810.00\n"
        "01/21/26    SHELL                              -42.10\n"
        "01/22/26    RENT                              -900.00\n"
        "Total withdrawals and other debits            -942.10"
    )
    assert column(text, 2) == ["2,500.00", "310.00", "-42.10", "-900.00"]


def test_a_sum_of_all_columns_is_no_row() -> None:
    text = (
        "Sparte         Nettobeitrag   Steuer   Bruttobeitrag\n"
        "Haftpflicht          120,00    22,80          142,80\n"
        "Hausrat               96,40    18,32          114,72\n"
        "Gesamt               216,40    41,12          257,52"
    )
    assert column(text, 0) == ["Haftpflicht", "Hausrat"]


def test_an_article_number_names_no_charge() -> None:
    text = (
        "Qty   Part no   Description        Unit price   Amount\n"
        "1     SRV-2U    Rack server          3,200.00  3,200.00\n"
        "4     SSD-1T    NVMe drive             180.00    720.00\n"
        "1     SVC-3Y    3 year support            N/C       N/C"
    )
    assert column(text, 1) == ["SRV-2U", "SSD-1T", "SVC-3Y"]


def test_a_rate_and_a_tax_are_no_priced_line_whatever_stands_beside_them() -> None:
    text = (
        "Honorarnote der Kanzlei Recht und Partner, Rechtsanwaelte in Hamburg an der Alster\n"
        "Geschaeftsgebuehr Nr. 2300 VV RVG            1.054,70\n"
        "Auslagenpauschale Nr. 7002 VV RVG               20,00\n"
        "Zwischensumme                                1.074,70\n"
        "19 % Umsatzsteuer Nr. 7008 VV RVG              204,19\n"
        "Gesamtbetrag                                 1.278,89"
    )
    table = find_priced_lines(pages(text))
    assert table is not None
    assert len(table.rows) == 2


def test_chinese_and_japanese_headings_are_understood() -> None:
    text = "品名            数量     単価      金額\n紙               2   120,000   240,000"
    assert kinds(text) == ["description", "quantity", "unit_price", "amount"]


def directions(heading: str, *amounts: str, above: str = "") -> list[str | None]:
    """Return the decided directions of bookings with such amounts below a heading."""
    text = f"{above}\nDate      Description           {heading}\n" + "\n".join(
        f"0{n}.02.    Booking no {n:<12} {amount:>11}" for n, amount in enumerate(amounts, 1)
    )
    root = rows_of(from_pydantic(BankStatementLineItem).root)
    (known,) = match_lists(root, find_tables(pages(text))).values()
    return [row.decided.get("direction") for row in known.rows]


@pytest.mark.parametrize(
    "amounts",
    [
        ("-210,40", "1.190,00", "-12,90"),
        ("210,40-", "1.190,00+", "12,90-"),
        ("(210.40)", "1,190.00", "(12.90)"),
        ("210,40 S", "1.190,00 H", "12,90 S"),
        ("210.40 DR", "1,190.00 CR", "12.90 DR"),
        ("210.40", "1,190.00 CR", "12.90"),
    ],
)
def test_a_sign_or_letter_decides_which_way_a_booking_goes(amounts: tuple[str, ...]) -> None:
    assert directions("     Amount", *amounts) == ["debit", "credit", "debit"]


def test_letters_in_a_column_of_their_own_decide_it_too() -> None:
    assert directions("Amount    Dr/Cr", "210.40      DR", "1,190.00      CR") == ["debit", "credit"]


def test_unmarked_amounts_and_the_minus_of_a_card_decide_nothing() -> None:
    assert directions("     Amount", "210.40", "1,190.00") == [None, None]
    assert directions("     Amount", "210.40", "illegible", "-3.00")[0] is None
    card = "Credit card statement"
    assert directions("     Amount", "-210.40", "1,190.00", above=card) == [None, None]
    assert directions("     Amount", "210.40-", "1,190.00+", above=card) == ["debit", "credit"]


@pytest.mark.parametrize(
    ("first", "second", "day", "value"),
    [
        ("Buchung", "Valuta", "02.01.", ["03.01."]),
        ("Wert", "Datum", "03.01.", ["02.01."]),
        ("Datum", "Buchungstag", "03.01.", ["02.01.", "03.01."]),
    ],
)
def test_of_two_days_each_key_has_its_own(first: str, second: str, day: str, value: list[str]) -> None:
    text = (
        f"{first:<12}{second:<12}Description               Amount\n"
        "02.01.      03.01.      Rent                     -800,00\n"
        "04.01.      05.01.      Power                     -45,00"
    )
    document = pages(text)
    row, _ = scoped(document, rows_of(BOOKING))
    assert said(document, row, "date") == [day]
    assert said(document, row, "date_value") == value
    assert "date" in row.filled


@pytest.mark.parametrize(
    ("headings", "net", "gross"),
    [
        (("Montant HT", "Montant TTC"), ["10.00"], ["12.00"]),
        (("Gross amount", "Net amount"), ["12.00"], ["10.00"]),
        (("Betrag", "Brutto"), ["10.00"], ["12.00"]),
        (("Amount", "Total"), ["10.00", "12.00"], ["10.00", "12.00"]),
        (("", "Total incl. VAT"), [], ["12.00"]),
    ],
)
def test_net_and_gross_amounts_have_their_own_columns(
    headings: tuple[str, str], net: list[str], gross: list[str]
) -> None:
    first, second = headings
    left = f"{'10.00' if first else '':>12}"
    text = f"Description   Qty  {first:>12}   {second}\nPaper           1  {left}          12.00"
    document = pages(text)
    spec = item(description="verbatim", quantity="amount", amount_net="amount", amount_gross="amount")
    (row,) = scoped(document, rows_of(spec))
    assert (said(document, row, "amount_net"), said(document, row, "amount_gross")) == (net, gross)


GROUPED = """Leistung                         Anzahl     Betrag
Rufnummer 0170 1234567
Grundpreis Business L                 1      29,95
Rabatt Rahmenvertrag                  1      -5,00
Verbindungen ins Ausland             14       3,22
SMS Versand                          22       1,98"""


def test_what_heads_a_group_of_rows_of_one_line_is_not_of_the_first() -> None:
    names = ["Grundpreis Business L", "Rabatt Rahmenvertrag", "Verbindungen ins Ausland", "SMS Versand"]
    assert column(GROUPED, 0) == names
    # Where names stand above their numbers, or rows go on below, it may be the row's.
    wrapped = "\n".join(f"{line}\n  Februar" if "," in line else line for line in GROUPED.splitlines())
    assert column(wrapped, 0)[0].startswith("Rufnummer")
    alone = GROUPED.replace("Grundpreis Business L", "                     ")
    assert column(alone, 0)[0] == "Rufnummer 0170 1234567"


def test_a_payment_beside_charges_is_no_row_of_a_folio() -> None:
    text = (
        "Date       Description               Charges     Credits\n"
        "02-03-26   Accommodation              145.00\n02-03-26   City Tax                     7.25\n"
        "03-03-26   Visa Card XXXX-4411                    142.25\n"
        "03-03-26   Goodwill minibar                        10.00"
    )
    assert column(text, 1) == ["Accommodation", "City Tax", "Goodwill minibar"]
