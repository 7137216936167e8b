"""The very file that a person has confirmed before, by its bytes."""

from __future__ import annotations

from retrieval.projection import covers, project
from retrieval.store import ExampleStore
from schemas.example import Example
from schemas.registry import from_json_text
from schemas.spec import ExtractionSchema


def find_confirmed(
    store: ExampleStore, tenant: str, document_sha256: str, asked: ExtractionSchema
) -> Example | None:
    """Return the example with the answer that was confirmed last, as `asked` wants it; None without one.

    An answer counts that a person or their program gave (feedback or annotation) under a schema that holds
    all that is asked for.

    Raises
    ------
    RetrievalError
        If the store fails.
    """
    for stored in store.of_document(tenant, document_sha256):
        example = stored.example
        if example.confirmed is None or example.source not in ("feedback", "annotated"):
            continue
        if covers(from_json_text(example.json_schema, name=example.schema_name), asked):
            return example.model_copy(update={"confirmed": project(example.confirmed, asked)})
    return None
