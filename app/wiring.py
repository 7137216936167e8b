"""The only place that chooses implementations: settings in, engine and pipeline out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.extraction.options import ExtractionOptions
from app.extraction.pipeline import Pipeline
from app.extraction.tenant import TenantContext
from app.models.choice import choose_model
from app.settings import EngineName, ReadSettings, Settings, StoreSettings
from ocr.limits import ReadLimits
from ocr.reader import ReadOptions
from schemas.errors import ConfigurationError, EngineUnavailableError
from schemas.example import check_tenant
from schemas.model_profile import read_profile

if TYPE_CHECKING:
    from app.adapters.files import AdapterFiles
    from app.adapters.loading import AdapterLoader
    from app.examples.service import ExampleService
    from app.extraction.finder import ExampleFinder
    from app.tenants import Tenants
    from decoding.engines.engine import Engine
    from retrieval.store import ExampleStore


def build_pipeline(
    settings: Settings,
    *,
    engine_name: EngineName | None = None,
    read_options: ReadOptions | None = None,
    model_may_come_later: bool = False,
    keep_packed: bool = True,
) -> Pipeline:
    """Return a pipeline as `settings` say; `engine_name` and `read_options` override them.

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
    )


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
    from app.tenants import Tenant, Tenants

    def make(name: str) -> Tenant:
        context = build_context(store, settings, loader, tenant=name)
        return Tenant(context=context, example_service=build_example_service(store, settings, tenant=name))

    return Tenants(make)


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
        cache=settings.model_cache / ".packed" if keep_packed else None,
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
