"""What asks for a person: which warnings and values, in which order, and what they make of the status."""

from __future__ import annotations

from typing import get_args

import pytest

from app.extraction.options import ExtractionOptions, parse_share
from app.extraction.review import add_doubts, ask_for_review, count_uncertain, find_uncertain, review_answer
from app.extraction.splitting import renumber
from schemas.extraction import (
    Citation,
    Extraction,
    ExtractionWarning,
    FieldMetadata,
    Output,
    ReviewReason,
    Status,
    Usage,
    WarningCode,
)
from schemas.spec import FieldSpec, Path
from schemas.walk import Leaf


def cited(page_number: int) -> FieldMetadata:
    place = Citation(page_number=page_number, bbox=(0, 0, 1, 1), word_indices=(0,), reference_text="x")
    return FieldMetadata(citations=(place,))


def make_extraction(
    *warnings: ExtractionWarning, status: Status = "succeeded", n_pages: int = 2
) -> Extraction:
    return Extraction(
        document_sha256="0" * 64,
        schema_name="invoice",
        status=status,
        output=Output(
            value={"total": "1.00", "rows": [{"amount": "1.00"}]},
            metadata={"total": cited(2), "rows[0].amount": cited(1)},
        ),
        warnings=warnings,
        usage=Usage(n_pages=n_pages, n_windows=1, n_prompt_tokens=1, n_completion_tokens=1),
        engine="embedded",
        model="tiny",
    )


def warning(code: WarningCode, path: str | None = None, page_number: int | None = None) -> ExtractionWarning:
    return ExtractionWarning(code=code, message=f"of {code}", path=path, page_number=page_number)


def codes(extraction: Extraction) -> list[str]:
    return [reason.code for reason in extraction.review]


def test_what_was_read_well_asks_for_nobody() -> None:
    told = [warning("page_deskewed", page_number=1), warning("hidden_text"), warning("example_dropped")]
    reviewed = review_answer(make_extraction(*told), ())
    assert (reviewed.status, reviewed.review) == ("succeeded", ())
    assert reviewed.warnings == tuple(told)


def test_reasons_come_weightiest_first_and_uncertain_values_among_them() -> None:
    told = [warning("ambiguous_date", "date"), warning("sum_mismatch"), warning("list_incomplete", "rows")]
    uncertain = ReviewReason(code="uncertain_value", message="unsure", path="total")
    reviewed = review_answer(make_extraction(*told), [uncertain])
    assert codes(reviewed) == ["list_incomplete", "sum_mismatch", "uncertain_value", "ambiguous_date"]
    assert reviewed.status == "needs_review"


def test_a_path_comes_once_with_its_weightiest_reason() -> None:
    told = [warning("sum_mismatch", "rows"), warning("list_incomplete", "rows"), warning("sum_mismatch")]
    reviewed = review_answer(make_extraction(*told, warning("sum_mismatch")), ())
    assert [(r.code, r.path) for r in reviewed.review] == [
        ("list_incomplete", "rows"),
        ("sum_mismatch", None),
    ]


def test_a_reason_says_on_which_page_its_value_or_list_begins() -> None:
    told = [warning("window_conflict", "total"), warning("list_incomplete", "rows")]
    found = {r.path: r.page_number for r in review_answer(make_extraction(*told), ()).review}
    assert found == {"total": 2, "rows": 1}


def test_a_partial_answer_stays_partial_and_says_why() -> None:
    reviewed = review_answer(make_extraction(warning("truncated"), status="partial"), ())
    assert (reviewed.status, codes(reviewed)) == ("partial", ["truncated"])


def test_a_blank_page_asks_for_nobody_and_a_blank_document_does() -> None:
    blank = warning("no_text", page_number=2)
    assert review_answer(make_extraction(blank), ()).review == ()
    assert codes(review_answer(make_extraction(blank, n_pages=1), ())) == ["no_text"]


def test_a_hardly_read_page_asks_for_nobody_and_a_hardly_read_value_does() -> None:
    assert review_answer(make_extraction(warning("low_ocr_confidence", page_number=1)), ()).review == ()
    found = review_answer(make_extraction(warning("low_ocr_confidence", "total")), ())
    assert codes(found) == ["low_ocr_confidence"]


def test_a_later_doubt_takes_its_place_among_the_reasons() -> None:
    first = review_answer(make_extraction(warning("sum_mismatch")), ())
    both = add_doubts(first, [warning("split_in_doubt", page_number=1)])
    assert codes(both) == ["split_in_doubt", "sum_mismatch"]
    assert [w.code for w in both.warnings] == ["sum_mismatch", "split_in_doubt"]
    assert ask_for_review(both, ()) == both


@pytest.mark.parametrize("code", get_args(WarningCode)[:3])
def test_a_doubt_that_asks_for_nobody_leaves_the_status(code: WarningCode) -> None:
    assert add_doubts(make_extraction(), [warning(code)]).status == "succeeded"


def test_reasons_are_numbered_as_in_the_file() -> None:
    reviewed = review_answer(make_extraction(warning("window_conflict", "total")), ())
    assert renumber(reviewed, (4, 7)).review[0].page_number == 7


def leaf(path: Path, value: str | None) -> Leaf:
    return Leaf(path=path, spec=FieldSpec(kind="amount"), value=value)


def unsure(_: Leaf, confidence: float) -> bool:
    return confidence < 0.5


LEAVES = (
    leaf(("total",), "1"),
    leaf(("tax",), None),
    leaf(("date",), "2"),
    leaf(("rows", 0, "amount"), "3"),
    leaf(("rows", 1, "amount"), "4"),
    leaf(("rows", 1, "name"), "5"),
)
CONFIDENCES = (0.9, 0.2, None, 0.4, 0.1, 0.3)
KNOWN = {one.path: FieldMetadata(confidence=known) for one, known in zip(LEAVES, CONFIDENCES, strict=True)}


def test_uncertain_values_are_named_one_by_one_and_those_of_a_list_together() -> None:
    null, rows = find_uncertain(LEAVES, KNOWN, unsure)
    assert (null.path, rows.path) == ("tax", "rows[1].amount")
    assert "left empty" in null.message
    assert "0.20" in null.message
    assert "2 more values of rows are uncertain: rows[0].amount, rows[1].name" in rows.message


def test_the_warning_counts_what_is_uncertain_and_not_empty() -> None:
    (found,) = count_uncertain(LEAVES, KNOWN, unsure)
    assert found.code == "low_confidence"
    assert found.message.startswith("3 values ")
    assert count_uncertain(LEAVES, {}, unsure) == find_uncertain(LEAVES, {}, unsure) == ()


@pytest.mark.parametrize(("said", "share"), [("1%", 0.01), (" 0.5 % ", 0.005), ("0.02", 0.02), (0.05, 0.05)])
def test_a_tolerated_share_is_written_in_percent_or_not(said: object, share: float) -> None:
    assert ExtractionOptions.model_validate({"max_error": said}).max_error == pytest.approx(share)


@pytest.mark.parametrize("said", ["", "%", "1", "0", "-1%", "100%", "1%%", "nan", "inf", "one", "1e999"])
def test_what_is_no_share_between_none_and_all_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match="share"):
        parse_share(said)
