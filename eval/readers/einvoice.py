"""E-invoices as gold: what Factur-X, ZUGFeRD (CII) and UBL 2.1 say in XML, their PDF shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from pydantic import JsonValue

from eval.datasets import GoldRecord
from eval.readers.files import beside, each, files, read_bytes
from schemas.einvoices.parse import parse_einvoice_xml
from schemas.errors import EvaluationError, InputError

_CAVEATS = (
    "values are normalised: decimal points, ISO dates",
    "the XML may say more than the page shows, and in another wording",
    "the PDF may hold the XML as an attachment: do not read it when extracting",
)
# Our field names for the terms of an e-invoice where they differ; gold keeps to what pages show.
_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "customer_billing_name": "customer_name",
        "customer_billing_address": "customer_address",
        "currency_code_amount_due": "currency",
    }
)
_NOT_FIELDS = frozenset(
    {
        *("guideline", "vendor_country", "customer_country", "vendor_vat_id", "customer_vat_id"),
        *("customer_tax_id", "amount_allowances", "amount_charges", "amount_rounding"),
    }
)
_COLUMNS = ("position", "code", "description", "quantity", "unit_price_net", "tax_rate", "amount_net")


def read_einvoices(folder: Path) -> Iterator[GoldRecord]:
    """Yield a record for each `NAME.xml` of a folder, with the document `NAME.pdf` beside it.

    Raises
    ------
    EvaluationError
        If there is none, a file is neither CII nor UBL, or its XML is malformed, nested too deeply, has more
        elements than any invoice, or declares a document type (entities could make it read other files, or
        grow without end).
    """

    def record(path: Path) -> GoldRecord:
        name = path.relative_to(folder).with_suffix("").as_posix()
        fields, rows = parse_einvoice(read_bytes(path), name=path.name)
        return GoldRecord(
            id=f"einvoice/{name}",
            file=beside(folder, name, (".",), (".pdf", ".png", ".jpg")),
            dataset="einvoice",
            doc_type="invoice",
            kie=dict(fields),
            line_items=rows,
            caveats=_CAVEATS,
        )

    yield from each(files(folder, "**/*.xml"), record)


def parse_einvoice(
    data: bytes, *, name: str = "the e-invoice"
) -> tuple[dict[str, JsonValue], list[dict[str, JsonValue]]]:
    """Return fields and rows of an e-invoice in XML; dates as ISO, other values as written.

    Raises
    ------
    EvaluationError
        As of `read_einvoices`.
    """
    try:
        invoice = parse_einvoice_xml(data)
    except InputError as error:
        raise EvaluationError(f"{name!r} cannot be read: {error}") from error
    fields: dict[str, JsonValue] = {
        _FIELDS.get(term, term): text for term, text in invoice.fields.items() if term not in _NOT_FIELDS
    }
    return fields, [{column: row[column] for column in _COLUMNS if column in row} for row in invoice.rows]
