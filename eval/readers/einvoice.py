"""E-invoices as gold: what Factur-X, ZUGFeRD (CII) and UBL 2.1 say in XML, their PDF shows."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from xml.parsers import expat

from pydantic import JsonValue

from eval.datasets import GoldRecord
from eval.readers.files import beside, each, files, read_bytes
from schemas.errors import EvaluationError

_CAVEATS = (
    "values are normalised: decimal points, ISO dates",
    "the XML may say more than the page shows, and in another wording",
    "the PDF may hold the XML as an attachment: do not read it when extracting",
)
# Paths below the root, by our field names; steps are local names, as namespaces differ between versions.
_CII: Mapping[str, str] = MappingProxyType(
    {
        "document_id": "ExchangedDocument/ID",
        "type_code": "ExchangedDocument/TypeCode",
        "date_issue": "ExchangedDocument/IssueDateTime/DateTimeString",
        "vendor_name": "*/ApplicableHeaderTradeAgreement/SellerTradeParty/Name",
        "vendor_tax_id": "*/ApplicableHeaderTradeAgreement/SellerTradeParty/SpecifiedTaxRegistration/ID",
        "customer_name": "*/ApplicableHeaderTradeAgreement/BuyerTradeParty/Name",
        "customer_id": "*/ApplicableHeaderTradeAgreement/BuyerTradeParty/ID",
        "order_id": "*/ApplicableHeaderTradeAgreement/BuyerOrderReferencedDocument/IssuerAssignedID",
        "currency": "*/ApplicableHeaderTradeSettlement/InvoiceCurrencyCode",
        "payment_reference": "*/ApplicableHeaderTradeSettlement/PaymentReference",
        "iban": "*/ApplicableHeaderTradeSettlement/*/PayeePartyCreditorFinancialAccount/IBANID",
        "bic": "*/ApplicableHeaderTradeSettlement/*/PayeeSpecifiedCreditorFinancialInstitution/BICID",
        "date_due": "*/*/SpecifiedTradePaymentTerms/DueDateDateTime/DateTimeString",
        "payment_terms": "*/*/SpecifiedTradePaymentTerms/Description",
        "amount_total_lines": "*/*/SpecifiedTradeSettlementHeaderMonetarySummation/LineTotalAmount",
        "amount_total_net": "*/*/SpecifiedTradeSettlementHeaderMonetarySummation/TaxBasisTotalAmount",
        "amount_total_tax": "*/*/SpecifiedTradeSettlementHeaderMonetarySummation/TaxTotalAmount",
        "amount_total_gross": "*/*/SpecifiedTradeSettlementHeaderMonetarySummation/GrandTotalAmount",
        "amount_paid": "*/*/SpecifiedTradeSettlementHeaderMonetarySummation/TotalPrepaidAmount",
        "amount_due": "*/*/SpecifiedTradeSettlementHeaderMonetarySummation/DuePayableAmount",
    }
)
_CII_ROWS = "*/IncludedSupplyChainTradeLineItem"
_CII_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "position": "AssociatedDocumentLineDocument/LineID",
        "code": "SpecifiedTradeProduct/SellerAssignedID",
        "description": "SpecifiedTradeProduct/Name",
        "quantity": "SpecifiedLineTradeDelivery/BilledQuantity",
        "unit_price_net": "SpecifiedLineTradeAgreement/NetPriceProductTradePrice/ChargeAmount",
        "tax_rate": "SpecifiedLineTradeSettlement/ApplicableTradeTax/RateApplicablePercent",
        "amount_net": "SpecifiedLineTradeSettlement/*/LineTotalAmount",
    }
)
# ZUGFeRD 1.0, of 2014, names the same things by longer paths.
_ZUGFERD_1: Mapping[str, str] = MappingProxyType(
    {
        "document_id": "HeaderExchangedDocument/ID",
        "type_code": "HeaderExchangedDocument/TypeCode",
        "date_issue": "HeaderExchangedDocument/IssueDateTime/DateTimeString",
        "vendor_name": "*/ApplicableSupplyChainTradeAgreement/SellerTradeParty/Name",
        "vendor_tax_id": "*/ApplicableSupplyChainTradeAgreement/SellerTradeParty/SpecifiedTaxRegistration/ID",
        "customer_name": "*/ApplicableSupplyChainTradeAgreement/BuyerTradeParty/Name",
        "customer_id": "*/ApplicableSupplyChainTradeAgreement/BuyerTradeParty/ID",
        "order_id": "*/ApplicableSupplyChainTradeAgreement/BuyerOrderReferencedDocument/ID",
        "currency": "*/ApplicableSupplyChainTradeSettlement/InvoiceCurrencyCode",
        "payment_reference": "*/ApplicableSupplyChainTradeSettlement/PaymentReference",
        "iban": "*/ApplicableSupplyChainTradeSettlement/*/PayeePartyCreditorFinancialAccount/IBANID",
        "bic": "*/ApplicableSupplyChainTradeSettlement/*/PayeeSpecifiedCreditorFinancialInstitution/BICID",
        "date_due": "*/*/SpecifiedTradePaymentTerms/DueDateDateTime/DateTimeString",
        "payment_terms": "*/*/SpecifiedTradePaymentTerms/Description",
        "amount_total_lines": "*/*/SpecifiedTradeSettlementMonetarySummation/LineTotalAmount",
        "amount_total_net": "*/*/SpecifiedTradeSettlementMonetarySummation/TaxBasisTotalAmount",
        "amount_total_tax": "*/*/SpecifiedTradeSettlementMonetarySummation/TaxTotalAmount",
        "amount_total_gross": "*/*/SpecifiedTradeSettlementMonetarySummation/GrandTotalAmount",
        "amount_paid": "*/*/SpecifiedTradeSettlementMonetarySummation/TotalPrepaidAmount",
        "amount_due": "*/*/SpecifiedTradeSettlementMonetarySummation/DuePayableAmount",
    }
)
_ZUGFERD_1_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "position": "AssociatedDocumentLineDocument/LineID",
        "code": "SpecifiedTradeProduct/SellerAssignedID",
        "description": "SpecifiedTradeProduct/Name",
        "quantity": "SpecifiedSupplyChainTradeDelivery/BilledQuantity",
        "unit_price_net": "SpecifiedSupplyChainTradeAgreement/NetPriceProductTradePrice/ChargeAmount",
        "tax_rate": "SpecifiedSupplyChainTradeSettlement/ApplicableTradeTax/ApplicablePercent",
        "amount_net": "SpecifiedSupplyChainTradeSettlement/*/LineTotalAmount",
    }
)
_UBL: Mapping[str, str] = MappingProxyType(
    {
        "document_id": "ID",
        "type_code": "InvoiceTypeCode",
        "date_issue": "IssueDate",
        "date_due": "DueDate",
        "currency": "DocumentCurrencyCode",
        "order_id": "OrderReference/ID",
        "vendor_name": "AccountingSupplierParty/Party/PartyLegalEntity/RegistrationName",
        "vendor_tax_id": "AccountingSupplierParty/Party/PartyTaxScheme/CompanyID",
        "customer_name": "AccountingCustomerParty/Party/PartyLegalEntity/RegistrationName",
        "customer_id": "AccountingCustomerParty/Party/PartyIdentification/ID",
        "payment_reference": "PaymentMeans/PaymentID",
        "payment_terms": "PaymentTerms/Note",
        "bic": "PaymentMeans/PayeeFinancialAccount/FinancialInstitutionBranch/ID",
        "iban": "PaymentMeans/PayeeFinancialAccount/ID",
        "amount_total_lines": "LegalMonetaryTotal/LineExtensionAmount",
        "amount_total_net": "LegalMonetaryTotal/TaxExclusiveAmount",
        "amount_total_tax": "TaxTotal/TaxAmount",
        "amount_total_gross": "LegalMonetaryTotal/TaxInclusiveAmount",
        "amount_paid": "LegalMonetaryTotal/PrepaidAmount",
        "amount_due": "LegalMonetaryTotal/PayableAmount",
    }
)
_UBL_ROWS = ("InvoiceLine", "CreditNoteLine")
_UBL_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "position": "ID",
        "code": "Item/SellersItemIdentification/ID",
        "description": "Item/Name",
        "quantity": "InvoicedQuantity",
        "unit_price_net": "Price/PriceAmount",
        "tax_rate": "Item/ClassifiedTaxCategory/Percent",
        "amount_net": "LineExtensionAmount",
    }
)
# What each kind of trade document is read by: its fields, and the columns of its rows.
_TRADE_PATHS: Mapping[str, tuple[Mapping[str, str], Mapping[str, str]]] = MappingProxyType(
    {
        "CrossIndustryInvoice": (_CII, _CII_COLUMNS),
        "CrossIndustryDocument": (_ZUGFERD_1, _ZUGFERD_1_COLUMNS),
    }
)
# An address is printed in this order, whatever stands between its parts.
_TRADE_PARTIES: Mapping[str, str] = MappingProxyType(
    {
        "vendor_address": "*/*/SellerTradeParty/PostalTradeAddress",
        "customer_address": "*/*/BuyerTradeParty/PostalTradeAddress",
        "customer_delivery_address": "*/*/ShipToTradeParty/PostalTradeAddress",
    }
)
_TRADE_ADDRESS = ("LineOne", "LineTwo", "LineThree", "PostcodeCode", "CityName")
_UBL_PARTIES: Mapping[str, str] = MappingProxyType(
    {
        "vendor_address": "AccountingSupplierParty/Party/PostalAddress",
        "customer_address": "AccountingCustomerParty/Party/PostalAddress",
        "customer_delivery_address": "Delivery/DeliveryLocation/Address",
    }
)
_UBL_ADDRESS = ("StreetName", "AdditionalStreetName", "PostalZone", "CityName")
MAX_XML_BYTES = 50_000_000
_DEPTH = 40  # of elements; invoices have some ten
# An invoice of 5,000 lines has so many; more is made to cost time, and each takes some 4 us.
_MAX_ELEMENTS = 250_000


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
    if len(data) > MAX_XML_BYTES:
        raise EvaluationError(f"{name!r} is larger than {MAX_XML_BYTES} bytes")
    root = _checked(data, name)
    kind = _local(root.tag)
    if kind in _TRADE_PATHS:
        paths, columns = _TRADE_PATHS[kind]
        fields = {**_fields(root, paths), **_addresses(root, _TRADE_PARTIES, _TRADE_ADDRESS)}
        return fields, [_fields(row, columns) for row in _all(root, _CII_ROWS)]
    if kind in ("Invoice", "CreditNote"):
        rows = [row for tag in _UBL_ROWS for row in _all(root, tag)]
        fields = _fields(root, _UBL)
        for key, party in (("vendor_name", "Supplier"), ("customer_name", "Customer")):
            fields.setdefault(key, _first(root, f"Accounting{party}Party/Party/PartyName/Name"))
        fields |= _addresses(root, _UBL_PARTIES, _UBL_ADDRESS)
        if kind == "CreditNote":
            fields["type_code"] = _first(root, "CreditNoteTypeCode") or "381"
        cells = [_fields(row, _UBL_COLUMNS) for row in rows]
        for row, known in zip(rows, cells, strict=True):
            known.setdefault("quantity", _first(row, "CreditedQuantity"))
        return _known(fields), [_known(known) for known in cells]
    raise EvaluationError(f"{name!r} is neither CII nor UBL: its root is {kind!r}")


def _checked(data: bytes, name: str) -> ElementTree.Element:
    """Return the root, after a pass that stops at declarations and at depth."""
    depth, n_elements = 0, 0

    def refuse(*_: object) -> None:
        raise EvaluationError(f"{name!r} declares a document type, which no e-invoice needs")

    def enter(*_: object) -> None:
        nonlocal depth, n_elements
        depth, n_elements = depth + 1, n_elements + 1
        if depth > _DEPTH:
            raise EvaluationError(f"{name!r} is nested more than {_DEPTH} deep")
        if n_elements > _MAX_ELEMENTS:
            raise EvaluationError(f"{name!r} has more than {_MAX_ELEMENTS} elements")

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
        raise EvaluationError(f"{name!r} is no XML") from error


def _fields(element: ElementTree.Element, paths: Mapping[str, str]) -> dict[str, JsonValue]:
    return _known({name: _first(element, path) for name, path in paths.items()})


def _addresses(
    root: ElementTree.Element, parties: Mapping[str, str], parts: Sequence[str]
) -> dict[str, JsonValue]:
    """Return the parties' addresses, each in one line; those that the XML does not have are left out."""
    found: dict[str, JsonValue] = {}
    for name, path in parties.items():
        for element in _all(root, path)[:1]:
            texts = [_first(element, part) for part in parts]
            found[name] = " ".join(text for text in texts if text) or None
    return _known(found)


def _known(fields: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    return {name: value for name, value in fields.items() if value is not None}


def _first(element: ElementTree.Element, path: str) -> str | None:
    for found in _all(element, path):
        text = " ".join((found.text or "").split())
        if text:
            return _iso(text) if found.get("format") == "102" else text
    return None


def _iso(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 and text.isdigit() else text


def _all(element: ElementTree.Element, path: str) -> list[ElementTree.Element]:
    level = [element]
    for step in path.split("/"):
        level = [child for one in level for child in one if step in ("*", _local(child.tag))]
    return level


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
