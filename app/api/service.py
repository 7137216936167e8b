"""The FastAPI application, put together from settings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app.api.access_guard import AccessGuard
from app.api.batch_routes import json_router as json_batch_router
from app.api.batch_routes import router as batch_router
from app.api.bodies import BodyGuard, BodyLimits
from app.api.bodies_as_files import json_router, raw_router
from app.api.deps import ServiceState
from app.api.disconnects import DisconnectWatch
from app.api.docs import add_documentation, make_documented_app
from app.api.drain import DrainGuard, drain_of
from app.api.example_routes import router as example_router
from app.api.guards import OriginGuard, RequestIdGuard
from app.api.job_routes import router as job_router
from app.api.job_watch import JobWatch
from app.api.operation import build_health, secret_of, watch_queue, watch_service
from app.api.probes import router as probe_router
from app.api.problems import add_problem_handlers
from app.api.readiness import Readiness
from app.api.routes import router
from app.api.runner import Runner
from app.api.schema_routes import router as schema_router
from app.api.telemetry import RequestTelemetry
from app.api.webhook_routes import router as webhook_router
from app.extraction.pipeline import Pipeline
from app.service_settings import is_loopback
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
# A large schema takes a tenth of a second of one core, which probes want as well.
_N_LINTS, _N_WAITING_LINTS = 1, 64
_N_LOOKUPS, _N_WAITING_LOOKUPS = 4, 1024
# Files wait for the disk, each in a thread of its own, and share its syncs; many more may have come.
_N_INTAKES, _N_WAITING_INTAKES = 16, 1024


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
        store = open_store(settings)
        served = pipeline or build_pipeline(
            settings,
            read_options=build_read_options(settings.read, thumbnails=True),
            model_may_come_later=True,
            observer=measured,
        )
        tenants = build_tenants(store, settings, build_loader(served.engine, settings))
        tenants.of(settings.store.tenant).example_service.forget_answers(
            older_than_days=settings.store.keep_days
        )
        readiness = Readiness()
        jobs = build_jobs(store, settings)
        watch = JobWatch(jobs)
        n_jobs = settings.jobs.n_in_service
        worker = build_worker(jobs, served, tenants, settings, n_jobs=n_jobs, on_change=watch.nudge)
        service = ServiceState(
            pipeline=served,
            tenants=tenants,
            extractions=Runner(
                "extractions",
                n_concurrent=settings.api.n_concurrent,
                n_waiting=settings.api.n_waiting,
                timeout_s=settings.api.timeout_s,
            ),
            lookups=Runner(
                "lookups",
                n_concurrent=_N_LOOKUPS,
                n_waiting=_N_WAITING_LOOKUPS,
                timeout_s=settings.api.timeout_s,
            ),
            lints=Runner(
                "lints", n_concurrent=_N_LINTS, n_waiting=_N_WAITING_LINTS, timeout_s=settings.api.timeout_s
            ),
            readiness=readiness,
            opener=build_opener(settings),
            takes_urls=settings.outbound.url_input,
            tells_request_urls=settings.webhooks.request_urls,
            keeps_answers=settings.store.keep_days > 0,
            options=default_options(settings),
            jobs=jobs,
            watch=watch,
            wake_worker=worker.wake,
            intake=Runner(
                "files",
                n_concurrent=_N_INTAKES,
                n_waiting=_N_WAITING_INTAKES,
                timeout_s=settings.api.timeout_s,
            ),
            max_bytes=settings.read.max_bytes,
            max_wait_s=settings.api.timeout_s,
            health=build_health(store, served, readiness),
            drain=drain,
            telemetry=measured,
            metrics_token=secret_of(settings.metrics.token),
            commit=settings.commit,
        )
        app.state.service = service
        watch_service(measured, service)
        watch_queue(measured, store.database)
        if stops_on_signal:
            drain.listen()
        if n_jobs:
            worker.start()
        app.state.gate = build_gate(store.database, settings)
        deliverer = build_deliverer(store.database, settings)
        deliverer.start()
        warming = asyncio.create_task(service.readiness.begin(served))
        try:
            yield
        finally:
            warming.cancel()
            await watch.close()
            await asyncio.to_thread(worker.close)
            service.intake.close()
            await asyncio.to_thread(deliverer.stop)
            service.extractions.close()
            service.lookups.close()
            service.lints.close()
            service.readiness.close()
            service.health.close()
            service.pipeline.engine.close()
            store.close()
            measured.tracing.close()

    app = make_documented_app(lifespan)
    app.include_router(json_router)
    app.include_router(raw_router)
    app.include_router(json_batch_router)
    app.include_router(router)
    app.include_router(job_router)
    app.include_router(batch_router)
    app.include_router(example_router)
    app.include_router(schema_router)
    app.include_router(webhook_router)
    app.include_router(probe_router)
    add_documentation(app)
    add_problem_handlers(app)
    app.add_middleware(DisconnectWatch)
    app.add_middleware(
        BodyGuard,
        limits=BodyLimits(
            document_bytes=settings.read.max_bytes, in_flight_bytes=settings.api.max_bytes_in_flight
        ),
    )
    app.add_middleware(
        OriginGuard, allowed=settings.api.allowed_origins, is_local=is_loopback(settings.api.host)
    )
    app.add_middleware(AccessGuard)
    app.add_middleware(DrainGuard, drain=drain)
    app.add_middleware(RequestTelemetry, telemetry=measured)
    app.add_middleware(RequestIdGuard)
    return app
