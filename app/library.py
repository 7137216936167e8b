"""The service as a library: one call from a file to its extraction, in the caller's process."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import BaseModel

from app.extraction.options import ExtractionOptions, SplitMode
from app.extraction.pipeline import FailedPart, Pipeline
from app.extraction.schema_choice import SchemaChoice, load_choice
from app.files import read_file
from app.settings import Settings, load_settings
from app.wiring import (
    build_context,
    build_loader,
    build_pipeline,
    build_read_options,
    default_options,
    has_store,
    open_store,
)
from schemas.extraction import Extraction
from schemas.registry import load_schema

# A document: its path, or its bytes.
FileLike = str | os.PathLike[str] | bytes
# As `rasg extract --schema` takes it, and classes and JSON Schemas as they are.
SchemaLike = str | Path | type[BaseModel] | Mapping[str, object]


class Extractor:
    """Extracts documents as `settings` say, with a model that is loaded once; threads may share one.

    A pickled one is its settings: another process builds its own model from them.

    Parameters
    ----------
    settings
        Of engine, model, limits and store; those of the `RASG_*` variables if None.

    Raises
    ------
    ConfigurationError
        If a `RASG_*` variable is refused.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = load_settings() if settings is None else settings
        self._lock = threading.Lock()
        self._pipeline: Pipeline | None = None

    def __reduce__(self) -> tuple[type[Extractor], tuple[Settings]]:
        return type(self), (self._settings,)

    @property
    def settings(self) -> Settings:
        """Return the settings that it was made with."""
        return self._settings

    def prepare(self) -> None:
        """Load the model, or reach the server, now rather than with the first document.

        Raises
        ------
        ConfigurationError, DecodingError
            If it is not there.
        """
        self._ready().prepare()

    def extract(
        self,
        file: FileLike,
        schema: SchemaLike = "invoice",
        *,
        options: ExtractionOptions | None = None,
        password: str | None = None,
    ) -> Extraction:
        """Return the extraction of a file as one document.

        Parameters
        ----------
        file
            A path, or the bytes of a PDF or an image.
        schema
            A shipped schema's name, `auto` for the shipped one of the document's kind, a pydantic class, a
            JSON Schema as a mapping or text, or the path of a file with one. Never text from a network, which
            could name any file.
        options
            Those of the settings if None.
        password
            Opens an encrypted PDF.

        Raises
        ------
        RasgError
            Whatever fails: its `code` says what, and `retryable` whether to try again.

        Notes
        -----
        Values that the document does not show are null, and doubts are `warnings`; one of them says so if it
        seems to hold several documents.
        """
        pipeline = self._for_password(password)
        chosen = options or default_options(self._settings)
        return pipeline.extract(self._read(file), _choice(schema), options=chosen).extraction

    def extract_all(
        self,
        file: FileLike,
        schema: SchemaLike = "auto",
        *,
        options: ExtractionOptions | None = None,
        password: str | None = None,
        split: SplitMode = "auto",
    ) -> tuple[Extraction | FailedPart, ...]:
        """Return the extraction of each document of a file, in order, at least one; parameters as `extract`.

        A document that fails takes no other with it: in its place is a `FailedPart` with pages and error.

        Parameters
        ----------
        split
            Where documents begin: `auto` finds it, `pages` is one a page, `never` one a file.

        Raises
        ------
        RasgError
            If the file cannot be read, or a setting is wrong.
        """
        pipeline = self._for_password(password)
        chosen = options or default_options(self._settings)
        results = pipeline.extract_all(self._read(file), _choice(schema), options=chosen, split=split)
        return tuple(r if isinstance(r, FailedPart) else r.extraction for r in results)

    def _read(self, file: FileLike) -> bytes:
        return file if isinstance(file, bytes) else read_file(Path(file), self._settings.read.max_bytes)

    def _for_password(self, password: str | None) -> Pipeline:
        pipeline = self._ready()
        return pipeline.serve(pipeline.tenant, password=password)

    def _ready(self) -> Pipeline:
        with self._lock:
            if self._pipeline is None:
                self._pipeline = _build(self._settings)
            return self._pipeline


def _build(settings: Settings) -> Pipeline:
    """Return a pipeline, with examples and adapters if there is a store: looking makes none."""
    store = open_store(settings) if has_store(settings.store) else None
    with_examples = store is not None and settings.examples.n > 0
    read_options = build_read_options(settings.read, thumbnails=with_examples)
    pipeline = build_pipeline(settings, read_options=read_options)
    if store is None:
        return pipeline
    loader = build_loader(pipeline.engine, settings)
    return pipeline.serve(build_context(store, settings, loader, with_examples=with_examples))


def _choice(schema: SchemaLike) -> SchemaChoice:
    return load_choice(schema) if isinstance(schema, str) else load_schema(schema)


@cache
def _default() -> Extractor:
    return Extractor()


def extract(
    file: FileLike,
    schema: SchemaLike = "invoice",
    *,
    options: ExtractionOptions | None = None,
    password: str | None = None,
) -> Extraction:
    """Return the extraction of a file as one document, as `Extractor.extract`, by the `RASG_*` variables.

    The variables are read and the model is loaded with the first call, and kept for the next.

    Examples
    --------
    >>> extraction = extract("invoice.pdf", schema="invoice")  # doctest: +SKIP
    >>> extraction.output.value["document_id"]  # doctest: +SKIP
    '2026-0117'
    """
    return _default().extract(file, schema, options=options, password=password)


def extract_all(
    file: FileLike,
    schema: SchemaLike = "auto",
    *,
    options: ExtractionOptions | None = None,
    password: str | None = None,
    split: SplitMode = "auto",
) -> tuple[Extraction | FailedPart, ...]:
    """Return the extraction of each document of a file by the `RASG_*` variables; see `Extractor`."""
    return _default().extract_all(file, schema, options=options, password=password, split=split)
