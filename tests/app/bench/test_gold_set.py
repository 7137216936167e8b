"""A tenant's examples, read back as a data set that adapters are measured by."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from pydantic import JsonValue

from app.bench.gold_set import GoldDocument, gold_documents, gold_sha256, run_gold_set
from app.examples.service import ExampleService
from app.extraction.pipeline import ExtractionOptions, Pipeline
from decoding.engines.embedded import EmbeddedEngine
from decoding.engines.engine import Engine
from ocr.reader import ReadOptions
from retrieval.store import ExampleStore
from schemas.document import Document
from schemas.errors import EmptyDocumentError
from schemas.extraction import Extraction, FieldMetadata, Output, Usage
from schemas.registry import from_json_schema
from schemas.spec import ExtractionSchema
from storage.database import sqlite_url
from tests.app.bills import FIRST, SCHEMA, VALUE
from tests.decoding.pages import document_of, page_of

OPTIONS = ExtractionOptions(n_candidates=1, max_tokens=200)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[ExampleService]:
    store = ExampleStore(sqlite_url(tmp_path), index_uri=str(tmp_path / "index"))
    yield ExampleService(store, tenant="acme", per_template=None)
    store.close()


def keep(book: ExampleService, document: Document, value: Mapping[str, JsonValue] = VALUE) -> None:
    book.add(document, SCHEMA, value, source="annotated", confirmed_by="me")


@dataclass(frozen=True, kw_only=True)
class Knowing(Pipeline):
    """A pipeline that answers what it is told to."""

    engine: Engine = field(default_factory=lambda: EmbeddedEngine(Path("nowhere")))
    read_options: ReadOptions = field(default_factory=ReadOptions)
    answer: Callable[[Document], Mapping[str, JsonValue]]

    def extract_document(self, document: Document, schema: ExtractionSchema, **_: object) -> Extraction:
        value = self.answer(document)
        metadata = {key: FieldMetadata(confidence=0.9) for key in value}
        return Extraction(
            document_sha256=document.sha256,
            schema_name=schema.name,
            status="succeeded",
            output=Output(value=dict(value), metadata=metadata),
            usage=Usage(n_pages=1, n_windows=1, n_prompt_tokens=1, n_completion_tokens=1, stage_seconds={}),
            engine="embedded",
            model="none",
        )


def test_a_document_comes_back_with_what_its_pages_print(book: ExampleService) -> None:
    keep(book, document_of(FIRST))
    (found,) = gold_documents(book.store, "acme")
    assert found.value["total"] == "1.234,56"  # as printed, not as annotated
    assert [word.text for _, _, word in found.document.words()] == " ".join(FIRST).split()
    assert found.sha256 == document_of(FIRST).sha256
    assert found.schema.name == "bill"


def test_pages_of_one_document_are_joined(book: ExampleService) -> None:
    pages = (page_of(FIRST[:3]), page_of(FIRST[3:], page_index=1))
    keep(book, replace(document_of(FIRST), pages=pages))
    (found,) = gold_documents(book.store, "acme")
    assert len(found.document.pages) == len(found.pages) == 2
    assert [row["item"] for row in found.value["rows"]] == ["Blue pen", "Desk"]  # type: ignore[index,union-attr]


def test_other_tenants_and_schemas_are_left_out(book: ExampleService) -> None:
    keep(book, document_of(FIRST))
    assert gold_documents(book.store, "other") == ()
    assert gold_documents(book.store, "acme", schema_name="invoice") == ()
    assert len(gold_documents(book.store, "acme", schema_name="bill")) == 1


def documents(book: ExampleService) -> tuple[GoldDocument, ...]:
    for number in range(3):
        lines = [*FIRST, f"Number {number}"]
        keep(book, replace(document_of(lines), sha256=f"{number:064x}"))
    return gold_documents(book.store, "acme")


def test_right_answers_score_one_and_are_on_disk(book: ExampleService, tmp_path: Path) -> None:
    golds = documents(book)
    by_sha = {gold.sha256: gold.value for gold in golds}
    pipeline = Knowing(answer=lambda document: by_sha[document.sha256])
    results = run_gold_set(pipeline, golds, tmp_path / "run", dataset="acme", options=OPTIONS)
    group = results.scores.groups["acme"]
    assert group.kie["normalised"].f1 == 1.0
    assert group.lir is not None
    assert group.lir["normalised"].f1 == 1.0
    assert len((tmp_path / "run/predictions.jsonl").read_text().splitlines()) == 3
    assert len((tmp_path / "run/gold.jsonl").read_text().splitlines()) == 3


def test_amounts_are_compared_as_the_schema_says(book: ExampleService, tmp_path: Path) -> None:
    round_sums: dict[str, JsonValue] = {**VALUE, "total": "12", "rows": [{"item": "Desk", "price": "12"}]}
    keep(book, document_of(["ACME Ltd", "12 March 2026", "Desk 12", "Total 12"]), round_sums)
    said: dict[str, JsonValue] = {
        **round_sums,
        "date": "12 March 2026",
        "total": "12.00",
        "rows": [{"item": "Desk", "price": "12.00"}],
    }
    golds = gold_documents(book.store, "acme")
    results = run_gold_set(Knowing(answer=lambda _: said), golds, tmp_path, dataset="acme", options=OPTIONS)
    group = results.scores.groups["acme"]
    assert group.lir is not None
    assert (group.kie["normalised"].f1, group.lir["normalised"].f1) == (1.0, 1.0)
    assert (group.kie["exact"].f1, group.lir["exact"].f1) == (0.75, 0.5)


def test_a_document_that_fails_misses_everything(book: ExampleService, tmp_path: Path) -> None:
    golds = documents(book)

    def answer(document: Document) -> Mapping[str, JsonValue]:
        if document.sha256 == golds[0].sha256:
            raise EmptyDocumentError("nothing")
        return golds[1].value

    results = run_gold_set(Knowing(answer=answer), golds, tmp_path, dataset="acme", options=OPTIONS)
    # 4 scalars of each of three documents, those of one missed: R = 8 / 12, P = 1
    assert results.scores.groups["acme"].kie["normalised"].f1 == pytest.approx(2 * 8 / (8 + 12))


def test_what_no_page_shows_is_not_scored(book: ExampleService, tmp_path: Path) -> None:
    keep(book, document_of(FIRST), {**VALUE, "vendor": "Somebody Else"})
    (gold,) = gold_documents(book.store, "acme")
    assert gold.unknown == ("vendor",)
    pipeline = Knowing(answer=lambda _: {**gold.value, "vendor": "ACME Ltd"})
    results = run_gold_set(pipeline, (gold,), tmp_path, dataset="acme", options=OPTIONS)
    assert results.scores.groups["acme"].kie["normalised"].f1 == 1.0


def test_nested_values_are_scored_by_their_paths(book: ExampleService, tmp_path: Path) -> None:
    text: JsonValue = {"type": ["string", "null"]}
    inner: JsonValue = {"type": "object", "properties": {"VAT incl. 7%": text}}
    schema = from_json_schema({"title": "nested", "type": "object", "properties": {"totals": inner}})
    value: dict[str, JsonValue] = {"totals": {"VAT incl. 7%": "Desk"}}
    book.add(document_of(FIRST), schema, value, source="annotated", confirmed_by="me")
    (gold,) = gold_documents(book.store, "acme")
    right = run_gold_set(Knowing(answer=lambda _: value), (gold,), tmp_path, dataset="acme", options=OPTIONS)
    assert right.scores.groups["acme"].kie["normalised"].f1 == 1.0
    wrong = run_gold_set(
        Knowing(answer=lambda _: {"totals": {"VAT incl. 7%": "ACME"}}),
        (gold,),
        tmp_path,
        dataset="a",
        options=OPTIONS,
    )
    assert wrong.scores.groups["a"].kie["normalised"].f1 == 0.0


def test_the_hash_follows_what_is_asked_and_answered(book: ExampleService) -> None:
    golds = documents(book)
    assert gold_sha256(golds) == gold_sha256(golds)
    assert gold_sha256(golds) != gold_sha256(golds[:2])
