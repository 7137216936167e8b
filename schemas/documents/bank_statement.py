"""The bank statement: an account, a period, and its bookings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.documents.fields import Amount, Bic, Currency, Date, DocumentModel, Iban, Verbatim


class BankStatementLineItem(DocumentModel):
    """One booking.

    Statements print a sign, or a column of their own for money in and money out; `direction` says
    which, so that `amount` can stay as printed.
    """

    date: Date = Field(default=None, description="Booking date")
    date_value: Date = Field(default=None, description="Value date")
    description: Verbatim = Field(default=None, description="Booking text")
    amount: Amount = Field(default=None, description="Amount booked")
    direction: Literal["debit", "credit"] | None = Field(default=None, description="Money out or in")
    balance: Amount = Field(default=None, description="Balance after the booking")


class BankStatement(DocumentModel):
    """Statement of a bank or card account."""

    document_id: Verbatim = Field(default=None, description="Statement number")
    date_issue: Date = Field(default=None, description="Date of the statement")
    bank_name: Verbatim = Field(default=None, description="Name of the bank")
    bank_num: Verbatim = Field(default=None, description="Sort code or routing number")
    account_holder: Verbatim = Field(default=None, description="Who owns the account")
    account_num: Verbatim = Field(default=None, description="Account number")
    iban: Iban = Field(default=None, description="IBAN of the account")
    bic: Bic = Field(default=None, description="BIC or SWIFT of the bank")
    currency: Currency = Field(default=None, description="Currency code or sign")
    period_start: Date = Field(default=None, description="First day covered")
    period_end: Date = Field(default=None, description="Last day covered")
    opening_balance: Amount = Field(default=None, description="Balance at the start")
    closing_balance: Amount = Field(default=None, description="Balance at the end")
    line_items: tuple[BankStatementLineItem, ...] = Field(default=(), description="Bookings")
