"""E-invoices among the files that are read: XML alone, or attached to a PDF; parsed in the child only.

An attachment is taken for an e-invoice by its content, and for one that was meant to be by its name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pypdfium2 as pdfium
from pydantic import JsonValue, TypeAdapter

from ocr.limits import ReadLimits
from ocr.media import sniff
from ocr.sandboxed import run_in_child
from schemas.document import Document, ReadWarning
from schemas.einvoices.model import EInvoice
from schemas.einvoices.parse import MAX_XML_BYTES, parse_einvoice_xml
from schemas.einvoices.values import read_number
from schemas.errors import InputError, UnsupportedMediaTypeError

# What ZUGFeRD 1 and 2, Factur-X and XRechnung call it; the newest first.
KNOWN_NAMES = (
    *("factur-x.xml", "xrechnung.xml", "zugferd-invoice.xml", "zugferd_invoice.xml"),
    *("cii.xml", "ubl.xml"),
)
_MAX_ATTACHMENTS = 64
# What two e-invoices of one invoice agree on; of lines too.
_CODES = frozenset({"document_id", "type_code", "iban", "vendor_vat_id", "customer_vat_id"})
_COMPARED = _CODES | {
    *("date_issue", "date_due", "currency_code_amount_due", "amount_total_net", "amount_total_tax"),
    *("amount_total_gross", "amount_paid", "amount_due"),
}
_CELLS = frozenset({"quantity", "unit_price_net", "amount_net"})
_EINVOICE = TypeAdapter(EInvoice)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedEInvoice:
    """The e-invoice that a PDF carries, None if there is none that can be used, and what is wrong with it."""

    invoice: EInvoice | None = None
    warnings: tuple[ReadWarning, ...] = ()


def read_xml_document(data: bytes, *, is_asked: bool, limits: ReadLimits) -> Document:
    """Return an e-invoice in XML alone as a document without pages, parsed in a child.

    Raises
    ------
    UnsupportedMediaTypeError
        If nobody has asked for XML.
    InputError
        As `parse_einvoice_xml`.
    OcrError
        If the child dies or takes too long.
    """
    if not is_asked:
        raise UnsupportedMediaTypeError(
            "the file is an e-invoice in XML, which shows no page", hint="extract it without `xml=ignore`"
        )
    return Document(
        sha256=hashlib.sha256(data).hexdigest(),
        media_type="application/xml",
        pages=(),
        einvoice=run_in_child(parse_to_json, data, _EINVOICE, limits=limits),
    )


def parse_to_json(data: bytes) -> dict[str, JsonValue]:
    """Return what the XML of an e-invoice says as JSON; runs in the child only."""
    return parse_einvoice_xml(data).model_dump(mode="json")


def find_attached(document: pdfium.PdfDocument) -> AttachedEInvoice:
    """Return the e-invoice among a PDF's attachments; runs in the child only.

    Of several the first by `KNOWN_NAMES` is taken, then in the file's order; if they say different things, a
    warning says so. One that is named as an e-invoice and is none is a warning as well.
    """
    untyped: Any = document
    found: list[EInvoice] = []
    problems: list[str] = []
    for is_named, content in sorted(_candidates(document), key=lambda candidate: candidate[0]):
        try:
            found.append(parse_einvoice_xml(content))
        except InputError as error:
            if is_named < len(KNOWN_NAMES):
                problems.append(f"an e-invoice is attached and cannot be used: {error}")
    if any(_differ(found[0], other) for other in found[1:]):
        problems.append(f"{len(found)} e-invoices are attached and say different things; the first is used")
    n_attached = int(untyped.count_attachments())
    if n_attached > _MAX_ATTACHMENTS:
        problems.append(f"{n_attached} files are attached, and {_MAX_ATTACHMENTS} of them were looked at")
    warnings = tuple(ReadWarning(code="xml_unusable", message=problem) for problem in problems)
    return AttachedEInvoice(invoice=found[0] if found else None, warnings=warnings)


def _differ(one: EInvoice, other: EInvoice) -> bool:
    """Return whether two e-invoices say different things, whatever their syntax and profile.

    What only one of them says is no difference: a profile may lack it. Names and addresses are written
    freely.
    """
    said = [(_values(one.fields, _COMPARED), _values(other.fields, _COMPARED))]
    if one.rows and other.rows:
        rows = ([_values(row, _CELLS) for row in invoice.rows] for invoice in (one, other))
        said += zip(*rows, strict=False)
    is_uneven = bool(one.rows and other.rows) and len(one.rows) != len(other.rows)
    return is_uneven or any(
        left[term] != right[term] for left, right in said for term in left.keys() & right.keys()
    )


def _values(said: Mapping[str, str], terms: Collection[str]) -> dict[str, object]:
    return {term: _value(term, text) for term, text in said.items() if term in terms}


def _value(term: str, text: str) -> object:
    number = read_number(text)
    return number if number is not None and term not in _CODES else "".join(text.split())


def _candidates(document: pdfium.PdfDocument) -> Iterator[tuple[int, bytes]]:
    """Yield the rank by name and the content of what may be an e-invoice."""
    untyped: Any = document
    for index in range(min(int(untyped.count_attachments()), _MAX_ATTACHMENTS)):
        try:
            attachment: pdfium.PdfAttachment = untyped.get_attachment(index)
            name = attachment.get_name().rpartition("/")[2].lower()
        except pdfium.PdfiumError:  # the list names what the file does not have
            continue
        content = _content(attachment)
        if name in KNOWN_NAMES:
            yield KNOWN_NAMES.index(name), content
        elif len(content) <= MAX_XML_BYTES and _is_xml(content):
            yield len(KNOWN_NAMES), content


def _content(attachment: pdfium.PdfAttachment) -> bytes:
    try:
        return bytes(attachment.get_data())
    except pdfium.PdfiumError:  # a name without a file, or an empty one
        return b""


def _is_xml(content: bytes) -> bool:
    try:
        return sniff(content) == "application/xml"
    except InputError:
        return False
