"""Results as files: whole as JSON, and as tables with typed columns in CSV, workbooks and Parquet."""

from __future__ import annotations

from app.outputs.records import FileResult

__all__ = ["FileResult"]
