"""Examples as rows of SQL, the one truth from which the search index is made.

Functions of a session, so that whoever calls them decides what is one transaction.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from schemas.example import Example, PrintedPage
from storage.schema_records import keep_schema
from storage.tables import ExampleRow, PendingRow, SchemaRow

# SQLite takes 32,766 variables in a statement, PostgreSQL 65,535.
_MAX_VARIABLES = 10_000

_PRINTED = TypeAdapter(tuple[PrintedPage, ...])


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An example with its place in the order of insertion, and its schema's id."""

    seq: int
    schema_id: str
    example: Example


def insert(session: Session, examples: Sequence[Example]) -> tuple[Stored, ...]:
    """Return the examples as they are stored.

    Older annotations of the same document under the same schema are gone, of all its pages: a correction may
    say that a value stands on another one.
    """
    stored: list[Stored] = []
    replaced: set[tuple[str, str, str]] = set()
    for example in examples:
        schema_id = keep_schema(session, example.schema_name, example.json_schema)
        document = (example.tenant, example.document_sha256, schema_id)
        if document not in replaced:
            replaced.add(document)
            of_document = select(ExampleRow).where(
                ExampleRow.tenant == example.tenant,
                ExampleRow.document_sha256 == example.document_sha256,
                ExampleRow.schema_id == schema_id,
            )
            delete_rows(session, session.scalars(of_document).all())
        row = ExampleRow(
            example_id=example.example_id,
            tenant=example.tenant,
            document_sha256=example.document_sha256,
            page_index=example.page_index,
            schema_id=schema_id,
            page_hash=example.page_hash,
            text=example.text,
            answer_json=json.dumps(example.answer),
            evidence_json=json.dumps(example.evidence),
            known_json=json.dumps(example.known),
            unknown_json=json.dumps(example.unknown),
            mistakes_json=json.dumps(example.mistakes),
            confirmed_json=None if example.confirmed is None else json.dumps(example.confirmed),
            printed_zlib=zlib.compress(_PRINTED.dump_json(example.printed)) if example.printed else None,
            source=example.source,
            confirmed_by=example.confirmed_by,
            created_at=example.created_at,
        )
        session.add(row)
        session.flush()
        session.add(PendingRow(tenant=example.tenant, seq=row.seq))
        stored.append(Stored(seq=row.seq, schema_id=schema_id, example=example))
    return tuple(stored)


def delete_rows(session: Session, rows: Iterable[ExampleRow]) -> None:
    """Delete examples, contents and all, and note that the index still has them."""
    for row in rows:
        session.add(PendingRow(tenant=row.tenant, seq=row.seq))
        session.delete(row)
    session.flush()


def find_row(session: Session, tenant: str, example_id: str) -> ExampleRow | None:
    """Return the tenant's example of that id, if it is there."""
    return session.scalar(
        select(ExampleRow).where(ExampleRow.tenant == tenant, ExampleRow.example_id == example_id)
    )


def by_seqs(session: Session, tenant: str, seqs: Sequence[int]) -> dict[int, Stored]:
    """Return those of the tenant's examples that are there, by their place."""
    found: dict[int, Stored] = {}
    for start in range(0, len(seqs), _MAX_VARIABLES):
        part = seqs[start : start + _MAX_VARIABLES]
        query = (
            select(ExampleRow, SchemaRow)
            .join(SchemaRow, SchemaRow.schema_id == ExampleRow.schema_id)
            .where(ExampleRow.tenant == tenant, ExampleRow.seq.in_(part))
        )
        for row, schema in session.execute(query):
            found[row.seq] = _to_stored(row, schema)
    return found


def pages_from(session: Session, stored: Stored, n_pages: int) -> tuple[Stored, ...]:
    """Return an example and those of the pages that follow it in its document, `n_pages` pages in all."""
    example = stored.example
    query = (
        select(ExampleRow, SchemaRow)
        .join(SchemaRow, SchemaRow.schema_id == ExampleRow.schema_id)
        .where(
            ExampleRow.tenant == example.tenant,
            ExampleRow.document_sha256 == example.document_sha256,
            ExampleRow.schema_id == stored.schema_id,
            ExampleRow.page_index >= example.page_index,
            ExampleRow.page_index < example.page_index + n_pages,
        )
        .order_by(ExampleRow.page_index)
    )
    return tuple(_to_stored(row, schema) for row, schema in session.execute(query))


def of_document(session: Session, tenant: str, document_sha256: str) -> tuple[Stored, ...]:
    """Return the tenant's examples of one file, under any schema, those that were kept last first."""
    query = (
        select(ExampleRow, SchemaRow)
        .join(SchemaRow, SchemaRow.schema_id == ExampleRow.schema_id)
        .where(ExampleRow.tenant == tenant, ExampleRow.document_sha256 == document_sha256)
        .order_by(ExampleRow.seq.desc())
    )
    return tuple(_to_stored(row, schema) for row, schema in session.execute(query))


def after(session: Session, tenant: str, seq: int, limit: int) -> tuple[Stored, ...]:
    """Return the tenant's examples that come after place `seq`, in order."""
    query = (
        select(ExampleRow, SchemaRow)
        .join(SchemaRow, SchemaRow.schema_id == ExampleRow.schema_id)
        .where(ExampleRow.tenant == tenant, ExampleRow.seq > seq)
        .order_by(ExampleRow.seq)
        .limit(limit)
    )
    return tuple(_to_stored(row, schema) for row, schema in session.execute(query))


def newest(session: Session, tenant: str, limit: int) -> tuple[Stored, ...]:
    """Return the examples that the tenant added last, the last first."""
    query = (
        select(ExampleRow, SchemaRow)
        .join(SchemaRow, SchemaRow.schema_id == ExampleRow.schema_id)
        .where(ExampleRow.tenant == tenant)
        .order_by(ExampleRow.seq.desc())
        .limit(limit)
    )
    return tuple(_to_stored(row, schema) for row, schema in session.execute(query))


def batches(session: Session, tenant: str, size: int) -> Iterator[tuple[Stored, ...]]:
    """Yield all of the tenant's examples, in order."""
    seq = 0
    while found := after(session, tenant, seq, size):
        yield found
        session.expunge_all()  # a million rows would stay in memory
        seq = found[-1].seq


def n_examples(session: Session, tenant: str) -> int:
    """Return how many examples the tenant has."""
    return (
        session.scalar(select(func.count()).select_from(ExampleRow).where(ExampleRow.tenant == tenant)) or 0
    )


def _to_stored(row: ExampleRow, schema: SchemaRow) -> Stored:
    example = Example.model_validate(
        {
            "example_id": row.example_id,
            "tenant": row.tenant,
            "document_sha256": row.document_sha256,
            "page_index": row.page_index,
            "schema_name": schema.name,
            "json_schema": schema.json_schema,
            "page_hash": row.page_hash,
            "text": row.text,
            "answer": json.loads(row.answer_json),
            "evidence": json.loads(row.evidence_json),
            "known": json.loads(row.known_json),
            "unknown": json.loads(row.unknown_json),
            "mistakes": json.loads(row.mistakes_json),
            "confirmed": None if row.confirmed_json is None else json.loads(row.confirmed_json),
            "printed": () if row.printed_zlib is None else json.loads(zlib.decompress(row.printed_zlib)),
            "source": row.source,
            "confirmed_by": row.confirmed_by,
            "created_at": row.created_at,
        }
    )
    return Stored(seq=row.seq, schema_id=row.schema_id, example=example)
