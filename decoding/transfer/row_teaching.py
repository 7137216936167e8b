"""What confirmed pages do to the rows of a page like them, before anything is written.

Where the tables have the same columns, a key is taken from the column that it was taken from, lines of a kind
that a person left out are left out, and lines of a kind that a person added are rows. What most of the pages
say counts; where they are as many, or this page's headings say otherwise than the confirmed page's did, the
page is read as without them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TypeVar

from decoding.tables.lines import table_lines
from decoding.tables.match import ScopedList, ScopedRow, columns_of_keys, scope_rows
from decoding.tables.table import Cell, Column, Table, TableRow
from decoding.transfer.row_kinds import RowKind, kind_of_row, kind_of_words, lines_of
from decoding.transfer.row_lessons import KeyLesson, RowLesson, place_line, words_of
from schemas.document import Document, Page
from schemas.spec import FieldSpec, ObjectSpec

# Two tables are of one template if so many of their columns have the same heading, or at least the same kind.
_SAME_HEADINGS, _SAME_COLUMNS = 0.6, 0.75
# A kind of line is known by the columns it lacks if it lacks so many that all rows have, or in two lines one.
_MUCH_LACKING, _ROWS_LACKING = 2, 2
_LEAST_KEPT = 2
# What a rule says of all values of a key, as that they are null, it says by so many rows of confirmed pages.
_LEAST_ROWS = 2

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaughtRow:
    """A row that is left out or added, and the example that says so."""

    row: ScopedRow
    example_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaughtList:
    """The rows of a list as confirmed pages have them.

    Attributes
    ----------
    left_out
        Rows that layout shows and that `known` is without.
    added
        Those of its rows that layout alone does not take for rows.
    taught_by
        Examples by which anything is otherwise than layout alone has it.
    """

    known: ScopedList
    left_out: tuple[TaughtRow, ...] = ()
    added: tuple[TaughtRow, ...] = ()
    taught_by: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Near:
    """A lesson about a table of these columns: `mapping` leads from its columns to the table's."""

    lesson: RowLesson
    mapping: Mapping[int, int]


@dataclass(slots=True)
class _Taught:
    rows: list[ScopedRow] = field(default_factory=list[ScopedRow])
    left_out: list[TaughtRow] = field(default_factory=list[TaughtRow])
    added: list[TaughtRow] = field(default_factory=list[TaughtRow])
    taught_by: set[str] = field(default_factory=set[str])


def teach_rows(
    known: ScopedList, item: ObjectSpec, lessons: Sequence[RowLesson], document: Document
) -> TaughtList:
    """Return the rows of a list of `document` as confirmed pages teach them, the nearest lesson first."""
    taught, tables = _Taught(), list[Table]()
    for table in known.tables:
        mappings = [(lesson, align_columns(lesson.columns, table.columns)) for lesson in lessons]
        near = [_Near(lesson=lesson, mapping=m) for lesson, m in mappings if m is not None]
        tables.append(_teach_table(table, item, near, document, taught))
    if not taught.taught_by:
        return TaughtList(known=known)
    return TaughtList(
        known=replace(known, rows=tuple(taught.rows), tables=tuple(tables)),
        left_out=tuple(taught.left_out),
        added=tuple(taught.added),
        taught_by=frozenset(taught.taught_by),
    )


def align_columns(known: Sequence[Column], asked: Sequence[Column]) -> dict[int, int] | None:
    """Return which column of `asked` each of `known` is; None if they are not those of one template.

    Columns are the same by their headings, else by what they hold, else by standing alone between two that
    are, in order. Columns without a heading decide nothing. Two tables without columns are alike.
    """
    if not known or not asked:
        return None if known or asked else {}
    pairs: dict[int, int] = {}
    _pair(known, asked, pairs, lambda column: _heading_words(column.heading))
    n_same = len(pairs)
    _pair(known, asked, pairs, lambda column: column.kind)
    _pair_between(known, asked, pairs)
    n_named = sum(bool(known[i].heading) for i in pairs)
    most = max(sum(bool(column.heading) for column in columns) for columns in (known, asked))
    is_same = n_same >= _SAME_HEADINGS * most and n_named >= _SAME_COLUMNS * most
    ordered = dict(sorted(pairs.items()))
    return ordered if is_same and list(ordered.values()) == sorted(ordered.values()) else None


def _pair_between(known: Sequence[Column], asked: Sequence[Column], pairs: dict[int, int]) -> None:
    """Add the columns to `pairs` that are the only ones with a heading between neighbours that are paired."""
    ends = {-1: -1, **dict(sorted(pairs.items())), len(known): len(asked)}
    for (i, j), (next_i, next_j) in pairwise(ends.items()):
        ours = [k for k in range(i + 1, next_i) if known[k].heading]
        theirs = [k for k in range(j + 1, next_j) if asked[k].heading]
        if len(ours) == len(theirs) == 1:
            pairs[ours[0]] = theirs[0]


def _pair(
    known: Sequence[Column], asked: Sequence[Column], pairs: dict[int, int], name: Callable[[Column], object]
) -> None:
    """Add the columns to `pairs` that are the only ones left of their name on either side."""
    left = [i for i in range(len(known)) if i not in pairs and name(known[i])]
    right = [i for i in range(len(asked)) if i not in pairs.values() and name(asked[i])]
    ours, theirs = Counter(name(known[i]) for i in left), Counter(name(asked[i]) for i in right)
    for i in left:
        for j in right:
            if name(known[i]) == name(asked[j]) and ours[name(known[i])] == theirs[name(asked[j])] == 1:
                pairs[i] = j


def _heading_words(heading: str) -> str:
    return "".join(ch for ch in heading.casefold() if ch.isalnum())


def _teach_table(
    table: Table, item: ObjectSpec, near: Sequence[_Near], document: Document, taught: _Taught
) -> Table:
    """Add to `taught` what comes of a table, and return it with the rows that it has then."""
    added = _find_added(table, near, document)
    whole = _with_added(table, tuple(row for row, _ in added))
    by_example = {min(row.words): example for row, example in added}
    left_out = _find_left_out(table, near, document)
    keys = _teach_keys(table, item, near)
    kept: list[TableRow] = []
    for row, scoped in zip(whole.rows, scope_rows(item, whole), strict=True):
        example = left_out.get(id(row))
        if example is not None:
            taught.left_out.append(TaughtRow(row=scoped, example_id=example))
            taught.taught_by.add(example)
            continue
        kept.append(row)
        found = _scope(row, scoped, keys, document.pages[row.page_index], taught)
        taught.rows.append(found)
        if (adder := by_example.get(min(row.words, default=-1))) is not None:
            taught.added.append(TaughtRow(row=found, example_id=adder))
            taught.taught_by.add(adder)
    return replace(whole, rows=tuple(kept))


# --- which lines are rows -----------------------------------------------------------------------


def _find_left_out(table: Table, near: Sequence[_Near], document: Document) -> dict[int, str]:
    """Return the rows, by `id`, that are of a kind which was left out, with the example; never all."""
    found: dict[int, str] = {}
    kinds = [kind_of_row(row, document.pages[row.page_index]) for row in table.rows]
    usual = {
        index
        for index in range(len(table.columns))
        if 2 * sum(index in k.filled for k in kinds) >= len(kinds)
    }
    for row, kind in zip(table.rows, kinds, strict=True):
        against = sum(_keeps(one, kind) for one in near)
        is_odd = not usual <= kind.filled
        leaving = [one.lesson.example_id for one in near if _leaves_out(one, kind, is_odd=is_odd)]
        if len(leaving) > against:
            found[id(row)] = leaving[0]
    return found if len(found) < len(table.rows) else {}


def _keeps(near: _Near, kind: RowKind) -> bool:
    return any(kept.says_same(kind) for kept in (*near.lesson.kept, *near.lesson.added))


def _leaves_out(near: _Near, kind: RowKind, *, is_odd: bool) -> bool:
    """Return whether a line is of a kind that the example left out: by its words, or by what it lacks.

    One that says the same to begin with, and fills more, is another. Of lines that were no rows of the
    example's table, it must be `is_odd`, without a column that rows usually fill, or say the very same.
    """
    alike = [other for other in near.lesson.left_out if other.says_same(kind)]
    if any(other.words == kind.words or not kind.filled > _columns(other, near) for other in alike):
        return True
    passed = [other for other in near.lesson.passed_over if other.says_same(kind)]
    if any(is_odd or other.words == kind.words for other in passed):
        return True
    kept = [_columns(one, near) for one in near.lesson.kept]
    others = [_columns(one, near) for one in near.lesson.left_out]
    if len(kept) < _LEAST_KEPT or kind.filled in kept or kind.filled not in others:
        return False
    n_lacking = sum(all(column in one for one in kept) for column in kept[0] - kind.filled)
    return n_lacking >= _MUCH_LACKING or (n_lacking > 0 and others.count(kind.filled) >= _ROWS_LACKING)


def _columns(kind: RowKind, near: _Near) -> frozenset[int]:
    return frozenset(near.mapping[column] for column in kind.filled if column in near.mapping)


def _find_added(table: Table, near: Sequence[_Near], document: Document) -> list[tuple[TableRow, str]]:
    """Return the lines that are no rows of the table and of a kind that was added, as rows of it."""
    kinds = [(kind, one) for one in near for kind in one.lesson.added]
    found: list[tuple[TableRow, str]] = []
    if not kinds:
        return found
    firsts = {(row.page_index, _first_line(row, document)) for row in table.rows}
    for page_index in sorted({row.page_index for row in table.rows}):
        page = document.pages[page_index]
        top = min(min(row.words) for row in table.rows if row.page_index == page_index and row.words)
        for line in table_lines(page):
            words = words_of(line)
            cells = place_line(line, table, page)
            if words[0] < top or (page_index, words[0]) in firsts or (table.columns and not cells):
                continue
            kind = kind_of_words(words, page, cells)
            adding = [one.lesson.example_id for known, one in kinds if known.says_same(kind)]
            against = sum(any(k.says_same(kind) for k in one.lesson.left_out) for one in near)
            if len(set(adding)) > against:
                row_cells = tuple(cells.get(i, ()) for i in range(len(table.columns))) or (words,)
                found.append((TableRow(page_index=page_index, cells=row_cells), adding[0]))
    return found


def _first_line(row: TableRow, document: Document) -> int:
    """Return the first word of the line that a row begins on."""
    first = min(row.words, default=-1)
    lines = document.pages[row.page_index].lines
    return next((start for start, end in lines if start <= first < end), -1)


def _with_added(table: Table, added: Sequence[TableRow]) -> Table:
    """Return the table with more rows, in the page's order; what they hold is no other row's any more."""
    if not added:
        return table
    taken = {(row.page_index, word) for row in added for word in row.words}

    def without(row: TableRow, cells: Sequence[Cell]) -> tuple[Cell, ...]:
        return tuple(tuple(w for w in cell if (row.page_index, w) not in taken) for cell in cells)

    rest = [
        replace(row, cells=without(row, row.cells), others=without(row, row.others))
        if any((row.page_index, word) in taken for word in row.words)
        else row
        for row in table.rows
    ]
    rows = [row for row in (*rest, *added) if row.words]
    return replace(table, rows=tuple(sorted(rows, key=lambda row: (row.page_index, min(row.words)))))


# --- which column is which key ------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _KeyRule:
    """Where a key is taken from in the table at hand (`column` None: null), and by which example.

    `is_always` and `is_whole` are as in a lesson, by all examples of that column and two rows in all.
    """

    lesson: KeyLesson
    column: int | None
    example_id: str
    is_always: bool = False
    is_whole: bool = False


def _teach_keys(table: Table, item: ObjectSpec, near: Sequence[_Near]) -> dict[str, _KeyRule]:
    own = columns_of_keys(item, table)
    rules: dict[str, _KeyRule] = {}
    for key, spec in item.properties:
        if not isinstance(spec, FieldSpec):
            continue
        claims = [
            _KeyRule(lesson=lesson, column=column, example_id=one.lesson.example_id)
            for one in near
            if (lesson := one.lesson.keys.get(key)) is not None and _heads_alike(one, key, own)
            for column in (None if lesson.column is None else one.mapping.get(lesson.column, -1),)
            if column != -1
        ]
        best = _most_claimed(claims, lambda claim: claim.column)
        if best is None:
            continue
        lessons = [claim.lesson for claim in claims if claim.column == best.column]
        is_backed = sum(lesson.n_rows for lesson in lessons) >= _LEAST_ROWS
        if best.column is not None or is_backed:
            rules[key] = replace(
                best,
                is_always=is_backed and all(lesson.is_always for lesson in lessons),
                is_whole=is_backed and all(lesson.is_whole for lesson in lessons),
            )
    return rules


def _heads_alike(near: _Near, key: str, own: Mapping[str, tuple[int, ...]]) -> bool:
    """Return whether the headings say of a key what they said on the example; else the page's count."""
    there = near.lesson.own.get(key, ())
    return tuple(near.mapping.get(index, -1) for index in there) == own.get(key, ())


def _most_claimed(claims: Sequence[T], name: Callable[[T], object]) -> T | None:
    """Return the first of those claims that are more than all others together; None if none are."""
    counts = Counter(map(name, claims))
    return next((claim for claim in claims if 2 * counts[name(claim)] > len(claims)), None)


def _scope(
    row: TableRow, scoped: ScopedRow, keys: Mapping[str, _KeyRule], page: Page, taught: _Taught
) -> ScopedRow:
    """Return what each key of a row may be taken from, as far as the rules have a filled cell for it."""
    cells, filled, likely = dict(scoped.cells), set(scoped.filled), dict(scoped.likely)
    whole: set[str] = set()
    for key, rule in keys.items():
        cell: Cell = ()
        if rule.column is not None:
            cell = rule.lesson.lines.trim(row.cells[rule.column], page)
            if not cell:
                continue
        before = (cells.get(key), key in filled, False)
        cells[key] = (cell,) if cell else ()
        if cell:
            likely[key] = cell
            filled |= {key} if rule.is_always else set()
            # A page's foot may go on below a cell, if no line is known with which the value ends.
            is_ended = len(lines_of(cell, page)) == 1 or len(cell) < len(row.cells[rule.column or 0])
            whole |= {key} if rule.is_whole and is_ended else set()
        else:
            likely.pop(key, None)
            filled.discard(key)
        if (cells[key], key in filled, key in whole) != before:
            taught.taught_by.add(rule.example_id)
    either = tuple(pair for pair in scoped.either if keys.keys().isdisjoint(pair))
    sure, ends = frozenset(filled), frozenset(whole)
    return replace(scoped, cells=cells, filled=sure, likely=likely, whole=ends, either=either)
