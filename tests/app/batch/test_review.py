"""The list of what a person has to look at: a row a reason, with the value in doubt beside it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from app.batch.review import check_review_file, write_review
from app.errors import ErrorRecord
from app.outputs import FileResult
from schemas.errors import ConfigurationError
from schemas.extraction import (
    Citation,
    Extraction,
    ExtractionWarning,
    FieldMetadata,
    Output,
    ReviewReason,
    Status,
    Usage,
)

CITED = Citation(page_number=3, bbox=(0.1, 0.1, 0.2, 0.2), word_indices=(0,), reference_text="=9")


def result(
    file: str, status: Status, *reasons: ReviewReason, warnings: tuple[ExtractionWarning, ...] = ()
) -> FileResult:
    extraction = Extraction(
        document_sha256="0" * 64,
        schema_name="named",
        status=status,
        output=Output(
            value={"total": "=9"}, metadata={"total": FieldMetadata(confidence=0.25, citations=(CITED,))}
        ),
        usage=Usage(n_pages=1, n_windows=1, n_prompt_tokens=1, n_completion_tokens=1),
        engine="embedded",
        model="tiny",
        review=reasons,
        warnings=warnings,
    )
    return FileResult(file=file, extraction=extraction)


def written(path: Path, *results: FileResult) -> list[list[str]]:
    write_review(path, results, go_on=lambda: True)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_each_reason_is_a_row_with_its_value_page_and_confidence(tmp_path: Path) -> None:
    at_value = ReviewReason(code="uncertain_value", message="not sure", path="total")
    at_page = ReviewReason(code="list_incomplete", message="rows lack", path="rows", page_number=2)
    rows = written(tmp_path / "review.csv", result("a.pdf", "needs_review", at_value, at_page))
    assert rows == [
        ["file", "path", "page", "code", "message", "value", "confidence"],
        ["a.pdf", "total", "3", "uncertain_value", "not sure", "'=9", "0.25"],
        ["a.pdf", "rows", "2", "list_incomplete", "rows lack", "", ""],
    ]


def test_what_is_sure_is_not_there_and_what_failed_is(tmp_path: Path) -> None:
    failed = FileResult(file="b.pdf", error=ErrorRecord(code="empty_document", message="no word"))
    rows = written(tmp_path / "review.csv", result("a.pdf", "succeeded"), failed)
    assert rows[1:] == [["b.pdf", "", "", "empty_document", "no word", "", ""]]


def test_a_partial_answer_without_reasons_has_its_warnings(tmp_path: Path) -> None:
    cut = ExtractionWarning(code="truncated", message="cut off")
    rows = written(tmp_path / "review.csv", result("a.pdf", "partial", warnings=(cut,)))
    assert rows[1:] == [["a.pdf", "", "", "truncated", "cut off", "", ""]]


def test_a_list_for_which_there_is_no_time_stays_what_it_was(tmp_path: Path) -> None:
    path = tmp_path / "review.csv"
    path.write_text("before")
    assert write_review(path, [result("a.pdf", "succeeded")], go_on=lambda: False) is None
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for path in (tmp_path, tmp_path / "file" / "review.csv"):
        with pytest.raises(ConfigurationError):
            check_review_file(path)
    check_review_file(tmp_path / "new" / "review.csv")
    assert list((tmp_path / "new").iterdir()) == []
