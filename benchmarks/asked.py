"""What the first figures ask of each data set: its native fields, with their kind and meaning."""

from __future__ import annotations

from schemas.registry import from_json_schema
from schemas.spec import ExtractionSchema

# Data set to (field, kind, description); fields outside this list are not asked for.
FIELDS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "sroie": (
        ("company", "verbatim", "Name of the seller"),
        ("address", "verbatim", "Address of the seller"),
        ("date", "date", "Date of the receipt"),
        ("total", "amount", "Total amount to pay"),
    ),
    "wildreceipt": (
        ("store_name", "verbatim", "Name of the seller"),
        ("store_address", "verbatim", "Address of the seller"),
        ("tel", "verbatim", "Telephone number"),
        ("date", "date", "Date of the receipt"),
        ("time", "verbatim", "Time of day"),
        ("subtotal", "amount", "Total before tax"),
        ("tax", "amount", "Tax amount"),
        ("total", "amount", "Total amount to pay"),
    ),
    "vrdu_adbuy": (
        ("contract_num", "verbatim", "Contract number"),
        ("advertiser", "verbatim", "Name of the advertiser"),
        ("gross_amount", "amount", "Gross total"),
        ("flight_from", "date", "First day"),
        ("flight_to", "date", "Last day"),
    ),
    "kleister_nda": (
        ("effective_date", "date", "Date the agreement takes effect"),
        ("jurisdiction", "verbatim", "State whose law governs"),
        ("party", "verbatim", "Name of a party"),
        ("term", "verbatim", "How long it lasts"),
    ),
    "einvoice_cii": (
        ("invoice_number", "verbatim", "Invoice number"),
        ("invoice_date", "date", "Date of the invoice"),
        ("seller_name", "verbatim", "Name of the seller"),
        ("buyer_name", "verbatim", "Name of the buyer"),
        ("net_total", "amount", "Total before tax"),
        ("tax_total", "amount", "Total tax"),
        ("grand_total", "amount", "Total with tax"),
    ),
    "invoice2data": (
        ("issuer", "verbatim", "Name of the seller"),
        ("invoice_number", "verbatim", "Invoice number"),
        ("date", "date", "Date of the invoice"),
        ("amount", "amount", "Total with tax"),
    ),
    "docile_sample": (
        ("document_id", "verbatim", "Invoice number"),
        ("date_issue", "date", "Date of the invoice"),
        ("vendor_name", "verbatim", "Name of the seller"),
        ("customer_billing_name", "verbatim", "Name of the buyer"),
        ("amount_total_gross", "amount", "Total with tax"),
        ("amount_due", "amount", "Amount to pay"),
    ),
    "softmatic_receipts": (
        ("merchant", "verbatim", "Name of the seller"),
        ("date", "date", "Date of the receipt"),
        ("total", "amount", "Total amount to pay"),
    ),
    "azure_forms": (
        ("Name", "verbatim", "Name of the person"),
        ("BusinessName", "verbatim", "Name of the business"),
        ("Address", "verbatim", "Street address"),
        ("CityStateZip", "verbatim", "City, state and postal code"),
    ),
}


def dataset_schema(dataset: str) -> ExtractionSchema:
    """Return the schema asked of a data set's documents; every field may be null."""
    properties = {
        key: {"type": ["string", "null"], "x-rasg-kind": kind, "description": description}
        for key, kind, description in FIELDS[dataset]
    }
    mapping = {"type": "object", "properties": properties, "additionalProperties": False}
    return from_json_schema(mapping, name=dataset)
