"""The XML of an e-invoice to what it says; for hostile bytes, so in a child process.

The XML is gone over twice: first for what no invoice has (a document type, great depth, very many elements),
then for its values. Nothing outside of the bytes is ever looked at.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from decimal import Decimal
from xml.parsers import expat

from schemas.einvoices.model import EInvoice, Syntax, TaxShare
from schemas.einvoices.paths import CII, UBL, VAT_SCHEMES, ZUGFERD_1_NAMES, Paths, SyntaxPaths
from schemas.errors import DocumentTooLargeError, UnreadableDocumentError, UnsupportedMediaTypeError

# Attached pictures and time sheets make XRechnungen large; those of the official test suite have 60 KB.
MAX_XML_BYTES = 10_000_000
_MAX_DEPTH = 40  # of elements; invoices have some ten
# An invoice of 5,000 lines has so many; each takes some 100 bytes and 10 us.
_MAX_ELEMENTS = 250_000
_MAX_CHARS = 10_000  # of one value; longer texts are no terms of an invoice
_SYNTAXES: dict[str, tuple[Syntax, SyntaxPaths]] = {
    "CrossIndustryInvoice": ("cii", CII),
    "CrossIndustryDocument": ("zugferd_1", CII),
    "Invoice": ("ubl", UBL),
    "CreditNote": ("ubl", UBL),
}
# Of ZUGFeRD 1 before its release, whose root has UBL's name.
_TRADE = "urn:un:unece:uncefact"
# Nothing that could make a number of a million digits ("1e999999").
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,15})?")
_COMPACT_DATE = re.compile(r"\d{8}")
_CREDIT_NOTE = "381"
# Without one of these it is some other file whose root has the same name.
_TELLS = ("document_id", "amount_total_gross", "amount_due")
_SAYS_WHAT = frozenset({"description", "quantity", "amount_net", "unit_price_net"})


def parse_einvoice_xml(data: bytes) -> EInvoice:
    """Return what an e-invoice in CII, ZUGFeRD 1 or UBL says.

    Raises
    ------
    DocumentTooLargeError
        If it has more than 10 MB or 250,000 elements.
    UnreadableDocumentError
        If it is no XML, in an unknown encoding, nested more than 40 deep, or declares a document type, whose
        entities could make it read other files or grow without end.
    UnsupportedMediaTypeError
        If it is XML of another kind, or has neither a number nor a total.
    """
    if len(data) > MAX_XML_BYTES:
        raise DocumentTooLargeError(f"the XML has {len(data)} bytes, more than {MAX_XML_BYTES}")
    root = _checked(data)
    kind = _local(root.tag)
    is_release_candidate = kind == "Invoice" and _TRADE in root.tag
    syntax, paths = _SYNTAXES.get("CrossIndustryDocument" if is_release_candidate else kind, ("ubl", None))
    if paths is None or not _texts(root, {term: paths.fields[term] for term in _TELLS}):
        raise UnsupportedMediaTypeError(
            "the XML is no e-invoice", hint="CII (Factur-X, ZUGFeRD, XRechnung) and UBL 2.1 invoices are read"
        )
    fields = _texts(root, paths.fields) | _addresses(root, paths) | _tax_ids(root, paths)
    if kind == "CreditNote":
        fields.setdefault("type_code", _CREDIT_NOTE)
    tax = _tax_total(root, paths, fields.get("currency_code_amount_due"))
    if tax is not None:
        fields["amount_total_tax"] = tax
    rows = (_row(element, paths) for path in paths.rows for element in _find(root, path))
    return EInvoice(
        syntax=syntax,
        fields=fields,
        rows=tuple(row for row in rows if _SAYS_WHAT & row.keys()),
        taxes=tuple(TaxShare(**_texts(element, paths.tax)) for element in _find(root, paths.taxes)),
    )


def _checked(data: bytes) -> ElementTree.Element:
    """Return the root, after a pass that stops at declarations, depth and number."""
    depth, n_elements = 0, 0

    def refuse(*_: object) -> None:
        raise UnreadableDocumentError("the XML declares a document type, which no e-invoice needs")

    def enter(*_: object) -> None:
        nonlocal depth, n_elements
        depth, n_elements = depth + 1, n_elements + 1
        if depth > _MAX_DEPTH:
            raise UnreadableDocumentError(f"the XML is nested more than {_MAX_DEPTH} deep")
        if n_elements > _MAX_ELEMENTS:
            raise DocumentTooLargeError(f"the XML has more than {_MAX_ELEMENTS} elements")

    def leave(*_: object) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = enter
    parser.EndElementHandler = leave
    try:
        parser.Parse(data, True)
        return ElementTree.fromstring(data)
    except (expat.ExpatError, ElementTree.ParseError, LookupError, ValueError) as error:  # odd encodings
        raise UnreadableDocumentError("the XML is malformed, or in an unknown encoding") from error


def _texts(element: ElementTree.Element, paths: Paths) -> dict[str, str]:
    """Return the text of each term that the element has, from the first of its paths that has one."""
    found = {term: _first(element, alternatives) for term, alternatives in paths.items()}
    return {term: text for term, text in found.items() if text is not None}


def _row(element: ElementTree.Element, paths: SyntaxPaths) -> dict[str, str]:
    """Return the terms of one line, with the price of one unit where it is said of several."""
    row = _texts(element, paths.columns)
    base, price = read_number(row.pop("price_base", None)), read_number(row.get("unit_price_net"))
    if base is not None and price is not None and base > 0 and base != 1:
        row["unit_price_net"] = format(round(price / base, 10).normalize(), "f")
    return row


def read_number(text: str | None) -> Decimal | None:
    """Return a number as XML writes it; None of what is none, or has more than 15 digits.

    Examples
    --------
    >>> read_number("-12.50"), read_number("1e9"), read_number("12,50")
    (Decimal('-12.50'), None, None)
    """
    return Decimal(text) if text is not None and _NUMBER.fullmatch(text) else None


def _addresses(root: ElementTree.Element, paths: SyntaxPaths) -> dict[str, str]:
    """Return the parties' addresses, each in one line as it is printed, whatever stands between its parts."""
    found: dict[str, str] = {}
    for term, path in paths.addresses.items():
        for element in _find(root, path):
            parts = [_first(element, (part,)) for part in paths.address_parts]
            text = " ".join(part for part in parts if part)
            if text:
                found.setdefault(term, text)
    return found


def _tax_ids(root: ElementTree.Element, paths: SyntaxPaths) -> dict[str, str]:
    """Return each party's VAT number, and as its tax number that one or the other that it has."""
    found: dict[str, str] = {}
    for party, path in paths.tax_ids.items():
        for element in _find(root, path):
            text = _first(element, (paths.tax_id,))
            if text and _first(element, (paths.tax_scheme,)) in VAT_SCHEMES:
                found.setdefault(f"{party}_vat_id", text)
            elif text:
                found.setdefault(f"{party}_tax_id", text)
        if f"{party}_vat_id" in found:
            found[f"{party}_tax_id"] = found[f"{party}_vat_id"]
    return found


def _tax_total(root: ElementTree.Element, paths: SyntaxPaths, currency: str | None) -> str | None:
    """Return the total tax in the invoice's currency; another may be stated for the books (BT-111)."""
    totals = [element for element in _find(root, paths.tax_totals) if _text(element)]
    totals.sort(key=lambda element: element.get("currencyID") not in (currency, None))
    return _text(totals[0]) if totals else None


def _first(element: ElementTree.Element, alternatives: tuple[str, ...]) -> str | None:
    return next((text for path in alternatives for text in _texts_at(element, path)), None)


def _texts_at(element: ElementTree.Element, path: str) -> Iterator[str]:
    steps, _, attribute = path.partition("/@")
    for found in _find(element, steps):
        text = " ".join((found.get(attribute) or "").split()) if attribute else _text(found)
        if text and len(text) <= _MAX_CHARS:
            yield text


def _text(element: ElementTree.Element) -> str | None:
    text = " ".join((element.text or "").split())
    if element.get("format") == "102" and _COMPACT_DATE.fullmatch(text):
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    return text or None


def _find(element: ElementTree.Element, path: str) -> list[ElementTree.Element]:
    level = [element]
    for step in path.split("/"):
        level = [child for one in level for child in one if step in ("*", _local(child.tag))]
    return level


def _local(tag: str) -> str:
    name = tag.rpartition("}")[2]
    return ZUGFERD_1_NAMES.get(name, name)
