"""A row that the page shows once and the answer twice is noticed; equal rows of the page are not."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from decoding.checks.row_repeats import check_repeats
from decoding.grounding.ground import ground_extraction
from schemas.extraction import ExtractionWarning
from schemas.spec import ArraySpec, ExtractionSchema, FieldSpec, ObjectSpec
from tests.decoding.transcripts import document_of, page_of_lines

_LINES = ("Green tea         3.10", "Black tea         4.00", "Black tea         4.00")
_ITEM = ObjectSpec(properties=(("item", FieldSpec(kind="verbatim")), ("amount", FieldSpec(kind="amount"))))
_SCHEMA = ExtractionSchema(
    name="test", root=ObjectSpec(properties=(("lines", ArraySpec(item=_ITEM)),)), json_schema="{}"
)
_GREEN, _BLACK = ("Green tea", "3.10"), ("Black tea", "4.00")


def _check(*rows: tuple[str | None, str | None]) -> tuple[ExtractionWarning, ...]:
    document = document_of(page_of_lines("Corner Shop", *_LINES, "Total             11.10"))
    cells: list[JsonValue] = [{"item": item, "amount": amount} for item, amount in rows]
    return check_repeats(ground_extraction({"lines": cells}, _SCHEMA, document).metadata)


@pytest.mark.parametrize(
    "rows", [(), (_GREEN,), (_GREEN, _BLACK, _BLACK), ((None, None), (None, None)), (("Milk", None),) * 2]
)
def test_rows_with_words_of_their_own_are_not_doubted(
    rows: tuple[tuple[str | None, str | None], ...],
) -> None:
    assert _check(*rows) == ()


def test_rows_beyond_those_of_the_page_are_counted() -> None:
    (warning,) = _check(_GREEN, _BLACK, _BLACK, _BLACK, _BLACK)
    assert warning.code == "row_repeated"
    assert warning.message.startswith("2 of 5 rows")
    assert warning.path is not None
    assert warning.path.startswith("lines[")


def test_a_single_row_written_twice_is_noticed() -> None:
    (warning,) = _check(_GREEN, _GREEN)
    assert warning.message.startswith("1 of 2 rows")
