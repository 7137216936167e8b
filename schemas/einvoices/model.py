"""What an e-invoice says, whatever syntax it is written in."""

from __future__ import annotations

from typing import Literal

from schemas.frozen import Value

Syntax = Literal["cii", "ubl", "zugferd_1"]


class TaxShare(Value):
    """One line of the VAT breakdown (EN 16931, BG-23); None where the XML does not say."""

    category: str | None = None
    rate: str | None = None
    basis: str | None = None
    amount: str | None = None


class BrokenRule(Value):
    """What is wrong with the XML: the rule or term of the standard, where it shows, and what is wrong.

    Attributes
    ----------
    rule
        As the standard names it ("BR-CO-10", "BT-2").
    term
        The term (`schemas.einvoices.paths`) at which it shows; of a line if there is a `row_index`.
    message
        Names amounts, currencies and days of the XML, and no text of it.
    """

    rule: str
    term: str
    message: str
    row_index: int | None = None


class EInvoice(Value):
    """The terms of one e-invoice; numbers as written with a decimal point, dates in ISO form.

    What is no number or no day is kept as it is written, and `schemas.einvoices.rules` says so.

    Attributes
    ----------
    fields
        Values by term (`schemas.einvoices.paths`); a term that the XML does not have is no key.
    rows
        The invoice lines in order, each with the terms that it has. Profiles of less than a whole invoice
        (MINIMUM, BASIC WL) have none.
    taxes
        The VAT breakdown.
    accounts
        The different accounts to pay to (BT-84), the one in `fields` first.
    broken
        What is wrong with the XML beyond what its terms show: one said twice, in another currency.
    """

    syntax: Syntax
    fields: dict[str, str]
    rows: tuple[dict[str, str], ...] = ()
    taxes: tuple[TaxShare, ...] = ()
    accounts: tuple[str, ...] = ()
    broken: tuple[BrokenRule, ...] = ()
