from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from decoding.grammar.build import build_grammar
from decoding.grammar.json_cursor import JsonCursor
from decoding.parse import parse_completion, token_spans
from schemas.errors import OutputParseError, TruncatedOutputError
from schemas.extraction import Completion, FinishReason, TokenLogprob
from schemas.spec import ArraySpec, FieldSpec, ObjectSpec, Path
from tests.decoding.pages import document_of, schema_of

VERBATIM = FieldSpec(kind="verbatim")
ROW = ObjectSpec(properties=(("name", VERBATIM), ("price", FieldSpec(kind="amount"))))
SCHEMA = schema_of(
    company=VERBATIM, rows=ArraySpec(item=ROW), tags=ArraySpec(item=VERBATIM), n=FieldSpec(kind="integer")
)
GRAMMAR = build_grammar(SCHEMA, document_of(("a b c",)))
REASONED = build_grammar(SCHEMA, document_of(("a b c",)), reasoning="brief")
VALUE: dict[str, Any] = {
    "company": 'Caf\u00e9 "Z" \\ 😀',
    "rows": [{"name": "x, y]", "price": "1.00"}, {"name": None, "price": "2.00"}],
    "tags": ["a", "b{"],
    "n": -12,
}
TEXT = json.dumps(VALUE, ensure_ascii=False, separators=(",", ":"))


def _completion(
    text: str, finish_reason: FinishReason = "stop", tokens: tuple[bytes, ...] = ()
) -> Completion:
    return Completion(
        text=text,
        finish_reason=finish_reason,
        n_prompt_tokens=1,
        n_completion_tokens=1,
        tokens=tuple(TokenLogprob(token_bytes=token, logprob=-0.1) for token in tokens),
        engine="test",
        model="test",
    )


def test_a_whole_completion_is_its_value() -> None:
    parsed = parse_completion(_completion(TEXT), GRAMMAR)
    assert parsed.value == VALUE
    assert not parsed.truncated
    assert parsed.reasoning is None
    start, end = parsed.value_spans["rows", 1, "price"]
    assert TEXT[start:end] == '"2.00"'
    start, end = parsed.value_spans["n",]
    assert TEXT[start:end] == "-12"
    assert len(parsed.value_spans) == 8  # company, 2 x 2 cells, 2 tags, n


def test_reasoning_is_no_part_of_the_value() -> None:
    parsed = parse_completion(_completion('{"reasoning":"see line 2",' + TEXT[1:]), REASONED)
    assert parsed.reasoning == "see line 2"
    assert parsed.value == VALUE
    assert ("reasoning",) not in parsed.value_spans


@pytest.mark.parametrize(
    ("cut_after", "expected"),
    [
        ("", {"company": None, "rows": [], "tags": [], "n": None}),
        ('{"comp', {"company": None, "rows": [], "tags": [], "n": None}),
        ('{"company":"half', {"company": None, "rows": [], "tags": [], "n": None}),
        ('{"company":"a","rows":[', {"company": "a", "rows": [], "tags": [], "n": None}),
        (
            '{"company":"a","rows":[{"name":"x","price":"1"},{"name":"y","pri',
            {"company": "a", "rows": [{"name": "x", "price": "1"}], "tags": [], "n": None},
        ),
        (
            '{"company":"a","rows":[{"name":"x","price":"1"}',
            {"company": "a", "rows": [{"name": "x", "price": "1"}], "tags": [], "n": None},
        ),
        ('{"company":"a","rows":[],"tags":["b","c', {"company": "a", "rows": [], "tags": ["b"], "n": None}),
        ('{"company":"a","rows":[],"tags":[],"n":12', {"company": "a", "rows": [], "tags": [], "n": None}),
    ],
)
def test_a_cut_completion_keeps_what_was_complete(cut_after: str, expected: object) -> None:
    parsed = parse_completion(_completion(cut_after, "length"), GRAMMAR)
    assert parsed.truncated
    assert parsed.value == expected


def test_a_completion_cut_inside_its_reasoning_keeps_the_reasoning() -> None:
    parsed = parse_completion(_completion('{"reasoning":"because of', "length"), REASONED)
    assert parsed.reasoning == "because of"
    assert parsed.value["company"] is None


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(TEXT)))
def test_a_cut_anywhere_gives_a_value_of_the_schema(position: int) -> None:
    parsed = parse_completion(_completion(TEXT[:position], "length"), GRAMMAR)
    assert list(parsed.value) == list(VALUE)
    rows = parsed.value["rows"]
    assert isinstance(rows, list)
    assert rows == VALUE["rows"][: len(rows)]
    for path, (start, end) in parsed.value_spans.items():
        assert json.loads(TEXT[start:end]) == _at(parsed.value, path)


def _at(value: Mapping[str, JsonValue], path: Path) -> JsonValue:
    node: JsonValue = dict(value)
    for part in path:
        if isinstance(node, dict):
            node = node[str(part)]
        elif isinstance(node, list) and isinstance(part, int):
            node = node[part]
    return node


def test_a_cut_before_a_value_that_must_be_given_is_an_error() -> None:
    schema = schema_of(a=VERBATIM, b=FieldSpec(kind="verbatim", nullable=False))
    grammar = build_grammar(schema, document_of(("a",)))
    with pytest.raises(TruncatedOutputError, match="'b'"):
        parse_completion(_completion('{"a":"a"', "length"), grammar)
    listed = build_grammar(schema_of(a=ArraySpec(item=VERBATIM, min_items=2)), document_of(("a b",)))
    with pytest.raises(TruncatedOutputError, match="'a'"):
        parse_completion(_completion('{"a":["a","', "length"), listed)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", '{"company":"a"}', TEXT + "}", TEXT[:-1], '{"x":1}', TEXT.replace('"n"', '"m"'), "{]"],
)
def test_what_breaks_the_grammar_is_an_error(text: str) -> None:
    with pytest.raises(OutputParseError):
        parse_completion(_completion(text), GRAMMAR)


def test_token_spans_are_safe_for_characters_split_between_tokens() -> None:
    text = '{"company":"é","rows":[],"tags":[],"n":1}'
    data = text.encode()
    cut = data.index("é".encode()) + 1  # between the two bytes of é
    tokens = (data[:5], data[5:cut], data[cut : cut + 3], data[cut + 3 :])
    completion = _completion(text, tokens=tokens)
    parsed = parse_completion(completion, GRAMMAR)
    spans = token_spans(completion, parsed.value_spans)
    assert spans["company",] == (1, 3)
    assert spans["n",] == (3, 4)
    assert token_spans(_completion(text), parsed.value_spans) == {}


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
        lambda children: st.one_of(
            st.lists(children, max_size=3), st.dictionaries(st.text(max_size=3), children, max_size=3)
        ),
        max_leaves=8,
    ).map(lambda value: {"root": value})
)
def test_the_cursor_finds_every_leaf(value: object) -> None:
    text = json.dumps(value, ensure_ascii=False)
    cursor = JsonCursor()
    cursor.feed(text)
    assert cursor.state == "after"
    for start, end in cursor.leaf_spans.values():
        assert not isinstance(json.loads(text[start:end]), (dict, list))
