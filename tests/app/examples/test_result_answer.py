"""Corrected results tell what the service had said before."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from app.examples.result_answer import read_answer
from schemas.errors import InputError
from schemas.registry import from_json_schema
from tests.app.bills import AMOUNT, TEXT

# The first example of FIPS 180-4.
SHA256_OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
SCHEMA = from_json_schema(
    {"title": "bill", "type": "object", "properties": {"vendor": TEXT, "number": TEXT, "total": AMOUNT}}
)


def _cited(text: str) -> dict[str, JsonValue]:
    citation: dict[str, JsonValue] = {
        "page_number": 1,
        "bbox": [0.1, 0.1, 0.2, 0.2],
        "word_indices": [0],
        "reference_text": text,
    }
    return {"confidence": 0.9, "citations": [citation]}


OUTPUT: dict[str, JsonValue] = {
    "value": {"vendor": "ACME Ltd", "number": "7", "total": "12.50"},
    "metadata": {
        "vendor": _cited("Bill of ACME Ltd"),
        "number": {"confidence": 0.9},
        "total": _cited("EUR12.50"),
    },
}


def test_a_value_that_no_longer_is_what_it_cites_was_corrected() -> None:
    output: dict[str, JsonValue] = {
        **OUTPUT,
        "value": {"vendor": "ACME Ltd", "number": "7", "total": "99.00"},
    }
    said = read_answer({"file": "a.pdf", "extraction": {"output": output}}).said_before(SCHEMA)
    # "ACME Ltd" is part of what is cited, and "7" was null: it cites nothing.
    assert said == {"vendor": "ACME Ltd", "number": None, "total": "EUR12.50"}


def test_a_value_that_was_deleted_had_been_what_it_cites() -> None:
    output: dict[str, JsonValue] = {**OUTPUT, "value": {"vendor": None, "number": None, "total": "12.50"}}
    said = read_answer({"output": output}).said_before(SCHEMA)
    assert said == {"vendor": "Bill of ACME Ltd", "number": None, "total": "12.50"}


def test_a_value_alone_tells_nothing_of_what_was_said() -> None:
    given = read_answer({"vendor": "ACME Ltd", "number": None, "total": None})
    assert given.value["vendor"] == "ACME Ltd"
    assert given.said_before(SCHEMA) is None


def test_of_metadata_that_is_none_the_value_counts() -> None:
    given = read_answer({"output": {"value": {"vendor": "x"}, "metadata": ["odd"]}})
    assert (given.value, given.metadata) == ({"vendor": "x"}, None)


def test_a_result_is_of_its_own_file_alone() -> None:
    result: dict[str, JsonValue] = {"document_sha256": SHA256_OF_ABC, "output": {"value": {}, "metadata": {}}}
    wrapped: dict[str, JsonValue] = {"extraction": result}
    for found in (result, wrapped):
        read_answer(found).check_file(b"abc")
        with pytest.raises(InputError, match="another file"):
            read_answer(found).check_file(b"abd")
    read_answer({"total": "1"}).check_file(b"abd")  # a value alone says nothing of a file
