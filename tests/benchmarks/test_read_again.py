"""What differs between two readings of the same files is counted, and nothing else is."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from benchmarks.read_again import Reading, listed, load, main, table


def reading(document_id: str, *words: str, has_ocr: bool = False, cpu_s: float = 1.0) -> Reading:
    return Reading(
        dataset="made",
        document_id=document_id,
        n_pages=1,
        words=words,
        has_ocr=has_ocr,
        cpu_s=cpu_s,
        warnings=(),
    )


def by_key(*readings: Reading) -> dict[tuple[str, str], Reading]:
    return {(each.dataset, each.document_id): each for each in readings}


def row(text: str, name: str) -> list[str]:
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {name} |")]
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_words_are_compared_as_multisets_and_files_by_what_read_them(tmp_path: Path) -> None:
    before = by_key(reading("a", "1", "1", "2"), reading("b", "x"), reading("c", "y", has_ocr=True))
    after = by_key(
        reading("a", "2", "1", "3", cpu_s=3.0),
        reading("b", "x", has_ocr=True),
        reading("c", "y", has_ocr=True),
    )
    text = table(before, after, tmp_path)
    assert row(text, "text layer alone")[:5] == ["1", "1", "1", "1", "1"]
    assert row(text, "text layer alone")[-3:] == ["1.000", "3.000", "3.00"]
    assert row(text, "OCR at the second alone")[:3] == ["1", "1", "0"]
    assert row(text, "all")[0] == "3"
    assert list(listed(before, after)) == ["made a\n  gone ['1']\n  new  ['3']"]


def test_gold_values_that_stand_are_counted_at_both(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    label = {"id": "a", "file": "a.pdf", "kie": {"total": "1.085,88", "date": "2026-11-13", "name": None}}
    (tmp_path / "made" / "labels.jsonl").write_text(json.dumps(label) + "\n")
    before = by_key(reading("a", "Total", "1.085,88"))
    after = by_key(reading("a", "Total", "1.085,88", "13.", "November", "2026"))
    assert row(table(before, after, tmp_path), "made")[5:8] == ["2", "1", "2"]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "readings.jsonl"
    path.write_text(json.dumps(asdict(reading("a", "é", "2"))) + "\n")
    assert load(path) == by_key(reading("a", "é", "2"))


def test_without_the_data_nothing_is_read(tmp_path: Path) -> None:
    assert main(["read", "--data", str(tmp_path / "none"), "--out", str(tmp_path / "out.jsonl")]) == 1
