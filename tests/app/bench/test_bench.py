"""Benchmark runs: every document has its line, runs go on, and differences are judged."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from app.bench.ablate import ablation_table, combinations_of, linear_model
from app.bench.compare import compare, comparison_table, regressions
from app.bench.results import Results, run_results, write_results
from app.bench.run import PREDICTIONS, RunFolder, run_suite
from app.bench.suite import Suite, read_suite
from app.cli import app
from app.extraction.pipeline import Pipeline
from decoding.engines.embedded import EmbeddedEngine
from eval.calibration import calibration
from eval.datasets import GoldRecord
from eval.predictions import PredRecord
from eval.run_scores import score_run
from ocr.reader import ReadOptions
from retrieval.store import ExampleStore
from schemas.errors import ConfigurationError, EvaluationError
from storage.database import sqlite_url
from tests.decoding.engines.tiny_model import make_model
from tests.ocr.files import pdf, text_at
from tests.paths import ROOT

ROWS = {"description": {"kind": "verbatim"}, "amount": {"kind": "amount"}}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("model"), seed=3)


@pytest.fixture(scope="module")
def pipeline(model: Path) -> Pipeline:
    return Pipeline(engine=EmbeddedEngine(model), read_options=ReadOptions(n_workers=1, engine="tesserocr"))


@pytest.fixture
def suite_file(tmp_path: Path) -> Path:
    docs = tmp_path / "data" / "receipts" / "docs"
    docs.mkdir(parents=True)
    shutil.copyfile(ROOT / "samples" / "receipt.png", docs / "1.png")
    (docs / "2.png").write_bytes(b"no picture")
    rows = [{"description": "SOURDOUGH LOAF 800G", "amount": "3.40"}]
    gold = [
        {"file": "docs/1.png", "kie": {"total": "20.20", "date": "2026-10-17"}, "line_items": rows},
        {"file": "docs/2.png", "kie": {"total": "1.00"}},
        {"file": "docs/3.png", "kie": {"total": "2.00"}},
    ]
    lines = [
        json.dumps({**record, "id": f"receipts/{i}", "dataset": "receipts", "doc_type": "receipt"})
        for i, record in enumerate(gold, start=1)
    ]
    (tmp_path / "data" / "receipts" / "labels.jsonl").write_text("\n".join(lines))
    suite = {
        "name": "small",
        "data": str(tmp_path / "data"),
        "options": {"n_candidates": 1, "max_tokens": 400},
        "datasets": {
            "receipts": {"fields": {"total": {"kind": "amount"}, "date": {"kind": "date"}}, "columns": ROWS}
        },
    }
    path = tmp_path / "suite.yaml"
    path.write_text(yaml.safe_dump(suite))
    return path


def test_every_document_has_its_line_and_the_run_goes_on(
    suite_file: Path, pipeline: Pipeline, tmp_path: Path
) -> None:
    suite, folder = read_suite(suite_file), RunFolder(path=tmp_path / "run")
    asked: list[str] = []
    lines = run_suite(suite, pipeline, folder, readings=tmp_path / "reads", announce=asked.append)
    assert {line.id: line.error for line in lines} == {
        "receipts/1": None,
        "receipts/2": "unsupported_media_type",
        "receipts/3": "missing_file",
    }
    (first,) = (line for line in lines if line.error is None)
    assert first.is_valid
    assert first.n_on_page == first.n_grounded
    assert set(first.value) == {"total", "date", "line_items"}
    path = folder.path / PREDICTIONS
    path.write_text(path.read_text().splitlines()[0] + '\n{"id": "recei')
    asked.clear()
    again = run_suite(suite, pipeline, folder, readings=tmp_path / "reads", announce=asked.append)
    assert len(asked) == 2
    assert {line.id for line in again} == {line.id for line in lines}


def test_a_folder_of_another_run_is_refused(
    suite_file: Path, pipeline: Pipeline, model: Path, tmp_path: Path
) -> None:
    suite, folder = read_suite(suite_file, n=1), RunFolder(path=tmp_path / "run")
    run_suite(suite, pipeline, folder, readings=tmp_path / "reads")
    other = suite.model_copy(update={"options": suite.options.model_copy(update={"structured": False})})
    with pytest.raises(ConfigurationError, match="another suite"):
        run_suite(other, pipeline, folder, readings=tmp_path / "reads")
    with pytest.raises(ConfigurationError, match="another weights"):
        run_suite(suite, pipeline, folder, readings=tmp_path / "reads", model_folder=model)


def test_the_command_writes_scores_report_plots_and_pages(
    suite_file: Path, model: Path, tmp_path: Path
) -> None:
    runner = CliRunner(env={"RASG_MODEL_FOLDER": str(model), "RASG_READ__OCR": "tesserocr"})
    out = tmp_path / "run"
    done = runner.invoke(app, ["bench", "run", "--suite", str(suite_file), "--out", str(out)])
    assert done.exit_code == 0, done.output
    report = (out / "report.md").read_text()
    assert "| receipts | 3 | 2 |" in report
    assert "Answers that validate: 1 of 1" in report
    for name in ("scores.json", "plots/fields.receipts.png", "plots/reliability.png"):
        assert (out / name).stat().st_size > 0
    (diff,) = (out / "diffs").iterdir()
    assert "SOURDOUGH LOAF 800G" in diff.read_text()
    assert [path.read_text().count("<svg") for path in (out / "pages").iterdir()] == [1]
    again = runner.invoke(app, ["bench", "report", str(out)])
    assert again.exit_code == 0
    same = runner.invoke(app, ["bench", "compare", str(out), str(out)])
    assert (same.exit_code, "+0.000" in same.output) == (0, True)


def test_a_suite_that_is_none_says_where(tmp_path: Path) -> None:
    path = tmp_path / "suite.yaml"
    for text, message in {
        "name: [": "no YAML: line",
        "5": "none",
        "name: x\ndata: d\ndatasets: {}": "datasets",
        "name: x\ndata: d\ndatasets: {a: {}}": "datasets.a",
        "name: x\ndata: d\ndatasets: {a: {fields: {t: {kind: money}}}}": "kind",
        "name: x\ndata: d\ndatasets: {a: {schema: receipt, reader: odd}}": "no reader 'odd'",
        "name: x\ndata: d\nsurprise: 1\ndatasets: {a: {schema: receipt}}": "surprise",
    }.items():
        path.write_text(text)
        with pytest.raises(ConfigurationError, match=message):
            read_suite(path)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_suite(tmp_path / "absent.yaml")


def test_documents_are_taken_evenly(suite_file: Path, tmp_path: Path) -> None:
    assert [record.id for record in read_suite(suite_file, n=2).records()] == ["receipts/1", "receipts/2"]
    with pytest.raises(EvaluationError, match="labels"):
        read_suite(suite_file, data=tmp_path / "absent").records()


def test_a_published_data_set_is_read_as_it_comes(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    (folder / "key").mkdir(parents=True)
    (folder / "img").mkdir()
    (folder / "key" / "a.json").write_text('{"total": "9.00"}')
    (folder / "img" / "a.jpg").write_bytes(b"")
    path = tmp_path / "suite.yaml"
    path.write_text(f"name: x\ndata: {tmp_path}\ndatasets: {{mine: {{schema: receipt, reader: sroie}}}}")
    (record,) = read_suite(path).records()
    assert (record.dataset, record.kie) == ("mine", {"total": "9.00"})


def _results(rights: Sequence[bool]) -> Results:
    """Return the results of a run of one field a document."""
    gold = [
        GoldRecord(id=f"d/{i}", file="f", dataset="d", doc_type="t", kie={"x": "right"})
        for i in range(len(rights))
    ]
    preds = {
        f"d/{i}": PredRecord(id=f"d/{i}", value={"x": "right" if right else "wrong"})
        for i, right in enumerate(rights)
    }
    return Results(scores=score_run(preds, gold), lines=(), calibration=calibration([]))


def test_a_clear_fall_is_a_regression_and_noise_is_not() -> None:
    good, bad, near = (_results([i % 10 < n for i in range(100)]) for n in (9, 4, 9))
    fallen = compare(good, bad)
    assert [(one.dataset, one.metric) for one in regressions(fallen, tolerance=0.0, level=0.05)] == [
        ("d", "kie")
    ]
    assert regressions(fallen, tolerance=0.6, level=0.05) == ()
    assert regressions(compare(good, near), tolerance=0.0, level=0.05) == ()
    assert regressions(compare(bad, good), tolerance=0.0, level=0.05) == ()
    assert "| d | kie | 0.900 | 0.400 | -0.500 |" in comparison_table(fallen)


def test_runs_of_different_documents_are_not_compared() -> None:
    with pytest.raises(EvaluationError, match="d/2"):
        compare(_results([True, True, False]), _results([True, True]))


def test_what_is_no_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="no run"):
        run_results(RunFolder(path=tmp_path))


def test_every_combination_of_switches_is_run_once(suite_file: Path) -> None:
    suite = read_suite(suite_file)
    made = combinations_of(suite, ("finetuning", "structured", "reasoning"), adapter="mine")
    assert len({combination.name for combination in made}) == 8
    for combination in made:
        options = combination.suite.options
        assert (options.adapter == "mine") == ("finetuning" in combination.on)
        assert options.structured == ("structured" in combination.on)
        assert (options.reasoning == "brief") == ("reasoning" in combination.on)
    with pytest.raises(EvaluationError, match="adapter"):
        combinations_of(suite, ("finetuning",), adapter=None)
    left: Suite = combinations_of(suite, (), adapter=None)[0].suite
    assert left.options == suite.options


def test_the_linear_model_finds_what_each_switch_adds() -> None:
    # F1 is 0.1 + 0.2 (structured) + 0.3 (reasoning), exactly.
    shares = {(): 1, ("structured",): 3, ("reasoning",): 4, ("structured", "reasoning"): 6}
    runs = {on: _results([i % 10 < n for i in range(200)]) for on, n in shares.items()}
    model = linear_model(runs, ("structured", "reasoning"), metric="kie")  # pyright: ignore[reportArgumentType]
    assert [(c.name, pytest.approx(c.value)) for c in model] == [
        ("intercept", 0.1),
        ("structured", 0.2),
        ("reasoning", 0.3),
    ]
    assert all(c.low <= c.value <= c.high for c in model)
    table = ablation_table(runs, ("structured", "reasoning"))  # pyright: ignore[reportArgumentType]
    assert "| on | on | 0.600 |" in table
    with pytest.raises(EvaluationError, match="need more"):
        linear_model({(): _results([True])}, ("structured",), metric="kie")


def _bill(folder: Path, number: int) -> dict[str, object]:
    lines = ["ACME Ltd", "12 High Street, Milbury", f"Bill {number}", "Blue pen 2.50", f"Total {number}.50"]
    (folder / "docs").mkdir(parents=True, exist_ok=True)
    data = pdf("".join(text_at(72, 700 - 30 * i, line) for i, line in enumerate(lines)))
    (folder / "docs" / f"{number}.pdf").write_bytes(data)
    return {"id": f"bills/{number}", "file": f"docs/{number}.pdf", "kie": {"total": f"{number}.50"}}


@pytest.fixture
def bills(tmp_path: Path) -> Suite:
    folder = tmp_path / "data" / "bills"
    records = [_bill(folder, number) for number in range(1, 4)]
    lines = [json.dumps({**record, "dataset": "bills", "doc_type": "bill"}) for record in records]
    (folder / "labels.jsonl").write_text("\n".join(lines))
    return Suite.model_validate(
        {
            "name": "bills",
            "data": tmp_path / "data",
            "options": {"n_candidates": 1, "max_tokens": 100, "retrieval": True},
            "datasets": {"bills": {"fields": {"total": {"kind": "amount"}}, "n": 2}},
        }
    )


def test_with_retrieval_the_gold_of_another_document_is_shown(
    bills: Suite, pipeline: Pipeline, tmp_path: Path
) -> None:
    folder = RunFolder(path=tmp_path / "run")
    lines = run_suite(bills, pipeline, folder, readings=tmp_path / "reads")
    store = ExampleStore(
        sqlite_url(folder.path / "examples"), index_uri=str(folder.path / "examples" / "index")
    )
    kept = {s.example.example_id: s.example.document_sha256 for s in store.page("bills")}
    assert len(kept) == 3  # of all documents, though two are asked about
    for line in lines:
        (use,) = line.examples
        own = hashlib.sha256((bills.data / "bills" / f"docs/{line.id[-1]}.pdf").read_bytes()).hexdigest()
        assert kept[use.example_id] != own
    assert "Documents with an example: 2" in write_results(run_results(folder), folder, title="x")


def _named(bills: Suite, *numbers: int) -> Suite:
    folder = bills.data / "bills" / "docs"
    hashes = [hashlib.sha256((folder / f"{number}.pdf").read_bytes()).hexdigest() for number in numbers]
    return bills.model_copy(update={"documents": tuple(hashes)})


def test_named_documents_are_asked_about_and_never_shown(
    bills: Suite, pipeline: Pipeline, tmp_path: Path
) -> None:
    folder = RunFolder(path=tmp_path / "run")
    lines = run_suite(_named(bills, 2, 3), pipeline, folder, readings=tmp_path / "reads")
    assert [line.id for line in lines] == ["bills/2", "bills/3"]  # two are asked for, of those that are named
    store = ExampleStore(
        sqlite_url(folder.path / "examples"), index_uri=str(folder.path / "examples" / "index")
    )
    kept = {s.example.example_id: s.example.document_sha256 for s in store.page("bills")}
    shown = tuple({kept[use.example_id] for line in lines for use in line.examples})
    assert shown == _named(bills, 1).documents


@pytest.mark.parametrize(
    ("text", "message"), [("", "nothing"), ("# mine", "'#'"), (f"{'a' * 64}\n{'A' * 64}", "SHA-256")]
)
def test_a_list_of_documents_that_is_none_is_refused(
    suite_file: Path, tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "kept_out.txt"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=message):
        read_suite(suite_file, documents=path)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_suite(suite_file, documents=tmp_path / "absent.txt")


def test_documents_that_no_data_set_has_are_an_error(suite_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "kept_out.txt"
    path.write_text("0" * 64)
    with pytest.raises(EvaluationError, match="none of the named"):
        read_suite(suite_file, documents=path).records()


def test_a_store_that_was_cut_is_made_again(bills: Suite, pipeline: Pipeline, tmp_path: Path) -> None:
    folder = RunFolder(path=tmp_path / "run")
    run_suite(bills, pipeline, folder, readings=tmp_path / "reads")
    (folder.path / "examples" / "complete").unlink()
    (folder.path / PREDICTIONS).unlink()
    lines = run_suite(bills, pipeline, folder, readings=tmp_path / "reads")
    assert [len(line.examples) for line in lines] == [1, 1]


def test_without_retrieval_no_store_is_made(bills: Suite, pipeline: Pipeline, tmp_path: Path) -> None:
    (off,) = (c.suite for c in combinations_of(bills, ("retrieval",), adapter=None) if not c.on)
    folder = RunFolder(path=tmp_path / "run")
    lines = run_suite(off, pipeline, folder, readings=tmp_path / "reads")
    assert [line.examples for line in lines] == [(), ()]
    assert not (folder.path / "examples").exists()


def test_a_run_that_lost_its_rows_has_regressed() -> None:
    def results(*, with_rows: bool) -> Results:
        rows = [{"item": "a"}]
        common = {"file": "x", "dataset": "d", "doc_type": "t", "kie": {"total": "1"}, "line_items": rows}
        gold = tuple(GoldRecord.model_validate({"id": f"d/{i}", **common}) for i in range(30))
        value = {"total": "1", **({"line_items": rows} if with_rows else {})}
        preds = {record.id: PredRecord.model_validate({"id": record.id, "value": value}) for record in gold}
        return Results(scores=score_run(preds, gold), lines=(), calibration=calibration([]))

    figures = compare(results(with_rows=True), results(with_rows=False))
    assert [(one.metric, one.second) for one in regressions(figures, tolerance=0.01, level=0.05)] == [
        ("lir", 0.0)
    ]


def test_a_run_that_was_cut_inside_a_character_goes_on(
    bills: Suite, pipeline: Pipeline, tmp_path: Path
) -> None:
    folder = RunFolder(path=tmp_path / "run")
    run_suite(bills, pipeline, folder, readings=tmp_path / "reads")
    path = folder.path / PREDICTIONS
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0] + '{"id": "Mü'.encode()[:-1])
    assert len(run_results(folder).lines) == 1
    assert len(run_suite(bills, pipeline, folder, readings=tmp_path / "reads")) == 2
    (folder.path / "config.json").write_text("{")
    with pytest.raises(ConfigurationError, match="of no run"):
        run_suite(bills, pipeline, folder, readings=tmp_path / "reads")


def test_what_changes_the_readings_the_questions_or_the_gold_is_another_run(
    bills: Suite, pipeline: Pipeline, tmp_path: Path
) -> None:
    folder = RunFolder(path=tmp_path / "run")
    run_suite(bills, pipeline, folder, readings=tmp_path / "reads")
    german = Pipeline(engine=pipeline.engine, read_options=replace(pipeline.read_options, languages=("deu",)))
    with pytest.raises(ConfigurationError, match="another languages"):
        run_suite(bills, german, folder, readings=tmp_path / "reads")
    labels = bills.data / "bills" / "labels.jsonl"
    labels.write_text(labels.read_text().replace('"1.50"', '"9.99"'))
    with pytest.raises(ConfigurationError, match="another gold"):
        run_suite(bills, pipeline, folder, readings=tmp_path / "reads")
    labels.write_text(labels.read_text().replace("bills/2", "bills/1"))
    with pytest.raises(EvaluationError, match="bills/1"):
        bills.model_copy(
            update={"datasets": {"bills": bills.datasets["bills"].model_copy(update={"n": None})}}
        ).records()


def test_a_suites_own_adapter_stays_where_finetuning_is_not_switched(bills: Suite) -> None:
    own = bills.model_copy(update={"options": bills.options.model_copy(update={"adapter": "mine"})})
    made = combinations_of(own, ("retrieval",), adapter=None)
    assert [combination.suite.options.adapter for combination in made] == ["mine", "mine"]
