"""The metrics of one process, as Prometheus reads them (docs/operations.md lists them).

Every label has few values that are known beforehand: a route's template, a shipped schema's name, an error's
code. What a caller chooses (a path, a file's or schema's name, a tenant) is never one: it would fill the
memory of whoever stores the metrics, and tell what documents are about.

One process serves requests, so its registry is enough; a worker of jobs is another process with metrics of
its own. A worker process that is recycled begins at 0, which Prometheus' `rate` and `increase` know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import generate_latest

from schemas.errors import RasgError
from schemas.extraction import Extraction
from schemas.registry import list_schemas

CONTENT_TYPE: Final = "text/plain; version=1.0.0; charset=utf-8"
# Methods of HTTP that routes have; a client may invent others.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
STAGES: Final = ("read", "prompt", "decode", "ground")
OTHER: Final = "other"
# Of schemas that callers bring along.
CUSTOM: Final = "custom"
# A page of text takes a tenth of a second to read, a scan of hundreds of pages minutes to decode.
_STAGE_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900)
_REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueReading:
    """How much work waits.

    Attributes
    ----------
    n_by_state
        Jobs by a state of a fixed set, such as "queued" and "running".
    oldest_age_s
        Seconds since the job was accepted that has waited longest; 0 while none waits.
    """

    n_by_state: Mapping[str, int]
    oldest_age_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineReading:
    """Whether the engine can be asked now, and whether calls to it are cut short until it recovers."""

    name: str
    is_ready: bool
    is_cut_off: bool


class Metrics:
    """Counters, histograms and gauges of this process, in a registry of their own."""

    def __init__(self) -> None:
        # When each series began would double what is stored, and nobody asks.
        disable_created_metrics()
        self._registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=self._registry)
        self._schemas = frozenset(schema.name for schema in list_schemas())
        self._codes = _codes()
        self._build_http()
        self._build_documents()
        self._watched = _Watched()
        self._registry.register(self._watched)

    def _build_http(self) -> None:
        registry = self._registry
        self._requests = Counter(
            "rasg_http_requests", "Requests answered.", ("method", "route", "status"), registry=registry
        )
        self._request_seconds = Histogram(
            "rasg_http_request_seconds",
            "Seconds from a request's head to the last byte of its answer.",
            ("method", "route"),
            buckets=_REQUEST_BUCKETS,
            registry=registry,
        )
        self.in_flight = Gauge(
            "rasg_http_requests_in_flight", "Requests that are being answered.", registry=registry
        )
        self._build_info = Gauge(
            "rasg_build_info", "1, with the version in its labels.", ("version", "commit"), registry=registry
        )

    def _build_documents(self) -> None:
        registry = self._registry
        self._documents = Counter(
            "rasg_documents", "Documents by how they ended.", ("outcome", "schema"), registry=registry
        )
        self._failures = Counter(
            "rasg_document_failures", "Documents without an answer, by why.", ("code",), registry=registry
        )
        self._reviews = Counter(
            "rasg_review_reasons", "Reasons why a person must look, by code.", ("code",), registry=registry
        )
        self._pages = Counter("rasg_pages", "Pages of answered documents.", registry=registry)
        self._tokens = Counter(
            "rasg_tokens", "Tokens read (prompt) and written (completion).", ("direction",), registry=registry
        )
        self._stage_seconds = Histogram(
            "rasg_stage_seconds",
            "Seconds of one stage of one document.",
            ("stage",),
            buckets=_STAGE_BUCKETS,
            registry=registry,
        )
        for outcome in ("succeeded", "needs_review", "partial", "failed"):
            self._documents.labels(outcome, CUSTOM)
        for stage in STAGES:
            self._stage_seconds.labels(stage)
        for direction in ("prompt", "completion"):
            self._tokens.labels(direction)

    def count_request(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request; `route` is the template of the route that answered, never a path."""
        known = method if method in _METHODS else OTHER
        self._requests.labels(known, route, str(status)).inc()
        self._request_seconds.labels(known, route).observe(seconds)

    def count_extraction(self, extraction: Extraction) -> None:
        """Count an answered document, its pages, tokens, seconds and reasons for review."""
        usage = extraction.usage
        schema = extraction.schema_name if extraction.schema_name in self._schemas else CUSTOM
        self._documents.labels(extraction.status, schema).inc()
        self._pages.inc(usage.n_pages)
        self._tokens.labels("prompt").inc(usage.n_prompt_tokens)
        self._tokens.labels("completion").inc(usage.n_completion_tokens)
        for stage, seconds in usage.stage_seconds.items():
            self._stage_seconds.labels(stage if stage in STAGES else OTHER).observe(seconds)
        for reason in extraction.review:
            self._reviews.labels(reason.code).inc()

    def count_failure(self, error: Exception) -> None:
        """Count a document, or file, without an answer; what is no error of ours is an internal one."""
        code = error.code if isinstance(error, RasgError) else RasgError.code
        self._documents.labels("failed", CUSTOM).inc()
        self._failures.labels(code if code in self._codes else OTHER).inc()

    def set_build(self, *, version: str, commit: str | None) -> None:
        """Say which program this is."""
        self._build_info.labels(version, commit or "unknown").set(1)

    def watch_queue(self, read: Callable[[], QueueReading]) -> None:
        """Ask `read` at each scrape how much work waits; where it fails, the scrape says so instead."""
        self._watched.read_queue = read

    def watch_engine(self, read: Callable[[], EngineReading]) -> None:
        """Ask `read` at each scrape how the engine is."""
        self._watched.read_engine = read

    def expose(self) -> bytes:
        """Return all metrics in Prometheus' text format (`CONTENT_TYPE`)."""
        return generate_latest(self._registry)


class _Watched:
    """What is asked at each scrape, as far as somebody has said whom to ask."""

    def __init__(self) -> None:
        self.read_queue: Callable[[], QueueReading] | None = None
        self.read_engine: Callable[[], EngineReading] | None = None

    def describe(self) -> Iterator[Metric]:
        # The registry asks for names when it takes this in: nothing is read for that.
        yield GaugeMetricFamily("rasg_queue_jobs", "Jobs by state.")
        yield GaugeMetricFamily("rasg_engine_ready", "Whether the engine is there.")

    def collect(self) -> Iterator[Metric]:
        if self.read_queue is not None:
            yield from _queue_metrics(self.read_queue)
        if self.read_engine is not None:
            yield from _engine_metrics(self.read_engine())


def _queue_metrics(read: Callable[[], QueueReading]) -> Iterator[Metric]:
    about = "Whether the queue could be read."
    try:
        reading = read()
    except RasgError:
        yield _gauge("rasg_queue_up", about, 0)
        return
    yield _gauge("rasg_queue_up", about, 1)
    jobs = GaugeMetricFamily("rasg_queue_jobs", "Jobs by state.", labels=("state",))
    for state, n in reading.n_by_state.items():
        jobs.add_metric((state,), n)
    yield jobs
    about = "Seconds that the oldest waiting job has waited."
    yield _gauge("rasg_queue_oldest_age_seconds", about, reading.oldest_age_s)


def _engine_metrics(reading: EngineReading) -> Iterator[Metric]:
    for name, about, is_on in (
        ("rasg_engine_ready", "Whether the engine was there when it was last asked.", reading.is_ready),
        ("rasg_engine_circuit_open", "Whether calls are refused until it recovers.", reading.is_cut_off),
    ):
        family = GaugeMetricFamily(name, about, labels=("engine",))
        family.add_metric((reading.name,), float(is_on))
        yield family


def _gauge(name: str, about: str, value: float) -> Metric:
    family = GaugeMetricFamily(name, about)
    family.add_metric((), value)
    return family


def _codes() -> frozenset[str]:
    """Return the codes of all errors of our tree."""
    found, kinds = {RasgError.code}, [RasgError]
    while kinds:
        below = kinds.pop().__subclasses__()
        found.update(kind.code for kind in below)
        kinds.extend(below)
    return frozenset(found)
