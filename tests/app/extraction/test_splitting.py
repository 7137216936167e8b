"""A file of several documents: each is extracted on its own, and says where it stands in the file."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import Mock

import pytest

from app.extraction.options import ExtractionOptions, SplitMode
from app.extraction.page_ranges import parse_page_ranges
from app.extraction.pipeline import FailedPart, Pipeline, PipelineResult
from app.extraction.splitting import DocumentPart, place_in_file, renumber, split_document
from decoding.engines.embedded import EmbeddedEngine
from decoding.splitting.groups import PageGroup
from ocr.reader import ReadOptions, read_document
from schemas.document import Document, ReadWarning
from schemas.errors import ConfigurationError, EmptyDocumentError, PageNotFoundError
from schemas.extraction import (
    Citation,
    ExampleUse,
    Extraction,
    ExtractionWarning,
    FieldMetadata,
    Output,
    Status,
    Usage,
)
from schemas.model_profile import ModelProfile
from tests.app.two_documents import FILE, SCHEMA, see_two
from tests.decoding.engines.tiny_model import make_model

OPTIONS = ExtractionOptions(n_candidates=1, max_tokens=300)


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    engine = EmbeddedEngine(make_model(tmp_path_factory.mktemp("splitting"), seed=11))
    # Random weights are sure of nothing, and that is no matter here.
    profile = ModelProfile(low_confidence=0.0)
    return Pipeline(engine=engine, read_options=ReadOptions(n_workers=1), profile=profile)


@pytest.fixture(scope="module")
def document() -> Document:
    read = read_document(FILE, options=ReadOptions(n_workers=1))
    warnings = (
        ReadWarning(code="repaired_file", message="of the file"),
        ReadWarning(code="page_rotated", message="of the third page", page_number=3),
    )
    return replace(read, warnings=warnings)


def extract(
    pipeline: Pipeline, split: SplitMode, *, pages: str | None = None
) -> tuple[PipelineResult | FailedPart, ...]:
    ranges = None if pages is None else parse_page_ranges(pages)
    return pipeline.extract_all(FILE, SCHEMA, options=OPTIONS, split=split, pages=ranges)


def done(results: tuple[PipelineResult | FailedPart, ...]) -> list[Extraction]:
    return [result.extraction for result in results if isinstance(result, PipelineResult)]


def codes(extraction: Extraction) -> set[str]:
    return {warning.code for warning in extraction.warnings}


@pytest.mark.parametrize(
    ("mode", "page_numbers"),
    [("never", [(1, 2, 3)]), ("auto", [(1,), (2, 3)]), ("pages", [(1,), (2,), (3,)])],
)
def test_parts_hold_each_page_once_under_its_new_number(
    monkeypatch: pytest.MonkeyPatch, document: Document, mode: SplitMode, page_numbers: list[tuple[int, ...]]
) -> None:
    see_two(monkeypatch)
    parts = split_document(document, mode)
    assert [part.page_numbers for part in parts] == page_numbers
    assert [page.words for part in parts for page in part.document.pages] == [p.words for p in document.pages]
    assert {part.document.sha256 for part in parts} == {document.sha256}


def test_warnings_of_reading_go_with_their_page(monkeypatch: pytest.MonkeyPatch, document: Document) -> None:
    see_two(monkeypatch)
    first, second = split_document(document, "auto")
    assert [(w.code, w.page_number) for w in first.document.warnings] == [("repaired_file", None)]
    assert [(w.code, w.page_number) for w in second.document.warnings] == [("page_rotated", 2)]
    assert (second.confidence, second.evidence) == (0.95, "a new number")
    (left,) = split_document(document, "never", pages=parse_page_ranges("2"))
    assert [w.code for w in left.document.warnings] == ["repaired_file"]


def test_a_file_without_pages_is_one_document(monkeypatch: pytest.MonkeyPatch, document: Document) -> None:
    see_two(monkeypatch)
    empty = replace(document, pages=(), warnings=())
    for mode in ("auto", "never", "pages"):
        assert split_document(empty, mode) == (DocumentPart(document=empty, page_numbers=()),)


def make_extraction(status: Status = "succeeded") -> Extraction:
    cited = [
        Citation(page_number=n, bbox=(0, 0, 1, 1), word_indices=(0,), reference_text="x") for n in (1, 2)
    ]
    return Extraction(
        document_sha256="0" * 64,
        schema_name="named",
        status=status,
        output=Output(value={"name": "x"}, metadata={"name": FieldMetadata(citations=tuple(cited))}),
        warnings=(
            ExtractionWarning(code="truncated", message="cut"),
            ExtractionWarning(code="page_rotated", message="turned", page_number=2),
        ),
        examples=(ExampleUse(example_id="e", similarity_score=0.5, page_numbers=(1, 2)),),
        usage=Usage(n_pages=2, n_windows=1, n_prompt_tokens=1, n_completion_tokens=1),
        engine="embedded",
        model="tiny",
    )


def test_pages_are_numbered_as_in_the_file_wherever_they_are_named() -> None:
    moved = renumber(make_extraction(), (4, 7))
    assert moved.page_numbers == (4, 7)
    assert [c.page_number for c in moved.output.metadata["name"].citations] == [4, 7]
    assert [w.page_number for w in moved.warnings] == [None, 7]
    assert moved.examples[0].page_numbers == (4, 7)
    assert renumber(make_extraction(), (1, 2)).output == make_extraction().output


@pytest.mark.parametrize(("before", "after"), [("succeeded", "needs_review"), ("partial", "partial")])
def test_a_doubt_asks_for_a_review_of_what_is_not_partial(
    document: Document, before: Status, after: Status
) -> None:
    doubt = ExtractionWarning(code="split_in_doubt", message="unsure", page_number=5)
    part = DocumentPart(document=document, page_numbers=(4, 5), warnings=(doubt,))
    placed = place_in_file(make_extraction(before), part, 9)
    assert placed.status == after
    assert placed.warnings[-1] == doubt


def test_each_document_is_extracted_on_its_own(monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline) -> None:
    see_two(monkeypatch)
    stages: list[str] = []
    results = pipeline.extract_all(FILE, SCHEMA, options=OPTIONS, split="auto", on_progress=stages.append)
    first, second = done(results)
    assert stages == ["read", *["prompt", "decode", "ground"] * 2]
    assert [first.page_numbers, second.page_numbers] == [(1,), (2, 3)]
    assert [first.usage.n_pages, second.usage.n_pages] == [1, 2]
    assert ("read" in first.usage.stage_seconds, "read" in second.usage.stage_seconds) == (True, False)
    assert first.document_sha256 == second.document_sha256
    for extraction in (first, second):
        (entry,) = extraction.output.metadata.values()
        assert {c.page_number for c in entry.citations} <= set(extraction.page_numbers)
        assert entry.citations
        assert not codes(extraction) & {"several_documents", "split_in_doubt"}
        assert extraction.status != "needs_review"


@pytest.mark.parametrize(("confidence", "is_doubted"), [(0.69, True), (0.7, False)])
def test_both_sides_of_a_doubtful_cut_are_reviewed(
    monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline, confidence: float, is_doubted: bool
) -> None:
    see_two(monkeypatch, confidence=confidence)
    found = done(extract(pipeline, "auto"))
    assert ["split_in_doubt" in codes(e) for e in found] == [is_doubted] * 2
    assert [e.status == "needs_review" for e in found] == [is_doubted] * 2
    if is_doubted:
        first, second = (w for e in found for w in e.warnings if w.code == "split_in_doubt")
        assert (first.page_number, second.page_number) == (1, 2)
        assert "page 1 is one whole document (0.69)" in first.message
        assert "cut before page 2 because a new number" in second.message


def test_a_file_that_may_hold_another_document_is_never_a_silent_blend(
    monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline
) -> None:
    def group(document: Document) -> tuple[PageGroup, ...]:
        # A cut of 0.8 would be sure enough; pages that go on are not.
        return (PageGroup(page_indices=tuple(range(len(document.pages))), whole_confidence=0.8),)

    monkeypatch.setattr("app.extraction.splitting.group_pages", group)
    modes: tuple[SplitMode, ...] = ("never", "auto")
    for mode in modes:
        (only,) = done(extract(pipeline, mode))
        assert only.status == "needs_review"
        assert "split_in_doubt" in codes(only)


def test_one_answer_about_two_documents_says_so(monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline) -> None:
    see_two(monkeypatch)
    extraction = pipeline.extract(FILE, SCHEMA, options=OPTIONS).extraction
    assert (extraction.status, extraction.page_numbers) == ("needs_review", ())
    (warning,) = (w for w in extraction.warnings if w.code == "several_documents")
    assert "2 documents" in warning.message
    assert "page 1; page 2 (a new number)" in warning.message
    assert "split=auto" in warning.message
    assert done(extract(pipeline, "never"))[0].warnings == extraction.warnings


def test_a_document_that_was_read_before_is_taken_as_one(
    monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline, document: Document
) -> None:
    see_two(monkeypatch)
    extraction = pipeline.extract_document(document, SCHEMA, options=OPTIONS)
    assert "several_documents" not in codes(extraction)
    assert extraction.status == "succeeded"


def test_one_document_is_as_it_was(pipeline: Pipeline) -> None:
    (found,) = done(extract(pipeline, "auto"))
    assert (found.page_numbers, found.status) == ((), "succeeded")


def test_each_page_can_be_a_document(pipeline: Pipeline) -> None:
    assert [e.page_numbers for e in done(extract(pipeline, "pages"))] == [(1,), (2,), (3,)]


def test_only_the_pages_that_are_asked_for_are_extracted(
    monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline
) -> None:
    (third,) = done(extract(pipeline, "auto", pages="3"))
    assert (third.page_numbers, third.usage.n_pages) == ((3,), 1)
    assert {c.page_number for c in third.output.metadata["name"].citations} == {3}
    see_two(monkeypatch)
    assert [e.page_numbers for e in done(extract(pipeline, "auto", pages="2-"))] == [(2,), (3,)]
    (both,) = done(extract(pipeline, "never", pages="2-"))
    assert "page 2; page 3 (a new number)" in next(
        w.message for w in both.warnings if w.code == "several_documents"
    )
    with pytest.raises(PageNotFoundError, match="no page 4"):
        extract(pipeline, "auto", pages="3-4")


def test_a_document_that_fails_takes_no_other_with_it(
    monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline, document: Document
) -> None:
    page = document.pages[0]
    bare = replace(page, words=(), lines=(), block_order=(), cuts=frozenset())
    pages = tuple(replace(p, page_index=i) for i, p in enumerate((bare, page, page)))
    read = replace(document, pages=pages)
    monkeypatch.setattr("app.extraction.pipeline.read_document", Mock(return_value=read))
    see_two(monkeypatch)
    failed, good = extract(pipeline, "auto")
    assert isinstance(failed, FailedPart)
    assert (failed.page_numbers, failed.error.code) == ((1,), "empty_document")
    assert isinstance(good, PipelineResult)
    bare_file = replace(document, pages=pages[:1], warnings=())
    monkeypatch.setattr("app.extraction.pipeline.read_document", Mock(return_value=bare_file))
    with pytest.raises(EmptyDocumentError):
        pipeline.extract(FILE, SCHEMA, options=OPTIONS)


def test_a_wrong_setting_stops_all_documents(monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline) -> None:
    def refuse(*_: object, **__: object) -> Extraction:
        raise ConfigurationError("no such setting")

    monkeypatch.setattr(Pipeline, "extract_document", refuse)
    with pytest.raises(ConfigurationError):
        extract(pipeline, "pages")
