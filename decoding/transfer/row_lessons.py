"""What a confirmed page teaches about its list: which columns its keys are taken from, which lines are rows.

The rows that a person confirmed are found among the rows of the page's table, both in the page's order. From
where their values stand follows which column a key is taken from, or that it is null beside a filled one, and
which lines of a cell belong to the value. Table rows without a confirmed one are of kinds that are left out,
confirmed rows that are on other lines of kinds that are added.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from pydantic import JsonValue

from decoding.tables.columns import assign_columns
from decoding.tables.lines import TableLine, char_width, table_lines
from decoding.tables.match import columns_of_keys
from decoding.tables.table import Cell, Column, Table, TableRow
from decoding.transfer.row_kinds import RowKind, kind_of_row, kind_of_words, lines_of
from decoding.transfer.tokens import shape_of
from schemas.document import Document, Page
from schemas.spec import GROUNDED_KINDS, FieldSpec, ObjectSpec

GoldRow = Mapping[str, JsonValue]

# A table is the list's if at least so many of the confirmed rows are found in it.
_LEAST_PLACED = 0.5
# A row is the confirmed one if so many of its values stand in it.
_LEAST_VALUES = 0.5
# A key is of a column if so many of its values stand there: some are corrected where a page is misread.
_LEAST_EXPLAINED = 0.8
# A rule that is about places and not about words needs so many rows.
_LEAST_ROWS = 2
# Longer lists teach no more, and would take time with their square.
_MAX_ROWS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRule:
    """Which lines of a cell a key's value is taken from; all of them where nothing is known.

    Attributes
    ----------
    number
        The only one, from 0; None for no such rule.
    excluded
        Shapes of the first words of lines that are never part of the value ("gross-price:").
    keeps_first
        The value has the cell's first line, whichever figures it begins with.
    ends
        Nothing of the value stands below such a line.
    """

    number: int | None = None
    excluded: frozenset[str] = frozenset()
    keeps_first: bool = False
    ends: bool = False

    def trim(self, cell: Cell, page: Page) -> Cell:
        """Return the words of a cell that the value may be taken from: all, where the rule leaves none."""
        lines = lines_of(cell, page)
        if self.number is not None and len(lines) > 1:
            return lines[self.number] if self.number < len(lines) else cell
        is_out = [self._excludes(n, lead_of(line, page)) for n, line in enumerate(lines)]
        if self.ends and True in is_out[1:]:
            lines = lines[: is_out.index(True, 1)]
        kept = [line for line, out in zip(lines, is_out, strict=False) if not out]
        return tuple(word for line in kept for word in line) or cell

    def _excludes(self, number: int, lead: str) -> bool:
        is_safe = number == 0 and self.keeps_first and not any(map(str.isalpha, lead))
        return lead in self.excluded and not is_safe


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLesson:
    """Where a key's values are from.

    Attributes
    ----------
    column
        Index into the lesson's columns; None where the key is null in each row.
    is_always
        Wherever the column is filled there is a value.
    is_whole
        The value is all that the cell's lines have, in each row.
    n_rows
        Rows that say so.
    """

    column: int | None
    lines: LineRule = LineRule()
    is_always: bool = False
    is_whole: bool = False
    n_rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RowLesson:
    """What one confirmed page teaches of one list.

    Attributes
    ----------
    columns
        Of its table; () for priced lines without a heading.
    own
        The columns that each key has there by what both are called.
    kept, left_out, added
        Kinds of table rows that are rows of the list, of those that are none, and of other lines that are.
    passed_over
        Kinds of lines with an amount, beside and below the first row, on which nothing of a row stands.
    """

    example_id: str
    columns: tuple[Column, ...]
    own: Mapping[str, tuple[int, ...]]
    keys: Mapping[str, KeyLesson]
    kept: tuple[RowKind, ...]
    left_out: tuple[RowKind, ...]
    added: tuple[RowKind, ...]
    passed_over: tuple[RowKind, ...] = ()


def learn_rows(
    document: Document,
    tables: Sequence[Table],
    gold: Sequence[GoldRow],
    item: ObjectSpec,
    *,
    example_id: str,
    tells_null: bool,
    tells_left_out: bool,
) -> RowLesson | None:
    """Return what a confirmed page teaches of a list; None if no table holds half of its rows.

    Parameters
    ----------
    document, tables
        The confirmed page, and what layout finds on it, priced lines included.
    gold
        The rows as they are printed there.
    tells_null
        Whether null means that a person said so; a file's own data may merely lack the value.
    tells_left_out
        Whether the rows are all that the page has.
    """
    rows = gold[:_MAX_ROWS]
    readings = [_Placed(document, table, rows) for table in tables]
    best = max(readings, key=lambda placed: len(placed.pairs), default=None)
    if best is None or not rows or len(best.pairs) < _LEAST_PLACED * len(rows):
        return None
    return RowLesson(
        example_id=example_id,
        columns=best.table.columns,
        own=columns_of_keys(item, best.table),
        keys=dict(_learn_keys(best, item, tells_null=tells_null)),
        kept=tuple(best.kind(row) for row, _ in best.pairs),
        left_out=tuple(best.left_out()) if tells_left_out else (),
        added=tuple(best.added()),
        passed_over=tuple(best.passed_over()) if tells_left_out else (),
    )


class _Placed:
    """The confirmed rows beside the rows of one table."""

    def __init__(self, document: Document, table: Table, gold: Sequence[GoldRow]) -> None:
        self.document = document
        self.table = table
        self.gold = gold

    def page(self, row: TableRow) -> Page:
        return self.document.pages[row.page_index]

    def kind(self, row: TableRow) -> RowKind:
        return kind_of_row(row, self.page(row))

    @cached_property
    def pairs(self) -> list[tuple[TableRow, GoldRow]]:
        """Return table rows with the confirmed row that each is, in order: most values placed."""
        rows = self.table.rows[:_MAX_ROWS]
        found = [[self._score(row, gold) for gold in self.gold] for row in rows]
        return [(rows[i], self.gold[j]) for i, j in _best_pairs(found)]

    def _score(self, row: TableRow, gold: GoldRow) -> int:
        """Return how many values of a confirmed row stand in a table's row; 0 if they are too few."""
        values = values_of(gold)
        cells = row.cells if self.table.columns else (tuple(sorted(row.words)),)
        n_there = sum(any(find_run(self.page(row), cell, v) for cell in cells) for v in values.values())
        return n_there if n_there and n_there >= _LEAST_VALUES * len(values) else 0

    def left_out(self) -> Iterator[RowKind]:
        placed = {id(row) for row, _ in self.pairs}
        yield from (self.kind(row) for row in self.table.rows[:_MAX_ROWS] if id(row) not in placed)

    def passed_over(self) -> Iterator[RowKind]:
        """Yield the kinds of lines with an amount without a confirmed value, from the first row on."""
        said = {
            (row.page_index, word)
            for row, gold in self.pairs
            for value in values_of(gold).values()
            for cell in (row.cells if self.table.columns else (tuple(sorted(row.words)),))
            for word in find_run(self.page(row), cell, value)
        }
        added = set(self._added_lines())
        first = min(said, default=None)
        for page_index in sorted({index for index, _ in said}):
            page = self.document.pages[page_index]
            for line in table_lines(page):
                words = words_of(line)
                is_said = (page_index, words[0]) in added or any((page_index, w) in said for w in words)
                if line.has_decimals and not is_said and first is not None and (page_index, words[0]) > first:
                    yield kind_of_words(words, page)

    def _added_lines(self) -> Iterator[tuple[int, int]]:
        for page, line in self._lost_lines():
            yield page.page_index, words_of(line)[0]

    def added(self) -> Iterator[RowKind]:
        """Yield the kinds of lines that hold all values of a confirmed row which no table row is."""
        for page, line in self._lost_lines():
            yield kind_of_words(words_of(line), page, place_line(line, self.table, page))

    def _lost_lines(self) -> Iterator[tuple[Page, TableLine]]:
        placed = {id(gold) for _, gold in self.pairs}
        lost = [gold for gold in self.gold if id(gold) not in placed and len(values_of(gold)) > 1]
        pages = {row.page_index for row in self.table.rows}
        for page in (self.document.pages[index] for index in pages if lost):
            for line in table_lines(page):
                words = words_of(line)
                if any(all(find_run(page, words, v) for v in values_of(g).values()) for g in lost):
                    yield page, line


def words_of(line: TableLine) -> Cell:
    """Return the word indices of a line."""
    return tuple(sorted(i for group in line.groups for i in range(group.start, group.end)))


def place_line(line: TableLine, table: Table, page: Page) -> dict[int, Cell]:
    """Return the words of a line by the column of a table that they stand in."""
    cells: dict[int, list[int]] = {}
    if table.columns:
        columns = assign_columns(line.groups, table.columns, char_width(page))
        for group, index in zip(line.groups, columns, strict=True):
            if index is not None:
                cells.setdefault(index, []).extend(range(group.start, group.end))
    return {index: tuple(words) for index, words in cells.items()}


def _best_pairs(scores: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
    """Return the pairs (row, column) in rising order whose scores are most in sum."""
    n_columns = len(scores[0]) if scores else 0
    best = [[0] * (n_columns + 1) for _ in range(len(scores) + 1)]
    for i, row in enumerate(scores, start=1):
        for j, score in enumerate(row, start=1):
            best[i][j] = max(best[i - 1][j], best[i][j - 1], best[i - 1][j - 1] + score if score else 0)
    pairs: list[tuple[int, int]] = []
    i, j = len(scores), n_columns
    while i and j:
        if best[i][j] == best[i - 1][j]:
            i -= 1
        elif best[i][j] == best[i][j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            pairs.append((i, j))
    return pairs[::-1]


def values_of(gold: GoldRow) -> dict[str, str]:
    """Return the values of a row that say something, as texts by key."""
    return {key: str(value) for key, value in gold.items() if value is not None and _bare(str(value))}


def find_run(page: Page, cell: Cell, value: str) -> Cell:
    """Return the words of a cell, one after the other, that spell a value's letters and digits, or ()."""
    wanted = _bare(value)
    texts = [_bare(page.words[index].text) for index in cell]
    for start, text in enumerate(texts):
        if not text or not wanted.startswith(text):
            continue
        spelled = ""
        for end in range(start, len(texts)):
            spelled += texts[end]
            if spelled == wanted:
                return cell[start : end + 1]
            if not wanted.startswith(spelled):
                break
    return ()


def _bare(text: str) -> str:
    return "".join(ch for ch in text.casefold() if ch.isalnum())


def lead_of(line: Cell, page: Page) -> str:
    """Return the shape of the first word of a line, without signs; "" for no word."""
    shapes = (shape_of(page.words[index].text).strip(".,:;*()[]=-") for index in line)
    return next((shape for shape in shapes if shape), "")


# --- keys ---------------------------------------------------------------------------------------


def _learn_keys(placed: _Placed, item: ObjectSpec, *, tells_null: bool) -> Iterator[tuple[str, KeyLesson]]:
    if not placed.table.columns:
        return
    own = columns_of_keys(item, placed.table)
    for key, spec in item.properties:
        if not isinstance(spec, FieldSpec) or spec.kind not in GROUNDED_KINDS:
            continue
        given = [(row, str(gold[key])) for row, gold in placed.pairs if gold.get(key) is not None]
        if given:
            lesson = _learn_column(placed, key, given, own.get(key, ()))
            if lesson is not None:
                yield key, lesson
        elif tells_null and spec.nullable:
            # An empty cell says nothing of a filled one.
            columns = own.get(key, range(len(placed.table.columns)))
            n_filled = sum(any(row.cells[index] for index in columns) for row, _ in placed.pairs)
            yield key, KeyLesson(column=None, n_rows=n_filled)


def _learn_column(
    placed: _Placed, key: str, given: Sequence[tuple[TableRow, str]], own: Sequence[int]
) -> KeyLesson | None:
    """Return the column in which most values of a key stand; of equals its own, or no lesson."""
    n_there, n_whole = Counter[int](), Counter[int]()
    for row, value in given:
        for index, cell in enumerate(row.cells):
            run = find_run(placed.page(row), cell, value)
            n_there[index] += bool(run)
            n_whole[index] += bool(run) and run == lines_of(cell, placed.page(row))[0]
    weights = {index: (n, n_whole[index]) for index, n in n_there.items()}
    best = max(weights.values(), default=(0, 0))
    equals = [index for index, weight in weights.items() if weight == best]
    column = next((index for index in equals if index in own), equals[0] if len(equals) == 1 else None)
    if column is None or best[0] < _LEAST_EXPLAINED * len(given):
        return None
    # Where a key's own column is mostly empty, its cells were read into another one: nobody chose that.
    n_filled = sum(any(row.cells[index] for index in own) for row, _ in given)
    if own and column not in own and 2 * n_filled < len(given):
        return None
    filled = [gold for row, gold in placed.pairs if row.cells[column]]
    lines = _learn_lines(placed, column, given)
    trimmed = [(placed.page(row), lines.trim(row.cells[column], placed.page(row)), v) for row, v in given]
    return KeyLesson(
        column=column,
        lines=lines,
        is_whole=all(find_run(*one) == one[1] for one in trimmed),
        is_always=all(gold.get(key) is not None for gold in filled),
        n_rows=len(given),
    )


def _learn_lines(placed: _Placed, column: int, given: Sequence[tuple[TableRow, str]]) -> LineRule:
    """Return which lines of a column's cells the values have and lack."""
    said, unsaid = set[str](), set[str]()
    numbers: list[frozenset[int]] = []
    keeps_first = ends = True
    n_lacking = 0
    for row, value in given:
        page, cell = placed.page(row), row.cells[column]
        run = frozenset(find_run(page, cell, value))
        lines = lines_of(cell, page)
        if not run:
            continue
        having = frozenset(n for n, line in enumerate(lines) if not run.isdisjoint(line))
        keeps_first = keeps_first and 0 in having
        ends = ends and having == frozenset(range(len(having)))
        said |= {lead_of(line, page) for n, line in enumerate(lines) if n in having}
        unsaid |= {lead_of(line, page) for n, line in enumerate(lines) if n not in having}
        if len(lines) > 1:
            numbers.append(having)
            n_lacking += len(having) < len(lines)
    is_one = len(set(numbers)) == 1 and len(numbers[0]) == 1 and n_lacking >= _LEAST_ROWS
    only = min(numbers[0]) if is_one and (numbers[0] != frozenset((0,)) or len(unsaid) > 1) else None
    return LineRule(number=only, excluded=frozenset(unsaid - said), keeps_first=keeps_first, ends=ends)
