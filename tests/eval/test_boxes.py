"""Boxes: shares of area, and of what is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.boxes import coverage, information_coverage
from eval.similarity import iou
from schemas.document import Word
from schemas.geometry import BBox


def _box(left: int, top: int, width: int, height: int) -> BBox:
    return BBox(left / 10, top / 10, (left + width) / 10, (top + height) / 10)


BOXES = st.builds(_box, st.integers(0, 4), st.integers(0, 4), st.integers(0, 5), st.integers(0, 5))


@given(pred=BOXES, gold=BOXES)
def test_shares_are_in_the_unit_interval_and_change_places_with_the_boxes(pred: BBox, gold: BBox) -> None:
    there, back = coverage(pred, gold), coverage(gold, pred)
    assert 0.0 <= there.iou <= min(there.gold, there.pred) + 1e-9
    assert max(there.gold, there.pred) <= 1.0 + 1e-9
    assert (there.gold, there.pred) == pytest.approx((back.pred, back.gold))
    edges = [pred.left, pred.top, pred.right, pred.bottom], [gold.left, gold.top, gold.right, gold.bottom]
    assert there.iou == pytest.approx(iou(*edges))  # pyright: ignore[reportArgumentType]


def test_a_wide_margin_loses_nothing_and_a_cut_row_does() -> None:
    gold = _box(0, 0, 4, 4)
    wide, cut = coverage(_box(0, 0, 8, 4), gold), coverage(_box(0, 0, 4, 3), gold)
    assert (wide.gold, wide.pred, wide.iou) == pytest.approx((1.0, 0.5, 0.5))
    assert (cut.gold, cut.pred, cut.iou) == pytest.approx((0.75, 1.0, 0.75))


WORDS = (
    Word(text="12345678", bbox=BBox(0.1, 0.1, 0.2, 0.12)),
    Word(text="ab", bbox=BBox(0.1, 0.3, 0.2, 0.32)),
    Word(text="outside", bbox=BBox(0.1, 0.9, 0.2, 0.92)),
)


@pytest.mark.parametrize(
    ("pred", "expected"),
    [
        (_box(0, 0, 10, 5), 1.0),
        (_box(0, 0, 10, 10), 1.0),  # too large keeps all
        (_box(0, 0, 10, 2), 0.8),
        (_box(0, 2, 10, 2), 0.2),
        (_box(5, 5, 1, 1), 0.0),
        (None, 0.0),
    ],
)
def test_information_coverage_counts_the_characters_that_are_kept(pred: BBox | None, expected: float) -> None:
    assert information_coverage(pred, _box(0, 0, 10, 5), WORDS) == pytest.approx(expected)


def test_a_table_without_characters_can_lose_none() -> None:
    assert information_coverage(None, _box(5, 5, 1, 1), WORDS) == 1.0
