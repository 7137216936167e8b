"""Forms: random labels with values, where the labels are what a schema asks for."""

from __future__ import annotations

import random
from collections.abc import Callable

from training.synthesis.dates import date_text, random_day
from training.synthesis.numbers import amount_text, money_runs, price_cents
from training.synthesis.parties import address_lines
from training.synthesis.setting import Draft, FormLabel, Setting, make_setting
from training.synthesis.template import Template
from training.synthesis.text import (
    capitalised,
    code,
    company_name,
    email,
    fill,
    item_text,
    person_name,
    phone,
    phrase,
    word,
)
from training.synthesis.words import Align, Run, Sheet, wrap

_LOCALES = ("my", "us", "us", "us", "gb", "de", "de", "fr", "nl", "it", "es")
_KINDS = (
    "words",
    "words",
    "code",
    "code",
    "date",
    "amount",
    "name",
    "company",
    "long",
    "number",
    "contact",
    "address",
    "one",
    "one",
)
_LABEL_WORDS = (
    "name date number no code type address city total amount id ref class group unit status file account contract term"
    " period start end agent owner advertiser agency product estimate market station office registrant employer country"
    " state zip code phone title position department division branch region zone batch lot serial model version grade"
    " level rate fee balance quantity weight size colour signature buyer seller payee payer bank holder policy claim"
).split()


def draw_form(template: Template, rng: random.Random, vendor_rng: random.Random, difficulty: float) -> Draft:
    """Return a form: an optional title, labels with values in one of several layouts, stray text."""
    setting = make_setting(
        template, rng, vendor_rng, difficulty=difficulty, locales=_LOCALES, upper_share=0.25
    )
    layout = template.choice(
        "layout", ("left", "left", "left", "aligned", "aligned", "above", "grid", "inline")
    )
    sheet = Sheet(
        width=template.integer("width", 44, 60)
        if layout in {"left", "aligned"}
        else template.integer("width", 66, 96)
    )
    draft = Draft(kind="form", sheet=sheet, setting=setting)
    n_labels = template.integer("n", 3, 4 + int(12 * difficulty))
    labels = [_label(setting, index) for index in range(n_labels)]
    # Labels that a schema may ask for although the form does not print them.
    n_phantoms = template.integer("phantoms", 0, 2)
    draft.form = (*labels, *(_label(setting, n_labels + index) for index in range(n_phantoms)))
    if setting.maybe("title", 0.6):
        title = setting.case(" ".join(_words(template, "title", template.integer("title.n", 1, 4))))
        align: Align = template.choice("title.align", ("center", "left"))
        sheet.line([(title, "title")], align=align, scale=template.choice("title.scale", (1.0, 1.3, 1.8)))
        sheet.down(0.5)
    if setting.maybe("intro", 0.25):
        _prose(setting, sheet)
    _PRINTERS[layout](setting, sheet, labels)
    draft.n_rows = n_labels
    if setting.maybe("outro", 0.3):
        sheet.down(0.7)
        _prose(setting, sheet)
    return draft


def _words(template: Template, name: str, n: int) -> list[str]:
    """Return `n` words that belong to the template, invented or real."""
    rng = random.Random(int(template.unit(name) * 2**53))
    return [rng.choice(_LABEL_WORDS) if rng.random() < 0.35 else word(rng) for _ in range(n)]


def _label(setting: Setting, index: int) -> FormLabel:
    template = setting.template
    name = f"label.{index}"
    n_words = template.choice(f"{name}.n", (1, 1, 2, 2, 3, 4))
    text = " ".join(_words(template, name, n_words))
    draw = template.unit(f"{name}.case")
    text = (
        text.upper()
        if setting.upper or draw < 0.15
        else capitalised(text)
        if draw < 0.7
        else text[:1].upper() + text[1:]
    )
    if template.chance(f"{name}.number", 0.06):
        text += template.choice(f"{name}.hash", (" #", " No.", " (%)", " 2", " [A]"))
    return FormLabel(
        tag=f"line.{index}.value",
        label_tag=f"line.{index}.label",
        label=text,
        kind=template.choice(f"{name}.kind", _KINDS),
    )


def _value(setting: Setting, label: FormLabel) -> list[Run]:
    """Return the value of a label; a share of values is blank."""
    rng = setting.rng
    if rng.random() < 0.06:
        return []
    if label.kind == "amount":
        return money_runs(price_cents(rng) * rng.choice((1, 1, 1, -1)), setting.money, label.tag)
    return [(_VALUES[label.kind](setting), label.tag)]


def _varied(setting: Setting, text: str) -> str:
    draw = setting.rng.random()
    return text.upper() if setting.upper or draw < 0.2 else capitalised(text) if draw < 0.6 else text


def _number(setting: Setting) -> str:
    rng = setting.rng
    if rng.random() < 0.5:
        return amount_text(rng.randint(1, 99999) * 100, setting.money, decimals=0)
    return fill(rng, "#" * rng.randint(1, 9))


_VALUES: dict[str, Callable[[Setting], str]] = {
    "words": lambda s: _varied(s, phrase(s.rng, 1, 4)),
    "one": lambda s: _varied(s, word(s.rng)),
    "code": lambda s: code(s.rng),
    "date": lambda s: date_text(random_day(s.rng), s.dates),
    "name": lambda s: _varied(s, person_name(s.rng)),
    "company": lambda s: _varied(s, company_name(s.rng)),
    "long": lambda s: _varied(s, item_text(s.rng, longest=10)),
    "number": _number,
    "contact": lambda s: phone(s.rng) if s.rng.random() < 0.6 else email(s.rng),
    "address": lambda s: " ".join(address_lines(s.rng, s.locale, upper=s.upper, width=40)),
}


def _left(setting: Setting, sheet: Sheet, labels: list[FormLabel]) -> None:
    """Print `Label: value` lines, sometimes two on a line."""
    template = setting.template
    mark = template.choice("mark", (":", ":", ":", " :", "", " -", "="))
    pairs = template.chance("pairs", 0.15)
    for index, label in enumerate(labels):
        x = sheet.put(0.0, f"{label.label}{mark}", tag=label.label_tag)
        value = _value(setting, label)
        lines = _lines(value, int(sheet.width - min(x, 24)))
        if pairs and index % 2 and len(lines) == 1 and lines[0] and x + len(lines[0][0][0]) < sheet.width / 2:
            continue_at = sheet.width / 2
            sheet.runs(x, lines[0])
            extra = template.choice("pair.label", ("Page", "Copy", "Ref", "Code"))
            sheet.put(continue_at, f"{extra}{mark} {fill(setting.rng, '##')}")
            sheet.down()
            continue
        _print_lines(sheet, lines, x)
        if template.chance(f"gap.{index}", 0.1):
            sheet.down(0.7)
        if setting.difficulty > 0.4 and template.chance(f"stray.{index}", 0.07):
            sheet.line(_varied(setting, item_text(setting.rng)))


def _lines(runs: list[Run], width: int) -> list[list[Run]]:
    """Return runs in lines; only single runs are long enough to break."""
    if len(runs) != 1:
        return [runs]
    text, tag = runs[0]
    return [[(line, tag)] for line in wrap(text, max(width, 12))]


def _print_lines(sheet: Sheet, lines: list[list[Run]], x: float) -> None:
    for runs in lines:
        sheet.runs(x, runs)
        sheet.down()


def _aligned(setting: Setting, sheet: Sheet, labels: list[FormLabel]) -> None:
    """Print labels in a left column and values in a right one."""
    template = setting.template
    column = max(len(label.label) for label in labels) + template.integer("gutter", 2, 6)
    mark = template.choice("mark", ("", ":", ""))
    on_right = template.chance("value.right", 0.12)
    own_mark = template.chance("mark.own", 0.3)
    for label in labels:
        leader = "." * (column - len(label.label) - 2) if template.chance("leader", 0.1) else ""
        x = sheet.put(0.0, f"{label.label}{'' if own_mark else mark}", tag=label.label_tag)
        sheet.put(x, leader)
        if own_mark:
            sheet.put(column - 1.5, ":")
        value = _value(setting, label)
        if on_right:
            sheet.runs(sheet.width, value, align="right")
            sheet.down()
        else:
            _print_lines(sheet, _lines(value, int(sheet.width - column)), column)
        sheet.down(template.choice("leading", (0.0, 0.0, 0.3)))


def _above(setting: Setting, sheet: Sheet, labels: list[FormLabel]) -> None:
    """Print labels in rows of two to four, each with its value below."""
    _columns(setting, sheet, labels, setting.template.integer("columns", 1, 3))


def _grid(setting: Setting, sheet: Sheet, labels: list[FormLabel]) -> None:
    _columns(setting, sheet, labels, setting.template.integer("columns", 3, 5))


def _columns(setting: Setting, sheet: Sheet, labels: list[FormLabel], n_columns: int) -> None:
    step = sheet.width / n_columns
    mark = setting.template.choice("mark", ("", "", ":"))
    for start in range(0, len(labels), n_columns):
        row = labels[start : start + n_columns]
        top = sheet.y
        depth = 1.0
        for index, label in enumerate(row):
            x = index * step
            heads = wrap(f"{label.label}{mark}", int(step - 2))
            for offset, line in enumerate(heads):
                sheet.put(x, line, y=top + offset, tag=label.label_tag)
            lines = _lines(_value(setting, label), int(step - 3))
            for offset, runs in enumerate(lines):
                sheet.runs(x, runs, y=top + len(heads) + offset)
            depth = max(depth, float(len(heads) + len(lines)))
        sheet.y = top + depth + setting.template.choice("leading", (0.0, 0.4, 1.0))


def _inline(setting: Setting, sheet: Sheet, labels: list[FormLabel]) -> None:
    """Print labels and values one after the other on running lines."""
    template = setting.template
    mark = template.choice("mark", (":", ":", " :"))
    gap = template.choice("gap", (1.0, 2.0, 4.0))
    x = 0.0
    for label in labels:
        runs: list[Run] = [(f"{label.label}{mark}", label.label_tag), *_value(setting, label)]
        length = sum(len(text) + 1 for text, _ in runs)
        if x and x + length > sheet.width:
            sheet.down()
            x = 0.0
        x = sheet.runs(x, runs) + gap
    sheet.down()


def _prose(setting: Setting, sheet: Sheet) -> None:
    text = phrase(setting.rng, 4, 8 + int(24 * setting.difficulty))
    for line in wrap(text[:1].upper() + text[1:] + ".", int(sheet.width)):
        sheet.line(line)


_PRINTERS = {"left": _left, "aligned": _aligned, "above": _above, "grid": _grid, "inline": _inline}
