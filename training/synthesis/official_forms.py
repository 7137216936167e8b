"""Official forms: numbered boxes under long labels, often empty, between headings and pages of instructions."""

from __future__ import annotations

import random

from training.synthesis.official_bodies import print_certificate, print_payments, print_return
from training.synthesis.official_boxes import ask_printed, plain_lines
from training.synthesis.official_prose import HEADINGS, write_paragraph
from training.synthesis.official_values import OfficialForm
from training.synthesis.official_words import AGENCIES, GIVE, ROLES, TITLES
from training.synthesis.setting import Draft, make_setting
from training.synthesis.template import Template
from training.synthesis.text import fill, pseudo_word
from training.synthesis.words import Run, Sheet, wrap

_PAGE_LINES = 66


def draw_official_form(
    template: Template, rng: random.Random, vendor_rng: random.Random, difficulty: float
) -> Draft:
    """Return a form of an agency with or without its instructions, or only a page of these."""
    setting = make_setting(
        template, rng, vendor_rng, difficulty=difficulty, locales=("us", "us", "us", "gb"), upper_share=0.04
    )
    own = random.Random(int(template.unit("form") * 2**53))
    draft = Draft(kind="official", sheet=Sheet(width=template.integer("width", 92, 126)), setting=setting)
    form = OfficialForm(
        setting=setting,
        draft=draft,
        blank_share=rng.choice((0.03, 0.1, 0.2, 0.35, 0.6)) if rng.random() < 0.93 else 1.0,
        roles=template.choice("roles", ROLES),
        agency=template.choice("agency", AGENCIES),
        code=fill(
            own, own.choice(("@-#", "@-##@", "####", "####-@", "@@-###", "###", "@-#@@@", "####-@@@@"))
        ),
        left=template.choice("left", (0.0, 0.0, 4.0)),
    )
    body = template.choice(
        "body", (print_certificate, print_certificate, print_payments, print_payments, print_return)
    )
    form.titled_beside = body is print_payments and template.chance("titled.beside", 0.5)
    draw = rng.random()
    if draw < 0.08:
        # What the boxes would have held is asked of a page that has none of them.
        printed, draft.sheet = draft.sheet, Sheet(width=draft.sheet.width)
        body(form)
        draft.sheet = printed
        draft.used.clear()
        _print_instructions(form, 1.0)
        return draft
    if draw < 0.14:
        _print_instructions(form, 0.3)
        draft.sheet.new_page()
    if not form.titled_beside:
        _print_head(form)
    body(form)
    _print_foot(form)
    if draw > 0.6:
        if template.chance("page.own", 0.7):
            draft.sheet.new_page()
        _print_instructions(form, 1.0)
    return draft


def _print_head(form: OfficialForm) -> None:
    """Print who issues the form and its number at the left, the title in the middle, the year at the right."""
    sheet, template, rng = form.sheet, form.setting.template, form.setting.rng
    tag = ask_printed(form, "form_code") if template.chance("code.asked", 0.4) else None
    revised = f"(Rev. {template.choice('rev.month', ('March', 'July', 'October', '7-', '11-'))} {template.integer('rev.year', 2005, 2024)})"
    form_line: list[Run] = [("Form", None), (form.code, tag)]
    left = [form_line, *plain_lines((revised, *form.agency))]
    room = max(24, int(sheet.width - 2 * 30))
    site = f"www.{pseudo_word(random.Random(form.code))}.gov/{form.code.replace('-', '')}"
    middle = wrap(template.choice("title", TITLES), room)
    if template.chance("site", 0.6):
        middle += wrap(
            f"{template.choice('mark', ('▶', '►', ''))} Go to {site} for notes and the latest news.", room
        )
    right = plain_lines([f"OMB No. {fill(random.Random(form.code), '####-####')}"])
    if template.chance("year", 0.4):
        right.append([(str(rng.randint(2008, 2025)), ask_printed(form, "tax_year"))])
    else:
        right += plain_lines(wrap(template.choice("give", GIVE).format(role=form.roles[0]), 20))
    top = sheet.y
    ends = [sheet.block(0.0, top, left), sheet.block(sheet.width - 20, top, right)]
    ends.append(sheet.block(sheet.width / 2 + 4, top, plain_lines(middle), align="center"))
    sheet.y = max(ends) + 0.3


def _print_foot(form: OfficialForm) -> None:
    template, sheet = form.setting.template, form.sheet
    if template.chance("foot", 0.7):
        number = fill(random.Random(form.code), "#####@")
        sheet.put(
            0.0,
            template.choice(
                "foot.text", ("For the notice on privacy, see the notes.", "Keep a copy for your records.")
            ),
        )
        sheet.put(sheet.width * 0.55, f"Cat. No. {number}")
        sheet.put(sheet.width * 0.8, f"Form {form.code}")
        sheet.down(1.5)


def _print_instructions(form: OfficialForm, most: float) -> None:
    """Print prose under headings, in one column or two, on as many pages as it takes."""
    sheet, template, rng = form.sheet, form.setting.template, form.setting.rng
    # Short ones are the rule; a few fill pages.
    length = (
        rng.choice((8, 8, 14, 14, 22, 22, 30, 45, 70, 110, 200))
        * (0.25 + 0.75 * form.setting.difficulty)
        * most
    )
    n_columns = template.choice("prose.columns", (1, 2, 2))
    gap = 3.0
    width = (sheet.width - gap * (n_columns - 1)) / n_columns
    if rng.random() < 0.6:
        sheet.line(f"{rng.choice(('Instructions for Form', 'Notes to Form', 'Form'))} {form.code}", scale=1.1)
    lines = _prose_lines(form, max(3, int(length)), int(width))
    per_page = _PAGE_LINES * n_columns
    for start in range(0, len(lines), per_page):
        if start:
            sheet.new_page()
        page = lines[start : start + per_page]
        depth = -(-len(page) // n_columns)
        top = sheet.y
        for column in range(n_columns):
            part = page[column * depth : (column + 1) * depth]
            sheet.block(column * (width + gap), top, plain_lines(part))
        sheet.y = top + depth + 0.5


def _prose_lines(form: OfficialForm, n_sentences: int, width: int) -> list[str]:
    rng = form.setting.rng
    lines: list[str] = []
    while n_sentences > 0:
        n = rng.randint(1, 4)
        n_sentences -= n
        if rng.random() < 0.4:
            lines.append(rng.choice(HEADINGS))
        text = write_paragraph(rng, n, party=rng.choice(form.roles), office=form.agency[1])
        lines += wrap(f"• {text}" if rng.random() < 0.15 else text, width)
    return lines
