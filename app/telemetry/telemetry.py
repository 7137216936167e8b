"""Metrics and spans of one process together, and the documents that they watch."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from app.telemetry.metrics import Metrics
from app.telemetry.tracing import NoTracing, Tracing
from schemas.extraction import Extraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """What is measured in this process; an `Observer` of its documents."""

    metrics: Metrics = field(default_factory=Metrics)
    tracing: Tracing = field(default_factory=NoTracing)

    def stage(self, name: str) -> AbstractContextManager[object]:
        """Return a span of one stage of a document."""
        return self.tracing.span(name)

    def succeeded(self, extraction: Extraction) -> None:
        """Count a document that has an answer."""
        self.metrics.count_extraction(extraction)

    def failed(self, error: Exception) -> None:
        """Count a document, or a whole file, that has none."""
        self.metrics.count_failure(error)
