"""Published data sets in miniature: each reader keeps every document, or names what it cannot read."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from eval.datasets import GoldBox, GoldRecord, read_gold
from eval.readers import READERS
from eval.readers.__main__ import renamed
from eval.readers.einvoice import parse_einvoice
from schemas.errors import EvaluationError
from tests.paths import ROOT, shared_data


def _write(folder: Path, name: str, content: Any) -> None:  # noqa: ANN401
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")


def _only(reader: str, folder: Path) -> GoldRecord:
    (record,) = READERS[reader](folder)
    return record


def test_sroie(tmp_path: Path) -> None:
    _write(tmp_path, "entities/X1.txt", {"company": "ACME", "total": "9.00", "address": ""})
    _write(tmp_path, "img/X1.jpg", "")
    record = _only("sroie", tmp_path)
    assert (record.id, record.file, record.line_items) == ("sroie/X1", "img/X1.jpg", None)
    assert record.kie == {"company": "ACME", "total": "9.00"}
    assert record.caveats


def test_wildreceipt(tmp_path: Path) -> None:
    _write(
        tmp_path,
        "class_list.txt",
        "0 Ignore\n1 Store_addr_value\n2 Total_value\n3 Prod_item_value\n4 Date_key\n",
    )

    def segment(text: str, label: int, left: int, top: int) -> dict[str, Any]:
        box = [left, top, left + 9, top, left + 9, top + 5, left, top + 5]
        return {"text": text, "label": label, "box": box}

    annotations = [
        segment("Omaha", 1, 0, 20),
        segment("12 Dodge", 1, 0, 10),
        segment("9.00", 2, 0, 30),
        segment("9.00 USD", 2, 0, 40),
        segment("Tea", 3, 0, 25),
        segment("Date", 4, 0, 50),
        segment(" ", 2, 0, 60),
    ]
    sample = {"file_name": "image_files/a/1.jpeg", "height": 9, "width": 9, "annotations": annotations}
    _write(tmp_path, "test.txt", json.dumps(sample) + "\n")
    record = _only("wildreceipt", tmp_path)
    assert (record.id, record.file) == ("wildreceipt/test/1", "image_files/a/1.jpeg")
    assert record.kie == {"Store_addr": "12 Dodge Omaha", "Total": ["9.00", "9.00 USD"]}
    _write(tmp_path, "train.txt", '{"file_name": "x"}')
    with pytest.raises(EvaluationError, match=r"line 1 of 'train\.txt'"):
        list(READERS["wildreceipt"](tmp_path))


def test_cord(tmp_path: Path) -> None:
    def line(category: str, group: int, *words: tuple[str, int]) -> dict[str, Any]:
        made = [{"text": text, "is_key": is_key} for text, is_key in words]
        return {"category": category, "group_id": group, "words": made}

    lines = [
        line("menu.nm", 3, ("Nasi", 0), ("Goreng", 0)),
        line("menu.price", 3, ("25,000", 0)),
        line("menu.nm", 1, ("Teh", 0)),
        line("total.total_price", 4, ("TOTAL", 1), ("28,000", 0)),
    ]
    _write(tmp_path, "json/receipt_0.json", {"valid_line": lines})
    _write(tmp_path, "image/receipt_0.png", "")
    record = _only("cord", tmp_path)
    assert record.kie == {"total.total_price": "28,000"}
    assert record.line_items == [{"nm": "Teh"}, {"nm": "Nasi Goreng", "price": "25,000"}]


def test_funsd(tmp_path: Path) -> None:
    def entity(number: int, label: str, text: str, top: int, *links: list[int]) -> dict[str, Any]:
        return {
            "id": number,
            "label": label,
            "text": text,
            "box": [0, top, 9, top + 5],
            "linking": list(links),
        }

    form = [
        entity(0, "header", "FAX", 0),
        entity(1, "question", "To:", 10, [1, 3], [1, 2]),
        entity(2, "answer", "Ada", 10, [1, 2]),
        entity(3, "answer", "Lovelace", 20, [1, 3]),
        entity(4, "question", "From:", 30),
    ]
    _write(tmp_path, "annotations/1.json", {"form": form})
    _write(tmp_path, "images/1.png", "")
    assert _only("funsd", tmp_path).kie == {"To": "Ada Lovelace"}


def test_docile(tmp_path: Path) -> None:
    def extraction(kind: str, text: str, top: float, item: int | None = None) -> dict[str, Any]:
        bbox = [0.1, top, 0.2, top + 0.01]
        return {"fieldtype": kind, "text": text, "bbox": bbox, "page": 0, "line_item_id": item}

    _write(
        tmp_path,
        "annotations/d1.json",
        {
            "metadata": {"document_type": "tax_invoice"},
            "field_extractions": [
                extraction("document_id", "42", 0.5),
                extraction("vendor_name", "ACME\nLtd", 0.1),
                extraction("document_id", "0042", 0.1),
            ],
            "line_item_extractions": [
                extraction("line_item_description", "pipe", 0.4, 2),
                extraction("line_item_description", "copper", 0.39, 2),
                extraction("line_item_amount_net", "5.00", 0.3, 1),
            ],
        },
    )
    _write(tmp_path, "pdfs/d1.pdf", "")
    record = _only("docile", tmp_path)
    assert (record.file, record.doc_type) == ("pdfs/d1.pdf", "tax_invoice")
    assert record.kie == {"document_id": ["0042", "42"], "vendor_name": "ACME Ltd"}
    assert record.line_items == [{"amount_net": "5.00"}, {"description": "copper pipe"}]
    assert record.kie_boxes is not None
    assert record.kie_boxes["vendor_name"] == [GoldBox(page_number=1, bbox=(0.1, 0.1, 0.2, 0.11))]


def test_invoice2data(tmp_path: Path) -> None:
    found = [{"issuer": "ACME", "amount": 9.5, "vat": None, "lines": [{"name": "tea", "qty": 1}]}]
    _write(tmp_path, "compare/a.json", found)
    _write(tmp_path, "compare/a.pdf", "")
    record = _only("invoice2data", tmp_path)
    assert (record.id, record.file) == ("invoice2data/compare/a", "compare/a.pdf")
    assert (record.kie, record.line_items) == ({"issuer": "ACME", "amount": 9.5}, [{"name": "tea", "qty": 1}])


CII = """<?xml version="1.0"?>
<rsm:CrossIndustryInvoice xmlns:rsm="urn:a" xmlns:ram="urn:b" xmlns:udt="urn:c">
 <rsm:ExchangedDocument><ram:ID> R-1 </ram:ID>
  <ram:IssueDateTime><udt:DateTimeString format="102">20260312</udt:DateTimeString></ram:IssueDateTime>
 </rsm:ExchangedDocument>
 <rsm:SupplyChainTradeTransaction>
  <ram:IncludedSupplyChainTradeLineItem>
   <ram:AssociatedDocumentLineDocument><ram:LineID>1</ram:LineID></ram:AssociatedDocumentLineDocument>
   <ram:SpecifiedTradeProduct><ram:Name>Pipe</ram:Name></ram:SpecifiedTradeProduct>
   <ram:SpecifiedLineTradeDelivery><ram:BilledQuantity unitCode="C62">2.0000</ram:BilledQuantity>
   </ram:SpecifiedLineTradeDelivery>
   <ram:SpecifiedLineTradeSettlement><ram:SpecifiedTradeSettlementLineMonetarySummation>
    <ram:LineTotalAmount>70.00</ram:LineTotalAmount>
   </ram:SpecifiedTradeSettlementLineMonetarySummation></ram:SpecifiedLineTradeSettlement>
  </ram:IncludedSupplyChainTradeLineItem>
  <ram:ApplicableHeaderTradeAgreement>
   <ram:SellerTradeParty><ram:Name>ACME</ram:Name></ram:SellerTradeParty>
  </ram:ApplicableHeaderTradeAgreement>
  <ram:ApplicableHeaderTradeSettlement><ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>
   <ram:SpecifiedTradeSettlementHeaderMonetarySummation><ram:GrandTotalAmount>83.30</ram:GrandTotalAmount>
   </ram:SpecifiedTradeSettlementHeaderMonetarySummation>
  </ram:ApplicableHeaderTradeSettlement>
 </rsm:SupplyChainTradeTransaction>
</rsm:CrossIndustryInvoice>"""
UBL = """<Invoice xmlns="urn:i" xmlns:cbc="urn:b" xmlns:cac="urn:a"><cbc:ID>U-1</cbc:ID>
<cbc:IssueDate>2026-03-12</cbc:IssueDate>
<cac:AccountingSupplierParty><cac:Party><cac:PartyName><cbc:Name>ACME</cbc:Name></cac:PartyName></cac:Party>
</cac:AccountingSupplierParty>
<cac:LegalMonetaryTotal><cbc:PayableAmount currencyID="EUR">83.30</cbc:PayableAmount></cac:LegalMonetaryTotal>
<cac:InvoiceLine><cbc:ID>1</cbc:ID><cbc:InvoicedQuantity>2</cbc:InvoicedQuantity>
<cbc:LineExtensionAmount>70.00</cbc:LineExtensionAmount><cac:Item><cbc:Name>Pipe</cbc:Name></cac:Item>
</cac:InvoiceLine></Invoice>"""


def test_both_kinds_of_e_invoice() -> None:
    row = {"position": "1", "description": "Pipe", "quantity": "2.0000", "amount_net": "70.00"}
    assert parse_einvoice(CII.encode()) == (
        {
            "document_id": "R-1",
            "date_issue": "2026-03-12",
            "vendor_name": "ACME",
            "currency": "EUR",
            "amount_total_gross": "83.30",
        },
        [row],
    )
    fields, rows = parse_einvoice(UBL.encode())
    assert fields == {
        "document_id": "U-1",
        "date_issue": "2026-03-12",
        "vendor_name": "ACME",
        "amount_due": "83.30",
    }
    assert rows == [{**row, "quantity": "2"}]


BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    "<Invoice>&b;</Invoice>"
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<Invoice>",
        "<html></html>",
        BOMB,
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><Invoice><ID>&e;</ID></Invoice>',
        "<Invoice>" + "<a>" * 5_000 + "</a>" * 5_000 + "</Invoice>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_hostile_e_invoice_is_refused(text: str, encoding: str) -> None:
    with pytest.raises(EvaluationError):
        parse_einvoice(text.encode(encoding))


@pytest.mark.parametrize("reader", sorted(READERS))
def test_an_empty_folder_is_an_error(reader: str, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError):
        list(READERS[reader](tmp_path))


@pytest.mark.parametrize(
    ("reader", "name", "content"),
    [
        ("sroie", "key/a.json", "{"),
        ("sroie", "key/a.json", "[1]"),
        ("sroie", "key/a.json", '{"total": "1"}'),  # no picture
        ("cord", "json/a.json", '{"valid_line": [{}]}'),
        ("cord", "json/a.json", "[" * 100_000),
        ("funsd", "annotations/a.json", '{"form": [{"id": "x"}]}'),
        ("docile", "annotations/a.json", '{"field_extractions": 5}'),
        ("invoice2data", "a.json", "[{}, {}]"),
        ("einvoice", "a.xml", "<Invoice/>"),  # no document
    ],
)
def test_a_file_that_is_not_as_published_is_named(
    reader: str, name: str, content: str, tmp_path: Path
) -> None:
    _write(tmp_path, name, content)
    with pytest.raises(EvaluationError, match="'a"):
        list(READERS[reader](tmp_path))


def test_fields_and_columns_take_common_names() -> None:
    record = GoldRecord(
        id="r", file="f", dataset="d", doc_type="t", kie={"date": "1", "x": "2"}, line_items=[{"amount": "3"}]
    )
    names = {"date": "document_date", "item.amount": "total"}
    found = renamed(record, names)
    assert (found.kie, found.line_items) == ({"document_date": "1", "x": "2"}, [{"total": "3"}])


def test_the_command_prints_gold_records(tmp_path: Path) -> None:
    _write(tmp_path, "key/a.json", {"total": "9.00"})
    _write(tmp_path, "img/a.png", "")
    command = [sys.executable, "-m", "eval.readers", "sroie", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert GoldRecord.model_validate_json(done.stdout).kie == {"total": "9.00"}
    _write(tmp_path, "key/b.json", "{")
    failed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (failed.returncode, "b.json" in failed.stderr) == (2, True)


def test_real_e_invoices_say_what_their_labels_say() -> None:
    shared = shared_data()
    if shared is None:
        pytest.skip("shared data not present")
    names = {
        "invoice_number": "document_id",
        "grand_total": "amount_total_gross",
        "seller_name": "vendor_name",
    }
    n_checked = 0
    for record in read_gold(shared / "dev" / "einvoice_cii"):
        with pikepdf.open(shared / "dev" / "einvoice_cii" / record.file) as pdf:
            xml = [a.get_file().read_bytes() for name, a in pdf.attachments.items() if name.endswith(".xml")]
        if not xml or b"CrossIndustryInvoice" not in xml[0]:
            continue  # orders, and invoices of the first version
        fields, _ = parse_einvoice(xml[0])
        for label, name in names.items():
            if label in record.kie:
                assert fields[name] == record.kie[label]
                n_checked += 1
    assert n_checked > 30
