"""Confidence is the probability of the value among all that the grammar allowed."""

from __future__ import annotations

import json
import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from decoding.answer import answer_json
from decoding.confidence import field_confidences, span_confidence, value_spans
from schemas.extraction import TokenLogprob
from schemas.spec import json_path


def _tokens(*pieces: tuple[str, float]) -> tuple[TokenLogprob, ...]:
    return tuple(TokenLogprob(token_bytes=text.encode(), logprob=math.log(p)) for text, p in pieces)


_TOKENS = _tokens(
    ('{"a":', 1.0), ('"', 0.9), ("x", 0.5), ('",', 0.8), ('"b":', 1.0), ("null", 0.25), ("}", 1.0)
)
_TEXT = '{"a":"x","b":null}'


def test_confidence_is_the_product_over_the_tokens_of_the_value() -> None:
    # a: 0.9 * 0.5 * 0.8 = 0.36, the quotation marks included; b: 0.25
    assert field_confidences(_TEXT, _TOKENS) == pytest.approx({"a": 0.36, "b": 0.25})


def test_confidence_of_a_byte_span_counts_tokens_that_reach_over_its_edges() -> None:
    assert span_confidence(_TOKENS, 6, 7) == pytest.approx(0.5)
    assert span_confidence(_TOKENS, 5, 8) == pytest.approx(0.36)


def test_confidences_are_keyed_below_the_prefix() -> None:
    text = '{"reasoning":"why","answer":{"a":[1]}}'
    tokens = _tokens((text, 0.5))
    assert list(field_confidences(text, tokens)) == ["reasoning", "answer.a[0]"]
    assert list(field_confidences(text, tokens, prefix=("answer",))) == ["a[0]"]


def test_tokens_may_begin_before_the_json_text() -> None:
    assert field_confidences('{"a":1}', _tokens(("ok ", 0.1), ('{"a":', 1.0), ("1", 0.5), ("}", 1.0))) == (
        pytest.approx({"a": 0.5})
    )


def test_no_tokens_or_tokens_of_another_text_give_no_confidence() -> None:
    assert field_confidences(_TEXT, ()) == {}
    assert field_confidences(_TEXT, _tokens(("else", 1.0))) == {}
    assert field_confidences("", ()) == {}
    assert span_confidence((), 0, 1) is None
    assert span_confidence(_TOKENS, 3, 3) is None
    assert span_confidence(_TOKENS, 3, 999) is None


def test_letters_of_several_bytes_keep_their_place() -> None:
    text = '{"a":"äöü€","b":"z"}'
    tokens = tuple(TokenLogprob(token_bytes=bytes([b]), logprob=0.0) for b in text.encode()[:-3])
    tokens += _tokens(("z", 0.5), ('"', 1.0), ("}", 1.0))
    assert field_confidences(text, tokens) == pytest.approx({"a": 1.0, "b": 0.5})


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def _scalars(
    value: JsonValue, path: tuple[str | int, ...] = ()
) -> list[tuple[tuple[str | int, ...], JsonValue]]:
    if isinstance(value, dict):
        return [pair for key, child in value.items() for pair in _scalars(child, (*path, key))]
    if isinstance(value, list):
        return [pair for index, child in enumerate(value) for pair in _scalars(child, (*path, index))]
    return [(path, value)]


@given(value=st.dictionaries(st.text(max_size=4), _json, max_size=4), spaced=st.booleans())
def test_spans_spell_every_scalar_of_any_json(value: dict[str, JsonValue], spaced: bool) -> None:
    text = json.dumps(value, indent=1) if spaced else answer_json(value)
    spans = [(path, json.loads(text[start:end])) for path, start, end in value_spans(text)]
    assert spans == _scalars(value)


@given(value=st.dictionaries(st.text(max_size=4), _json, max_size=4), data=st.data())
def test_cut_json_yields_the_values_that_are_whole(value: dict[str, JsonValue], data: st.DataObject) -> None:
    text = answer_json(value)
    cut = text[: data.draw(st.integers(0, len(text)))]
    whole = [(path, json.loads(text[start:end])) for path, start, end in value_spans(text)]
    spans = [(path, json.loads(cut[start:end])) for path, start, end in value_spans(cut)]
    assert spans == whole[: len(spans)]


@given(text=st.text(alphabet='{}[]",:\\ a1', max_size=20))
def test_spans_of_any_text_end_without_an_error(text: str) -> None:
    for _, start, end in value_spans(text):
        assert 0 <= start < end <= len(text)


@given(data=st.data(), value=st.dictionaries(st.text(max_size=4), _json, min_size=1, max_size=4))
def test_confidences_are_probabilities_and_fall_with_any_token(
    data: st.DataObject, value: dict[str, JsonValue]
) -> None:
    raw = answer_json(value).encode()
    cuts = sorted({0, len(raw), *data.draw(st.lists(st.integers(0, len(raw)), max_size=6))})
    pieces = [raw[a:b] for a, b in pairwise(cuts)]
    logprobs = data.draw(st.lists(st.floats(-20, 0), min_size=len(pieces), max_size=len(pieces)))
    tokens = tuple(TokenLogprob(token_bytes=t, logprob=p) for t, p in zip(pieces, logprobs, strict=True))
    lower = tuple(TokenLogprob(token_bytes=t, logprob=p - 1) for t, p in zip(pieces, logprobs, strict=True))
    sure, less_sure = field_confidences(raw.decode(), tokens), field_confidences(raw.decode(), lower)
    assert set(sure) == {json_path(path) for path, _ in _scalars(value)}
    for path, confidence in sure.items():
        assert 0.0 <= confidence <= 1.0
        assert less_sure[path] <= confidence
