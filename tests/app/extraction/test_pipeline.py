"""The whole way of a document with random weights: every answer is valid and grounded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from pydantic import JsonValue

from app.extraction.options import ExtractionOptions
from app.extraction.pipeline import Pipeline
from decoding.engines.embedded import EmbeddedEngine
from decoding.engines.engine import EngineRequest
from ocr.reader import ReadOptions, read_document
from schemas.document import Document
from schemas.errors import EmptyDocumentError, TruncatedOutputError
from schemas.extraction import Completion
from schemas.model_profile import ModelProfile
from schemas.prompt import Prompt
from schemas.registry import from_json_schema, get_schema
from schemas.spec import GROUNDED_KINDS, ArraySpec, FieldSpec, Spec
from schemas.validate import validate_output
from schemas.walk import values_by_path
from tests.decoding.engines.tiny_model import make_model
from tests.paths import ROOT

SAMPLES = (("invoice.pdf", "invoice"), ("order.pdf", "purchase_order"), ("receipt.png", "receipt"))
OPTIONS = ExtractionOptions(n_candidates=1, max_tokens=900)

DEMANDING: dict[str, JsonValue] = {
    "type": "object",
    "properties": {
        "date": {"type": "string", "x-rasg-kind": "date"},
        "rows": {"type": "array", "minItems": 1, "items": {"type": "string"}},
    },
    "required": ["date", "rows"],
}


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    engine = EmbeddedEngine(make_model(tmp_path_factory.mktemp("random"), seed=11))
    return Pipeline(engine=engine, read_options=ReadOptions(n_workers=1, engine="tesserocr"))


def page_spans(document: Document) -> str:
    """Return what every text of a page may run along, one run a line, fenced by spaces."""
    runs = ([page.words[i].text for i in run] for page in document.pages for run in page.runs())
    return "\n".join(f" {' '.join(run)} " for run in runs)


def grounded_texts(spec: Spec, value: JsonValue) -> list[str]:
    """Return the texts of all leaves that must stand on the page."""
    if isinstance(spec, FieldSpec):
        return [str(value)] if spec.kind in GROUNDED_KINDS and value is not None else []
    if isinstance(spec, ArraySpec):
        rows = value if isinstance(value, list) else []
        return [text for row in rows for text in grounded_texts(spec.item, row)]
    values = value if isinstance(value, dict) else {}
    return [text for key, child in spec.properties for text in grounded_texts(child, values.get(key))]


@pytest.mark.parametrize(("sample", "schema_name"), SAMPLES)
def test_a_random_model_writes_valid_and_grounded_answers(
    pipeline: Pipeline, sample: str, schema_name: str
) -> None:
    schema = get_schema(schema_name)
    result = pipeline.extract((ROOT / "samples" / sample).read_bytes(), schema, options=OPTIONS)
    value = result.extraction.output.value
    assert validate_output(value, schema) == ()
    texts = grounded_texts(schema.root, value)
    page = page_spans(result.document)
    assert texts
    assert [text for text in texts if f" {text} " not in page] == []
    cited = [entry for entry in result.extraction.output.metadata.values() if entry.citations]
    assert len(cited) >= len(texts)


def test_stages_are_announced_in_order_and_timed(pipeline: Pipeline) -> None:
    stages: list[str] = []
    data = (ROOT / "samples" / "invoice.pdf").read_bytes()
    result = pipeline.extract(data, get_schema("invoice"), options=OPTIONS, on_progress=stages.append)
    assert stages == ["read", "prompt", "decode", "ground"]
    assert set(result.extraction.usage.stage_seconds) == set(stages)


@pytest.mark.parametrize(("threshold", "warned"), [(0.0, False), (1.0, True)])
def test_the_models_profile_says_which_confidence_is_low(
    pipeline: Pipeline, threshold: float, warned: bool
) -> None:
    unsure = replace(pipeline, profile=ModelProfile(low_confidence=threshold))
    data = (ROOT / "samples" / "receipt.png").read_bytes()
    found = unsure.extract(data, get_schema("receipt"), options=OPTIONS).extraction.warnings
    assert any(warning.code == "low_confidence" for warning in found) is warned


def test_a_cut_answer_is_a_valid_partial_result_with_a_warning(pipeline: Pipeline) -> None:
    schema = get_schema("invoice")
    document = read_document((ROOT / "samples" / "invoice.pdf").read_bytes())
    extraction = pipeline.extract_document(
        document, schema, options=OPTIONS.model_copy(update={"max_tokens": 25})
    )
    assert extraction.status == "partial"
    assert "truncated" in {warning.code for warning in extraction.warnings}
    assert validate_output(extraction.output.value, schema) == ()


def test_an_empty_document_gives_nulls_or_a_typed_error(pipeline: Pipeline) -> None:
    document = Document(sha256="0" * 64, media_type="application/pdf", pages=())
    extraction = pipeline.extract_document(document, get_schema("receipt"), options=OPTIONS)
    assert extraction.output.value["vendor_name"] is None
    demanding = from_json_schema(
        {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}, name="demanding"
    )
    with pytest.raises(EmptyDocumentError):
        pipeline.extract_document(document, demanding, options=OPTIONS)


def test_a_document_longer_than_the_context_is_read_in_windows(pipeline: Pipeline) -> None:
    document = read_document((ROOT / "samples" / "invoice.pdf").read_bytes())
    page = document.pages[0]
    many = replace(document, pages=tuple(replace(page, page_index=i) for i in range(3)))
    schema = get_schema("invoice")
    extraction = pipeline.extract_document(many, schema, options=OPTIONS)
    assert extraction.usage.n_windows > 1
    assert validate_output(extraction.output.value, schema) == ()


def test_no_window_has_more_words_than_a_grammar_can_take(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = read_document((ROOT / "samples" / "invoice.pdf").read_bytes())
    monkeypatch.setattr("app.extraction.window_extractor._MAX_WINDOW_WORDS", document.n_words // 3)
    extraction = pipeline.extract_document(document, get_schema("generic_form"), options=OPTIONS)
    assert extraction.usage.n_windows > 2


def test_a_long_document_gives_a_demanded_value_once(pipeline: Pipeline) -> None:
    """The last pages show one word each: not every window can fill a date, one has to."""
    document = read_document((ROOT / "samples" / "invoice.pdf").read_bytes())
    page = document.pages[0]
    bare = replace(page, words=page.words[:1], lines=((0, 1),), block_order=(0,), cuts=frozenset())
    pages = (*(replace(page, page_index=i) for i in range(5)), replace(bare, page_index=5))
    schema = from_json_schema(DEMANDING, name="demanding")
    extraction = pipeline.extract_document(replace(document, pages=pages), schema, options=OPTIONS)
    assert extraction.usage.n_windows > 1
    assert validate_output(extraction.output.value, schema) == ()
    assert extraction.output.value["date"]
    assert extraction.output.value["rows"]


class Cutting:
    """An engine whose first answers are cut after a few tokens."""

    def __init__(self, engine: EmbeddedEngine, n_cut: int) -> None:
        self.engine = engine
        self.n_cut = n_cut
        self.name, self.model = engine.name, engine.model
        self.max_context_tokens, self.base_sha256 = engine.max_context_tokens, engine.base_sha256

    def count_tokens(self, prompt: Prompt) -> int:
        return self.engine.count_tokens(prompt)

    def close(self) -> None:
        self.engine.close()

    def complete(self, requests: Sequence[EngineRequest]) -> tuple[Completion, ...]:
        completions: list[Completion] = []
        for request in requests:
            self.n_cut -= 1
            short = replace(request, max_tokens=8) if self.n_cut >= 0 else request
            completions += self.engine.complete([short])
        return tuple(completions)


def test_what_a_cut_answer_lacks_is_asked_for_again(pipeline: Pipeline) -> None:
    document = read_document((ROOT / "samples" / "invoice.pdf").read_bytes())
    schema = from_json_schema(DEMANDING, name="demanding")
    assert isinstance(pipeline.engine, EmbeddedEngine)
    cutting = Pipeline(engine=Cutting(pipeline.engine, 1), read_options=pipeline.read_options)
    extraction = cutting.extract_document(document, schema, options=OPTIONS)
    assert extraction.status == "partial"
    assert validate_output(extraction.output.value, schema) == ()
    always = Pipeline(engine=Cutting(pipeline.engine, 99), read_options=pipeline.read_options)
    with pytest.raises(TruncatedOutputError, match="date"):
        always.extract_document(document, schema, options=OPTIONS)


def test_a_value_read_from_one_window_is_cited_there(pipeline: Pipeline) -> None:
    """All pages are alike: only the window tells on which of them a value was read."""
    document = read_document((ROOT / "samples" / "invoice.pdf").read_bytes())
    page = document.pages[0]
    bare = replace(page, words=page.words[:1], lines=((0, 1),), block_order=(0,), cuts=frozenset())
    pages = (*(replace(bare, page_index=i) for i in range(3)), replace(page, page_index=3))
    schema = from_json_schema(DEMANDING, name="demanding")
    extraction = pipeline.extract_document(replace(document, pages=pages), schema, options=OPTIONS)
    assert extraction.output.metadata["date"].citations[0].page_number == 4


def test_metadata_is_keyed_by_the_printed_path_of_each_value(pipeline: Pipeline) -> None:
    text: JsonValue = {"type": ["string", "null"]}
    party: JsonValue = {"type": "object", "properties": {"a.b": text}}
    rows: JsonValue = {"type": "array", "items": party, "minItems": 1}
    odd: JsonValue = {"Box [1]": text, "Lines [a]": rows, "party": party}
    schema = from_json_schema({"type": "object", "properties": odd}, name="odd")
    document = read_document((ROOT / "samples" / "invoice.pdf").read_bytes())
    output = pipeline.extract_document(document, schema, options=OPTIONS).output
    assert output.metadata.keys() == values_by_path(dict(output.value)).keys()
    assert {'["Box [1]"]', '["Lines [a]"][0]["a.b"]', 'party["a.b"]'} <= output.metadata.keys()
