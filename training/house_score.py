"""How well a model extracts: by the service's own pipeline, on synthetic pages and labelled transcripts."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from app.bench.gold_set import GoldAnswer, answer_kinds, answer_line, gold_record
from app.bench.run import RunLine
from app.errors import is_configuration
from app.extraction.options import ExtractionOptions
from app.extraction.pipeline import Pipeline
from eval.datasets import GoldRecord
from eval.predictions import ROWS_KEY
from eval.run_scores import GroupScores, group_scores
from eval.scoring import DocumentScore, score_document
from schemas.errors import EngineUnavailableError, EvaluationError, RasgError
from schemas.spec import ArraySpec, ExtractionSchema, FieldKind, FieldSpec, ObjectSpec, Spec
from training.house_eval import receipt_schema
from training.synthesis.sample import SyntheticDocument
from training.transcripts import ROW_COLUMNS, LabelledTranscript, read_transcripts

_DATASET = "house"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(GoldAnswer):
    """One page, what is asked and the right answers (null: not on the page)."""

    case_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """What was answered to a case, how it came out, and the seconds it took."""

    gold: GoldRecord
    pred: RunLine
    score: DocumentScore
    seconds: float


def transcript_cases(path: Path, *, n: int) -> tuple[Case, ...]:
    """Return the first `n` labelled receipts, asked for the four fields of SROIE."""
    schema = receipt_schema()
    records = read_transcripts(path)
    return tuple(
        Case(
            case_id=item.document_id,
            document=item.document,
            schema=schema,
            value={key: item.kie.get(key) for key, _ in schema.root.properties},
        )
        for _, item in zip(range(n), records, strict=False)
    )


def annotated_cases(path: Path, *, n: int) -> tuple[Case, ...]:
    """Return the first `n` labelled transcripts, each asked for the fields and columns it is annotated with.

    Columns in which no row has a cell are not asked for. A transcript without any annotation is left out.
    """
    items = (item for item in read_transcripts(path) if item.kie or item.line_items)
    return tuple(_annotated_case(item) for _, item in zip(range(n), items, strict=False))


def _annotated_case(item: LabelledTranscript) -> Case:
    rows = item.line_items or ()
    columns = sorted({column for row in rows for column, cell in row.items() if cell is not None}, key=_order)
    properties: list[tuple[str, Spec]] = [
        (key, _annotated_field(key)) for key in sorted(item.kie, key=_order)
    ]
    value: dict[str, JsonValue] = {key: item.kie[key] for key, _ in properties}
    if columns:
        row = ObjectSpec(properties=tuple((column, _annotated_field(column)) for column in columns))
        properties.append((ROWS_KEY, ArraySpec(item=row)))
        value[ROWS_KEY] = [{column: row.get(column) for column in columns} for row in rows]
    root = ObjectSpec(properties=tuple(properties))
    schema = ExtractionSchema(name="annotated", root=root, json_schema="{}")
    return Case(case_id=item.document_id, document=item.document, schema=schema, value=value)


def _annotated_field(key: str) -> FieldSpec:
    kind, description = _ANNOTATED.get(key, ("verbatim", ""))
    return FieldSpec(kind=kind, description=description)


def _order(key: str) -> tuple[int, str]:
    names = tuple(_ANNOTATED)
    return (names.index(key) if key in names else len(names), key)


# In the order in which they are asked for; others come after them, by name, as text.
_ANNOTATED: Mapping[str, tuple[FieldKind, str]] = {
    "invoice_number": ("verbatim", "Invoice number"),
    "invoice_date": ("date", "Date of the invoice"),
    "total": ("amount", "Total amount"),
    **ROW_COLUMNS,
}


def synthetic_cases(samples: Iterable[SyntheticDocument]) -> tuple[Case, ...]:
    """Return synthetic documents as cases."""
    return tuple(
        Case(case_id=f"synthetic/{i}", document=sample.document, schema=sample.schema, value=sample.gold)
        for i, sample in enumerate(samples)
    )


def score(pipeline: Pipeline, cases: Iterable[Case], *, options: ExtractionOptions) -> Iterator[CaseResult]:
    """Yield the result of each case; one that cannot be answered misses all of its values.

    Values are compared by the kinds that the case's own schema asks for.

    Raises
    ------
    EngineUnavailableError, ConfigurationError
        If no case can be answered as things are set up.
    """
    for case in cases:
        gold = gold_record(case, record_id=case.case_id, dataset=_DATASET)
        started = time.perf_counter()
        pred = _answered(pipeline, case, gold, options)
        yield CaseResult(
            gold=gold,
            pred=pred,
            score=score_document(pred, gold, kinds=answer_kinds(case.schema)),
            seconds=time.perf_counter() - started,
        )


def _answered(pipeline: Pipeline, case: Case, gold: GoldRecord, options: ExtractionOptions) -> RunLine:
    try:
        extraction = pipeline.extract_document(case.document, case.schema, options=options)
    except RasgError as error:
        if is_configuration(error) or isinstance(error, EngineUnavailableError):
            raise
        return RunLine(id=gold.id, dataset=gold.dataset, error=error.code)
    return answer_line(case, gold, extraction)


def figures(results: Iterable[CaseResult]) -> GroupScores:
    """Return KIE of the fields and GLIRM of the rows, over all results together.

    Raises
    ------
    EvaluationError
        If there is no result.
    """
    scores = [result.score for result in results]
    if not scores:
        raise EvaluationError("there is no document to score")
    return group_scores(scores)


def to_json(result: CaseResult) -> str:
    """Return the result as one line of JSON; a field that is null on both sides is right."""
    gold, rows = result.gold, result.score.rows
    record = {
        "id": gold.id,
        "pred": result.pred.value,
        "gold": gold.kie if gold.line_items is None else {**gold.kie, ROWS_KEY: gold.line_items},
        "right": {r.field: r.outcome in ("right", "absent") for r in result.score.fields["normalised"]},
        "rows_f1": None if rows is None else rows["normalised"].f1,
        "error": result.pred.error,
        "n_completion_tokens": 0 if result.pred.usage is None else result.pred.usage.n_completion_tokens,
        "seconds": round(result.seconds, 3),
    }
    return json.dumps(record, ensure_ascii=False)
