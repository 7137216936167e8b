"""What of an example is shown to the model, and what is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import JsonValue

from app.examples.service import ExampleService
from app.extraction.options import ExtractionOptions
from app.extraction.pipeline import Pipeline
from app.extraction.prompt_examples import build_trace, to_prompt_example
from app.extraction.tenant import TenantContext
from decoding.engines.embedded import EmbeddedEngine
from decoding.engines.engine import EngineRequest
from decoding.windows import cut_windows
from ocr.reader import ReadOptions, read_document
from retrieval.index import ExampleIndex
from schemas.errors import RetrievalError
from schemas.extraction import Completion
from schemas.registry import from_json_schema
from schemas.spec import ExtractionSchema
from tests.app.bills import AMOUNT, FIRST, SCHEMA, VALUE, finder_of
from tests.decoding.engines.tiny_model import make_model
from tests.decoding.pages import document_of
from tests.ocr.files import pdf, text_at


class Recording(EmbeddedEngine):
    """An engine that remembers what it was asked."""

    def __init__(self, folder: Path) -> None:
        super().__init__(make_model(folder, seed=5))
        self.requests: list[EngineRequest] = []

    def complete(self, requests: Sequence[EngineRequest]) -> tuple[Completion, ...]:
        self.requests += requests
        return super().complete(requests)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return Recording(tmp_path_factory.mktemp("recording"))


OPTIONS = ExtractionOptions(n_candidates=1, max_tokens=200)
NEXT = ["ACME Ltd", "9 April 2026", "Red pen 3,10", "Chair 99,00", "Total 102,10"]


def _pipeline(engine: Recording, book: ExampleService) -> Pipeline:
    engine.requests.clear()
    return Pipeline(engine=engine, read_options=ReadOptions(), tenant=TenantContext(examples=finder_of(book)))


def test_the_nearest_example_is_shown_before_the_page(engine: Recording, book: ExampleService) -> None:
    (example,) = book.add(document_of(FIRST), SCHEMA, VALUE, source="annotated", confirmed_by="me").examples
    document = replace(document_of(NEXT), sha256="a" * 64)
    extraction = _pipeline(engine, book).extract_document(document, SCHEMA, options=OPTIONS)
    (use,) = extraction.examples
    assert (use.example_id, use.page_numbers) == (example.example_id, (1,))
    assert 0.3 < use.similarity_score < 1.0
    system, page, answer, query = engine.requests[0].prompt.messages
    assert [m.role for m in (system, page, answer, query)] == ["system", "user", "assistant", "user"]
    assert page.content == example.text
    assert answer.content.startswith('{"vendor":"ACME Ltd","date":"12 March 2026","total":"1.234,56"')
    assert "Chair" in query.content


def test_no_value_of_the_example_can_be_answered(engine: Recording, book: ExampleService) -> None:
    book.add(document_of(FIRST), SCHEMA, VALUE, source="annotated", confirmed_by="me")
    document = replace(document_of(NEXT), sha256="a" * 64)
    extraction = _pipeline(engine, book).extract_document(document, SCHEMA, options=OPTIONS)
    page = " ".join(NEXT)
    for path, value in extraction.output.value.items():
        if path in {"vendor", "date", "total"} and value is not None:
            assert str(value) in page


def test_without_examples_nothing_is_sought(engine: Recording, book: ExampleService) -> None:
    book.add(document_of(FIRST), SCHEMA, VALUE, source="annotated", confirmed_by="me")
    document = replace(document_of(NEXT), sha256="a" * 64)
    options = OPTIONS.model_copy(update={"n_examples": 0})
    extraction = _pipeline(engine, book).extract_document(document, SCHEMA, options=options)
    assert extraction.examples == ()
    assert len(engine.requests[0].prompt.messages) == 2


def test_an_example_that_leaves_the_answer_no_room_is_dropped_with_a_warning(
    engine: Recording, book: ExampleService
) -> None:
    many = [f"line {n} of ACME Ltd, 12 March 2026, Total 1.234,56" for n in range(300)]
    book.add(document_of([*FIRST, *many]), SCHEMA, VALUE, source="annotated", confirmed_by="me")
    document = replace(document_of([*NEXT, *many[:3]]), sha256="a" * 64)
    extraction = _pipeline(engine, book).extract_document(document, SCHEMA, options=OPTIONS)
    assert extraction.examples == ()
    assert "example_dropped" in {warning.code for warning in extraction.warnings}


def test_a_store_that_fails_costs_the_example_and_not_the_answer(
    engine: Recording, book: ExampleService, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.add(document_of(FIRST), SCHEMA, VALUE, source="annotated", confirmed_by="me")

    def fail(*_: object, **__: object) -> None:
        raise RetrievalError("gone")

    monkeypatch.setattr(ExampleIndex, "rank", fail)
    document = replace(document_of(NEXT), sha256="a" * 64)
    extraction = _pipeline(engine, book).extract_document(document, SCHEMA, options=OPTIONS)
    assert extraction.examples == ()
    assert "examples_unavailable" in {warning.code for warning in extraction.warnings}


def test_the_examples_reasoning_is_shown_where_reasoning_is_asked(book: ExampleService) -> None:
    book.add(document_of(FIRST), SCHEMA, VALUE, source="annotated", confirmed_by="me")
    narrow: ExtractionSchema = from_json_schema(
        {"title": "narrow", "type": "object", "properties": {"total": AMOUNT}}
    )
    document = replace(document_of(NEXT), sha256="a" * 64)
    (hit,) = finder_of(book).find(document, narrow, k=1).hits
    traced = to_prompt_example(hit, narrow, reasoning="brief", structured=True)
    assert traced.answer_json == '{"reasoning":"total < Total 1.234,56","total":"1.234,56"}'
    plain = to_prompt_example(hit, narrow, reasoning="off", structured=False)
    assert plain.answer_json == '{"total":"1.234,56"}'
    assert "  " not in plain.layout_text


def _built(evidence: Sequence[str], answer: dict[str, JsonValue]) -> list[str]:
    text: JsonValue = {"type": "string"}
    party: JsonValue = {"type": "object", "properties": {"name": text}}
    schema = from_json_schema(
        {
            "title": "order",
            "type": "object",
            "properties": {
                "buyer": party,
                "seller": party,
                "buyer's no": text,
                "total": AMOUNT,
                "lines": {"type": "array", "items": text},
            },
        }
    )
    return build_trace(evidence, answer, schema).split("; ")


def test_a_trace_has_a_line_for_every_key_whatever_the_evidence() -> None:
    assert _built([], {}) == [
        "name < none",
        "name < none",
        "buyers no < none",
        "total < none",
        "lines < 0 rows",
    ]
    answer: dict[str, JsonValue] = {
        "buyer": {"name": "ACME"},
        "buyer's no": "7",
        "total": "9",
        "lines": ["a"],
    }
    assert _built(["other < x", "no line at all", ""], answer) == [
        "name < page",
        "name < none",
        "buyers no < page",
        "total < page",
        "lines < 1 rows",
    ]


def test_keys_that_a_line_cannot_write_and_keys_of_two_objects_find_their_lines() -> None:
    answer: dict[str, JsonValue] = {
        "buyer": {"name": "ACME"},
        "seller": {"name": "Bolt"},
        "buyer's no": "7",
        "total": "9",
        "lines": ["a", "b"],
    }
    pages = ["name < To: ACME", "name < Bolt Ltd", "buyers no < No 7", "total < none", "lines < 1 rows"]
    pages += ["name < Bolt, page 2", "total < Total 9", "lines < 1 rows"]
    assert _built(pages, answer) == [
        "name < To: ACME",
        "name < Bolt Ltd",
        "buyers no < No 7",
        "total < Total 9",
        "lines < 2 rows",
    ]


def test_windows_of_a_long_document_are_searched_for_apart(book: ExampleService) -> None:
    book.add(document_of(FIRST), SCHEMA, VALUE, source="annotated", confirmed_by="me")
    document = replace(document_of(["nothing like it", "at all"], NEXT), sha256="a" * 64)
    windows = cut_windows(document, fits=lambda part: len(part.document.pages) < 2)
    finder = finder_of(book)
    found = [finder.find(window.document, SCHEMA, k=1).hits for window in windows]
    assert [len(hits) for hits in found] == [0, 1]


def test_pages_read_from_files_are_compared_by_their_pictures_too(book: ExampleService) -> None:
    data = pdf("".join(text_at(72, 700 - 30 * i, line) for i, line in enumerate(FIRST)))
    document = read_document(data, options=ReadOptions(thumbnails=True))
    (example,) = book.add(document, SCHEMA, VALUE, source="annotated", confirmed_by="me").examples
    assert example.page_hash is not None
    assert len(example.page_hash) == 32
