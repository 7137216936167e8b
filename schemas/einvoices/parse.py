"""The XML of an e-invoice to what it says; for hostile bytes, so in a child process.

The XML is gone over twice: first for what no invoice has (a document type, great depth, very many elements),
then for its values. Nothing outside of the bytes is ever looked at.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from decimal import Decimal
from xml.parsers import expat

from schemas.einvoices.model import BrokenRule, EInvoice, Syntax, TaxShare
from schemas.einvoices.paths import CII, DIRECT_DEBITS, UBL, VAT_SCHEMES, SyntaxPaths
from schemas.einvoices.terms import TermReader, find, first_text, local_name
from schemas.einvoices.values import is_iban_like, read_number, xml_encoding
from schemas.errors import DocumentTooLargeError, UnreadableDocumentError, UnsupportedMediaTypeError

# Attached pictures and time sheets make XRechnungen large; those of the official test suite have 60 KB.
MAX_XML_BYTES = 10_000_000
_MAX_DEPTH = 40  # of elements; invoices have some ten
# An invoice of 5,000 lines has so many; each takes some 100 bytes and 10 us.
_MAX_ELEMENTS = 250_000
_SYNTAXES: dict[str, tuple[Syntax, SyntaxPaths]] = {
    "CrossIndustryInvoice": ("cii", CII),
    "CrossIndustryDocument": ("zugferd_1", CII),
    "Invoice": ("ubl", UBL),
    "CreditNote": ("ubl", UBL),
}
# Of ZUGFeRD 1 before its release, whose root has UBL's name.
_TRADE = "urn:un:unece:uncefact"
_CREDIT_NOTE = "381"
# Without one of these it is some other file whose root has the same name.
_TELLS = ("document_id", "amount_total_gross", "amount_due")
_SAYS_WHAT = frozenset({"description", "quantity", "amount_net", "unit_price_net"})
_ROUNDED = Decimal("0.02")  # that PEPPOL's rule R120 leaves to the amount of a line


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
    kind = local_name(root.tag)
    is_release_candidate = kind == "Invoice" and _TRADE in root.tag
    syntax, paths = _SYNTAXES.get("CrossIndustryDocument" if is_release_candidate else kind, ("ubl", None))
    if paths is None or not any(first_text(root, paths.fields[term]) for term in _TELLS):
        raise UnsupportedMediaTypeError(
            "the XML is no e-invoice", hint="CII (Factur-X, ZUGFeRD, XRechnung) and UBL 2.1 invoices are read"
        )
    reader = TermReader(first_text(root, paths.fields["currency_code_amount_due"]))
    accounts = _accounts(root, paths, reader)
    fields = reader.read(root, paths.fields) | (accounts[0] if accounts else {})
    fields |= _addresses(root, paths) | _tax_ids(root, paths)
    if kind == "CreditNote":
        fields.setdefault("type_code", _CREDIT_NOTE)
    shares = [element for element in find(root, paths.taxes) if not reader.is_foreign(element)]
    return EInvoice(
        syntax=syntax,
        fields=fields,
        rows=_rows(root, paths, reader),
        taxes=tuple(TaxShare(**reader.read(element, paths.tax)) for element in shares),
        accounts=_different(accounts),
        broken=tuple(reader.broken),
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

    encoding = xml_encoding(data)
    parser = expat.ParserCreate(encoding)
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = enter
    parser.EndElementHandler = leave
    try:
        parser.Parse(data, True)
        return ElementTree.fromstring(data, ElementTree.XMLParser(encoding=encoding))
    except (expat.ExpatError, ElementTree.ParseError, LookupError, ValueError) as error:  # odd encodings
        raise UnreadableDocumentError("the XML is malformed, or in an unknown encoding") from error


def _rows(root: ElementTree.Element, paths: SyntaxPaths, reader: TermReader) -> tuple[dict[str, str], ...]:
    """Return the lines that say what is billed, and tell the reader which of them do not come out."""
    rows: list[dict[str, str]] = []
    for element in (element for path in paths.rows for element in find(root, path)):
        row = reader.read(element, paths.columns, row_index=len(rows))
        if not _SAYS_WHAT & row.keys():
            continue
        base = read_number(row.pop("price_base", None))
        base = base if base is not None and base > 0 else Decimal(1)
        wrong = _wrong_product(row, base, _extras(element, paths))
        if wrong is not None:
            reader.broken.append(wrong.model_copy(update={"row_index": len(rows)}))
        price = read_number(row.get("unit_price_net"))
        if price is not None and base != 1:
            row["unit_price_net"] = format(round(price / base, 10).normalize(), "f")
        rows.append(row)
    return tuple(rows)


def _wrong_product(row: dict[str, str], base: Decimal, extras: Decimal | None) -> BrokenRule | None:
    """Return what is wrong with a line whose amount is not its quantity of its price.

    A price or a quantity may have been rounded to the digits that it has.
    """
    quantity, price = read_number(row.get("quantity")), read_number(row.get("unit_price_net"))
    amount = read_number(row.get("amount_net"))
    if quantity is None or price is None or amount is None or extras is None:
        return None
    wanted = quantity * price / base + extras
    rounded = (_half_unit(price) * abs(quantity) + _half_unit(quantity) * abs(price)) / base + _ROUNDED
    if abs(wanted - amount) <= rounded:
        return None
    message = f"{quantity} at {price} for {base} with {extras} for allowances and charges is not {amount}"
    return BrokenRule(rule="BT-131", term="amount_net", message=message)


def _half_unit(number: Decimal) -> Decimal:
    """Return half of the last digit of a number that has decimals; whole ones are not rounded."""
    exponent = number.as_tuple().exponent
    return Decimal(5).scaleb(exponent - 1) if isinstance(exponent, int) and exponent < 0 else Decimal(0)


def _extras(element: ElementTree.Element, paths: SyntaxPaths) -> Decimal | None:
    """Return a line's charges less its allowances; None if one of them is no number."""
    total = Decimal(0)
    for extra in find(element, paths.extras):
        amount = read_number(first_text(extra, (paths.extra,)))
        if amount is None:
            return None
        total += amount if first_text(extra, (paths.is_charge,)) in ("true", "1") else -amount
    return total


def _accounts(root: ElementTree.Element, paths: SyntaxPaths, reader: TermReader) -> list[dict[str, str]]:
    """Return the accounts to pay to, each with the bank that stands with it, in the order of preference.

    That is the order of the XML, but what is no IBAN stands behind what is one, and the account of a direct
    debit, to which nobody has to send money, behind both. A bank alone stands last.
    """
    read = (reader.read(element, paths.account) for element in find(root, paths.accounts))
    found = [(one.pop("means", None), one) for one in read]
    known = [(means, one) for means, one in found if one]

    def rank(known: tuple[str | None, dict[str, str]]) -> tuple[bool, bool, bool]:
        means, one = known
        return ("iban" not in one, means in DIRECT_DEBITS, not is_iban_like(one.get("iban", "")))

    return [one for _, one in sorted(known, key=rank)]


def _different(accounts: Iterable[dict[str, str]]) -> tuple[str, ...]:
    """Return the numbers of accounts, each once however it is grouped."""
    numbers = (one["iban"] for one in accounts if "iban" in one)
    return tuple({"".join(number.split()).upper(): number for number in reversed([*numbers])}.values())[::-1]


def _addresses(root: ElementTree.Element, paths: SyntaxPaths) -> dict[str, str]:
    """Return the parties' addresses, each in one line as it is printed, whatever stands between its parts."""
    found: dict[str, str] = {}
    for term, path in paths.addresses.items():
        for element in find(root, path):
            parts = [first_text(element, (part,)) for part in paths.address_parts]
            text = " ".join(part for part in parts if part)
            if text:
                found.setdefault(term, text)
    return found


def _tax_ids(root: ElementTree.Element, paths: SyntaxPaths) -> dict[str, str]:
    """Return each party's VAT number, and as its tax number that one or the other that it has."""
    found: dict[str, str] = {}
    for party, path in paths.tax_ids.items():
        for element in find(root, path):
            text = first_text(element, (paths.tax_id,))
            if text and first_text(element, (paths.tax_scheme,)) in VAT_SCHEMES:
                found.setdefault(f"{party}_vat_id", text)
            elif text:
                found.setdefault(f"{party}_tax_id", text)
        if f"{party}_vat_id" in found:
            found[f"{party}_tax_id"] = found[f"{party}_vat_id"]
    return found
