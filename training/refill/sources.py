"""Annotated documents to make templates of, and those that none may be made of.

Documents whose hash is in a list of kept-out ones are refused, and so is whatever is only ever measured with.
"""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from app.bench.readings import read_kept
from app.bench.suite import Suite
from eval.datasets import GoldRecord
from ocr.reader import ReadOptions
from schemas.document import Document
from schemas.errors import ConfigurationError, RasgError
from schemas.registry import from_json_schema
from schemas.spec import ArraySpec, ExtractionSchema, FieldKind, ObjectSpec
from training.refill.compiling import AnnotatedDocument
from training.refill.labels import page_language
from training.transcripts import ROW_COLUMNS, transcript_document

logger = logging.getLogger(__name__)

# Data sets that are only measured with, by their licence or because scores on them are published.
MEASURED_ONLY = frozenset(
    {"sroie", "wildreceipt", "cord", "cord_text", "kleister_nda", "azure_forms", "docile_sample"}
)
_MEASURED_FILES = ("dev.jsonl", "test.jsonl")

# What the data sets' own names mean (`training.synthesis.fields`); a field of another name is not used.
_TAGS = {
    "company": "vendor_name",
    "address": "vendor_address",
    "date": "date_issue",
    "total": "amount_total_gross",
    "invoice_number": "document_id",
    "invoice_date": "date_issue",
    "seller_name": "vendor_name",
    "buyer_name": "customer_billing_name",
    "net_total": "amount_total_net",
    "tax_total": "amount_total_tax",
    "grand_total": "amount_total_gross",
    "issuer": "vendor_name",
    "amount": "amount_total_gross",
    "contract_num": "document_id",
    "advertiser": "advertiser_name",
    "gross_amount": "gross_amount",
    "flight_from": "flight_start",
    "flight_to": "flight_end",
    "merchant": "vendor_name",
}
_COLUMN_TAGS = {
    "description": "description",
    "sku": "code",
    "quantity": "quantity",
    "unit_price": "unit_price",
    "amount": "amount",
    "vat_rate": "tax_rate",
}
_ROWS = "line_items"
# What is asked of transcripts: kind and description of each field and column.
_FIELDS: dict[str, tuple[FieldKind, str]] = {
    "company": ("verbatim", "Name of the seller"),
    "address": ("verbatim", "Address of the seller"),
    "date": ("date", "Date of the receipt"),
    "total": ("amount", "Total amount to pay"),
    "invoice_number": ("verbatim", "Invoice number"),
    "invoice_date": ("date", "Date of the invoice"),
}


def read_hashes(path: Path) -> frozenset[str]:
    """Return the SHA-256 of a list of documents that no template may be made of, one a line.

    Raises
    ------
    ConfigurationError
        If it cannot be read, or a line is no SHA-256: a list that was misread would keep nothing out.
    """
    try:
        lines = path.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the list {path.name!r} cannot be read") from error
    wrong = next((line for line in lines if not re.fullmatch("[0-9a-f]{64}", line)), None)
    if wrong is not None or not lines:
        found = "nothing" if wrong is None else repr(wrong[:80])
        raise ConfigurationError(f"the list {path.name!r} holds {found}, not one SHA-256 a line")
    return frozenset(lines)


def transcript_documents(
    path: Path, *, kept_out: frozenset[str], outcomes: Counter[str], day_first: bool, language: str = "en"
) -> Iterator[AnnotatedDocument]:
    """Yield labelled transcripts, with or without rows; a transcript's hash is that of its id.

    Raises
    ------
    ConfigurationError
        If the file is one of those that are only measured with, or cannot be read.
    """
    if path.name in _MEASURED_FILES or path.parent.name in MEASURED_ONLY:
        raise ConfigurationError(f"{path.parent.name}/{path.name} is only measured with, never trained on")
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the transcripts {path.name!r} cannot be read") from error
    for line in filter(str.strip, lines):
        record: dict[str, Any] = json.loads(line)
        digest = sha256(str(record["id"]).encode()).hexdigest()
        if digest in kept_out:
            outcomes["documents kept out"] += 1
            continue
        outcomes["documents"] += 1
        document = replace(transcript_document(record), sha256=digest)
        schema, value = _asked(record)
        yield AnnotatedDocument(
            key=str(record["id"]),
            source=path.parent.name,
            document=document,
            schema=schema,
            value=value,
            tags=_TAGS,
            row_tags=_COLUMN_TAGS,
            language=language,
            day_first=day_first,
        )


def _asked(record: Mapping[str, Any]) -> tuple[ExtractionSchema, dict[str, JsonValue]]:
    """Return the schema of what is annotated, and the annotation as an answer to it."""
    known: dict[str, JsonValue] = {
        k: v for k, v in record["kie"].items() if isinstance(v, str) and k in _FIELDS
    }
    rows: list[dict[str, JsonValue]] = record.get(_ROWS) or []
    columns = [column for column in ROW_COLUMNS if any(row.get(column) for row in rows)]
    properties: dict[str, JsonValue] = {key: _property(*_FIELDS[key]) for key in known}
    if columns:
        item: JsonValue = {"type": "object", "properties": {c: _property(*ROW_COLUMNS[c]) for c in columns}}
        properties[_ROWS] = {"type": "array", "items": item}
        known[_ROWS] = [{column: row.get(column) for column in columns} for row in rows]
    return from_json_schema({"type": "object", "properties": properties}, name="transcript"), known


def _property(kind: FieldKind, description: str) -> JsonValue:
    return {"type": ["string", "null"], "x-rasg-kind": kind, "description": description}


def suite_documents(
    suite: Suite,
    *,
    kept_out: frozenset[str],
    read_options: ReadOptions,
    readings: Path,
    outcomes: Counter[str],
) -> Iterator[AnnotatedDocument]:
    """Yield the documents of a suite's data sets, as read; readings are kept in a folder.

    Raises
    ------
    ConfigurationError
        If a data set is one of those that are only measured with.
    """
    measured = MEASURED_ONLY & suite.datasets.keys()
    if measured:
        raise ConfigurationError(f"the data set {min(measured)!r} is only measured with, never trained on")
    schemas = suite.schemas()
    for record in suite.all_records():
        if suite.sha256_of(record) in kept_out:
            outcomes["documents kept out"] += 1
            continue
        document = _read(suite, record, read_options, readings)
        outcomes["documents" if document is not None else "documents that cannot be read"] += 1
        if document is not None:
            language = _language(document)
            yield AnnotatedDocument(
                key=record.id,
                source=record.dataset,
                document=document,
                schema=schemas[record.dataset],
                value=_value(record, schemas[record.dataset]),
                tags=_TAGS,
                row_tags=_COLUMN_TAGS,
                language=language,
                day_first=language != "en",
            )


def _read(suite: Suite, record: GoldRecord, options: ReadOptions, readings: Path) -> Document | None:
    try:
        data = (suite.data / record.dataset / record.file).read_bytes()
        return read_kept(data, options, readings).document
    except (OSError, RasgError) as error:
        logger.info("%s is not used: %s", record.id, type(error).__name__)
        return None


def _language(document: Document) -> str:
    lines = [line.split() for page in document.pages for line in page.text.splitlines()]
    return page_language(lines, "en")


def _value(record: GoldRecord, schema: ExtractionSchema) -> dict[str, JsonValue]:
    """Return the gold under the schema's keys: texts only, of rows those that are annotated."""
    value: dict[str, JsonValue] = {}
    for key, spec in schema.root.properties:
        if isinstance(spec, ArraySpec) and isinstance(spec.item, ObjectSpec):
            rows = record.line_items or []
            names = [name for name, _ in spec.item.properties]
            value[key] = [{n: row[n] for n in names if isinstance(row.get(n), str)} for row in rows]
        elif isinstance(record.kie.get(key), str):
            value[key] = record.kie[key]
    return value
