"""Rows that a page's end parts from their last lines."""

from __future__ import annotations

import pytest

from decoding.tables.find import find_tables
from decoding.tables.table import TableRow
from schemas.document import Document
from tests.decoding.tables.pages import pages

_HEADING = "Pos   Article   Description            Qty   Unit price   Amount"
_FIRST = f"""
Papierhof Brandt GmbH                        INVOICE
{_HEADING}
1     PB-1180   Copy paper A4, 80 g     24        21.90   525.60
                box of 5 reams
2     PB-1313   Envelopes C5            10        14.25   142.50
"""
_REST = """\
                with window, self-seal
                white
"""
_ROWS = """\
3     TN-0042   Toner cartridge black    3       118.50   355.50
                original
4     TN-0043   Toner cartridge cyan     3       118.50   355.50
"""
_TOTAL = "                                    Net total             1,379.10"
_CARRIED = "                                  Carried forward         668.10\n"
_NAME = "Papierhof Brandt GmbH                        INVOICE\n"


def _text(document: Document, row: TableRow | None, column: int) -> str:
    if row is None:
        return ""
    return " ".join(document.pages[row.page_index].words[i].text for i in row.cells[column])


def _descriptions(*texts: str, column: int = 2) -> list[tuple[str, str]]:
    """Return what the only table's rows say in a column on their page and on the next one."""
    document = pages(*texts)
    (table,) = find_tables(document)
    return [(_text(document, row, column), _text(document, row.continued, column)) for row in table.rows]


@pytest.mark.parametrize(
    ("first", "above"),
    [
        (_FIRST, f"{_NAME}{_HEADING}\n"),
        (f"{_FIRST}{_CARRIED}page 1 of 2\n", f"{_NAME}{_HEADING}\n{_CARRIED}"),
        (f"{_FIRST}{_CARRIED}", f"{_NAME}{_CARRIED}"),
        (_FIRST, _NAME),
    ],
    ids=["repeated heading", "carried sums and a foot", "carried sum without a heading", "running head"],
)
def test_texts_above_the_first_row_of_a_page_are_of_the_row_before(first: str, above: str) -> None:
    assert _descriptions(first, above + _REST + _ROWS + _TOTAL) == [
        ("Copy paper A4, 80 g box of 5 reams", ""),
        ("Envelopes C5", "with window, self-seal white"),
        ("Toner cartridge black original", ""),
        ("Toner cartridge cyan", ""),
    ]


def test_a_page_may_have_no_more_of_a_table_than_the_rest_of_its_last_row() -> None:
    assert _descriptions(_FIRST, f"{_HEADING}\n{_CARRIED}{_REST}{_TOTAL}") == [
        ("Copy paper A4, 80 g box of 5 reams", ""),
        ("Envelopes C5", "with window, self-seal white"),
    ]


def test_a_booking_goes_on_below_the_heading_of_the_next_page() -> None:
    heading = "Booked        Details                             Withdrawn         Balance"
    first = f"""
{heading}
01.02.2025    Rent February                          800.00         1200.00
              Waldweg 12
02.02.2025    Transfer to savings                    100.00         1100.00
                                           Carried forward          1100.00
"""
    second = f"""
{heading}
                                           Carried forward          1100.00
              standing order 17
03.02.2025    Bakery Ahorn                            50.00         1050.00
                                           Closing balance          1050.00
"""
    assert _descriptions(first, second, column=1) == [
        ("Rent February Waldweg 12", ""),
        ("Transfer to savings", "standing order 17"),
        ("Bakery Ahorn", ""),
    ]


def test_where_no_other_row_goes_on_below_its_numbers_the_text_may_be_of_either_row() -> None:
    first = _FIRST.replace("                box of 5 reams\n", "")
    document = pages(first, f"{_HEADING}\n{_REST}{_ROWS}{_TOTAL}".replace("                original\n", ""))
    (table,) = find_tables(document)
    _, last, following, _ = table.rows
    assert _text(document, last.continued, 2) == "with window, self-seal white"
    either = " ".join(document.pages[1].words[i].text for i in following.others[2])
    assert either == "with window, self-seal white Toner cartridge black"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        # The first row has no other description.
        (_FIRST, f"{_HEADING}\n{_REST}{_ROWS}{_TOTAL}".replace("Toner cartridge black", " " * 21)),
        # A total has ended the table.
        (f"{_FIRST}{_TOTAL}\n", f"{_HEADING}\n{_REST}{_ROWS}{_TOTAL}"),
        # More lines than any row has.
        (_FIRST, f"{_HEADING}\n{_REST * 3}{_ROWS}{_TOTAL}"),
        # A heading of its own, not in the column of descriptions.
        (_FIRST, f"{_HEADING}\nDelivery 4711 of March\n{_REST}{_ROWS}{_TOTAL}"),
        # The head of each page.
        (_REST + _FIRST.replace(_NAME, ""), f"{_REST}{_ROWS}{_TOTAL}"),
        # Texts stand above their numbers.
        (_FIRST.replace(f"{_HEADING}\n", f"{_HEADING}\n                ordered by Smith\n"),
         f"{_HEADING}\n{_REST}{_ROWS}{_TOTAL}"),
    ],
)  # fmt: skip
def test_other_texts_at_the_top_of_a_page_are_not_of_the_row_before(first: str, second: str) -> None:
    document = pages(first, second)
    assert all(row.continued is None for table in find_tables(document) for row in table.rows)
