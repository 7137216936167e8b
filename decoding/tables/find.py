"""Tables under a heading, found from layout: which lines are rows, which words stand in which cell.

A line that fills a column of numbers which the row before has filled already begins a new row; what fills
others, or none, belongs to a row as its wrapped lines do. A total ends the table on its page, unless the line
is numbered or dated as rows are; a heading that is repeated on a later page goes on with it. Nothing here is
asked of a model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from decoding.tables.cells import line_pieces, read_line
from decoding.tables.columns import fit_columns
from decoding.tables.contents import name_by_contents
from decoding.tables.directions import tell_directions
from decoding.tables.factors import tell_factors
from decoding.tables.feet import drop_foot
from decoding.tables.heading_rows import find_headings
from decoding.tables.headings import DEBIT_CREDIT, NUMERIC_KINDS
from decoding.tables.lines import TableLine, char_width, level_lines, usual_step
from decoding.tables.page_ends import join_page_ends
from decoding.tables.parts import OpenRow, ReadLine, TablePart
from decoding.tables.row_marks import (
    BOOKED,
    MOST_AHEAD,
    goes_on,
    heads_group,
    is_marked,
    is_marked_row,
    is_unmarked_sum,
    says_sum_alone,
)
from decoding.tables.sections import section_rows
from decoding.tables.strays import drop_strays, find_main_columns
from decoding.tables.table import Column, Table, TableRow
from decoding.tables.totals import (
    counts_rows,
    folded_words,
    is_sum_line,
    may_be_row,
    names_balance,
    names_total,
)
from schemas.document import Document, Page

# A line goes on with the row above within this many times the usual distance of lines.
_WRAP_PITCH = 1.7
_FEW_FILLED = 2
_APART = 1.5  # a gap between two rows is so many times as wide as those within
_LAST_ROWS = 50  # they tell what a row is like: all of them would cost time with their square


def find_tables(document: Document) -> tuple[Table, ...]:
    """Return the tables that have a heading and at least one row, in reading order.

    A page without a heading goes on with the table of the page before that no total has ended. Tables
    without any heading, sideways ones and such as stand side by side are not found.
    """
    tables: list[list[TablePart]] = []
    for page in document.pages:
        open_part = tables[-1][-1] if tables else None
        before = open_part if open_part and _may_go_on(open_part, page) else None
        for part in _page_parts(page, before):
            if tables and [c.kind for c in tables[-1][0].columns] == [c.kind for c in part.columns]:
                tables[-1].append(part)
            else:
                tables.append([part])
    found = (_table(parts) for parts in tables)
    named = (tell_factors(document, name_by_contents(document, table)) for table in found if table.rows)
    return tuple(tell_directions(document, table) for table in named)


def _may_go_on(part: TablePart, page: Page) -> bool:
    return not part.is_over and part.page.page_index == page.page_index - 1


def _page_parts(page: Page, before: TablePart | None) -> Iterator[TablePart]:
    """Yield the parts of tables on the page; before its first heading, the table `before` may go on."""
    lines = level_lines(page) if page.words else ()
    headings = find_headings(lines, page)
    ends = [*(heading.first for heading in headings), len(lines)]
    if before is not None:
        above = lines[: ends[0]]
        columns = before.columns if before.rows else _fit(page, before.columns, above)
        yield _read_part(page, columns, above, has_heading=False)
    for heading, end in zip(headings, ends[1:], strict=True):
        below = lines[heading.last : end]
        yield _read_part(page, _fit(page, heading.columns, below), below)


def _fit(page: Page, columns: Sequence[Column], lines: Sequence[TableLine]) -> tuple[Column, ...]:
    """Return the columns as wide as the lines below them that look like rows."""
    char = char_width(page)
    likely = [line for line in lines if _is_likely_row(line)] or [line for line in lines if _is_priced(line)]
    return fit_columns(columns, [line_pieces(page, line, columns, char) for line in likely], char)


def _read_part(
    page: Page, columns: tuple[Column, ...], lines: Sequence[TableLine], *, has_heading: bool = True
) -> TablePart:
    """Return the rows among some lines, of which any may be something else."""
    part = TablePart(page=page, columns=columns, is_begun=has_heading)
    if not lines or not any(column.kind in NUMERIC_KINDS for column in columns):
        return part
    char, reach = char_width(page), _WRAP_PITCH * _pitch(lines)
    pending: list[ReadLine] = []
    previous: ReadLine | None = None
    below: list[ReadLine] = []  # from the sum on that ends the table
    read = [read_line(page, line, columns, char) for line in lines if _says_something(line)]
    for at, line in enumerate(read):
        is_near = previous is not None and line.line.y - previous.line.y < reach
        pending = _take(part, read[at : at + MOST_AHEAD], pending, is_near=is_near, reach=reach)
        if part.is_over:
            below.append(line)
        else:
            below.clear()
        # What stands below a sum that is carried over is the page's foot, or another row.
        previous = None if line.is_carried and line.total_share == 1 else line
    if not part.rows and not part.is_over:
        part.lead = tuple(pending)
    if part.rows:
        part.rows += [OpenRow(lines=[line], filled=set(line.filled)) for line in section_rows(part, below)]
    return part


def _take(
    part: TablePart, ahead: Sequence[ReadLine], pending: list[ReadLine], *, is_near: bool, reach: float
) -> list[ReadLine]:
    """Take the first of some lines into the part, and return those that wait for the row below."""
    line = ahead[0]
    is_row = is_marked_row(part, line, usual=_usual_number(part)) or goes_on(part, ahead, reach=reach)
    if not is_row and line.is_deduction and line.filled and not _is_full(part, line):
        return []
    if not is_row and _is_total(part, line):
        _begin_or_end(part, line, pending)
        return []
    if part.is_over and not is_row and not _is_full(part, line):
        return pending
    if line.filled and (is_row or not part.rows or _clashes(part, line) or not is_near or pending):
        _begin_row(part, line, pending if is_near or (part.is_begun and not part.rows) else ())
        return []
    return [] if heads_group(part, line, ahead[1:]) else _wrap(part, line, pending, is_near=is_near)


def _wrap(part: TablePart, line: ReadLine, pending: Sequence[ReadLine], *, is_near: bool) -> list[ReadLine]:
    """Give a line that begins no row to the row above, or return it with those of the row below."""
    if not part.rows:
        return _lead(part, line, pending, is_near=is_near)
    if is_near and not pending:
        part.rows[-1].lines.append(line)
        part.rows[-1].filled |= line.filled
        return []
    return [*(pending if is_near else ()), line]  # set apart from the row above


def _lead(part: TablePart, line: ReadLine, pending: Sequence[ReadLine], *, is_near: bool) -> list[ReadLine]:
    """Return the lines above the first row with one more, without those of the page's head.

    On a page without a heading they are not set apart, and none of their words stands among numbers.
    """
    if part.is_begun:
        return [*pending, line]
    if any(part.columns[index].kind in NUMERIC_KINDS for _, index in line.groups):
        return []
    return [*(pending if is_near else ()), line]


def _begin_row(part: TablePart, line: ReadLine, pending: Sequence[ReadLine]) -> None:
    part.lead = part.lead if part.rows else tuple(pending)
    part.rows.append(OpenRow(lines=[*pending, line], filled=set(line.filled)))
    part.is_over = False


def _begin_or_end(part: TablePart, line: ReadLine, pending: Sequence[ReadLine]) -> None:
    """Note that a sum ends the table on its page, or is carried over above its first row there."""
    kinds = {column.kind for column in part.columns}
    # Above the first booking of a statement stands what the account held before, as "Alter Saldo".
    opens = not part.rows and "date" in kinds and (bool(kinds & BOOKED) or names_balance(line.words))
    if not line.is_carried and not opens:
        part.lead = part.lead if part.rows or part.is_over else tuple(pending)
        part.is_over = True
    elif not part.rows:
        part.is_begun = True


def _clashes(part: TablePart, line: ReadLine) -> bool:
    """Return whether a line fills what the last row has: a booking is a debit or a credit, never both."""
    has = part.rows[-1].filled
    ways = {i for i, column in enumerate(part.columns) if column.kind in DEBIT_CREDIT}
    return bool(line.filled & has) or bool(ways & line.filled and ways & has)


def _is_likely_row(line: TableLine) -> bool:
    return sum(group.is_numeric for group in line.groups) >= 2 and not _names_total(line)


def _is_priced(line: TableLine) -> bool:
    return line.has_decimals and len(line.groups) > 1 and not _names_total(line)


def _names_total(line: TableLine) -> bool:
    words = folded_words(group.text for group in line.groups)
    return names_total(words) or counts_rows(words, n_figures=line.n_figures)


def _says_something(line: TableLine) -> bool:
    return any(character.isalnum() for group in line.groups for character in group.text)


def _pitch(lines: Sequence[TableLine]) -> float:
    """Return the usual distance of neighbouring lines: at least 1.2 times their height."""
    return max(usual_step(lines), 1.2 * median(line.height for line in lines))


def _is_total(part: TablePart, line: ReadLine) -> bool:
    """Return whether a line says little but that it is a total, or names one and fills less than rows do."""
    if _is_both_ways(part, line) or is_unmarked_sum(part, line):
        return True
    if line.filled and says_sum_alone(line) and not is_marked(line, part):
        return True
    if not line.filled and may_be_row(folded_words(group.text for group in line.line.groups)):
        return False  # "pressure 3.5 bar" describes goods; "bar" alone is cash
    if _is_full(part, line) and (len(line.filled) > _FEW_FILLED or _counts_goods(part, line)):
        return False
    if not _is_full(part, line) and any(
        is_sum_line(folded_words([group.text])) for group in line.line.groups
    ):
        return True
    return line.total_share >= 0.5 or (
        line.total_share > 0 and 0 < len(line.filled) < min(_usual_number(part), _FEW_FILLED)
    )


def _counts_goods(part: TablePart, line: ReadLine) -> bool:
    """Return whether a line says how many, of what may be goods: "SMS Versand  22  1,98"."""
    return may_be_row(line.words) and any(part.columns[index].kind == "quantity" for index in line.filled)


def _is_both_ways(part: TablePart, line: ReadLine) -> bool:
    """Return whether a line fills debit and credit, as sums of a statement do and no booking does."""
    return {part.columns[index].kind for index in line.filled} >= DEBIT_CREDIT


def _usual_number(part: TablePart) -> int:
    """Return how many columns of numbers the last rows fill; as long as there is none, a few."""
    if not part.rows:
        return min(_FEW_FILLED, sum(column.kind in NUMERIC_KINDS for column in part.columns))
    usual, _ = Counter(len(row.filled) for row in part.rows[-_LAST_ROWS:]).most_common(1)[0]
    return usual


def _is_full(part: TablePart, line: ReadLine) -> bool:
    """Return whether the line fills as many columns of numbers as a row usually does, and more than one."""
    return len(line.filled) >= max(_usual_number(part), _FEW_FILLED)


def _table(parts: Sequence[TablePart]) -> Table:
    columns = parts[0].columns
    rows = [row for part in parts for row in part.rows]
    main = find_main_columns(columns, rows)
    paragraphs: dict[int, Sequence[ReadLine]] = {}
    if main:
        paragraphs = drop_strays(parts, main)
        drop_foot(parts, main)
    most_lines = max((len(row.lines) for part in parts for row in part.rows[:-1]), default=0)
    for part in parts:
        if part.rows and most_lines:
            del part.rows[-1].lines[max(most_lines, _last_filled(part.rows[-1]) + 1) :]
    above: dict[int, Sequence[ReadLine]] = paragraphs | join_page_ends(parts)
    above |= {id(row): texts for part in parts for row, texts in _texts_above(part)}
    kept = [(part, row) for part in parts for row in part.rows]
    return Table(
        columns=columns,
        rows=tuple(_table_row(part, row, above.get(id(row), ())) for part, row in kept),
        is_sure=bool(main),
    )


def _texts_above(part: TablePart) -> Iterator[tuple[OpenRow, list[ReadLine]]]:
    """Yield the rows to which the texts above them may belong, with these texts.

    Texts stand below their numbers if there is one below the last row, and above if there is one above the
    first row only: then they are moved. Otherwise those between two rows may belong to either.
    """
    rows = part.rows
    if len(rows) < 2 or rows[-1].continued or (len(rows[-1].lines) > 1 and not rows[-1].lines[1].filled):
        return
    are_above = not rows[0].lines[0].filled
    for row, following in pairwise(rows):
        last = _last_filled(row)
        texts = row.lines[last + 1 :]
        own = _set_apart([*row.lines[last:], following.lines[0]])
        if texts and own is not None:
            following.lines[:0] = texts[own - 1 :]
            del row.lines[last + own :]
        elif are_above:
            following.lines[:0] = texts
            del row.lines[last + 1 :]
        elif texts:
            yield following, texts


def _last_filled(row: OpenRow) -> int:
    return max(index for index, line in enumerate(row.lines) if line.filled)


def _set_apart(lines: Sequence[ReadLine]) -> int | None:
    """Return how many lines stand above a gap that is clearly wider than all others; None if none is."""
    gaps = [below.line.y - line.line.y for line, below in pairwise(lines)]
    widest = max(range(len(gaps)), key=gaps.__getitem__)
    others = [gap for index, gap in enumerate(gaps) if index != widest]
    return widest + 1 if others and gaps[widest] > _APART * max(others) else None


def _table_row(part: TablePart, row: OpenRow, above: Sequence[ReadLine]) -> TableRow:
    cells = _cells(part, row.lines)
    others = _cells(part, [*above, *row.lines]) if above else ()
    continued = None
    if row.continued is not None:
        below, lines = row.continued
        continued = TableRow(page_index=below.page.page_index, cells=_cells(below, lines))
    return TableRow(
        page_index=part.page.page_index,
        cells=cells,
        others=tuple(() if a == b else b for a, b in zip(cells, others, strict=True)) if others else (),
        continued=continued,
    )


def _cells(part: TablePart, lines: Sequence[ReadLine]) -> tuple[tuple[int, ...], ...]:
    cells: list[list[int]] = [[] for _ in part.columns]
    for line in lines:
        for group, index in line.groups:
            cells[index].extend(range(group.start, group.end))
    return tuple(map(tuple, cells))
