"""Labelled transcripts are read whole or refused with their line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import ConfigurationError
from training.transcripts import read_transcripts

RECORD: dict[str, Any] = {
    "id": "r/1",
    "kie": {"total": "9.00", "party": ["a", "b"], "date": None},
    "ocr": [{"text": "TOTAL 9.00", "box": [0, 0, 100, 10]}],
}


def _file(folder: Path, *lines: str) -> Path:
    path = folder / "labels.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_texts_are_gold_and_other_values_are_left_out(tmp_path: Path) -> None:
    path = _file(tmp_path, json.dumps(RECORD), "", json.dumps({**RECORD, "ocr": None, "id": "r/2"}))
    (item,) = read_transcripts(path)
    assert (item.document_id, item.kie) == ("r/1", {"total": "9.00"})
    assert item.document.pages[0].text == "TOTAL 9.00"


def test_line_separators_inside_of_a_value_do_not_end_a_record(tmp_path: Path) -> None:
    path = _file(tmp_path, json.dumps({**RECORD, "kie": {"total": "9\u2028.00"}}, ensure_ascii=False))
    assert [item.kie["total"] for item in read_transcripts(path)] == ["9\u2028.00"]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        json.dumps({**RECORD, "ocr": [{"text": "a", "box": [0, 0, 0, 0]}]}),
        json.dumps({**RECORD, "ocr": [{"text": "a"}]}),
        json.dumps({"ocr": RECORD["ocr"]}),
    ],
)
def test_a_line_that_is_no_record_is_refused_by_its_number(tmp_path: Path, line: str) -> None:
    with pytest.raises(ConfigurationError, match="line 2"):
        list(read_transcripts(_file(tmp_path, json.dumps(RECORD), line)))


def test_a_missing_file_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="absent"):
        list(read_transcripts(tmp_path / "absent"))
