"""Peer metrics against the packages that define them, and where GLIRM disagrees with them."""

from __future__ import annotations

import importlib
import sys
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from eval.glirm import glirm
from eval.peers import (
    Node,
    PlacedField,
    anls_star,
    change_cost,
    docile_kile,
    docile_lir,
    donut_accuracy,
    grits_con,
    node_cost,
    tree_edit_distance,
)
from eval.similarity import edit
from schemas.document import Word
from schemas.errors import ConfigurationError
from schemas.geometry import BBox
from tests.eval.tables import TABLES

Table = list[dict[str, JsonValue]]

# Texts of one length and rows of all keys: ties between matchings then do not change the result.
FULL_ROWS = st.fixed_dictionaries({key: st.sampled_from(["abcd", "abce", "wxyz", "1234"]) for key in "xy"})


@settings(max_examples=60, deadline=None)
@given(pred=st.lists(FULL_ROWS, max_size=4), gold=st.lists(FULL_ROWS, max_size=4))
def test_anls_star_is_the_packages(pred: Table, gold: Table) -> None:
    package: Any = importlib.import_module("anls_star")
    assert anls_star(pred, gold) == pytest.approx(package.anls_score(gold, pred))


@given(pred=TABLES, gold=TABLES)
def test_peers_are_in_the_unit_interval_and_know_their_own(pred: Table, gold: Table) -> None:
    for metric in (anls_star, donut_accuracy):
        assert 0.0 <= metric(pred, gold) <= 1.0
        assert metric(gold, gold) == 1.0


def _inner(label: str, children: list[Node]) -> Node:
    return Node(label=label, children=tuple(children))


NODES = st.recursive(
    st.builds(Node, label=st.sampled_from(["a", "bc"]), is_leaf=st.just(True)),
    lambda below: st.builds(_inner, st.sampled_from(["p", "q"]), st.lists(below, max_size=3)),
    max_leaves=6,
)


@cache
def _distance(first: tuple[Node, ...], second: tuple[Node, ...]) -> float:
    """The definition, on forests: remove the last root, add one, or change one into the other."""
    if not first and not second:
        return 0.0
    costs: list[float] = []
    if first:
        costs.append(_distance((*first[:-1], *first[-1].children), second) + node_cost(first[-1]))
    if second:
        costs.append(_distance(first, (*second[:-1], *second[-1].children)) + node_cost(second[-1]))
    if first and second:
        below = _distance(first[-1].children, second[-1].children)
        costs.append(below + _distance(first[:-1], second[:-1]) + change_cost(first[-1], second[-1]))
    return min(costs)


@settings(max_examples=80, deadline=None)
@given(first=NODES, second=NODES)
def test_tree_edit_distance_is_the_least_of_all_ways(first: Node, second: Node) -> None:
    assert tree_edit_distance(first, second) == pytest.approx(_distance((first,), (second,)))


GOLD: Table = [
    {"item": "Copper pipe", "amount": "35.00"},
    {"item": "Steel elbow", "amount": "7.50"},
    {"item": "Rubber seal", "amount": "1.25"},
]
FIRST, SECOND, THIRD = GOLD
EXAMPLES: dict[str, tuple[Table, tuple[float, float, float]]] = {
    # predicted rows, then GLIRM F1 (exact), ANLS*, Donut's accuracy as in docs/metrics/peers.md
    "two rows swapped": ([SECOND, FIRST, THIRD], (0.667, 1.0, 0.527)),
    "columns in another order": ([dict(reversed(row.items())) for row in GOLD], (1.0, 1.0, 1.0)),
    "a row doubled": ([FIRST, FIRST, SECOND, THIRD], (0.857, 0.75, 0.655)),
    "a row missed": ([FIRST, SECOND], (0.8, 0.667, 0.673)),
    "one character misread": (
        [{"item": "Copper pipc", "amount": "35.00"}, SECOND, THIRD],
        (0.833, 0.985, 0.982),
    ),
    "a long text wrong": ([{"item": "Zzzzzz zzzz", "amount": "35.00"}, SECOND, THIRD], (0.833, 0.833, 0.818)),
    "a short amount wrong": (
        [FIRST, SECOND, {"item": "Rubber seal", "amount": "9.99"}],
        (0.833, 0.833, 0.945),
    ),
    "an empty column filled": ([{**row, "note": "paid"} for row in GOLD], (0.8, 0.667, 0.727)),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_of_the_card_are_as_it_says(name: str) -> None:
    pred, expected = EXAMPLES[name]
    found = (glirm(pred, GOLD).f1, anls_star(pred, GOLD), donut_accuracy(pred, GOLD))
    assert [round(value, 3) for value in found] == list(expected)


def test_glirm_with_edit_similarity_gives_part_of_a_misread_cell() -> None:
    pred, _ = EXAMPLES["one character misread"]
    assert glirm(pred, GOLD, similarity=edit).f1 == pytest.approx((5 + 10 / 11) / 6)


def _word(text: str, left: float, top: float) -> Word:
    return Word(text=text, bbox=BBox(left, top, left + 0.1 * len(text), top + 0.02))


WORDS = {
    0: [_word("tea", 0.1, 0.1), _word("5.00", 0.5, 0.1), _word("tea", 0.1, 0.2), _word("7.00", 0.5, 0.2)]
}


def _placed(index: int, fieldtype: str, item: int, *, grown: float = 0.0, score: float = 1.0) -> PlacedField:
    box = WORDS[0][index].bbox
    return PlacedField(
        fieldtype=fieldtype,
        page_index=0,
        bbox=BBox(box.left - grown, box.top - grown, box.right + grown, box.bottom + grown),
        line_item_id=item,
        score=score,
    )


def test_docile_matches_boxes_by_the_characters_in_them() -> None:
    gold = [_placed(0, "item", 0), _placed(1, "amount", 0)]
    assert docile_kile([_placed(0, "item", 0, grown=0.005)], gold, WORDS).score == 1.0
    assert docile_kile([_placed(0, "amount", 0)], gold, WORDS).score == 0.0
    assert docile_kile([_placed(2, "item", 0)], gold, WORDS).score == 0.0  # as written, but elsewhere
    both = docile_kile([_placed(0, "item", 0), _placed(0, "item", 0, score=0.5)], gold, WORDS)
    assert (both.score, both.n_pred, both.n_gold) == (1.0, 2, 2)


def test_docile_pairs_line_items_in_any_order_and_glirm_does_not() -> None:
    gold = [_placed(0, "i", 0), _placed(1, "a", 0), _placed(2, "i", 1), _placed(3, "a", 1)]
    swapped = [_placed(2, "i", 0), _placed(3, "a", 0), _placed(0, "i", 1), _placed(1, "a", 1)]
    assert docile_lir(swapped, gold, WORDS).f1 == 1.0
    rows: Table = [{"i": "tea", "a": "5.00"}, {"i": "tea", "a": "7.00"}]
    assert glirm(rows[::-1], rows).f1 < 1.0
    assert docile_lir([], [], WORDS).f1 == 1.0
    assert docile_lir([], gold, WORDS).f1 == 0.0


def test_a_metric_whose_package_is_missing_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "grits", None)
    with pytest.raises(ConfigurationError, match="grits-metric"):
        grits_con(GOLD, GOLD)
