"""Which of two readings an amount has, where a sum tells: the one that adds up.

A model that finds two amounts nearly as likely for a total says the likelier one. Where the sums of the
answer (`decoding.checks.sums`) fail with it and hold with the other, the other is given. Both stand on the
page, and no amount is reckoned: what is printed stays what is given, however wrong its arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product

from decoding.checks.sums import find_sums
from decoding.grounding.normalise import normalise
from decoding.grounding.result import GroundedField, GroundedRow, GroundingResult
from schemas.completeness import SumCheck
from schemas.extraction import FieldMetadata, OtherValue
from schemas.spec import Path, json_path, row_path
from schemas.values import NumberStyle

# Nats that a change may cost. Rows differ from a total for good reasons (discounts, shipping), so that they
# alone decide only between readings that are nearly as likely; three amounts that add up are no accident.
_MOST_NATS = 3.0
_MOST_NATS_BY_ROWS = 1.0
# Reckoning a sum takes time with the rows: of long lists fewer changes are tried.
_MOST_TRIED, _MOST_ROWS_TRIED = 400, 40_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """Amounts that are read otherwise, with what they would be, and what that costs in nats."""

    fields: Mapping[Path, GroundedField]
    others: Mapping[Path, OtherValue]

    @property
    def gap(self) -> float:
        return math.fsum(other.gap for other in self.others.values())


def settle_sums(
    grounded: GroundingResult, others: Mapping[Path, Sequence[OtherValue]], style: NumberStyle
) -> dict[Path, OtherValue]:
    """Return the readings, by path, that are to be given instead, as the sums hold with them.

    Parameters
    ----------
    grounded
        The answer as it is.
    others
        Amounts that were nearly given, by the path of what was.
    style
        How the document writes numbers.

    Notes
    -----
    One amount is changed at a time, or two outside of rows, as long as fewer checks fail than before and no
    fewer are made; of the changes after which the fewest fail, the likeliest.
    """
    options = dict(_read(grounded, others, style))
    settled: dict[Path, OtherValue] = {}
    n_rows = sum(len(table.rows) for table in grounded.tables)
    tries = iter(range(min(_MOST_TRIED, _MOST_ROWS_TRIED // max(n_rows, 1))))
    while options:
        change = _best_change(grounded, options, tries)
        if change is None:
            break
        grounded = _with(grounded, change.fields)
        settled |= change.others
        options = {path: found for path, found in options.items() if path not in settled}
    return settled


def _read(
    grounded: GroundingResult, others: Mapping[Path, Sequence[OtherValue]], style: NumberStyle
) -> Iterator[tuple[Path, list[tuple[OtherValue, GroundedField]]]]:
    """Yield the amounts that may stand at each path instead, of those that are read as another number."""
    for path, found in others.items():
        now = _field_at(grounded, path)
        if now is None or now.amount is None:
            continue
        read: list[tuple[OtherValue, GroundedField]] = []
        for other in found:
            normal = normalise(other.value, now.spec, style=style, path=path)
            then = replace(now, value=other.value, metadata=FieldMetadata(normalised=normal.text))
            if other.gap <= _MOST_NATS and then.amount not in (None, now.amount):
                read.append((other, then))
        if read:
            yield path, read


def _best_change(
    grounded: GroundingResult,
    options: Mapping[Path, Sequence[tuple[OtherValue, GroundedField]]],
    tries: Iterator[int],
) -> _Change | None:
    """Return the likeliest of the changes that mend most; None if none does, or `tries` are over."""
    before = find_sums(grounded)
    if all(check.holds for check in before):
        return None
    best: tuple[int, float] = (_n_failing(before), 0.0)
    found: _Change | None = None
    for _, change in zip(tries, _changes(options, _in_doubt(before)), strict=False):
        after = find_sums(_with(grounded, change.fields))
        known = (_n_failing(after), change.gap)
        allowed = _MOST_NATS if _is_proof(before, after) else _MOST_NATS_BY_ROWS
        is_better = known[0] < best[0] or (found is not None and known < best)
        if is_better and change.gap <= allowed and _n_checked(after) >= _n_checked(before):
            best, found = known, change
    return found


def _changes(
    options: Mapping[Path, Sequence[tuple[OtherValue, GroundedField]]], doubted: frozenset[str]
) -> Iterator[_Change]:
    """Yield what may be read otherwise: one amount, outside of rows first, then two outside of rows."""
    singles = [path for path in options if row_path(path) is None]
    cells = [path for path in options if row_path(path) is not None]
    cells.sort(key=lambda path: json_path(row_path(path) or ()) not in doubted)
    for path in (*singles, *cells):
        for other, then in options[path]:
            yield _Change(fields={path: then}, others={path: other})
    for pair in combinations(singles, 2):
        for chosen in product(*(options[path] for path in pair)):
            yield _Change(
                fields={path: then for path, (_, then) in zip(pair, chosen, strict=True)},
                others={path: other for path, (other, _) in zip(pair, chosen, strict=True)},
            )


def _in_doubt(checks: Sequence[SumCheck]) -> frozenset[str]:
    return frozenset(path for check in checks for path in check.failing)


def _is_proof(before: Sequence[SumCheck], after: Sequence[SumCheck]) -> bool:
    """Return whether more than rows and a total agree after a change that did not before."""
    return _n_failing(after, but="rows_and_total") < _n_failing(before, but="rows_and_total")


def _n_failing(checks: Sequence[SumCheck], *, but: str | None = None) -> int:
    return sum(check.n_failing or not check.holds for check in checks if check.rule != but)


def _n_checked(checks: Sequence[SumCheck]) -> int:
    return sum(check.n_checked for check in checks)


def _field_at(grounded: GroundingResult, path: Path) -> GroundedField | None:
    row = row_path(path)
    if row is None:
        return grounded.fields.get(path)
    table = next((table for table in grounded.tables if table.path == row[:-1]), None)
    position = row[-1]
    if table is None or not isinstance(position, int) or position >= len(table.rows):
        return None
    return table.rows[position].cells.get(path[len(row) :])


def _with(grounded: GroundingResult, fields: Mapping[Path, GroundedField]) -> GroundingResult:
    """Return the answer with some of its leaves read otherwise."""
    tops = {path: field for path, field in fields.items() if path in grounded.fields}
    rows = {row: path for path in fields if path not in tops and (row := row_path(path)) is not None}
    tables = grounded.tables
    if rows:
        tables = tuple(
            replace(
                table,
                rows=tuple(
                    _with_cell(row, rows[row.path], fields[rows[row.path]]) if row.path in rows else row
                    for row in table.rows
                ),
            )
            for table in tables
        )
    return replace(grounded, fields={**grounded.fields, **tops}, tables=tables)


def _with_cell(row: GroundedRow, path: Path, field: GroundedField) -> GroundedRow:
    return replace(row, cells={**row.cells, path[len(row.path) :]: field})
