"""The JSON Schemas of examples, kept answers and jobs, each once."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from schemas.errors import InvalidSchemaError
from schemas.registry import from_json_text
from schemas.spec import ExtractionSchema
from storage.tables import ExampleRow, ExtractionRow, JobRow, SchemaRow

# Of a session: the schemas that its transaction has found or written.
_KNOWN_HERE = "rasg_schemas"


def schema_id_of(name: str, json_schema: str) -> str:
    """Return the id of a schema: the hash of its name and text."""
    return hashlib.sha256(f"{name}\n{json_schema}".encode()).hexdigest()


@lru_cache(maxsize=1024)
def parse_stored_schema(name: str, json_schema: str) -> ExtractionSchema | None:
    """Return the schema of stored text; None for one that this program no longer takes."""
    try:
        return from_json_text(json_schema, name=name)
    except InvalidSchemaError:
        return None


def keep_schema(session: Session, name: str, json_schema: str) -> str:
    """Return the id of a schema that is in the database from now on."""
    known: dict[tuple[str, str], str] = session.info.setdefault(_KNOWN_HERE, {})
    schema_id = known.get((name, json_schema))
    if schema_id is None:
        schema_id = schema_id_of(name, json_schema)
        if session.get(SchemaRow, schema_id) is None:
            session.add(SchemaRow(schema_id=schema_id, name=name, json_schema=json_schema))
            session.flush()
        known[name, json_schema] = schema_id
    return schema_id


def drop_unused_schemas(session: Session) -> None:
    """Delete schemas that no example, kept answer or job has."""
    in_examples = exists().where(ExampleRow.schema_id == SchemaRow.schema_id)
    in_answers = exists().where(ExtractionRow.schema_id == SchemaRow.schema_id)
    in_jobs = exists().where(JobRow.schema_id == SchemaRow.schema_id)
    session.execute(delete(SchemaRow).where(~in_examples, ~in_answers, ~in_jobs))
    session.info.pop(_KNOWN_HERE, None)


def schemas_of(session: Session, tenant: str) -> dict[str, ExtractionSchema]:
    """Return the schemas that the tenant has examples of, by id."""
    has_examples = exists().where(ExampleRow.tenant == tenant, ExampleRow.schema_id == SchemaRow.schema_id)
    found = session.scalars(select(SchemaRow).where(has_examples)).all()
    parsed = {row.schema_id: parse_stored_schema(row.name, row.json_schema) for row in found}
    return {schema_id: schema for schema_id, schema in parsed.items() if schema is not None}
