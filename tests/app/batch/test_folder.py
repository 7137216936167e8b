"""Whatever a crash leaves in the folder of a batch, the next run makes each file whole, once."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from app.batch.folder import OutputFolder
from app.batch.manifest import read_manifest
from app.outputs.writing import Format
from schemas.errors import ConfigurationError
from tests.app.batch.fakes import FakePipeline, Part, good, run_batch, say_text


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a", "b", "c"):
        (folder / f"{name}.pdf").write_text(name)
    return folder


def two_of_b(data: bytes) -> tuple[Part, ...]:
    return (good(1), good(2)) if data == b"b" else say_text(data)


def names_in(out: Path) -> Counter[str]:
    return Counter(json.loads(line)["file"] for line in (out / "results.jsonl").read_text().splitlines())


ONCE = {"a.pdf": 1, "b.pdf#1": 1, "b.pdf#2": 1, "c.pdf": 1}


def test_a_manifest_that_was_cut_anywhere_is_gone_on_from(files: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    run_batch(files, whole, FakePipeline(two_of_b))
    text = (whole / "manifest.jsonl").read_bytes()
    for end in range(0, len(text), 61):
        out = tmp_path / f"cut{end}"
        shutil.copytree(whole, out)
        (out / "manifest.jsonl").write_bytes(text[:end])
        pipeline = FakePipeline(two_of_b)
        run_batch(files, out, pipeline)
        assert pipeline.n_calls == 3 - text[:end].count(b"\n")
        assert names_in(out) == ONCE
        assert [entry.file for entry in read_manifest(out / "manifest.jsonl")] == ["a.pdf", "b.pdf", "c.pdf"]


def test_results_that_were_cut_anywhere_are_made_again(files: Path, tmp_path: Path) -> None:
    # Not by a crash, which the disk's order rules out: somebody may have copied a part.
    whole = tmp_path / "whole"
    run_batch(files, whole, FakePipeline(two_of_b))
    text = (whole / "results.jsonl").read_bytes()
    for end in range(0, len(text), 173):
        out = tmp_path / f"cut{end}"
        shutil.copytree(whole, out)
        (out / "results.jsonl").write_bytes(text[:end])
        run_batch(files, out, FakePipeline(two_of_b))
        assert names_in(out) == ONCE


def test_results_whose_line_in_the_manifest_is_missing_are_not_there(files: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_batch(files, out, FakePipeline(two_of_b))
    (out / "manifest.jsonl").write_bytes(b"")
    OutputFolder(out, (Format.JSONL,)).close()
    assert (out / "results.jsonl").read_bytes() == b""


def test_no_file_is_there_in_part(files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_path: Path) -> None:
        raise OSError(28, "No space left on device")

    out = tmp_path / "out"
    monkeypatch.setattr("app.outputs.writing.sync", fail)
    with pytest.raises(ConfigurationError, match="No space left on device"):
        run_batch(files, out, FakePipeline(two_of_b), formats=(Format.JSON,))
    assert {path.name for path in out.iterdir()} == {"manifest.jsonl", "results.jsonl"}
    monkeypatch.undo()
    run_batch(files, out, FakePipeline(two_of_b), formats=(Format.JSON,))
    assert names_in(out) == ONCE


def test_one_process_at_a_time_writes_to_a_folder(tmp_path: Path) -> None:
    first = OutputFolder(tmp_path / "out", (Format.JSON,))
    with pytest.raises(ConfigurationError, match="another process"):
        OutputFolder(tmp_path / "out", (Format.JSON,))
    first.close()
    OutputFolder(tmp_path / "out", (Format.JSON,)).close()


def test_a_folder_that_cannot_be_one_is_refused_before_any_work(files: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    pipeline = FakePipeline(say_text)
    for out in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/rasg")):
        with pytest.raises(ConfigurationError, match="cannot be written"):
            run_batch(files, out, pipeline)
    assert pipeline.n_calls == 0


@pytest.mark.parametrize("text", ["[1, 2]\n", '{"name": "somebody else\'s"}\n', '{"file":"a.pdf"}\n', "abc"])
def test_a_manifest_of_somebody_else_is_left_alone(files: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.jsonl").write_text(text)
    with pytest.raises(ConfigurationError, match="of no batch"):
        run_batch(files, tmp_path, FakePipeline(say_text))
    assert (tmp_path / "manifest.jsonl").read_text() == text


def test_tables_are_left_out_where_there_is_no_time(files: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    formats = (Format.CSV, Format.XLSX, Format.PARQUET)
    run_batch(files, out, FakePipeline(say_text), formats=(Format.JSONL,))
    folder = OutputFolder(out, formats)
    try:
        from tests.app.two_documents import SCHEMA

        assert not folder.finish("key", [], (SCHEMA,), go_on=lambda: False)
    finally:
        folder.close()
    assert {path.name for path in out.iterdir()} == {"manifest.jsonl", "results.jsonl"}
