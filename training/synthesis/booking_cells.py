"""Labelled values in columns or in rows of cells, some so narrow that values go on below."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from training.synthesis.setting import Setting
from training.synthesis.words import Run, Sheet, runs_length

_WIDEST = 60  # no value of a head is longer: unless cells are narrow, nothing wraps


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A particular: what is printed before a value, and the value."""

    label: str
    runs: list[Run]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cells:
    """How cells are printed: `room` is the width of a value, `gap` the white to the next cell, in characters."""

    mark: str
    room: int
    gap: int
    is_below: bool
    is_right: bool


def draw_entries(
    setting: Setting, sheet: Sheet, entries: Sequence[Entry], *, left: float, n_columns: int
) -> float:
    """Print the entries from (left, `sheet.y`) on and return the line below them; `sheet.y` stays."""
    cells = _cells(setting, entries)
    room = sheet.width - left
    n_columns = max(1, min(n_columns, int((room + cells.gap) / (_widest(entries, cells) + cells.gap))))
    if setting.template.chance("meta.rows", 0.3):
        return _draw_rows(setting, sheet, entries, cells, left, n_columns)
    step = room / n_columns
    per_column = -(-len(entries) // n_columns)
    return max(
        _draw_column(
            setting, sheet, entries[i * per_column : (i + 1) * per_column], cells, left + i * step, i
        )
        for i in range(n_columns)
    )


def wrap_runs(runs: Iterable[Run], width: int) -> list[list[Run]]:
    """Return runs in lines of at most `width` characters, broken at spaces; no words give one empty line."""
    lines: list[list[Run]] = [[]]
    for text, tag in runs:
        for word in text.split():
            if lines[-1] and runs_length([*lines[-1], (word, tag)]) > width:
                lines.append([])
            lines[-1].append((word, tag))
    return lines


def _cells(setting: Setting, entries: Sequence[Entry]) -> _Cells:
    template = setting.template
    # A cell is never narrower than a word: an overlong one would run into the next cell.
    longest_word = max((len(w) for e in entries for text, _ in e.runs for w in text.split()), default=1)
    is_narrow = template.chance("cells.narrow", 0.38)
    return _Cells(
        mark=template.choice("meta.mark", ("", "", ":")),
        room=max(template.integer("cells.room", 13, 24), longest_word) if is_narrow else _WIDEST,
        gap=template.choice("cells.gap", (2, 3, 3, 4, 6)),
        is_below=template.chance("meta.below", 0.2),
        is_right=template.chance("meta.right", 0.15),
    )


def _label_width(entries: Sequence[Entry], cells: _Cells) -> int:
    """Return where values begin beside their labels, in characters from the left edge of the cell."""
    return max((len(entry.label) for entry in entries), default=0) + len(cells.mark) + 1


def _widest(entries: Sequence[Entry], cells: _Cells) -> int:
    values = max(
        (runs_length(line) for entry in entries for line in wrap_runs(entry.runs, cells.room)), default=1
    )
    labels = _label_width(entries, cells)
    return max(values, labels) if cells.is_below else values + labels + 1


def _draw_column(
    setting: Setting, sheet: Sheet, entries: Sequence[Entry], cells: _Cells, x: float, index: int
) -> float:
    """Print entries one below the other, without regard to the columns beside; return the line below them."""
    template = setting.template
    label_width = _label_width(entries, cells) if template.chance(f"meta.aligned.{index}", 0.75) else None
    y = sheet.y
    for entry in entries:
        depth = _draw_cell(sheet, entry, cells, x, y, label_width)
        y += depth if not template.chance("meta.gap", 0.15) else depth + 0.5
    return y


def _draw_rows(
    setting: Setting, sheet: Sheet, entries: Sequence[Entry], cells: _Cells, left: float, n_columns: int
) -> float:
    """Print entries in rows: what is right of a value that wraps waits until it ends; return the line below."""
    step = (sheet.width - left) / n_columns
    gap = setting.template.choice("meta.rowgap", (0.0, 0.0, 0.4, 1.0))
    y = sheet.y
    for start in range(0, len(entries), n_columns):
        row = entries[start : start + n_columns]
        y += gap + max(
            _draw_cell(sheet, entry, cells, left + i * step, y, _label_width(entries[i::n_columns], cells))
            for i, entry in enumerate(row)
        )
    return y


def _draw_cell(
    sheet: Sheet, entry: Entry, cells: _Cells, x: float, y: float, label_width: int | None
) -> float:
    """Print label and value, the value `label_width` behind the cell's edge or right behind the label.

    Returns the number of lines taken.
    """
    label: list[Run] = [(f"{entry.label}{cells.mark}", None)]
    lines = wrap_runs(entry.runs, cells.room)
    if cells.is_below:
        sheet.runs(x, label, y=y)
        return sheet.block(x, y + 1.0, lines) - y
    if label_width is None:
        return sheet.block(sheet.runs(x, label, y=y), y, lines) - y
    if cells.is_right:
        sheet.runs(x + label_width - 1, label, y=y, align="right")
    else:
        sheet.runs(x, label, y=y)
    # Left-aligned labels stand one more character away, so that they look like a column of their own.
    return sheet.block(x + label_width + (0 if cells.is_right else 1), y, lines) - y
