"""Of a total and what was handed over for it, the page tells which is which."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from decoding.checks.payments import settle_payments
from decoding.grounding.ground import ground_extraction
from decoding.grounding.occurrences import DocumentIndex
from schemas.extraction import OtherValue
from schemas.registry import from_json_schema
from tests.decoding.pages import document_of

_AMOUNT = {"type": ["string", "null"], "x-rasg-kind": "amount"}


def given(
    lines: Sequence[str], said: str, *others: str, key: str = "total", gap: float = 2.5, **more: str
) -> str:
    """Return what is given for a field of which the model said `said`, and nearly `others`."""
    document = document_of(lines)
    schema = from_json_schema(
        {"title": "receipt", "type": "object", "properties": dict.fromkeys((key, *more), _AMOUNT)}
    )
    grounded = ground_extraction({key: said, **more}, schema, document)
    options = tuple(OtherValue(path=(key,), value=other, gap=gap) for other in others)
    settled = settle_payments(grounded, {(key,): options}, DocumentIndex(document.pages))
    return str(settled[key,].value) if settled else said


CHANGE = ("Espresso 2.40 2.40", "TOTAL: 4.85", "Especes 5.00", "RENDU 0.15")
CASH = ("Copies 3.98", "TOTAL RM3.98", "ROUNDING RM0.02", "CASH RM4.00")


def test_what_change_was_given_of_is_no_total() -> None:
    assert given(CHANGE, "5.00", "4.85") == "4.85"
    # 20.00 - 12.50 is 7.50, on whatever line 12.50 stands
    page = ("Parking 12.50", "Accepted total 20.00", "Change 7.50")
    assert given(page, "20.00", "12.50") == "12.50"


def test_what_stands_at_cash_alone_is_no_total() -> None:
    assert given(CASH, "RM4.00", "RM3.98") == "RM3.98"


def test_the_likeliest_amount_that_fits_is_given() -> None:
    assert given(CHANGE, "5.00", "2.40", "4.85") == "4.85"


@pytest.mark.parametrize("key", ["cash", "amount_paid", "change", "subtotal"])
def test_fields_that_are_no_totals_are_left_alone(key: str) -> None:
    assert given(CASH, "RM4.00", "RM3.98", key=key) == "RM4.00"


def test_a_model_that_is_sure_is_believed() -> None:
    assert given(CASH, "RM4.00", "RM3.98", gap=3.1) == "RM4.00"


@pytest.mark.parametrize(
    ("page", "said", "other"),
    [
        # 15.00 was paid for by 20.00, of which 5.00 came back: that 15.00 - 5.00 is on the page is chance
        (("Soup 10.00", "Bread 5.00", "Total 15.00", "Cash 20.00", "Change 5.00"), "15.00", "10.00"),
        # a total stands at cash as well
        (("Sub total 9.50", "Total 9.52", "Cash 9.52"), "9.52", "9.50"),
        # what is on top is a tip
        (("Total 89.60", "Tip 8.90", "Bar 98.50"), "98.50", "89.60"),
        # without tax it is no total
        (("Total excl. 82.50", "Cash 87.45"), "87.45", "82.50"),
        # only part of it is a subtotal
        (("Subtotal 3.98", "Cash 4.00"), "4.00", "3.98"),
        # nothing names either
        (("A 3.98", "B 4.00"), "4.00", "3.98"),
        # a smaller amount was paid
        (("Total 4.00", "Cash 3.98"), "3.98", "4.00"),
        # no amount, and one that stands nowhere
        (("Total 4.00", "Cash 5.00"), "5.00", "Cash"),
        (("Total 4.00", "Cash 5.00"), "5.00", "4.50"),
    ],
)
def test_amounts_stay_where_the_page_does_not_decide(page: tuple[str, ...], said: str, other: str) -> None:
    assert given(page, said, other) == said


def test_a_total_that_is_net_and_tax_stays() -> None:
    page = ("TOTAL 4.00", "Tax 1.00", "CASH 5.00")
    assert given(page, "5.00", "4.00", net_total="4.00", tax_total="1.00", key="grand_total") == "5.00"


def test_a_page_without_words_decides_nothing() -> None:
    assert given((), "5.00", "4.00") == "5.00"
