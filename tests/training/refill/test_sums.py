"""What adds up on a page adds up with other amounts."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from training.refill.sums import PlacedAmount, Solved, draw_amounts, find_sums, solve
from training.refill.template import ROWS_TOTAL, Relation


def _column(*cents: int) -> list[PlacedAmount]:
    """Return amounts one below the other, each a group of its own."""
    return [PlacedAmount(group=n, signed=amount * 100, line=n, right=0.9) for n, amount in enumerate(cents)]


def _drawn(solved: Solved, cents: list[int], seed: int, items: frozenset[int]) -> tuple[int, ...]:
    drawn = draw_amounts(
        random.Random(seed),
        solved,
        units=[amount * 100 for amount in cents],
        steps=[100] * len(cents),
        items=items,
    )
    assert drawn is not None
    return drawn


def _holds(relation: Relation, values: tuple[int, ...]) -> bool:
    return sum(coefficient * values[group] for group, coefficient in relation) == 0


def test_a_column_that_adds_up_is_found() -> None:
    # 3.40 + 1.20 + 5.60 = 10.20
    assert ((0, 1), (1, 1), (2, 1), (3, -1)) in find_sums(_column(340, 120, 560, 1020), {})


def test_total_and_change_make_what_was_handed_over() -> None:
    # 20.00 = 10.20 + 9.80
    assert ((0, 1), (1, -1), (2, 1)) in find_sums(_column(1020, 2000, 980), {})


def test_a_price_times_a_count_on_its_line_is_found() -> None:
    price, amount = _column(450, 1350)
    beside = [price, PlacedAmount(group=1, signed=amount.signed, line=price.line, right=0.99)]
    assert ((0, 3), (1, -1)) in find_sums(beside, {0: [3]})  # 3 x 4.50 = 13.50
    assert find_sums(beside, {0: [2]}) == ()


def test_amounts_that_add_up_by_nothing_have_no_relation() -> None:
    assert find_sums(_column(311, 507, 1999), {}) == ()


@given(st.integers(0, 10**6))
def test_other_amounts_keep_every_relation(seed: int) -> None:
    cents = [340, 120, 560, 1020, 2000, 980]
    relations = find_sums(_column(*cents), {})
    solved = solve(6, relations, order=[5, 4, 3, 2, 1, 0])
    drawn = _drawn(solved, cents, seed, frozenset({0, 1, 2}))
    assert all(_holds(relation, drawn) for relation in relations)
    assert min(drawn) > 0


def test_the_sum_of_new_rows_decides_the_totals() -> None:
    # net = rows, net + tax = gross
    relations: tuple[Relation, ...] = (((ROWS_TOTAL, 1), (0, -1)), ((0, 1), (1, 1), (2, -1)))
    solved = solve(3, relations, order=[2, 1, 0])
    drawn = draw_amounts(
        random.Random(1),
        solved,
        units=[10000, 2000, 12000],
        steps=[100, 100, 100],
        items=frozenset(),
        rows_total=(10000, 25000),
    )
    # The tax grows as the rows did: 2000 x 2.5 = 5000.
    assert drawn == (25000, 5000, 30000)


def test_no_amounts_are_found_for_rows_that_a_page_cannot_follow() -> None:
    # 1.00 of the rows was one amount; of no rows at all it cannot be one.
    relations: tuple[Relation, ...] = (((ROWS_TOTAL, 1), (0, -1), (1, -1)),)
    solved = solve(2, relations, order=[1, 0])
    drawn = draw_amounts(
        random.Random(1),
        solved,
        units=[0, 10000],
        steps=[100, 100],
        items=frozenset(),
        rows_total=(10000, 0),
    )
    assert drawn is None


def test_a_zero_stays_zero() -> None:
    solved = solve(2, (), order=[1, 0])
    assert _drawn(solved, [0, 500], 3, frozenset({0, 1}))[0] == 0
