"""What holds between the amounts of a page, and other amounts for which it holds too.

Relations are found, not read: a column that adds up, a net and a tax that make a gross, a price times a
count. They are linear in the amounts, so that all other solutions are known once the free ones are chosen:
the amounts printed last (totals) follow from those printed first (items).
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from training.refill.template import ROWS_TOTAL, Relation

_MAX_ADDENDS = 40
_NEAR_LINES = 8  # net, tax and gross stand within so many lines
_MAX_COUNT = 999
_SAME_EDGE = 0.012  # of the page's width: right edges of one column of numbers
_TRIES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedAmount:
    """An amount in a place: its group, its size in ten-thousandths with its sign, its line and right edge."""

    group: int
    signed: int
    line: int
    right: float


def find_sums(places: Sequence[PlacedAmount], counts: Mapping[int, Sequence[int]]) -> tuple[Relation, ...]:
    """Return the relations that hold between the places, distinct, those of fewer amounts first.

    Parameters
    ----------
    places
        In reading order.
    counts
        Whole numbers printed on a line, by line: what a price may be multiplied with.
    """
    found: dict[Relation, None] = {}
    for relation in (*_products(places, counts), *_near_sums(places), *_column_sums(places)):
        found.setdefault(relation, None)
    return tuple(sorted((r for r in found if len(r) > 1), key=len))


def _relation(terms: Iterable[tuple[int, int]]) -> Relation:
    """Return the terms by group, with the coefficients of equal groups added, the first one positive."""
    total: dict[int, int] = {}
    for group, coefficient in terms:
        total[group] = total.get(group, 0) + coefficient
    kept = sorted((group, c) for group, c in total.items() if c)
    sign = -1 if kept and kept[0][1] < 0 else 1
    return tuple((group, sign * c) for group, c in kept)


def _sign(place: PlacedAmount) -> int:
    return -1 if place.signed < 0 else 1


def _products(places: Sequence[PlacedAmount], counts: Mapping[int, Sequence[int]]) -> Iterator[Relation]:
    by_line: dict[int, list[PlacedAmount]] = {}
    for place in places:
        by_line.setdefault(place.line, []).append(place)
    for line, beside in by_line.items():
        for price in beside:
            for amount in beside:
                for count in counts.get(line, ()):
                    if 1 < count <= _MAX_COUNT and price.signed and price.signed * count == amount.signed:
                        yield _relation([(amount.group, _sign(amount)), (price.group, -count * _sign(price))])


def _near_sums(places: Sequence[PlacedAmount]) -> Iterator[Relation]:
    """Yield where two amounts, a few lines apart, make a third one: net and tax, total and change."""
    for i, first in enumerate(places):
        for second in places[i + 1 :]:
            if second.line - first.line > _NEAR_LINES:
                break
            for third in places:
                is_near = abs(third.line - first.line) <= _NEAR_LINES
                if third is first or third is second or not is_near or not (first.signed and second.signed):
                    continue
                if first.signed + second.signed == third.signed:
                    yield _relation(
                        [
                            (third.group, _sign(third)),
                            (first.group, -_sign(first)),
                            (second.group, -_sign(second)),
                        ]
                    )


def _column_sums(places: Sequence[PlacedAmount]) -> Iterator[Relation]:
    """Yield where an amount is the sum of those directly above it in its column."""
    for index, total in enumerate(places):
        above = [
            p for p in places[:index] if abs(p.right - total.right) <= _SAME_EDGE and p.line < total.line
        ]
        sum_so_far, terms = 0, list[tuple[int, int]]()
        for place in reversed(above[-_MAX_ADDENDS:]):
            sum_so_far += place.signed
            terms.append((place.group, -_sign(place)))
            if len(terms) > 1 and sum_so_far == total.signed and total.signed:
                yield _relation([(total.group, _sign(total)), *terms])
                break


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """The relations, solved: which groups follow from which, and which are free to choose.

    `following` holds for each group that follows the terms of the sum that it is.
    """

    following: tuple[tuple[int, tuple[tuple[int, Fraction], ...]], ...]
    free: tuple[int, ...]


def solve(n_groups: int, relations: Sequence[Relation], *, order: Sequence[int]) -> Solved:
    """Return the solution by Gauss and Jordan.

    `order` are the groups in the order in which they would best follow from others; ROWS_TOTAL, in no order,
    never follows.
    """
    columns = [*order, ROWS_TOTAL]
    at = {group: column for column, group in enumerate(columns)}
    rows = [_row(relation, at) for relation in relations]
    pivots: list[tuple[int, dict[int, Fraction]]] = []
    for column in range(len(order)):
        row = next((row for row in rows if row.get(column)), None)
        if row is None:
            continue
        rows = [other for other in rows if other is not row]
        scaled = {c: value / row[column] for c, value in row.items()}
        rows = [reduced for other in rows if (reduced := _without(other, scaled, column))]
        pivots = [(pivot, _without(other, scaled, column)) for pivot, other in pivots]
        pivots.append((column, scaled))
    following = tuple(
        (columns[pivot], tuple((columns[c], -value) for c, value in sorted(row.items()) if c != pivot))
        for pivot, row in pivots
    )
    bound = {group for group, _ in following}
    return Solved(following=following, free=tuple(g for g in range(n_groups) if g not in bound))


def _row(relation: Relation, at: Mapping[int, int]) -> dict[int, Fraction]:
    return {at[group]: Fraction(coefficient) for group, coefficient in relation}


def _without(row: Mapping[int, Fraction], pivot: Mapping[int, Fraction], column: int) -> dict[int, Fraction]:
    """Return `row` without its entry in `column`, by taking off a multiple of the pivot's row."""
    factor = row.get(column, Fraction(0))
    merged = {c: row.get(c, Fraction(0)) - factor * pivot.get(c, Fraction(0)) for c in {*row, *pivot}}
    return {c: value for c, value in merged.items() if value}


def draw_amounts(
    rng: random.Random,
    solved: Solved,
    *,
    units: Sequence[int],
    steps: Sequence[int],
    items: frozenset[int],
    rows_total: tuple[int, int] | None = None,
) -> tuple[int, ...] | None:
    """Return other amounts for which the relations hold, None if none were found.

    Parameters
    ----------
    units, steps
        The printed amount of each group in ten-thousandths, and the smallest difference that its places
        print.
    items
        Groups that are drawn each by itself; the other free ones grow as those do, as taxes and change would.
    rows_total
        The sum of the rows of the table that was and the one that will be, where the relations know it.
    """
    for _ in range(_TRIES):
        scale = rows_total[1] / rows_total[0] if rows_total else 10 ** rng.uniform(-0.7, 0.9)
        drawn = _drawn_free(rng, solved, units, steps, items, scale)
        if rows_total:
            drawn[ROWS_TOTAL] = rows_total[1]
        if _follow(solved, drawn, units, steps):
            return tuple(drawn[group] for group in range(len(units)))
    if rows_total:
        return None
    factor = rng.randint(2, 9)  # a multiple of all keeps every sum
    return tuple(amount * factor for amount in units)


def _drawn_free(
    rng: random.Random,
    solved: Solved,
    units: Sequence[int],
    steps: Sequence[int],
    items: frozenset[int],
    scale: float,
) -> dict[int, int]:
    drawn: dict[int, int] = {}
    before = after = 0
    for group in solved.free:
        if group in items and units[group]:
            drawn[group] = _scaled(units[group], scale * 10 ** rng.uniform(-0.4, 0.4), steps[group])
            before, after = before + units[group], after + drawn[group]
    growth = after / before if before else scale
    for group in solved.free:
        if group not in drawn:
            drawn[group] = _scaled(units[group], growth, steps[group]) if units[group] else 0
    return drawn


def _scaled(amount: int, factor: float, step: int) -> int:
    return max(round(amount * factor / step), 1) * step


def _follow(solved: Solved, drawn: dict[int, int], units: Sequence[int], steps: Sequence[int]) -> bool:
    """Fill in the amounts that follow; False if one would turn negative, vanish or not be printable."""
    for group, terms in solved.following:
        value = sum((coefficient * drawn[term] for term, coefficient in terms), Fraction(0))
        if value.denominator != 1 or value % steps[group] or value < 0 or (value == 0) != (units[group] == 0):
            return False
        drawn[group] = int(value)
    return True
