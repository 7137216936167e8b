"""Cash and change, and the line that sums up a tax summary, give totals away."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from pydantic import JsonValue

from decoding.checks.printed_sums import find_printed_sums
from decoding.grounding.ground import ground_extraction
from decoding.grounding.page_values import document_style
from schemas.registry import from_json_schema
from tests.decoding.pages import document_of

AMOUNT = {"type": ["string", "null"], "x-rasg-kind": "amount"}
SUMMARY = (
    "TOTAL 44.50",
    "HTVA TAXE TVAC",
    "TVA 21.00% BOISSONS 10.74 2.26 13.00",
    "TVA 12.00% CUISINE 28.12 3.38 31.50",
    "TOTAL 38.87 5.63 44.50",
)


def found(lines: Sequence[str], **value: JsonValue) -> dict[str, JsonValue]:
    properties = dict.fromkeys(value, AMOUNT)
    schema = from_json_schema({"title": "receipt", "type": "object", "properties": properties})
    document = document_of(lines)
    grounded = ground_extraction(value, schema, document)
    given = find_printed_sums(grounded, document.pages, document_style(document.pages))
    return {str(path[0]): text for path, text in given.items()}


@pytest.mark.parametrize(
    "lines",
    [
        ("HST 2.24", "TO GO 19.50", "AMOUNT TENDER 20.00", "CHANGE DUE 0.50"),
        ("TOTAL: 19.50", "Especes 20.00", "RENDU 0.50"),
        ("SUMME 19.50", "BAR 20.00", "RÜCKGELD 0.50", "Steuer 3.11"),
    ],
)
def test_what_change_leaves_of_cash_is_the_total(lines: Sequence[str]) -> None:
    assert found(lines, total="20.00") == {"total": "19.50"}


@pytest.mark.parametrize(
    "lines",
    [
        ("TOTAL 20.00", "CASH 20.00", "CHANGE 0.00"),
        ("TOTAL 20.00", "ITEM 19.50", "CASH 20.00", "CHANGE 0.50"),  # a total says so
        ("ITEM 19.60", "CASH 20.00", "CHANGE 0.50"),
        ("ITEM 19.50", "ITEM 19.00", "CASH 20.00", "CHANGE 0.50", "CHANGE 1.00"),  # which one?
        ("ITEM 19.50", "CASH 20.00", "DISCOUNT 0.50"),
        ("ITEM 19.50", "CASH 20.00", "CHANGE -0.50"),
        (),
    ],
)
def test_a_total_that_nothing_contradicts_stays(lines: Sequence[str]) -> None:
    assert found(lines, total="20.00") == {}


def test_net_and_tax_are_those_that_the_summary_comes_to() -> None:
    both: dict[str, JsonValue] = {"subtotal": "38.87", "tax": "5.63"}
    assert found(SUMMARY, subtotal="10.74", tax="2.26", total="44.50") == both
    assert found(SUMMARY, subtotal=None, tax=None, total="44.50") == both
    assert found(SUMMARY, subtotal="38.87", tax=None, total="44.50") == {"tax": "5.63"}
    assert found(SUMMARY, tax="2.26", total="44.50") == {"tax": "5.63"}


def test_net_and_tax_that_come_out_stay() -> None:
    assert found(SUMMARY, subtotal="38.87", tax="5.63", total="44.50") == {}
    assert found((*SUMMARY, "40.00 4.50"), subtotal="40.00", tax="4.50", total="44.50") == {}


@pytest.mark.parametrize(
    "line",
    [
        "TOTAL 38.87 5.63 45.50",
        "Discount 38.87 5.63 44.50",
        "Rows 30.00 14.50 44.50 89.00",
        "Rows 22.25 22.25 44.50",  # no tax is as high
        "TOTAL 39 5 44",
    ],
)
def test_other_lines_of_three_amounts_are_no_summary(line: str) -> None:
    assert found(("TOTAL 44.50", line), subtotal=None, tax="1.00", total="44.50") == {}


def test_two_summaries_that_differ_tell_nothing() -> None:
    lines = ("TOTAL 44.50", "A 38.87 5.63 44.50", "B 40.00 4.50 44.50")
    assert found(lines, subtotal=None, tax=None, total="44.50") == {}
