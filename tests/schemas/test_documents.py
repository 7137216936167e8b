from __future__ import annotations

import pytest
from pydantic import BaseModel, ValidationError

from schemas.documents.bank_statement import BankStatement
from schemas.documents.generic_form import FormField, GenericForm
from schemas.documents.invoice import Invoice, InvoiceLineItem
from schemas.documents.purchase_order import PurchaseOrder
from schemas.documents.receipt import Receipt
from schemas.registry import get_schema, list_schemas
from schemas.spec import ArraySpec, ExtractionSchema, FieldSpec, ObjectSpec
from tests.paths import ROOT

# DocILE's field names (github.com/rossumai/docile); rows without their prefix.
DOCILE_FIELDS = frozenset(
    """
    account_num amount_due amount_paid amount_total_gross amount_total_net amount_total_tax bank_num bic
    currency_code_amount_due customer_billing_address customer_billing_name customer_delivery_address
    customer_delivery_name customer_id customer_order_id customer_other_address customer_other_name
    customer_registration_id customer_tax_id date_due date_issue document_id iban order_id payment_reference
    payment_terms tax_detail_gross tax_detail_net tax_detail_rate tax_detail_tax vendor_address vendor_email
    vendor_name vendor_order_id vendor_registration_id vendor_tax_id
    """.split()
)
DOCILE_COLUMNS = frozenset(
    """
    amount_gross amount_net code currency date description discount_amount discount_rate hts_number order_id
    person_name position quantity tax tax_rate unit_price_gross unit_price_net units_of_measure weight
    """.split()
)
OWN_FIELDS = {
    "invoice": {"document_type"},
    "receipt": {"vendor_phone", "document_time", "tip_amount", "payment_method"},
    "purchase_order": {"date_delivery"},
    "bank_statement": {
        *("bank_name", "account_holder", "currency", "period_start", "period_end"),
        *("opening_balance", "closing_balance"),
    },
    "generic_form": {"title"},
}
OWN_COLUMNS = {
    "bank_statement": {"date_value", "amount", "direction", "balance"},
    "generic_form": {"label", "value"},
}
CLASSES: dict[str, type[BaseModel]] = {
    "invoice": Invoice,
    "receipt": Receipt,
    "purchase_order": PurchaseOrder,
    "bank_statement": BankStatement,
    "generic_form": GenericForm,
}
each_schema = pytest.mark.parametrize("schema", list_schemas(), ids=lambda schema: schema.name)


def _rows(schema: ExtractionSchema) -> ObjectSpec:
    arrays = [spec for _, spec in schema.root.properties if isinstance(spec, ArraySpec)]
    assert len(arrays) == 1
    assert isinstance(arrays[0].item, ObjectSpec)
    return arrays[0].item


@each_schema
def test_names_are_those_of_docile_where_it_has_one(schema: ExtractionSchema) -> None:
    fields = {key for key, spec in schema.root.properties if isinstance(spec, FieldSpec)}
    assert fields - DOCILE_FIELDS == OWN_FIELDS[schema.name]
    columns = {key for key, _ in _rows(schema).properties}
    assert columns - DOCILE_COLUMNS == OWN_COLUMNS.get(schema.name, set())


@each_schema
def test_every_field_may_be_null_and_says_what_it_means(schema: ExtractionSchema) -> None:
    for keys, field in schema.leaves():
        assert field.nullable, keys
        assert 1 <= len(field.description.split()) <= 8, keys
        assert field.kind in ("verbatim", "amount", "date", "enum"), keys


@each_schema
def test_names_of_amounts_and_dates_agree_with_their_kinds(schema: ExtractionSchema) -> None:
    for keys, field in schema.leaves():
        is_amount = any(part in keys[-1] for part in ("amount_", "quantity", "price", "rate", "balance"))
        is_amount = (is_amount or keys[-1] in ("amount", "tip_amount")) and "currency" not in keys[-1]
        assert (field.kind == "amount") == is_amount, keys
        is_date = keys[-1].startswith("date") or keys[-1].startswith("period_")
        assert (field.kind == "date") == is_date, keys


@each_schema
def test_keys_stand_in_the_order_of_the_class(schema: ExtractionSchema) -> None:
    assert [key for key, _ in schema.root.properties] == list(CLASSES[schema.name].model_fields)


@each_schema
def test_the_documentation_lists_the_schema_with_its_columns(schema: ExtractionSchema) -> None:
    n_fields = sum(isinstance(spec, FieldSpec) for _, spec in schema.root.properties)
    columns = ", ".join(f"`{key}`" for key, _ in _rows(schema).properties)
    row = f"| `{schema.name}` | {schema.description} | {n_fields} | {columns} |"
    assert row in (ROOT / "docs" / "schemas.md").read_text(encoding="utf-8")


def test_an_answer_becomes_the_class_and_nothing_else_does() -> None:
    invoice = Invoice.model_validate({"amount_due": "1.234,56", "line_items": [{"quantity": "2"}]})
    assert invoice.line_items == (InvoiceLineItem(quantity="2"),)
    for wrong in ({"amount_due": 5}, {"total": "5"}, {"document_type": "letter"}):
        with pytest.raises(ValidationError):
            Invoice.model_validate(wrong)
    with pytest.raises(ValidationError):
        invoice.amount_due = "0"


def test_a_form_is_an_open_list_of_pairs() -> None:
    form = GenericForm(fields=(FormField(label="Name", value="Roe"),))
    assert form.model_dump()["fields"] == ({"label": "Name", "value": "Roe"},)
    assert [key for key, _ in _rows(get_schema("generic_form")).properties] == ["label", "value"]
