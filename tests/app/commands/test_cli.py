"""The command line as a person uses it: files in, results out, exit codes that scripts can trust."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from unittest.mock import Mock

import pytest
from typer.testing import CliRunner

from app.batch import extractor
from app.cli import app
from schemas.errors import ConfigurationError
from schemas.registry import get_schema
from schemas.validate import validate_output
from tests.app.two_documents import FILE, JSON_SCHEMA, see_two
from tests.decoding.engines.tiny_model import make_model
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


def test_an_answer_is_kept_where_its_page_cannot_be_written(runner: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "invoice.pdf.html").mkdir()
    done = runner.invoke(app, ["extract", str(INVOICE), "--out", str(tmp_path), "--explain", *FAST])
    assert done.exit_code == 0, done.output
    assert json.loads((tmp_path / "invoice.pdf.json").read_text())["extraction"] is not None


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
    assert "left out: notes.txt" in done.output
    rows = list(csv.DictReader((out / "results.csv").read_text().splitlines()))
    assert [row["file"] for row in rows] == ["a.pdf"]


def test_each_file_of_a_folder_has_the_schema_of_its_kind(runner: CliRunner, tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for name in ("invoice.pdf", "order.pdf"):
        (folder / name).write_bytes((ROOT / "samples" / name).read_bytes())
    arguments = ["extract", str(folder), "--schema", "auto", "--out", str(out), *FAST]
    done = runner.invoke(app, [*arguments, "--format", "csv"])
    assert done.exit_code == 0, done.output
    assert "invoice was asked; kind invoice" in done.output
    rows = list(csv.DictReader((out / "results.csv").read_text().splitlines()))
    assert [(row["file"], row["schema"]) for row in rows] == [
        ("invoice.pdf", "invoice"),
        ("order.pdf", "purchase_order"),
    ]


def test_files_of_one_name_keep_their_results_apart(runner: CliRunner, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / "in" / folder).mkdir(parents=True)
        (tmp_path / "in" / folder / "bad.pdf").write_bytes(b"%PDF-1.7 cut off")
    out = tmp_path / "out"
    runner.invoke(app, ["extract", str(tmp_path / "in"), "--out", str(out), *FAST])
    found = {path.relative_to(out).as_posix() for path in out.rglob("*.json")}
    assert found == {"one/bad.pdf.json", "two/bad.pdf.json"}
    assert json.loads((out / "two" / "bad.pdf.json").read_text())["file"] == "two/bad.pdf"
    files = [str(tmp_path / "in" / folder / "bad.pdf") for folder in ("one", "two")]
    runner.invoke(app, ["extract", *files, "--out", str(tmp_path / "flat"), *FAST])
    of_batch = {"manifest.jsonl", "results.jsonl"}
    assert {path.name for path in (tmp_path / "flat").iterdir()} == {
        "bad.pdf.json",
        "bad.pdf.2.json",
    } | of_batch


@pytest.mark.parametrize("output_format", ["json", "jsonl", "csv"])
def test_a_batch_that_is_stopped_keeps_what_it_had_finished(
    runner: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output_format: str
) -> None:
    for name in ("a.pdf", "b.pdf"):
        (tmp_path / name).write_bytes(b"%PDF-1.7 cut off")
    read = extractor.read_file

    def read_once(path: Path, max_bytes: int) -> bytes:
        if path.name == "b.pdf":
            raise KeyboardInterrupt
        return read(path, max_bytes)

    monkeypatch.setattr(extractor, "read_file", read_once)
    out = tmp_path / "out"
    files = [str(tmp_path / name) for name in ("a.pdf", "b.pdf")]
    done = runner.invoke(app, ["extract", *files, "--out", str(out), "--format", output_format, *FAST])
    assert done.exit_code != 0
    names = {"json": "a.pdf.json", "jsonl": "results.jsonl", "csv": "results.csv"}
    text = (out / names[output_format]).read_text()
    assert "unreadable_document" in text
    assert "b.pdf" not in text


def test_neither_endless_nor_huge_files_are_read(runner: CliRunner, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pdf")
    huge = tmp_path / "huge.pdf"
    with huge.open("wb") as file:
        file.truncate(10**12)  # sparse: it takes no room
    out = tmp_path / "out"
    files = [str(tmp_path / "pipe.pdf"), "/dev/zero", str(huge)]
    runner.invoke(app, ["extract", *files, "--out", str(out), "--format", "jsonl", *FAST])
    lines = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    assert [line["error"]["code"] for line in lines] == [
        "invalid_input",
        "invalid_input",
        "document_too_large",
    ]


def test_a_name_that_is_no_utf_8_has_its_result(runner: CliRunner, tmp_path: Path) -> None:
    odd = tmp_path / "in" / os.fsdecode(b"caf\xe9.pdf")
    odd.parent.mkdir()
    odd.write_bytes(b"%PDF-1.7 cut off")
    out = tmp_path / "out"
    runner.invoke(app, ["extract", str(odd), "--out", str(out), "--format", "jsonl", *FAST])
    assert json.loads((out / "results.jsonl").read_text())["error"]["code"] == "unreadable_document"


def test_what_makes_everything_impossible_is_a_configuration_error(runner: CliRunner) -> None:
    for arguments in (
        ["extract", str(INVOICE), "--explain"],
        ["extract", str(INVOICE), "--pages", "4-2"],
        ["extract", str(ROOT / "tests" / "schemas"), *FAST],
    ):
        assert isinstance(runner.invoke(app, arguments).exception, ConfigurationError)


@pytest.fixture
def split_arguments(tmp_path: Path) -> list[str]:
    """Return how a file of three pages is extracted to the folder `out`."""
    (tmp_path / "two.pdf").write_bytes(FILE)
    (tmp_path / "named.json").write_text(JSON_SCHEMA)
    named = ["--schema", str(tmp_path / "named.json"), "--out", str(tmp_path / "out")]
    return ["extract", str(tmp_path / "two.pdf"), *named, *FAST]


def test_each_document_of_a_file_has_its_result_and_its_page(
    runner: CliRunner, tmp_path: Path, split_arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    see_two(monkeypatch)
    done = runner.invoke(app, [*split_arguments, "--explain"])
    assert done.exit_code == 0, done.output
    out = tmp_path / "out"
    names = {"two.pdf#1.json", "two.pdf#1.html", "two.pdf#2.json", "two.pdf#2.html"}
    assert {path.name for path in out.iterdir()} == names | {"manifest.jsonl", "results.jsonl"}
    second = json.loads((out / "two.pdf#2.json").read_text())
    assert (second["file"], second["extraction"]["page_numbers"]) == ("two.pdf#2", [2, 3])
    page = (out / "two.pdf#2.html").read_text()
    assert ("Page 1<" in page, "Page 2<" in page, "Page 3<" in page) == (False, True, True)


def test_a_file_is_one_document_if_it_is_not_to_be_split(
    runner: CliRunner, tmp_path: Path, split_arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    see_two(monkeypatch)
    done = runner.invoke(app, [*split_arguments, "--split", "never", "--format", "csv"])
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader((tmp_path / "out" / "results.csv").read_text().splitlines()))
    assert [(row["file"], row["status"]) for row in rows] == [("two.pdf", "needs_review")]
    assert runner.invoke(app, [*split_arguments, "--split", "sometimes"]).exit_code == 2


def test_only_the_named_pages_are_extracted(
    runner: CliRunner, tmp_path: Path, split_arguments: list[str]
) -> None:
    arguments = [*split_arguments, "--format", "jsonl", "--split", "pages"]
    assert runner.invoke(app, [*arguments, "--pages", "1,3"]).exit_code == 0
    results = tmp_path / "out" / "results.jsonl"
    lines = [json.loads(line) for line in results.read_text().splitlines()]
    assert [(line["file"], line["extraction"]["page_numbers"]) for line in lines] == [
        ("two.pdf#1", [1]),
        ("two.pdf#2", [3]),
    ]
    assert runner.invoke(app, [*arguments, "--pages", "2-5"]).exit_code == 1
    (failed,) = [json.loads(line) for line in results.read_text().splitlines()]
    assert (failed["file"], failed["error"]["code"]) == ("two.pdf", "page_not_found")
    assert "no page 4-5" in failed["error"]["message"]


def test_schemas_are_listed_shown_and_linted(runner: CliRunner, tmp_path: Path) -> None:
    assert "invoice" in runner.invoke(app, ["schema", "list"]).output
    assert json.loads(runner.invoke(app, ["schema", "show", "invoice"]).output)["type"] == "object"
    schema = tmp_path / "mine.json"
    schema.write_text('{"type": "object", "properties": {}, "allOf": []}')
    long = "a key that is far longer than a terminal is wide " * 2
    schema.write_text(json.dumps({"type": "object", "properties": {long: {"type": "string"}}}))
    # Into a pipe nothing is cut off.
    assert f"/properties/{long}/type\ttype\t" in runner.invoke(app, ["schema", "lint", str(schema)]).output
    schema.write_text('{"type": "object", "properties": {"a\\n\\tb": {"type": "string"}}}')
    at = [
        line.split("\t")[0]
        for line in runner.invoke(app, ["schema", "lint", str(schema)]).output.splitlines()
    ]
    assert "/properties/a\\n\\tb" in at
    listed = runner.invoke(app, ["schema", "list"]).output.splitlines()
    assert all(len(line.split("\t")) == 4 for line in listed)
    schema.write_text('{"type": "object", "properties": {}, "allOf": []}')
    refused = runner.invoke(app, ["schema", "lint", str(schema)])
    assert (refused.exit_code, "allOf" in refused.output) == (1, True)


@pytest.mark.parametrize("command", ["serve", "vllm"])
@pytest.mark.parametrize("port", ["99999", "65536", "0", "-1"])
def test_a_port_that_is_none_is_refused(
    runner: CliRunner, monkeypatch: pytest.MonkeyPatch, command: str, port: str
) -> None:
    """Of 99999 the sixteen lower bits were listened on, 34463."""
    monkeypatch.setattr("app.api.server.serve", Mock())
    refused = runner.invoke(app, [command, "--port", port])
    assert refused.exit_code == 2
    assert "--port" in refused.output
