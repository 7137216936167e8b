"""No template is made of a document that is kept out, or of data that are only measured with."""

from __future__ import annotations

import json
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

from app.bench.suite import read_suite
from ocr.reader import ReadOptions
from schemas.errors import ConfigurationError
from training.refill.sources import read_hashes, suite_documents, transcript_documents

_OCR = [
    {"text": "ACME SDN BHD", "box": [10, 10, 130, 22]},
    {"text": "TOTAL", "box": [10, 40, 60, 52]},
    {"text": "9.00", "box": [100, 40, 140, 52]},
]


def _records(*ids: str) -> str:
    records = ({"id": one, "kie": {"company": "ACME SDN BHD", "total": "9.00"}, "ocr": _OCR} for one in ids)
    return "".join(json.dumps(record) + "\n" for record in records)


def _transcripts(folder: Path, *ids: str, name: str = "train.jsonl") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(_records(*ids), encoding="utf-8")
    return folder / name


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def test_a_kept_out_transcript_is_refused(tmp_path: Path) -> None:
    path = _transcripts(tmp_path / "receipts", "a", "b")
    outcomes: Counter[str] = Counter()
    found = list(
        transcript_documents(path, kept_out=frozenset({_hash("a")}), outcomes=outcomes, day_first=True)
    )
    assert [(document.key, document.document.sha256) for document in found] == [("b", _hash("b"))]
    assert outcomes == {"documents": 1, "documents kept out": 1}


@pytest.mark.parametrize(
    ("folder", "name"), [("receipts", "dev.jsonl"), ("receipts", "test.jsonl"), ("cord_text", "train.jsonl")]
)
def test_transcripts_that_are_only_measured_with_are_refused(tmp_path: Path, folder: str, name: str) -> None:
    path = _transcripts(tmp_path / folder, "a", name=name)
    with pytest.raises(ConfigurationError, match="only measured with"):
        list(transcript_documents(path, kept_out=frozenset(), outcomes=Counter(), day_first=True))


def _suite(folder: Path, dataset: str) -> Path:
    docs = folder / "data" / dataset / "docs"
    docs.mkdir(parents=True)
    (docs / "1.txt").write_text("nothing that could be read", encoding="utf-8")
    record = {
        "id": "d/1",
        "file": "docs/1.txt",
        "dataset": dataset,
        "doc_type": "receipt",
        "kie": {"total": "9.00"},
    }
    (docs.parent / "labels.jsonl").write_text(json.dumps(record), encoding="utf-8")
    path = folder / "suite.yaml"
    path.write_text(
        f"name: s\ndata: {folder / 'data'}\n"
        f"datasets: {{{dataset}: {{fields: {{total: {{kind: amount}}}}}}}}\n",
        encoding="utf-8",
    )
    return path


def test_a_kept_out_file_of_a_suite_is_not_even_read(tmp_path: Path) -> None:
    suite = read_suite(_suite(tmp_path, "bills"))
    outcomes: Counter[str] = Counter()
    found = list(
        suite_documents(
            suite,
            kept_out=frozenset({_hash("nothing that could be read")}),
            read_options=ReadOptions(),
            readings=tmp_path / "readings",
            outcomes=outcomes,
        )
    )
    assert (found, outcomes) == ([], {"documents kept out": 1})
    assert not (tmp_path / "readings").exists()


@pytest.mark.parametrize("dataset", ["wildreceipt", "kleister_nda", "azure_forms", "docile_sample", "sroie"])
def test_data_sets_that_are_only_measured_with_are_refused(tmp_path: Path, dataset: str) -> None:
    suite = read_suite(_suite(tmp_path, dataset))
    with pytest.raises(ConfigurationError, match=dataset):
        list(
            suite_documents(
                suite,
                kept_out=frozenset(),
                read_options=ReadOptions(),
                readings=tmp_path / "readings",
                outcomes=Counter(),
            )
        )


def test_a_list_of_hashes_that_holds_anything_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "kept_out.txt"
    path.write_text(f"{_hash('a')}\n{_hash('b')}\n", encoding="utf-8")
    assert read_hashes(path) == {_hash("a"), _hash("b")}
    for text in ("", "receipts/1", _hash("a")[:40]):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigurationError, match="not one SHA-256"):
            read_hashes(path)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_hashes(tmp_path / "absent")
