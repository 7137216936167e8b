"""The FastAPI application, put together from settings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app.api.deps import ServiceState
from app.api.docs import add_documentation, make_documented_app
from app.api.drain import DrainGuard, drain_of
from app.api.example_routes import router as example_router
from app.api.guards import BodyLimit, RequestIdGuard
from app.api.operation import build_health, secret_of, watch_service
from app.api.probes import router as probe_router
from app.api.problems import add_problem_handlers
from app.api.readiness import Readiness
from app.api.routes import router
from app.api.runner import Runner
from app.api.telemetry import RequestTelemetry
from app.extraction.pipeline import Pipeline
from app.settings import Settings
from app.telemetry.telemetry import Telemetry
from app.wiring import (
    build_loader,
    build_pipeline,
    build_read_options,
    build_telemetry,
    build_tenants,
    default_options,
    open_store,
)

# What only reads and writes the database does not wait behind documents. SQLite has one writer, and a lookup
# takes milliseconds: a few at a time are enough.
_N_LOOKUPS, _N_WAITING_LOOKUPS = 4, 64


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
        service = ServiceState(
            pipeline=served,
            tenants=tenants,
            tenant_name=settings.store.tenant,
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
            readiness=readiness,
            keeps_answers=settings.store.keep_days > 0,
            options=default_options(settings),
            health=build_health(store, served, readiness),
            drain=drain,
            telemetry=measured,
            metrics_token=secret_of(settings.metrics.token),
            commit=settings.commit,
        )
        app.state.service = service
        watch_service(measured, service)
        if stops_on_signal:
            drain.listen()
        warming = asyncio.create_task(service.readiness.begin(served))
        try:
            yield
        finally:
            warming.cancel()
            service.extractions.close()
            service.lookups.close()
            service.readiness.close()
            service.health.close()
            service.pipeline.engine.close()
            store.close()
            measured.tracing.close()

    app = make_documented_app(lifespan)
    app.include_router(router)
    app.include_router(example_router)
    app.include_router(probe_router)
    add_documentation(app)
    add_problem_handlers(app)
    app.add_middleware(BodyLimit, max_bytes=settings.read.max_bytes)
    app.add_middleware(DrainGuard, drain=drain)
    app.add_middleware(RequestTelemetry, telemetry=measured)
    app.add_middleware(RequestIdGuard)
    return app
