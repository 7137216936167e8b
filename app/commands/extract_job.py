"""What `rasg extract` was told, as a value from which every process builds what extracts; and its recipe."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from app.batch.extractor import FileExtractor
from app.batch.manifest import Recipe
from app.extraction.options import ExtractionOptions, SplitMode
from app.extraction.page_ranges import PageRange
from app.extraction.pipeline import Pipeline
from app.extraction.schema_choice import AUTO, SchemaChoice, possible_schemas
from app.log import configure_logging
from app.models.choice import choose_model
from app.settings import EngineName, OcrChoice, ReadSettings, Settings
from app.wiring import (
    build_context,
    build_loader,
    build_pipeline,
    build_read_options,
    default_options,
    has_store,
    open_store,
)
from schemas.adapter import BASE, adapter_sha256, weights_sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractJob:
    """How files are extracted; it holds plain values only, so that another process can have it.

    Attributes
    ----------
    engine, ocr, tenant
        In the place of those of the settings.
    n_jobs
        Processes side by side; pages of a file are read side by side by as many as cores are left for each.
    """

    settings: Settings
    schema: SchemaChoice
    options: ExtractionOptions
    engine: EngineName | None = None
    ocr: OcrChoice | None = None
    split: SplitMode = "auto"
    pages: tuple[PageRange, ...] | None = None
    pages_text: str | None = None
    password: str | None = field(default=None, repr=False)
    tenant: str | None = None
    explain: bool = False
    n_jobs: int = 1

    @property
    def reading(self) -> ReadSettings:
        """Return how files are read."""
        read = self.settings.read
        update: dict[str, object] = {} if self.ocr is None else {"ocr": self.ocr}
        if self.n_jobs > 1:
            n_cores = len(os.sched_getaffinity(0))
            update["n_workers"] = max(1, min(read.n_workers, n_cores // self.n_jobs))
        return read.model_copy(update=update)

    def build_pipeline(self) -> Pipeline:
        """Return the pipeline, with examples and adapters if there is a store: looking makes none."""
        settings, options = self.settings, self.options
        is_asked = options.n_examples > 0 or options.adapter != BASE
        store = open_store(settings) if is_asked and has_store(settings.store) else None
        with_examples = store is not None and options.n_examples > 0
        pipeline = build_pipeline(
            settings,
            engine_name=self.engine,
            read_options=build_read_options(self.reading, password=self.password, thumbnails=with_examples),
        )
        if store is None:
            return pipeline
        loader = build_loader(pipeline.engine, settings)
        return pipeline.serve(
            build_context(store, settings, loader, tenant=self.tenant, with_examples=with_examples)
        )

    def build_extractor(self, pipeline: Pipeline | None = None) -> FileExtractor:
        """Return what extracts files, on a pipeline of its own if none is given."""
        return FileExtractor(
            pipeline=self.build_pipeline() if pipeline is None else pipeline,
            schema=self.schema,
            options=self.options,
            split=self.split,
            pages=self.pages,
            explain=self.explain,
        )


def ask_options(settings: Settings, said: Mapping[str, JsonValue], *, examples: bool) -> ExtractionOptions:
    """Return the settings' options with what was said on the command line; no examples if none are wanted."""
    options = default_options(settings).model_copy(update=said)
    return options if examples else options.model_copy(update={"n_examples": 0})


def build_in_process(job: ExtractJob) -> FileExtractor:
    """Return what extracts files in a process of its own, whose logs go where the parent's do."""
    configure_logging(job.settings.log)
    extractor = job.build_extractor()
    extractor.pipeline.prepare()
    return extractor


def recipe_of(job: ExtractJob, pipeline: Pipeline) -> Recipe:
    """Return how a job makes results: what is done by the same recipe is not done again."""
    schemas = possible_schemas(job.schema)
    text = json.dumps([[schema.name, schema.json_schema] for schema in schemas])
    read = job.reading
    is_embedded = (job.engine or job.settings.engine) == "embedded"
    return Recipe(
        schema_name=AUTO if job.schema == AUTO else job.schema.name,
        schema_sha256=hashlib.sha256(text.encode("utf-8", "replace")).hexdigest(),
        options=json.loads(job.options.model_dump_json()),
        split=job.split,
        pages=job.pages_text,
        reading={"ocr": read.ocr, "languages": list(read.languages), "max_pages": read.max_pages},
        engine=pipeline.engine.name,
        model=pipeline.engine.model,
        model_sha256=weights_sha256(choose_model(job.settings).folder) if is_embedded else None,
        adapters=_adapters_of(job, pipeline),
        tenant=job.tenant or job.settings.store.tenant,
    )


def _adapters_of(job: ExtractJob, pipeline: Pipeline) -> tuple[str, ...]:
    """Return the hashes of the adapters that may answer; the name of one that only a server knows."""
    named = job.options.adapter
    if named == BASE:
        return ()
    found = set[str]()
    if pipeline.tenant.adapters is not None:
        found |= _registered(job, named)
    if named is None and pipeline.own_adapter is not None:
        found.add(pipeline.own_adapter.content_sha256)
    folder = None if named is None else job.settings.adapters.get(named)
    if folder is not None:
        found.add(adapter_sha256(folder))
    return tuple(sorted(found)) or (() if named is None else (named,))


def _registered(job: ExtractJob, named: str | None) -> set[str]:
    """Return the adapters of the tenant that answer where none is named, or those of the name."""
    from schemas.example import check_tenant
    from storage.adapters import AdapterRegistry

    store = open_store(job.settings)
    try:
        tenant = check_tenant(job.tenant or job.settings.store.tenant)
        registry = AdapterRegistry(store.database, tenant=tenant)
        if named is not None:
            return {adapter.content_sha256 for adapter in registry.find(named)}
        return {
            f"{adapter.schema_name}:{adapter.state}:{adapter.canary_percent or 100}:{adapter.content_sha256}"
            for adapter in registry.all()
            if adapter.state in ("live", "canary")
        }
    finally:
        store.close()
