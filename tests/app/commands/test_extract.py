"""`rasg extract` over many files: run again, from a pipe, stopped, and with exit codes to trust."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from app.cli import app
from schemas.errors import ConfigurationError
from tests.app.two_documents import FILE, JSON_SCHEMA, see_two
from tests.decoding.engines.tiny_model import make_model
from tests.ocr.files import pdf, text_at
from tests.speed import slowdown

FAST = ("--candidates", "1", "--max-tokens", "64")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("batch_model"), seed=5)


@pytest.fixture
def runner(model: Path) -> CliRunner:
    return CliRunner(env={"RASG_MODEL_FOLDER": str(model), "RASG_LOG__LEVEL": "ERROR"})


@pytest.fixture
def named(tmp_path: Path) -> tuple[str, ...]:
    """Return the options of a schema with one field, and of the folder `out`."""
    (tmp_path / "named.json").write_text(JSON_SCHEMA)
    return ("--schema", str(tmp_path / "named.json"), "--out", str(tmp_path / "out"), *FAST)


def write_pdfs(folder: Path, n: int) -> Path:
    folder.mkdir()
    for number in range(n):
        (folder / f"{number:02}.pdf").write_bytes(pdf(text_at(72, 700, f"Invoice {number}")))
    return folder


def test_what_options_take_is_said_in_words_and_held_to(runner: CliRunner) -> None:
    said = runner.invoke(app, ["extract", "--help"], env={"COLUMNS": "200"}).output
    assert "<share>" in said
    assert "object at" not in said
    assert "function" not in said
    refused = runner.invoke(app, ["extract", "a.pdf", "--seed", str(2**32)])
    assert refused.exit_code == 2
    assert "4294967295" in refused.output


def test_a_second_run_does_what_is_new_and_lists_what_it_wrote(
    runner: CliRunner, tmp_path: Path, named: tuple[str, ...]
) -> None:
    files = write_pdfs(tmp_path / "in", 2)
    first = runner.invoke(app, ["extract", str(files), *named])
    assert first.exit_code == 0, first.output
    assert "1/2 00.pdf: succeeded" in first.output
    (files / "new.pdf").write_bytes(pdf(text_at(72, 700, "Invoice 9")))
    second = runner.invoke(app, ["extract", str(files), *named])
    assert second.exit_code == 0, second.output
    assert "1/3 00.pdf: succeeded, as before" in second.output
    assert "skipped, as they were done before: 2" in second.output
    assert f"written to {tmp_path / 'out'}: new.pdf.json, manifest.jsonl" in second.output
    lines = (tmp_path / "out" / "manifest.jsonl").read_text().splitlines()
    assert [json.loads(line)["file"] for line in lines] == ["00.pdf", "01.pdf", "new.pdf"]
    another = runner.invoke(app, ["extract", str(files), *named, "--seed", "7"])
    assert "skipped" not in another.output
    again = runner.invoke(app, ["extract", str(files), *named, "--seed", "7", "--again"])
    assert "as before" not in again.output


def test_torch_is_not_imported_for_files_that_are_done(
    runner: CliRunner, tmp_path: Path, named: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    imported: list[str] = []
    monkeypatch.setattr("decoding.engines.torch_import.import_torch", lambda: imported.append("torch"))
    files, others = write_pdfs(tmp_path / "in", 1), write_pdfs(tmp_path / "others", 2)
    first = os.path.relpath(files / "00.pdf")  # the manifest has whole paths
    assert runner.invoke(app, ["extract", first, *named]).exit_code == 0
    assert imported.pop() == "torch"
    for done in (first, str(files)):
        assert "00.pdf: succeeded, as before" in runner.invoke(app, ["extract", done, *named]).output
        assert not imported
    for new in ((str(others / "01.pdf"),), (first, "--again")):
        assert runner.invoke(app, ["extract", *new, *named]).exit_code == 0
        assert imported.pop() == "torch"
    (tmp_path / "out" / "manifest.jsonl").write_bytes(b"\xff{]\n")
    assert "is of no batch" in str(runner.invoke(app, ["extract", first, *named]).exception)
    assert imported.pop() == "torch"


def test_standard_input_and_patterns_are_documents(
    runner: CliRunner, tmp_path: Path, named: tuple[str, ...]
) -> None:
    write_pdfs(tmp_path / "in", 2)
    pattern = str(tmp_path / "**" / "0*.pdf")
    piped = pdf(text_at(72, 700, "Invoice 77"))
    done = runner.invoke(app, ["extract", "-", pattern, *named, "--format", "value"], input=piped)
    assert done.exit_code == 0, done.output
    names = {path.name for path in (tmp_path / "out").rglob("*.value.json")}
    assert names == {"stdin.value.json", "00.pdf.value.json", "01.pdf.value.json"}
    assert json.loads((tmp_path / "out" / "stdin.value.json").read_text()).keys() == {"name"}


def test_several_formats_come_of_one_run(runner: CliRunner, tmp_path: Path, named: tuple[str, ...]) -> None:
    files = write_pdfs(tmp_path / "in", 1)
    formats = [word for each in ("csv", "xlsx", "parquet") for word in ("--format", each)]
    done = runner.invoke(app, ["extract", str(files), *named, *formats])
    assert done.exit_code == 0, done.output
    book = openpyxl.load_workbook(tmp_path / "out" / "results.xlsx")
    assert book.sheetnames == ["results", "line_items"]
    book.close()


def test_what_has_to_be_looked_at_is_listed_and_can_be_an_exit_code(
    runner: CliRunner, tmp_path: Path, named: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    see_two(monkeypatch)
    (tmp_path / "two.pdf").write_bytes(FILE)
    command = ["extract", str(tmp_path / "two.pdf"), *named, "--split", "never"]
    command += ["--review", str(tmp_path / "review.csv")]
    assert runner.invoke(app, command).exit_code == 0
    asked = runner.invoke(app, [*command, "--fail-on", "needs_review"])
    assert asked.exit_code == 3, asked.output
    assert "1 file(s): 1 to be looked at" in asked.output
    rows = list(csv.DictReader((tmp_path / "review.csv").read_text().splitlines()))
    assert "several_documents" in {row["code"] for row in rows}
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.7 cut off")
    command.insert(1, str(tmp_path / "bad.pdf"))
    assert runner.invoke(app, [*command, "--fail-on", "needs_review"]).exit_code == 1


def test_what_cannot_be_written_ends_the_command_before_any_work(
    runner: CliRunner, tmp_path: Path, named: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("a file was read")

    monkeypatch.setattr("app.batch.extractor.read_file", never)
    files = write_pdfs(tmp_path / "in", 1)
    (tmp_path / "out").write_text("no folder")
    for more in ((), ("--out", str(tmp_path / "other"), "--review", str(tmp_path / "in"))):
        done = runner.invoke(app, ["extract", str(files), *named, *more])
        assert isinstance(done.exception, ConfigurationError)
    to_pipe = runner.invoke(app, ["extract", str(files), "--format", "xlsx", *FAST])
    assert isinstance(to_pipe.exception, ConfigurationError)


def test_csv_goes_to_standard_output_too(runner: CliRunner, tmp_path: Path) -> None:
    files = write_pdfs(tmp_path / "in", 1)
    (tmp_path / "named.json").write_text(JSON_SCHEMA)
    command = ["extract", str(files), "--schema", str(tmp_path / "named.json"), *FAST, "--format", "csv"]
    done = runner.invoke(app, command)
    assert done.stdout.splitlines()[0].startswith("file,status,name")
    assert "00.pdf,succeeded" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_batch_that_is_told_to_stop_ends_soon_and_goes_on(
    tmp_path: Path, named: tuple[str, ...], model: Path, number: signal.Signals, jobs: int
) -> None:
    files, manifest = write_pdfs(tmp_path / "in", 60), tmp_path / "out" / "manifest.jsonl"
    code = "from app.cli import main; main()"
    command = [sys.executable, "-c", code, "extract", str(files), *named, "--jobs", str(jobs)]
    env = {**os.environ, "RASG_MODEL_FOLDER": str(model)}
    process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    while not (manifest.is_file() and manifest.read_bytes().count(b"\n") >= 2):
        time.sleep(0.05)
    process.send_signal(number)
    started = time.monotonic()
    assert process.wait(timeout=30) == 128 + number
    assert time.monotonic() - started < 3 * slowdown()  # two seconds, and one of a busy machine
    said = process.communicate()[1]
    n_done = manifest.read_bytes().count(b"\n")
    assert f"{60 - n_done} not done" in said
    subprocess.run(command, env=env, check=True, capture_output=True, timeout=300)
    names = [json.loads(line)["file"] for line in manifest.read_text().splitlines()]
    assert sorted(names) == sorted(path.name for path in files.iterdir())


def test_a_standard_input_that_is_closed_is_told_and_no_traceback(tmp_path: Path) -> None:
    command = f"exec {sys.executable} -m rasg extract - --schema invoice --out {tmp_path / 'out'} <&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "nothing comes by standard input" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_is_one_line_of_the_log_whatever_its_name(
    runner: CliRunner, tmp_path: Path, named: tuple[str, ...]
) -> None:
    files = write_pdfs(tmp_path / "in", 1)
    (files / "00.pdf").rename(files / "a\n1/9 b.pdf: succeeded.pdf".replace("/", "_"))
    (files / "note\nleft out: all.txt").write_text("no document")
    done = runner.invoke(app, ["extract", str(files), *named])
    lines = done.output.splitlines()
    assert (
        r"left out: note\u000aleft out: all.txt: the file is of an unknown type, which cannot be read"
        in lines
    )
    assert any(line.startswith(r"1/1 a\u000a1_9 b.pdf: succeeded.pdf: ") for line in lines)
