"""A schema filled from an e-invoice: the same meaning or nothing."""

from __future__ import annotations

from pydantic import JsonValue

from schemas.einvoices.fill import Filled, fill_schema
from schemas.einvoices.model import EInvoice
from schemas.einvoices.parse import parse_einvoice_xml
from schemas.registry import from_json_schema, get_schema
from tests.app.einvoices.made import made

TEXT: JsonValue = {"type": ["string", "null"]}
NUMBER: JsonValue = {"type": ["number", "null"]}


def filled(properties: dict[str, JsonValue], invoice: EInvoice | None = None) -> Filled:
    schema = from_json_schema({"title": "mine", "type": "object", "properties": properties})
    return fill_schema(schema, invoice or parse_einvoice_xml(made(5).xml()))


def test_the_shipped_invoice_is_filled_in_full() -> None:
    found = fill_schema(get_schema("invoice"), parse_einvoice_xml(made(5).xml()))
    data = made(5).data
    assert found.open == ()
    assert found.values["document_type",] == "invoice"
    assert found.values["amount_total_gross",] == data["BT-112"]
    assert found.values["amount_paid",] is None  # a whole invoice says so by not saying it
    rows = found.values["line_items",]
    assert isinstance(rows, list)
    assert len(rows) == len(data["BG-25"])
    assert found.terms["line_items", 0, "amount_net"] == "amount_net"
    assert ("line_items", 0, "amount_gross") not in found.terms  # EN 16931 has no such term


def test_other_names_of_the_same_term_are_known_and_what_is_no_term_is_left_open() -> None:
    found = filled(
        {
            "invoiceNumber": TEXT,
            "BT-112": NUMBER,
            "seller": {"type": "object", "properties": {"name": TEXT, "phone": TEXT}},
            "total": NUMBER,
            "issue_date": {"type": ["string", "null"], "format": "date"},
        }
    )
    data = made(5).data
    assert found.values == {
        ("invoiceNumber",): data["BT-1"],
        ("BT-112",): float(data["BT-112"]),
        ("seller", "name"): data["BG-4"]["name"],
        ("issue_date",): data["BT-2"].isoformat(),
    }
    assert found.open == (("seller", "phone"), ("total",))


def test_a_list_is_filled_by_its_name_and_columns() -> None:
    row: JsonValue = {"type": "object", "properties": {"sku": TEXT, "qty": NUMBER, "weight": TEXT}}
    found = filled({"items": {"type": "array", "items": row}, "taxes": {"type": "array", "items": row}})
    rows = found.values["items",]
    assert isinstance(rows, list)
    assert rows[0] == {"sku": None, "qty": float(made(5).data["BG-25"][0]["BT-129"]), "weight": None}
    assert found.open == (("taxes",),)


def test_an_invoice_without_lines_leaves_open_what_it_does_not_say() -> None:
    minimum = EInvoice(syntax="cii", fields={"document_id": "1"})
    found = filled(
        {"invoice_number": TEXT, "due_date": TEXT, "items": {"type": "array", "items": TEXT}}, minimum
    )
    assert found.values == {("invoice_number",): "1"}
    assert found.open == (("due_date",), ("items",))


def test_a_value_that_does_not_fit_or_must_not_be_null_is_left_open() -> None:
    found = filled(
        {
            "currency": {"enum": ["USD", "GBP", None]},
            "order_number": {"type": "string"},
            "seller_name": {"type": ["string", "null"], "maxLength": 3},
            "grand_total": {"type": ["integer", "null"]},
        }
    )
    assert found.values == {}
    assert found.is_empty


def test_a_credit_note_is_one() -> None:
    data = made(5).data
    xml = made(5).xml("ubl", data=data | {"BT-3": "381"})
    found = fill_schema(get_schema("invoice"), parse_einvoice_xml(xml))
    assert found.values["document_type",] == "credit_note"


def test_a_date_that_is_no_day_is_left_open_where_the_schema_wants_one() -> None:
    invoice = EInvoice(syntax="cii", fields={"date_issue": "202604"}, rows=({"amount_net": "1"},))
    day: JsonValue = {"type": ["string", "null"], "format": "date"}
    assert filled({"issue_date": day, "due_date": day}, invoice).open == (("issue_date",),)
