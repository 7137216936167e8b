"""From a correction to the next page: what is annotated, what is taught of it, and what is shown."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import JsonValue
from sqlalchemy import text

from app.examples.annotate import Annotated, Annotation, annotate
from app.examples.service import ExampleService
from schemas.document import Document
from schemas.errors import (
    ExampleNotFoundError,
    ExtractionNotFoundError,
    InputError,
    InvalidAnswerError,
)
from schemas.registry import from_json_schema
from tests.app.bills import FIRST, SCHEMA, TEXT, VALUE
from tests.decoding.pages import document_of


def _annotated(document: Document, value: dict[str, JsonValue] = VALUE) -> Annotated:
    return annotate(
        Annotation(
            document=document,
            page_hashes=(None,) * len(document.pages),
            schema=SCHEMA,
            value=value,
            tenant="acme",
            source="annotated",
            confirmed_by="me",
            at=datetime(2026, 4, 1, tzinfo=UTC),
        )
    )


def test_values_are_taught_as_the_page_prints_them() -> None:
    (example,) = _annotated(document_of(FIRST)).examples
    assert example.answer == {
        "vendor": "ACME Ltd",
        "date": "12 March 2026",
        "total": "1.234,56",
        "kind": "bill",
        "rows": [{"item": "Blue pen", "price": "34,56"}, {"item": "Desk", "price": "1.200,00"}],
    }
    assert example.evidence[0] == "vendor < ACME Ltd"
    assert example.evidence[2:] == ("total < Total 1.234,56", "kind < page", "rows < 2 rows")


def test_a_value_is_taught_without_the_label_that_is_glued_to_it() -> None:
    page = [line.replace("Total 1.234,56", "Total:1.234,56") for line in FIRST]
    (example,) = _annotated(document_of(page), {**VALUE, "total": "1.234,56"}).examples
    assert example.answer["total"] == "1.234,56"


def test_what_no_page_shows_is_not_taught_and_is_named() -> None:
    made = _annotated(document_of(FIRST), {**VALUE, "vendor": "Somebody Else GmbH"})
    assert made.examples[0].answer["vendor"] is None
    assert made.ungrounded == ("vendor",)


def test_each_page_is_taught_with_what_stands_on_it() -> None:
    made = _annotated(document_of(FIRST[:3], ["Desk 1.200,00", "Total 1.234,56"]))
    first, second = made.examples
    assert (first.page_index, second.page_index) == (0, 1)
    assert first.answer["rows"] == [{"item": "Blue pen", "price": "34,56"}]
    assert (first.answer["total"], first.answer["kind"]) == (None, "bill")
    assert second.answer["rows"] == [{"item": "Desk", "price": "1.200,00"}]
    assert (second.answer["total"], second.answer["kind"]) == ("1.234,56", None)


def test_a_page_of_which_nothing_is_known_is_an_example_too() -> None:
    nothing: dict[str, JsonValue] = {"vendor": None, "date": None, "total": None, "kind": None, "rows": []}
    made = _annotated(document_of(["Dear all,", "see you"]), nothing)
    assert [example.answer for example in made.examples] == [nothing]


def test_an_answer_that_does_not_satisfy_the_schema_is_refused() -> None:
    with pytest.raises(InvalidAnswerError) as caught:
        _annotated(document_of(FIRST), {**VALUE, "kind": "letter"})
    assert [path for path, _ in caught.value.issues] == ["kind"]


def test_broken_characters_of_a_page_can_be_kept(book: ExampleService) -> None:
    odd = document_of(["ACME Ltd \ud800\udc00 \ud800 x\x00y", *FIRST[1:]])
    (example,) = book.add(odd, SCHEMA, VALUE, source="annotated", confirmed_by="me").examples
    assert book.store.get("acme", example.example_id).text == example.text
    assert book.keep(odd, SCHEMA, VALUE) is not None


def _said(book: ExampleService) -> list[tuple[str, str | None]]:
    with book.store.database.connect() as connection:
        found = connection.execute(text("SELECT action, extraction_id FROM audit ORDER BY audit_id"))
        return [(row.action, row.extraction_id) for row in found]


def test_a_confirmed_answer_becomes_an_example_with_its_line_of_audit(book: ExampleService) -> None:
    kept = book.keep(document_of(FIRST), SCHEMA, {**VALUE, "date": "12 March 2026"})
    assert kept is not None
    (example,) = book.feedback(kept, "confirmed", value=None, confirmed_by="Ada").examples
    assert (example.source, example.confirmed_by) == ("feedback", "Ada")
    assert _said(book) == [("confirmed", kept)]


def test_a_correction_replaces_what_was_said_before(book: ExampleService) -> None:
    kept = book.keep(document_of(FIRST), SCHEMA, {**VALUE, "total": "34,56"})
    assert kept is not None
    book.feedback(kept, "confirmed", value=None, confirmed_by="Ada")
    book.feedback(kept, "corrected", value=VALUE, confirmed_by="Bob")
    (only,) = book.store.page("acme")
    assert only.example.answer["total"] == "1.234,56"
    assert _said(book) == [("confirmed", kept), ("corrected", kept)]


def test_a_rejected_answer_teaches_nothing(book: ExampleService) -> None:
    kept = book.keep(document_of(FIRST), SCHEMA, VALUE)
    assert kept is not None
    assert book.feedback(kept, "rejected", value=None, confirmed_by="Ada").examples == ()
    assert book.store.n_examples("acme") == 0
    assert _said(book) == [("rejected", kept)]


def test_a_rejection_takes_back_what_was_confirmed_and_no_other_answers_examples(
    book: ExampleService,
) -> None:
    kept = book.keep(document_of(FIRST), SCHEMA, {**VALUE, "date": "12 March 2026"})
    elsewhere = replace(document_of(["Dear all,", *FIRST]), sha256="1" * 64)
    other = book.keep(elsewhere, SCHEMA, {**VALUE, "date": "12 March 2026"})
    assert kept is not None
    assert other is not None
    (left,) = book.feedback(other, "confirmed", value=None, confirmed_by="Ada").examples
    book.feedback(kept, "confirmed", value=None, confirmed_by="Ada")
    book.feedback(kept, "corrected", value=VALUE, confirmed_by="Ada")
    book.feedback(kept, "rejected", value=None, confirmed_by="Ada")
    assert [stored.example.example_id for stored in book.store.page("acme")] == [left.example_id]
    # Of the two examples the first was replaced by the second.
    assert _said(book)[-2:] == [("removed", kept), ("rejected", kept)]
    book.feedback(kept, "rejected", value=None, confirmed_by="Ada")
    book.feedback(kept, "confirmed", value=None, confirmed_by="Ada")
    assert book.store.n_examples("acme") == 2


def test_feedback_that_makes_no_sense_is_refused(book: ExampleService) -> None:
    kept = book.keep(document_of(FIRST), SCHEMA, VALUE)
    assert kept is not None
    with pytest.raises(ExtractionNotFoundError):
        book.feedback("0" * 32, "confirmed", value=None, confirmed_by="Ada")
    with pytest.raises(InputError, match="correction"):
        book.feedback(kept, "corrected", value=None, confirmed_by="Ada")
    with pytest.raises(InputError, match="correction"):
        book.feedback(kept, "confirmed", value=VALUE, confirmed_by="Ada")
    with pytest.raises(InvalidAnswerError):
        book.feedback(kept, "corrected", value={"vendor": 3}, confirmed_by="Ada")
    for nobody in ("", "  ", "a\nb", "x" * 129):
        with pytest.raises(InputError, match="who confirms"):
            book.feedback(kept, "confirmed", value=None, confirmed_by=nobody)
    assert _said(book) == []


def test_an_answer_is_the_tenants_own_and_can_be_forgotten(book: ExampleService) -> None:
    kept = book.keep(document_of(FIRST), SCHEMA, VALUE)
    assert kept is not None
    other = ExampleService(book.store, tenant="other", per_template=None)
    with pytest.raises(ExtractionNotFoundError):
        other.feedback(kept, "confirmed", value=None, confirmed_by="Ada")
    assert book.forget_answers(older_than_days=1) == 0
    assert book.forget_answers(older_than_days=0) == 1
    with pytest.raises(ExtractionNotFoundError):
        book.feedback(kept, "confirmed", value=None, confirmed_by="Ada")


def test_old_answers_are_forgotten_as_new_ones_come(
    book: ExampleService, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = book.keep(document_of(FIRST), SCHEMA, VALUE)
    assert old is not None
    monkeypatch.setattr("app.examples.service._SWEEP_EVERY_S", -1.0)
    monkeypatch.setattr("app.examples.service.now", lambda: datetime.now(UTC) + timedelta(days=31))
    new = book.keep(document_of(FIRST), SCHEMA, VALUE)
    assert new is not None
    with pytest.raises(ExtractionNotFoundError):
        book.feedback(old, "confirmed", value=None, confirmed_by="Ada")
    assert len(book.feedback(new, "confirmed", value=None, confirmed_by="Ada").examples) == 1


def test_of_one_template_the_newest_are_kept(book: ExampleService) -> None:
    for n in range(6):
        bill = [*FIRST, f"Bill {n}", "Thank you for shopping with us in the High Street"]
        value: dict[str, JsonValue] = {**VALUE}
        document = replace(document_of(bill), sha256=f"{n:064x}")
        book.add(document, SCHEMA, value, source="annotated", confirmed_by="me")
    kept = [s.example.document_sha256 for s in book.store.page("acme")]
    assert kept == [f"{n:064x}" for n in (3, 4, 5)]
    assert [action for action, _ in _said(book)].count("thinned") == 3
    assert book.store.index.n_rows("acme") == 3


def test_a_removed_example_is_gone(book: ExampleService) -> None:
    (example,) = book.add(document_of(FIRST), SCHEMA, VALUE, source="annotated", confirmed_by="me").examples
    book.remove([example.example_id], actor="me")
    with pytest.raises(ExampleNotFoundError):
        book.store.get("acme", example.example_id)
    with pytest.raises(ExampleNotFoundError):
        book.remove([example.example_id], actor="me")


def test_cells_that_stand_nowhere_go_with_their_row() -> None:
    row: JsonValue = {
        "type": "object",
        "properties": {"item": TEXT, "taxed": {"type": ["boolean", "null"]}},
    }
    schema = from_json_schema(
        {"title": "rows", "type": "object", "properties": {"rows": {"type": "array", "items": row}}}
    )
    value: dict[str, JsonValue] = {
        "rows": [
            {"item": "Blue pen", "taxed": True},
            {"item": "Desk", "taxed": False},
            {"item": "Ghost", "taxed": True},
        ]
    }
    made = annotate(
        Annotation(
            document=document_of(["Blue pen"], ["Desk"]),
            page_hashes=(None, None),
            schema=schema,
            value=value,
            tenant="acme",
            source="annotated",
            confirmed_by="me",
            at=datetime(2026, 4, 1, tzinfo=UTC),
        )
    )
    assert [example.answer["rows"] for example in made.examples] == [
        [{"item": "Blue pen", "taxed": True}],
        [{"item": "Desk", "taxed": False}],
    ]
    assert made.ungrounded == ("rows[2].item",)


@pytest.mark.parametrize(
    "odd",
    ["a\ud800b", "a\x00b", float("nan"), float("inf"), 10**5000],
    ids=["half a character", "NUL", "nan", "infinity", "5,001 digits"],
)
def test_what_json_and_databases_cannot_take_is_refused(book: ExampleService, odd: JsonValue) -> None:
    kind: JsonValue = (
        {"type": "string", "x-rasg-kind": "free"} if isinstance(odd, str) else {"type": "number"}
    )
    schema = from_json_schema({"title": "any", "type": "object", "properties": {"note": kind}})
    with pytest.raises(InvalidAnswerError) as caught:
        book.add(document_of(FIRST), schema, {"note": odd}, source="annotated", confirmed_by="me")
    assert [path for path, _ in caught.value.issues] == ["note"]
    assert book.store.n_examples("acme") == 0


def test_adding_one_template_from_many_threads_loses_no_answer(book: ExampleService) -> None:
    def add(n: int) -> int:
        document = replace(document_of([*FIRST, f"Bill {n}", "Thank you for shopping"]), sha256=f"{n:064x}")
        return len(book.add(document, SCHEMA, VALUE, source="annotated", confirmed_by="me").examples)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(add, range(16))) == [1] * 16
    assert 1 <= book.store.n_examples("acme") <= 6
