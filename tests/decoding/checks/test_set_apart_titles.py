"""A title at the other side of the page is no part of a name."""

from __future__ import annotations

import pytest

from decoding.checks.set_apart_titles import drop_titles
from decoding.grounding.ground import ground_extraction
from schemas.registry import from_json_schema
from tests.decoding.tables.pages import pages

_TEXT = {"type": ["string", "null"], "x-rasg-kind": "verbatim"}


def given(page: str, *, sure: float | None = 0.8, **value: str) -> dict[str, str]:
    """Return what is given where the model said `value`, with probability `sure`."""
    document = pages(page)
    schema = from_json_schema(
        {
            "title": "page",
            "type": "object",
            "properties": {key: {**_TEXT, "description": key.replace("_", " ")} for key in value},
        }
    )
    grounded = ground_extraction(value, schema, document)
    mended = drop_titles(grounded, document, {(key,): sure for key in value})
    return {key: mended.get((key,), text) for key, text in value.items()}


APART = "FACTUUR.                              Kettwig B.V.\nDat is geregeld                     Kade 12"


def test_a_title_at_the_other_side_of_the_page_is_no_part_of_a_name() -> None:
    assert given(APART, issuer="FACTUUR. Kettwig B.V.") == {"issuer": "Kettwig B.V."}
    page = "Kettwig Limited                           TAX INVOICE\nfoo                           bar"
    assert given(page, seller="Kettwig Limited TAX INVOICE") == {"seller": "Kettwig Limited"}


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("Invoice Factory Ltd\n12 High Street", "Invoice Factory Ltd"),  # a part of the name
        (
            "Harbour                              Kettwig B.V.\nfoo      bar",
            "Harbour Kettwig B.V.",
        ),  # no title
        ("FACTUUR.                           12\nfoo     bar", "FACTUUR."),  # nothing else
    ],
)
def test_names_stay_where_no_title_stands_apart(page: str, name: str) -> None:
    assert given(page, issuer=name) == {"issuer": name}


def test_a_name_that_the_model_is_sure_of_stays() -> None:
    assert given(APART, sure=0.99, issuer="FACTUUR. Kettwig B.V.") == {"issuer": "FACTUUR. Kettwig B.V."}


def test_a_field_that_asks_for_the_title_keeps_it() -> None:
    value = {"document_title": "FACTUUR. Kettwig B.V."}
    assert given(APART, document_title=value["document_title"]) == value


def test_a_page_without_words_changes_nothing() -> None:
    assert given("", issuer="FACTUUR. Kettwig") == {"issuer": "FACTUUR. Kettwig"}
