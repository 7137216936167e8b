"""E-invoices among the files that are read: in the child, under its limits, and never at the page's cost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ocr.limits import ReadLimits
from ocr.media import sniff
from ocr.reader import ReadOptions, page_images, read_document
from schemas.document import Document
from schemas.errors import (
    DocumentTooLargeError,
    UnreadableDocumentError,
    UnsupportedMediaTypeError,
)
from tests.app.einvoices.made import attach, made

WITH_XML = ReadOptions(n_workers=1, einvoice=True)
INVOICE = made(2)
LAUGHS = b"<!DOCTYPE l [<!ENTITY a 'ha'>]><CrossIndustryInvoice>&a;</CrossIndustryInvoice>"


def read(files: dict[str, bytes], options: ReadOptions = WITH_XML) -> Document:
    return read_document(attach(INVOICE.page(), files), options=options)


def messages(document: Document) -> list[str]:
    return [warning.message for warning in document.warnings if warning.code == "xml_unusable"]


def test_an_attached_e_invoice_is_read_with_the_page() -> None:
    document = read({"factur-x.xml": INVOICE.xml()})
    assert document.einvoice is not None
    assert document.einvoice.fields["document_id"] == INVOICE.data["BT-1"]
    assert INVOICE.data["BT-1"] in document.pages[0].text
    assert messages(document) == []


def test_nobody_looks_at_attachments_unless_asked() -> None:
    assert read({"factur-x.xml": INVOICE.xml()}, replace(WITH_XML, einvoice=False)).einvoice is None


def test_an_e_invoice_is_known_by_its_content_under_any_name() -> None:
    files = {"notes.txt": b"hello", "data.bin": INVOICE.xml("ubl"), "order.xml": b"<Order/>"}
    document = read(files)
    assert document.einvoice is not None
    assert document.einvoice.syntax == "ubl"
    assert messages(document) == []


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\xff\xd8\xff\xe0 a picture", "malformed"),
        (LAUGHS, "document type"),
        (b"<SCRDMCCBDACIOMessageStructure/>", "no e-invoice"),
        (b"", "malformed"),
        (b"<a>" * 1_000_000, "nested"),
        (b"<" + b" " * 10_000_001, "bytes"),
    ],
    ids=["picture", "entities", "another kind", "empty", "deep", "huge"],
)
def test_a_name_that_lies_is_a_warning_and_the_page_is_read(content: bytes, why: str) -> None:
    document = read({"factur-x.xml": content})
    assert document.einvoice is None
    (message,) = messages(document)
    assert why in message
    assert document.n_words > 20


def test_the_known_name_comes_first_and_one_that_says_otherwise_is_told() -> None:
    other = made(3).xml()
    document = read({"a.xml": other, "factur-x.xml": INVOICE.xml()})
    assert document.einvoice is not None
    assert document.einvoice.fields["document_id"] == INVOICE.data["BT-1"]
    (message,) = messages(document)
    assert "2 e-invoices" in message
    iban, quantity = INVOICE.data["BT-84"], f">{INVOICE.data['BG-25'][0]['BT-129']}<"
    for old, new in ((iban, "DE89370400440532013000"), (quantity, ">4711<")):
        altered = INVOICE.xml().decode().replace(old, new).encode()
        assert messages(read({"a.xml": altered, "factur-x.xml": INVOICE.xml()})) == [message]
    same = read({"zugferd-invoice.xml": INVOICE.xml("ubl"), "factur-x.xml": INVOICE.xml()})
    assert messages(same) == []  # in two syntaxes, one invoice


def test_attachments_that_are_not_looked_at_are_told() -> None:
    document = read({f"{n:03}.txt": b"hello" for n in range(65)})
    (message,) = messages(document)
    assert "65 files" in message


@pytest.mark.parametrize("syntax", ["cii", "ubl"])
def test_xml_alone_is_a_document_without_pages(syntax: str) -> None:
    data = INVOICE.xml("ubl" if syntax == "ubl" else "cii")
    assert sniff(data) == "application/xml"
    document = read_document(data, options=WITH_XML)
    assert (document.pages, document.media_type) == ((), "application/xml")
    assert document.einvoice is not None
    assert tuple(page_images(data, document, options=WITH_XML)) == ()
    with pytest.raises(UnsupportedMediaTypeError):
        read_document(data, options=replace(WITH_XML, einvoice=False))


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (LAUGHS, UnreadableDocumentError),
        (b"<Invoice><Colour>red</Colour></Invoice>", UnsupportedMediaTypeError),
        (b"<?xml version='1.0'?><rss/>", UnsupportedMediaTypeError),
        (b"<Invoice>" + b"<a/>" * 300_000 + b"</Invoice>", DocumentTooLargeError),
        (b"<Invoice ", UnreadableDocumentError),
    ],
)
def test_xml_alone_that_is_no_e_invoice_ends_in_an_error_of_ours(data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        read_document(data, options=WITH_XML)


def test_xml_that_needs_more_memory_than_allowed_is_too_large() -> None:
    small = replace(WITH_XML, limits=ReadLimits(memory_bytes=420_000_000))
    data = b"<Invoice>" + b"<a>some text</a>" * 240_000 + b"</Invoice>"
    with pytest.raises((DocumentTooLargeError, UnsupportedMediaTypeError)):
        read_document(data, options=small)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_xml_is_known_in_each_encoding_it_may_have(encoding: str) -> None:
    text = "<?xml version='1.0'?><!-- made by hand --><rsm:CrossIndustryInvoice xmlns:rsm='a'/>"
    assert sniff(text.encode(encoding)) == "application/xml"
