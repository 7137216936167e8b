"""Reasons for a review as people see them in a terminal."""

from __future__ import annotations

import io

from rich.console import Console

from app.commands.review_view import show_review
from schemas.extraction import Extraction, Output, ReviewReason, Usage


def shown(*reasons: ReviewReason) -> str:
    extraction = Extraction(
        document_sha256="0" * 64,
        schema_name="invoice",
        status="needs_review" if reasons else "succeeded",
        output=Output(value={}, metadata={}),
        usage=Usage(n_pages=1, n_windows=1, n_prompt_tokens=1, n_completion_tokens=1),
        engine="embedded",
        model="tiny",
        review=reasons,
    )
    text = io.StringIO()
    show_review(extraction, Console(file=text, width=40))
    return text.getvalue()


def test_each_reason_has_a_line_with_its_place_and_code() -> None:
    found = shown(
        ReviewReason(code="list_incomplete", message="2 more lines", path="rows", page_number=3),
        ReviewReason(code="sum_mismatch", message="net + tax is not [gross]: 0.10 is left"),
    )
    assert found.splitlines() == [
        "review (needs_review):",
        "  1. rows (page 3): 2 more lines [list_incomplete]",
        "  2. the document: net + tax is not [gross]: 0.10 is left [sum_mismatch]",
    ]


def test_an_answer_that_needs_no_look_shows_nothing() -> None:
    assert shown() == ""
