"""The XML of an e-invoice: what it says in each syntax, and that hostile XML ends in an error of ours."""

from __future__ import annotations

import pytest

from schemas.einvoices.parse import parse_einvoice_xml
from schemas.errors import DocumentTooLargeError, UnreadableDocumentError, UnsupportedMediaTypeError
from tests.app.einvoices.made import made

CII = "<i:CrossIndustryInvoice xmlns:i='a'>{}</i:CrossIndustryInvoice>"
DOCUMENT = "<d:ExchangedDocument xmlns:d='a'><ID>{}</ID></d:ExchangedDocument>"
ZUGFERD_1 = """<x:{root} xmlns:x="{space}">
<HeaderExchangedDocument><ID>RE-1</ID><IssueDateTime format="102">20140522</IssueDateTime>
</HeaderExchangedDocument><SpecifiedSupplyChainTradeTransaction>
<ApplicableSupplyChainTradeAgreement><SellerTradeParty><Name>Bei  Spiel
 GmbH</Name><SpecifiedTaxRegistration><ID schemeID="FC">22/815</ID></SpecifiedTaxRegistration>
<SpecifiedTaxRegistration><ID schemeID="VA">DE136695976</ID></SpecifiedTaxRegistration></SellerTradeParty>
</ApplicableSupplyChainTradeAgreement></SpecifiedSupplyChainTradeTransaction></x:{root}>"""


@pytest.mark.parametrize("syntax", ["cii", "ubl"])
def test_both_syntaxes_say_the_same(syntax: str) -> None:
    invoice = parse_einvoice_xml(made(3).xml("ubl" if syntax == "ubl" else "cii"))
    data = made(3).data
    assert invoice.syntax == syntax
    assert invoice.fields["document_id"] == data["BT-1"]
    assert invoice.fields["date_issue"] == data["BT-2"].isoformat()
    assert invoice.fields["vendor_address"] == "Hafenstrasse 7 28195 Bremen"
    assert (
        invoice.fields["vendor_vat_id"] == invoice.fields["vendor_tax_id"] == data["BG-4"]["vat_identifier"]
    )
    assert invoice.fields["amount_total_tax"] == data["BT-110"]
    assert [row["amount_net"] for row in invoice.rows] == [line["BT-131"] for line in data["BG-25"]]
    assert invoice.rows[0]["units_of_measure"] == "C62"
    (share,) = invoice.taxes
    assert (share.basis, share.amount) == (data["BT-109"], data["BT-110"])


@pytest.mark.parametrize(
    ("root", "space"),
    [
        ("CrossIndustryDocument", "urn:ferd:CrossIndustryDocument:invoice:1p0"),
        ("Invoice", "urn:un:unece:uncefact:data:standard:CBFBUY:5"),
    ],
)
def test_zugferd_1_is_read_by_its_longer_names(root: str, space: str) -> None:
    invoice = parse_einvoice_xml(ZUGFERD_1.format(root=root, space=space).encode())
    assert invoice.syntax == "zugferd_1"
    assert invoice.fields["date_issue"] == "2014-05-22"
    assert invoice.fields["vendor_name"] == "Bei Spiel GmbH"
    assert invoice.fields["vendor_tax_id"] == "DE136695976"  # not the other tax number, which stands first


def test_a_price_of_several_units_is_that_of_one() -> None:
    data = made(1).data
    data["BG-25"][0] |= {"BT-146": "25.00", "BT-149": "100"}
    row = parse_einvoice_xml(made(1).xml(data=data)).rows[0]
    assert row["unit_price_net"] == "0.25"  # 25.00 / 100


def test_the_tax_is_that_in_the_invoices_currency() -> None:
    one = "<TaxTotalAmount currencyID='{}'>{}</TaxTotalAmount>"
    sums = one.format("SEK", 300) + one.format("EUR", 30)
    settled = (
        "<t><ApplicableHeaderTradeSettlement><InvoiceCurrencyCode>EUR</InvoiceCurrencyCode>"
        f"<SpecifiedTradeSettlementHeaderMonetarySummation>{sums}"
        "</SpecifiedTradeSettlementHeaderMonetarySummation></ApplicableHeaderTradeSettlement></t>"
    )
    invoice = parse_einvoice_xml(CII.format(DOCUMENT.format("1") + settled).encode())
    assert invoice.fields["amount_total_tax"] == "30"


@pytest.mark.parametrize(
    ("encoding", "declared"), [("utf-16", "utf-16"), ("latin-1", "iso-8859-1"), ("cp1252", "windows-1252")]
)
def test_encodings_that_are_declared_are_read(encoding: str, declared: str) -> None:
    xml = f"<?xml version='1.0' encoding='{declared}'?>" + CII.format(DOCUMENT.format("Müller"))
    assert parse_einvoice_xml(xml.encode(encoding)).fields["document_id"] == "Müller"


LAUGHS = "<!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'>]>"
OUTSIDE = "<!DOCTYPE l [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>"


@pytest.mark.parametrize(
    ("xml", "error"),
    [
        (LAUGHS.encode() + CII.format(DOCUMENT.format("&b;")).encode(), UnreadableDocumentError),
        (OUTSIDE.encode() + CII.format(DOCUMENT.format("&a;")).encode(), UnreadableDocumentError),
        (CII.format("<a>" * 50 + "</a>" * 50).encode(), UnreadableDocumentError),
        (CII.format("<a/>" * 260_000).encode(), DocumentTooLargeError),
        (b"<" + b" " * 10_000_001, DocumentTooLargeError),
        (b"\xff\xd8\xff\xe0 a picture", UnreadableDocumentError),
        (b"", UnreadableDocumentError),
        (b"<?xml version='1.0' encoding='klingon'?><a/>", UnreadableDocumentError),
        ("<?xml version='1.0' encoding='utf-8'?><a>ü</a>".encode("latin-1"), UnreadableDocumentError),
        (b"<FatturaElettronica/>", UnsupportedMediaTypeError),
        (b"<Invoice><Colour>red</Colour></Invoice>", UnsupportedMediaTypeError),  # another's word for it
    ],
)
def test_what_is_hostile_or_no_e_invoice_is_refused_by_its_kind(xml: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        parse_einvoice_xml(xml)


def test_a_number_of_a_million_digits_is_none_and_a_huge_text_no_value() -> None:
    huge = parse_einvoice_xml(
        CII.format(DOCUMENT.format("9" * 20_000) + "<t/>")
        .encode()
        .replace(
            b"<t/>",
            b"<s><ApplicableHeaderTradeSettlement><SpecifiedTradeSettlementHeaderMonetarySummation>"
            b"<DuePayableAmount>1e999999</DuePayableAmount></SpecifiedTradeSettlementHeaderMonetarySummation>"
            b"</ApplicableHeaderTradeSettlement></s>",
        )
    )
    assert "document_id" not in huge.fields
    assert huge.fields["amount_due"] == "1e999999"  # as written; nobody reckons with it
