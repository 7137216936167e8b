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


class EInvoice(Value):
    """The terms of one e-invoice; numbers as written with a decimal point, dates in ISO form.

    Attributes
    ----------
    fields
        Values by term (`schemas.einvoices.paths`); a term that the XML does not have is no key.
    rows
        The invoice lines in order, each with the terms that it has. Profiles of less than a whole invoice
        (MINIMUM, BASIC WL) have none.
    taxes
        The VAT breakdown.
    """

    syntax: Syntax
    fields: dict[str, str]
    rows: tuple[dict[str, str], ...] = ()
    taxes: tuple[TaxShare, ...] = ()
