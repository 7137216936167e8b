"""The page that explains an extraction holds every value, escapes hostile text and fetches nothing."""

from __future__ import annotations

from dataclasses import replace

from app.explain.page import explain_html
from app.extraction.pipeline import PipelineResult
from ocr.reader import read_document
from schemas.completeness import Completeness, ListEvidence, MissingRow, SumCheck
from schemas.extraction import Citation, Extraction, ExtractionWarning, FieldMetadata, Output, Usage
from tests.paths import ROOT

HOSTILE = "<script>alert('x')</script>\"&"


def make_result() -> PipelineResult:
    document = read_document((ROOT / "samples" / "invoice.pdf").read_bytes())
    cited = Citation(page_number=1, bbox=(0.1, 0.2, 0.3, 0.25), word_indices=(0,), reference_text=HOSTILE)
    entry = FieldMetadata(confidence=0.4, ocr_confidence=1.0, alignment="exact", citations=(cited,))
    extraction = Extraction(
        document_sha256=document.sha256,
        schema_name="invoice",
        status="succeeded",
        output=Output(
            value={"name": HOSTILE, "absent": None},
            metadata={"name": entry, "absent": FieldMetadata(confidence=0.9)},
        ),
        warnings=(ExtractionWarning(code="sum_mismatch", message=HOSTILE),),
        reasoning=HOSTILE,
        usage=Usage(n_pages=1, n_windows=1, n_prompt_tokens=1, n_completion_tokens=1),
        engine="embedded",
        model="tiny",
    )
    return PipelineResult(extraction=extraction, document=document)


def test_hostile_text_never_becomes_html() -> None:
    page = explain_html(make_result(), title=HOSTILE, images=[b"png"])
    assert "alert(" in page
    assert "<script>alert" not in page
    assert page.count("<script") == 1


def test_each_cited_value_has_a_box_and_absent_ones_say_so() -> None:
    page = explain_html(make_result(), title="a.pdf", images=[b"png"])
    assert page.count("<rect") == 1
    assert 'class="box doubtful"' in page
    assert "not on the page" in page


def test_a_row_that_is_missing_is_marked_on_its_page_and_counted() -> None:
    result = make_result()
    missing = MissingRow(page_number=1, bbox=(0.1, 0.5, 0.9, 0.52), text=HOSTILE)
    completeness = Completeness(
        lists={"rows": ListEvidence(rows_given=3, rows_seen=4, missing=(missing,), n_missing=1)},
        sums=(SumCheck(rule="net_and_tax", paths=("a", "b", "c"), holds=False, difference="1.00"),),
    )
    extraction = result.extraction.model_copy(update={"completeness": completeness})
    page = explain_html(replace(result, extraction=extraction), title="a.pdf", images=[b"png"])
    assert page.count('class="box missing"') == 1
    assert "4 seen in tables, <b>1 missing</b>" in page
    assert "net and tax: a, b, c <b>does not hold</b> (1.00 left)" in page
    assert "<script>alert" not in page


def test_nothing_is_fetched_from_elsewhere() -> None:
    page = explain_html(make_result(), title="a.pdf", images=[b"png"])
    assert "default-src 'none'" in page
    assert "http://" not in page
    assert "https://" not in page


def test_every_page_has_its_picture() -> None:
    result = make_result()
    document = result.document
    two = replace(document, pages=(document.pages[0], replace(document.pages[0], page_index=1)))
    page = explain_html(replace(result, document=two), title="a.pdf", images=[b"one", b"two"])
    assert page.count("<img") == 2
