"""The FastAPI application, put together from settings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TypedDict

from fastapi import FastAPI

from app.api.access_guard import AccessGuard
from app.api.batch_routes import json_router as json_batch_router
from app.api.batch_routes import router as batch_router
from app.api.bodies import BodyGuard, BodyLimits
from app.api.bodies_as_files import json_router, raw_router
from app.api.deps import ServiceState
from app.api.disconnects import DisconnectWatch
from app.api.docs import add_documentation, make_documented_app
from app.api.drain import Drain, DrainGuard, drain_of
from app.api.example_routes import router as example_router
from app.api.guards import OriginGuard, RequestIdGuard
from app.api.head_requests import HeadGuard
from app.api.job_routes import router as job_router
from app.api.job_watch import JobWatch
from app.api.operation import build_health, secret_of, watch_queue, watch_service
from app.api.probes import router as probe_router
from app.api.problems import add_problem_handlers
from app.api.queries import CHECKED_QUERY
from app.api.readiness import Readiness
from app.api.routes import router
from app.api.runner import Runner
from app.api.schema_routes import router as schema_router
from app.api.telemetry import RequestTelemetry
from app.api.unread_bodies import UnreadBodyGuard
from app.api.webhook_routes import router as webhook_router
from app.extraction.options import ExtractionOptions
from app.extraction.pipeline import Pipeline
from app.outbound.fetching import Opener
from app.service_settings import ApiSettings, is_loopback
from app.settings import Settings
from app.telemetry.telemetry import Telemetry
from app.wiring import (
    build_deliverer,
    build_gate,
    build_jobs,
    build_loader,
    build_opener,
    build_pipeline,
    build_read_options,
    build_telemetry,
    build_tenants,
    build_worker,
    default_options,
    open_store,
)

# What only reads and writes the database does not wait behind documents. SQLite has one writer, and a lookup
# takes milliseconds: a few at a time are enough.
_N_LOOKUPS, _N_WAITING_LOOKUPS = 4, 1024
# A large schema takes a tenth of a second of one core, which probes want as well.
_N_LINTS, _N_WAITING_LINTS = 1, 64
# Files wait for the disk, each in a thread of its own, and share its syncs; many more may have come.
_N_INTAKES, _N_WAITING_INTAKES = 16, 1024

# By the type of the body, before the routes of forms at the same paths.
_ROUTERS = (
    *(json_router, raw_router, json_batch_router),
    *(router, job_router, batch_router, example_router, schema_router, webhook_router, probe_router),
)

# One checks its query itself; monitors add to those of probes what no cache has seen.
_TAKES_ANY_QUERY = (raw_router, probe_router)


def create_app(
    settings: Settings,
    *,
    pipeline: Pipeline | None = None,
    telemetry: Telemetry | None = None,
    stops_on_signal: bool = False,
) -> FastAPI:
    """Return the application; `pipeline` and `telemetry` replace those that `settings` describe.

    The pipeline is built when the application starts, and its engine closed when it stops. A model that is
    not there yet leaves the application unready until it is. With `stops_on_signal` SIGTERM ends running
    requests first; only a server's own process can have that.
    """
    measured = telemetry or build_telemetry(settings)
    drain = drain_of(settings.api)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        if stops_on_signal:
            drain.listen()
        async with _serve(app, settings, pipeline, measured, drain):
            yield

    app = make_documented_app(lifespan)
    for one in _ROUTERS:
        app.include_router(one, dependencies=[] if one in _TAKES_ANY_QUERY else [CHECKED_QUERY])
    add_documentation(app)
    add_problem_handlers(app)
    _guard(app, settings, measured, drain)
    return app


def _guard(app: FastAPI, settings: Settings, measured: Telemetry, drain: Drain) -> None:
    """Add what each request goes through, from the inside out."""
    api = settings.api
    limits = BodyLimits(document_bytes=settings.read.max_bytes, in_flight_bytes=api.max_bytes_in_flight)
    app.add_middleware(DisconnectWatch)
    app.add_middleware(BodyGuard, limits=limits)
    app.add_middleware(OriginGuard, allowed=api.allowed_origins, is_local=is_loopback(api.host))
    app.add_middleware(AccessGuard)
    app.add_middleware(DrainGuard, drain=drain)
    app.add_middleware(HeadGuard)
    app.add_middleware(RequestTelemetry, telemetry=measured)
    app.add_middleware(RequestIdGuard)
    app.add_middleware(UnreadBodyGuard)


@asynccontextmanager
async def _serve(
    app: FastAPI, settings: Settings, pipeline: Pipeline | None, measured: Telemetry, drain: Drain
) -> AsyncGenerator[None]:
    """Open what the service is made of, run its workers while requests are answered, and close it all."""
    store = open_store(settings)
    served = pipeline or build_pipeline(
        settings,
        read_options=build_read_options(settings.read, thumbnails=True),
        model_may_come_later=True,
        observer=measured,
    )
    tenants = build_tenants(store, settings, build_loader(served.engine, settings))
    tenants.of(settings.store.tenant).example_service.forget_answers(older_than_days=settings.store.keep_days)
    jobs = build_jobs(store, settings)
    watch, n_jobs = JobWatch(jobs), settings.jobs.n_in_service
    worker = build_worker(jobs, served, tenants, settings, n_jobs=n_jobs, on_change=watch.nudge)
    deliverer = build_deliverer(store.database, settings)
    readiness = Readiness()
    service = ServiceState(
        pipeline=served,
        tenants=tenants,
        readiness=readiness,
        jobs=jobs,
        watch=watch,
        wake_worker=worker.wake,
        health=build_health(store, served, readiness),
        drain=drain,
        telemetry=measured,
        **_runners(settings.api),
        **_settled(settings),
    )
    app.state.service, app.state.gate = service, build_gate(store.database, settings)
    watch_service(measured, service)
    watch_queue(measured, store.database)
    if n_jobs:
        worker.start()
    deliverer.start()
    warming = asyncio.create_task(readiness.begin(served))
    index_warming = asyncio.create_task(asyncio.to_thread(store.warm))
    try:
        yield
    finally:
        warming.cancel()
        await watch.close()
        await asyncio.to_thread(worker.close)
        await asyncio.to_thread(deliverer.stop)
        _close(service)
        await index_warming  # a thread that reads the store
        store.close()
        measured.tracing.close()


class _Runners(TypedDict):
    extractions: Runner
    lookups: Runner
    lints: Runner
    intake: Runner


def _runners(api: ApiSettings) -> _Runners:
    def run(name: str, n_concurrent: int, n_waiting: int) -> Runner:
        return Runner(name, n_concurrent=n_concurrent, n_waiting=n_waiting, timeout_s=api.timeout_s)

    return {
        "extractions": run("extractions", api.n_concurrent, api.n_waiting),
        "lookups": run("lookups", _N_LOOKUPS, _N_WAITING_LOOKUPS),
        "lints": run("lints", _N_LINTS, _N_WAITING_LINTS),
        "intake": run("files", _N_INTAKES, _N_WAITING_INTAKES),
    }


class _Settled(TypedDict):
    opener: Opener
    takes_urls: bool
    tells_request_urls: bool
    keeps_answers: bool
    options: ExtractionOptions
    max_bytes: int
    max_wait_s: float
    metrics_token: str | None
    commit: str | None


def _settled(settings: Settings) -> _Settled:
    """Return what of the service's state the settings alone say."""
    return {
        "opener": build_opener(settings),
        "takes_urls": settings.outbound.url_input,
        "tells_request_urls": settings.webhooks.request_urls,
        "keeps_answers": settings.store.keep_days > 0,
        "options": default_options(settings),
        "max_bytes": settings.read.max_bytes,
        "max_wait_s": settings.api.timeout_s,
        "metrics_token": secret_of(settings.metrics.token),
        "commit": settings.commit,
    }


def _close(service: ServiceState) -> None:
    for runner in (service.intake, service.extractions, service.lookups, service.lints):
        runner.close()
    service.readiness.close()
    service.health.close()
    service.pipeline.engine.close()
