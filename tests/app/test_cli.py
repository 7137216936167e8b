"""The command line as a person uses it: files in, results out, exit codes that scripts can trust."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import app
from schemas.errors import ConfigurationError
from schemas.registry import get_schema
from schemas.validate import validate_output
from tests.decoding.tiny_model import make_model
from tests.paths import ROOT

INVOICE = ROOT / "samples" / "invoice.pdf"
FAST = ("--candidates", "1")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("cli_model"), seed=5)


@pytest.fixture
def runner(model: Path) -> CliRunner:
    return CliRunner(env={"RASG_MODEL_FOLDER": str(model), "RASG_LOG__LEVEL": "ERROR"})


def test_a_file_becomes_json_and_a_page_that_explains_it(runner: CliRunner, tmp_path: Path) -> None:
    done = runner.invoke(app, ["extract", str(INVOICE), "--out", str(tmp_path), "--explain", *FAST])
    assert done.exit_code == 0, done.output
    record = json.loads((tmp_path / "invoice.pdf.json").read_text())
    assert validate_output(record["extraction"]["output"]["value"], get_schema("invoice")) == ()
    assert "<svg" in (tmp_path / "invoice.pdf.html").read_text()


def test_a_bad_file_stops_no_other_and_is_in_the_results(runner: CliRunner, tmp_path: Path) -> None:
    bad = tmp_path / "bad.pdf"
    bad.write_bytes(b"%PDF-1.7 cut off")
    missing = tmp_path / "missing.pdf"
    out = tmp_path / "out"
    files = [str(bad), str(missing), str(INVOICE)]
    done = runner.invoke(app, ["extract", *files, "--out", str(out), "--format", "jsonl", *FAST])
    assert done.exit_code == 1
    lines = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    assert [line["file"] for line in lines] == ["bad.pdf", "missing.pdf", "invoice.pdf"]
    assert [line["error"]["code"] for line in lines[:2]] == ["unreadable_document", "invalid_input"]
    assert lines[2]["error"] is None


def test_a_folder_is_searched_and_becomes_rows_of_csv(runner: CliRunner, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(INVOICE.read_bytes())
    (folder / "notes.txt").write_text("no document")
    out = tmp_path / "out"
    done = runner.invoke(app, ["extract", str(folder), "--out", str(out), "--format", "csv", *FAST])
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader((out / "results.csv").read_text().splitlines()))
    assert [row["file"] for row in rows] == ["a.pdf"]


def test_what_makes_everything_impossible_is_a_configuration_error(runner: CliRunner) -> None:
    for arguments in (
        ["extract", str(INVOICE), "--explain"],
        ["extract", str(ROOT / "tests" / "schemas"), *FAST],
    ):
        assert isinstance(runner.invoke(app, arguments).exception, ConfigurationError)


def test_schemas_are_listed_shown_and_linted(runner: CliRunner, tmp_path: Path) -> None:
    assert "invoice" in runner.invoke(app, ["schema", "list"]).output
    assert json.loads(runner.invoke(app, ["schema", "show", "invoice"]).output)["type"] == "object"
    schema = tmp_path / "mine.json"
    schema.write_text('{"type": "object", "properties": {}, "allOf": []}')
    refused = runner.invoke(app, ["schema", "lint", str(schema)])
    assert (refused.exit_code, "allOf" in refused.output) == (1, True)
