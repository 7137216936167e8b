"""New rows for the table of a page: what they say, and how they are printed where the old ones stood."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from training.refill.canvas import MIN_GAP_CHARS, Line, Piece, Segment
from training.refill.columns import AddedCells, Shape
from training.refill.layout import Align
from training.refill.places import is_code
from training.refill.prepared import Prepared, RowPattern
from training.refill.printed_amounts import UNITS, PrintedAmount, print_amount
from training.refill.swapping import CodeSwap, DateShift, shifted_text
from training.refill.template import TemplateColumn
from training.refill.texts import Pools, draw_description
from training.synthesis.words import wrap

_JOINED_CHARS = 2.0  # words nearer than this are printed as one segment
_LINE_PITCH = 1.05  # of the lines of one row, in lines
_BLANK_SHARE = 0.04  # of cells that a row leaves out
_REMARK_SHARE = 0.6  # of remarks below a row that are printed again
_CAN_BE_BLANK = ("quantity", "unit_price")
_MAX_UNITS = 10**7 * UNITS
_TEXT_WIDTH = 40  # of a description whose column is left out


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRow:
    """What a row says: its pattern, the lines of its cells by column, its amount in ten-thousandths."""

    pattern: RowPattern
    cells: Mapping[int, tuple[str, ...]]
    units: int
    keeps_remarks: bool


def draw_rows(
    rng: random.Random, prepared: Prepared, pools: Pools, shape: Shape, *, n_rows: int
) -> tuple[NewRow, ...]:
    """Return the rows of a new table; amounts are price times quantity where they were."""
    factor = 10 ** rng.uniform(-0.6, 0.7)
    can_blank = sum(1 for column in _columns(prepared) if column.tag is not None) > 2
    amount = next((n for n, c in enumerate(_columns(prepared)) if c.tag == "amount"), None)
    added = AddedCells(rng, shape, thousands=prepared.thousands)
    rows: list[NewRow] = []
    for index in range(n_rows):
        pattern = rng.choice(prepared.patterns)
        numbers = _numbers(rng, prepared, pattern, factor)
        more: dict[int, tuple[str, ...]] = {}
        if shape.added and amount is not None:
            more, numbers[amount] = added.draw(index, pattern.numbers[amount], numbers[amount])
        cells: dict[int, tuple[str, ...]] = {}
        for n, run in pattern.row.cells.items():
            column, old = _columns(prepared)[n], prepared.template.text(run)
            if n in numbers:
                if not (can_blank and column.tag in _CAN_BE_BLANK and rng.random() < _BLANK_SHARE):
                    like = pattern.numbers[n]
                    cells[n] = (print_amount(like, numbers[n], thousands=prepared.thousands),)
            elif column.tag == "description":
                width = shape.text_width.get(n, _TEXT_WIDTH)
                cells[n] = tuple(wrap(draw_description(rng, pools, like=old, width=width), width))
            else:
                cells[n] = (CodeSwap(rng)(old),)
        sign = -1 if amount in pattern.numbers and pattern.numbers[amount].is_negative else 1
        rows.append(
            NewRow(
                pattern=pattern,
                cells={**cells, **more},
                units=sign * numbers.get(amount, 0) if amount is not None else 0,
                keeps_remarks=rng.random() < _REMARK_SHARE,
            )
        )
    return tuple(rows)


def _columns(prepared: Prepared) -> Sequence[TemplateColumn]:
    return () if prepared.template.table is None else prepared.template.table.columns


def _numbers(rng: random.Random, prepared: Prepared, pattern: RowPattern, factor: float) -> dict[int, int]:
    """Return the numbers of a row in ten-thousandths, by column."""
    by_tag = {_columns(prepared)[n].tag: n for n in pattern.numbers}
    drawn: dict[int, int] = {}
    for tag in ("quantity", "unit_price", "amount", "tax_rate", "discount"):
        n = by_tag.get(tag)
        if n is None:
            continue
        like = pattern.numbers[n]
        if tag in ("tax_rate", "discount"):
            drawn[n] = like.units
        elif tag == "quantity":
            drawn[n] = _quantity(rng, like)
        elif tag == "amount" and pattern.rate is not None:
            quantity = drawn[by_tag["quantity"]] if "quantity" in by_tag else UNITS
            exact = pattern.rate * quantity * drawn[by_tag["unit_price"]]
            drawn[n] = round(abs(exact) / like.step) * like.step
        else:
            drawn[n] = _price(rng, like, factor)
    return drawn


def _quantity(rng: random.Random, like: PrintedAmount) -> int:
    if like.units % UNITS:
        return max(round(like.units * 10 ** rng.uniform(-0.5, 0.5) / like.step), 1) * like.step
    most = max(9, 2 * like.units // UNITS)
    return UNITS * rng.choice((1, 1, 2, 3, rng.randint(1, 12), rng.randint(1, most)))


def _price(rng: random.Random, like: PrintedAmount, factor: float) -> int:
    """Return another price or amount, as round as the old one was."""
    if like.units == 0:
        return 0
    step = 100 if like.units % 100 == 0 and like.step < 100 else like.step
    for coarse in (100 * UNITS, 10 * UNITS, UNITS, UNITS // 10):
        if like.units % coarse == 0 and rng.random() < 0.6:
            step = max(step, coarse)
            break
    scaled = min(like.units * factor * 10 ** rng.uniform(-0.4, 0.4), _MAX_UNITS)
    return max(round(scaled / step), 1) * step


def print_rows(
    prepared: Prepared, rows: Sequence[NewRow], shape: Shape, *, codes: CodeSwap, shift: DateShift
) -> list[Line]:
    """Return the lines of the rows; the first one of each names its row."""
    printer = _Printer(prepared, shape, codes, shift)
    return [line for n, row in enumerate(rows) for line in printer.lines(row, n)]


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of a pattern: its index, its line in the row, its column, and its place across."""

    source: int
    offset: int
    column: int
    is_cell: bool
    left: float
    right: float


class _Printer:
    def __init__(self, prepared: Prepared, shape: Shape, codes: CodeSwap, shift: DateShift) -> None:
        self.prepared = prepared
        self.template = prepared.template
        self.shape = shape
        self.codes = codes
        self.shift = shift
        self.aligns: dict[int, Align] = {n: _align(prepared, n) for n in range(len(_columns(prepared)))}
        self.counted = _counted_columns(prepared)

    def lines(self, row: NewRow, index: int) -> list[Line]:
        words = self._words(row)
        cell_lines = sorted({w.offset for w in words if w.is_cell})
        depth = max((len(texts) for texts in row.cells.values()), default=1)
        texts_from = min((w.offset for w in words if w.is_cell and self._is_wrapped(w.column)), default=0)
        texts_to = max((w.offset for w in words if w.is_cell and self._is_wrapped(w.column)), default=0)
        grown = depth - (texts_to - texts_from + 1)
        by_line: dict[int, list[Segment]] = {}
        for (offset, column), group in groupby(words, key=lambda w: (w.offset, w.column)):
            if self.shape.shifts.get(column) is None:
                continue
            at = self._moved(offset, texts_from, texts_to, grown, last=cell_lines[-1])
            for part in _joined(list(group)):
                segment = self._segment(part, row, index)
                if segment is not None:
                    by_line.setdefault(at, []).append(segment)
        for column, texts in row.cells.items():
            if (
                column not in self.shape.added
                and self._is_wrapped(column)
                and self.shape.shifts.get(column) is not None
            ):
                for n, segment in enumerate(self._wrapped(column, texts, words, index)):
                    by_line.setdefault(texts_from + n, []).append(segment)
        figures = [w.offset for w in words if w.is_cell and not self._is_wrapped(w.column)]
        beside = self._moved(min(figures, default=0), texts_from, texts_to, grown, last=cell_lines[-1])
        by_line.setdefault(beside, []).extend(self._added(row, index))
        return self._spaced(row, index, by_line)

    def _added(self, row: NewRow, index: int) -> Iterator[Segment]:
        """Yield the cells of the columns that are put in."""
        for n, column in self.shape.added.items():
            tags = (f"line.{index}.{column.tag}",)
            words = [
                Piece(word, float(len(word)), tags=tags) for text in row.cells[n] for word in text.split()
            ]
            edge = column.right if column.is_number else column.left
            yield Segment(words, edge, "right" if column.is_number else "left")

    def _is_wrapped(self, column: int) -> bool:
        return _columns(self.prepared)[column].tag == "description"

    def _words(self, row: NewRow) -> list[_Word]:
        """Return the pattern's words by line, column and place; remarks only if the row keeps them.

        What stands below a text without a label of its own would read as a part of it, and is left out.
        """
        pattern, across = row.pattern.row, self.prepared.layout.width
        spans = self.template.lines[pattern.start : pattern.end]
        offsets = {i: n for n, (start, end) in enumerate(spans) for i in range(start, end)}
        last = max(offsets[i] for run in pattern.cells.values() for i in run)
        unlabelled = {i for n, run in pattern.extras.items() for i in self._unlabelled(n, run, offsets)}
        of_cells = [(i, n, True) for n, run in pattern.cells.items() for i in run]
        of_extras = [(i, n, False) for n, run in pattern.extras.items() for i in run]
        return sorted(
            (
                _Word(
                    i,
                    offsets[i],
                    n,
                    is_cell,
                    self.template.words[i][1] * across,
                    self.template.words[i][3] * across,
                )
                for i, n, is_cell in (*of_cells, *of_extras)
                if i not in unlabelled and (row.keeps_remarks or offsets[i] <= last)
            ),
            key=lambda w: (w.offset, w.column, w.left),
        )

    def _unlabelled(self, column: int, run: Sequence[int], offsets: Mapping[int, int]) -> Iterator[int]:
        """Yield the words of a text's column on lines without a colon."""
        if self._is_wrapped(column):
            labelled = {offsets[i] for i in run if ":" in self.template.words[i][0]}
            yield from (i for i in run if offsets[i] not in labelled)

    @staticmethod
    def _moved(offset: int, texts_from: int, texts_to: int, grown: int, *, last: int) -> int:
        """Return the line of a word in the new row, whose text may have more lines or fewer.

        What stands beside the text's last line, or below it, moves with that; the rest stays beside the
        first.
        """
        if offset > texts_to or (offset == texts_to > texts_from):
            return max(offset + grown, texts_from)
        return min(offset, last)

    def _segment(self, words: Sequence[_Word], row: NewRow, index: int) -> Segment | None:
        """Return words printed as one, with the cell among them exchanged; None if nothing is left."""
        column = words[0].column
        if self._is_wrapped(column) and any(w.is_cell for w in words):
            return None
        texts = row.cells.get(column, ())
        pieces: list[Piece] = []
        done = False
        for n, word in enumerate(words):
            if word.is_cell and done:
                continue
            text = " ".join(texts) if word.is_cell else self._extra(word, index)
            done = done or word.is_cell
            gap = max(word.left - words[n - 1].right, 0.3) if n else 0.0
            pieces += self._pieces(text, word, gap, self._tags(word, index))
        if not pieces:
            return None
        align = self.aligns[column]
        edge = words[-1].right if align == "right" else words[0].left
        gap = MIN_GAP_CHARS if any(w.is_cell for w in words) else 1.0
        return Segment(pieces, edge + (self.shape.shifts[column] or 0.0), align, gap)

    def _tags(self, word: _Word, index: int) -> tuple[str, ...]:
        tag = _columns(self.prepared)[word.column].tag
        return (f"line.{index}.{tag}",) if word.is_cell and tag is not None else ()

    def _extra(self, word: _Word, index: int) -> str:
        text = self.template.words[word.source][0]
        if word.column in self.counted:
            return re.sub(r"\d+", str(index + self.counted[word.column]), text)
        shifted = shifted_text(self.template, text, self.shift)
        # Rates, sizes and counts that are not annotated stay as they are.
        return shifted if shifted != text or not is_code(text) else self.codes(text)

    def _pieces(self, text: str, like: _Word, gap: float, tags: tuple[str, ...]) -> list[Piece]:
        old = self.template.words[like.source][0]
        per_char = (like.right - like.left) / len(old)
        return [
            Piece(word, len(word) * per_char, gap if n == 0 else per_char, tags=tags)
            for n, word in enumerate(text.split())
        ]

    def _wrapped(
        self, column: int, texts: Sequence[str], words: Sequence[_Word], index: int
    ) -> Iterator[Segment]:
        like = next(w for w in words if w.is_cell and w.column == column)
        left = like.left + (self.shape.shifts[column] or 0.0)
        for text in texts:
            pieces = self._pieces(text, like, 0.0, self._tags(like, index))
            yield Segment(pieces, left)

    def _spaced(self, row: NewRow, index: int, by_line: Mapping[int, list[Segment]]) -> list[Line]:
        lines = [Line(by_line[n], _LINE_PITCH, is_changed=True) for n in sorted(by_line)]
        if lines:
            first = self.prepared.layout.lines[row.pattern.row.start].gap
            lines[0].gap = (
                first if index == 0 and row.pattern.row is self._first_row() else self.prepared.row_gap
            )
            lines[0].row = index
        for line in lines[1:]:
            line.is_inside = True
        return lines

    def _first_row(self) -> object:
        table = self.template.table
        return None if table is None else table.rows[0]


def _joined(words: Sequence[_Word]) -> Iterator[list[_Word]]:
    """Yield the words of one column and line in groups without a wide gap."""
    group: list[_Word] = []
    for word in words:
        if group and word.left - group[-1].right >= _JOINED_CHARS:
            yield group
            group = []
        group.append(word)
    yield group


def _align(prepared: Prepared, column: int) -> Align:
    """Return the edge that the cells of a column share: the one that varies less from row to row."""
    template, table = prepared.template, prepared.template.table
    runs = [] if table is None else [row.cells[column] for row in table.rows if column in row.cells]
    if not runs or _columns(prepared)[column].tag == "description":
        return "left"
    lefts = [template.words[run[0]][1] for run in runs]
    rights = [template.words[run[-1]][3] for run in runs]
    is_number = column in (prepared.patterns[0].numbers if prepared.patterns else {})
    if len(runs) == 1:
        return "right" if is_number else "left"
    return "right" if max(rights) - min(rights) <= max(lefts) - min(lefts) and is_number else "left"


def _counted_columns(prepared: Prepared) -> dict[int, int]:
    """Return the columns that count the rows, and what the first row is counted as."""
    table = prepared.template.table
    found: dict[int, int] = {}
    for n, column in enumerate(() if table is None else table.columns):
        rows = [] if table is None else [row.extras.get(n, ()) for row in table.rows]
        texts = [re.fullmatch(r"(\d{1,3})\.?", prepared.template.text(run[:1])) for run in rows if run]
        if column.tag is None and texts and len(texts) == len(rows) and all(texts):
            numbers = [int(match[1]) for match in texts if match is not None]
            step = {b - a for a, b in pairwise(numbers)}
            if step <= {1} and (step or n == 0):
                found[n] = numbers[0]
    return found
