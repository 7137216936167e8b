"""The sums of EN 16931, held against what the XML says."""

from __future__ import annotations

import pytest

from schemas.einvoices.model import EInvoice, TaxShare
from schemas.einvoices.rules import broken_rules

WHOLE = {
    "document_id": "1",
    "date_issue": "2026-03-01",
    "type_code": "380",
    "currency_code_amount_due": "EUR",
    "vendor_name": "A",
    "customer_billing_name": "B",
    "amount_total_lines": "100.00",
    "amount_allowances": "10.00",
    "amount_total_net": "90.00",
    "amount_total_tax": "17.10",
    "amount_total_gross": "107.10",
    "amount_paid": "7.10",
    "amount_due": "100.00",
}
ROWS = ({"amount_net": "60.00"}, {"amount_net": "40.00"})
TAXES = (TaxShare(category="S", rate="19", basis="90.00", amount="17.10"),)


def rules_of(taxes: tuple[TaxShare, ...] = TAXES, **changed: str) -> list[tuple[str, str]]:
    invoice = EInvoice(syntax="cii", fields={**WHOLE, **changed}, rows=ROWS, taxes=taxes)
    return [(broken.rule, broken.term) for broken in broken_rules(invoice)]


def test_an_invoice_whose_sums_hold_breaks_none() -> None:
    assert rules_of() == []


@pytest.mark.parametrize(
    ("changed", "broken"),
    [
        # 60 + 40 is not 101; and then 101 - 10 is not 90.
        (
            {"amount_total_lines": "101.00"},
            [("BR-CO-10", "amount_total_lines"), ("BR-CO-13", "amount_total_net")],
        ),
        ({"amount_paid": "0.00"}, [("BR-CO-16", "amount_due")]),  # 107.10 - 0 is not 100
        ({"amount_due": "100.004"}, []),  # less than a cent
        # 90 + 11.20 is not 107.10, and the breakdown says 17.10
        (
            {"amount_total_tax": "11.20"},
            [("BR-CO-15", "amount_total_gross"), ("BR-CO-14", "amount_total_tax")],
        ),
        ({"amount_due": "a lot"}, [("BT-115", "amount_due")]),
        ({"amount_paid": "7,10"}, [("BT-113", "amount_paid"), ("BR-CO-16", "amount_due")]),
        ({"amount_due": "100.0000000000000000000"}, []),
        ({"date_issue": "202603"}, [("BT-2", "date_issue")]),
        ({"date_due": "2026-02-30"}, [("BT-9", "date_due")]),
    ],
)
def test_a_sum_that_does_not_come_out_is_named_by_its_rule(
    changed: dict[str, str], broken: list[tuple[str, str]]
) -> None:
    assert rules_of(TAXES, **changed) == broken


def test_a_rate_that_does_not_give_the_tax_breaks_a_rule() -> None:
    wrong = (TaxShare(category="S", rate="7", basis="90.00", amount="17.10"),)  # 7 % of 90 is 6.30
    assert rules_of(wrong) == [("BR-CO-17", "amount_total_tax")]


def test_an_empty_invoice_lacks_all_that_must_be_there_and_breaks_no_sum() -> None:
    rules = [broken.rule for broken in broken_rules(EInvoice(syntax="ubl", fields={}))]
    assert rules == ["BT-1", "BT-2", "BT-3", "BT-5", "BT-27", "BT-44", "BT-109", "BT-112", "BT-115"]


@pytest.mark.parametrize(
    ("row", "broken"),
    [
        ({"amount_net": "60,00"}, [("BT-131", 1)]),
        ({"quantity": "1 pc", "amount_net": "60.00"}, [("BT-129", 1)]),
        ({"quantity": "1", "unit_price_net": ".5", "amount_net": "60."}, []),
        ({"quantity": "1"}, [("BT-131", 1)]),  # a line that is billed has an amount
        ({"description": "a remark between lines"}, []),
    ],
)
def test_what_is_wrong_in_a_line_is_told_with_its_number(
    row: dict[str, str], broken: list[tuple[str, int]]
) -> None:
    lines = ({"amount_net": "40.00"}, row)
    found = broken_rules(EInvoice(syntax="cii", fields=WHOLE, rows=lines, taxes=TAXES))
    assert [(one.rule, one.row_index) for one in found] == broken


def test_a_breakdown_that_is_no_number_is_told_instead_of_left_out() -> None:
    wrong = (TaxShare(category="S", rate="19", basis="90.00", amount="17,10"),)
    assert rules_of(wrong) == [("BT-117", "amount_total_tax")]
