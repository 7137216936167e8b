"""By which names of keys a schema asks for the terms of an e-invoice.

A name is in here if it means the term and nothing else on an invoice: "total" is not, as it may be with tax
or without. EN 16931's own numbers ("BT-112") are names too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

_SELLERS = ("vendor", "seller", "supplier", "issuer")
_BUYERS = ("customer", "buyer", "client", "recipient", "customer_billing", "bill_to", "billing")


def _of(parties: tuple[str, ...], *ends: str) -> str:
    return " ".join(f"{party}_{end}" for party in parties for end in ends)


_VAT_ENDS = ("vat_id", "vat_number", "vat_no", "vat")
_FIELDS: Mapping[str, str] = {
    "document_type": "document_type invoice_type BT-3",
    "document_id": "document_id invoice_number invoice_no invoice_id invoice_nr BT-1",
    "date_issue": "date_issue issue_date invoice_date date_of_invoice date_of_issue BT-2",
    "date_due": "date_due due_date payment_due_date invoice_due_date BT-9",
    "order_id": "order_id order_number purchase_order purchase_order_number po_number BT-13",
    "vendor_name": f"{_of(_SELLERS, 'name')} BT-27",
    "vendor_address": _of(_SELLERS, "address"),
    "vendor_tax_id": _of(_SELLERS, "tax_id", "tax_number"),
    "vendor_vat_id": f"{_of(_SELLERS, *_VAT_ENDS)} BT-31",
    "vendor_country": f"{_of(_SELLERS, 'country', 'country_code')} BT-40",
    "customer_billing_name": f"{_of(_BUYERS, 'name')} BT-44",
    "customer_billing_address": _of(_BUYERS, "address"),
    "customer_delivery_address": "customer_delivery_address delivery_address ship_to_address "
    "shipping_address",
    "customer_id": "customer_id customer_number customer_no buyer_id BT-46",
    "customer_tax_id": _of(_BUYERS, "tax_id", "tax_number"),
    "customer_vat_id": f"{_of(_BUYERS, *_VAT_ENDS)} BT-48",
    "customer_country": f"{_of(_BUYERS, 'country', 'country_code')} BT-55",
    "currency_code_amount_due": "currency_code_amount_due currency currency_code invoice_currency BT-5",
    "amount_total_lines": "amount_total_lines lines_total line_total sum_of_lines BT-106",
    "amount_total_net": "amount_total_net net_total total_net net_amount amount_untaxed total_excl_tax "
    "total_excluding_tax total_without_tax taxable_amount BT-109",
    "amount_total_tax": "amount_total_tax tax_total total_tax tax_amount vat_total total_vat vat_amount "
    "amount_tax BT-110",
    "amount_total_gross": "amount_total_gross grand_total total_gross gross_total gross_amount invoice_total "
    "total_incl_tax total_including_tax total_with_tax BT-112",
    "amount_paid": "amount_paid prepaid_amount paid_amount BT-113",
    "amount_due": "amount_due due_payable payable_amount due_amount amount_payable total_due BT-115",
    "payment_terms": "payment_terms terms_of_payment payment_conditions BT-20",
    "payment_reference": "payment_reference remittance_information BT-83",
    "iban": "iban seller_iban vendor_iban supplier_iban payee_iban BT-84",
    "bic": "bic swift bic_code seller_bic vendor_bic supplier_bic payee_bic BT-86",
}
_COLUMNS: Mapping[str, str] = {
    "position": "position line_number line_no line_id pos BT-126",
    "code": "code sku article_number item_number item_code product_code seller_item_id BT-155",
    "description": "description item_name name product_name item_description product article BT-153",
    "quantity": "quantity qty billed_quantity invoiced_quantity BT-129",
    "units_of_measure": "units_of_measure unit unit_code unit_of_measure uom BT-130",
    "unit_price_net": "unit_price_net unit_price net_price net_unit_price price_net BT-146",
    "tax_rate": "tax_rate vat_rate vat_percent tax_percent BT-152",
    "amount_net": "amount_net amount line_total line_amount net_amount line_total_net total_net BT-131",
}
_LISTS = "line_items items lines positions invoice_lines invoice_items rows line_item BG-25"
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOT_NAME = re.compile(r"[^a-z0-9]+")


def fold_name(name: str) -> str:
    """Return a key or title in one spelling.

    Examples
    --------
    >>> fold_name("Invoice Number"), fold_name("invoiceNumber"), fold_name("BT-1")
    ('invoice_number', 'invoice_number', 'bt_1')
    """
    return _NOT_NAME.sub("_", _CAMEL.sub("_", name).lower()).strip("_")


def _by_name(terms: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType(
        {fold_name(name): term for term, names in terms.items() for name in names.split()}
    )


def _numbers(*tables: Mapping[str, str]) -> Mapping[str, str]:
    """Return the standard's own number of each term that has one."""
    named = ((term, name) for table in tables for term, names in table.items() for name in names.split())
    return MappingProxyType({term: name for term, name in named if name.startswith("BT-")})


FIELD_TERMS: Mapping[str, str] = _by_name(_FIELDS)
COLUMN_TERMS: Mapping[str, str] = _by_name(_COLUMNS)
LIST_NAMES: frozenset[str] = frozenset(map(fold_name, _LISTS.split()))
# "BT-112" by the term; fields before columns, which have other terms' keys of the same meaning.
BUSINESS_TERMS: Mapping[str, str] = _numbers(_COLUMNS, _FIELDS)
