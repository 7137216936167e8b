"""A value whose letters OCR could hardly read is doubted, one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import JsonValue

from decoding.checks.answer import check_answer
from decoding.checks.completeness import find_evidence
from decoding.checks.legibility import check_legibility
from decoding.grounding.ground import ground_extraction
from schemas.document import Document, Page, Word
from schemas.extraction import ExtractionWarning
from schemas.geometry import BBox
from schemas.spec import ArraySpec, ExtractionSchema, FieldSpec, ObjectSpec

_AMOUNT = FieldSpec(kind="amount")
_SCHEMA = ExtractionSchema(
    name="test",
    root=ObjectSpec(
        properties=(
            ("total", _AMOUNT),
            ("lines", ArraySpec(item=ObjectSpec(properties=(("amount", _AMOUNT),)))),
        )
    ),
    json_schema="{}",
)


def page(*confidences: float) -> Document:
    """Return a page of the words 1.00, 2.00 ... below one another, read with these confidences."""
    words = tuple(
        Word(
            text=f"{n}.00",
            bbox=BBox(left=0.1, top=0.1 * n, right=0.3, bottom=0.1 * n + 0.02),
            confidence=confidence,
            source="tesserocr",
        )
        for n, confidence in enumerate(confidences, start=1)
    )
    lines = tuple((i, i + 1) for i in range(len(words)))
    order = tuple(range(len(words)))
    only = Page(page_index=0, width_pt=595, height_pt=842, words=words, lines=lines, block_order=order)
    return Document(sha256="0" * 64, media_type="image/png", pages=(only,))


def check(*confidences: float) -> tuple[ExtractionWarning, ...]:
    document = page(*confidences)
    answer: dict[str, JsonValue] = {"total": "1.00", "lines": [{"amount": "2.00"}, {"amount": "9.99"}]}
    grounded = ground_extraction(answer, _SCHEMA, document)
    found = check_legibility(grounded, document)
    assert set(found) <= set(check_answer(grounded, find_evidence(grounded, document, {}), document))
    return found


def test_legible_values_and_those_that_stand_nowhere_are_not_doubted() -> None:
    assert check(0.3, 1.0) == ()


@pytest.mark.parametrize(("confidences", "path"), [((0.07, 1.0), "total"), ((1.0, 0.0), "lines[0].amount")])
def test_a_value_that_was_hardly_read_is_doubted_at_its_path(
    confidences: tuple[float, float], path: str
) -> None:
    (warning,) = check(*confidences)
    assert (warning.code, warning.path, warning.page_number) == ("low_ocr_confidence", path, 1)
    assert f"{min(confidences):.2f}" in warning.message


def read_twice(*others: str) -> tuple[ExtractionWarning, ...]:
    """Return the warnings of a total of "1.00" on a page with a line of it for each of `others`."""
    document = page(*(1.0 for _ in others))
    words = tuple(
        replace(word, text="1.00", other_reading=other)
        for word, other in zip(document.pages[0].words, others, strict=True)
    )
    document = replace(document, pages=(replace(document.pages[0], words=words),))
    grounded = ground_extraction({"total": "1.00", "lines": []}, _SCHEMA, document)
    return check_legibility(grounded, document)


def test_figures_that_were_read_in_two_ways_are_doubted_with_both() -> None:
    (warning,) = read_twice("7.00")
    assert (warning.code, warning.path, warning.page_number) == ("readings_differ", "total", 1)
    assert warning.message == "read as '1.00', and as '7.00' at another look"


def test_a_value_read_in_one_way_is_not_doubted() -> None:
    assert read_twice("", "7.00") == ()
