"""Names without the title beside them, and addresses to their postal code, as the page has them."""

from __future__ import annotations

import pytest

from decoding.checks.span_edges import mend_edges
from decoding.grounding.ground import ground_extraction
from schemas.registry import from_json_schema
from tests.decoding.tables.pages import pages

_TEXT = {"type": ["string", "null"], "x-rasg-kind": "verbatim"}


def given(page: str, *, sure: float | None = 0.8, **value: str) -> dict[str, str]:
    """Return what is given where the model said `value`; keys that end with an underscore are not read."""
    document = pages(page)
    schema = from_json_schema(
        {
            "title": "page",
            "type": "object",
            "properties": {key: {**_TEXT, "description": key.replace("_", " ")} for key in value},
        }
    )
    grounded = ground_extraction(value, schema, document)
    mended = mend_edges(grounded, document, {(key,): sure for key in value})
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


@pytest.mark.parametrize(
    ("lines", "said", "whole"),
    [
        ("The Old Bakery\n14 Weaver Row\nLeeds LS1 4QT\nTel: 0113 496 0000", "14 Weaver Row", "LS1 4QT"),
        ("Ferry Stores\n8 Dock Rd\nSuite 4\nSalem, OR 97301\nTOTAL 4.00", "8 Dock Rd", "97301"),
        ("Huber GmbH\nAm Markt 3\n80331 Bamberg\nRECHNUNG", "Am Markt 3", "Bamberg"),
        ("Kettwig\nKade 12\n3012 CN Rotterdam\nNederland", "Kade 12", "Rotterdam"),
    ],
)
def test_an_address_goes_on_to_its_postal_code(lines: str, said: str, whole: str) -> None:
    found = given(lines, sure=0.99, store_address=said)["store_address"]
    assert found.startswith(said + " ")
    assert found.endswith(whole)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("A\n14 Weaver Row, Leeds LS1 4QT\nYork YO1 7HH", "14 Weaver Row, Leeds LS1 4QT"),  # it has one
        ("A\n14 Weaver Row\nTel: 0113 496 0000\nLeeds LS1 4QT", "14 Weaver Row"),  # what is between
        ("A\n14 Weaver Row Mall\nLeeds LS1 4QT", "14 Weaver Row"),  # its line goes on
        ("A\n14 Weaver Row\nMember 111779\n03/04/2026", "14 Weaver Row"),  # below is no place
        ("A\n14 Weaver Row\nUpper floor\n4032 MELON\n5623 BEANS", "14 Weaver Row"),  # below are articles
        ("A\n14 Weaver Row\n2 Coffee 4.00\nLeeds LS1 4QT", "14 Weaver Row"),  # below is an item
        ("A\n14 Weaver Row", "14 Weaver Row"),  # nothing is below
    ],
)
def test_an_address_ends_where_nothing_of_it_follows(lines: str, said: str) -> None:
    assert given(lines, store_address=said) == {"store_address": said}


def test_only_whole_addresses_go_on() -> None:
    lines = "Ferry Stores\n8 Dock Rd\nSalem, OR 97301"
    assert given(lines, street_address="8 Dock Rd") == {"street_address": "8 Dock Rd"}
    found = given(lines, address="8 Dock Rd", city_and_zip="Salem, OR 97301")
    assert found == {"address": "8 Dock Rd", "city_and_zip": "Salem, OR 97301"}
    assert given(lines, seller_name="8 Dock Rd") == {"seller_name": "8 Dock Rd"}


def test_a_page_without_words_mends_nothing() -> None:
    assert given("", address="8 Dock Rd") == {"address": "8 Dock Rd"}
