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
