"""Prediction files against gold files: nothing is dropped, and every figure follows from its counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue, ValidationError

from eval.cli import evaluate
from eval.datasets import GoldRecord, read_gold_file
from eval.kinds import Kinds
from eval.predictions import PredRecord, read_predictions
from eval.report import report_markdown, worst_documents
from eval.run_scores import ALL, score_run
from schemas.errors import EvaluationError
from schemas.extraction import Extraction, FieldMetadata, Output, Usage

GOLD: tuple[dict[str, Any], ...] = (
    {
        "id": "a/1",
        "file": "1.pdf",
        "dataset": "a",
        "doc_type": "invoice",
        "kie": {"total": "1,234.50", "date": "2026-03-12", "party": ["Ada", "Bo"]},
        "line_items": [{"text": "tea", "amount": 5}, {"text": "cake", "amount": "7.00"}],
    },
    {"id": "a/2", "file": "2.pdf", "dataset": "a", "doc_type": "invoice", "kie": {"total": "9.00"}},
    {
        "id": "b/1",
        "file": "1.pdf",
        "dataset": "b",
        "doc_type": "form",
        "kie": {"name": "Cy"},
        "kie_alternatives": {"name": ["Cyril"]},
        "line_items": [],
    },
)
ROWS: JsonValue = [{"text": "tea", "amount": "5.00"}, {"text": "cake", "amount": None}]


def gold() -> list[GoldRecord]:
    return [GoldRecord.model_validate(record) for record in GOLD]


def preds(*records: PredRecord) -> dict[str, PredRecord]:
    return {record.id: record for record in records}


FIRST = PredRecord(
    id="a/1",
    value={"total": "1234.5", "date": "12 March 2026", "party": "Bo", "line_items": ROWS},
    metadata={"total": FieldMetadata(confidence=0.9)},
)


def test_a_document_is_scored_by_fields_and_rows() -> None:
    scores = score_run(preds(FIRST), gold()[:1])
    kie, lir = scores.groups["a"].kie, scores.groups["a"].lir
    assert lir is not None
    assert (kie["exact"].score, kie["normalised"].score, kie["normalised"].f1) == (1.0, 3.0, 1.0)
    # tea, 5 = 5.00 and cake are right, one amount is missed: P = 3/3, R = 3/4. Exactly, "5" is not "5.00".
    assert (lir["normalised"].precision, lir["normalised"].recall) == (1.0, 0.75)
    assert (lir["exact"].precision, lir["exact"].recall) == (pytest.approx(2 / 3), 0.5)
    assert scores.documents[0].confidences == ((0.9, True),)


@pytest.mark.parametrize("empty", ["", " ", None])
def test_an_empty_text_is_an_absent_field_or_cell(empty: str | None) -> None:
    pred = PredRecord(id="a/2", value={"total": empty, "note": empty, "line_items": [{"text": empty}]})
    record = GoldRecord.model_validate({**GOLD[1], "line_items": [{"text": "tea"}], "kie": {"total": "9"}})
    (document,) = score_run(preds(pred), [record]).documents
    outcomes = [(result.field, result.outcome) for result in document.fields["normalised"]]
    assert outcomes == [("total", "missed"), ("note", "absent")]
    assert document.rows is not None
    assert document.rows["exact"].counts.n_pred == 0


def test_a_document_without_prediction_has_failed_and_misses_what_was_asked() -> None:
    scores = score_run(preds(FIRST), gold()[:2])
    group = scores.groups["a"]
    assert (group.n_documents, group.n_failed, group.errors) == (2, 1, {"no_prediction": 1})
    assert group.kie["normalised"].outcomes == {"right": 3, "missed": 1, "absent": 2}


def test_what_was_not_asked_is_not_missed() -> None:
    only = PredRecord(id="a/1", value={"total": None})
    group = score_run(preds(only), gold()[:1]).groups["a"]
    assert group.kie["normalised"].outcomes == {"missed": 1}
    assert group.lir is None  # rows were not asked for


def test_columns_that_were_not_asked_are_not_missed() -> None:
    only = PredRecord(id="a/1", value={"line_items": [{"amount": "5.00"}, {"amount": "7.00"}]})
    lir = score_run(preds(only), gold()[:1]).groups["a"].lir
    assert lir is not None
    assert (lir["normalised"].f1, list(lir["normalised"].columns)) == (1.0, ["amount"])


def test_rows_that_are_not_annotated_are_not_scored_and_an_empty_list_is() -> None:
    second = PredRecord(id="a/2", value={"total": "9.00", "line_items": ROWS})
    assert score_run(preds(second), gold()[1:2]).groups["a"].lir is None
    form = PredRecord(id="b/1", value={"name": "CYRIL", "line_items": ROWS})
    group = score_run(preds(form), gold()[2:]).groups["b"]
    assert group.kie["normalised"].f1 == 1.0
    assert group.lir is not None
    assert (group.lir["normalised"].f1, group.lir["normalised"].n_pred) == (0.0, 3)


def test_groups_are_scored_alone_and_together() -> None:
    form = PredRecord(id="b/1", value={"name": "Di"})
    scores = score_run(preds(FIRST, form), gold())
    assert list(scores.groups) == ["a", "b", ALL]
    assert scores.groups[ALL].n_documents == 3
    assert scores.groups[ALL].kie["normalised"].score == 3.0


def test_predictions_of_other_documents_are_counted_and_not_scored() -> None:
    other = PredRecord(id="z", value={"total": "1"})
    scores = score_run(preds(FIRST, other), gold()[:1])
    assert scores.unasked == ("z",)
    assert "1 predictions are of documents" in report_markdown(scores, title="t")


def test_gold_and_predictions_that_do_not_meet_are_an_error() -> None:
    with pytest.raises(EvaluationError, match="no prediction"):
        score_run(preds(PredRecord(id="z")), gold())
    with pytest.raises(EvaluationError, match="twice"):
        score_run(preds(FIRST), [*gold(), *gold()])
    with pytest.raises(EvaluationError, match="no gold"):
        score_run(preds(FIRST), [])


def test_the_worst_documents_come_first() -> None:
    second = PredRecord(id="a/2", value={"total": "1"})
    scores = score_run(preds(FIRST, second), gold()[:2])
    assert [document.id for document in worst_documents(scores.documents)] == ["a/2", "a/1"]


def test_lines_of_the_services_own_output_are_predictions(tmp_path: Path) -> None:
    extraction = Extraction(
        document_sha256="0" * 64,
        schema_name="s",
        status="succeeded",
        output=Output(value={"total": "9.00"}, metadata={"total": FieldMetadata(confidence=0.5)}),
        usage=Usage(n_pages=1, n_windows=1, n_prompt_tokens=1, n_completion_tokens=1),
        engine="embedded",
        model="tiny",
    )
    line = {"file": "a.pdf", "extraction": extraction.model_dump(mode="json"), "error": None}
    failed = {"file": "b.pdf", "extraction": None, "error": {"code": "unreadable_document", "message": "m"}}
    path = tmp_path / "pred.jsonl"
    path.write_text(f"{json.dumps(line)}\n\n{json.dumps(failed)}\n")
    records = read_predictions(path)
    assert records["a.pdf"].field("total") is not None
    assert records["a.pdf"].confidence("total") == 0.5
    assert records["b.pdf"].error == "unreadable_document"


@pytest.mark.parametrize("line", ["{", "[]", '{"value": {}}', '{"id": "a", "value": 5}', '{"extraction": 1}'])
def test_a_line_that_is_no_prediction_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "pred.jsonl"
    path.write_text('{"id": "x"}\n' + line)
    with pytest.raises(EvaluationError, match=r"line 2 of pred\.jsonl"):
        read_predictions(path)


def test_two_predictions_of_one_document_are_an_error(tmp_path: Path) -> None:
    path = tmp_path / "pred.jsonl"
    path.write_text('{"id": "x"}\n{"id": "x"}\n')
    with pytest.raises(EvaluationError, match="twice"):
        read_predictions(path)
    with pytest.raises(EvaluationError, match="cannot be read"):
        read_predictions(tmp_path / "absent")


def _files(folder: Path) -> tuple[Path, Path]:
    pred, gold_file = folder / "pred.jsonl", folder / "gold.jsonl"
    pred.write_text(FIRST.model_dump_json() + "\n")
    gold_file.write_text("".join(json.dumps(record) + "\n" for record in GOLD))
    return pred, gold_file


def test_the_command_writes_scores_report_and_alignments(tmp_path: Path) -> None:
    pred, gold_file = _files(tmp_path)
    assert len(list(read_gold_file(gold_file))) == 3
    evaluate(pred, gold_file, out=tmp_path / "out")
    groups = json.loads((tmp_path / "out" / "scores.json").read_text())
    assert groups["a"]["kie"]["normalised"]["score"] == 3.0
    report = (tmp_path / "out" / "report.md").read_text()
    assert "| a | 2 | 1 |" in report
    diffs = [path.read_text() for path in sorted((tmp_path / "out" / "diffs").iterdir())]
    assert any('~    2    2  text="cake"  amount="7.00" -> null' in text for text in diffs)


def test_kinds_may_be_named(tmp_path: Path) -> None:
    pred, gold_file = _files(tmp_path)
    kinds = tmp_path / "kinds.json"
    kinds.write_text('{"fields": {"total": "text"}}')
    evaluate(pred, gold_file, out=tmp_path / "out", kinds=kinds)
    groups = json.loads((tmp_path / "out" / "scores.json").read_text())
    assert groups["a"]["kie"]["normalised"]["fields"]["total"]["score"] == 0.0
    for wrong in ('{"fields": {"total": "money"}}', "[1]", "{"):
        kinds.write_text(wrong)
        with pytest.raises(EvaluationError, match="kind"):
            evaluate(pred, gold_file, kinds=kinds)


def test_a_cell_of_the_report_cannot_break_its_table() -> None:
    odd = GoldRecord(id="x|y\n<b>", file="f", dataset="a", doc_type="d", kie={"k|ey": "1"})
    record = PredRecord(id=odd.id, value={"k|ey": "2"})
    report = report_markdown(score_run(preds(record), [odd]), title="t")
    assert "x\\|y &lt;b>" in report
    assert "k\\|ey" in report


def _gold(number: int, *, rows: bool = True) -> GoldRecord:
    items = [{"item": "a", "price": "1.00"}] if rows else None
    return GoldRecord.model_validate(
        {
            **{"id": str(number), "file": "x", "dataset": "d", "doc_type": "t"},
            **{"kie": {"total": "5.00"}, "line_items": items},
        }
    )


def _pred(number: int, **value: object) -> PredRecord:
    return PredRecord.model_validate({"id": str(number), "value": value})


_ROWS = [{"item": "a", "price": "1.00"}]


def test_null_answers_have_no_say_in_calibration() -> None:
    metadata = {"total": {"confidence": 0.9}, "tip": {"confidence": 0.99}}
    pred = PredRecord.model_validate(
        {"id": "1", "value": {"total": "5.00", "tip": None}, "metadata": metadata}
    )
    scores = score_run({"1": pred}, [_gold(1)])
    assert scores.documents[0].confidences == ((0.9, True),)


@pytest.mark.parametrize("left_out", [{}, {"line_items": None}, {"line_items": []}])
def test_rows_left_out_are_missed_where_the_run_was_asked_for_rows(left_out: dict[str, object]) -> None:
    preds = {"1": _pred(1, total="5.00", line_items=_ROWS), "2": _pred(2, total="5.00", **left_out)}
    lir = score_run(preds, [_gold(1), _gold(2)]).groups["d"].lir
    assert lir is not None
    assert (lir["exact"].n_documents, lir["exact"].recall) == (2, 0.5)


def test_a_failed_document_misses_what_was_asked_and_no_more() -> None:
    fields_only = score_run({"1": _pred(1, total="5.00")}, [_gold(1), _gold(2)]).groups["d"]
    assert fields_only.lir is None
    assert fields_only.kie["exact"].recall == 0.5
    rows_only = score_run({"1": _pred(1, line_items=_ROWS)}, [_gold(1), _gold(2)]).groups["d"]
    assert rows_only.kie["exact"].n_gold == 0
    assert rows_only.lir is not None
    assert rows_only.lir["exact"].recall == 0.5


def test_rows_that_are_null_are_no_field() -> None:
    preds = {"1": _pred(1, total="5.00", line_items=None), "2": _pred(2, total="5.00", line_items=_ROWS)}
    assert set(score_run(preds, [_gold(1), _gold(2)]).groups["d"].kie["exact"].fields) == {"total"}


@pytest.mark.parametrize(
    "odd",
    [
        {"value": {"total": "5.00"}, "error": "boom"},
        {"value": {"total": "5.00"}, "metadata": {"total": {"confidence": 7}}},
        {"value": {"total": "5.00"}, "metadata": {"total": {"confidence": float("nan")}}},
    ],
)
def test_records_that_make_no_sense_are_refused(odd: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PredRecord.model_validate({"id": "1", **odd})


def test_a_field_may_be_called_extraction(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text('{"id": "1", "value": {"extraction": "x", "file": "y"}}\n')
    assert read_predictions(path)["1"].value == {"extraction": "x", "file": "y"}


_COLUMNS = Kinds(columns={"text": "text", "amount": "amount", "n": "amount"})


def _lir_f1(rows: list[JsonValue], golds: list[dict[str, JsonValue]], kinds: Kinds = _COLUMNS) -> float:
    record = GoldRecord(id="1", file="1", dataset="d", doc_type="t", line_items=golds)
    lir = score_run({"1": _pred(1, line_items=rows)}, [record], kinds={"d": kinds}).groups["d"].lir
    assert lir is not None
    return lir["normalised"].f1


def test_a_sides_own_amounts_say_how_its_ambiguous_ones_are_read() -> None:
    printed: list[JsonValue] = [{"n": "3", "amount": "1.191,00"}, {"n": "1.000", "amount": "573,00"}]
    exported: list[dict[str, JsonValue]] = [
        {"n": "3.000", "amount": "1191.00"},
        {"n": "1000.000", "amount": "573.00"},
    ]
    assert _lir_f1(printed, exported) == 1.0
    assert _lir_f1([{"n": "3000", "amount": "1,191.00"}], [{"n": "3.000", "amount": "1191.00"}]) == 0.5


def test_where_a_side_does_not_say_the_other_does() -> None:
    assert _lir_f1([{"n": "3"}], [{"n": "3.000", "amount": "191.00"}]) == 1.0
    assert _lir_f1([{"n": "3.000"}], [{"n": "3.000", "amount": "191.00"}]) == 1.0
    assert _lir_f1([{"n": "3.000"}], [{"n": "3000"}]) == 1.0


def test_numbers_of_json_are_what_they_are() -> None:
    assert _lir_f1([{"n": 3.125}], [{"n": "3.1250", "amount": None}]) == 1.0
    assert _lir_f1([{"n": 3125}], [{"n": 3.125}]) == 0.0
    record = GoldRecord(id="1", file="1", dataset="d", doc_type="t", kie={"total": "3.1250"})
    kinds = {"d": Kinds(fields={"total": "amount"})}
    assert (
        score_run({"1": _pred(1, total=3.125)}, [record], kinds=kinds).groups["d"].kie["normalised"].f1 == 1.0
    )


def test_a_named_kind_goes_before_a_guessed_one() -> None:
    golds: list[dict[str, JsonValue]] = [{"n": "10"}]
    assert _lir_f1([{"n": "10,00"}], golds, Kinds()) == 0.0
    assert _lir_f1([{"n": "10,00"}], golds) == 1.0


def test_a_normal_form_has_a_point_before_its_decimals() -> None:
    kinds = {"d": Kinds(fields={"total": "amount"})}
    record = GoldRecord(id="1", file="1", dataset="d", doc_type="t", kie={"total": "1,2340"})
    said = PredRecord(
        id="1", value={"total": "1.234 EUR"}, metadata={"total": FieldMetadata(normalised="1.234")}
    )
    assert score_run({"1": said}, [record], kinds=kinds).groups["d"].kie["normalised"].f1 == 1.0
