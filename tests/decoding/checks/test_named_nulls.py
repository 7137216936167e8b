"""What a page names beside its value is given where a model gave null."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from pydantic import JsonValue

from decoding.checks.named_nulls import find_named
from decoding.grounding.ground import ground_extraction
from decoding.grounding.page_values import document_style
from schemas.document import Document, Page, Word
from schemas.geometry import BBox
from schemas.registry import from_json_schema

_KINDS = {"date": "date", "total": "amount", "cost": "amount", "subtotal": "amount"}
_LETTER, _LINE = 0.008, 0.02  # of the page's sides; all below the page stands at its foot


def page_of(lines: Sequence[str]) -> Page:
    """Return a page as a typewriter writes it: words stand where their first letters do in `lines`."""
    words: list[Word] = []
    ranges: list[tuple[int, int]] = []
    for number, line in enumerate(lines):
        start, at = len(words), 0
        for text in line.split():
            at = line.index(text, at)
            left, top = at * _LETTER, min(number * _LINE, 0.98)
            box = BBox(left, top, left + len(text) * _LETTER, top + 0.012)
            words.append(Word(text=text, bbox=box))
            at += len(text)
        ranges.append((start, len(words)))
    return Page(
        page_index=0,
        width_pt=595,
        height_pt=842,
        words=tuple(words),
        lines=tuple(ranges),
        block_order=tuple(range(len(words))),
    )


def found(lines: Sequence[str], key: str, **value: JsonValue) -> str | None:
    kind = next((kind for end, kind in _KINDS.items() if key.endswith(end)), "verbatim")
    spec = {"type": ["string", "null"], "x-rasg-kind": kind}
    properties = {key: spec, "other": {"type": ["string", "null"]}}
    schema = from_json_schema({"title": "paper", "type": "object", "properties": properties})
    document = Document(sha256="0" * 64, media_type="text/plain", pages=(page_of(lines),))
    grounded = ground_extraction({key: None, "other": None, **value}, schema, document)
    return find_named(grounded, document.pages, document_style(document.pages)).get((key,))


@pytest.mark.parametrize(
    ("key", "lines", "value"),
    [
        ("invoice_number", ["To: Reynolds      INVOICE NO.i   2099", "Date: Aug. 29, 1969"], "2099"),
        ("invoice_number", ["Invoice #: 0000233.", "Page #: 1"], "0000233"),
        ("invoice_number", ["Rechnungsnummer: R-2024/17"], "R-2024/17"),
        ("invoice_number", ["               INVOICE", "               05-144"], "05-144"),
        ("document_id", ["Facture n° FA2024"], "FA2024"),
        ("job_number", ["Invoice # 77123", "Job No. 903.A"], "903.A"),
        ("po_no", ["P. O. Number : 04213"], "04213"),
        ("poNumber", ["PO # 04213", "PO # 04213"], "04213"),
        ("invoice_date", ["Invoice date       Due date", "12 May 2024        1 June 2024"], "12 May 2024"),
        ("due_date", ["Date: 12/05/2024", "Due date: 30/06/2024"], "30/06/2024"),
        ("date", ["Date: 12/05/2024", "Due date: 30/06/2024"], "12/05/2024"),
        ("date_of_delivery_date", ["Delivery date 30/06/2024"], None),
        ("total", ["Subtotal      150.00", "Balance due $153.30", "Paid 1.00"], "$153.30"),
        ("shipping_cost", ["Shipping cost       3.30", "Shipping 1.00"], "3.30"),
        ("subtotal", ["Subtotal      150.00", "Total        153.30"], "150.00"),
    ],
)
def test_what_the_page_names_is_given(key: str, lines: Sequence[str], value: str | None) -> None:
    assert found(lines, key) == value


@pytest.mark.parametrize(
    ("key", "lines"),
    [
        ("invoice_number", []),
        ("invoice_number", ["Invoice no.:", "", "Thank you"]),
        ("invoice_number", ["Invoice no.: 2099", "Invoice no.: 2100"]),  # which one?
        ("invoice_number", ["our previous invoice no. 2099"]),  # amid a sentence
        ("invoice_number", ["Invoice no. of the order"]),
        ("invoice_number", ["Invoice 12/05/2024"]),
        ("invoice_number", ["Invoice 12.50"]),
        ("invoice_number", ["Invoice 2 of 3"]),
        ("invoice_number", ["Invoice no. 2024 0017"]),  # where does it end?
        ("customer_number", ["Invoice no. 2099"]),
        ("id", ["ID: 4711"]),  # of what?
        ("number", ["No. 4711"]),
        ("seller_name", ["Seller name: Smith 22"]),
        ("date", ["Delivery date 12/05/2024"]),
        ("date", ["Date 12/05/2024", "Date 13/05/2024"]),
        ("total", ["Total 12.00 15.00"]),
        ("total", ["Total 12"]),
        ("total", ["Total 12.00 of 40"]),
        ("cost", ["Cost 12.00"]),  # of what?
    ],
)
def test_nothing_is_given_where_it_may_be_something_else(key: str, lines: Sequence[str]) -> None:
    assert found(lines, key) is None


def test_a_value_that_another_one_cites_is_not_given() -> None:
    lines = ["Invoice no.: 2099"]
    assert found(lines, "invoice_number", other="2099") is None
    assert found(lines, "invoice_number", other="Thanks") == "2099"
    assert found(lines, "invoice_number", invoice_number="1") is None


def test_a_page_of_names_alone_is_searched_soon() -> None:
    assert found(["Invoice no. " * 10] * 2_000, "invoice_number") is None
