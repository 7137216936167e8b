"""A correction changes the next answer, and the same file is answered as a person said."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import JsonValue

from app.examples.service import ExampleService
from app.extraction.options import ExtractionOptions
from app.extraction.pipeline import Pipeline, PipelineResult
from app.extraction.tenant import TenantContext
from decoding.engines.embedded import EmbeddedEngine
from ocr.reader import ReadOptions
from schemas.adapter import BASE
from schemas.document import Document
from schemas.extraction import Extraction
from schemas.registry import from_json_schema
from tests.app.bills import AMOUNT, SCHEMA, TEXT, VALUE, finder_of
from tests.decoding.engines.tiny_model import make_model
from tests.decoding.pages import document_of
from tests.ocr.files import pdf, text_at

NARROW = from_json_schema(
    {"title": "narrow", "type": "object", "properties": {"number": TEXT, "client": TEXT, "total": AMOUNT}}
)
OPTIONS = ExtractionOptions(n_candidates=1, max_tokens=120)
FOOT = ["Payable within 30 days", "ACME Ltd, 12 High Street, Oxford", "Registered in England"]


def _page(number: str, total: str) -> Document:
    head = ["ACME Ltd stationery and furniture", f"Number {number}", f"Total {total}"]
    return replace(document_of([*head, *FOOT]), sha256=f"{int(number):064x}")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> EmbeddedEngine:
    return EmbeddedEngine(make_model(tmp_path_factory.mktemp("taught"), seed=5))


def _pipeline(engine: EmbeddedEngine, book: ExampleService) -> Pipeline:
    finder = finder_of(book, min_similarity=0.8)
    return Pipeline(engine=engine, read_options=ReadOptions(), tenant=TenantContext(examples=finder))


def _correct(
    book: ExampleService, document: Document, answer: Extraction, right: dict[str, JsonValue]
) -> None:
    kept = book.keep(document, NARROW, answer.output.value)
    assert kept is not None
    book.feedback(kept, "corrected", value=right, confirmed_by="ada")


def test_one_correction_and_the_next_page_of_the_vendor_is_answered_right(
    engine: EmbeddedEngine, book: ExampleService
) -> None:
    pipeline = _pipeline(engine, book)
    first = _page("1001", "34.56")
    wrong = pipeline.extract_document(first, NARROW, options=OPTIONS)
    right: dict[str, JsonValue] = {"number": "1001", "client": None, "total": "34.56"}
    assert wrong.output.value != right  # the weights are random
    _correct(book, first, wrong, right)
    answer = pipeline.extract_document(_page("2044", "99.00"), NARROW, options=OPTIONS)
    assert answer.output.value == {"number": "2044", "client": None, "total": "99.00"}
    (use,) = answer.examples
    taught = [path for path, entry in answer.output.metadata.items() if entry.taught_by == use.example_id]
    assert taught
    assert all(answer.output.metadata[path].citations for path in taught if path != "client")


def test_with_lessons_off_the_model_alone_answers(engine: EmbeddedEngine, book: ExampleService) -> None:
    pipeline = _pipeline(engine, book)
    first, off = _page("1001", "34.56"), OPTIONS.model_copy(update={"lessons": False})
    wrong = pipeline.extract_document(first, NARROW, options=OPTIONS)
    _correct(book, first, wrong, {"number": "1001", "client": None, "total": "34.56"})
    answer = pipeline.extract_document(_page("2044", "99.00"), NARROW, options=off)
    assert all(entry.taught_by is None for entry in answer.output.metadata.values())


def _bill_file() -> bytes:
    lines = ("ACME Ltd", "12 March 2026", "Blue pen 34,56", "Desk 1.200,00", "Total 1.234,56")
    return pdf("".join(text_at(50, 700 - 20 * n, line) for n, line in enumerate(lines)))


def _extract(pipeline: Pipeline, data: bytes, **options: bool | str) -> Extraction:
    asked = OPTIONS.model_copy(update=options)
    (result,) = pipeline.extract_all(data, SCHEMA, options=asked, split="never")
    assert isinstance(result, PipelineResult)
    return result.extraction


def test_a_file_that_was_confirmed_is_answered_as_it_was_said(
    engine: EmbeddedEngine, book: ExampleService
) -> None:
    pipeline, data = _pipeline(engine, book), _bill_file()
    (result,) = pipeline.extract_all(data, SCHEMA, options=OPTIONS, split="never")
    assert isinstance(result, PipelineResult)
    book.add(result.document, SCHEMA, VALUE, source="annotated", confirmed_by="ada")
    known = _extract(pipeline, data)
    assert known.output.value == VALUE
    assert known.engine == "confirmed"
    assert [w.code for w in known.warnings if w.code == "known_document"] == ["known_document"]
    assert "ada" in known.warnings[0].message
    assert known.output.metadata["total"].citations[0].reference_text == "1.234,56"
    assert _extract(pipeline, data, confirmed=False).engine != "confirmed"
    assert _extract(pipeline, data, adapter=BASE).engine != "confirmed"


def test_another_tenant_knows_nothing_of_a_confirmed_file(
    engine: EmbeddedEngine, book: ExampleService
) -> None:
    pipeline, data = _pipeline(engine, book), _bill_file()
    (result,) = pipeline.extract_all(data, SCHEMA, options=OPTIONS, split="never")
    assert isinstance(result, PipelineResult)
    book.add(result.document, SCHEMA, VALUE, source="annotated", confirmed_by="ada")
    other = ExampleService(book.store, tenant="other", per_template=3)
    assert _extract(_pipeline(engine, other), data).engine != "confirmed"


def test_a_confirmed_answer_under_a_schema_that_asks_for_more_is_not_given(
    engine: EmbeddedEngine, book: ExampleService
) -> None:
    pipeline, data = _pipeline(engine, book), _bill_file()
    (result,) = pipeline.extract_all(data, NARROW, options=OPTIONS, split="never")
    assert isinstance(result, PipelineResult)
    narrow: dict[str, JsonValue] = {"number": None, "client": None, "total": "1.234,56"}
    book.add(result.document, NARROW, narrow, source="annotated", confirmed_by="ada")
    assert _extract(pipeline, data).engine != "confirmed"
