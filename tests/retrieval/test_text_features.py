from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from retrieval.text_features import VECTOR_SIZE, ngram_vector, query_words, text_score, words_of


@given(st.text(max_size=300))
def test_a_vector_has_length_1_or_is_zero(text: str) -> None:
    vector = ngram_vector(text)
    assert vector.shape == (VECTOR_SIZE,)
    assert vector.dtype == np.float32
    length = float(np.linalg.norm(vector))
    # Rare texts cancel: each n-gram meets one of the other sign in its coordinate.
    assert length == 0.0 or abs(length - 1.0) < 1e-5


def test_digits_case_and_spacing_make_no_difference() -> None:
    first = ngram_vector("Invoice No 2024-17\nTotal   12.50")
    assert np.array_equal(first, ngram_vector("INVOICE no 1999-83 total 40.00"))
    assert text_score(first, first) > 0.999999


def test_a_vector_is_the_same_on_every_machine() -> None:
    # Of the committed code: a change of the features makes every index of before useless (FEATURES_VERSION).
    vector = ngram_vector("rechnung")
    assert int(np.count_nonzero(vector)) == 15  # 6 + 5 + 4 n-grams, all in coordinates of their own
    assert [int(i) for i in np.flatnonzero(vector)[:4]] == _FIRST


def test_words_are_folded_and_single_characters_left_out() -> None:
    assert words_of("Straße 5, A-10 x STRASSE") == ("strasse", "10", "strasse")


def test_a_query_asks_for_the_longest_words_and_each_once() -> None:
    assert query_words(("ab", "total", "ab", "invoice", "final")) == ("invoice", "total", "final", "ab")


def test_a_page_of_one_million_characters_costs_no_more_than_a_full_one() -> None:
    assert len(words_of("word " * 200_000)) == 2_000
    assert np.array_equal(ngram_vector("ab " * 400_000), ngram_vector("ab " * 20_000))


_FIRST = [10, 36, 40, 46]
