"""KIE scores: bounds, counts and what counts as the same value."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.f_scores import Counts, total
from eval.kie import (
    MATCHINGS,
    FieldResult,
    Matching,
    Outcome,
    Pred,
    ValueKind,
    gold_values,
    kie_results,
    kie_score,
    printed,
    same,
)

OUTCOMES = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(get_args(Outcome))))
TEXTS = st.sampled_from(["a", "A", "ab", "1.50", "1,50", "12/03/2026", "2026-03-12", "-"])


def _results(outcomes: list[tuple[str, Outcome]]) -> list[FieldResult]:
    return [FieldResult(field=f, outcome=o, similarity=float(o == "right")) for f, o in outcomes]


@given(outcomes=OUTCOMES)
def test_scores_are_in_the_unit_interval(outcomes: list[tuple[str, Outcome]]) -> None:
    score = kie_score(_results(outcomes))
    for value in (score.precision, score.recall, score.f1, score.macro_f1):
        assert 0.0 <= value <= 1.0


@given(outcomes=OUTCOMES)
def test_a_further_mistake_never_raises_f1(outcomes: list[tuple[str, Outcome]]) -> None:
    before = kie_score(_results(outcomes)).f1
    for bad in ("wrong", "missed", "hallucinated"):
        assert kie_score(_results([*outcomes, ("a", bad)])).f1 <= before


@given(outcomes=OUTCOMES)
def test_fields_add_up_to_the_whole(outcomes: list[tuple[str, Outcome]]) -> None:
    score = kie_score(_results(outcomes))
    assert total(one.counts for one in score.fields.values()) == score.counts
    assert sum(score.outcomes.values()) == len(outcomes)


def test_a_hand_computed_case() -> None:
    # a: 2 right, 1 hallucinated: F1 4/5. b: 1 right, 1 wrong, 2 missed: P = 1/2, R = 1/4, F1 = 2/6.
    outcomes: list[tuple[str, Outcome]] = [
        *[("a", "right"), ("a", "right"), ("a", "hallucinated"), ("a", "absent")],
        *[("b", "right"), ("b", "wrong"), ("b", "missed"), ("b", "missed")],
    ]
    score = kie_score(_results(outcomes))
    assert (score.precision, score.recall) == (3 / 5, 3 / 6)
    assert score.f1 == pytest.approx(6 / 11)
    assert score.fields["a"].f1 == pytest.approx(4 / 5)
    assert (score.fields["b"].precision, score.fields["b"].recall) == (1 / 2, 1 / 4)
    assert score.macro_f1 == pytest.approx((4 / 5 + 2 / 6) / 2)


def test_absent_fields_do_not_count() -> None:
    assert kie_score(_results([("a", "absent")])).f1 == kie_score([]).f1 == kie_score([]).macro_f1 == 1.0


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
    (result,) = kie_results({"f": pred}, {"f": gold})
    assert result.outcome == expected


def test_a_field_that_only_one_side_names_counts() -> None:
    results = kie_results({"made_up": Pred(text="x"), "asked": None}, {"there": ("y",)})
    assert [(r.field, r.outcome) for r in results] == [
        ("there", "missed"),
        ("made_up", "hallucinated"),
        ("asked", "absent"),
    ]


@given(pred=TEXTS, gold=st.lists(TEXTS, min_size=1, max_size=3), kind=st.sampled_from(get_args(ValueKind)))
def test_matchings_are_ordered_and_an_equal_text_is_right_in_each(
    pred: str, gold: list[str], kind: ValueKind
) -> None:
    kinds: dict[str, ValueKind] = {"f": kind}
    found = {
        matching: kie_results({"f": Pred(text=pred)}, {"f": gold}, matching=matching, kinds=kinds)[0]
        for matching in MATCHINGS
    }
    assert found["exact"].similarity <= found["normalised"].similarity
    assert found["exact"].similarity <= found["edit"].similarity
    assert (found["exact"].outcome == "right") == (pred in gold)
    for result in found.values():
        assert 0.0 <= result.similarity <= 1.0


@pytest.mark.parametrize(
    ("matching", "similarity", "outcome"),
    [("exact", 0.0, "wrong"), ("normalised", 1.0, "right"), ("edit", 0.75, "wrong")],
)
def test_an_edited_value_counts_in_part(matching: Matching, similarity: float, outcome: Outcome) -> None:
    (result,) = kie_results({"f": Pred(text="ab-c")}, {"f": ("ab c",)}, matching=matching)
    assert (result.similarity, result.outcome) == (similarity, outcome)
    assert result.counts == Counts(score=similarity, n_pred=1, n_gold=1)


@pytest.mark.parametrize(
    ("kind", "pred", "gold", "expected"),
    [
        ("date", Pred(text="12 MAR 2018"), "2018-03-12", True),
        ("date", Pred(text="03/04/18", normalised="2018-04-03"), "2018-04-03", True),
        ("date", Pred(text="-10/12/20", normalised="2020-12-10"), "10/12/20", True),
        ("date", Pred(text="12 MAR 2018"), "2018-03-13", False),
        ("amount", Pred(text="1.234,00"), "1234", True),
        ("amount", Pred(text="1.234", normalised="1.234"), "1.234", True),
        ("amount", Pred(text="12.50-"), "12.50", False),
        ("amount", Pred(text="(12.50)"), "12.50", False),
        ("amount", Pred(text="1250"), "12.50", False),
        ("amount", Pred(text="RM 9.00"), "9,00 RM", True),
        ("amount", Pred(text="free"), "FREE", True),
        ("amount", Pred(text="145678"), "Rs.1,45,678/-", True),
        ("amount", Pred(text="125.00"), "KWD 125.000", True),
        ("amount", Pred(text="125000"), "KWD 125.000", False),
        ("date", Pred(text="2026-12-12"), "12. prosince 2026", True),
        ("text", Pred(text="Mu\u0308ller"), "M\u00fcller", True),
        ("text", Pred(text="Muller"), "M\u00fcller", False),
        ("text", Pred(text="ACME Sdn. Bhd."), "ACME SDN BHD", True),
        ("text", Pred(text="(ACME) Ltd"), "ACME Ltd", True),
        ("text", Pred(text="555-123-4567"), "(555) 123-4567", True),
        ("text", Pred(text="9.00"), "9.10", False),
        ("text", Pred(text="0012"), "12", False),
        ("text", Pred(text="€"), "$", False),
        ("text", Pred(text="1E9999999"), "1E9999999", True),
    ],
)
def test_same_values_in_other_writing(kind: ValueKind, pred: Pred, gold: str, expected: bool) -> None:
    assert same(pred, gold, kind=kind) is expected


def test_every_item_of_a_list_and_every_alternative_is_accepted() -> None:
    assert gold_values(["a", "b"], ("c",)) == ("a", "b", "c")
    assert gold_values(None) == gold_values("") == gold_values([]) == ()
    assert gold_values(0) == ("0",)
    assert gold_values(["", " ", "a"], ("\u00a0",)) == ("a",)


def test_an_accent_behind_its_letter_is_the_same_letter_under_every_matching() -> None:
    assert printed("Mu\u0308ller") == gold_values("M\u00fcller")[0]
    assert printed(10**4000) == "1" + "0" * 4000  # longer than any float
