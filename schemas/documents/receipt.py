"""The receipt of a shop, restaurant or fuel station."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.documents.fields import Amount, Currency, Date, DocumentModel, Phone, TaxId, Verbatim


class ReceiptLineItem(DocumentModel):
    """One bought item."""

    code: Verbatim = Field(default=None, description="Article number or barcode")
    description: Verbatim = Field(default=None, description="Item bought")
    quantity: Amount = Field(default=None, description="How many")
    unit_price_gross: Amount = Field(default=None, description="Price of one, with tax")
    amount_gross: Amount = Field(default=None, description="Price of the line, with tax")


class Receipt(DocumentModel):
    """Receipt of a purchase that was paid on the spot."""

    vendor_name: Verbatim = Field(default=None, description="Shop or company name")
    vendor_address: Verbatim = Field(default=None, description="Address of the shop")
    vendor_phone: Phone = Field(default=None, description="Phone number of the shop")
    vendor_tax_id: TaxId = Field(default=None, description="VAT or tax number of the shop")
    document_id: Verbatim = Field(default=None, description="Receipt number")
    date_issue: Date = Field(default=None, description="Date of purchase")
    document_time: Verbatim = Field(default=None, description="Time of purchase")
    currency_code_amount_due: Currency = Field(default=None, description="Currency code or sign")
    amount_total_net: Amount = Field(default=None, description="Subtotal before tax")
    amount_total_tax: Amount = Field(default=None, description="Total tax")
    tip_amount: Amount = Field(default=None, description="Tip or gratuity")
    amount_total_gross: Amount = Field(default=None, description="Total to pay, with tax")
    amount_paid: Amount = Field(default=None, description="Amount the customer handed over")
    payment_method: Literal["cash", "card", "other"] | None = Field(
        default=None, description="How it was paid"
    )
    line_items: tuple[ReceiptLineItem, ...] = Field(default=(), description="Items bought")
