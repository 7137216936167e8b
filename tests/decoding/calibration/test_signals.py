"""Signals of values on small pages: what speaks for a value is more, and what against it less."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import JsonValue

from decoding.calibration.signals import describe_values, doubly_logarithmic
from decoding.checks.completeness import find_evidence
from decoding.grounding.ground import ground_extraction
from schemas.document import Document, Page
from schemas.spec import ArraySpec, ExtractionSchema, FieldSpec, ObjectSpec, Path
from schemas.value_calibration import SignalName, Signals
from tests.decoding.pages import document_of, schema_of

AMOUNT, TEXT = FieldSpec(kind="amount"), FieldSpec(kind="verbatim")
ROWS = ArraySpec(item=ObjectSpec(properties=(("name", TEXT), ("quantity", AMOUNT), ("amount", AMOUNT))))
SCHEMA = schema_of(subtotal=AMOUNT, tax=AMOUNT, total=AMOUNT, seller=TEXT, rows=ROWS)
LINES = (
    "ACME TRADING LTD",
    "2 Tea 5.00",
    "1 Cake 7.00",
    "Subtotal 12.00",
    "Tax 1.00",
    "Total 13.00",
    "Paid 13.00",
)
VALUE: dict[str, JsonValue] = {
    "subtotal": "12.00",
    "tax": "1.00",
    "total": "13.00",
    "seller": "ACME TRADING LTD",
    "rows": [
        {"name": "Tea", "quantity": "2", "amount": "5.00"},
        {"name": "Cake", "quantity": None, "amount": "7.00"},
    ],
}


def described(
    value: dict[str, JsonValue],
    document: Document | None = None,
    *,
    probabilities: dict[Path, float] | None = None,
    schema: ExtractionSchema = SCHEMA,
) -> dict[Path, tuple[str, Signals]]:
    page = document or document_of(LINES)
    grounded = ground_extraction(value, schema, page)
    known = dict.fromkeys(grounded.metadata, 0.9) if probabilities is None else probabilities
    found = describe_values(grounded, known, page, find_evidence(grounded, page, {}))
    return {one.path: (one.group, one.signals) for one in found}


def signal(
    name: SignalName, path: Path, value: dict[str, JsonValue], document: Document | None = None
) -> float:
    return described(value, document)[path][1][name]


def misread(document: Document, *, confidence: float) -> Document:
    def page_of(page: Page) -> Page:
        return replace(page, words=tuple(replace(word, confidence=confidence) for word in page.words))

    return replace(document, pages=tuple(page_of(page) for page in document.pages))


def test_every_leaf_with_a_probability_has_its_group() -> None:
    groups = {path: group for path, (group, _) in described(VALUE).items()}
    assert groups["total",] == "amount"
    assert groups["seller",] == "verbatim"
    assert groups["rows", 0, "amount"] == "amount[]"
    assert groups["rows", 1, "quantity"] == "null"
    assert set(described(VALUE, probabilities={("tax",): 0.5})) == {("tax",)}
    assert described(VALUE, probabilities={}) == {}


def test_a_higher_probability_is_a_higher_signal_and_both_ends_are_finite() -> None:
    found = [doubly_logarithmic(p) for p in (0.0, 1e-12, 0.01, 0.5, 0.9, 0.999, 1.0)]
    assert found == sorted(found)
    # -ln(-ln 1e-9) = -ln(20.723) = -3.03; -ln(-ln(1 - 1e-6)) = 13.8.
    assert (round(found[0], 2), round(found[-1], 1)) == (-3.03, 13.8)


def test_the_least_sure_value_is_compared_with_the_next_and_the_others_with_it() -> None:
    known: dict[Path, float] = {("tax",): 0.2, ("total",): 0.6, ("seller",): 0.9}
    others = {path: s["others"] for path, (_, s) in described(VALUE, probabilities=known).items()}
    assert others["tax",] == doubly_logarithmic(0.6)
    assert others["total",] == others["seller",] == doubly_logarithmic(0.2)


def test_sums_that_hold_speak_for_their_amounts_and_those_that_fail_against_them() -> None:
    wrong = {**VALUE, "tax": "5.00"}
    for path in (("subtotal",), ("tax",), ("total",)):
        assert signal("no_sum_fails", path, VALUE) == 1.0
        assert signal("no_sum_fails", path, wrong) == 0.0
    assert signal("sum_holds", ("total",), VALUE) == 1.0
    assert signal("sum_holds", ("total",), wrong) == 0.0
    # The rows add up to the subtotal whatever the tax is.
    assert signal("sum_holds", ("rows", 0, "amount"), wrong) == 1.0
    assert signal("sum_holds", ("seller",), VALUE) == 0.0


def test_a_value_that_its_own_label_names_stands_better_than_one_that_another_is_named_for() -> None:
    assert signal("best_label", ("tax",), VALUE) > 0
    swapped = {**VALUE, "tax": "12.00"}
    assert signal("best_label", ("tax",), swapped) < 0
    assert signal("label", ("tax",), VALUE) > signal("label", ("tax",), swapped)


def test_a_value_in_many_places_says_so() -> None:
    assert signal("occurrences", ("total",), VALUE) > signal("occurrences", ("subtotal",), VALUE) > 0


def test_a_text_that_goes_on_behind_its_end_is_told_from_a_whole_one() -> None:
    cut = {**VALUE, "seller": "ACME TRADING"}
    assert signal("free_end", ("seller",), VALUE) == 1.0
    assert signal("free_end", ("seller",), cut) == 0.0
    assert signal("free_start", ("seller",), {**VALUE, "seller": "TRADING LTD"}) == 0.0


def test_what_was_hardly_read_is_less_sure() -> None:
    bad = misread(document_of(LINES), confidence=0.5)
    assert signal("lowest_word", ("seller",), VALUE, bad) < signal("lowest_word", ("seller",), VALUE)
    # Three words of 0.5 each: 0.125 that all are right.
    assert signal("all_words", ("seller",), VALUE, bad) == pytest.approx(0.1335, abs=1e-4)
    null = {**VALUE, "seller": None}
    assert signal("page_legibility", ("seller",), null, bad) < signal("page_legibility", ("seller",), null)


def test_a_null_whose_label_stands_on_the_page_is_doubtful() -> None:
    null = {**VALUE, "tax": None, "seller": None}
    assert signal("unnamed", ("tax",), null) == 0.0
    assert signal("unnamed", ("seller",), null) == 1.0


def test_a_date_of_two_readings_is_not_doubted_and_one_of_none_is() -> None:
    schema = schema_of(date=FieldSpec(kind="date"))
    page = document_of(("Date 03/04/2026", "Date soon"))
    for text, undoubted in (("03/04/2026", 1.0), ("soon", 0.0)):
        _, signals = described({"date": text}, page, schema=schema)["date",]
        assert signals["undoubted"] == undoubted


def test_an_empty_document_has_signals_for_its_nulls() -> None:
    empty = Document(sha256="0" * 64, media_type="application/pdf", pages=())
    null: dict[str, JsonValue] = {"subtotal": None, "tax": None, "total": None, "seller": None, "rows": []}
    found = described(null, empty)
    assert {group for group, _ in found.values()} == {"null"}
    assert all(signals["page_legibility"] == 0.0 for _, signals in found.values())


def test_a_value_that_stands_nowhere_has_the_least_of_all_places() -> None:
    _, signals = described({**VALUE, "seller": "Nobody"})["seller",]
    assert signals.get("lowest_word", 0.0) == signals.get("occurrences", 0.0) == 0.0
    assert signals["undoubted"] == 0.0
