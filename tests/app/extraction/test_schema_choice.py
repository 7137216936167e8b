"""The schema is chosen by the kind of a document, and no wrong one is silent."""

from __future__ import annotations

from unittest.mock import Mock

import pytest

from app.extraction.options import ExtractionOptions
from app.extraction.pipeline import Pipeline, PipelineResult
from app.extraction.schema_choice import (
    AUTO,
    answered_schema,
    choose_schema,
    load_choice,
    possible_schemas,
)
from decoding.engines.embedded import EmbeddedEngine
from ocr.reader import ReadOptions
from schemas.document import Document
from schemas.errors import UnknownSchemaError
from schemas.extraction import KindName
from schemas.registry import from_json_schema, get_schema, json_schema_of, schema_names
from schemas.validate import validate_output
from tests.app.two_documents import FILE, see_two
from tests.decoding.engines.tiny_model import make_model
from tests.decoding.kinds.pages import make_page, to_document

OPTIONS = ExtractionOptions(n_candidates=1, max_tokens=600)
NOTHING = Document(sha256="0" * 64, media_type="application/pdf", pages=())


def see(monkeypatch: pytest.MonkeyPatch, *ranked: tuple[KindName, float]) -> None:
    monkeypatch.setattr("app.extraction.schema_choice.rank_kinds", Mock(return_value=ranked))


def codes(asked: str, document: Document) -> list[str]:
    return [w.code for w in choose_schema(load_choice(asked), document).warnings]


@pytest.mark.parametrize("kind", ["invoice", "receipt", "purchase_order", "bank_statement"])
def test_each_kind_has_its_schema_and_no_doubt(kind: KindName) -> None:
    chosen = choose_schema(AUTO, make_page(kind, "de"))
    assert (chosen.schema, chosen.kind.name, chosen.warnings) == (get_schema(kind), kind, ())


def test_what_is_of_no_kind_is_a_generic_form_that_asks_for_a_review() -> None:
    chosen = choose_schema(AUTO, make_page("other", "en"))
    assert chosen.schema == get_schema("generic_form")
    assert [w.code for w in chosen.warnings] == ["kind_without_schema"]
    assert "generic_form" in chosen.warnings[0].message


def test_an_empty_document_is_of_no_kind_and_in_doubt() -> None:
    chosen = choose_schema(AUTO, NOTHING)
    assert chosen.schema == get_schema("generic_form")
    assert [w.code for w in chosen.warnings] == ["kind_without_schema", "kind_in_doubt"]


@pytest.mark.parametrize(("confidence", "expected"), [(0.69, ["kind_in_doubt"]), (0.7, [])])
def test_a_doubtful_kind_names_both(
    monkeypatch: pytest.MonkeyPatch, confidence: float, expected: list[str]
) -> None:
    see(monkeypatch, ("invoice", confidence), ("receipt", 1 - confidence))
    chosen = choose_schema(AUTO, NOTHING)
    assert chosen.schema == get_schema("invoice")
    assert [w.code for w in chosen.warnings] == expected
    if expected:
        assert "invoice (0.69) or receipt (0.31); it was read as invoice" in chosen.warnings[0].message


@pytest.mark.parametrize(("confidence", "expected"), [(0.89, []), (0.9, ["schema_may_not_fit"])])
def test_a_schema_of_another_kind_is_warned_of_if_that_is_sure(
    monkeypatch: pytest.MonkeyPatch, confidence: float, expected: list[str]
) -> None:
    see(monkeypatch, ("bank_statement", confidence), ("other", 1 - confidence))
    assert codes("invoice", NOTHING) == expected
    assert codes("bank_statement", NOTHING) == []


def test_an_invoice_schema_on_a_bank_statement_or_a_contract_is_warned_of() -> None:
    (warning,) = choose_schema(get_schema("invoice"), make_page("bank_statement", "nl")).warnings
    assert warning.code == "schema_may_not_fit"
    assert "of the kind bank_statement" in warning.message
    contract = "NON-DISCLOSURE AGREEMENT\n" + "\n".join(
        "The parties hereby agree that no party shall disclose what the other party says" for _ in range(20)
    )
    (warning,) = choose_schema(get_schema("invoice"), to_document(contract)).warnings
    assert "none of the kinds" in warning.message


def test_a_callers_own_schema_and_the_generic_form_are_never_doubted() -> None:
    statement = make_page("bank_statement", "en")
    own = {**json_schema_of(get_schema("invoice")), "description": "ours"}
    assert choose_schema(from_json_schema(own, name="invoice"), statement).warnings == ()
    assert codes("generic_form", statement) == []


def test_auto_is_a_word_in_any_case_and_other_names_are_schemas() -> None:
    assert load_choice(" Auto ") == AUTO
    assert load_choice("receipt") == get_schema("receipt")
    with pytest.raises(UnknownSchemaError):
        load_choice("automatic")


def test_any_shipped_schema_may_be_chosen() -> None:
    assert tuple(schema.name for schema in possible_schemas(AUTO)) == schema_names()
    assert possible_schemas(get_schema("receipt")) == (get_schema("receipt"),)


def test_each_document_of_a_file_has_its_own_schema(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    see_two(monkeypatch)
    kinds: tuple[KindName, ...] = ("receipt", "other")
    ranks = [((kind, 0.95), ("invoice", 0.05)) for kind in kinds]
    monkeypatch.setattr("app.extraction.schema_choice.rank_kinds", Mock(side_effect=ranks))
    engine = EmbeddedEngine(make_model(tmp_path_factory.mktemp("choice"), seed=11))
    pipeline = Pipeline(engine=engine, read_options=ReadOptions(n_workers=1))
    results = pipeline.extract_all(FILE, AUTO, options=OPTIONS, split="auto")
    first, second = (r.extraction for r in results if isinstance(r, PipelineResult))
    assert [first.schema_name, second.schema_name] == ["receipt", "generic_form"]
    assert first.kind is not None
    assert (first.kind.name, first.kind.confidence) == ("receipt", 0.95)
    assert "kind_without_schema" in {w.code for w in second.warnings}
    assert second.status in {"needs_review", "partial"}
    for extraction in (first, second):
        assert validate_output(extraction.output.value, answered_schema(AUTO, extraction)) == ()
