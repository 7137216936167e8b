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
