"""E-invoices annotate themselves: what their XML says is the gold, as far as the page shows it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pydantic import JsonValue, TypeAdapter

from app.examples.annotate import says_something
from eval.predictions import ROWS_KEY
from eval.readers.einvoice import parse_einvoice
from ocr.attachments import einvoice_xml
from ocr.limits import ReadLimits
from ocr.sandboxed import run_in_child
from schemas.errors import EvaluationError, InputError, OcrTimeoutError
from schemas.spec import ArraySpec, ExtractionSchema, FieldSpec, ObjectSpec, Spec

# Where the shipped invoice schema has another name for what the XML says.
_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "customer_name": "customer_billing_name",
        "customer_address": "customer_billing_address",
        "currency": "currency_code_amount_due",
    }
)
# UNTDID 1001: what a document is; credit notes give money back.
_CREDIT_NOTES = frozenset({"81", "261", "296", "308", "381", "396", "532"})

_PARSED: TypeAdapter[tuple[dict[str, JsonValue], list[dict[str, JsonValue]]]] = TypeAdapter(
    tuple[dict[str, JsonValue], list[dict[str, JsonValue]]]
)
# The largest that is taken, 250,000 elements, needs one to two.
_XML_CPU_S = 10.0


def read_attached_xml(
    data: bytes, *, limits: ReadLimits, password: str | None = None
) -> tuple[dict[str, JsonValue], list[dict[str, JsonValue]]] | None:
    """Return fields and rows of the e-invoice that a PDF carries, as `parse_einvoice`; None if it has none.

    The PDF and the XML are hostile bytes: both are parsed in children, under their limits.

    Raises
    ------
    InputError
        If the XML is no e-invoice, or is malformed or hostile, or the PDF cannot be opened.
    """
    xml = einvoice_xml(data, limits=limits, password=password)
    if xml is None:
        return None
    try:
        return run_in_child(parse_einvoice, xml, _PARSED, limits=limits, cpu_s=_XML_CPU_S)
    except EvaluationError as error:
        raise InputError(f"the embedded e-invoice cannot be used: {error}") from error
    except OcrTimeoutError as error:
        # Another try would take as long.
        raise InputError("the embedded e-invoice takes too long to parse") from error


def einvoice_answer(
    data: bytes, schema: ExtractionSchema, *, limits: ReadLimits, password: str | None = None
) -> dict[str, JsonValue] | None:
    """Return what an e-invoice's XML says under a schema's keys; None if the PDF carries no XML.

    Keys that the XML does not know are null: an example of such a page is silent on them.

    Raises
    ------
    InputError
        If the XML is no e-invoice, or is malformed or hostile, or names nothing that the schema asks for
        (it would teach that such pages hold nothing), or the PDF cannot be opened.
    """
    found = read_attached_xml(data, limits=limits, password=password)
    if found is None:
        return None
    fields, rows = found
    named = {_NAMES.get(key, key): value for key, value in fields.items()}
    if "type_code" in fields:
        named["document_type"] = "credit_note" if fields["type_code"] in _CREDIT_NOTES else "invoice"
    answer = {key: _value(key, spec, named, rows) for key, spec in schema.root.properties}
    if not says_something(answer):
        raise InputError("the embedded e-invoice names nothing that the schema asks for")
    return answer


def _value(
    key: str, spec: Spec, fields: Mapping[str, JsonValue], rows: list[dict[str, JsonValue]]
) -> JsonValue:
    if isinstance(spec, FieldSpec):
        value = fields.get(key)
        return value if spec.kind != "enum" or value in spec.enum_values else None
    if isinstance(spec, ArraySpec) and key == ROWS_KEY and isinstance(spec.item, ObjectSpec):
        columns = [column for column, _ in spec.item.properties]
        return [{column: row.get(column) for column in columns} for row in rows[: spec.max_items]]
    return [] if isinstance(spec, ArraySpec) and not spec.nullable else None
