"""Where annotated documents come from: the service's store, a benchmark suite, or labelled transcripts."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from pydantic import JsonValue

from app.bench.gold_set import GoldDocument, gold_documents
from app.bench.gold_store import gold_store, tenant_of
from app.bench.suite import Suite, read_suite
from app.examples.service import ExampleService
from app.extraction.finder import ExampleFinder
from ocr.reader import ReadOptions
from retrieval.store import ExampleStore
from schemas.errors import ConfigurationError, InvalidAnswerError
from schemas.registry import load_schema
from schemas.spec import ExtractionSchema
from storage.database import sqlite_url
from training.transcripts import read_transcripts

logger = logging.getLogger(__name__)

_TRANSCRIPTS = "transcripts"
_COMPLETE = "complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSource:
    """Annotated documents, and what finds examples for them: of the same source, never the same document."""

    name: str
    documents: tuple[GoldDocument, ...]
    finder: ExampleFinder


def of_store(
    store: ExampleStore, tenant: str, *, schema_name: str | None, min_similarity: float
) -> TrainingSource:
    """Return what a tenant has confirmed or corrected."""
    documents = gold_documents(store, tenant, schema_name=schema_name)
    return TrainingSource(name=tenant, documents=documents, finder=_finder(store, tenant, min_similarity))


def of_suite(
    suite: Suite,
    folder: Path,
    *,
    read_options: ReadOptions,
    readings: Path,
    min_similarity: float,
    announce: Callable[[str], None] = lambda _: None,
) -> Iterator[TrainingSource]:
    """Yield each data set of a suite: read, annotated and kept as examples below `folder`, once."""
    schemas = [schema.json_schema for schema in suite.schemas().values()]
    gold = [f"{suite.sha256_of(record)} {record.model_dump_json()}" for record in suite.all_records()]
    folder /= _content_name([repr(read_options), *schemas, *gold])
    store = gold_store(suite, read_options, folder, readings=readings, announce=announce)
    for name in suite.datasets:
        yield of_store(store, tenant_of(name), schema_name=None, min_similarity=min_similarity)


def of_transcripts(
    path: Path, schema: ExtractionSchema, folder: Path, *, min_similarity: float
) -> TrainingSource:
    """Return labelled transcripts, kept as examples in a store below `folder`, once.

    Values that no word of the transcript shows are unknown, and not trained on. A transcript has no file: its
    hash is that of its id.
    """
    items = tuple(read_transcripts(path))
    folder /= _content_name([schema.json_schema, path.read_text(encoding="utf-8")])
    if not (folder / _COMPLETE).is_file():  # one that was cut is made again
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    store = ExampleStore(sqlite_url(folder), index_uri=str(folder / "index"))
    if not (folder / _COMPLETE).is_file():
        service = ExampleService(store, tenant=_TRANSCRIPTS, per_template=None)
        for item in items:
            value: dict[str, JsonValue] = {key: item.kie.get(key) for key, _ in schema.root.properties}
            document = replace(item.document, sha256=sha256(item.document_id.encode()).hexdigest())
            try:
                service.add(document, schema, value, source="imported", confirmed_by="gold")
            except InvalidAnswerError as error:
                logger.info("%s is not used: %s", item.document_id, error.issues[:1])
        (folder / _COMPLETE).touch()
    return of_store(store, _TRANSCRIPTS, schema_name=schema.name, min_similarity=min_similarity)


def _content_name(parts: Iterable[str]) -> str:
    """Return a folder's name that changes with what is kept in it: the same path may hold other documents."""
    digest = sha256()
    for part in parts:
        digest.update(f"{part}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:16]


def schema_of(text: str) -> ExtractionSchema:
    """Return the schema that a command names: a registered name, a JSON Schema file, or SUITE.yaml:DATASET.

    Raises
    ------
    ConfigurationError
        If the suite has no such data set.
    InvalidSchemaError, UnknownSchemaError
        If the schema cannot be honoured, or is not there.
    """
    path, _, dataset = text.partition(":")
    if not path.endswith((".yaml", ".yml")):
        return load_schema(text)
    schemas: Mapping[str, ExtractionSchema] = read_suite(Path(path)).schemas()
    if dataset not in schemas:
        raise ConfigurationError(
            f"the suite {path!r} has no data set {dataset!r}; it has {', '.join(schemas)}"
        )
    return schemas[dataset]


def suite_of(text: str) -> Suite:
    """Return the suite that a command names: SUITE.yaml, or SUITE.yaml:DATASET,DATASET for a part of it.

    Raises
    ------
    ConfigurationError
        If it cannot be read, or has no such data set.
    """
    path, _, names = text.partition(":")
    suite = read_suite(Path(path))
    if not names:
        return suite
    chosen: Sequence[str] = names.split(",")
    missing = [name for name in chosen if name not in suite.datasets]
    if missing:
        raise ConfigurationError(f"the suite {path!r} has no data set {missing[0]!r}")
    return suite.model_copy(update={"datasets": {name: suite.datasets[name] for name in chosen}})


def _finder(store: ExampleStore, tenant: str, min_similarity: float) -> ExampleFinder:
    return ExampleFinder(store, tenant=tenant, min_similarity=min_similarity, mode="fused")
