"""Which list of a schema a table fills, and which cells each of its keys may be taken from.

A key finds its column by what both are called. A cell of one column is never another key's: what has no
column of its own may stand in a column that no key claims, or, if it is short, in the text of the
description ("2 x").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from decoding.tables.decided import decide, deciding_columns, told_by_direction, value_kinds
from decoding.tables.headings import (
    DEBIT_CREDIT,
    MONEY_KINDS,
    NUMERIC_KINDS,
    ColumnKind,
    heading_kinds,
    is_others_code,
)
from decoding.tables.table import Cell, Column, Table, TableRow
from decoding.tables.totals import folded_words, names_charge, names_owed, names_tax
from decoding.tables.twins import is_net_alone, pair_amounts, pair_days, pair_quantities
from schemas.spec import ArraySpec, FieldSpec, ObjectSpec, Path, Spec

# Of the columns of a list a table has so many, or that share.
_MIN_SHARED, _MIN_OWN = 2, 0.5
# A list goes over several tables if the others have so many of the columns that the best one shares with it.
_SAME_SHARE = 0.75
_SAME_EDGE = 0.02  # of the page's width
# What may stand within a description where it has no column.
_IN_DESCRIPTION: frozenset[ColumnKind] = frozenset(
    ("position", "code", "unit", "quantity", "unit_price", "date")
)
# What a filled cell always says.
_SAYS_VALUE = NUMERIC_KINDS | {"position", "description", "date", "unit"}
# A row of goods has one of these, or a column that nothing is known of.
_SAYS_WHAT: frozenset[ColumnKind | None] = frozenset(("description", "code", "position", "date", None))
_SAYS_GOODS: frozenset[ColumnKind] = frozenset(("description", "position", "date"))
# Kinds of columns of a table that breaks a tax down.
_TAX_ONLY: frozenset[ColumnKind] = frozenset(("tax_base", "tax_amount"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopedRow:
    """One row of a list.

    Attributes
    ----------
    cells
        For each key the runs of words, on one page, that its values are taken from.
    filled
        Keys with a column of their own that is filled here: they have a value.
    words
        All cells, for what has no key of its own.
    likely
        The cells of the keys' own columns, one for each: what the row most likely says.
    decided
        The values of keys that say which of several columns is filled.
    either
        Pairs of neighbouring keys that claim one filled column: one of them, or both, have its value.
    whole
        Keys whose value is all of their cell, if it can be.
    continued_on, continued
        The page on which the row goes on, and by cell the words there that follow those of the cell.
    """

    page_index: int
    cells: Mapping[str, tuple[Cell, ...]]
    filled: frozenset[str]
    words: tuple[Cell, ...]
    likely: Mapping[str, Cell] = field(default_factory=dict[str, Cell])
    decided: Mapping[str, str] = field(default_factory=dict[str, str])
    either: tuple[tuple[str, str], ...] = ()
    whole: frozenset[str] = frozenset()
    continued_on: int | None = None
    continued: Mapping[Cell, Cell] = field(default_factory=dict[Cell, Cell])

    @property
    def places(self) -> frozenset[tuple[int, int]]:
        """Return (page_index, word_index) of all words of its cells, on both pages if it goes on."""
        here = {(self.page_index, word) for cell in self.words for word in cell}
        if self.continued_on is None:
            return frozenset(here)
        return frozenset(here | {(self.continued_on, i) for rest in self.continued.values() for i in rest})


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopedList:
    """The rows of one list, in the order of the `tables` they are of; `is_sure` if each must be given."""

    rows: tuple[ScopedRow, ...]
    is_sure: bool
    tables: tuple[Table, ...] = ()


def match_lists(
    root: ObjectSpec, tables: Sequence[Table], priced: Table | None = None
) -> dict[Path, ScopedList]:
    """Return the lists of `root` whose rows are known, by path; each takes the tables most like it.

    Where no table has a heading for it, the only list of a schema that asks for money or quantities takes
    its rows from `priced` (`decoding.tables.priced_lines`). Lists in lists are left out, and lists that a
    table has too few or too many rows for.
    """
    found: dict[Path, ScopedList] = {}
    arrays = list_arrays(root)
    for path, array in arrays:
        if not isinstance(array.item, ObjectSpec):
            continue
        filling = _filling(array.item, tables)
        n_rows = sum(len(table.rows) for table in filling)
        if filling and array.min_items <= n_rows <= array.max_items:
            found[path] = scope_list(array.item, filling)
    if not found and len(arrays) == 1 and priced is not None:
        ((path, array),) = arrays
        fits = array.min_items <= len(priced.rows) <= array.max_items
        if isinstance(array.item, ObjectSpec) and fits and _asks_for_counts(array.item):
            found[path] = scope_list(array.item, [priced])
    return found


def scope_list(item: ObjectSpec, tables: Sequence[Table]) -> ScopedList:
    """Return the rows of some tables as those of one list, whose rows are `item`."""
    return ScopedList(
        rows=tuple(row for table in tables for row in scope_rows(item, table)),
        is_sure=all(table.is_sure for table in tables),
        tables=tuple(tables),
    )


def _asks_for_counts(item: ObjectSpec) -> bool:
    return any((MONEY_KINDS | {"quantity"}).intersection(kinds) for kinds in _key_kinds(item).values())


def list_arrays(spec: Spec, path: Path = ()) -> list[tuple[Path, ArraySpec]]:
    """Return the lists of a schema that stand in no other list, with their paths."""
    if isinstance(spec, ArraySpec):
        return [(path, spec)]
    if isinstance(spec, ObjectSpec):
        return [entry for key, child in spec.properties for entry in list_arrays(child, (*path, key))]
    return []


def _filling(item: ObjectSpec, tables: Sequence[Table]) -> list[Table]:
    """Return the tables that the list goes over: those that have most of its columns, of all pages.

    So has one that stands where the best one does: its heading is the same, and less of it was understood.
    """
    fitting = [table for table in tables if _is_fit(item, table)]
    if not fitting:
        return []
    best = max(fitting, key=lambda table: len(_shared(item, table)))
    least = _SAME_SHARE * len(_shared(item, best))
    return [t for t in fitting if len(_shared(item, t)) >= least or _stands_alike(t, best)]


def _stands_alike(table: Table, other: Table) -> bool:
    """Return whether a table begins and ends at the edges of the other, and names no column that it lacks.

    Payments below goods, with their dates, are another list.
    """
    first, last = table.columns[0], table.columns[-1]
    kinds = {column.kind for column in other.columns}
    return all(column.kind is None or column.kind in kinds for column in table.columns) and (
        abs(first.left - other.columns[0].left) < _SAME_EDGE
        and abs(last.right - other.columns[-1].right) < _SAME_EDGE
        and last.kind == other.columns[-1].kind
    )


def _is_fit(item: ObjectSpec, table: Table) -> bool:
    """Return whether a table is one of goods or bookings and has several of the columns asked for."""
    key_kinds = _key_kinds(item)
    asked = {kind for kinds in key_kinds.values() for kind in kinds}
    kinds = {column.kind for column in table.columns}
    n_rates = sum(column.kind == "tax_rate" for column in table.columns)
    n_rates += "tax_code" in kinds and not kinds & _SAYS_GOODS
    is_breakdown = bool(kinds & _TAX_ONLY) or n_rates > 1 or (n_rates and not kinds & _SAYS_WHAT)
    is_breakdown = is_breakdown or _breaks_down_net(table) or _breaks_down_total(table)
    # Nothing is counted in a breakdown: a row with a quantity says what tax is on its own goods.
    is_breakdown = is_breakdown and "quantity" not in kinds
    counts = kinds & (MONEY_KINDS | {"quantity"})
    n_own = sum(bool(_own_columns(options, table.columns)) for options in key_kinds.values())
    has_most = n_own >= _MIN_OWN * len(key_kinds) or len(_shared(item, table)) >= _MIN_SHARED
    return bool(counts) and n_own > 0 and has_most and (not is_breakdown or bool(asked & _TAX_ONLY))


def _breaks_down_net(table: Table) -> bool:
    """Return whether a table has a tax on the net of each code, and says of nothing what it is."""
    kinds = {column.kind for column in table.columns}
    nets = (column for column in table.columns if column.kind == "amount" and is_net_alone(column.heading))
    return "tax_rate" in kinds and not kinds & _SAYS_GOODS and any(nets)


def _breaks_down_total(table: Table) -> bool:
    """Return whether a table tells what is due and what tax or freight is in it, and of no goods.

    Forms print it at the foot: "Net amount | Freight charges | Tax | Total amount due".
    """
    named = [folded_words([column.heading]) for column in table.columns]
    goods = (column for column in table.columns if column.kind in _SAYS_GOODS | {"code"})
    return (
        any(map(names_owed, named))
        and any(names_tax(words) or names_charge(words) for words in named)
        and all(names_charge(folded_words([column.heading])) for column in goods)
    )


def _shared(item: ObjectSpec, table: Table) -> frozenset[ColumnKind]:
    """Return what both the list's keys and the table's columns are."""
    named = {kind for column in table.columns for kind in (column.kind, *column.also)}
    return frozenset(kind for kinds in _key_kinds(item).values() for kind in kinds if kind in named)


def _key_kinds(item: ObjectSpec) -> dict[str, tuple[ColumnKind, ...]]:
    """Return what each key may be, by its name, else by its description."""
    return {
        key: heading_kinds(key) or heading_kinds(child.description)
        for key, child in item.properties
        # What says which of two columns is filled is in neither.
        if isinstance(child, FieldSpec) and not value_kinds(child)
    }


def columns_of_keys(item: ObjectSpec, table: Table) -> dict[str, tuple[int, ...]]:
    """Return the columns that each key has for its own by what both are called; keys without are left out."""
    return {key: indices for key, indices in _own_by_key(_key_kinds(item), table.columns).items() if indices}


def _own_by_key(
    kinds: Mapping[str, Sequence[ColumnKind]], columns: Sequence[Column]
) -> dict[str, tuple[int, ...]]:
    own = {key: _own_columns(options, columns) for key, options in kinds.items()}
    paired = pair_days(kinds, own, columns) | pair_amounts(kinds, own, columns)
    return own | paired | pair_quantities(kinds, own, columns)


def scope_rows(item: ObjectSpec, table: Table) -> tuple[ScopedRow, ...]:
    """Return what each key of each row of a table may be taken from."""
    kinds = _key_kinds(item)
    columns = _columns_by_key(kinds, table.columns)
    own = columns_of_keys(item, table)
    sure = _sure_columns(own, table)
    # Of two keys that claim a column, the first in the schema's order mostly is what its cells are.
    likely: dict[int, str] = {}
    for key, indices in own.items():
        for index in indices if key in sure else indices[:1]:
            likely.setdefault(index, key)
    pairs = _pairs_of_amounts(item, own, table.columns)
    deciding, by_direction = deciding_columns(item, table.columns), told_by_direction(item)
    return tuple(
        ScopedRow(
            page_index=row.page_index,
            cells={key: _runs(row, indices) for key, indices in columns.items()} if table.columns else {},
            filled=frozenset(key for key, indices in sure.items() if _fills_one(row, indices)),
            words=_runs(row, range(max(len(row.cells), len(row.others)))),
            likely={key: cell for index, key in likely.items() if (cell := row.cells[index])},
            decided=decide(row, deciding, by_direction),
            either=tuple(pair for pair, index in pairs.items() if row.cells[index]),
            continued_on=row.continued.page_index if row.continued else None,
            continued=_continued(row),
        )
        for row in table.rows
    )


def _sure_columns(own: Mapping[str, tuple[int, ...]], table: Table) -> dict[str, tuple[int, ...]]:
    """Return the columns of keys whose value a filled cell always is: one column, or a booking's two."""
    claims = Counter(index for indices in own.values() for index in indices)

    def is_its(key: str, index: int) -> bool:
        # Of keys that claim a column, one that is called as it is has it ("date" beside "date_value").
        column = table.columns[index]
        return (claims[index] == 1 or key == column.kind) and _says_value(key, column)

    return {
        key: indices
        for key, indices in own.items()
        if all(is_its(key, index) for index in indices)
        and (len(indices) == 1 or all(table.columns[index].kind in DEBIT_CREDIT for index in indices))
    }


def _pairs_of_amounts(
    item: ObjectSpec, own: Mapping[str, tuple[int, ...]], columns: Sequence[Column]
) -> dict[tuple[str, str], int]:
    """Return the columns of amounts that two neighbouring keys claim, net and gross, by these keys."""
    claims = Counter(index for indices in own.values() for index in indices)
    keys = [key for key, _ in item.properties]
    return {
        (key, following): own[key][0]
        for key, following in pairwise(keys)
        if len(own.get(key, ())) == 1
        and own[key] == own.get(following)
        and claims[own[key][0]] == 2
        and columns[own[key][0]].kind == "amount"
        and "amount" not in (key, following)
    }


def _fills_one(row: TableRow, columns: Sequence[int]) -> bool:
    return sum(bool(row.cells[index]) for index in columns) == 1


def _continued(row: TableRow) -> dict[Cell, Cell]:
    """Return what follows each cell, in either reading of it, on the page on which the row goes on."""
    if row.continued is None:
        return {}
    readings = [row.cells, row.others]
    rests = row.continued.cells
    return {
        cell: rest for cells in readings for cell, rest in zip(cells, rests, strict=False) if cell and rest
    }


def _says_value(key: str, column: Column) -> bool:
    """Return whether a filled cell of a column always is what `key` asks for.

    Of article numbers there are several, the seller's, the maker's, those of a standard: where the heading
    or the key tells which, the cell may hold another one than is asked for.
    """
    if column.kind == "code":
        return not (is_others_code(column.heading) or is_others_code(key))
    return column.kind in _SAYS_VALUE


def _runs(row: TableRow, columns: Iterable[int]) -> tuple[Cell, ...]:
    """Return the filled cells of some columns, with the other readings of those that are in doubt."""
    readings = [row.cells, row.others]
    found = (cells[i] for i in columns for cells in readings if i < len(cells) and cells[i])
    return tuple(dict.fromkeys(found))


def _columns_by_key(
    kinds: Mapping[str, Sequence[ColumnKind]], columns: Sequence[Column]
) -> dict[str, tuple[int, ...]]:
    """Return the indices of the columns that each key may be taken from, its own one if it has one."""
    own = _own_by_key(kinds, columns)
    claimed = {index for indices in own.values() for index in indices}
    free = {i for i, column in enumerate(columns) if i not in claimed and column.kind is None}
    codes = {i for i, column in enumerate(columns) if i not in claimed and column.kind == "code"}
    prices = {i for i, column in enumerate(columns) if i not in claimed and _may_be_price(column)}

    def others(options: Sequence[ColumnKind]) -> set[int]:
        # What goods are called is their name where there is no other ("Inventory code" of air time). "Price"
        # is the row's or the unit's, which the model decides where the other is not asked for.
        named = codes if "description" in options else prices if "unit_price" in options else set[int]()
        return free | _beside(options, columns) | named

    return {key: own[key] or tuple(sorted(others(options))) for key, options in kinds.items()}


def _may_be_price(column: Column) -> bool:
    return column.kind == "amount" and "unit_price" in heading_kinds(column.heading)


def _own_columns(kinds: Sequence[ColumnKind], columns: Sequence[Column]) -> tuple[int, ...]:
    for kind in kinds:
        indices = tuple(index for index, column in enumerate(columns) if column.kind == kind)
        indices = indices or tuple(index for index, column in enumerate(columns) if kind in column.also)
        if indices:
            return indices
    if "amount" in kinds:
        return tuple(i for i, column in enumerate(columns) if column.kind in DEBIT_CREDIT)
    return ()


def _beside(kinds: Sequence[ColumnKind], columns: Sequence[Column]) -> set[int]:
    """Return the columns that a key without one of its own may stand in beside what they are for.

    A key of which nothing is known may be anything in the row.
    """
    if not kinds:
        return set(range(len(columns)))
    hosts: set[ColumnKind] = {"description"} if _IN_DESCRIPTION.intersection(kinds) else set()
    if "unit" in kinds:
        hosts.add("quantity")
    return {index for index, column in enumerate(columns) if column.kind in hosts}
