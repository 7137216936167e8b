"""The sums of EN 16931 that an e-invoice must keep (rules BR-CO-10 to BR-CO-17), on what its XML says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from schemas.einvoices.model import BrokenRule, EInvoice
from schemas.einvoices.names import BUSINESS_TERMS
from schemas.einvoices.values import read_day, read_number

# The standard's own schematron allows a cent for rounded taxes; sums of rounded amounts are exact.
_CENT = Decimal("0.01")
# Lines of quantity times price are rounded; allowances of a line are in its amount and not in its price.
_MUST_HAVE = (
    ("BT-1", "document_id"),
    ("BT-2", "date_issue"),
    ("BT-3", "type_code"),
    ("BT-5", "currency_code_amount_due"),
    ("BT-27", "vendor_name"),
    ("BT-44", "customer_billing_name"),
    ("BT-109", "amount_total_net"),
    ("BT-112", "amount_total_gross"),
    ("BT-115", "amount_due"),
)


_NUMBERS = ("quantity", "unit_price_net", "tax_rate")
# What makes a line one that is billed, and not a remark between lines.
_BILLED = ("quantity", "unit_price_net")


def broken_rules(invoice: EInvoice) -> tuple[BrokenRule, ...]:
    """Return the rules that the XML breaks; what it does not say breaks no sum.

    ZUGFeRD 1 is older than the standard, and is held to the same sums.
    """
    rows = (broken for index, row in enumerate(invoice.rows) for broken in _line(row, index))
    wrong = (*_missing(invoice), *_unreadable(invoice.fields, None), *rows)
    return (*invoice.broken, *wrong, *_sums(invoice), *_breakdown(invoice))


def _missing(invoice: EInvoice) -> Iterator[BrokenRule]:
    for name, term in _MUST_HAVE:
        if term not in invoice.fields:
            yield BrokenRule(rule=name, term=term, message=f"{name} must be there and is not")


def _line(row: Mapping[str, str], index: int) -> Iterator[BrokenRule]:
    """Yield what is wrong with a line by itself."""
    yield from _unreadable(row, index)
    if "amount_net" not in row and any(term in row for term in _BILLED):
        message = "BT-131 must be there and is not"
        yield BrokenRule(rule="BT-131", term="amount_net", message=message, row_index=index)


def _unreadable(said: Mapping[str, str], row_index: int | None) -> Iterator[BrokenRule]:
    """Yield the amounts that are no numbers of XML ("12,50"), and the dates that are no days ("202604")."""
    for term, text in said.items():
        is_number = term.startswith("amount") or term in _NUMBERS
        if is_number and read_number(text) is None:
            what = "is no number"
        elif term.startswith("date") and read_day(text) is None:
            what = "is no day"
        else:
            continue
        name = BUSINESS_TERMS.get(term, term)
        yield BrokenRule(rule=name, term=term, message=f"{name} {what}", row_index=row_index)


def _sums(invoice: EInvoice) -> Iterator[BrokenRule]:
    def amount(term: str) -> Decimal | None:
        return read_number(invoice.fields.get(term))

    def extra(term: str) -> Decimal:
        return amount(term) or Decimal(0)

    lines = [read_number(row.get("amount_net")) for row in invoice.rows]
    total_lines, net = amount("amount_total_lines"), amount("amount_total_net")
    tax, gross, due = amount("amount_total_tax"), amount("amount_total_gross"), amount("amount_due")
    known = [line for line in lines if line is not None]
    if known and len(known) == len(lines):
        yield from _compare("BR-CO-10", "amount_total_lines", sum(known, Decimal(0)), total_lines)
    if total_lines is not None:
        wanted = total_lines - extra("amount_allowances") + extra("amount_charges")
        yield from _compare("BR-CO-13", "amount_total_net", wanted, net)
    if net is not None:
        yield from _compare("BR-CO-15", "amount_total_gross", net + (tax or 0), gross)
    if gross is not None:
        wanted = gross - extra("amount_paid") + extra("amount_rounding")
        yield from _compare("BR-CO-16", "amount_due", wanted, due)


def _breakdown(invoice: EInvoice) -> Iterator[BrokenRule]:
    amounts = [read_number(share.amount) for share in invoice.taxes]
    known = [amount for amount in amounts if amount is not None]
    if known and len(known) == len(amounts):
        stated = read_number(invoice.fields.get("amount_total_tax"))
        yield from _compare("BR-CO-14", "amount_total_tax", sum(known, Decimal(0)), stated)
    elif len(known) != len(amounts):
        message = "the VAT breakdown has an amount that is no number"
        yield BrokenRule(rule="BT-117", term="amount_total_tax", message=message)
    for share in invoice.taxes:
        basis, rate, amount = read_number(share.basis), read_number(share.rate), read_number(share.amount)
        if basis is None or rate is None or amount is None:
            continue
        if abs(basis * rate / 100 - amount) >= 1:  # the schematron's own tolerance
            message = f"{basis} at {rate} % is not {amount}"
            yield BrokenRule(rule="BR-CO-17", term="amount_total_tax", message=message)


def _compare(rule: str, term: str, wanted: Decimal, stated: Decimal | None) -> Iterator[BrokenRule]:
    if stated is not None and abs(wanted - stated) >= _CENT:
        message = f"the XML's other amounts come to {wanted}, and it says {stated}"
        yield BrokenRule(rule=rule, term=term, message=message)
