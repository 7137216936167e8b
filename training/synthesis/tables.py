"""Tables of rows on a wide page: columns side by side, texts that wrap, headings."""

from __future__ import annotations

from dataclasses import dataclass

from training.synthesis.setting import Draft, Setting
from training.synthesis.words import Run, wrap

# Least and most characters that a column takes; descriptions take what is left.
_WIDTHS = {
    "position": 5,
    "code": 13,
    "quantity": 9,
    "units_of_measure": 7,
    "unit_price": 13,
    "tax_rate": 7,
    "discount": 7,
    "amount": 14,
    "date": 14,
    "date_value": 14,
    "balance": 15,
    "debit": 13,
    "credit": 13,
}
_TEXTS = frozenset({"description", "code", "position", "units_of_measure", "date", "date_value"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a column stands: [left, right) in characters, its numbers against the right edge."""

    column: str
    left: float
    right: float

    @property
    def is_text(self) -> bool:
        """Return whether the column holds text, which starts at its left edge."""
        return self.column in _TEXTS


def places(columns: tuple[str, ...], width: float) -> tuple[Place, ...]:
    """Return where the columns stand; the description takes what the others leave."""
    fixed = sum(_WIDTHS.get(column, 0) for column in columns)
    scale = min(1.0, (width - 16) / fixed) if fixed else 1.0
    room = max(16.0, width - fixed * scale)
    left = 0.0
    found: list[Place] = []
    for column in columns:
        right = left + (_WIDTHS[column] * scale if column in _WIDTHS else room)
        found.append(Place(column=column, left=left, right=right))
        left = right
    return tuple(found)


def draw_header(setting: Setting, draft: Draft, table: tuple[Place, ...], labels: dict[str, str]) -> None:
    """Print the headings of the columns on one line, or two where they are wide."""
    sheet = draft.sheet
    depth = 1
    for place in table:
        lines = wrap(labels[place.column], max(6, int(place.right - place.left - 1)))[:2]
        depth = max(depth, len(lines))
        for offset, line in enumerate(lines):
            anchor = place.left if place.is_text else place.right
            sheet.runs(anchor, [(line, None)], align="left" if place.is_text else "right", y=sheet.y + offset)
    sheet.down(depth + setting.template.choice("table.headgap", (0.0, 0.2, 0.6)))


def draw_row(setting: Setting, draft: Draft, table: tuple[Place, ...], cells: dict[str, list[Run]]) -> None:
    """Print a row: texts wrap inside their columns, numbers stand on the first line."""
    sheet = draft.sheet
    depth = 1
    for place in table:
        runs = cells.get(place.column, [])
        if not place.is_text or len(runs) != 1:
            align = "left" if place.is_text else "right"
            sheet.runs(place.left if place.is_text else place.right, runs, align=align)
            continue
        text, tag = runs[0]
        lines = wrap(text, max(4, int(place.right - place.left - 2)))
        depth = max(depth, len(lines))
        for offset, line in enumerate(lines):
            sheet.put(place.left, line, tag=tag, y=sheet.y + offset)
    sheet.down(depth + setting.template.choice("table.rowgap", (0.0, 0.0, 0.0, 0.4, 1.0)))
