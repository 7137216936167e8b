"""Predictions on disk: a run that was stopped goes on, and what failed is tried again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.pipeline import Pipeline
from benchmarks.predict import predict, read_lines
from decoding.embedded import EmbeddedEngine
from eval.datasets import GoldRecord
from ocr.reader import ReadOptions
from tests.decoding.tiny_model import make_model
from tests.paths import ROOT


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    engine = EmbeddedEngine(make_model(tmp_path_factory.mktemp("model"), seed=1))
    return Pipeline(engine=engine, read_options=ReadOptions(n_workers=1, engine="tesserocr"))


def test_failures_are_tried_again_and_answers_are_kept(pipeline: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "sroie").symlink_to(ROOT / "samples")
    record = GoldRecord(id="sroie/1", file="receipt.png", dataset="sroie", doc_type="receipt")
    kept = {"id": "sroie/0", "dataset": "sroie", "note": "U+2028 \u2028 is no end of line"}
    failed = {"id": "sroie/1", "dataset": "sroie", "error": "engine_unavailable"}
    path = tmp_path / "predictions.jsonl"
    path.write_text(f"{json.dumps(kept, ensure_ascii=False)}\n{json.dumps(failed)}\n" + '{"id": "sro')
    asked: list[str] = []
    predict(pipeline, tmp_path, (record,), path, announce=asked.append)
    lines = read_lines(path)
    assert [line["id"] for line in lines] == ["sroie/0", "sroie/1"]
    assert lines[0] == kept
    assert lines[1]["valid"]
    predict(pipeline, tmp_path, (record,), path, announce=asked.append)
    assert asked == ["sroie/1"]
