"""Keys whose values are called as columns are: which of these columns a row fills says the value.

A booking is a debit if its amount stands in the column of debits. What layout knows is not left to a model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from decoding.tables.headings import DEBIT_CREDIT, ColumnKind, heading_kinds
from decoding.tables.table import Column, TableRow
from schemas.spec import FieldSpec, ObjectSpec, Spec


def value_kinds(spec: Spec) -> dict[str, ColumnKind]:
    """Return the kind of column that each value of an enum is called as; none unless each has its own."""
    if not isinstance(spec, FieldSpec) or spec.kind != "enum":
        return {}
    values = [value for value in spec.enum_values if isinstance(value, str)]
    named = {value: heading_kinds(value) for value in values}
    kinds: dict[str, ColumnKind] = {value: found[0] for value, found in named.items() if len(found) == 1}
    is_told = len(kinds) == len(values) > 1 and len(set(kinds.values())) == len(kinds)
    return kinds if is_told else {}


def told_by_direction(item: ObjectSpec) -> dict[str, dict[str, str]]:
    """Return, for each key whose values are called debit and credit, the value of each direction."""
    named = ((key, value_kinds(child)) for key, child in item.properties)
    return {
        key: {kind: value for value, kind in kinds.items()}
        for key, kinds in named
        if frozenset(kinds.values()) == DEBIT_CREDIT
    }


def deciding_columns(item: ObjectSpec, columns: Sequence[Column]) -> dict[str, dict[str, int]]:
    """Return, for each key that a table decides, the index of the column of each of its values."""
    found: dict[str, dict[str, int]] = {}
    for key, child in item.properties:
        kinds = value_kinds(child)
        indices = {value: _only(columns, kind) for value, kind in kinds.items()}
        if kinds and None not in indices.values():
            found[key] = {value: index for value, index in indices.items() if index is not None}
    return found


def decide(
    row: TableRow,
    columns: Mapping[str, Mapping[str, int]],
    by_direction: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
) -> dict[str, str]:
    """Return the values that a row decides: where one of the columns is filled in it, and no other.

    In a table without such columns a booking's direction does, where a sign or letter tells it.

    Only texts may belong to either of two rows, so that a second reading of it changes none of them.
    """
    decided: dict[str, str] = {}
    if row.direction is not None:
        decided = {key: values[row.direction] for key, values in by_direction.items()}
    for key, by_value in columns.items():
        filled = [value for value, index in by_value.items() if row.cells[index]]
        if len(filled) == 1:
            decided[key] = filled[0]
    return decided


def _only(columns: Sequence[Column], kind: ColumnKind) -> int | None:
    indices = [index for index, column in enumerate(columns) if column.kind == kind]
    return indices[0] if len(indices) == 1 else None
