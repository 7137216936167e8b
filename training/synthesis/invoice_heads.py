"""Where the parties and particulars of a wide page stand."""

from __future__ import annotations

from training.synthesis.setting import Draft, Setting, labelled
from training.synthesis.words import Run, Sheet, runs_length

# A block of lines, and particulars as (label, value).
Lines = list[list[Run]]
Meta = list[tuple[str, list[Run]]]


def _draw_meta(setting: Setting, sheet: Sheet, meta: Meta, x: float, y: float) -> float:
    """Print the particulars as a box from (x, y) on: pairs, aligned columns, or values below labels."""
    if not setting.template.chance("meta.aligned", 0.5):
        return sheet.block(x, y, _meta_lines(setting, meta))
    mark = setting.template.choice("meta.mark", ("", ":"))
    on_right = setting.template.chance("meta.right", 0.3)
    column = x + max((len(label) for label, _ in meta), default=0) + 3
    for label, runs in meta:
        sheet.put(x, f"{label}{mark}", y=y)
        if on_right:
            sheet.runs(max(sheet.width, column + runs_length(runs)), runs, align="right", y=y)
        else:
            sheet.runs(column, runs, y=y)
        y += 1.0
    return y


def _meta_row(setting: Setting, sheet: Sheet, meta: Meta) -> None:
    """Print the particulars in rows of labels with values below."""
    n_columns = setting.template.integer("meta.columns", 3, 5)
    step = sheet.width / n_columns
    for start in range(0, len(meta), n_columns):
        for index, (label, runs) in enumerate(meta[start : start + n_columns]):
            sheet.put(index * step, label)
            sheet.runs(index * step, runs, y=sheet.y + 1.0)
        sheet.down(2.5)


def _meta_lines(setting: Setting, meta: Meta) -> list[list[Run]]:
    return [labelled(setting, f"meta.{label}", runs, label=label) for label, runs in meta]


def _letter(
    setting: Setting,
    draft: Draft,
    title: str,
    owner: Lines,
    other: Lines,
    receiver: Lines,
    meta: Meta,
) -> None:
    """Letterhead on top, addressee on the left, particulars on the right or below."""
    sheet, template = draft.sheet, setting.template
    align = template.choice("letterhead", ("left", "right", "center"))
    anchor = {"left": 0.0, "center": sheet.width / 2, "right": sheet.width}[align]
    if template.chance("letterhead.line", 0.2):
        joint: Run = (template.choice("letterhead.joint", ("-", "|", "*", "·")), None)
        line: list[Run] = []
        for runs in owner:
            # Parts of one address keep their marks inside the value.
            tag = runs[0][1] if line and line[-1][1] == runs[0][1] else None
            line += [(joint[0], tag), *runs] if line else runs
        for start in range(0, len(line), 9):
            sheet.line(line[start : start + 9])
    else:
        sheet.y = sheet.block(anchor, sheet.y, owner, align="left" if align == "left" else align)
    sheet.down(template.choice("letter.gap", (1.0, 2.0, 3.0)))
    _beside(setting, draft, title, other, receiver, meta)


def _beside(
    setting: Setting,
    draft: Draft,
    title: str,
    other: Lines,
    receiver: Lines,
    meta: Meta,
) -> None:
    sheet, template = draft.sheet, setting.template
    top = sheet.y
    x = sheet.width * template.number("meta.x", 0.55, 0.66)
    meta_first = template.chance("meta.left", 0.15)
    title_first = template.chance("title.first", 0.5)
    if title_first:
        sheet.line(
            title,
            align=template.choice("title.align", ("left", "right", "center")),
            scale=template.choice("title.scale", (1.0, 1.4, 2.0)),
        )
        sheet.down(0.6)
        top = sheet.y
    meta_below = template.chance("meta.below", 0.2)
    left_end = sheet.block(x if meta_first else 0.0, top, other)
    right_end = top if meta_below else _draw_meta(setting, sheet, meta, 0.0 if meta_first else x, top)
    if receiver and template.chance("receiver.side", 0.5):
        right_end = sheet.block(x, right_end + 1.0, receiver) if not meta_first else right_end
        receiver = receiver if meta_first else []
    sheet.y = max(left_end, right_end) + 0.8
    if receiver:
        sheet.y = sheet.block(0.0, sheet.y, receiver) + 0.6
    if not title_first:
        sheet.line(title, scale=template.choice("title.scale", (1.0, 1.4, 2.0)))
    if meta_below:
        sheet.down(0.4)
        _meta_row(setting, sheet, meta)


def _sides(
    setting: Setting,
    draft: Draft,
    title: str,
    owner: Lines,
    other: Lines,
    receiver: Lines,
    meta: Meta,
) -> None:
    """Seller and buyer side by side, particulars above or below."""
    sheet, template = draft.sheet, setting.template
    sheet.line(
        title,
        align=template.choice("title.align", ("left", "right", "center")),
        scale=template.choice("title.scale", (1.0, 1.4, 2.0)),
    )
    sheet.down(0.5)
    meta_first = template.chance("meta.first", 0.4)
    if meta_first:
        sheet.y = (
            _draw_meta(setting, sheet, meta, template.choice("meta.at", (0.0, 0.6)) * sheet.width, sheet.y)
            + 0.8
        )
    blocks = [owner, other, receiver] if receiver and sheet.width > 96 else [owner, other]
    if template.chance("sides.swapped", 0.2):
        blocks[0], blocks[1] = blocks[1], blocks[0]
    step = sheet.width / len(blocks) + (2.0 if len(blocks) == 2 else 0.0)
    top = sheet.y
    sheet.y = max(sheet.block(index * step, top, lines) for index, lines in enumerate(blocks)) + 0.8
    if receiver and len(blocks) == 2:
        sheet.y = sheet.block(0.0, sheet.y, receiver) + 0.8
    if not meta_first:
        if template.chance("meta.row", 0.4):
            _meta_row(setting, sheet, meta)
        else:
            sheet.y = _draw_meta(setting, sheet, meta, 0.0, sheet.y)


def _meta_beside(
    setting: Setting,
    draft: Draft,
    title: str,
    owner: Lines,
    other: Lines,
    receiver: Lines,
    meta: Meta,
) -> None:
    """Letterhead on the left with title and particulars on the right, addressees below."""
    sheet, template = draft.sheet, setting.template
    x = sheet.width * template.number("meta.x", 0.55, 0.66)
    sheet.put(x, title, scale=template.choice("title.scale", (1.0, 1.4)))
    right_end = _draw_meta(setting, sheet, meta, x, sheet.y + 2.0)
    sheet.y = max(sheet.block(0.0, sheet.y, owner), right_end) + 1.0
    top = sheet.y
    right_end = sheet.block(x, top, receiver) if receiver else top
    sheet.y = max(sheet.block(0.0, top, other), right_end)


def _stacked(
    setting: Setting,
    draft: Draft,
    title: str,
    owner: Lines,
    other: Lines,
    receiver: Lines,
    meta: Meta,
) -> None:
    """One column: letterhead, title, particulars, addressees."""
    sheet = draft.sheet
    sheet.y = sheet.block(0.0, sheet.y, owner) + 0.6
    sheet.line(title, scale=setting.template.choice("title.scale", (1.0, 1.4)))
    sheet.y = _draw_meta(setting, sheet, meta, 0.0, sheet.y) + 0.6
    sheet.y = sheet.block(0.0, sheet.y, other) + 0.6
    if receiver:
        sheet.y = sheet.block(0.0, sheet.y, receiver)


HEADS = {"letter": _letter, "sides": _sides, "meta_beside": _meta_beside, "stacked": _stacked}
