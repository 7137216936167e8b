"""Gold records are read as they are, and a broken file says where."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.datasets import read_gold
from schemas.errors import EvaluationError
from tests.paths import shared_data


def test_a_line_that_is_no_record_is_named(tmp_path: Path) -> None:
    good = '{"id": "a", "file": "a.pdf", "dataset": "d", "doc_type": "invoice", "line_items": null}'
    (tmp_path / "labels.jsonl").write_text(f"{good}\n[]\n")
    with pytest.raises(EvaluationError, match="line 2"):
        list(read_gold(tmp_path))


def test_a_folder_without_labels_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"labels\.jsonl"):
        next(read_gold(tmp_path))


def test_every_real_record_is_read() -> None:
    data = shared_data()
    if data is None:
        pytest.skip("shared data not present")
    counts = {folder.name: len(list(read_gold(folder))) for folder in sorted((data / "dev").iterdir())}
    assert counts["sroie"] == 85
    assert sum(counts.values()) == 447
