"""Similarities of cells: what each takes for the same, and columns at once as one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue
from rapidfuzz.distance import Levenshtein

from eval.similarity import (
    Close,
    Similarity,
    edit,
    exact,
    iou,
    same_amount,
    same_date,
    same_text,
    similarity_matrix,
)
from schemas.errors import EvaluationError

TEXTS = st.one_of(
    st.text(max_size=6), st.sampled_from(["1.234,50", "1234.50", "12 March 2026", "2026-03-12"])
)
ON_TEXTS: tuple[Similarity, ...] = (exact, same_text, same_amount, same_date, edit, Close(absolute=0.01))


@given(
    pred=st.lists(st.one_of(st.none(), TEXTS), max_size=4),
    gold=st.lists(st.one_of(st.none(), TEXTS), max_size=4),
    similarity=st.sampled_from(ON_TEXTS),
)
def test_columns_at_once_are_cells_one_by_one(
    pred: list[JsonValue], gold: list[JsonValue], similarity: Similarity
) -> None:
    expected = [[0.0 if p is None or g is None else similarity(p, g) for g in gold] for p in pred]
    found = similarity_matrix(similarity, pred, gold)
    assert found.shape == (len(pred), len(gold))
    assert np.allclose(found, np.array(expected).reshape(found.shape))


@given(value=TEXTS.filter(str.strip), similarity=st.sampled_from(ON_TEXTS))
def test_a_text_is_like_itself(value: str, similarity: Similarity) -> None:
    assert similarity(value, value) == 1.0


@pytest.mark.parametrize(
    ("similarity", "pred", "gold", "expected"),
    [
        (exact, "a", "a", 1),
        (exact, "a", "A", 0),
        (exact, 1, 1.0, 1),
        (exact, 1, True, 0),
        (exact, 1, "1", 0),
        (exact, [1, {"a": 2}], [1, {"a": 2}], 1),
        (exact, [1, 2], [2, 1], 0),
        (same_text, "ACME Sdn. Bhd.", "acme sdn bhd", 1),
        (same_text, "€", "$", 0),
        (same_text, "€ ", "€", 1),
        (same_amount, "1.234,50 EUR", "1234.5", 1),
        (same_amount, 1234.5, "1,234.50", 1),
        (same_amount, "12.50", "1250", 0),
        (same_amount, "-45,00", "45,00", 0),
        (same_amount, "none", "NONE", 1),
        (same_date, "12 March 2026", "2026-03-12", 1),
        (same_date, "2026-03-12", "2026-03-13", 0),
        (Close(absolute=0.05), "10.00", "10.05", 1),
        (Close(absolute=0.05), "10.00", "10.06", 0),
        (Close(relative=0.01), 101, 100, 1),
        (Close(relative=0.01), 102, 100, 0),
        (Close(absolute=0.1), 0.3, 0.2, 1),
        (Close(), "free", "Free", 1),
        (Close(), "free", "5.00", 0),
        (Close(absolute=1), True, 1, 0),
    ],
)
def test_what_is_the_same(similarity: Similarity, pred: JsonValue, gold: JsonValue, expected: float) -> None:
    assert similarity(pred, gold) == expected


@given(pred=st.text(max_size=8), gold=st.text(max_size=8))
def test_edit_similarity_is_one_less_the_share_of_edits(pred: str, gold: str) -> None:
    longest = max(len(pred), len(gold))
    expected = 1 - Levenshtein.distance(pred, gold) / longest if longest else 1.0
    assert edit(pred, gold) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("pred", "gold", "expected"),
    [
        ([0, 0, 1, 1], [0, 0, 1, 1], 1.0),
        ([0, 0, 1, 1], [0.5, 0, 1.5, 1], 1 / 3),
        ([0, 0, 1, 1], [1, 0, 2, 1], 0.0),
        ([0, 0, 1, 1], [5, 5, 6, 6], 0.0),
        ([0, 0, 0, 0], [0, 0, 0, 0], 0.0),  # nothing has no share
        ({"page_number": 1, "bbox": [0, 0, 1, 1]}, {"page_number": 1, "bbox": [0, 0, 1, 1]}, 1.0),
        ({"page_number": 1, "bbox": [0, 0, 1, 1]}, {"page_number": 2, "bbox": [0, 0, 1, 1]}, 0.0),
    ],
)
def test_boxes_are_compared_by_what_they_share(pred: JsonValue, gold: JsonValue, expected: float) -> None:
    assert iou(pred, gold) == pytest.approx(expected)
    assert iou(gold, pred) == pytest.approx(expected)


@pytest.mark.parametrize(
    "bad", ["box", [1, 2, 3], [1, 0, 0, 1], [0, 1, 1, 0], [0, 0, math.nan, 1], {"a": 1}, 5]
)
def test_what_is_no_box_is_an_error(bad: JsonValue) -> None:
    with pytest.raises(EvaluationError, match="box"):
        iou(bad, [0, 0, 1, 1])


def test_a_cell_that_is_no_json_value_is_an_error() -> None:
    with pytest.raises(EvaluationError, match="JSON"):
        exact({1, 2}, "a")  # pyright: ignore[reportArgumentType]
