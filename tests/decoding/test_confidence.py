"""Confidence is the probability of the value among all that the grammar allowed."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decoding.confidence import leaf_confidences, probability
from decoding.grammar.answer import answer_json
from decoding.grammar.build import Grammar
from decoding.parse import parse_completion
from schemas.extraction import Completion, TokenLogprob
from schemas.spec import ArraySpec, ExtractionSchema, FieldSpec, ObjectSpec, Path

_TEXT = FieldSpec(kind="free")
_ROWS = ArraySpec(item=ObjectSpec(properties=(("c", _TEXT),)))
_SCHEMA = ExtractionSchema(
    name="s", root=ObjectSpec(properties=(("a", _TEXT), ("b", _TEXT), ("rows", _ROWS))), json_schema="{}"
)
_GRAMMAR = Grammar(lark="", schema=_SCHEMA)


def _tokens(*pieces: tuple[str, float]) -> tuple[TokenLogprob, ...]:
    return tuple(TokenLogprob(token_bytes=text.encode(), logprob=math.log(p)) for text, p in pieces)


def _confidences(tokens: tuple[TokenLogprob, ...], text: str | None = None) -> dict[Path, float]:
    written = b"".join(token.token_bytes for token in tokens).decode() if text is None else text
    completion = Completion(
        text=written,
        finish_reason="stop",
        n_prompt_tokens=1,
        n_completion_tokens=len(tokens),
        tokens=tokens,
        engine="e",
        model="m",
    )
    return leaf_confidences(parse_completion(completion, _GRAMMAR), completion)


def test_confidence_is_the_product_over_the_tokens_of_the_value() -> None:
    tokens = _tokens(
        ('{"a":', 1.0),
        ('"', 0.9),
        ("x", 0.5),
        ('",', 0.8),
        ('"b":', 1.0),
        ("null", 0.25),
        (',"rows":[]}', 1.0),
    )
    # a: 0.9 * 0.5 * 0.8 = 0.36, the quotation marks included; b: 0.25
    assert _confidences(tokens) == pytest.approx({("a",): 0.36, ("b",): 0.25})


def test_cells_of_rows_are_keyed_by_their_path() -> None:
    tokens = _tokens(('{"a":null,"b":null,"rows":[{"c":', 1.0), ('"x"', 0.5), ("}]}", 1.0))
    assert _confidences(tokens)["rows", 0, "c"] == pytest.approx(0.5)


def test_letters_of_several_bytes_keep_their_place() -> None:
    head = '{"a":"äöü€","b":"'
    tokens = tuple(TokenLogprob(token_bytes=bytes([b]), logprob=0.0) for b in head.encode())
    tokens += _tokens(("z", 0.5), ('","rows":[]}', 1.0))
    assert _confidences(tokens) == pytest.approx({("a",): 1.0, ("b",): 0.5})


def test_no_tokens_give_no_confidence() -> None:
    assert _confidences((), '{"a":null,"b":null,"rows":[]}') == {}
    assert probability(()) == 1.0


@given(
    values=st.lists(st.none() | st.text(max_size=6), min_size=2, max_size=2),
    cells=st.lists(st.text(max_size=4), max_size=3),
    data=st.data(),
)
def test_confidences_are_probabilities_and_fall_with_any_token(
    values: list[str | None], cells: list[str], data: st.DataObject
) -> None:
    raw = answer_json({"a": values[0], "b": values[1], "rows": [{"c": cell} for cell in cells]}).encode()
    cuts = sorted({0, len(raw), *data.draw(st.lists(st.integers(0, len(raw)), max_size=6))})
    pieces = [raw[a:b] for a, b in pairwise(cuts)]
    logprobs = data.draw(st.lists(st.floats(-20, 0), min_size=len(pieces), max_size=len(pieces)))
    tokens = tuple(TokenLogprob(token_bytes=t, logprob=p) for t, p in zip(pieces, logprobs, strict=True))
    lower = tuple(TokenLogprob(token_bytes=t, logprob=p - 1) for t, p in zip(pieces, logprobs, strict=True))
    sure, less_sure = _confidences(tokens), _confidences(lower)
    assert set(sure) == {("a",), ("b",), *(("rows", i, "c") for i in range(len(cells)))}
    for path, confidence in sure.items():
        assert 0.0 <= confidence <= 1.0
        assert less_sure[path] <= confidence


@pytest.mark.parametrize("key", ['12" pipe', "back\\slash", "line\nbreak", "été"])
def test_keys_that_json_escapes_have_their_confidence(key: str) -> None:
    schema = ExtractionSchema(name="s", root=ObjectSpec(properties=((key, _TEXT),)), json_schema="{}")
    text = answer_json({key: "x"})
    completion = Completion(
        text=text,
        finish_reason="stop",
        n_prompt_tokens=1,
        n_completion_tokens=1,
        tokens=_tokens((text, 0.5)),
        engine="e",
        model="m",
    )
    parsed = parse_completion(completion, Grammar(lark="", schema=schema))
    assert leaf_confidences(parsed, completion) == pytest.approx({(key,): 0.5})
