"""Boxes of official forms: a long label, and a value below it, beside it or above it, or none."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from training.synthesis.fields import Meaning
from training.synthesis.official_fields import amount_meaning, label_of, meaning_of
from training.synthesis.official_values import OfficialForm, write_amount, write_lines
from training.synthesis.official_words import AMOUNT_ENDS, AMOUNT_NOUNS, AMOUNTS, HINTS
from training.synthesis.text import capitalised, phrase
from training.synthesis.words import Run, wrap

Placement = Literal["below", "beside", "above"]


@dataclass(frozen=True, slots=True)
class Box:
    """A printed label and the lines of its value, none if it is left empty."""

    label: str
    lines: list[list[Run]]
    is_amount: bool = False


def fill_box(form: OfficialForm, tag: str, *, number: str = "", hints: bool = True) -> Box:
    """Return the box of `tag`, which from now on may be asked for."""
    lines = write_value(form, tag)
    text = _long_label(form, tag) if hints else _label(form, tag)
    return Box(f"{number} {text}" if number else text, lines)


def write_value(form: OfficialForm, tag: str) -> list[list[Run]]:
    """Return the lines of a value with its tag; no line for a box that stays empty."""
    form.draft.boxes[tag] = meaning_of(tag, form.role_of(tag))
    if form.setting.rng.random() < form.blank_share:
        return []
    name = form.draft.first(tag)
    return [[(line, name)] for line in write_lines(form, tag)]


def plain_lines(texts: Iterable[str]) -> list[list[Run]]:
    """Return lines that belong to no value."""
    return [[(text, None)] for text in texts]


def write_inline(form: OfficialForm, tag: str) -> list[Run]:
    """Return a value that stands in a sentence, or the blank that it was to be written on."""
    lines = write_value(form, tag)
    blank = form.setting.template.choice(
        "inline.blank", ("__________", "____________________", "", "...............")
    )
    return [run for line in lines for run in line] or [(blank, None)]


def _label(form: OfficialForm, tag: str) -> str:
    template = form.setting.template
    role = form.role_of(tag)
    role = role.upper() if template.chance("role.upper", 0.5) else role
    text = label_of(tag, template.unit(f"label.{tag}"), role)
    return text.upper() if form.setting.upper else text[:1].upper() + text[1:]


def _long_label(form: OfficialForm, tag: str) -> str:
    """Return the label with a hint in brackets, a sentence, both or neither."""
    template = form.setting.template
    text = _label(form, tag)
    hints = [hint for hint in HINTS.get(_hint_kind(tag), "").split("|") if hint]
    brackets = [hint for hint in hints if hint.startswith("(")]
    sentences = [hint for hint in hints if not hint.startswith("(")]
    if brackets and template.chance(f"hint.{tag}", 0.55):
        text += f" {template.choice(f'hint.{tag}.text', brackets)}".format(n=template.integer("hint.n", 1, 9))
    if sentences and template.chance(f"more.{tag}", 0.3):
        text = f"{text.rstrip('.')}. {template.choice(f'more.{tag}.text', sentences)}"
    return text


def _hint_kind(tag: str) -> str:
    if tag.endswith(("_name", "_business")):
        return "name"
    if tag.endswith(("_street", "_city", "_address")):
        return "address"
    if tag.endswith(("_ssn", "_ein", "_tin")) or tag in {"accounts", "reference", "exempt_code"}:
        return "number"
    return "date" if tag.endswith(("_date", "_birth")) else ""


def draw_amounts(form: OfficialForm, n: int) -> list[Box]:
    """Return `n` numbered boxes for amounts that belong to the template, some left empty."""
    template, rng = form.setting.template, form.setting.rng
    own = random.Random(int(template.unit("amounts") * 2**53))
    # Forms whose boxes are nearly all filled are rare: most people have one or two kinds of income.
    share = max(form.blank_share, rng.choice((0.1, 0.3, 0.5, 0.7)))
    boxes: list[Box] = []
    for index, known in enumerate(own.sample(AMOUNTS, n)):
        name = known if own.random() < 0.7 else f"{capitalised(phrase(own, 1, 2))} {own.choice(AMOUNT_NOUNS)}"
        number = form.count()
        tag = f"amount.{index}"
        form.draft.boxes[tag] = amount_meaning(name, number)
        ending = f" {own.choice(AMOUNT_ENDS)}" if own.random() < 0.25 else ""
        value: list[list[Run]] = [] if rng.random() < share else [[(write_amount(form), tag)]]
        boxes.append(Box(f"{number} {name}{ending}", value, is_amount=True))
    return boxes


def print_box(
    form: OfficialForm, box: Box, x: float, y: float, width: float, placement: Placement, *, depth: int = 0
) -> float:
    """Print a box whose upper left corner is (x, y) and return the line below it.

    A value below its label stands at least `depth` lines below the upper edge.
    """
    sheet, template = form.sheet, form.setting.template
    if box.is_amount:
        return _print_amount(form, box, x, y, width, depth)
    heads = label_lines(box, width)
    lines = [piece for line in box.lines for piece in _wrapped(line, int(width - 2))]
    if placement == "beside" and len(heads) == 1:
        start = x + len(heads[0]) + template.integer("beside.gap", 1, 4)
        longest = max((len(text) for run in box.lines for text, _ in run), default=0)
        if start + longest < x + width:
            sheet.put(x, heads[0], y=y)
            return max(y + 1.0, sheet.block(start, y, box.lines))
    widest = max((len(text) for line in lines for text, _ in line), default=0)
    # Typed values begin under the label; those put in by a program are now and then in the middle.
    indent = (width - widest) * 0.4 if template.chance("indent.middle", 0.15) and widest < width - 8 else 0.0
    at = x + (indent or template.choice("indent", (0.0, 0.0, 0.0, 1.5, -0.4 if x else 0.5)))
    empty = template.choice("empty.height", (0.0, 0.6, 1.0))
    if placement == "above":
        bottom = sheet.block(at, y, lines) if lines else y + 1.0
        return sheet.block(x, bottom, plain_lines(heads))
    bottom = max(y + depth, sheet.block(x, y, plain_lines(heads)))
    return sheet.block(at, bottom, lines) if lines else bottom + empty


def label_lines(box: Box, width: float) -> list[str]:
    """Return the lines of a label in a box of `width`."""
    return wrap(box.label, max(10, int(width - 2)))


def _wrapped(line: list[Run], width: int) -> list[list[Run]]:
    (text, tag), *_ = line
    return [[(piece, tag)] for piece in wrap(text, max(12, width))]


def _print_amount(form: OfficialForm, box: Box, x: float, y: float, width: float, depth: int) -> float:
    sheet, template = form.sheet, form.setting.template
    y = max(y + depth, sheet.block(x, y, plain_lines(label_lines(box, width))))
    at = x
    # Printed in empty boxes too, these signs tell which box of a row an amount stands in.
    if template.chance("dollar", 0.95) and not (box.lines and template.chance("amount.glued", 0.12)):
        at = sheet.put(x, "$", y=y)
    right = template.chance("amount.right", 0.7)
    for line in box.lines:
        sheet.runs(x + width - 2 if right else at, line, align="right" if right else "left", y=y)
    return y + 1.0


def print_row(
    form: OfficialForm,
    boxes: Sequence[tuple[Box, float]],
    *,
    placement: Placement = "below",
    x: float = 0.0,
    width: float | None = None,
) -> None:
    """Print boxes side by side, each as wide as its share, and go below the longest."""
    left = form.left + x
    room = form.sheet.width - left if width is None else width
    unit = room / sum(share for _, share in boxes)
    if placement == "above":
        # The labels of a row stand on one line, so what is written above them ends on one.
        depth = max(len(box.lines) for box, _ in boxes)
        boxes = [
            (Box(box.label, plain_lines([""] * (depth - len(box.lines))) + box.lines), share)
            for box, share in boxes
        ]
    bottom = form.sheet.y
    # Most forms write the values of a row on one line, however long the labels are.
    is_level = form.setting.template.chance("level", 0.7)
    level = max(len(label_lines(box, unit * share)) for box, share in boxes) if is_level else 0
    for box, share in boxes:
        end = print_box(form, box, left, form.sheet.y, unit * share, placement, depth=level)
        bottom = max(bottom, end)
        left += unit * share
    form.sheet.y = bottom + form.setting.template.choice("row.gap", (0.0, 0.0, 0.4))


def ask_printed(form: OfficialForm, tag: str) -> str | None:
    """Return the tag of what the form itself prints in its head, which from now on may be asked for."""
    meaning: Meaning = meaning_of(tag)
    form.draft.boxes.setdefault(tag, meaning)
    return form.draft.first(tag)
