"""Scores of a model: what the service answers, compared as benchmarks compare it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import JsonValue
from typer.testing import CliRunner

from app.extraction.options import ExtractionOptions
from app.extraction.pipeline import Pipeline
from decoding.engines.embedded import EmbeddedEngine
from decoding.engines.engine import Engine
from ocr.reader import ReadOptions
from schemas.document import Document
from schemas.errors import (
    ConfigurationError,
    EmptyDocumentError,
    EngineUnavailableError,
    EvaluationError,
    RasgError,
)
from schemas.extraction import Extraction
from schemas.spec import ArraySpec, ExtractionSchema, FieldSpec, ObjectSpec
from tests.app.bench.test_gold_set import Knowing
from tests.decoding.pages import document_of, schema_of
from tests.paths import ROOT
from training.cli import app
from training.house_score import (
    Case,
    CaseResult,
    annotated_cases,
    figures,
    score,
    synthetic_cases,
    to_json,
    transcript_cases,
)
from training.synthesis.sample import generate

OPTIONS = ExtractionOptions(n_candidates=1)
ROWS = ArraySpec(
    item=ObjectSpec(
        properties=(("item", FieldSpec(kind="verbatim")), ("price", FieldSpec(kind="amount"))),
    )
)
SCHEMA = schema_of(
    vendor=FieldSpec(kind="verbatim"),
    date=FieldSpec(kind="date"),
    total=FieldSpec(kind="amount"),
    tip=FieldSpec(kind="amount"),
)
GOLD: dict[str, JsonValue] = {"vendor": "ACME Ltd.", "date": "12/03/2026", "total": "12.00", "tip": None}
LABELS = {
    "id": "r/1",
    "kie": {"company": "ACME LTD", "date": "12/03/2026", "total": "9.00"},
    "ocr": [
        {"text": "ACME LTD", "box": [10, 0, 120, 10]},
        {"text": "DATE 12/03/2026", "box": [10, 20, 150, 30]},
        {"text": "TOTAL 9.00", "box": [10, 40, 100, 50]},
    ],
}


def case(value: Mapping[str, JsonValue], schema: ExtractionSchema = SCHEMA, *, case_id: str = "a") -> Case:
    return Case(case_id=case_id, document=document_of(["ACME Ltd"]), schema=schema, value=value)


def result_of(pred: Mapping[str, JsonValue], one: Case) -> CaseResult:
    (result,) = score(Knowing(answer=lambda _: pred), [one], options=OPTIONS)
    return result


def labels_file(folder: Path, n: int = 1) -> Path:
    path = folder / "labels.jsonl"
    path.write_text("".join(json.dumps({**LABELS, "id": f"r/{i}"}) + "\n" for i in range(n)))
    return path


def test_the_right_answer_scores_one() -> None:
    kie = figures([result_of(GOLD, case(GOLD))]).kie["normalised"]
    assert (kie.f1, kie.n_gold) == (1.0, 3)  # what is null on both sides does not count


def test_values_are_compared_by_the_kinds_that_are_asked_for() -> None:
    said = {"vendor": "acme ltd", "date": "12 March 2026", "total": "12", "tip": None}
    assert figures([result_of(said, case(GOLD))]).kie["normalised"].f1 == 1.0


def test_each_case_is_compared_by_its_own_schema() -> None:
    text = schema_of(total=FieldSpec(kind="verbatim"))
    amount = schema_of(total=FieldSpec(kind="amount"))
    results = [result_of({"total": "12"}, case({"total": "12.00"}, schema)) for schema in (text, amount)]
    assert [figures([result]).kie["normalised"].f1 for result in results] == [0.0, 1.0]


def test_wrong_missed_and_invented_values_lower_the_figure() -> None:
    said = {"vendor": "ACME Ltd", "date": None, "total": "13.00", "tip": "1.00"}
    kie = figures([result_of(said, case(GOLD))]).kie["normalised"]
    # one right; predicted 3, gold 3: 2 * 1 / (3 + 3)
    assert kie.f1 == pytest.approx(1 / 3)
    assert {name: field.f1 for name, field in kie.fields.items()} == {
        "vendor": 1.0,
        "date": 0.0,
        "total": 0.0,
        "tip": 0.0,
    }


def test_rows_are_scored_by_glirm_whatever_they_are_called() -> None:
    schema = schema_of(total=FieldSpec(kind="amount"), Positionen=ROWS)
    rows: list[JsonValue] = [{"item": "Pen", "price": "3.00"}, {"item": "Desk", "price": "9.00"}]
    said: list[JsonValue] = [{"item": "Pen", "price": "3"}, {"item": "Chair", "price": "9.00"}]
    found = figures(
        [result_of({"total": "12", "Positionen": said}, case({"total": "12", "Positionen": rows}, schema))]
    )
    assert found.kie["normalised"].f1 == 1.0
    assert found.lir is not None
    assert found.lir["normalised"].f1 == pytest.approx(0.75)  # three of four cells


@dataclass(frozen=True, kw_only=True)
class Failing(Pipeline):
    """A pipeline that fails as it is told to."""

    engine: Engine = field(default_factory=lambda: EmbeddedEngine(Path("nowhere")))
    read_options: ReadOptions = field(default_factory=ReadOptions)
    error: Callable[[Document], RasgError]

    def extract_document(self, document: Document, schema: ExtractionSchema, **_: object) -> Extraction:
        del schema
        raise self.error(document)


def test_a_case_without_an_answer_misses_all_of_its_values() -> None:
    (failed,) = score(Failing(error=lambda _: EmptyDocumentError("nothing")), [case(GOLD)], options=OPTIONS)
    found = figures([failed, result_of(GOLD, case(GOLD, case_id="b"))])
    # 3 right; predicted 3, gold 6
    assert found.kie["normalised"].f1 == pytest.approx(2 * 3 / (3 + 6))
    assert (found.n_failed, found.errors) == (1, {"empty_document": 1})


@pytest.mark.parametrize("error", [EngineUnavailableError("gone"), ConfigurationError("wrong")])
def test_what_no_other_case_would_survive_ends_the_scoring(error: RasgError) -> None:
    with pytest.raises(type(error)):
        list(score(Failing(error=lambda _: error), [case(GOLD)], options=OPTIONS))


def test_of_no_document_there_is_no_figure() -> None:
    with pytest.raises(EvaluationError, match="no document"):
        figures([])


def test_transcripts_are_asked_for_the_fields_of_sroie(tmp_path: Path) -> None:
    cases = transcript_cases(labels_file(tmp_path, n=3), n=2)
    assert [one.case_id for one in cases] == ["r/0", "r/1"]
    assert cases[0].value == {
        "company": "ACME LTD",
        "address": None,
        "date": "12/03/2026",
        "total": "9.00",
    }


def test_synthetic_documents_are_cases() -> None:
    samples = [generate(random.Random(seed)) for seed in (1, 2)]
    cases = synthetic_cases(samples)
    assert [one.case_id for one in cases] == ["synthetic/0", "synthetic/1"]
    assert [figures([result_of(one.value, one)]).kie["normalised"].f1 for one in cases] == [1.0, 1.0]


def test_a_result_is_a_line_of_json() -> None:
    said: dict[str, JsonValue] = {**GOLD, "total": "13.00"}
    record = json.loads(to_json(result_of(said, case(GOLD))))
    assert (record["id"], record["pred"], record["error"], record["rows_f1"]) == ("a", said, None, None)
    assert record["gold"] == {key: value for key, value in GOLD.items() if value is not None}
    assert record["right"] == {"vendor": True, "date": True, "total": False, "tip": True}
    assert record["n_completion_tokens"] == 1
    assert record["seconds"] >= 0


def test_the_command_prints_a_figure_a_field_and_writes_a_line_a_document(tmp_path: Path) -> None:
    out = tmp_path / "results.jsonl"
    arguments = ["--model", str(ROOT / "models" / "house"), "--transcripts", str(labels_file(tmp_path, n=2))]
    result = CliRunner().invoke(
        app, ["score", *arguments, "--n", "1", "--candidates", "1", "--out", str(out)]
    )
    assert result.exit_code == 0, result.output
    printed = dict(line.split("\t") for line in result.output.splitlines() if "\t" in line)
    assert list(printed) == ["company", "address", "date", "total", "all"]
    assert all(0.0 <= float(share) <= 1.0 for share in printed.values())
    (record,) = map(json.loads, out.read_text().splitlines())
    assert record["id"] == "r/0"
    assert record["pred"]["total"] in (None, "9.00")  # the page shows no other amount


def test_the_command_says_that_there_is_no_model(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["score", "--model", str(tmp_path), "--n", "1"])
    assert isinstance(result.exception, ConfigurationError)


def test_a_transcript_is_asked_for_what_it_is_annotated_with(tmp_path: Path) -> None:
    segments = [{"text": "CAPPUCCINO 2 7.00", "box": [0, 0, 170, 10]}]
    rows = [{"description": "CAPPUCCINO", "quantity": "2", "unit_price": None, "amount": "7.00"}]
    records: list[dict[str, object]] = [
        {"id": "a", "ocr": segments, "kie": {"total": "7.00"}, "line_items": rows},
        {"id": "b", "ocr": segments, "kie": {}, "line_items": None},
        {"id": "c", "ocr": segments, "kie": {"waiter": "7.00", "invoice_number": "2"}, "line_items": None},
    ]
    path = tmp_path / "labels.jsonl"
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records), encoding="utf-8")
    first, second = annotated_cases(path, n=5)
    assert first.value == {
        "total": "7.00",
        "line_items": [{"description": "CAPPUCCINO", "quantity": "2", "amount": "7.00"}],
    }
    assert [key for key, _ in first.schema.root.properties] == ["total", "line_items"]
    assert second.value == {"invoice_number": "2", "waiter": "7.00"}
    assert len(annotated_cases(path, n=1)) == 1
