"""The truth in SQL: examples and their schemas, what the index lacks, and who did what.

Functions of a session, so that whoever calls them decides what is one transaction.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session

from retrieval.tables import AuditRow, ExampleRow, ExtractionRow, PendingRow, SchemaRow, StoreRow
from schemas.errors import InvalidSchemaError
from schemas.example import AuditEntry, Example
from schemas.registry import from_json_text
from schemas.spec import ExtractionSchema

# SQLite takes 32,766 variables in a statement, PostgreSQL 65,535.
_MAX_VARIABLES = 10_000
# Where a note has it for a place, it is about the whole index; places begin at 1.
WHOLE_INDEX = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An example with its place in the order of insertion, and its schema's id."""

    seq: int
    schema_id: str
    example: Example


def schema_id_of(name: str, json_schema: str) -> str:
    """Return the id of a schema: the hash of its name and text."""
    return hashlib.sha256(f"{name}\n{json_schema}".encode()).hexdigest()


@lru_cache(maxsize=1024)
def parsed_schema(name: str, json_schema: str) -> ExtractionSchema | None:
    """Return the schema of stored text; None for one that this program no longer takes."""
    try:
        return from_json_text(json_schema, name=name)
    except InvalidSchemaError:
        return None


def keep_schema(session: Session, name: str, json_schema: str) -> str:
    """Return the id of a schema that is in the database from now on."""
    schema_id = schema_id_of(name, json_schema)
    if session.get(SchemaRow, schema_id) is None:
        session.add(SchemaRow(schema_id=schema_id, name=name, json_schema=json_schema))
        session.flush()
    return schema_id


def drop_unused_schemas(session: Session) -> None:
    """Delete schemas that neither an example nor a kept answer has."""
    in_examples = exists().where(ExampleRow.schema_id == SchemaRow.schema_id)
    in_answers = exists().where(ExtractionRow.schema_id == SchemaRow.schema_id)
    session.execute(delete(SchemaRow).where(~in_examples, ~in_answers))


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
            found[row.seq] = _stored(row, schema)
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
    return tuple(_stored(row, schema) for row, schema in session.execute(query))


def after(session: Session, tenant: str, seq: int, limit: int) -> tuple[Stored, ...]:
    """Return the tenant's examples that come after place `seq`, in order."""
    query = (
        select(ExampleRow, SchemaRow)
        .join(SchemaRow, SchemaRow.schema_id == ExampleRow.schema_id)
        .where(ExampleRow.tenant == tenant, ExampleRow.seq > seq)
        .order_by(ExampleRow.seq)
        .limit(limit)
    )
    return tuple(_stored(row, schema) for row, schema in session.execute(query))


def newest(session: Session, tenant: str, limit: int) -> tuple[Stored, ...]:
    """Return the examples that the tenant added last, the last first."""
    query = (
        select(ExampleRow, SchemaRow)
        .join(SchemaRow, SchemaRow.schema_id == ExampleRow.schema_id)
        .where(ExampleRow.tenant == tenant)
        .order_by(ExampleRow.seq.desc())
        .limit(limit)
    )
    return tuple(_stored(row, schema) for row, schema in session.execute(query))


def batches(session: Session, tenant: str, size: int) -> Iterator[tuple[Stored, ...]]:
    """Yield all of the tenant's examples, in order."""
    seq = 0
    while found := after(session, tenant, seq, size):
        yield found
        session.expunge_all()  # a million rows would stay in memory
        seq = found[-1].seq


def schemas_of(session: Session, tenant: str) -> dict[str, ExtractionSchema]:
    """Return the schemas that the tenant has examples of, by id."""
    has_examples = exists().where(ExampleRow.tenant == tenant, ExampleRow.schema_id == SchemaRow.schema_id)
    found = session.scalars(select(SchemaRow).where(has_examples)).all()
    parsed = {row.schema_id: parsed_schema(row.name, row.json_schema) for row in found}
    return {schema_id: schema for schema_id, schema in parsed.items() if schema is not None}


def n_examples(session: Session, tenant: str) -> int:
    """Return how many examples the tenant has."""
    return (
        session.scalar(select(func.count()).select_from(ExampleRow).where(ExampleRow.tenant == tenant)) or 0
    )


def tenants(session: Session) -> tuple[str, ...]:
    """Return the tenants that have examples, or of whom the index may still have some."""
    with_examples = session.scalars(select(ExampleRow.tenant).distinct()).all()
    pending = session.scalars(select(PendingRow.tenant).distinct()).all()
    return tuple(sorted({*with_examples, *pending}))


def pending_of(session: Session, tenant: str) -> dict[int, int]:
    """Return what the index has not been told yet: place in the order, by the note's id."""
    query = select(PendingRow).where(PendingRow.tenant == tenant).order_by(PendingRow.pending_id)
    return {row.pending_id: row.seq for row in session.scalars(query)}


def note_rebuild(session: Session, tenant: str) -> None:
    """Note that the tenant's index is being made: until the note is dropped, what there is may be half."""
    session.add(PendingRow(tenant=tenant, seq=WHOLE_INDEX))


def index_variant(session: Session) -> str:
    """Return what the rows of the index are made with."""
    return session.scalars(select(StoreRow.index_variant)).one()


def set_index_variant(session: Session, variant: str) -> None:
    """Note what the rows of the index are made with from now on."""
    session.execute(update(StoreRow).values(index_variant=variant))


def is_being_made(session: Session, tenant: str) -> bool:
    """Return whether the tenant's index is half made: by somebody at work, or left so by a crash."""
    noted = exists().where(PendingRow.tenant == tenant, PendingRow.seq == WHOLE_INDEX)
    return bool(session.scalar(select(noted)))


def drop_pending(session: Session, pending_ids: Sequence[int]) -> None:
    """Forget notes whose matter the index has been told."""
    for start in range(0, len(pending_ids), _MAX_VARIABLES):
        part = pending_ids[start : start + _MAX_VARIABLES]
        session.execute(delete(PendingRow).where(PendingRow.pending_id.in_(part)))


def note(session: Session, *entries: AuditEntry) -> None:
    """Write lines of the audit."""
    for entry in entries:
        session.add(
            AuditRow(
                tenant=entry.tenant,
                at=entry.at,
                actor=entry.actor,
                action=entry.action,
                example_id=entry.example_id,
                extraction_id=entry.extraction_id,
                adapter_id=entry.adapter_id,
            )
        )


def _stored(row: ExampleRow, schema: SchemaRow) -> Stored:
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
            "source": row.source,
            "confirmed_by": row.confirmed_by,
            "created_at": row.created_at,
        }
    )
    return Stored(seq=row.seq, schema_id=row.schema_id, example=example)
