"""What a running service is watched by: the checks of its parts, and the metrics that ask them."""

from __future__ import annotations

from importlib.metadata import version as distribution_version
from typing import TYPE_CHECKING

from pydantic import SecretStr

from app.api.deps import ServiceState
from app.api.health import Health
from app.api.readiness import Readiness
from app.api.runner import Runner
from app.extraction.pipeline import Pipeline
from app.telemetry.metrics import EngineReading, QueueReading
from app.telemetry.telemetry import Telemetry
from decoding.engines.engine import Recovers
from storage.database import Engine as Database
from storage.database import check_writable
from storage.job_counts import count_queue

if TYPE_CHECKING:
    from retrieval.store import ExampleStore

# A database that does not answer by then is none that a request should wait for.
_STORE_TIMEOUT_S = 5.0


def build_health(store: ExampleStore, pipeline: Pipeline, readiness: Readiness) -> Health:
    """Return the checks that every service has: its store takes a change, its engine is there."""
    runner = Runner("store probes", n_concurrent=1, n_waiting=4, timeout_s=_STORE_TIMEOUT_S)

    async def check_store() -> None:
        await runner.run(lambda: check_writable(store.database))

    async def check_engine() -> None:
        await readiness.check(pipeline)

    return Health({"store": check_store, "engine": check_engine}, close=runner.close)


def watch_service(telemetry: Telemetry, service: ServiceState) -> None:
    """Have the metrics say which program this is and how its engine is."""
    telemetry.metrics.set_build(version=distribution_version("rasg"), commit=service.commit)
    engine = service.pipeline.engine

    def read() -> EngineReading:
        is_cut_off = isinstance(engine, Recovers) and engine.is_cut_off
        return EngineReading(
            name=engine.name, is_ready=service.readiness.is_ready and not is_cut_off, is_cut_off=is_cut_off
        )

    telemetry.metrics.watch_engine(read)


def watch_queue(telemetry: Telemetry, database: Database) -> None:
    """Have the metrics say how much work waits."""

    def read() -> QueueReading:
        found = count_queue(database)
        return QueueReading(n_by_state=found.n_by_state, oldest_age_s=found.oldest_age_s)

    telemetry.metrics.watch_queue(read)


def secret_of(secret: SecretStr | None) -> str | None:
    """Return what a secret is."""
    return None if secret is None else secret.get_secret_value()
