"""Whether a field has a value is decided by all tokens that a value may begin with, allowed or not."""

# pyright: reportUnknownMemberType=false

from __future__ import annotations

import math

import pytest
import torch

from decoding.engines.next_token import Weighed
from decoding.engines.null_choice import choose_text, find_text_openings

_NULL, _QUOTE, _QUOTE_AND_COLON, _BRACE = range(4)
_TOKENS = (b"null", b'"', b'":', b"{")
_OPENINGS = torch.tensor([_QUOTE, _QUOTE_AND_COLON])


def following(**probabilities: float) -> Weighed:
    names = ("null", "quote", "colon", "brace")
    return Weighed(torch.tensor([math.log(probabilities.get(name, 1e-9)) for name in names]))


def test_tokens_that_begin_with_a_quote_begin_a_text() -> None:
    assert find_text_openings(lambda token: _TOKENS[token], 4).tolist() == [_QUOTE, _QUOTE_AND_COLON]
    assert find_text_openings(lambda _: b"a", 2).tolist() == []


def test_what_a_forbidden_opening_is_worth_speaks_for_a_value() -> None:
    known = following(null=0.3, quote=0.1, colon=0.6)
    found = choose_text(known, torch.tensor([_NULL, _QUOTE]), _OPENINGS)
    assert found is not None
    allowed, logprob = found
    assert allowed.tolist() == [_QUOTE]
    # (0.1 + 0.6) of (0.7 + 0.3)
    assert math.exp(logprob) == pytest.approx(0.7, abs=1e-6)


@pytest.mark.parametrize("null", [0.5, 0.8])
def test_null_stays_where_it_is_at_least_as_likely_as_all_texts(null: float) -> None:
    known = following(null=null, quote=0.1, colon=0.9 - null)
    assert choose_text(known, torch.tensor([_NULL, _QUOTE]), _OPENINGS) is None


@pytest.mark.parametrize("allowed", [[_NULL], [_QUOTE], [_NULL, _BRACE], []])
def test_nothing_is_decided_where_there_is_no_choice(allowed: list[int]) -> None:
    known = following(null=0.1, quote=0.1, colon=0.7, brace=0.1)
    assert choose_text(known, torch.tensor(allowed, dtype=torch.long), _OPENINGS) is None
