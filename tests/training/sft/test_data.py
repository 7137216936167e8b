"""Labelled transcripts as a source of finetuning: what is kept belongs to their content, not their path."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemas.errors import ConfigurationError
from schemas.registry import from_json_schema
from training.sft.data import TrainingSource, of_transcripts

_SCHEMA = from_json_schema(
    {"title": "ticket", "type": "object", "properties": {"total": {"type": ["string", "null"]}}}
)


def _record(number: int) -> str:
    texts = ("ACME Ltd", "12 High Street", f"Total {number}.50")
    segments = [{"text": text, "box": [10, 20 * i, 200, 20 * i + 12]} for i, text in enumerate(texts)]
    return json.dumps({"id": f"t/{number}", "kie": {"total": f"{number}.50"}, "ocr": segments})


def _source(path: Path, numbers: range, folder: Path) -> TrainingSource:
    path.write_text("".join(f"{_record(number)}\n" for number in numbers), encoding="utf-8")
    return of_transcripts(path, _SCHEMA, folder, min_similarity=0.8)


def test_the_same_path_with_other_content_is_another_source(tmp_path: Path) -> None:
    path, kept = tmp_path / "labels.jsonl", tmp_path / "sources"
    totals = [
        {str(document.value["total"]) for document in _source(path, numbers, kept).documents}
        for numbers in (range(1, 3), range(3, 6), range(1, 3))
    ]
    assert totals == [{"1.50", "2.50"}, {"3.50", "4.50", "5.50"}, {"1.50", "2.50"}]
    assert len(list(kept.iterdir())) == 2  # what was kept the first time was found again


def test_transcripts_that_cannot_be_read_leave_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        of_transcripts(tmp_path / "absent.jsonl", _SCHEMA, tmp_path / "sources", min_similarity=0.8)
    assert not (tmp_path / "sources").exists()
