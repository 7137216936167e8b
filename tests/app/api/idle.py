"""A pipeline whose engine is never asked: for routes that decode nothing."""

from __future__ import annotations

from unittest.mock import Mock

from app.extraction.pipeline import Pipeline
from ocr.reader import ReadOptions


def idle_pipeline() -> Pipeline:
    """Return a pipeline that is there, and ready."""
    return Pipeline(engine=Mock(), read_options=ReadOptions(n_workers=1))
