"""Which column each group of a line stands in, and where the columns of a table lie.

Groups and columns both run from left to right, so that a line is an alignment: the assignment that keeps
the order and moves the groups least. It holds where numbers stand to the right of a narrow heading and texts
to its left, and where a cell is empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from decoding.tables.headings import NUMERIC_KINDS
from decoding.tables.lines import Group
from decoding.tables.table import Column

# Costs in character widths. What is further from every column than this is in none of them.
_NO_COLUMN = 12.0
_SECOND_TEXT = 2.0  # a second group in a column of texts, and in one of numbers
_SECOND_NUMBER = 9.0
_TEXT_AMONG_NUMBERS = 4.0
_NUMBER_AMONG_TEXTS = 1.0
_PER_CENTRE = 0.1  # of the distance of the middles: among columns that overlap the group, the middle decides
# A column without a heading is one if this share of the rows have a group there.
_MIN_UNNAMED = 0.4

Assignment = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class _State:
    """The best way to assign the groups so far with the last one in a column."""

    cost: float
    columns: Assignment


def assign_columns(groups: Sequence[Group], columns: Sequence[Column], char: float) -> Assignment:
    """Return the column index of each group, in order, None for those that stand in no column.

    `char` is the width of a character in fractions of the page's width.
    """
    # By the last column that is used, -1 for none yet.
    states: dict[int, _State] = {-1: _State(0.0, ())}
    for group in groups:
        following: dict[int, _State] = {}
        for last, state in states.items():
            _keep(following, last, state.cost + _NO_COLUMN, (*state.columns, None))
            for index in range(max(last, 0), len(columns)):
                cost = state.cost + _distance(group, columns[index], char)
                if index == last:
                    numeric = group.is_numeric or columns[index].kind in NUMERIC_KINDS
                    cost += _SECOND_NUMBER if numeric else _SECOND_TEXT
                _keep(following, index, cost, (*state.columns, index))
        states = following
    return min(states.values(), key=lambda state: state.cost).columns


def _keep(states: dict[int, _State], last: int, cost: float, columns: Assignment) -> None:
    known = states.get(last)
    if known is None or cost < known.cost:
        states[last] = _State(cost, columns)


def _distance(group: Group, column: Column, char: float) -> float:
    apart = max(column.left - group.right, group.left - column.right, 0.0)
    middles = abs((group.left + group.right) - (column.left + column.right)) / 2
    cost = (apart + _PER_CENTRE * middles) / char
    if column.kind in NUMERIC_KINDS:
        return cost + (0.0 if group.is_numeric else _TEXT_AMONG_NUMBERS)
    return cost + (_NUMBER_AMONG_TEXTS if group.is_numeric and column.kind == "description" else 0.0)


def fit_columns(
    columns: Sequence[Column], lines: Sequence[Sequence[Group]], char: float
) -> tuple[Column, ...]:
    """Return the columns as wide as their headings and the groups in them, and those without a heading.

    `lines` are the groups of lines that are rows, as far as one knows before.
    """
    inside: list[list[Group]] = [[] for _ in columns]
    outside: list[Group] = []
    for groups in lines:
        for group, index in zip(groups, assign_columns(groups, columns, char), strict=True):
            (outside if index is None else inside[index]).append(group)
    fitted = [
        replace(
            column,
            left=min((column.left, *(g.left for g in groups))),
            right=max((column.right, *(g.right for g in groups))),
        )
        for column, groups in zip(columns, inside, strict=True)
    ]
    return tuple(sorted((*fitted, *_unnamed(outside, len(lines))), key=lambda c: (c.left, c.right)))


def _unnamed(groups: Sequence[Group], n_lines: int) -> list[Column]:
    clusters: list[list[Group]] = []
    for group in sorted(groups, key=lambda g: g.left):
        if clusters and group.left < max(g.right for g in clusters[-1]):
            clusters[-1].append(group)
        else:
            clusters.append([group])
    return [
        Column(heading="", kind=None, left=min(g.left for g in found), right=max(g.right for g in found))
        for found in clusters
        if len(found) >= max(1, _MIN_UNNAMED * n_lines)
    ]
