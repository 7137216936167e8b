"""Answers that were given, kept until they are confirmed, corrected or old."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import BaseModel, JsonValue
from sqlalchemy import Engine, delete
from sqlalchemy.orm import Session

from schemas.document import Document, Page
from schemas.errors import ExtractionNotFoundError
from schemas.example import is_id
from schemas.text import storable
from storage.database import read_session, write_session
from storage.schema_records import drop_unused_schemas, keep_schema
from storage.tables import ExtractionRow, SchemaRow


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDocument:
    """A document as it was read, with the hash of each page's image in the place of the image."""

    document: Document
    page_hashes: tuple[bytes | None, ...]


class _Written(BaseModel):
    """A kept document as it is written: JSON has no bytes."""

    document: Document
    page_hashes: tuple[str | None, ...]

    @classmethod
    def of(cls, kept: KeptDocument) -> _Written:
        pages = tuple(_bare(page) for page in kept.document.pages)
        hashes = tuple(None if found is None else found.hex() for found in kept.page_hashes)
        return cls(document=replace(kept.document, pages=pages), page_hashes=hashes)

    def kept(self) -> KeptDocument:
        hashes = tuple(None if found is None else bytes.fromhex(found) for found in self.page_hashes)
        return KeptDocument(document=self.document, page_hashes=hashes)


def _bare(page: Page) -> Page:
    """Return the page without its image, and with text that can be written."""
    words = tuple(replace(word, text=storable(word.text)) for word in page.words)
    return replace(page, thumbnail=None, words=words)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptExtraction:
    """An answer, what it was an answer to, and whose.

    `adapter_sha256` is the content of the adapter that gave it; None is the base model.
    """

    extraction_id: str
    tenant: str
    created_at: datetime
    schema_name: str
    json_schema: str
    document: KeptDocument
    value: Mapping[str, JsonValue]
    adapter_sha256: str | None = None


def keep_extraction(database: Engine, kept: KeptExtraction) -> None:
    """Write an answer down."""
    with write_session(database) as session:
        add_extraction(session, kept)


def add_extraction(session: Session, kept: KeptExtraction) -> None:
    """Write an answer down when the session ends."""
    row = ExtractionRow(
        extraction_id=kept.extraction_id,
        tenant=kept.tenant,
        created_at=kept.created_at,
        schema_id=keep_schema(session, kept.schema_name, kept.json_schema),
        document=zlib.compress(_Written.of(kept.document).model_dump_json().encode()),
        output_json=json.dumps(dict(kept.value)),
        adapter_sha256=kept.adapter_sha256,
    )
    session.add(row)


def find_extraction(database: Engine, tenant: str, extraction_id: str) -> KeptExtraction:
    """Return an answer of the tenant's.

    Raises
    ------
    ExtractionNotFoundError
        If none of that id is kept.
    """
    with read_session(database) as session:
        row = session.get(ExtractionRow, extraction_id) if is_id(extraction_id) else None
        schema = None if row is None else session.get(SchemaRow, row.schema_id)
        if row is None or schema is None or row.tenant != tenant:
            raise ExtractionNotFoundError(
                "no extraction of that id is kept",
                hint="they are kept for RASG_STORE__KEEP_DAYS",
            )
        return KeptExtraction(
            extraction_id=row.extraction_id,
            tenant=row.tenant,
            created_at=row.created_at,
            schema_name=schema.name,
            json_schema=schema.json_schema,
            document=_Written.model_validate_json(zlib.decompress(row.document)).kept(),
            value=json.loads(row.output_json),
            adapter_sha256=row.adapter_sha256,
        )


def drop_extractions(database: Engine, *, before: datetime) -> int:
    """Delete answers given before a moment; return how many."""
    with write_session(database) as session:
        done = session.execute(delete(ExtractionRow).where(ExtractionRow.created_at < before))
        drop_unused_schemas(session)
        return int(getattr(done, "rowcount", 0))
