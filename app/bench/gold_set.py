"""A tenant's annotated documents as a data set: what adapters are trained on, and measured by.

The store keeps the pages of examples as layout text; words are put back where the text has them, so that a
document is laid out, prompted for, decoded and grounded as any other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import JsonValue

from app.bench.results import Results, run_results
from app.bench.run import PREDICTIONS, RunFolder, RunLine
from app.extraction.options import ExtractionOptions
from app.extraction.pipeline import Pipeline
from eval.datasets import GoldRecord
from eval.kinds import Kinds, schema_kinds
from eval.predictions import ROWS_KEY
from ocr.layout_document import layout_document
from retrieval.projection import join
from retrieval.store import ExampleStore
from schemas.document import Document
from schemas.errors import RasgError
from schemas.example import Example
from schemas.extraction import Extraction, FieldMetadata
from schemas.spec import ArraySpec, ExtractionSchema, ObjectSpec, json_path, single_fields
from schemas.walk import value_at
from storage.schema_records import parse_stored_schema

_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldAnswer:
    """A document, what is asked of it, and the right answer.

    Attributes
    ----------
    value
        The answer, as printed.
    unknown
        Paths of values that are not known: null in `value`, and never scored.
    """

    document: Document
    schema: ExtractionSchema
    value: Mapping[str, JsonValue]
    unknown: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """Return the hash of the file."""
        return self.document.sha256

    @property
    def says_something(self) -> bool:
        """Return whether an answer can be judged by it: not if no page shows what the annotation has."""
        scalars = (json_path(path) for path, _ in single_fields(self.schema.root))
        has_rows = any(isinstance(value, list) and value for value in self.value.values())
        return has_rows or any(path not in self.unknown for path in scalars)


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldDocument(GoldAnswer):
    """One annotated document of a tenant: its annotated pages, one after another, and their answer.

    Attributes
    ----------
    pages
        The examples that they are, one for each page of `document`.
    unknown
        Paths of values that the annotation has and no page shows.
    """

    pages: tuple[Example, ...]


def gold_documents(
    store: ExampleStore, tenant: str, *, schema_name: str | None = None
) -> tuple[GoldDocument, ...]:
    """Return the tenant's annotated documents, in the order of their first pages; none gives none.

    Those whose schema this program no longer takes are left out, and pages without a word are.
    """
    groups: dict[tuple[str, str], list[Example]] = {}
    for example in _examples(store, tenant):
        if schema_name is None or example.schema_name == schema_name:
            groups.setdefault((example.document_sha256, example.json_schema), []).append(example)
    found = (_gold_document(pages) for pages in groups.values())
    return tuple(document for document in found if document is not None)


def _examples(store: ExampleStore, tenant: str) -> Iterator[Example]:
    after = 0
    while True:
        batch = store.page(tenant, after=after, limit=_BATCH)
        yield from (stored.example for stored in batch)
        if len(batch) < _BATCH:
            return
        after = batch[-1].seq


def _gold_document(examples: Sequence[Example]) -> GoldDocument | None:
    pages = sorted((e for e in examples if e.text.strip()), key=lambda example: example.page_index)
    if not pages:
        return None
    schema = parse_stored_schema(pages[0].schema_name, pages[0].json_schema)
    if schema is None:
        return None
    return GoldDocument(
        document=_join_pages(pages),
        pages=tuple(pages),
        schema=schema,
        value=join([page.answer for page in pages]),
        unknown=pages[0].unknown,
    )


def _join_pages(pages: Sequence[Example]) -> Document:
    sha256 = pages[0].document_sha256
    laid_out = [layout_document(page.text, sha256=sha256).pages[0] for page in pages]
    return Document(
        sha256=sha256,
        media_type="text/plain",
        pages=tuple(replace(page, page_index=index) for index, page in enumerate(laid_out)),
    )


def run_gold_set(
    pipeline: Pipeline,
    documents: Sequence[GoldAnswer],
    folder: Path,
    *,
    dataset: str,
    options: ExtractionOptions,
    announce: Callable[[str], None] = lambda _: None,
) -> Results:
    """Extract every document, write `gold.jsonl` and `predictions.jsonl` to `folder`, and return the scores.

    A document that fails is a line with its error's code: all of its values are missed. Whoever extracts with
    examples leaves the document itself out, as the service does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    golds = [gold_record(doc, record_id=_record_id(doc), dataset=dataset) for doc in documents]
    kinds = Kinds()
    for document in documents:  # of versions of a schema, the later one says what a field is
        kinds = answer_kinds(document.schema).over(kinds)
    run = RunFolder(path=folder)
    run.write_asked(golds, {dataset: kinds})
    with (folder / PREDICTIONS).open("w", encoding="utf-8") as file:
        for document, gold in zip(documents, golds, strict=True):
            announce(gold.id)
            file.write(_line(pipeline, document, gold, options).model_dump_json() + "\n")
            file.flush()
    return run_results(run)


def gold_sha256(documents: Sequence[GoldAnswer]) -> str:
    """Return a hash of what the documents ask and answer."""
    content = hashlib.sha256()
    for document in documents:
        said = [document.sha256, document.schema.json_schema, document.value, document.unknown]
        content.update(json.dumps(said, sort_keys=True).encode() + b"\n")
    return content.hexdigest()


def _line(pipeline: Pipeline, document: GoldAnswer, gold: GoldRecord, options: ExtractionOptions) -> RunLine:
    try:
        extraction = pipeline.extract_document(document.document, document.schema, options=options)
    except RasgError as error:
        return RunLine(id=gold.id, dataset=gold.dataset, error=error.code)
    return answer_line(document, gold, extraction)


def answer_line(document: GoldAnswer, gold: GoldRecord, extraction: Extraction) -> RunLine:
    """Return an extraction as scores compare it with `gold_record`, without what is not known."""
    value = _flat(document.schema, extraction.output.value, skip=document.unknown)
    return RunLine(
        id=gold.id,
        dataset=gold.dataset,
        value=value,
        metadata=_metadata(extraction.output.metadata, value),
        status=extraction.status,
        warnings=tuple(sorted({warning.code for warning in extraction.warnings})),
        examples=extraction.examples,
        usage=extraction.usage,
    )


def answer_kinds(schema: ExtractionSchema) -> Kinds:
    """Return how an answer's fields and the columns of its rows are compared."""
    return schema_kinds(schema, rows=_rows_key(schema) or ROWS_KEY)


def _record_id(document: GoldAnswer) -> str:
    """Return a name that tells two versions of a schema apart, which may be annotated under one name."""
    asked = hashlib.sha256(document.schema.json_schema.encode()).hexdigest()[:8]
    return f"{document.schema.name}/{document.sha256}/{asked}"


def gold_record(document: GoldAnswer, *, record_id: str, dataset: str) -> GoldRecord:
    """Return the right answer as scores compare it: scalars by path, the first list of rows."""
    value = _flat(document.schema, document.value, skip=document.unknown)
    rows = value.pop(ROWS_KEY, None)
    return GoldRecord(
        id=record_id,
        file=document.sha256,
        dataset=dataset,
        doc_type=document.schema.name,
        kie={key: found for key, found in value.items() if found is not None},
        line_items=[dict(row) for row in rows if isinstance(row, Mapping)]
        if isinstance(rows, list)
        else None,
    )


def _flat(
    schema: ExtractionSchema, value: Mapping[str, JsonValue], *, skip: Sequence[str]
) -> dict[str, JsonValue]:
    """Return an answer as scores compare it: scalars by path, the first list of rows as `line_items`.

    What `skip` names, by JSON path, is left out, and lists of texts are.
    """
    named = ((json_path(path), path) for path, _ in single_fields(schema.root))
    flat = {name: value_at(dict(value), path) for name, path in named if name not in skip}
    rows_key = _rows_key(schema)
    if rows_key is not None:
        found = value.get(rows_key)
        flat[ROWS_KEY] = found if isinstance(found, list) else []
    return flat


def _rows_key(schema: ExtractionSchema) -> str | None:
    """Return under which name the first list of rows stands, None if there is none."""
    for key, spec in schema.root.properties:
        if isinstance(spec, ArraySpec) and isinstance(spec.item, ObjectSpec):
            return key
    return None


def _metadata(
    metadata: Mapping[str, FieldMetadata], value: Mapping[str, JsonValue]
) -> dict[str, FieldMetadata]:
    """Return the metadata of the fields that are scored: their names are the paths of the answer."""
    return {json_path((path,)): metadata[path] for path in value if path in metadata}
