"""The XML of an e-invoice: what it says in each syntax, and that hostile XML ends in an error of ours."""

from __future__ import annotations

import pytest

from schemas.einvoices.model import EInvoice
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


UBL = made(3).xml("ubl").decode()
GROSS = made(3).data["BT-112"]
DUE = f'<cbc:PayableAmount currencyID="EUR">{GROSS}<'


def parsed(*changes: tuple[str, str], text: str = UBL) -> EInvoice:
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return parse_einvoice_xml(text.encode())


@pytest.mark.parametrize(
    ("declared", "written"),
    [("ISO-8859-1", "utf-8"), ("ISO-8859-1", "utf-8-sig"), ("utf-16", "utf-8"), ("UTF-8", "utf-16")],
)
def test_a_declaration_that_the_bytes_deny_changes_no_letter(declared: str, written: str) -> None:
    text = UBL.replace("UTF-8", declared).replace("Blaukraut", "Bläukraut")
    assert parse_einvoice_xml(text.encode(written)).fields["vendor_name"] == "Bläukraut Druck AG"


def test_a_value_may_have_comments_and_sections_and_no_elements_in_it() -> None:
    whole = f'<cbc:PayableAmount currencyID="EUR">{GROSS[:2]}<!-- x -->{GROSS[2:4]}<![CDATA[{GROSS[4:]}]]><'
    assert parsed((DUE, whole)).fields["amount_due"] == GROSS
    with pytest.raises(UnreadableDocumentError, match="elements inside"):
        parsed((DUE, f'<cbc:PayableAmount currencyID="EUR">{GROSS[:2]}<b/>{GROSS[2:]}<'))


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-04-17+02:00", "2026-04-17"),
        ("2026-04-17Z", "2026-04-17"),
        ("2026-04-17T00:00:00", "2026-04-17"),
        ("17.04.2026", "17.04.2026"),  # kept as it is, and told (`rules`)
        ("2026-04-31", "2026-04-31"),
    ],
)
def test_a_day_is_given_without_its_zone_and_what_is_none_as_it_is(written: str, day: str) -> None:
    issued = made(3).data["BT-2"].isoformat()
    assert parsed((f"IssueDate>{issued}", f"IssueDate>{written}")).fields["date_issue"] == day


@pytest.mark.parametrize(
    ("date_format", "written", "day"),
    [("203", "202604171200", "2026-04-17"), ("610", "202604", "202604"), ("616", "202616", "202616")],
)
def test_a_moment_is_its_day_and_a_month_or_week_is_none(date_format: str, written: str, day: str) -> None:
    issued = made(3).data["BT-2"].strftime("%Y%m%d")
    change = (f'format="102">{issued}', f'format="{date_format}">{written}')
    assert parsed(change, text=made(3).xml().decode()).fields["date_issue"] == day


def test_amounts_in_another_currency_are_none_of_the_invoices() -> None:
    foreign = DUE.replace("EUR", "USD")
    invoice = parsed((DUE, foreign))
    assert "amount_due" not in invoice.fields
    assert [(broken.rule, broken.term) for broken in invoice.broken] == [("BT-115", "amount_due")]
    both = parsed((DUE, f"{foreign.replace(GROSS, '99999.00')}/cbc:PayableAmount>{DUE}"))
    assert (both.fields["amount_due"], both.broken) == (GROSS, ())


def test_the_tax_in_the_currency_of_the_books_alone_is_not_the_invoices() -> None:
    tax = f'<cbc:TaxAmount currencyID="EUR">{made(3).data["BT-110"]}</cbc:TaxAmount>\n    <cac:TaxSubtotal>'
    books = '<cbc:TaxAmount currencyID="SEK">15341.30</cbc:TaxAmount><cac:TaxSubtotal>'
    assert "amount_total_tax" not in parsed((tax, books)).fields


def test_a_term_with_two_values_is_told_and_one_said_twice_is_not() -> None:
    twice = parsed((DUE, f"{DUE}/cbc:PayableAmount>{DUE.replace(GROSS, GROSS + '0')}"))
    assert twice.broken == ()  # 9608.51 and 9608.510
    two = parsed((DUE, f"{DUE}/cbc:PayableAmount>{DUE.replace(GROSS, '1.00')}"))
    assert (two.fields["amount_due"], [broken.term for broken in two.broken]) == (GROSS, ["amount_due"])


def test_an_account_stands_with_its_own_bank() -> None:
    iban = made(3).data["BT-84"]
    other = (
        "<cac:PaymentMeans><cac:PayeeFinancialAccount><cbc:ID>DE89370400440532013000</cbc:ID>"
        "<cac:FinancialInstitutionBranch><cbc:ID>COBADEFFXXX</cbc:ID></cac:FinancialInstitutionBranch>"
        "</cac:PayeeFinancialAccount></cac:PaymentMeans>"
    )
    second = parsed(("<cac:TaxTotal>", f"{other}<cac:TaxTotal>"))
    assert second.fields["iban"] == iban
    assert "bic" not in second.fields  # that of the other account
    first = parsed(("<cac:PaymentMeans>", f"{other}<cac:PaymentMeans>"))
    assert (first.fields["iban"], first.fields["bic"]) == ("DE89370400440532013000", "COBADEFFXXX")


def test_a_line_is_its_quantity_of_its_price_with_allowances_and_charges() -> None:
    line = made(3).data["BG-25"][0]  # 40 at 5.81 is 232.40
    quantity = f">{line['BT-129']}</cbc:InvoicedQuantity>"
    (wrong,) = parsed((quantity, ">4000</cbc:InvoicedQuantity>")).broken
    assert (wrong.rule, wrong.term, wrong.row_index) == ("BT-131", "amount_net", 0)
    # 50 at 5.81 is 290.50, less 68.10 and with 10.00 is 232.40
    less = "<cbc:ChargeIndicator>false</cbc:ChargeIndicator><cbc:Amount>68.10</cbc:Amount>"
    more = "<cbc:ChargeIndicator>true</cbc:ChargeIndicator><cbc:Amount>10.00</cbc:Amount>"
    extras = "".join(f"<cac:AllowanceCharge>{one}</cac:AllowanceCharge>" for one in (less, more))
    assert parsed((quantity, f">50</cbc:InvoicedQuantity>{extras}")).broken == ()


def test_a_text_that_is_too_long_for_a_term_is_told() -> None:
    note = f"<cac:PaymentTerms><cbc:Note>{'x' * 10_001}</cbc:Note></cac:PaymentTerms>"
    (broken,) = parsed(("<cac:TaxTotal>", f"{note}<cac:TaxTotal>")).broken
    assert (broken.rule, broken.term) == ("BT-20", "payment_terms")


MEANS = {
    "ubl": "<cac:PaymentMeans><cbc:PaymentMeansCode>{}</cbc:PaymentMeansCode><cac:PayeeFinancialAccount>"
    "<cbc:ID>{}</cbc:ID></cac:PayeeFinancialAccount></cac:PaymentMeans>",
    "cii": "<ram:SpecifiedTradeSettlementPaymentMeans><ram:TypeCode>{}</ram:TypeCode>"
    "<ram:PayeePartyCreditorFinancialAccount><ram:IBANID>{}</ram:IBANID>"
    "</ram:PayeePartyCreditorFinancialAccount></ram:SpecifiedTradeSettlementPaymentMeans>",
}
BEGINS = {"ubl": "<cac:PaymentMeans>", "cii": "<ram:SpecifiedTradeSettlementPaymentMeans>"}


@pytest.mark.parametrize("syntax", ["ubl", "cii"])
@pytest.mark.parametrize(
    ("means", "number", "is_first"),
    [
        ("58", "DE89 3704 0044 0532 0130 00", True),  # stands first, and is as good
        ("59", "DE89370400440532013000", False),  # is drawn, not sent
        ("30", "0532013000", False),  # is no IBAN
    ],
)
def test_of_several_accounts_the_first_that_money_can_be_sent_to_is_given(
    syntax: str, means: str, number: str, is_first: bool
) -> None:
    own = made(3).data["BT-84"]
    text = made(3).xml("ubl" if syntax == "ubl" else "cii").decode()
    assert BEGINS[syntax] in text
    other = MEANS[syntax].format(means, number)
    invoice = parsed((BEGINS[syntax], f"{other}{BEGINS[syntax]}"), text=text)
    assert invoice.accounts == ((number, own) if is_first else (own, number))
    assert invoice.fields["iban"] == invoice.accounts[0]
    assert "means" not in invoice.fields


def test_an_account_that_is_named_twice_is_one() -> None:
    own = made(3).data["BT-84"]
    grouped = MEANS["ubl"].format("30", f"{own[:4]} {own[4:]}".lower())
    assert len(parsed(("<cac:TaxTotal>", f"{grouped}<cac:TaxTotal>")).accounts) == 1
    assert parsed(("PayeeFinancialAccount>", "Other>")).accounts == ()
