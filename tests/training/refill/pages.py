"""Made-up annotated pages, as if they had been read: what the tests of refilling make templates of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

from pydantic import JsonValue

from ocr.layout_document import layout_document
from schemas.registry import from_json_schema
from training.refill.compiling import AnnotatedDocument, compile_document
from training.refill.template import Template

TAGS = {
    "number": "document_id",
    "date": "date_issue",
    "due": "date_due",
    "seller": "vendor_name",
    "address": "vendor_address",
    "net": "amount_total_net",
    "tax": "amount_total_tax",
    "total": "amount_total_gross",
}
ROW_TAGS = {key: key for key in ("code", "description", "quantity", "unit_price", "amount")}
_KINDS = {
    "date": "date",
    "due": "date",
    "net": "amount",
    "tax": "amount",
    "total": "amount",
    "quantity": "amount",
    "unit_price": "amount",
    "amount": "amount",
}

INVOICE = """\
Northwind Paper Mills Ltd
12 Harbour Road
Bristol BS1 4XY
                                             INVOICE
Bill to                                      Invoice No:    NP-20417
Albion Stationers                            Date:          14 March 2024
88 Castle Street                             Due Date:      13 April 2024
Cardiff CF10 1BU

Description                        Qty       Unit Price         Amount
Copy paper A4 white                 10             4.20          42.00
Envelopes C5 with window             4            12.50          50.00
in boxes of five hundred
Ring binder blue                     6             3.15          18.90

                                             Subtotal           110.90
                                             VAT 20%             22.18
                                             Total              133.08
Please pay 133.08 by 13 April 2024.
""".replace("\n\n", "\n")
INVOICE_ROWS: list[dict[str, str]] = [
    {"description": "Copy paper A4 white", "quantity": "10", "unit_price": "4.20", "amount": "42.00"},
    {
        "description": "Envelopes C5 with window in boxes of five hundred",
        "quantity": "4",
        "unit_price": "12.50",
        "amount": "50.00",
    },
    {"description": "Ring binder blue", "quantity": "6", "unit_price": "3.15", "amount": "18.90"},
]
INVOICE_VALUE: dict[str, JsonValue] = {
    "number": "NP-20417",
    "date": "14 March 2024",
    "due": "13 April 2024",
    "seller": "Northwind Paper Mills Ltd",
    "address": "12 Harbour Road Bristol BS1 4XY",
    "net": "110.90",
    "tax": "22.18",
    "total": "133.08",
    "items": [{**row} for row in INVOICE_ROWS],
}
RECEIPT = """\
        KEDAI BUKU MELATI SDN BHD
              (775321-K)
      NO 14, JALAN CENDANA 3/2
     TAMAN INDAH, 81300 SKUDAI
Receipt No: RC0093417
Date: 05/11/2023        Time: 14:22
PENCIL 2B                     3.40
ERASER SOFT                   1.20
NOTEBOOK A5                   5.60
TOTAL                        10.20
CASH                         20.00
CHANGE                        9.80
      THANK YOU, COME AGAIN
"""
RECEIPT_VALUE: dict[str, JsonValue] = {
    "number": "RC0093417",
    "date": "05/11/2023",
    "seller": "KEDAI BUKU MELATI SDN BHD",
    "address": "NO 14, JALAN CENDANA 3/2 TAMAN INDAH, 81300 SKUDAI",
    "total": "10.20",
}
# Each text on a line of its own, above its figures.
STACKED = """\
DESCRIPTION     QTY    U.PRICE    TOTAL
SALMON WAZEN
                 2        5.80    11.60
SUSHI RED
                 3        3.80    11.40
TOTAL:                            23.00
CASH                              30.00
"""
# Rows without headings, amounts of two columns of digits, a currency mark of its own.
FEES = """\
HARGROVE & PELHAM
Attorneys at Law
June 3, 1991                        INVOICE # 4471

Review of the lease and letter                  $  350.00
Telephone conference                                80.00
Filing                                              15.50

Amount due                                      $  445.50
""".replace("\n\n", "\n")
FEES_VALUE: dict[str, JsonValue] = {
    "number": "4471",
    "date": "June 3, 1991",
    "seller": "HARGROVE & PELHAM",
    "total": "445.50",
    "items": [
        {"description": "Review of the lease and letter", "amount": "350.00"},
        {"description": "Telephone conference", "amount": "80.00"},
        {"description": "Filing", "amount": "15.50"},
    ],
}


def annotated(
    text: str, value: Mapping[str, JsonValue], *, source: str = "made-up", key: str = "made-up/1"
) -> AnnotatedDocument:
    """Return a page as a document whose values are known."""
    properties: dict[str, JsonValue] = {key: _part(key) for key in value if key != "items"}
    rows = value.get("items")
    if isinstance(rows, list):
        columns = {name: _part(name) for row in rows if isinstance(row, dict) for name in row}
        properties["items"] = {"type": "array", "items": {"type": "object", "properties": columns}}
    return AnnotatedDocument(
        key=key,
        source=source,
        document=layout_document(text, sha256="0" * 64),
        schema=from_json_schema({"type": "object", "properties": properties}, name="made-up"),
        value=value,
        tags=TAGS,
        row_tags=ROW_TAGS,
        language="en",
        day_first=True,
    )


def _part(key: str) -> JsonValue:
    return {
        "type": ["string", "null"],
        "x-rasg-kind": _KINDS.get(key, "verbatim"),
        "description": f"The {key}",
    }


def compiled(text: str, value: Mapping[str, JsonValue], *, source: str = "made-up") -> Template:
    """Return the template of a page."""
    (template,) = compile_document(annotated(text, value, source=source), outcomes=Counter())
    return template


@lru_cache
def templates() -> tuple[Template, ...]:
    """Return the templates of all pages, each a source of its own."""
    return (
        compiled(INVOICE, INVOICE_VALUE, source="invoice"),
        compiled(RECEIPT, RECEIPT_VALUE, source="receipt"),
        compiled(FEES, FEES_VALUE, source="fees"),
    )
