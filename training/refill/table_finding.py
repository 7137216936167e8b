"""Tables of which every word is accounted for: columns, headings and rows from annotated cells.

Most tables of real pages are not so regular: cells that nobody annotated, notes between the rows, columns
that run into each other. A table is taken only if rows could be printed anew in its place without guessing
what a word of the old ones was; the others stay as they are, and no rows are asked of them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence

from schemas.document import Page
from schemas.values.currency import is_currency_mark
from training.refill.head_finding import CellColumn, HeadFinder, Strip, phrases
from training.refill.labels import languages_of
from training.refill.printed_amounts import read_amount
from training.refill.template import TemplateColumn, TemplateRow, TemplateTable

_SLACK_CHARS = 1.0  # how far a word may stick out of its column
_MARK_REACH_CHARS = 4.0  # a currency mark so near to a number belongs to its column
_CODE_LETTERS = 2  # of a number above a text
_JOINED_CHARS = 2.0  # words nearer than this are read as one text
_LINE_PITCH = 1.9  # of the lines of one text, in heights of a word
_ABOVE, _BELOW = 8, 2  # lines beside the rows that must not look like rows
_AMOUNT_LIKE = re.compile(r"[$€£]|\d[.,*-] ?\d\d(?!\d)")
_CAN_LACK = ("position", "code", "quantity", "units_of_measure", "unit_price", "tax_rate", "discount", "date")
SUM_SIGNS = frozenset(
    "total totals subtotal sub-total sum tax vat gst balance due discount freight shipping less credit "
    "deposit paid net gross amount rounding netto brutto summe gesamt zwischensumme mwst ust tva ht ttc iva "
    "btw carried".split()
)

Cells = Mapping[str, tuple[int, ...]]


class _NotRegular(Exception):  # noqa: N818 - a signal inside this module, no error of the service
    """Something of the table is not accounted for."""


def find_table(
    page: Page,
    rows: Sequence[Cells],
    columns: Sequence[CellColumn],
    *,
    key: str,
    char_width: float,
    knows_all_rows: bool,
) -> TemplateTable | str:
    """Return the table of the annotated rows, or why it is not regular; its `rows_total` is not known yet.

    Parameters
    ----------
    rows
        For each row the words of its cells by column key; a cell that is not there is not annotated.
    char_width
        Of the page's print, in page fractions.
    knows_all_rows
        Whether the rows' amounts add up to something that the page prints, so that no row is missing.
    """
    try:
        return _Finder(page, rows, columns, char_width).table(key, knows_all_rows=knows_all_rows)
    except _NotRegular as reason:
        return str(reason)


class _Finder:
    def __init__(
        self, page: Page, rows: Sequence[Cells], columns: Sequence[CellColumn], char_width: float
    ) -> None:
        self.page = page
        self.char_width = char_width
        self.slack = _SLACK_CHARS * char_width
        self.heads = HeadFinder(page, char_width)
        self.line_of = {i: n for n, (start, end) in enumerate(page.lines) for i in range(start, end)}
        self.columns = [c for c in columns if 2 * sum(c.key in row for row in rows) > len(rows)]
        self.rows = [{c.key: row[c.key] for c in self.columns if c.key in row} for row in rows]
        tags = {column.tag for column in self.columns}
        if "description" not in tags or not tags & {"amount", "unit_price"} or not all(self.rows):
            raise _NotRegular("too few cells")

    def table(self, key: str, *, knows_all_rows: bool) -> TemplateTable:
        bands = self._bands()
        strips = [self._strip(column) for column in self.columns]
        whole = [n for n, row in enumerate(self.rows) if len(row) == len(self.columns) and self._is_one(n)]
        kept = {n: extras for n in whole if (extras := self._extras(n, bands[n], strips)) is not None}
        if not kept:
            raise _NotRegular("no row is whole")
        strips += self._unnamed([i for extras in kept.values() for i, at in extras.items() if at is None])
        strips.sort(key=lambda strip: strip.left)
        is_stacked = all(self._is_stacked(n) for n in kept)
        beside = [s for s in strips if not (is_stacked and s.column is not None and not s.column.is_number)]
        for a, b in itertools.pairwise(beside):
            if a.right > b.left + self.slack:
                raise _NotRegular("columns overlap")
        if self._goes_on_below(bands[-1][1], strips):
            raise _NotRegular("perhaps not all of the last row")
        if not knows_all_rows or len(self.rows) == 1:  # one amount that is the total proves nothing
            self._refuse_missed_rows(bands, strips)
        head = self.heads.find(bands[0][0], strips)
        strips.sort(key=lambda strip: strip.left)
        if self._has_unnamed_amounts(kept.values()) and not self.heads.name_amounts(strips):
            raise _NotRegular("amounts without headings")
        rows = tuple(self._row(n, bands[n], extras, strips) for n, extras in kept.items())
        return TemplateTable(
            key=key,
            columns=tuple(_column(strip) for strip in strips),
            rows=rows,
            head=head,
            region=(bands[0][0], bands[-1][1]),
            n_rows=len(self.rows),
            rows_total=None,
            absent=self._absent(rows, strips),
            is_stacked=is_stacked,
            is_headless=head[0] == head[1] and self._is_headless(bands[0][0]),
        )

    def _is_one(self, n: int) -> bool:
        """Return whether each cell of a row is one text or number, without wide gaps in a line of it."""
        runs = self.rows[n].values()
        pairs = (pair for run in runs for pair in itertools.pairwise(run))
        return all(
            self.line_of[i] != self.line_of[j] or self._gap(i, j) < _MARK_REACH_CHARS * self.char_width
            for i, j in pairs
        )

    def _goes_on_below(self, end: int, strips: Sequence[Strip]) -> bool:
        """Return whether the line below the rows reads as one more line of the last description."""
        if end >= len(self.page.lines):
            return False
        words = [self.page.words[i] for i in range(*self.page.lines[end])]
        last = [self.page.words[i].bbox for i in range(*self.page.lines[end - 1])]
        above, height = max(box.center[1] for box in last), max(box.height for box in last)
        texts = [strip for strip in strips if strip.column is not None and not strip.column.is_number]
        begins = any(abs(words[0].bbox.left - strip.left) <= 2 * self.slack for strip in texts)
        says_sum = SUM_SIGNS & {word.text.casefold().strip(".:,()") for word in words}
        is_near = words[0].bbox.center[1] - above < _LINE_PITCH * height
        return begins and is_near and not says_sum and any(map(str.isalpha, words[0].text))

    def _is_headless(self, first: int) -> bool:
        """Return whether headings can be put above the rows; a single row is not certain to be the first."""
        return len(self.rows) > 1 and not self.heads.has_far_heading(first)

    def _is_stacked(self, n: int) -> bool:
        """Return whether the texts of a row stand on other lines than its numbers."""
        lines: dict[bool, set[int]] = {True: set(), False: set()}
        for column in self.columns:
            lines[column.is_number].update(self.line_of[i] for i in self.rows[n][column.key])
        return not lines[True] & lines[False]

    def _bands(self) -> list[tuple[int, int]]:
        """Return the lines [start, end) of each row: up to the next row's first line."""
        lines = [[self.line_of[i] for run in row.values() for i in run] for row in self.rows]
        starts = [min(own) for own in lines]
        ends = [max(own) + 1 for own in lines]
        if any(end > start for end, start in zip(ends, starts[1:], strict=False)):
            raise _NotRegular("rows share a line")
        return list(zip(starts, [*starts[1:], ends[-1]], strict=True))

    def _strip(self, column: CellColumn) -> Strip:
        boxes = [self.page.words[i].bbox for row in self.rows for i in row.get(column.key, ())]
        return Strip(min(box.left for box in boxes), max(box.right for box in boxes), column)

    def _extras(self, n: int, band: tuple[int, int], strips: Sequence[Strip]) -> dict[int, int | None] | None:
        """Return the strip of each word of a row outside of its cells, None for a word in none of them.

        None for the whole row if a word stands in the description, or beside it, and is not in its cell.
        """
        cells = {i: key for key, run in self.rows[n].items() for i in run}
        last = {key: max(self.line_of[i] for i in run) for key, run in self.rows[n].items()}
        first = {key: min(self.line_of[i] for i in run) for key, run in self.rows[n].items()}
        found: dict[int, int | None] = {}
        for line in range(*band):
            for i in range(*self.page.lines[line]):
                if i in cells:
                    continue
                at = self._strip_of(i, line, cells, strips, is_below=line > max(last.values()))
                column = None if at is None else strips[at].column
                is_above = column is not None and line < first[column.key]
                if column is not None and line <= last[column.key] and self._spoils(i, column, is_above):
                    return None
                if column is None and self._goes_on(i, line, cells):
                    return None
                found[i] = at
        return found

    def _spoils(self, i: int, column: CellColumn, is_above: bool) -> bool:
        """Return whether a word beside a cell, or above it, may be a part of it.

        Of a text any word may be, but for numbers on a line above it; of a number digits may be.
        """
        word = self.page.words[i].text
        if column.is_number:
            return _has_digit(word)
        return not (is_above and sum(map(str.isalpha, word)) <= _CODE_LETTERS)

    def _goes_on(self, i: int, line: int, cells: Mapping[int, str]) -> bool:
        """Return whether a word stands so close to a text's cell that it reads as a part of it."""
        texts = {column.key for column in self.columns if not column.is_number}
        start, end = self.page.lines[line]
        beside = [j for j in (i - 1, i + 1) if start <= j < end and cells.get(j) in texts]
        return any(self._gap(i, j) < _JOINED_CHARS * self.char_width for j in beside)

    def _strip_of(
        self, i: int, line: int, cells: Mapping[int, str], strips: Sequence[Strip], *, is_below: bool
    ) -> int | None:
        box = self.page.words[i].bbox
        for at, strip in enumerate(strips):
            if strip.holds(box, self.slack):
                return at
            if (
                strip.column is not None
                and strip.column.is_number
                and self._marks(i, line, cells, strip.column)
            ):
                strip.take(box)
                return at
        if is_below:  # a remark below the cells may reach across columns
            texts = [at for at, s in enumerate(strips) if s.column is not None and not s.column.is_number]
            left = [at for at in texts if strips[at].left - self.slack <= box.left]
            return max(left, key=lambda at: strips[at].left, default=None)
        return None

    def _marks(self, i: int, line: int, cells: Mapping[int, str], column: CellColumn) -> bool:
        """Return whether a word is a currency mark or a sign beside a number of the column."""
        text = self.page.words[i].text
        if not is_currency_mark(text) and any(map(str.isalnum, text)):
            return False
        start, end = self.page.lines[line]
        beside = [j for j in (i - 1, i + 1) if start <= j < end and cells.get(j) == column.key]
        return any(self._gap(i, j) < _MARK_REACH_CHARS * self.char_width for j in beside)

    def _gap(self, i: int, j: int) -> float:
        a, b = self.page.words[min(i, j)].bbox, self.page.words[max(i, j)].bbox
        return b.left - a.right

    def _unnamed(self, words: Sequence[int]) -> list[Strip]:
        """Return columns that are not annotated, around words that overlap each other across rows."""
        strips: list[Strip] = []
        for box in sorted((self.page.words[i].bbox for i in words), key=lambda box: box.left):
            if strips and box.left <= strips[-1].right + 2 * self.slack:
                strips[-1].take(box)
            else:
                strips.append(Strip(box.left, box.right))
        return strips

    def _has_unnamed_amounts(self, extras: Iterable[Mapping[int, int | None]]) -> bool:
        """Return whether amounts stand in columns that are not annotated: which is which is not clear."""
        unnamed = (i for found in extras for i, at in found.items() if at is None)
        return any(_AMOUNT_LIKE.search(self.page.words[i].text) for i in unnamed)

    def _refuse_missed_rows(self, bands: Sequence[tuple[int, int]], strips: Sequence[Strip]) -> None:
        """Raise if lines above, between or right below the rows look like rows that nobody annotated."""
        amounts = [s for s in strips if s.column is not None and s.column.tag in ("amount", "unit_price")]
        own = {self.line_of[i] for row in self.rows for run in row.values() for i in run}
        above = range(max(bands[0][0] - _ABOVE, 0), bands[0][0])
        below = range(bands[-1][1], min(bands[-1][1] + _BELOW, len(self.page.lines)))
        between = (n for band in bands for n in range(*band) if n not in own)
        for line in (*above, *between, *below):
            indices = range(*self.page.lines[line])
            # Bare numbers of the head of a page are no amounts where those of the rows are not bare.
            is_money = line < bands[0][0] and self._prints_money()
            has_amount = any(self._is_amount_in(i, s, is_money=is_money) for i in indices for s in amounts)
            texts = [self.page.words[i].text.casefold().strip(".:,()") for i in indices]
            if not amounts or (has_amount and not SUM_SIGNS & set(texts)):
                raise _NotRegular("perhaps not all rows")

    def _prints_money(self) -> bool:
        """Return whether the rows' amounts have decimals, groups or a currency."""
        keys = [column.key for column in self.columns if column.tag == "amount"]
        words = [self.page.words[i].text for row in self.rows for key in keys for i in row.get(key, ())]
        found = [amount for word in words if (amount := read_amount(word)) is not None]
        return bool(found) and all(amount.is_money for amount in found)

    def _is_amount_in(self, i: int, strip: Strip, *, is_money: bool) -> bool:
        """Return whether a word of the column is an amount, with decimals or a currency if `is_money`."""
        word = self.page.words[i]
        found = read_amount(word.text) if strip.overlap(word.bbox) > 0 else None
        return found is not None and (found.is_money or not is_money)

    def _row(
        self, n: int, band: tuple[int, int], extras: Mapping[int, int | None], strips: Sequence[Strip]
    ) -> TemplateRow:
        """Return a row with its words by column, from left to right."""
        at_key = {strip.column.key: at for at, strip in enumerate(strips) if strip.column is not None}
        by_column: dict[int, list[int]] = {}
        for i, found in extras.items():
            column = None if found is None else self.columns[found]
            at = at_key[column.key] if column is not None else self.heads.nearest(i, strips) or 0
            by_column.setdefault(at, []).append(i)
        cells = {at_key[key]: run for key, run in self.rows[n].items()}
        return TemplateRow(
            start=band[0],
            end=band[1],
            cells=dict(sorted(cells.items())),
            extras={at: tuple(found) for at, found in sorted(by_column.items())},
        )

    def _absent(self, rows: Sequence[TemplateRow], strips: Sequence[Strip]) -> tuple[str, ...]:
        """Return the tags of columns that are not there, none if some words could be one."""
        extras = (self.page.words[i].text for row in rows for run in row.extras.values() for i in run)
        has_unnamed = any(strips[n].column is None for row in rows for n in row.extras)
        if has_unnamed or any(map(_has_digit, extras)):
            return ()
        own = {column.tag for column in self.columns}
        headings = list(phrases([self.page.words[i].text for strip in strips for i in strip.heading]))
        return tuple(
            tag
            for tag in _CAN_LACK
            if tag not in own and not any(key in languages_of(f"col.{tag}") for key in headings)
        )


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))


def _column(strip: Strip) -> TemplateColumn:
    column = strip.column
    return TemplateColumn(
        key=None if column is None else column.key,
        tag=None if column is None else column.tag,
        kind="verbatim" if column is None else column.kind,
        description="" if column is None else column.description,
        heading=tuple(strip.heading),
        left=strip.left,
        right=strip.right,
    )
