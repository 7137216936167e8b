"""The sums of EN 16931 that an e-invoice must keep (rules BR-CO-10 to BR-CO-17), on what its XML says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from schemas.einvoices.model import EInvoice
from schemas.einvoices.parse import read_number

# The standard's own schematron allows a cent for rounded taxes; sums of rounded amounts are exact.
_CENT = Decimal("0.01")
# Lines of quantity times price are rounded; allowances of a line are in its amount and not in its price.
_MUST_HAVE = (
    ("BT-1", "document_id"),
    ("BT-2", "date_issue"),
    ("BT-5", "currency_code_amount_due"),
    ("BT-27", "vendor_name"),
    ("BT-44", "customer_billing_name"),
    ("BT-109", "amount_total_net"),
    ("BT-112", "amount_total_gross"),
    ("BT-115", "amount_due"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenRule:
    """A rule that the XML breaks: its name in the standard, the term where it shows, and what is wrong."""

    rule: str
    term: str
    message: str


def broken_rules(invoice: EInvoice) -> tuple[BrokenRule, ...]:
    """Return the rules that the XML breaks; what it does not say breaks no sum.

    ZUGFeRD 1 is older than the standard, and is held to the same sums.
    """
    return (*_missing(invoice), *_sums(invoice), *_breakdown(invoice))


def _missing(invoice: EInvoice) -> Iterator[BrokenRule]:
    for name, term in _MUST_HAVE:
        if term not in invoice.fields:
            yield BrokenRule(rule=name, term=term, message=f"{name} must be there and is not")
        elif term.startswith("amount") and read_number(invoice.fields[term]) is None:
            yield BrokenRule(rule=name, term=term, message=f"{name} is no number")


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
