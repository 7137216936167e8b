"""Annotated pages of made-up vendors, for the tests of the store."""

from __future__ import annotations

import hashlib
import random
from datetime import UTC, datetime
from uuid import UUID

from schemas.example import Example
from schemas.registry import from_json_schema
from schemas.spec import ExtractionSchema

_TEXT = {"type": ["string", "null"]}
SCHEMA: ExtractionSchema = from_json_schema(
    {"title": "bill", "type": "object", "properties": {"vendor": _TEXT, "total": _TEXT}}
)
NARROW: ExtractionSchema = from_json_schema(
    {"title": "narrow", "type": "object", "properties": {"total": _TEXT}}
)
OTHER: ExtractionSchema = from_json_schema(
    {"title": "other", "type": "object", "properties": {"iban": _TEXT}}
)


def page_text(vendor: int, number: int) -> str:
    """Return the page of a vendor's bill: its own words, and what differs from bill to bill."""
    own = random.Random(vendor)
    words = ["".join(own.choices("abcdefghijklmnopqrstuvwxyz", k=own.randint(4, 10))) for _ in range(30)]
    bill = random.Random(f"{vendor}/{number}")
    figures = [f"{bill.randint(1, 99)}.{bill.randint(10, 99)}" for _ in range(12)]
    return "\n".join([*words, f"no {bill.randint(10**6, 10**7)}", *figures])


def page_hash(vendor: int, number: int) -> bytes:
    """Return a hash near that of the vendor's other bills."""
    layout = random.Random(-vendor).getrandbits(256)
    noise = random.Random(f"{vendor}/{number}")
    for _ in range(8):
        layout ^= 1 << noise.randrange(256)
    return layout.to_bytes(32)


def example(
    vendor: int, number: int, *, tenant: str = "acme", schema: ExtractionSchema = SCHEMA, page_index: int = 0
) -> Example:
    """Return the annotated page of a vendor's bill."""
    name = f"{tenant}/{vendor}/{number}/{schema.name}/{page_index}"
    return Example(
        example_id=UUID(int=random.Random(name).getrandbits(128)).hex,
        tenant=tenant,
        document_sha256=hashlib.sha256(f"{tenant}/{vendor}/{number}".encode()).hexdigest(),
        page_index=page_index,
        schema_name=schema.name,
        json_schema=schema.json_schema,
        page_hash=page_hash(vendor, number),
        text=page_text(vendor, number),
        answer={"vendor": f"v{vendor}", "total": f"{number}.00"},
        source="annotated",
        confirmed_by="tests",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
