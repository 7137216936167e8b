"""Rows of typed and scanned sheets: paragraphs, misread prices, crooked lines, sums without a name."""

from __future__ import annotations

import pytest

from decoding.tables.find import find_tables
from decoding.tables.lines import level_lines, table_lines
from decoding.tables.match import match_lists
from decoding.tables.priced_lines import find_priced_lines
from decoding.tables.prices import looks_like_price, seems_price
from schemas.document import Document
from tests.decoding.tables.pages import item, pages, rows_of
from training.transcripts import transcript_document

LINES = rows_of(item(description="verbatim", quantity="amount", amount="amount"))


def sheet(*lines: str) -> Document:
    """Return a page as wide as a letter, with prices at its right edge."""
    return pages("\n".join(f"{text:<76}{price:>14}" for text, _, price in (s.partition("|") for s in lines)))


def items(document: Document) -> list[str]:
    """Return what the rows without a heading say, for sure."""
    table, words = find_priced_lines(document), document.pages[0].words
    rows = () if table is None else table.rows
    return [" ".join(words[i].text for cell in row.cells for i in cell) for row in rows]


def first_cells(document: Document) -> list[str]:
    """Return the first cell of each row of the tables."""
    words = document.pages[0].words
    return [
        " ".join(words[i].text for i in row.cells[0]) for table in find_tables(document) for row in table.rows
    ]


def set_at(*words: tuple[str, float, float], width: float = 1000) -> Document:
    """Return a page of words, each with its left edge and height in pixels, letters ten wide."""
    boxes = [{"text": text, "box": [x, y, x + 10 * len(text), y + 10]} for text, x, y in words]
    return transcript_document({"id": "page", "ocr": boxes, "page_size": [width, 1000]})


def test_a_paragraph_above_a_price_may_be_what_it_is_for() -> None:
    document = set_at(
        *(("Acme", 100, 20), ("Funds", 100, 100), ("pledged", 160, 100), ("for", 240, 100)),
        *(("studies", 100, 112), ("of", 180, 112)),
        *(("two", 100, 124), ("years", 140, 124), ("4,760.00", 800, 124)),
        *(("Funds", 100, 180), ("received", 160, 180), ("from", 250, 180)),
        *(("the", 100, 192), ("friendly", 140, 192)),
        *(("institute", 100, 204), ("4,062.00", 800, 204), ("Total", 100, 216), ("8,822.00", 800, 216)),
    )
    table, words = find_priced_lines(document), document.pages[0].words
    assert table is not None
    said = [" ".join(words[i].text for cell in row.others for i in cell) for row in table.rows]
    assert said == [
        "Funds pledged for studies of two years 4,760.00",
        "Funds received from the friendly institute 4,062.00",
    ]


def test_a_text_behind_a_gap_is_not_of_the_row_above() -> None:
    document = set_at(
        *(("Award", 100, 100), ("60.00", 800, 100), ("Grant", 100, 112), ("70.00", 800, 112)),
        *(("Please", 100, 300), ("pay", 170, 300), ("by", 100, 312), ("check", 130, 312)),
    )
    assert items(document) == ["Award 60.00", "Grant 70.00"]


@pytest.mark.parametrize(
    "total",
    [
        "Total this invoice|9,500.00",
        "Kindly pay the amount that we state here to our agent|9,500.00",
        "This invoice|9,500.00",
        "Total current costs and fees|9,500.00",
    ],
)
def test_a_line_that_tells_what_is_to_be_paid_is_no_item(total: str) -> None:
    assert items(sheet("Research|9,000.00", "Travel|500.00", total)) == [
        "Research 9,000.00",
        "Travel 500.00",
    ]


def test_a_payment_that_is_due_may_be_an_item() -> None:
    document = sheet("Sponsorship 1995|$700,000.00", "First payment due upon receipt of this|$300,000.00")
    assert len(items(document)) == 2


def test_a_tax_with_its_rate_is_no_item_and_goods_plus_tax_are() -> None:
    document = sheet(
        "Data entry|84.42",
        "Tote bags at 20.00 each, plus 8.9% tax|38.00",
        "|122.42",
        "Conn. Tax - 6% (On 9)|7.35",
    )
    assert items(document) == ["Data entry 84.42", "Tote bags at 20.00 each, plus 8.9% tax 38.00"]


def test_what_is_taken_off_below_a_sum_is_no_item() -> None:
    document = sheet(
        "Programming|84.42", "Requests|25.36", "|109.78", "(Less invoice 264)|(25.36)", "Amount due|84.42"
    )
    assert items(document) == ["Programming 84.42", "Requests 25.36"]


def test_what_was_billed_before_is_no_sum_though_it_is_as_much() -> None:
    document = sheet("Fee to date|3,250.00", "Less amount previously billed|3,250.00", "Costs|9.00")
    assert len(items(document)) == 3


def test_the_day_and_year_of_a_date_are_no_price() -> None:
    assert items(sheet("Madison Square Garden|Date: June 30,1993", "Fee|$68,750.00")) == ["Fee $68,750.00"]


def test_a_number_that_heads_a_group_is_no_price() -> None:
    document = sheet(
        "3.0 Expenses|",
        "Air fares|864.30",
        "3.2 Hotels|",
        "Bonaparte|276.17",
        "3.3 Taxis|",
        "Berlin|270.76",
    )
    assert len(items(document)) == 3


@pytest.mark.parametrize(
    "text", ["1b.6S6.12", "O.GC", "21.QI-", "4,91i.39", "31,ooo.no", "9,463.9^", "67?.20"]
)
def test_a_badly_misread_price_is_one_where_prices_stand(text: str) -> None:
    assert not looks_like_price(text)
    assert seems_price(text)
    document = sheet("Travel|90.00", f"Copies|{text}", "Postage|16.91", "Gas|50.84", "Total|999.00")
    assert len(items(document)) == 4


@pytest.mark.parametrize("text", ["No.12", "so.on", "Inc.", "10017", "in.it", "12:30"])
def test_words_times_and_numbers_do_not_even_seem_prices(text: str) -> None:
    assert not seems_price(text)


def test_figures_without_a_mark_are_a_price_only_among_others() -> None:
    document = sheet("Type|666.23", "Copies|46250", "Phone|82 59", "Stats|541.28", "Faxes|8.00", "File|52202")
    assert items(document) == [
        "Type 666.23",
        "Copies 46250",
        "Phone 82 59",
        "Stats 541.28",
        "Faxes 8.00 File 52202",
    ]


def test_the_only_price_of_a_sheet_is_an_item_if_a_currency_stands_at_it() -> None:
    assert items(sheet("Subscription to our reports|", "(74-9 to 75-8)|$5400.00")) == [
        "Subscription to our reports (74-9 to 75-8) $5400.00"
    ]


def test_a_price_a_little_above_or_below_its_text_is_on_its_line() -> None:
    document = set_at(
        *(("Fixed", 100, 100), ("fee", 160, 100), ("670.00", 800, 105.5)),
        *(("Study", 100, 140), ("30.00", 800, 134.5), ("Total", 100, 180), ("700.00", 800, 180)),
    )
    page = document.pages[0]
    assert len(table_lines(page)) == 5
    assert [[group.text for group in line.groups] for line in level_lines(page)] == [
        ["Fixed fee", "670.00"],
        ["Study", "30.00"],
        ["Total", "700.00"],
    ]
    assert len(items(document)) == 2


def test_lines_above_each_other_stay_two() -> None:
    document = set_at(("Fixed", 100, 100), ("fee", 100, 112), ("670.00", 800, 130))
    page = document.pages[0]
    assert level_lines(page) == table_lines(page)


def test_a_sum_without_a_text_amid_the_rows_is_none_of_them() -> None:
    text = (
        "Services          Amount\nAddressing        361.37\nEnclosing          35.00\n"
        "                  396.37\nSorting             9.36"
    )
    assert first_cells(pages(text)) == ["Addressing", "Enclosing", "Sorting"]


def test_an_amount_alone_below_the_only_row_is_its_sum() -> None:
    text = (
        "Description              Amount\nDosimetry study       10,353.00\n"
        "                      10,353.00\nOctober, 1977"
    )
    assert first_cells(pages(text)) == ["Dosimetry study"]


def test_a_long_number_among_amounts_is_no_row() -> None:
    text = (
        "Date    Description   Debit    Credit\n11/12   Phone          8.40\n11/12   Room         320.00\n"
        "11/12   Dinner        20.50\n        Check        367329\n11/13   Phone          7.48"
    )
    assert first_cells(pages(text)) == ["11/12", "11/12", "11/12", "11/13"]


def test_a_paragraph_above_the_first_of_single_rows_may_be_of_it() -> None:
    text = (
        "Services                         Quantity     Total\nAddressing your\nenvelopes to all\nphysicians"
        "                       19910    361.37\nEnclosing                          328     35.00\n"
        "Sorting                          20238    156.84"
    )
    document = pages(text)
    (table,) = find_tables(document)
    words = document.pages[0].words
    assert " ".join(words[i].text for i in table.rows[0].cells[0]) == "physicians"
    assert (
        " ".join(words[i].text for i in table.rows[0].others[0])
        == "Addressing your envelopes to all physicians"
    )


def test_a_box_of_what_is_due_is_no_list_of_goods() -> None:
    text = (
        "Net amount    Freight charges    Tax       Total amount due\n"
        "8,635.86                 0.00   0.00              8,635.86"
    )
    document = pages(text)
    assert match_lists(LINES, find_tables(document)) == {}


def test_a_line_that_begins_or_ends_with_subtotal_is_no_item() -> None:
    document = sheet(
        "Materials|990.04",
        "Overhead on the subtotal|138.81",
        "Cost and overhead subtotal|1,295.55",
        "Fee|194.33",
        "Total|1,489.88",
    )
    assert items(document) == ["Materials 990.04", "Overhead on the subtotal 138.81", "Fee 194.33"]


def test_a_sum_without_a_text_is_none_though_its_sign_was_read_as_a_letter() -> None:
    document = sheet("Design|423.20", "Typography|750.10", "|S28.797.24", "Total due|30,525.07")
    assert items(document) == ["Design 423.20", "Typography 750.10"]


def test_rows_below_a_subtotal_are_such_where_the_next_one_is_what_they_come_to() -> None:
    text = (
        "Description             Amount\nDecals                   29.00\nCalendars               124.50\n"
        "Printing subtotal       153.50\nAccount services         14.00\nServices subtotal        14.00\n"
        "Total                   167.50"
    )
    assert first_cells(pages(text)) == ["Decals", "Calendars", "Account services"]
    assert first_cells(pages(text.replace("Services subtotal        14.00\n", ""))) == ["Decals", "Calendars"]


def test_numbers_below_a_table_that_say_nothing_are_no_rows() -> None:
    text = (
        "Description         Qty     Rate      Amount\nExpert testimony     38   300.00   11,400.00\n"
        "                                       52645\n                                        0364"
    )
    assert first_cells(pages(text)) == ["Expert testimony"]
