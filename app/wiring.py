"""The only place that chooses implementations: settings in, engine and pipeline out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from app.extraction.options import ExtractionOptions
from app.extraction.pipeline import Pipeline
from app.extraction.tenant import TenantContext
from app.models.choice import choose_model
from app.service_settings import is_loopback
from app.settings import EngineName, ReadSettings, Settings, StoreSettings
from app.telemetry.observer import NO_OBSERVER, Observer
from ocr.limits import ReadLimits
from ocr.reader import ReadOptions
from schemas.errors import ConfigurationError, EngineUnavailableError
from schemas.example import check_tenant
from schemas.model_profile import read_profile

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.access.gate import Gate
    from app.access.keys import KeyRing
    from app.adapters.files import AdapterFiles
    from app.adapters.loading import AdapterLoader
    from app.examples.service import ExampleService
    from app.extraction.finder import ExampleFinder
    from app.jobs.worker import Worker
    from app.outbound.fetching import Opener
    from app.telemetry.telemetry import Telemetry
    from app.tenants import Tenants
    from app.webhooks.deliverer import Deliverer
    from decoding.engines.engine import Engine
    from retrieval.store import ExampleStore
    from storage.database import Engine as Database
    from storage.job_queue import JobQueue


def build_pipeline(
    settings: Settings,
    *,
    engine_name: EngineName | None = None,
    read_options: ReadOptions | None = None,
    model_may_come_later: bool = False,
    observer: Observer = NO_OBSERVER,
    keep_packed: bool = True,
) -> Pipeline:
    """Return a pipeline as `settings` say; `engine_name` and `read_options` override them.

    `observer` is told of its documents.

    With `model_may_come_later` the embedded engine's model is looked for when it is first used, and until it
    is there the engine is unavailable. Without `keep_packed` that engine writes nothing to disk.

    Raises
    ------
    ConfigurationError
        If the embedded engine's model is not there, or its profile or adapter is none.
    EngineUnavailableError, EngineContractError
        If the vLLM server cannot be reached or does not constrain.
    """
    model = choose_model(settings)
    return Pipeline(
        engine=build_engine(
            settings,
            engine_name=engine_name,
            model_may_come_later=model_may_come_later,
            keep_packed=keep_packed,
        ),
        read_options=read_options or build_read_options(settings.read),
        profile=read_profile(model.folder),
        own_adapter=model.own_adapter,
        observer=observer,
    )


def build_telemetry(settings: Settings) -> Telemetry:
    """Return what measures this process, with spans if the settings want them.

    Raises
    ------
    ConfigurationError
        If they do and the extra `otel` is not installed.
    """
    from app.telemetry.telemetry import Telemetry
    from app.telemetry.tracing import start_tracing

    return Telemetry(tracing=start_tracing(settings.tracing))


def default_options(settings: Settings) -> ExtractionOptions:
    """Return how documents are extracted where a caller does not say."""
    return ExtractionOptions(n_candidates=settings.n_candidates, n_examples=settings.examples.n)


def open_store(settings: Settings) -> ExampleStore:
    """Return the store of examples, made if there is none.

    Raises
    ------
    ConfigurationError, RetrievalError
        If its folder or database cannot be used, or there is no such text encoder.
    """
    from retrieval.embedding import TransformersEmbedder
    from retrieval.store import ExampleStore
    from storage.database import sqlite_url

    place, encoder = settings.store, settings.examples.text_encoder
    return ExampleStore(
        sqlite_url(place.folder) if place.url is None else place.url.get_secret_value(),
        index_uri=place.index_uri or str(place.folder / "index"),
        embedder=None if encoder is None else TransformersEmbedder(encoder),
    )


def has_store(settings: StoreSettings) -> bool:
    """Return whether there may be examples: a database elsewhere, or a file in the store's folder."""
    return settings.url is not None or (settings.folder / "rasg.sqlite").is_file()


def build_finder(store: ExampleStore, settings: Settings, *, tenant: str | None = None) -> ExampleFinder:
    """Return what finds a tenant's examples, the settings' own if none is named."""
    from app.extraction.finder import ExampleFinder

    return ExampleFinder(
        store,
        tenant=check_tenant(tenant or settings.store.tenant),
        min_similarity=settings.examples.min_similarity,
        mode=settings.examples.mode,
    )


def build_example_service(
    store: ExampleStore, settings: Settings, *, tenant: str | None = None
) -> ExampleService:
    """Return what writes a tenant's examples, the settings' own if none is named."""
    from app.examples.service import ExampleService

    return ExampleService(
        store,
        tenant=tenant or settings.store.tenant,
        per_template=settings.examples.per_template or None,
        keep_days=settings.store.keep_days,
    )


def open_database(settings: Settings) -> Database:
    """Return the store's database alone, without the search index beside it."""
    from storage import database

    url = settings.store.url
    return database.open_database(
        database.sqlite_url(settings.store.folder) if url is None else url.get_secret_value()
    )


def build_keys(database: Database) -> KeyRing:
    """Return the keys of a store."""
    from app.access.keys import KeyRing
    from storage.keys import KeyStore

    return KeyRing(KeyStore(database))


def build_gate(database: Database, settings: Settings) -> Gate:
    """Return what lets requests in."""
    from app.access.gate import Gate
    from app.access.limits import Limiter

    api = settings.api
    return Gate(
        keys=build_keys(database),
        limiter=Limiter(per_minute=api.key_per_minute, at_a_time=api.key_at_a_time),
        tenant=settings.store.tenant,
        may_be_open=api.allow_open or is_loopback(api.host),
    )


def build_opener(settings: Settings) -> Opener:
    """Return what opens URLs for callers."""
    from app.outbound.addresses import OutboundPolicy
    from app.outbound.fetching import Bounds, Opener

    outbound = settings.outbound
    policy = OutboundPolicy(
        allow_http=outbound.allow_http,
        allow_private=outbound.allow_private,
        ports=frozenset(outbound.ports) or None,
    )
    bounds = Bounds(timeout_s=outbound.timeout_s, max_bytes=settings.read.max_bytes)
    return Opener(policy=policy, bounds=bounds)


def build_deliverer(database: Database, settings: Settings) -> Deliverer:
    """Return what delivers the webhooks of a store; one is enough, and several do no harm."""
    from app.outbound.fetching import Bounds
    from app.webhooks.deliverer import Deliverer
    from storage.webhooks import Outbox

    bounds = Bounds(timeout_s=settings.webhooks.timeout_s)
    opener = replace(build_opener(settings), bounds=bounds)
    return Deliverer(Outbox(database), opener, keep_days=settings.webhooks.keep_days)


def build_files(settings: Settings) -> AdapterFiles:
    """Return where the files of adapters are kept."""
    from app.adapters.files import AdapterFiles

    return AdapterFiles(
        settings.store.folder / "adapters",
        model_folder=choose_model(settings).folder,
        max_rank=settings.vllm.max_lora_rank,
    )


def build_loader(engine: Engine, settings: Settings) -> AdapterLoader:
    """Return what has an engine load adapters: one for each engine, whoever's adapters they are."""
    from app.adapters.loading import AdapterLoader

    return AdapterLoader(engine, build_files(settings), configured=settings.adapters)


def build_context(
    store: ExampleStore,
    settings: Settings,
    loader: AdapterLoader,
    *,
    tenant: str | None = None,
    with_examples: bool = True,
) -> TenantContext:
    """Return what a tenant's requests may see, the settings' own tenant if none is named."""
    from app.adapters.selection import AdapterSelector
    from storage.adapters import AdapterRegistry

    name = check_tenant(tenant or settings.store.tenant)
    registry = AdapterRegistry(store.database, tenant=name)
    return TenantContext(
        name=name,
        examples=build_finder(store, settings, tenant=name) if with_examples else None,
        adapters=AdapterSelector(registry, loader),
    )


def build_tenants(store: ExampleStore, settings: Settings, loader: AdapterLoader) -> Tenants:
    """Return all tenants of a store, who share the loader's engine."""
    from app.schema_book import SchemaBook
    from app.tenants import Tenant, Tenants
    from storage.registered_schemas import SchemaStore
    from storage.webhooks import WebhookStore

    def make(name: str) -> Tenant:
        context = build_context(store, settings, loader, tenant=name)
        return Tenant(
            context=context,
            example_service=build_example_service(store, settings, tenant=name),
            schemas=SchemaBook(SchemaStore(store.database, tenant=name)),
            webhooks=WebhookStore(store.database, tenant=name),
        )

    return Tenants(make)


def build_jobs(store: ExampleStore, settings: Settings) -> JobQueue:
    """Return the jobs of all tenants."""
    from storage.blobs import open_blobs
    from storage.job_messages import tell_webhooks
    from storage.job_queue import JobQueue

    jobs = settings.jobs
    return JobQueue(
        store.database,
        open_blobs(jobs.blobs or settings.store.folder / "documents"),
        max_queued=jobs.max_queued,
        deduplicate=jobs.deduplicate,
        # Here is said who is told of the ends of jobs: what it writes is kept with the end, or not at all.
        on_finished=tell_webhooks,
    )


def build_worker(
    queue: JobQueue,
    pipeline: Pipeline,
    tenants: Tenants,
    settings: Settings,
    *,
    n_jobs: int,
    on_change: Callable[[], None] = lambda: None,
) -> Worker:
    """Return a worker that runs so many jobs at a time."""
    from app.jobs.execution import Execution
    from app.jobs.reaper import Reaper
    from app.jobs.worker import Worker, WorkerOptions
    from schemas.errors import StorageUnavailableError

    jobs = settings.jobs
    return Worker(
        queue,
        Execution(
            pipeline=pipeline,
            tenants=tenants,
            keeps_answers=settings.store.keep_days > 0,
            waits_for=(EngineUnavailableError, StorageUnavailableError),
        ),
        Reaper(queue, lease_s=jobs.lease_s, max_attempts=jobs.max_attempts, keep_days=jobs.keep_days),
        WorkerOptions(n_jobs=n_jobs, timeout_s=jobs.timeout_s, lease_s=jobs.lease_s),
        on_change=on_change,
    )


def build_engine(
    settings: Settings,
    *,
    engine_name: EngineName | None = None,
    model_may_come_later: bool = False,
    keep_packed: bool = True,
) -> Engine:
    """Return the engine that `settings` name, or the one named here; see `build_pipeline`."""
    if (engine_name or settings.engine) == "vllm":
        return _vllm(settings)
    return _embedded(settings, model_may_come_later=model_may_come_later, keep_packed=keep_packed)


def _embedded(settings: Settings, *, model_may_come_later: bool, keep_packed: bool) -> Engine:
    from decoding.engines.embedded import EmbeddedEngine

    model = choose_model(settings)

    def check_later() -> None:
        try:
            model.check()
        except ConfigurationError as error:
            raise EngineUnavailableError(str(error), hint=error.hint) from error

    if not model_may_come_later:
        model.check()
    return EmbeddedEngine(
        model.folder,
        adapters={**model.adapters, **settings.adapters},
        usual_adapter=model.adapter,
        cache=settings.model_cache / ".packed" if keep_packed else None,
        n_threads=settings.threads,
        before_loading=check_later if model_may_come_later else None,
    )


def _vllm(settings: Settings) -> Engine:
    from decoding.engines.vllm_client import VllmEngine

    key = settings.vllm.api_key
    return VllmEngine(
        settings.vllm.base_url,
        api_key=None if key is None else key.get_secret_value(),
        model=settings.vllm.model,
        timeout_s=settings.vllm.timeout_s,
    )


def build_read_options(
    settings: ReadSettings, *, password: str | None = None, thumbnails: bool = False
) -> ReadOptions:
    """Return how to read, within the limits that `settings` set."""
    limits = ReadLimits(
        max_bytes=settings.max_bytes,
        max_pages=settings.max_pages,
        max_pixels_per_page=settings.max_pixels,
        wall_seconds=settings.timeout_s,
        memory_bytes=settings.memory_mb * 1024 * 1024,
    )
    return ReadOptions(
        engine=settings.ocr,
        languages=settings.languages,
        limits=limits,
        n_workers=settings.n_workers,
        password=password,
        thumbnails=thumbnails,
    )
