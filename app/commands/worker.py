"""`rasg worker`: runs accepted jobs in a process of its own."""

from __future__ import annotations

import signal
import threading
from typing import Annotated

import typer

from app.log import configure_logging
from app.settings import load_settings
from app.terminal import echo

# What a job that is asked to stop may take to its next pass of the model.
_STOP_TIMEOUT_S = 30.0


def worker(
    jobs: Annotated[
        int, typer.Option("--jobs", min=1, max=64, help="Jobs at a time, in threads of one engine.")
    ] = 1,
) -> None:
    """Run accepted jobs until interrupted, beside `rasg serve` or without it.

    Several workers share the queue; over several machines they need a database and a store of documents that
    all of them reach (RASG_STORE__URL, RASG_JOBS__BLOBS). A worker that is stopped gives its jobs back; the
    jobs of one that is killed are taken over once its leases are over (RASG_JOBS__LEASE_S).
    """
    from app.telemetry.exposition import exposing
    from app.wiring import (
        build_jobs,
        build_loader,
        build_pipeline,
        build_read_options,
        build_telemetry,
        build_tenants,
        build_worker,
        open_store,
    )

    settings = load_settings()
    configure_logging(settings.log)
    stopped = threading.Event()

    def stop(_number: int, _frame: object) -> None:
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    store = open_store(settings)
    try:
        telemetry = build_telemetry(settings)
        pipeline = build_pipeline(
            settings,
            read_options=build_read_options(settings.read, thumbnails=True),
            model_may_come_later=True,
            observer=telemetry,
        )
        tenants = build_tenants(store, settings, build_loader(pipeline.engine, settings))
        running = build_worker(build_jobs(store, settings), pipeline, tenants, settings, n_jobs=jobs)
        with exposing(telemetry.metrics, settings.metrics):
            running.start()
            echo(f"a worker runs {jobs} jobs at a time; ctrl-c stops it", err=True)
            stopped.wait()
            running.close(timeout_s=_STOP_TIMEOUT_S)
        pipeline.engine.close()
    finally:
        store.close()
