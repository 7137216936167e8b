"""Documents and schemas that the decoding tests share."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.document import Document, Page, Word
from schemas.geometry import BBox
from schemas.spec import ArraySpec, ExtractionSchema, FieldSpec, ObjectSpec, Spec

RECEIPT_LINES = (
    "ACME TRADING SDN BHD",
    "12, JALAN BESAR, 43800 DENGKIL",
    "Date : 12/03/2026 Invoice INV-2026/0042",
    '2 x Copper pipe 12" 35.00',
    "1 x C:\\elbow 7.50",
    "TOTAL RM 42.50",
)


def page_of(lines: Sequence[str], *, page_index: int = 0, block_order: Sequence[int] | None = None) -> Page:
    """Return a page with one box a word, lines from top to bottom."""
    words: list[Word] = []
    ranges: list[tuple[int, int]] = []
    for number, line in enumerate(lines):
        start = len(words)
        for column, text in enumerate(line.split()):
            left, top = min(column * 0.05, 0.9), min(number * 0.01, 0.9)
            words.append(Word(text=text, bbox=BBox(left, top, left + 0.05, top + 0.01)))
        ranges.append((start, len(words)))
    order = tuple(range(len(words))) if block_order is None else tuple(block_order)
    return Page(
        page_index=page_index,
        width_pt=595,
        height_pt=842,
        words=tuple(words),
        lines=tuple(ranges),
        block_order=order,
    )


def document_of(*pages: Sequence[str]) -> Document:
    """Return a document with one page for each sequence of lines."""
    made = tuple(page_of(lines, page_index=index) for index, lines in enumerate(pages))
    return Document(sha256="0" * 64, media_type="text/plain", pages=made)


def schema_of(**properties: Spec) -> ExtractionSchema:
    """Return a schema with these properties."""
    return ExtractionSchema(
        name="test", root=ObjectSpec(properties=tuple(properties.items())), json_schema="{}"
    )


RECEIPT_SCHEMA = schema_of(
    company=FieldSpec(kind="verbatim", description="Seller"),
    date=FieldSpec(kind="date"),
    rows=ArraySpec(
        item=ObjectSpec(
            properties=(
                ("quantity", FieldSpec(kind="amount")),
                ("description", FieldSpec(kind="verbatim")),
                ("price", FieldSpec(kind="amount", nullable=False)),
            )
        ),
        max_items=3,
    ),
    paid=FieldSpec(kind="boolean", nullable=False),
    currency=FieldSpec(kind="enum", enum_values=("MYR", "EUR")),
    total=FieldSpec(kind="amount", nullable=False),
)
