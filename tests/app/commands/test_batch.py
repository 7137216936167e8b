"""`rasg batch`: what it says without Ray, and with a cluster of this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import app
from schemas.errors import ConfigurationError
from tests.app.two_documents import JSON_SCHEMA
from tests.decoding.engines.tiny_model import make_model
from tests.ocr.files import pdf, text_at


def test_without_ray_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "app.batch.on_ray", None)
    done = CliRunner().invoke(app, ["batch", str(tmp_path), "--out", str(tmp_path / "out")])
    assert isinstance(done.exception, ConfigurationError)
    assert "pip install 'rasg[ray]'" in (done.exception.hint or "")
    assert not (tmp_path / "out").exists()


def test_only_one_module_imports_ray() -> None:
    root = Path(__file__).resolve().parents[3]
    lines = ("import ray", "from ray")
    folders = ("app", "decoding", "eval", "ocr", "rasg", "retrieval", "schemas", "storage", "training")
    modules = [path for folder in folders for path in (root / folder).rglob("*.py")]
    found = {
        path.relative_to(root).as_posix()
        for path in modules
        if any(line.strip().startswith(lines) for line in path.read_text().splitlines())
    }
    assert found == {"app/batch/on_ray.py"}


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ray") is None, reason="the extra `ray` is not installed")
def test_a_folder_becomes_parquet_and_is_done_once(tmp_path: Path) -> None:
    files = tmp_path / "in"
    files.mkdir()
    for number in range(3):
        (files / f"{number}.pdf").write_bytes(pdf(text_at(72, 700, f"Invoice {number}")))
    (files / "notes.txt").write_text("no document")
    (tmp_path / "named.json").write_text(JSON_SCHEMA)
    options = ["--schema", str(tmp_path / "named.json"), "--candidates", "1", "--max-tokens", "64"]
    words = ["batch", str(files), "--out", str(tmp_path / "out"), *options, "--extractor-cpus", "0.5"]
    environment = {**os.environ, "RASG_MODEL_FOLDER": str(make_model(tmp_path / "model", seed=5))}

    def run() -> tuple[int, str]:
        command = [sys.executable, "-c", "from app.cli import main; main()", *words]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
        return done.returncode, done.stderr

    code, said = run()
    assert code == 0, said
    assert "left out: notes.txt" in said
    code, said = run()
    assert code == 0, said
    assert "skipped, as they were done before: 3" in said
    lines = (tmp_path / "out" / "manifest" / "part-000001.jsonl").read_text().splitlines()
    assert sorted(json.loads(line)["file"] for line in lines) == ["0.pdf", "1.pdf", "2.pdf"]
    assert [path.name for path in (tmp_path / "out" / "results").iterdir()] == ["part-000001.parquet"]
