"""Documents through the pipeline: one line of JSON each, and nothing done twice.

Readings are kept beside the predictions, so that the next engine does not read again: delete the folder
after a change to `ocr/`. They are pickles, this benchmark's own: never load a folder from elsewhere.
"""

from __future__ import annotations

import json
import pickle
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from app.answering import ExtractionOptions
from app.pipeline import Pipeline
from benchmarks.asked import FIELDS, dataset_schema
from eval.datasets import GoldRecord, read_gold
from eval.kie import FieldResult, Outcome, Pred, ValueKind, gold_values, kie_results
from ocr.reader import read_document
from schemas.document import Document
from schemas.errors import RasgError
from schemas.extraction import Extraction
from schemas.spec import GROUNDED_KINDS
from schemas.validate import validate_output

_KINDS: dict[str, ValueKind] = {"amount": "amount", "date": "date"}


def first_records(folder: Path, dataset: str, n: int | None) -> tuple[GoldRecord, ...]:
    """Return the first `n` records of a data set, all for None."""
    records = tuple(read_gold(folder / dataset))
    return records if n is None else records[:n]


def predict(
    pipeline: Pipeline,
    folder: Path,
    records: tuple[GoldRecord, ...],
    path: Path,
    *,
    announce: Callable[[str], None],
    n_in_flight: int = 1,
) -> None:
    """Append one prediction line for each record that `path` does not hold yet, in any order.

    `n_in_flight` documents are decoded at a time: a server batches them. What failed is tried again. Answers
    that are there are kept whatever made them: give each model and version a folder of its own.
    """
    answered = [line for line in read_lines(path) if "error" not in line]
    path.write_text("".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in answered), "utf-8")
    done = {line["id"] for line in answered}
    lock = threading.Lock()
    with path.open("a", encoding="utf-8") as lines, ThreadPoolExecutor(n_in_flight) as pool:

        def one(record: GoldRecord) -> None:
            announce(record.id)
            line = json.dumps(_predicted(pipeline, folder, record, path.parent / "reads"), ensure_ascii=False)
            with lock:
                lines.write(line + "\n")
                lines.flush()

        for _ in pool.map(one, (record for record in records if record.id not in done)):
            pass


def read_once(data: bytes, pipeline: Pipeline, kept: Path) -> tuple[Document, float]:
    """Return the document as read, from the file `kept` if it is there, and the seconds that reading took."""
    if kept.is_file():
        return pickle.loads(kept.read_bytes())
    started = time.perf_counter()
    document = read_document(data, options=pipeline.read_options)
    result = document, time.perf_counter() - started
    kept.parent.mkdir(parents=True, exist_ok=True)
    part = kept.with_suffix(".part")
    part.write_bytes(pickle.dumps(result))
    part.replace(kept)
    return result


def read_lines(path: Path) -> tuple[dict[str, Any], ...]:
    """Return the lines of a predictions file; none if there is no file, and not a last one that was cut."""
    if not path.is_file():
        return ()
    *lines, _ = path.read_text(encoding="utf-8").split("\n")
    return tuple(json.loads(line) for line in lines)


def _predicted(pipeline: Pipeline, folder: Path, record: GoldRecord, reads: Path) -> dict[str, Any]:
    line: dict[str, Any] = {"id": record.id, "dataset": record.dataset}
    schema = dataset_schema(record.dataset)
    try:
        data = (folder / record.dataset / record.file).read_bytes()
        document, read_s = read_once(data, pipeline, reads / f"{record.id.replace('/', '.')}.pickle")
        extraction = pipeline.extract_document(document, schema, options=ExtractionOptions(max_tokens=512))
    except RasgError as error:
        return {**line, "error": error.code, "outcomes": _outcomes(record, None)}
    problems = validate_output(extraction.output.value, schema)
    return {
        **line,
        "value": extraction.output.value,
        "gold": {key: record.kie.get(key) for key, _, _ in FIELDS[record.dataset]},
        "outcomes": _outcomes(record, extraction),
        "valid": not problems,
        "grounded": _grounded(extraction, document, record.dataset),
        "warnings": sorted({warning.code for warning in extraction.warnings}),
        "n_pages": extraction.usage.n_pages,
        "n_windows": extraction.usage.n_windows,
        "n_completion_tokens": extraction.usage.n_completion_tokens,
        "stage_seconds": {"read": read_s, **extraction.usage.stage_seconds},
        "read_cpu_seconds": dict(document.stage_seconds),
    }


def _outcomes(record: GoldRecord, extraction: Extraction | None) -> dict[str, str]:
    alternatives = record.kie_alternatives or {}
    names = [key for key, _, _ in FIELDS[record.dataset]]
    gold = {key: gold_values(record.kie.get(key), alternatives.get(key, ())) for key in names}
    pred = {key: None if extraction is None else _pred(extraction, key) for key in names}
    kinds: dict[str, ValueKind] = {k: _KINDS.get(kind, "text") for k, kind, _ in FIELDS[record.dataset]}
    return {result.field: result.outcome for result in kie_results(pred, gold, kinds=kinds)}


def field_result(name: str, outcome: Outcome) -> FieldResult:
    """Return a kept outcome as a result."""
    return FieldResult(field=name, outcome=outcome, similarity=float(outcome == "right"))


def _pred(extraction: Extraction, key: str) -> Pred | None:
    value, entry = extraction.output.value.get(key), extraction.output.metadata.get(key)
    return None if value is None else Pred(text=str(value), normalised=entry.normalised if entry else None)


def _grounded(extraction: Extraction, document: Document, dataset: str) -> list[bool]:
    """Return for each value that must stand on the page whether it does, as whole words of one order."""
    runs = tuple(_runs(document))
    texts = (
        str(extraction.output.value[key])
        for key, kind, _ in FIELDS[dataset]
        if kind in GROUNDED_KINDS and extraction.output.value.get(key) is not None
    )
    return [any(f" {text} " in run for run in runs) for text in texts]


def _runs(document: Document) -> Iterator[str]:
    for page in document.pages:
        yield f" {' '.join(word.text for word in page.words)} "
        yield f" {' '.join(page.words[i].text for i in page.block_order)} "
