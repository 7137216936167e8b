"""Conversations are those of the service, token for token."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import JsonValue

from app.bench.gold_set import GoldDocument, gold_documents
from app.examples.service import ExampleService
from app.extraction.finder import ExampleFinder
from app.extraction.options import ExtractionOptions
from app.extraction.pipeline import Pipeline
from app.extraction.tenant import TenantContext
from decoding.engines.chat_tokens import ChatTokenizer
from decoding.engines.embedded import EmbeddedEngine
from ocr.reader import ReadOptions
from retrieval.store import ExampleStore
from schemas.registry import from_json_schema
from storage.database import sqlite_url
from tests.app.bills import AMOUNT, FIRST, SCHEMA, TEXT, VALUE
from tests.app.extraction.test_prompt_examples import NEXT, Recording
from tests.decoding.engines.tiny_model import make_model
from tests.decoding.pages import document_of
from training.hf import load_tokenizer
from training.sft.conversations import Conversation, ConversationMaker, Kind, conversations_sha256

SECOND: dict[str, JsonValue] = {
    "vendor": "ACME Ltd",
    "date": "2026-04-09",
    "total": "102.10",
    "kind": "bill",
    "rows": [{"item": "Red pen", "price": "3.10"}, {"item": "Chair", "price": "99.00"}],
}


@pytest.fixture
def book(tmp_path: Path) -> Iterator[ExampleService]:
    store = ExampleStore(sqlite_url(tmp_path), index_uri=str(tmp_path / "index"))
    yield ExampleService(store, tenant="acme", per_template=None)
    store.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def chat(folder: Path) -> ChatTokenizer:
    return ChatTokenizer(load_tokenizer(folder))


@pytest.fixture
def maker(folder: Path, chat: ChatTokenizer) -> ConversationMaker:
    return ConversationMaker(engine=EmbeddedEngine(folder), chat=chat, max_tokens=4096)


def finder(book: ExampleService) -> ExampleFinder:
    return ExampleFinder(book.store, tenant="acme", min_similarity=0.3, mode="fused")


def gold(book: ExampleService) -> tuple[GoldDocument, ...]:
    book.add(document_of(FIRST), SCHEMA, VALUE, source="annotated", confirmed_by="me")
    other = replace(document_of(NEXT), sha256="a" * 64)
    book.add(other, SCHEMA, SECOND, source="annotated", confirmed_by="me")
    return gold_documents(book.store, "acme")


def texts(chat: ChatTokenizer, conversation: Conversation) -> tuple[str, str]:
    """Return prompt and answer."""
    ids, weights = conversation.sample.token_ids, conversation.sample.weights
    n_asked = int(np.flatnonzero(weights)[0])
    return chat.tokenizer.decode(ids[:n_asked]), chat.tokenizer.decode(ids[n_asked:])


def only(maker: ConversationMaker, document: GoldDocument, book: ExampleService, kind: Kind) -> Conversation:
    (found,) = maker.make(document, finder(book), [kind])
    return found


@pytest.mark.parametrize("kind", ["plain", "example", "reasoning", "flat"])
def test_the_prompt_is_what_the_service_asks(
    book: ExampleService, maker: ConversationMaker, chat: ChatTokenizer, tmp_path: Path, kind: Kind
) -> None:
    document = gold(book)[1]
    options = {
        "plain": ExtractionOptions(n_examples=0),
        "example": ExtractionOptions(),
        "reasoning": ExtractionOptions(reasoning="brief"),
        "flat": ExtractionOptions(n_examples=0, structured=False),
    }[kind]
    engine = Recording(tmp_path / "recording")
    tenant = TenantContext(examples=finder(book))
    pipeline = Pipeline(engine=engine, read_options=ReadOptions(), tenant=tenant)
    pipeline.extract_document(
        document.document, SCHEMA, options=options.model_copy(update={"n_candidates": 1, "max_tokens": 300})
    )
    asked = chat.encode(engine.requests[0].prompt)
    made = only(maker, document, book, kind).sample
    assert made.token_ids[: len(asked)].tolist() == asked
    assert not made.weights[: len(asked)].any()
    assert made.weights[len(asked) :].all()


def test_the_answer_is_what_the_page_prints_and_ends_the_turn(
    book: ExampleService, maker: ConversationMaker, chat: ChatTokenizer
) -> None:
    _, answer = texts(chat, only(maker, gold(book)[0], book, "plain"))
    assert answer == (
        '{"vendor":"ACME Ltd","date":"12 March 2026","total":"1.234,56","kind":"bill",'
        '"rows":[{"item":"Blue pen","price":"34,56"},{"item":"Desk","price":"1.200,00"}]}<|im_end|>'
    )


def test_the_example_is_never_the_document_itself(
    book: ExampleService, maker: ConversationMaker, chat: ChatTokenizer
) -> None:
    asked, _ = texts(chat, only(maker, gold(book)[0], book, "example"))
    assert "102,10" in asked  # the other document's total
    assert asked.count("1.234,56") == 1  # the page's own, not an answer


def test_without_an_example_there_is_no_such_conversation(
    book: ExampleService, maker: ConversationMaker
) -> None:
    book.add(document_of(FIRST), SCHEMA, VALUE, source="annotated", confirmed_by="me")
    (document,) = gold_documents(book.store, "acme")
    assert list(maker.make(document, finder(book), ["example"])) == []
    assert maker.outcomes["no_example"] == 1


def test_a_document_that_is_kept_out_is_no_example(
    book: ExampleService, maker: ConversationMaker, chat: ChatTokenizer
) -> None:
    first, second = gold(book)
    without = finder(book).without(frozenset({second.sha256}))
    made = list(maker.make(first, without, ["example", "reasoning"]))
    assert [one.kind for one in made] == ["reasoning"]  # with no example
    assert all("102,10" not in chat.tokenizer.decode(one.sample.token_ids) for one in made)


def test_reasoning_comes_first(book: ExampleService, maker: ConversationMaker, chat: ChatTokenizer) -> None:
    _, answer = texts(chat, only(maker, gold(book)[0], book, "reasoning"))
    assert answer.startswith('{"reasoning":"vendor < ACME Ltd; date < 12 March 2026; total < Total 1.234,56')


def test_a_trace_is_written_as_adapters_have_learned_it(
    book: ExampleService, maker: ConversationMaker, chat: ChatTokenizer
) -> None:
    first, second = gold(book)
    asked, answer = texts(chat, only(maker, first, book, "reasoning"))
    assert answer == (
        '{"reasoning":"vendor < ACME Ltd; date < 12 March 2026; total < Total 1.234,56; kind < page; '
        'rows < 2 rows","vendor":"ACME Ltd","date":"12 March 2026","total":"1.234,56","kind":"bill",'
        '"rows":[{"item":"Blue pen","price":"34,56"},{"item":"Desk","price":"1.200,00"}]}<|im_end|>'
    )
    example = "vendor < ACME Ltd; date < 9 April 2026; total < Total 102,10; kind < page; rows < 2 rows"
    assert f'{{"reasoning":"{example}",' in asked
    assert texts(chat, only(maker, second, book, "reasoning"))[1].startswith(
        '{"reasoning":"vendor < ACME Ltd'
    )


def test_a_trace_of_several_pages_names_each_key_once(
    book: ExampleService, maker: ConversationMaker, chat: ChatTokenizer
) -> None:
    pages = document_of(FIRST[:3], FIRST[3:])
    book.add(pages, SCHEMA, VALUE, source="annotated", confirmed_by="me")
    (document,) = gold_documents(book.store, "acme")
    _, answer = texts(chat, only(maker, document, book, "reasoning"))
    assert answer.startswith(
        '{"reasoning":"vendor < ACME Ltd; date < 12 March 2026; total < Total 1.234,56; kind < page; '
        'rows < 2 rows","vendor":'
    )


def test_odd_keys_and_words_in_a_trace(
    book: ExampleService, maker: ConversationMaker, chat: ChatTokenizer
) -> None:
    keys = ("the seller's name", "tax number of the customer", "due; or not", "delivery address", "remarks")
    inner: JsonValue = {"type": "object", "properties": {"gross total": AMOUNT}}
    schema = from_json_schema(
        {
            "title": "odd",
            "type": "object",
            "properties": {
                "totals": inner,
                **dict.fromkeys(keys, TEXT),
                "tags": {"type": "array", "items": TEXT},
                "reference number of the order": TEXT,
                "no": TEXT,
            },
        }
    )
    page = [
        "Sold by: <O'Brien; Sons> Ltd",
        "Tax DE123456789012345678901234567890123",
        "Total 9,00",
        "Note: fragile",
    ]
    value: dict[str, JsonValue] = {
        "totals": {"gross total": "9,00"},
        "the seller's name": "Ltd",
        "tax number of the customer": "DE123456789012345678901234567890123",
        "due; or not": None,
        "delivery address": "<O'Brien; Sons>",
        "remarks": "fragile",
        "tags": ["fragile"],
        "reference number of the order": None,
        "no": None,
    }
    book.add(document_of(page), schema, value, source="annotated", confirmed_by="me")
    (document,) = gold_documents(book.store, "acme")
    _, answer = texts(chat, only(maker, document, book, "reasoning"))
    # A line has no quote, semicolon or angle bracket, and of a page's line at most three words.
    assert answer.startswith(
        '{"reasoning":"gross total < Total 9,00; the sellers name < Sold by: OBrien; '
        "tax number of the customer < Tax DE12345678901234567890123456; due or not < none; "
        "delivery address < Sold by: OBrien; remarks < Note: fragile; tags < 1 rows; "
        'reference number of the order < none; no < none","totals":'
    )


def test_what_no_page_shows_carries_no_loss(
    book: ExampleService, maker: ConversationMaker, chat: ChatTokenizer
) -> None:
    value = {**VALUE, "vendor": "Somebody Else"}
    book.add(document_of(FIRST), SCHEMA, value, source="annotated", confirmed_by="me")
    (document,) = gold_documents(book.store, "acme")
    sample = only(maker, document, book, "plain").sample
    start = int(np.flatnonzero(sample.weights)[0])
    unlearned = sample.token_ids[start:][sample.weights[start:] == 0]
    assert chat.tokenizer.decode(unlearned) == "null"


def test_long_conversations_are_counted_and_left_out(
    book: ExampleService, folder: Path, chat: ChatTokenizer
) -> None:
    short = ConversationMaker(engine=EmbeddedEngine(folder), chat=chat, max_tokens=100)
    assert list(short.make(gold(book)[0], None, ["plain"])) == []
    assert short.outcomes["too_long"] == 1


def test_the_hash_follows_every_token(book: ExampleService, maker: ConversationMaker) -> None:
    documents = gold(book)
    first = [one for d in documents for one in maker.make(d, finder(book), ["plain"])]
    again = [one for d in documents for one in maker.make(d, finder(book), ["plain"])]
    assert conversations_sha256(first) == conversations_sha256(again)
    assert conversations_sha256(first) != conversations_sha256(first[:1])
