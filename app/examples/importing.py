"""Annotated documents from files: e-invoices that say themselves what they hold, and labelled folders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from app.examples.einvoice import einvoice_answer
from app.examples.service import Added, ExampleService
from app.files import FolderEntry, read_file, walk_folder
from eval.datasets import GoldRecord
from ocr.reader import ReadOptions, read_document
from schemas.distinct_json import RepeatedKeyError, load_distinct
from schemas.errors import InputError, RasgError
from schemas.spec import ArraySpec, ExtractionSchema, ObjectSpec, Spec

_LABELS = "labels.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of one file: examples, or why not; neither for what has no e-invoice inside."""

    file: str
    added: Added | None = None
    error: str | None = None


def add_annotated_file(
    data: bytes,
    value: Mapping[str, JsonValue] | None,
    *,
    service: ExampleService,
    schema: ExtractionSchema,
    options: ReadOptions,
    confirmed_by: str,
    said: Mapping[str, JsonValue] | None = None,
) -> Added:
    """Keep a document's pages as examples of `value`; of what its embedded e-invoice says, if that is None.

    `said` is what the service had answered, if that is known.

    Raises
    ------
    InputError
        If there is neither a value nor an e-invoice, or the value does not satisfy the schema.
    RasgError
        If the document cannot be read.
    """
    found = value
    if found is None:
        found = einvoice_answer(data, schema, limits=options.limits, password=options.password)
        if found is None:
            raise InputError("say what the document holds: no e-invoice is embedded in it")
    document = read_document(data, options=options)
    source = "annotated" if value is not None else "einvoice"
    return service.add(document, schema, found, source=source, confirmed_by=confirmed_by, said=said)


def import_folder(
    folder: Path,
    *,
    service: ExampleService,
    schema: ExtractionSchema,
    options: ReadOptions,
    confirmed_by: str,
) -> Iterator[Imported]:
    """Yield what became of each document of a folder.

    A folder with a `labels.jsonl` holds gold records and their documents; any other is searched for PDFs
    that carry an e-invoice. One bad file stops no other.

    Raises
    ------
    InputError
        If the folder is none, or holds nothing of the kind.
    """
    if (folder / _LABELS).is_file():
        yield from _import_labelled(folder, service, schema, options, confirmed_by)
        return
    entries = tuple(walk_folder(folder))
    if not any(map(_is_pdf, entries)):
        raise InputError(f"{folder.name!r} holds neither a {_LABELS} nor a PDF")
    for entry in entries:
        name = entry.path.relative_to(folder).as_posix()
        if _is_pdf(entry):
            yield _import(name, entry.path, None, service, schema, options, confirmed_by)
        else:
            yield Imported(file=name)


def _is_pdf(entry: FolderEntry) -> bool:
    is_named_so = entry.why_left_out is None and entry.path.suffix.lower() == ".pdf"
    return is_named_so or entry.media_type == "application/pdf"


def _import_labelled(
    folder: Path, service: ExampleService, schema: ExtractionSchema, options: ReadOptions, confirmed_by: str
) -> Iterator[Imported]:
    with (folder / _LABELS).open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                load_distinct(line)
                record = GoldRecord.model_validate_json(line)
            except RepeatedKeyError as error:
                yield Imported(file=f"{_LABELS}, line {number}", error=str(error))
                continue
            except (ValueError, RecursionError):
                yield Imported(file=f"{_LABELS}, line {number}", error="the line is no record")
                continue
            yield _import_record(folder, record, service, schema, options, confirmed_by)


def _import_record(
    folder: Path,
    record: GoldRecord,
    service: ExampleService,
    schema: ExtractionSchema,
    options: ReadOptions,
    confirmed_by: str,
) -> Imported:
    try:
        path = (folder / record.file).resolve()
    except (OSError, ValueError):  # a name that is none
        path = folder.parent
    if not path.is_relative_to(folder.resolve()):
        return Imported(file=record.file, error="the file is not in the folder")
    value = answer_of(record, schema)
    if value is None:
        return Imported(file=record.file, error="the schema asks for rows, which are not annotated")
    return _import(record.file, path, value, service, schema, options, confirmed_by)


def answer_of(record: GoldRecord, schema: ExtractionSchema) -> dict[str, JsonValue] | None:
    """Return a gold record's values under a schema's keys; what it does not name is null.

    Of a field with several values the first is taken. None if the schema asks for rows and the record's were
    not annotated: an example without them would teach that there are none.
    """
    answer: dict[str, JsonValue] = {}
    for key, spec in schema.root.properties:
        if isinstance(spec, ArraySpec) and isinstance(spec.item, ObjectSpec):
            columns = [column for column, _ in spec.item.properties]
            rows = record.line_items
            if rows is None:
                return None
            answer[key] = [{column: row.get(column) for column in columns} for row in rows[: spec.max_items]]
        else:
            answer[key] = _one_or_all(record.kie.get(key), spec)
    return answer


def _one_or_all(value: JsonValue, spec: Spec) -> JsonValue:
    if isinstance(spec, ArraySpec):
        return value if isinstance(value, list) else [] if value is None else [value]
    if isinstance(value, list):
        value = value[0] if value else None
    return None if value == "" else value


def _import(
    name: str,
    path: Path,
    value: Mapping[str, JsonValue] | None,
    service: ExampleService,
    schema: ExtractionSchema,
    options: ReadOptions,
    confirmed_by: str,
) -> Imported:
    try:
        data = read_file(path, options.limits.max_bytes)
        if value is None and einvoice_answer(data, schema, limits=options.limits) is None:
            return Imported(file=name)
        added = add_annotated_file(
            data, value, service=service, schema=schema, options=options, confirmed_by=confirmed_by
        )
    except RasgError as error:
        return Imported(file=name, error=f"{error} [{error.code}]")
    return Imported(file=name, added=added)
