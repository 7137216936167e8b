"""Files of lines are read whole or refused with a reason; nothing that never ends is opened."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from eval import lines
from eval.cli import evaluate
from eval.datasets import read_gold_file
from eval.lines import read_lines
from eval.predictions import read_predictions
from eval.readers.files import read_bytes
from schemas.errors import EvaluationError

_GOLD = '{"id": "1", "file": "1.pdf", "dataset": "d", "doc_type": "x", "kie": {"total": "1.00"}}\n'


def test_lines_are_numbered_and_blank_ones_skipped(tmp_path: Path) -> None:
    path = tmp_path / "pred.jsonl"
    path.write_text("\ufeffa\n\n \nb", encoding="utf-8")
    assert list(read_lines(path, "file")) == [(1, "a\n"), (4, "b")]
    path.write_text("")
    assert list(read_lines(path, "file")) == []


@pytest.mark.parametrize("name", ["fifo", "/dev/zero", "folder"])
def test_what_is_no_regular_file_is_refused_unopened(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "gold.jsonl").write_text(_GOLD)
    path = tmp_path / name
    with pytest.raises(EvaluationError, match="no regular file"):
        read_predictions(path)
    with pytest.raises(EvaluationError, match="no regular file"):
        list(read_gold_file(path))
    with pytest.raises(EvaluationError, match="no regular file"):
        read_bytes(path)
    with pytest.raises(EvaluationError, match="no regular file"):
        evaluate(tmp_path / "gold.jsonl", tmp_path / "gold.jsonl", kinds=path)


def test_a_line_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_LINE_CHARS", 10)
    path = tmp_path / "pred.jsonl"
    path.write_text("1234567890\n")  # ten characters and the line's end: 11 > 10
    with pytest.raises(EvaluationError, match=r"line 1 of pred\.jsonl has more than 10 characters"):
        list(read_lines(path, "file"))
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(EvaluationError, match="cannot be read"):
        list(read_lines(path, "file"))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"id": 5}', "line 2 of pred.jsonl is no prediction: id: Input should be a valid string"),
        (
            '{"id": "1", "metadata": {"total": {"confidence": "x"}}}',
            "metadata.total.confidence: Input should",
        ),
        ('{"id": "1", "value": ', "line 2 of pred.jsonl is no prediction: Invalid JSON"),
        ('{"extraction": ', "line 2 of pred.jsonl is no prediction: EOF"),
        ('{"id": "1", "value": ' + "[" * 10_000, "Invalid JSON: recursion limit"),
    ],
)
def test_a_malformed_prediction_names_its_line_and_key(tmp_path: Path, line: str, reason: str) -> None:
    path = tmp_path / "pred.jsonl"
    path.write_text(f'{{"id": "x"}}\n{line}\n')
    with pytest.raises(EvaluationError) as caught:
        read_predictions(path)
    assert reason in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_malformed_gold_record_names_its_line_and_key(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_text(_GOLD + _GOLD.replace('"kie": {', '"kie": 5, "x": {'))
    with pytest.raises(EvaluationError, match=r"line 2 of .*gold\.jsonl is no record: kie: Input should be"):
        list(read_gold_file(path))


def test_missing_keys_are_named_and_an_example_is_shown_that_can_be_read(tmp_path: Path) -> None:
    gold, pred = tmp_path / "gold.jsonl", tmp_path / "pred.jsonl"
    gold.write_text('{"id": "1", "kie": {}}\n')
    with pytest.raises(
        EvaluationError, match="the keys 'file', 'dataset' and 'doc_type' are missing"
    ) as caught:
        list(read_gold_file(gold))
    gold.write_text(str(caught.value.hint).partition("such as ")[2])
    assert len(list(read_gold_file(gold))) == 1
    pred.write_text('{"document": "1", "value": {}}\n')
    with pytest.raises(EvaluationError, match="the key 'id' is missing") as caught:
        read_predictions(pred)
    pred.write_text(str(caught.value.hint).partition("such as ")[2].partition(", or one of")[0])
    assert read_predictions(pred).keys() == {"receipts/1"}


def test_an_answer_under_another_key_is_no_empty_answer(tmp_path: Path) -> None:
    pred = tmp_path / "pred.jsonl"
    pred.write_text('{"id": "1", "fields": {"total": "9.00"}}\n')
    with pytest.raises(EvaluationError, match="the key 'value' is missing, it has 'fields'"):
        read_predictions(pred)
    pred.write_text('{"id": "1"}\n{"id": "2", "error": "timeout", "took": 3}\n')
    assert read_predictions(pred).keys() == {"1", "2"}
