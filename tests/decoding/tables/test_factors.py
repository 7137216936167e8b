"""Columns that no heading names are told by what the rows come to."""

from __future__ import annotations

import pytest

from decoding.tables.find import find_tables
from tests.decoding.tables.pages import pages

_HEAD = "Project no.   Service rendered      {}     Charge     Amount"


def kinds(head: str, *rows: str) -> list[str | None]:
    (table,) = find_tables(pages("\n".join((head, *rows))))
    return [column.kind for column in table.columns][2:]


def test_of_two_amounts_one_is_the_price_that_comes_out() -> None:
    head = _HEAD.format("Nc. tests")
    rows = (
        "734-09        Nicotine content              3      17.00      51.00",
        "734-10        Tar                           3      60.00     180.00",
    )
    assert kinds(head, *rows) == ["quantity", "unit_price", "amount"]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("734-09        Nicotine content             12      17.50     210.00", True),
        ("734-09        Nicotine content             12      17.50     211.00", False),
        (
            "734-09        Nicotine content              1     210.00     210.00",
            False,
        ),  # either is either
        ("734-09        Nicotine content              3       2.00       6.00", False),  # by chance, perhaps
    ],
)
def test_one_row_tells_by_an_amount_of_some_figures(row: str, told: bool) -> None:
    found = kinds(_HEAD.format("Nc. tests"), row)
    assert (found == ["quantity", "unit_price", "amount"]) is told


def test_a_row_that_does_not_come_out_leaves_all_as_the_headings_say() -> None:
    rows = (
        "734-09        Nicotine content              3      17.00      51.00",
        "734-10        Tar                           3      60.00     190.00",
    )
    assert kinds(_HEAD.format("Nc. tests"), *rows) == [None, "amount", "amount"]
