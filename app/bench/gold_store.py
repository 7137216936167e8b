"""Retrieval in a benchmark: the gold of all other documents of a data set, as examples.

Leave one out: a search never shows a document its own page, so that the store may hold every document. Where
a suite names the documents that it asks about, only the others are shown: renderings of one invoice, split
together, then never explain each other. The store is made once in the run's folder, each data set a tenant of
its own.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.bench.readings import read_kept
from app.bench.suite import Suite
from app.extraction.pipeline import Pipeline
from eval.datasets import GoldRecord
from ocr.reader import ReadOptions
from schemas.errors import InvalidAnswerError, RasgError
from schemas.spec import ExtractionSchema

if TYPE_CHECKING:  # the store brings a database and an index with it
    from retrieval.store import ExampleStore

logger = logging.getLogger(__name__)

_COMPLETE = "complete"


def with_examples(
    suite: Suite,
    pipeline: Pipeline,
    folder: Path,
    *,
    readings: Path,
    announce: Callable[[str], None] = lambda _: None,
) -> Mapping[str, Pipeline]:
    """Return a pipeline for each data set, which shows the examples of that data set.

    Without retrieval in the suite's options, all are the one that is given, with no examples.
    """
    if not suite.options.retrieval:
        bare = replace(pipeline, tenant=replace(pipeline.tenant, examples=None))
        return dict.fromkeys(suite.datasets, bare)
    from app.extraction.finder import ExampleFinder

    store = gold_store(suite, pipeline.read_options, folder, readings=readings, announce=announce)
    asked = frozenset[str](suite.documents or ())

    def finder_of(dataset: str) -> ExampleFinder:
        finder = ExampleFinder(
            store,
            tenant=tenant_of(dataset),
            min_similarity=suite.options.min_similarity,
            mode=suite.options.example_mode,
        )
        return finder.without(asked)

    return {
        name: replace(pipeline, tenant=replace(pipeline.tenant, examples=finder_of(name)))
        for name in suite.datasets
    }


def tenant_of(dataset: str) -> str:
    """Return the id under which a data set's examples are kept."""
    return (
        "".join(ch if ch.isalnum() and ch.isascii() else "-" for ch in dataset.lower()).strip("-") or "data"
    )


def gold_store(
    suite: Suite,
    read_options: ReadOptions,
    folder: Path,
    *,
    readings: Path,
    announce: Callable[[str], None] = lambda _: None,
) -> ExampleStore:
    """Return a store of every document of the data sets, made in `folder` if it is not there whole."""
    from retrieval.store import ExampleStore
    from storage.database import sqlite_url

    if not (folder / _COMPLETE).is_file():  # one that was cut is made again
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    store = ExampleStore(sqlite_url(folder), index_uri=str(folder / "index"))
    if not (folder / _COMPLETE).is_file():
        schemas = suite.schemas()
        for record in suite.all_records():
            announce(f"example {record.id}")
            _keep(record, schemas[record.dataset], suite, read_options, store, readings)
        (folder / _COMPLETE).touch()
    return store


def _keep(
    record: GoldRecord,
    schema: ExtractionSchema,
    suite: Suite,
    read_options: ReadOptions,
    store: ExampleStore,
    readings: Path,
) -> None:
    from app.examples.importing import answer_of
    from app.examples.service import ExampleService

    value = answer_of(record, schema)
    if value is None:
        return
    service = ExampleService(store, tenant=tenant_of(record.dataset), per_template=None)
    try:
        data = (suite.data / record.dataset / record.file).read_bytes()
        document = read_kept(data, read_options, readings).document
        service.add(document, schema, value, source="imported", confirmed_by="gold")
    except InvalidAnswerError as error:
        logger.info("the gold of %s does not satisfy the schema: %s", record.id, error.issues[:1])
    except (OSError, RasgError) as error:
        logger.info("%s is no example: %s", record.id, type(error).__name__)
