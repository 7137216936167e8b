"""KIE scores: bounds, counts and what counts as the same value."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.kie import Outcome, Pred, gold_values, kie_score, outcome, same

OUTCOMES = st.lists(st.sampled_from(get_args(Outcome)))


@given(outcomes=OUTCOMES)
def test_scores_are_in_the_unit_interval(outcomes: list[Outcome]) -> None:
    score = kie_score(outcomes)
    for value in (score.precision, score.recall, score.f1):
        assert 0.0 <= value <= 1.0


@given(outcomes=OUTCOMES)
def test_a_further_mistake_never_raises_f1(outcomes: list[Outcome]) -> None:
    before = kie_score(outcomes).f1
    assert all(kie_score([*outcomes, bad]).f1 <= before for bad in ("wrong", "missed", "hallucinated"))


def test_a_hand_computed_case() -> None:
    # 3 right, 1 wrong, 1 hallucinated, 2 missed: P = 3/5, R = 3/6, F1 = 2*3/(5+6) = 6/11.
    score = kie_score(
        ["right", "right", "right", "wrong", "hallucinated", "missed", "missed", "absent"],
    )
    assert (score.precision, score.recall) == (3 / 5, 3 / 6)
    assert score.f1 == pytest.approx(6 / 11)


def test_absent_fields_do_not_count() -> None:
    assert kie_score(["absent"]).f1 == kie_score([]).f1 == 1.0


@pytest.mark.parametrize(
    ("pred", "gold", "expected"),
    [
        (None, (), "absent"),
        (None, ("x",), "missed"),
        (Pred(text="x"), (), "hallucinated"),
        (Pred(text="x"), ("y", "X"), "right"),
        (Pred(text="x"), ("y",), "wrong"),
    ],
)
def test_each_field_has_one_outcome(pred: Pred | None, gold: tuple[str, ...], expected: Outcome) -> None:
    assert outcome(pred, gold) == expected


@pytest.mark.parametrize(
    ("pred", "gold", "expected"),
    [
        (Pred(text="12 MAR 2018", normalised="2018-03-12"), "2018-03-12", True),
        (Pred(text="1.234,00", normalised="1234.00"), "1234", True),
        (Pred(text="ACME Sdn. Bhd."), "ACME SDN BHD", True),
        (Pred(text="12.50-", normalised="-12.50"), "12.50", False),
        (Pred(text="(12.50)", normalised="-12.50"), "12.50", False),
        (Pred(text="1250", normalised="1250"), "12.50", False),
        (Pred(text="RM 9.00", normalised="9.00"), "9,00 RM", False),
        (Pred(text="RM 9.00", normalised="9.00"), "RM9.00", True),
        (Pred(text="555-123-4567"), "(555) 123-4567", True),
        (Pred(text="-10/12/20", normalised="2020-12-10"), "10/12/20", True),
        (Pred(text="€"), "$", False),
        (Pred(text="€"), "€", True),
        (Pred(text="1E9999999"), "1E9999999", True),
        (Pred(text="(ACME) Ltd"), "ACME Ltd", True),
        (Pred(text="9.00"), "9.10", False),
    ],
)
def test_same_values_in_other_writing(pred: Pred, gold: str, expected: bool) -> None:
    assert same(pred, gold) is expected


def test_every_item_of_a_list_and_every_alternative_is_accepted() -> None:
    assert gold_values(["a", "b"], ("c",)) == ("a", "b", "c")
    assert gold_values(None) == ()
