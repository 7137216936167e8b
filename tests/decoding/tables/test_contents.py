"""Columns whose headings say nothing known are told by their cells, where these leave no doubt."""

from __future__ import annotations

import pytest

from decoding.tables.find import find_tables
from decoding.tables.match import match_lists
from tests.decoding.tables.pages import item, pages, rows_of

BOOKINGS = """Stamped       Details          Sent away    Balance
01.03.2025    Rent Dunford        812.40    1,204.10
02.03.2025    Water works          45.12    1,158.98
04.03.2025    Bakery                9.80    1,149.18"""
BOOKING = item(date="date", description="verbatim", amount="amount", balance="amount")


def kinds(text: str) -> list[str | None]:
    (table,) = find_tables(pages(text))
    return [column.kind for column in table.columns]


def test_dates_and_the_only_money_are_told_by_their_cells() -> None:
    assert kinds(BOOKINGS) == ["date", "description", "amount", "balance"]
    (known,) = match_lists(rows_of(BOOKING), find_tables(pages(BOOKINGS))).values()
    assert [row.filled for row in known.rows] == 3 * [{"date", "description", "amount", "balance"}]
    # What a row is before anything is decoded, and no date where an amount is asked for.
    assert [len(row.cells["amount"]) for row in known.rows] == [1, 1, 1]


@pytest.mark.parametrize("other", ["    opened", "          "])
def test_one_cell_that_is_no_date_of_three_leaves_a_column_unknown(other: str) -> None:
    assert kinds(BOOKINGS.replace("02.03.2025", other))[0] is None


def test_two_rows_say_too_little() -> None:
    assert kinds("\n".join(BOOKINGS.splitlines()[:3]))[0] is None


def test_whole_numbers_may_be_anything() -> None:
    text = BOOKINGS.replace("812.40", "   812").replace("45.12", "   45").replace("9.80", "   9")
    assert kinds(text) == ["date", "description", None, "balance"]


def test_a_column_that_is_named_keeps_its_name() -> None:
    assert kinds(BOOKINGS.replace("Sent away", "   Credit"))[2] == "credit"
    assert kinds(BOOKINGS.replace("Stamped", "Date   "))[0] == "date"


def test_of_two_unknown_columns_of_money_none_is_the_amount() -> None:
    text = """Details          Sent away    Received    Balance
Rent Dunford        812.40        1.10    1,204.10
Water works          45.12        2.20    1,158.98
Bakery                9.80        3.30    1,149.18"""
    assert kinds(text) == ["description", None, None, "balance"]
