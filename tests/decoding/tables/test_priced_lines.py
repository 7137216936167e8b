from __future__ import annotations

from decoding.tables.priced_lines import find_priced_lines
from tests.decoding.tables.pages import pages


def items(text: str) -> list[str]:
    document = pages(text)
    table = find_priced_lines(document)
    if table is None:
        return []
    words = document.pages[0].words
    return [" ".join(words[i].text for i in sum(row.cells, ())) for row in table.rows]


def test_the_items_of_a_receipt_are_the_priced_lines_before_its_total() -> None:
    receipt = (
        "GREENGATE MARKET\n14 Orchard Lane\n\n"
        "SOURDOUGH LOAF      3.40\n2 x TOMATO SOUP     2.40\n"
        "DISCOUNT            0.50-\nEGGS 12             3.95\n"
        "SUBTOTAL            9.25\nVAT                 0.69\nCASH               10.00\nCHANGE   0.06"
    )
    assert items(receipt) == ["SOURDOUGH LOAF 3.40", "2 x TOMATO SOUP 2.40", "EGGS 12 3.95"]
    table = find_priced_lines(pages(receipt))
    assert table is not None
    assert table.is_sure


def test_prices_on_lines_of_their_own_take_the_name_above_or_below() -> None:
    above = "SOUP\n  2 @ 1.20     2.40\nBREAD\n  1 @ 3.00     3.00\nTOTAL         5.40"
    assert items(above) == ["SOUP 2 @ 1.20 2.40", "BREAD 1 @ 3.00 3.00"]
    below = "CASHIER 25\n  2 @ 1.20     2.40\nSOUP\n  1 @ 3.00     3.00\nBREAD\nTOTAL         5.40"
    assert items(below) == ["2 @ 1.20 2.40 SOUP", "1 @ 3.00 3.00 BREAD"]


def test_one_price_is_an_item_if_a_total_follows() -> None:
    assert items("DELUXE WASH      19.95\nTOTAL            19.95") == ["DELUXE WASH 19.95"]
    assert items("a version of 2.10") == []


def test_a_letter_in_a_name_is_no_total() -> None:
    assert items("Bifteki Metaxa   11.90\nSum              11.90") == ["Bifteki Metaxa 11.90"]


def test_a_page_without_words_has_none() -> None:
    assert find_priced_lines(pages("")) is None


def test_a_text_of_an_item_goes_on_only_where_the_page_does() -> None:
    # "was" stands under the price, not under the name: a block of its own.
    document = pages(
        "TORTILLA CHIPS                 2.50\n                          was\nBREAD        3.00\nTOTAL  5.50"
    )
    page = document.pages[0]
    table = find_priced_lines(document)
    assert table is not None
    runs = [f" {' '.join(page.words[i].text for i in run)} " for run in page.runs()]
    for row in table.rows:
        for cell in row.cells:
            text = f" {' '.join(page.words[i].text for i in cell)} "
            assert any(text in run for run in runs)


def test_a_line_that_counts_the_items_ends_them() -> None:
    assert items("SOUP      2.40\nBREAD     3.00\nItem(s) sold 2\nNET       5.40") == [
        "SOUP 2.40",
        "BREAD 3.00",
    ]


def test_how_many_stands_above_its_item_where_it_stands_above_the_first() -> None:
    receipt = "17 x @1.30\nSOUP      22.10\nRabatt 10%   -2.21\n1 x @3.00\nBREAD      3.00\nTOTAL     22.89"
    assert items(receipt) == ["17 x @1.30 SOUP 22.10", "1 x @3.00 BREAD 3.00"]


def test_a_price_that_its_item_repeats_is_one_row() -> None:
    assert items("1 ea      2.00\nSOUP      2.00\n1 ea      0.90\nBREAD     0.90\nTOTAL     2.90") == [
        "1 ea 2.00 SOUP 2.00",
        "1 ea 0.90 BREAD 0.90",
    ]


def test_prices_may_be_whole_numbers_where_none_has_decimals() -> None:
    receipt = "4 BURGER        60000\n10 CHEESE      100000\nNET SALES      160000\nTAX             16000"
    assert items(receipt) == ["4 BURGER 60000", "10 CHEESE 100000"]
    assert items("CHOCO BUN     22.000\nPLASTIC BAG        0\nTotal         22.000") == [
        "CHOCO BUN 22.000",
        "PLASTIC BAG 0",
    ]


def test_an_amount_alone_that_the_rows_above_come_to_is_none() -> None:
    report = "Supplies       235.33\nFeed            97.80\n               333.13\nOverhead       100.00\n"
    assert items(report) == ["Supplies 235.33", "Feed 97.80", "Overhead 100.00"]


def test_a_currency_beside_a_total_makes_no_item_of_it() -> None:
    receipt = "SOUP           2.40\nBREAD          3.00\nSub Total: MYR 5.40\nJumlah Bayaran 5.40"
    assert items(receipt) == ["SOUP 2.40", "BREAD 3.00"]


def slip(*lines: str) -> str:
    """Return lines as wide as a till's slip, with prices at its right edge."""
    return "\n".join(f"{text:<36}{price:>12}" for text, _, price in (line.partition("|") for line in lines))


def sheet(*lines: str) -> str:
    """Return lines as wide as a letter's, with prices at its right edge."""
    return "\n".join(f"{text:<76}{price:>14}" for text, _, price in (line.partition("|") for line in lines))


def test_prices_with_misread_signs_are_items() -> None:
    assert items(slip("REPRINTS|$3,500,00", "POSTAGE STAMPS|75*00", "FILMS|6,762.OO", "TOTAL|10,337.00")) == [
        "REPRINTS $3,500,00",
        "POSTAGE STAMPS 75*00",
        "FILMS 6,762.OO",
    ]


def test_cents_that_stand_apart_belong_to_their_price() -> None:
    assert items(slip("RETAINAGE STEM FEEDER|$650  63", "BLENDING|2500  00", "TOTAL|$3150  63")) == [
        "RETAINAGE STEM FEEDER $650 63",
        "BLENDING 2500 00",
    ]


def test_work_that_is_paid_for_is_an_item_and_a_charge_for_service_is_none() -> None:
    bill = slip(
        "Messenger service|7.95", "Telephone service|288.82", "Service charge 10 %|29.68", "Total|326.45"
    )
    assert items(bill) == ["Messenger service 7.95", "Telephone service 288.82"]


def test_a_total_that_says_which_it_is_ends_the_items() -> None:
    assert items(
        slip("SOUP|2.40", "BREAD|3.00", "Grand Total (Exclusive of GST) :|5.40", "ROUND UP|0.60")
    ) == [
        "SOUP 2.40",
        "BREAD 3.00",
    ]


def test_a_misread_total_ends_the_items() -> None:
    assert items(slip("SOUP|2.40", "BREAD|3.00", "TDTAL|5.40", "CREDITS|5.40")) == ["SOUP 2.40", "BREAD 3.00"]


def test_what_all_rows_come_to_is_their_sum_whatever_it_is_called() -> None:
    assert items(slip("SOUP|2.40", "BREAD|3.00", "WINE|4.00", "Guest 1|9.40", "Total|9.40")) == [
        "SOUP 2.40",
        "BREAD 3.00",
        "WINE 4.00",
    ]


def test_an_amount_alone_right_below_named_items_is_none_though_one_is_misread() -> None:
    assert items(slip("Production|323.50", "Typography|1,455.25", "|2,000.00", "Total Due|2,000.00")) == [
        "Production 323.50",
        "Typography 1,455.25",
    ]


def test_on_a_slip_what_is_taken_off_is_no_item() -> None:
    assert items(slip("SOUP|2.40", "GENERAL MERCH|2.00-", "BREAD|3.00", "TOTAL|3.40")) == [
        "SOUP 2.40",
        "BREAD 3.00",
    ]
    assert items(slip("A NUMBER -08|4.41", "BREAD|3.00", "TOTAL|7.41")) == ["A NUMBER -08 4.41", "BREAD 3.00"]


def test_on_a_sheet_items_go_on_below_a_subtotal() -> None:
    text = sheet(
        "Professional fee|5,950.00",
        "Total fee|5,950.00",
        "Travel|95.00",
        "Meals|45.00",
        "Total expenses|140.00",
        "Account 512-825|6,090.00",
    )
    assert items(text) == ["Professional fee 5,950.00", "Travel 95.00", "Meals 45.00"]


def test_on_a_sheet_items_stand_in_several_columns_of_prices() -> None:
    inner = [f"{name:<50}{price:>10}{'':>30}" for name, price in (("Air", "3413.00"), ("Meals", "261.63"))]
    text = "\n".join([sheet("Duplicating|779.20", "Mail|150.79", "Phones|153.23"), *inner])
    inner_text = "\n".join([text, f"{'Cabs':<50}{'186.00':>10}{'':>30}", sheet("Total|4,943.85")])
    assert items(inner_text)[3:] == ["Air 3413.00", "Meals 261.63", "Cabs 186.00"]


def test_postcodes_are_no_prices() -> None:
    text = sheet("BORRISTON LABORATORIES|20748", "420 English Street, Greensboro|27405", "Total|none")
    assert items(text) == []


def test_a_single_price_in_a_cell_of_its_own_is_an_item() -> None:
    assert items(slip("Perry - Fees and Expenses|9807.71", "to be paid into")) == [
        "Perry - Fees and Expenses 9807.71 to be paid into"
    ]
