"""A value with a label, leader or currency mark glued to it stands where its word does."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from decoding.grounding.ground import ground_extraction
from decoding.grounding.matching import matching_runs, page_sequences
from decoding.grounding.result import GroundedField
from schemas.spec import FieldKind, FieldSpec
from tests.decoding.pages import document_of, page_of, schema_of

LINES = (
    "Kundennr.:K-5501 Auftragsnr.:9",
    "Netto:45.00 Bruttosumme:45.00 Rest.....9.10",
    "Gutschrift -$20.00 Menge:7",
)


def ground_one(value: JsonValue, *, key: str = "x", kind: FieldKind = "verbatim") -> GroundedField:
    schema = schema_of(**{key: FieldSpec(kind=kind)})
    (field,) = ground_extraction({key: value}, schema, document_of(LINES)).fields.values()
    return field


@pytest.mark.parametrize(
    ("value", "kind", "word"),
    [
        ("K-5501", "verbatim", "Kundennr.:K-5501"),
        ("9", "verbatim", "Auftragsnr.:9"),  # shorter than what may be part of any word
        ("7", "verbatim", "Menge:7"),
        ("9.10", "amount", "Rest.....9.10"),
        ("-$20.00", "amount", "-$20.00"),
    ],
)
def test_the_whole_word_is_cited(value: str, kind: FieldKind, word: str) -> None:
    (citation,) = ground_one(value, kind=kind).metadata.citations
    assert citation.reference_text == word


@pytest.mark.parametrize(("key", "word"), [("netto", "Netto:45.00"), ("bruttosumme", "Bruttosumme:45.00")])
def test_the_label_that_is_glued_on_names_the_field(key: str, word: str) -> None:
    (citation,) = ground_one("45.00", key=key, kind="amount").metadata.citations
    assert citation.reference_text == word


def test_an_amount_without_its_sign_is_not_the_amount() -> None:
    assert not ground_one("$20.00", kind="amount").metadata.citations


def test_a_part_of_a_word_that_no_mark_parts_is_not_found() -> None:
    sequences = page_sequences(page_of(["RE-20417 Nr.:42a"]))
    assert [run.word_indices for run in matching_runs("42a", sequences)] == [(1,)]
    assert matching_runs("42", sequences, fuzzy=False) == ()


def test_several_words_may_begin_in_the_middle_of_one() -> None:
    (run,) = matching_runs("DE21 3000 4000", page_sequences(page_of(["IBAN:DE21 3000 4000 5000"])))
    assert (run.word_indices, run.fills_parts) == ((0, 1, 2), True)
