"""Answers in tokens against the grammar of a page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from decoding.engines.accepts import GrammarCheck
from decoding.engines.chat_tokens import ChatTokenizer
from decoding.grammar.build import build_grammar
from tests.decoding.engines.tiny_model import make_tokenizer
from tests.decoding.pages import RECEIPT_LINES, RECEIPT_SCHEMA, document_of
from training.hf import load_tokenizer

GRAMMAR = build_grammar(RECEIPT_SCHEMA, document_of(RECEIPT_LINES))


@pytest.fixture(scope="module")
def accepts(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], bool]:
    folder = tmp_path_factory.mktemp("tokenizer")
    make_tokenizer(folder)
    chat = ChatTokenizer(load_tokenizer(folder))
    check = GrammarCheck(chat.tokenizer)

    def of_text(text: str) -> bool:
        return check.accepts(GRAMMAR, chat.tokenizer(text, add_special_tokens=False)["input_ids"])

    return of_text


def answer(**changes: str) -> str:
    keys = [key for key, _ in RECEIPT_SCHEMA.root.properties]
    given = {"rows": "[]", "paid": "true", "total": '"42.50"', **changes}
    values = {key: given.get(key, "null") for key in keys}
    return "{" + ",".join(f'"{key}":{value}' for key, value in values.items()) + "}"


def test_what_stands_on_the_page_is_accepted(accepts: Callable[[str], bool]) -> None:
    first = RECEIPT_SCHEMA.root.properties[0][0]
    assert accepts(answer(**{first: '"ACME TRADING SDN BHD"'}))
    assert not accepts(answer(**{first: '"ACME TRADERS"'}))


def test_half_an_answer_and_more_than_one_are_refused(accepts: Callable[[str], bool]) -> None:
    whole = answer()
    assert accepts(whole)
    assert not accepts(whole[:-1])
    assert not accepts(whole + "}")
    assert not accepts("")


def test_a_tokenizer_without_a_chat_format_is_refused(tmp_path: Path) -> None:
    make_tokenizer(tmp_path)
    tokenizer = load_tokenizer(tmp_path)
    tokenizer.chat_template = None
    with pytest.raises(ValueError, match="chat template"):
        ChatTokenizer(tokenizer)
    tokenizer = load_tokenizer(tmp_path)
    tokenizer.eos_token = None
    with pytest.raises(ValueError, match="ends an answer"):
        ChatTokenizer(tokenizer)
