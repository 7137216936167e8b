"""A calibration from runs: every judged value counts once, and the figures are of what was left out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from pydantic import JsonValue
from typer.testing import CliRunner

from app.bench.calibrate import calibrate_runs
from app.bench.run import CONFIG, PREDICTIONS, RunFolder, RunLine
from app.bench.suite import read_suite
from app.cli import app
from eval.kinds import Kinds
from ocr.reader import ReadOptions
from schemas.errors import EvaluationError
from schemas.extraction import FieldMetadata
from schemas.value_calibration import CALIBRATION, read_calibration
from tests.ocr.files import pdf, text_at

N = 12
ASKED = {"seller": {"kind": "verbatim"}, "total": {"kind": "amount"}, "date": {"kind": "date"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A run's folder, where its documents are kept as they were read, and their hashes."""

    folder: Path
    readings: Path
    hashes: tuple[str, ...]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Return a run over printed pages: what is wrong has a low probability, all else a high one."""
    root = tmp_path_factory.mktemp("calibrate")
    docs = root / "data" / "bills" / "docs"
    docs.mkdir(parents=True)
    records: list[dict[str, object]] = []
    for i in range(N):
        page = (
            text_at(50, 700, f"Seller{i % 4} Ltd")
            + text_at(50, 600, f"Total {i}.50")
            + text_at(50, 550, "9.99")
        )
        (docs / f"{i}.pdf").write_bytes(pdf(page))
        kie = {"seller": f"Seller{i % 4} Ltd", "total": f"{i}.50"}
        records.append(
            {"id": f"bills/{i}", "file": f"docs/{i}.pdf", "dataset": "bills", "doc_type": "bill", "kie": kie}
        )
    labels = root / "data" / "bills" / "labels.jsonl"
    labels.write_text("\n".join(json.dumps(record) for record in records))
    path = root / "suite.yaml"
    path.write_text(
        yaml.safe_dump(
            {"name": "bills", "data": str(root / "data"), "datasets": {"bills": {"fields": ASKED}}}
        )
    )
    suite, folder = read_suite(path), RunFolder(path=root / "run")
    config: dict[str, JsonValue] = {
        "suite": json.loads(suite.model_dump_json(by_alias=True)),
        "ocr": "auto",
        "languages": ["eng"],
        "adapter": "a" * 64,
    }
    folder.begin(config, suite.records(), {"bills": Kinds(fields={"total": "amount", "date": "date"})})
    folder.keep([line_of(i) for i in range(N)])
    hashes = tuple(suite.sha256_of(record) or "" for record in suite.records())
    return Made(folder=folder.path, readings=root / "readings", hashes=hashes)


def line_of(i: int) -> RunLine:
    is_right = i % 3 > 0
    metadata = {
        "seller": FieldMetadata(confidence=0.99),
        "total": FieldMetadata(confidence=0.5, probability=0.999 if is_right else 0.2),
        "date": FieldMetadata(confidence=0.9),
    }
    value = {"seller": f"Seller{i % 4} Ltd", "total": f"{i}.50" if is_right else "9.99", "date": None}
    return RunLine(id=f"bills/{i}", dataset="bills", value=value, metadata=metadata)


def test_every_judged_value_counts_once_and_what_is_wrong_is_less_sure(made: Made) -> None:
    found = calibrate_runs([made.folder], readings=made.readings, read_options=ReadOptions(n_workers=1))
    assert (found.calibration.n_documents, found.calibration.n_values) == (N, 3 * N)
    assert found.calibration.weights_sha256 == "a" * 64
    judged = [value for score in found.scores for value in score.judged]
    assert all(value.confidence is not None for value in judged)
    totals = [value for value in judged if value.path == "total"]
    # A third of twelve totals is wrong, and each is less sure than any that is right.
    wrong = [value.confidence or 0.0 for value in totals if not value.is_right]
    right = [value.confidence or 0.0 for value in totals if value.is_right]
    assert len(wrong) == N // 3
    assert max(wrong) < min(right)
    assert found.after.expected_error < 0.2


def test_only_the_documents_that_are_named_count(made: Made) -> None:
    found = calibrate_runs(
        [made.folder],
        readings=made.readings,
        read_options=ReadOptions(n_workers=1),
        documents=frozenset(made.hashes[:2]),
    )
    assert found.calibration.n_documents == 2
    with pytest.raises(EvaluationError, match="no document"):
        calibrate_runs(
            [made.folder],
            readings=made.readings,
            read_options=ReadOptions(n_workers=1),
            documents=frozenset({"0" * 64}),
        )


def test_runs_of_two_models_are_refused(made: Made, tmp_path: Path) -> None:
    for name in (PREDICTIONS, "gold.jsonl", "kinds.json"):
        (tmp_path / name).write_bytes((made.folder / name).read_bytes())
    config = json.loads((made.folder / CONFIG).read_text())
    (tmp_path / CONFIG).write_text(json.dumps({**config, "adapter": "b" * 64}))
    with pytest.raises(EvaluationError, match="2 models"):
        calibrate_runs([made.folder, tmp_path], readings=made.readings, read_options=ReadOptions(n_workers=1))


@pytest.mark.parametrize("text", [None, "", "{}", "[]", "\x00"])
def test_a_folder_that_holds_no_run_is_refused(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / CONFIG).write_text(text)
    with pytest.raises(EvaluationError, match="no run"):
        calibrate_runs([tmp_path], readings=tmp_path, read_options=ReadOptions())


def test_the_command_writes_file_and_figures(made: Made, tmp_path: Path) -> None:
    out, plot = tmp_path / CALIBRATION, tmp_path / "curves.png"
    command = [
        "bench",
        "calibrate",
        str(made.folder),
        "--out",
        str(out),
        "--max-error",
        "2%",
        "--plot",
        str(plot),
    ]
    done = CliRunner().invoke(app, [*command, "--readings", str(made.readings)])
    assert done.exit_code == 0, done.output
    assert "| field | 24 |" in done.output
    assert "## Straight through" in done.output
    found = read_calibration(tmp_path)
    assert found is not None
    assert found.max_error == 0.02
    assert plot.stat().st_size > 0
    refused = CliRunner().invoke(app, [*command, "--max-error", "200%"])
    assert refused.exit_code == 2
