from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decoding.tables.find import find_tables
from decoding.tables.table import Table
from schemas.document import Document
from tests.decoding.tables.pages import pages
from training.transcripts import transcript_document

INVOICE = """
Papierhof Brandt GmbH                        INVOICE
Hafenstrasse 48

Pos   Article   Description            Qty   Unit price   Amount
1     PB-1180   Copy paper A4, 80 g     24        21.90   525.60
                box of 5 reams
2     PB-1313   Envelopes C5            10        14.25   142.50
3     TN-0042   Toner cartridge black    3       118.50   355.50

                                    Net total             1,023.60
                                    VAT 19 %                194.48
                                    Total                 1,218.08
Payment within 30 days, 2.00 % discount within 10
"""


def cells(document: Document, table: Table) -> list[list[str]]:
    return [
        [" ".join(document.pages[row.page_index].words[i].text for i in cell) for cell in row.cells]
        for row in table.rows
    ]


def found(*texts: str) -> list[list[str]]:
    """Return the cells of all tables' rows."""
    document = pages(*texts)
    return [row for table in find_tables(document) for row in cells(document, table)]


def test_rows_columns_and_wrapped_lines_are_found_and_totals_are_none() -> None:
    document = pages(INVOICE)
    (table,) = find_tables(document)
    assert [column.kind for column in table.columns] == [
        "position",
        "code",
        "description",
        "quantity",
        "unit_price",
        "amount",
    ]
    assert table.is_sure
    assert cells(document, table) == [
        ["1", "PB-1180", "Copy paper A4, 80 g box of 5 reams", "24", "21.90", "525.60"],
        ["2", "PB-1313", "Envelopes C5", "10", "14.25", "142.50"],
        ["3", "TN-0042", "Toner cartridge black", "3", "118.50", "355.50"],
    ]


def test_columns_stand_in_any_order_and_in_eight_languages() -> None:
    # The price before the quantity; headings in German over two lines, the first broken by a hyphen.
    german = """
                                        Positions-
Pos   Beschreibung   Nettopreis   Menge   betrag
                                        ohne USt.
1     Wirkarbeit         0,0520   10000    52,00
2     Trennblätter       9,9000      20   198,00
"""
    document = pages(german)
    (table,) = find_tables(document)
    kinds = [column.kind for column in table.columns]
    assert kinds == ["position", "description", "unit_price", "quantity", "amount"]
    assert cells(document, table)[1] == ["2", "Trennblätter", "9,9000", "20", "198,00"]


@pytest.mark.parametrize(
    "heading",
    [
        "Libellé   Qté   Prix unitaire   Montant HT",
        "Descripción   Cant.   Precio   Importe",
        "Descrizione   Qta   Prezzo   Importo",
        "Omschrijving   Aantal   Stukprijs   Bedrag",
        "Keterangan   Kuantiti   Harga   Jumlah",
        "Descrição   Qtd   Preço   Valor",
        "Item   Qty   Price   ANOUNT",
    ],
)
def test_headings_are_understood(heading: str) -> None:
    (table,) = find_tables(pages(f"{heading}\nSome thing   2   3,00   6,00\nOther   1   4,00   4,00"))
    assert [column.kind for column in table.columns] == ["description", "quantity", "unit_price", "amount"]


def test_a_table_goes_on_over_pages_with_and_without_its_heading() -> None:
    head = "Date         Description        Amount    Balance\n"
    first = head + "\n".join(f"0{n}.02.2026   rent {n}              5{n}.00     15{n}.00" for n in (1, 2))
    second = "Page 2 of 3\n" + "\n".join(
        f"0{n}.02.2026   rent {n}              5{n}.00     15{n}.00" for n in (3, 4)
    )
    third = (
        head + "05.02.2026   rent 5              55.00     155.00\n\n                Closing balance  155.00"
    )
    rows = found(first, second, third)
    assert [row[1] for row in rows] == [f"rent {n}" for n in range(1, 6)]


def test_after_a_carried_sum_the_table_goes_on() -> None:
    head = "Description        Qty   Amount\n"
    rows = found(
        head + "Paper               2      4.00\nCarried forward            4.00",
        "Brought forward            4.00\nInk                 1      9.00\nTotal                     13.00",
    )
    assert [row[0] for row in rows] == ["Paper", "Ink"]


def test_a_row_takes_what_the_line_below_has_of_its_numbers() -> None:
    rows = found(
        "Pos   Description      Price   Qty   Tax    Amount\n"
        "1     Paper A4          9.90    20   19 %\n"
        "      4012345                                198.00\n"
        "2     Yoghurt           5.50    50    7 %\n"
        "      4000050                                275.00\n"
    )
    assert [row[-1] for row in rows] == ["198.00", "275.00"]
    assert rows[0][1] == "Paper A4 4012345"


def test_names_above_their_numbers_belong_to_the_row_below() -> None:
    rows = found(
        "PARTICULARS        QTY   RATE   AMOUNT\n"
        "Soup of the day\n201                 2    1.00     2.00\n"
        "Bread\n143                 1    0.60     0.60\n"
        "Total                             2.60\n"
    )
    assert [row[0] for row in rows] == ["Soup of the day 201", "Bread 143"]


def test_a_text_between_two_rows_may_belong_to_either() -> None:
    document = pages("Description       Amount\nPaper               4.00\nblue\nInk                 9.00\n")
    (table,) = find_tables(document)
    second = table.rows[1]
    words = document.pages[0].words
    assert [words[i].text for i in table.rows[0].cells[0]] == ["Paper", "blue"]
    assert [words[i].text for i in second.others[0]] == ["blue", "Ink"]


def test_a_breakdown_of_tax_and_a_page_without_a_heading_are_no_rows_of_goods() -> None:
    assert find_tables(pages("Dear Sir\nwe owe you 5.00 for the price of 3 amounts.")) == ()
    assert found("") == []


@given(
    st.lists(
        st.lists(st.sampled_from(["Qty", "Amount", "Total", "1", "2.50", "paper", "-", "Price"]), max_size=8),
        max_size=12,
    )
)
def test_each_word_stands_in_one_cell_of_one_row(lines: list[list[str]]) -> None:
    document = pages("\n".join("   ".join(line) for line in lines))
    for table in find_tables(document):
        for page in document.pages:
            used = [
                i for row in table.rows if row.page_index == page.page_index for c in row.cells for i in c
            ]
            assert len(used) == len(set(used))
            assert all(0 <= i < len(page.words) for i in used)
        assert all(len(row.cells) == len(table.columns) for row in table.rows)


def test_a_discount_below_a_row_ends_no_table() -> None:
    rows = found("Item        Total\nSoup        2120\nYou Saved    850\nBread       1990\nTotal       3260")
    assert [row[0] for row in rows] == ["Soup", "Bread"]


def test_a_booking_is_a_debit_or_a_credit() -> None:
    rows = found(
        "Date        Item          Debit     Credit\n03.11.2026  Rent                      0.80\n"
        "07.11.2026  Coffee         8.50\n10.11.2026  Paper         97.00"
    )
    assert [row[1] for row in rows] == ["Rent", "Coffee", "Paper"]


def test_what_files_are_stamped_with_is_no_amount() -> None:
    rows = found(
        "Description            Amount\nSkin study             3,400.00\nPike 11140             00920498"
    )
    assert len(rows) == 1


def kinds(text: str) -> list[list[str | None]]:
    """Return the kinds of the columns of each table."""
    return [[column.kind for column in table.columns] for table in find_tables(pages(text))]


@pytest.mark.parametrize(
    "heading",
    [
        "Line ItemDescription       Price",
        "LINE ITEMDESCRIPTION       PRICE",
        "Pos   Descri pt ion        Price",
    ],
)
def test_headings_that_are_glued_or_cut_are_understood(heading: str) -> None:
    text = f"{heading}\n1    silk paper             8.76\n2    rubber glue            3.80"
    assert kinds(text) == [["position", "description", "amount"]]


def test_an_amount_alone_at_the_foot_is_no_row_though_it_has_no_name() -> None:
    text = (
        "Description      Amount\nPaper blue        45.00\nInk                1.89\n                  46.89"
    )
    assert found(text) == [["Paper blue", "45.00"], ["Ink", "1.89"]]


def test_what_all_rows_come_to_is_no_row() -> None:
    text = (
        "Description      Amount\nPaper blue        45.00\nInk                1.89\nOf these lines    46.89"
    )
    assert found(text) == [["Paper blue", "45.00"], ["Ink", "1.89"]]


def test_a_number_that_a_page_is_stamped_with_is_no_row() -> None:
    text = (
        "Description      Amount\nPaper blue        45.00\nInk                1.89\nFile              52645"
    )
    assert found(text) == [["Paper blue", "45.00"], ["Ink", "1.89"]]


def test_whole_amounts_with_a_currency_are_rows_beside_those_with_cents() -> None:
    text = "Description      Amount\nPaper blue        45.00\nInk              985 Rs"
    assert [row[0] for row in found(text)] == ["Paper blue", "Ink"]


def test_a_charge_for_delivery_below_fuller_rows_is_no_row() -> None:
    text = (
        "Description   Qty   Price   Amount\n"
        "Paper blue      2    5.00    10.00\n"
        "Ink             1    1.89     1.89\n"
        "Postage & packing             6.60"
    )
    assert [row[0] for row in found(text)] == ["Paper blue", "Ink"]


def test_a_text_that_says_how_many_are_packed_ends_no_table() -> None:
    text = (
        "Description                 Amount\n"
        "Window decals (Qty 300)      29.00\n"
        "Calendars (Qty 100)         124.50\n"
        "Posters (Qty 10)              3.75"
    )
    assert len(found(text)) == 3


def test_what_an_account_held_before_ends_no_statement() -> None:
    text = (
        "Date         Description     Debit    Credit\n             Previous balance    22.50\n"
        "03.11.2020   east transport mill         16.00\n07.11.2020   power            8.50"
    )
    assert [row[0] for row in found(text)] == ["03.11.2020", "07.11.2020"]


def test_a_total_beside_another_text_ends_the_table() -> None:
    text = (
        "Description                        Qty    Amount\n"
        "Expert testimony                   38   11,400.00\n"
        "Please call with any questions on this bill   Total due\n"
        "                                        11,500.00"
    )
    assert found(text) == [["Expert testimony", "38", "11,400.00"]]


def set_at(*words: tuple[str, float, float]) -> Document:
    """Return a page of words, each with its left edge and height in pixels of a page of 1000."""
    boxes = [{"text": text, "box": [x, y, x + 10 * len(text), y + 10]} for text, x, y in words]
    return transcript_document({"id": "page", "ocr": boxes, "page_size": [1000, 1000]})


def test_texts_belong_to_the_row_that_no_wide_gap_parts_them_from() -> None:
    # Cells in the middle of their rows: texts above and below the numbers, and a gap between the rows.
    document = set_at(
        *(("Description", 100, 100), ("Qty", 500, 100), ("Amount", 700, 100)),
        *(
            ("Support", 100, 130),
            ("monthly", 100, 142),
            ("1", 510, 142),
            ("60.00", 710, 142),
            ("January", 100, 154),
        ),
        *(
            ("Supplies", 100, 180),
            ("other", 100, 192),
            ("3", 510, 192),
            ("30.00", 710, 192),
            ("March", 100, 204),
        ),
    )
    (table,) = find_tables(document)
    assert [row[0] for row in cells(document, table)] == ["Support monthly January", "Supplies other March"]
