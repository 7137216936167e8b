"""The purchase order that a customer sends to a vendor."""

from __future__ import annotations

from pydantic import Field

from schemas.documents.fields import Amount, Currency, Date, DocumentModel, TaxId, Verbatim


class PurchaseOrderLineItem(DocumentModel):
    """One ordered line."""

    position: Verbatim = Field(default=None, description="Line number")
    code: Verbatim = Field(default=None, description="Article number or SKU")
    description: Verbatim = Field(default=None, description="Goods or service ordered")
    quantity: Amount = Field(default=None, description="How many units")
    units_of_measure: Verbatim = Field(default=None, description="Unit of the quantity")
    unit_price_net: Amount = Field(default=None, description="Price of one unit before tax")
    date: Date = Field(default=None, description="Delivery date of the line")
    amount_net: Amount = Field(default=None, description="Line total before tax")


class PurchaseOrder(DocumentModel):
    """Order of goods or services from a vendor."""

    document_id: Verbatim = Field(default=None, description="Order number")
    date_issue: Date = Field(default=None, description="Order date")
    date_delivery: Date = Field(default=None, description="Date wanted for delivery")
    vendor_order_id: Verbatim = Field(default=None, description="Vendor's offer or order number")
    vendor_name: Verbatim = Field(default=None, description="Company that shall deliver")
    vendor_address: Verbatim = Field(default=None, description="Address of the vendor")
    customer_id: Verbatim = Field(default=None, description="Customer number at the vendor")
    customer_billing_name: Verbatim = Field(default=None, description="Company that orders and pays")
    customer_billing_address: Verbatim = Field(default=None, description="Address for the invoice")
    customer_delivery_name: Verbatim = Field(default=None, description="Who receives the goods")
    customer_delivery_address: Verbatim = Field(default=None, description="Address to deliver to")
    customer_tax_id: TaxId = Field(default=None, description="VAT or tax number of the customer")
    currency_code_amount_due: Currency = Field(default=None, description="Currency code or sign")
    amount_total_net: Amount = Field(default=None, description="Total before tax")
    amount_total_tax: Amount = Field(default=None, description="Total tax")
    amount_total_gross: Amount = Field(default=None, description="Grand total with tax")
    payment_terms: Verbatim = Field(default=None, description="Payment conditions")
    line_items: tuple[PurchaseOrderLineItem, ...] = Field(default=(), description="Ordered lines")
