"""The date of a document that prints no other is given where none was."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from pydantic import JsonValue

from decoding.checks.sole_date import find_sole_date
from decoding.grounding.ground import ground_extraction
from decoding.grounding.page_values import document_style
from schemas.registry import from_json_schema
from tests.decoding.pages import document_of

_DATE = {"type": ["string", "null"], "x-rasg-kind": "date"}
_ROWS = {"type": "array", "items": {"type": "object", "properties": {"date": _DATE}}}


def found(
    lines: Sequence[str], *, keys: Sequence[str] = ("date",), n_more_pages: int = 0, **value: JsonValue
) -> str | None:
    properties = {**dict.fromkeys(keys, _DATE), "code": {"type": ["string", "null"]}, "rows": _ROWS}
    schema = from_json_schema({"title": "receipt", "type": "object", "properties": properties})
    document = document_of(lines, *[["more"]] * n_more_pages)
    answer = {**dict.fromkeys([*keys, "code"]), "rows": [], **value}
    grounded = ground_extraction(answer, schema, document)
    date = find_sole_date(grounded, document.pages, document_style(document.pages))
    return None if date is None else date[1]


@pytest.mark.parametrize(
    ("line", "date"),
    [
        ("VEN 18 AVR 2014 6 21:35", "18 AVR 2014"),
        ("dim. 04sept.16", "04sept.16"),
        ("05/06/2017 12:01", "05/06/2017"),  # one date, though read in two ways
    ],
)
def test_the_one_date_that_is_printed_is_given(line: str, date: str) -> None:
    assert found(["Le Chalet", line, "Total 50.00"]) == date
    assert found(["Le Chalet", line, "Total 50.00", "Copy", line]) == date


def test_of_two_forms_of_one_date_the_first_is_given() -> None:
    assert found(["MAY 08, 17 13:46", "98 RM 08 May 17 01:46 PM"]) == "MAY 08, 17"


@pytest.mark.parametrize(
    "lines",
    [
        ["Le Chalet", "Total 50.00"],
        ["18.04.2014", "19.04.2014"],
        ["Offer valid until 18.04.2014"],
        ["Zahlbar bis", "18.04.2014"],
        ["SR 6 20 00 1 20"],  # amounts whose marks were not read
        [],
    ],
)
def test_no_date_is_given_where_none_stands_or_more_than_one_or_one_of_something_else(
    lines: Sequence[str],
) -> None:
    assert found(["Shop", *lines]) is None


def test_a_date_that_is_given_or_that_another_value_cites_stays() -> None:
    lines = ["Shop", "18.04.2014"]
    assert found(lines, date="18.04.2014") is None
    assert found(lines, code="18.04.2014") is None
    assert found(lines, rows=[{"date": "18.04.2014"}]) is None
    assert found(lines, keys=("date", "order_date")) is None
    assert found(lines, keys=("date", "date_due"), date_due="18.04.2014") is None
    assert found(lines, keys=("birthday",)) is None


def test_of_a_long_document_nothing_is_said() -> None:
    assert found(["Shop", "18.04.2014"], n_more_pages=2) == "18.04.2014"
    assert found(["Shop", "18.04.2014"], n_more_pages=3) is None
