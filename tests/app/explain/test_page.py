"""The page that explains an extraction holds every value, escapes hostile text and fetches nothing."""

from __future__ import annotations

from dataclasses import replace

from pydantic import JsonValue

from app.explain.page import explain_html
from app.extraction.pipeline import PipelineResult
from ocr.reader import read_document
from schemas.completeness import Completeness, ListEvidence, MissingRow, SumCheck
from schemas.extraction import (
    Citation,
    Extraction,
    ExtractionWarning,
    FieldMetadata,
    Output,
    ReviewReason,
    Usage,
)
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


def make_rows(**update: object) -> str:
    """Return the page of an answer with a list, whose second row lacks a value."""
    value: dict[str, JsonValue] = {
        "absent": None,
        "rows": [
            {"text": "Tea", "price": "9,00", "taxes": [{"rate": "7"}]},
            {"text": HOSTILE, "price": None, "taxes": []},
        ],
    }
    cited = Citation(page_number=1, bbox=(0.1, 0.2, 0.3, 0.25), word_indices=(0,), reference_text="Tea")
    metadata = {
        "absent": FieldMetadata(confidence=1.0),
        "rows[0].text": FieldMetadata(confidence=0.95, citations=(cited,)),
        "rows[0].price": FieldMetadata(confidence=0.6, normalised="9.00", currency="EUR"),
        "rows[1].price": FieldMetadata(confidence=1.0),
    }
    result = make_result()
    output = Output(value=value, metadata=metadata)
    extraction = result.extraction.model_copy(update={"output": output, **update})
    return explain_html(replace(result, extraction=extraction), title="a.pdf", images=[b"png"])


def test_rows_of_a_list_are_rows_of_a_table() -> None:
    page = make_rows()
    assert page.count("<table") == 3  # fields, rows, and the taxes of the first row
    assert "<h2>rows</h2>" in page
    assert "<h2>rows[0].taxes</h2>" in page
    header = '<th scope="col">#</th><th scope="col">text</th><th scope="col">price</th>'
    assert header in page
    assert "9,00<small>9.00 EUR</small>" in page
    assert "<script>alert" not in page


def test_null_says_what_is_known_of_it() -> None:
    assert "<i>nothing like it was read</i>" in make_rows()
    doubt = ReviewReason(code="uncertain_value", message="the label is there", path="absent")
    assert "<i>read but doubted: the label is there</i>" in make_rows(review=(doubt,))
    assert "which is not sure" not in make_rows()
    assert "and not all of the document was" in make_rows(status="partial")
    withdrawn = ExtractionWarning(code="constraint_violated", message="no number", path="rows[1].price")
    assert "<i>read but doubted: no number</i>" in make_rows(warnings=(withdrawn,))


def test_what_has_to_be_looked_at_comes_first() -> None:
    doubt = ReviewReason(code="sum_mismatch", message=HOSTILE, path="rows", page_number=1)
    page = make_rows(review=(doubt,))
    assert page.index("1 thing(s) to look at") < page.index("1 warning(s)") < page.index("<h2>Fields</h2>")
    assert "<script>alert" not in page
