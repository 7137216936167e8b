"""The invoice: what accounting books, and its lines."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.documents.fields import Amount, Bic, Currency, Date, DocumentModel, Iban, TaxId, Verbatim


class InvoiceLineItem(DocumentModel):
    """One billed line."""

    position: Verbatim = Field(default=None, description="Line number")
    code: Verbatim = Field(default=None, description="Article number or SKU")
    description: Verbatim = Field(default=None, description="Goods or service billed")
    quantity: Amount = Field(default=None, description="How many units")
    units_of_measure: Verbatim = Field(default=None, description="Unit of the quantity")
    unit_price_net: Amount = Field(default=None, description="Price of one unit before tax")
    tax_rate: Amount = Field(default=None, description="Tax rate in percent")
    amount_net: Amount = Field(default=None, description="Line total before tax")
    amount_gross: Amount = Field(default=None, description="Line total with tax")


class Invoice(DocumentModel):
    """Invoice or credit note from a vendor."""

    document_type: Literal["invoice", "credit_note"] | None = Field(
        default=None, description="Demands money, or gives it back"
    )
    document_id: Verbatim = Field(default=None, description="Invoice number")
    date_issue: Date = Field(default=None, description="Invoice date")
    date_due: Date = Field(default=None, description="Date by which to pay")
    order_id: Verbatim = Field(default=None, description="Purchase order number")
    vendor_name: Verbatim = Field(default=None, description="Company that sells")
    vendor_address: Verbatim = Field(default=None, description="Address of the vendor")
    vendor_tax_id: TaxId = Field(default=None, description="VAT or tax number of the vendor")
    customer_billing_name: Verbatim = Field(default=None, description="Company or person billed")
    customer_billing_address: Verbatim = Field(default=None, description="Address billed")
    customer_delivery_address: Verbatim = Field(default=None, description="Address delivered to")
    customer_id: Verbatim = Field(default=None, description="Customer number at the vendor")
    customer_tax_id: TaxId = Field(default=None, description="VAT or tax number of the customer")
    currency_code_amount_due: Currency = Field(default=None, description="Currency code or sign")
    amount_total_net: Amount = Field(default=None, description="Total before tax")
    amount_total_tax: Amount = Field(default=None, description="Total tax")
    amount_total_gross: Amount = Field(default=None, description="Grand total with tax")
    amount_paid: Amount = Field(default=None, description="Amount already paid")
    amount_due: Amount = Field(default=None, description="Amount still to pay")
    payment_terms: Verbatim = Field(default=None, description="Payment conditions")
    payment_reference: Verbatim = Field(default=None, description="Reference to quote when paying")
    iban: Iban = Field(default=None, description="IBAN to pay to")
    bic: Bic = Field(default=None, description="BIC or SWIFT to pay to")
    line_items: tuple[InvoiceLineItem, ...] = Field(default=(), description="Billed lines")
