"""The shipped schemas as pydantic classes: what an answer under each of them holds.

`rasg.extract(file, schema=Invoice)` asks with one, and `Invoice.model_validate(extraction.output.value)`
makes an object of the answer. A class of your own, derived from `DocumentModel` or any pydantic model, is
asked with in the same way.
"""

from __future__ import annotations

from schemas.documents.bank_statement import BankStatement, BankStatementLineItem
from schemas.documents.fields import Amount, Date, DocumentModel, Verbatim
from schemas.documents.generic_form import FormField, GenericForm
from schemas.documents.invoice import Invoice, InvoiceLineItem
from schemas.documents.purchase_order import PurchaseOrder, PurchaseOrderLineItem
from schemas.documents.receipt import Receipt, ReceiptLineItem

__all__ = [
    "Amount",
    "BankStatement",
    "BankStatementLineItem",
    "Date",
    "DocumentModel",
    "FormField",
    "GenericForm",
    "Invoice",
    "InvoiceLineItem",
    "PurchaseOrder",
    "PurchaseOrderLineItem",
    "Receipt",
    "ReceiptLineItem",
    "Verbatim",
]
