"""Pages that show the worst documents of a run: the page image, boxes, values and what gold says."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from app.bench.readings import read_kept
from app.bench.run import RunLine
from app.bench.suite import Suite
from app.explain.page import explain_html
from app.extraction.pipeline import Pipeline, PipelineResult
from eval.datasets import GoldRecord
from eval.report import worst_documents
from eval.run_scores import RunScores
from ocr.reader import page_images
from schemas.errors import RasgError
from schemas.extraction import Extraction, Output, Usage

logger = logging.getLogger(__name__)

_MAX_PAGES = 5  # a page's image takes half a megabyte


def write_pages(
    scores: RunScores,
    lines: Sequence[RunLine],
    suite: Suite,
    pipeline: Pipeline,
    folder: Path,
    *,
    readings: Path,
) -> tuple[Path, ...]:
    """Write `NN.html` for each of the worst documents that has an answer, and return the files.

    They hold documents: keep them where the documents may be kept. A document that can no longer be read is
    logged and left out.
    """
    by_id = {line.id: line for line in lines if line.error is None}
    gold = {record.id: record for record in suite.records()}
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for rank, document in enumerate(worst_documents(scores.documents), start=1):
        line, record = by_id.get(document.id), gold.get(document.id)
        if line is None or record is None:
            continue
        path = folder / f"{rank:02}.html"
        try:
            path.write_text(_page(line, record, suite, pipeline, readings), encoding="utf-8")
        except (OSError, RasgError) as error:
            logger.warning("no page for document %d of the worst: %s", rank, error)
        else:
            written.append(path)
    return tuple(written)


def _page(line: RunLine, record: GoldRecord, suite: Suite, pipeline: Pipeline, readings: Path) -> str:
    data = (suite.data / record.dataset / record.file).read_bytes()
    document = read_kept(data, pipeline.read_options, readings).document
    shown = replace(document, pages=document.pages[:_MAX_PAGES])
    images = tuple(page_images(data, shown, options=pipeline.read_options))
    extraction = Extraction(
        document_sha256=document.sha256,
        schema_name=record.dataset,
        status="partial" if line.status == "partial" else "succeeded",
        output=Output(value=dict(line.value), metadata=dict(line.metadata)),
        usage=line.usage or Usage(n_pages=0, n_windows=0, n_prompt_tokens=0, n_completion_tokens=0),
        engine=pipeline.engine.name,
        model=pipeline.engine.model,
    )
    return explain_html(PipelineResult(extraction=extraction, document=shown), title=record.id, images=images)
