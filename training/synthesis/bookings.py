"""Broadcast orders and their invoices: what is aired when, at which rate, gross and net of commission."""

from __future__ import annotations

import random

from training.synthesis.booking_head import draw_booking_head
from training.synthesis.dates import date_text, random_day, time_text
from training.synthesis.numbers import money_runs, price_cents
from training.synthesis.setting import Draft, Setting, make_setting
from training.synthesis.tables import Place, draw_header, draw_row, places
from training.synthesis.template import Template
from training.synthesis.text import (
    capitalised,
    code,
    item_text,
    word,
)
from training.synthesis.words import Run, Sheet, wrap

_LOCALES = ("us", "us", "us", "us", "us", "gb", "my")
_DAYS = ("M-F", "M-Su", "Mo-Fr", "Sa-Su", "MTWTF--", "------S", "M------", "TuThF", "Sa", "F")
_COLUMN_SETS = (
    ("position", "description", "quantity", "unit_price", "amount"),
    ("position", "date", "description", "unit_price"),
    ("date", "description", "quantity", "unit_price", "amount"),
    ("position", "description", "unit_price", "quantity", "amount"),
    ("description", "quantity", "amount"),
    ("position", "date", "description", "amount"),
)
_COLUMN_LABELS = {
    "position": ("Line", "Ln", "#", "Line #"),
    "date": ("Date", "Air Date", "Start Date", "Run Date"),
    "description": ("Description", "Program", "Inventory Code", "Program Name", "Day/Time Description"),
    "quantity": ("Spots", "Spots/Week", "#Spots", "Qty", "Ttl Spots"),
    "unit_price": ("Rate", "Spot Rate", "Rate/Spot", "Cost"),
    "amount": ("Amount", "Total", "Gross", "Line Total", "Total Cost"),
}


def draw_booking(
    template: Template, rng: random.Random, vendor_rng: random.Random, difficulty: float
) -> Draft:
    """Return an order for airtime, or the invoice of one, of one page or two."""
    setting = make_setting(
        template, rng, vendor_rng, difficulty=difficulty, locales=_LOCALES, upper_share=0.06
    )
    sheet = Sheet(width=template.integer("width", 92, 140))
    draft = Draft(kind="booking", sheet=sheet, setting=setting)
    is_invoice = template.chance("invoice", 0.55)
    if is_invoice:
        draft.enums["document_type"] = "invoice"
    draw_booking_head(setting, draft, is_invoice=is_invoice)
    cents = _spots(setting, draft)
    _sums(setting, draft, cents)
    _foot(setting, draft)
    return draft


def _spots(setting: Setting, draft: Draft) -> int:
    """Print the table of what is aired, with lines that belong to no row, and return its sum in cents."""
    template, rng, sheet = setting.template, setting.rng, draft.sheet
    columns = template.choice("columns", _COLUMN_SETS)
    table = places(columns, sheet.width)
    labels = {column: template.choice(f"col.{column}", _COLUMN_LABELS[column]) for column in columns}
    draw_header(setting, draft, table, labels)
    n_rows = rng.randint(1, 2 if setting.difficulty < 0.3 else rng.choice((2, 3, 5, 8, 14)))
    break_at = rng.randint(1, n_rows) if n_rows > 3 and rng.random() < 0.2 else -1
    total = 0
    for index in range(n_rows):
        if index == break_at:
            sheet.new_page()
            draw_header(setting, draft, table, labels)
        total += _spot(setting, draft, table, index)
    draft.n_rows, draft.columns = n_rows, columns
    return total


def _spot(setting: Setting, draft: Draft, table: tuple[Place, ...], index: int) -> int:
    template, rng = setting.template, setting.rng
    tag = f"line.{index}."
    spots = rng.choice((1, 1, 1, 2, 3, 5, 10))
    spots = spots if any(place.column == "quantity" for place in table) else 1
    price = 100 * rng.randint(1, 500) * rng.choice((1, 5)) if rng.random() < 0.8 else price_cents(rng)
    program = (
        f"{rng.choice(_DAYS)} {rng.randint(1, 12)}a-{rng.randint(1, 12)}p"
        if template.chance("dayparts", 0.5)
        else capitalised(item_text(rng, longest=5))
    )
    marked = template.chance("cells.marked", 0.7)
    cells: dict[str, list[Run]] = {
        "position": [(str(index + 1), f"{tag}position")],
        "date": [(date_text(random_day(rng), setting.dates), f"{tag}date")],
        "description": [(program, f"{tag}description")],
        "quantity": [(str(spots), f"{tag}quantity")],
        "unit_price": money_runs(price, setting.money, f"{tag}unit_price", bare=not marked),
        "amount": money_runs(price * spots, setting.money, f"{tag}amount", bare=not marked),
    }
    draw_row(setting, draft, table, {place.column: cells[place.column] for place in table})
    if template.chance("airings", 0.4):
        _airings(setting, draft.sheet)
    return price * spots


def _airings(setting: Setting, sheet: Sheet) -> None:
    """Print when a spot was aired: lines below its row that are no rows themselves."""
    rng = setting.rng
    for _ in range(rng.randint(1, 2)):
        aired = time_text(rng, setting.dates)
        parts = (
            rng.choice(_DAYS),
            date_text(random_day(rng), setting.dates),
            f":{rng.choice((15, 30, 60))}",
            aired,
            code(rng),
        )
        sheet.line(
            " ".join(parts[: rng.randint(2, 5)]),
            x=sheet.width * setting.template.number("airing.x", 0.05, 0.3),
        )


def _sums(setting: Setting, draft: Draft, gross: int) -> None:
    """Print gross, commission and net, one below the other or as the last row of a summary by months."""
    template, sheet = setting.template, draft.sheet
    sheet.down(template.choice("sums.gap", (0.4, 1.2)))
    commission = gross * 15 // 100 if template.chance("commission", 0.75) else 0
    if template.chance("summary", 0.25):
        _summary(setting, draft, gross, gross - commission)
        return
    left = sheet.width * template.choice("sums.left", (0.0, 0.3, 0.5, 0.7))
    mark = template.choice("sums.mark", ("", ":"))
    right = min(sheet.width, left + template.integer("sums.width", 26, 40))
    if template.chance("sums.spots", 0.5):
        count = template.choice("sums.count", ("Total Spots", "Aired Spots", "Spots"))
        sheet.line(f"{count}{mark} {setting.rng.randint(1, 90)}", x=left)
    entries: list[tuple[str, int, str | None]] = [("gross", gross, draft.first("gross_amount"))]
    if commission:
        entries.append(("commission", commission, None))
        entries.append(("net", gross - commission, draft.first("net_due")))
    for name, cents, tag in entries:
        sheet.put(left, f"{template.choice(f'sums.{name}', _SUM_LABELS[name])}{mark}")
        sheet.runs(right, money_runs(cents, setting.money, tag), align="right")
        sheet.down()


_SUM_LABELS = {
    "gross": ("Gross Total", "Total Gross", "Gross Amount", "Gross", "Total", "Actual Gross Billing"),
    "commission": ("Agency Commission", "Less Agency Commission", "Commission 15%"),
    "net": ("Net Amount Due", "Net Total", "Net", "Net Due", "Total Net"),
}


def _summary(setting: Setting, draft: Draft, gross: int, net: int) -> None:
    """Print one row of totals below headings."""
    sheet, money = draft.sheet, setting.money
    row: list[list[Run]] = [
        [(setting.template.choice("summary.total", ("Totals", "Total", "Grand Total:")), None)],
        [(str(setting.rng.randint(1, 90)), None)],
        money_runs(gross, money, draft.first("gross_amount")),
        money_runs(net, money, draft.first("net_due")),
    ]
    heads = ("Month", "# Spots", "Gross Amount", "Net Amount")
    for share, head, runs in zip((0.0, 0.2, 0.35, 0.55), heads, row, strict=True):
        sheet.put(sheet.width * share, head)
        sheet.runs(sheet.width * share, runs, y=sheet.y + 1.0)
    sheet.down(2.0)


def _foot(setting: Setting, draft: Draft) -> None:
    """Print warranties, as stations do."""
    sheet, template, rng = draft.sheet, setting.template, setting.rng
    for index in range(2):
        if setting.maybe(f"foot.{index}", 0.5):
            sheet.down(0.7)
            text = " ".join(word(rng) for _ in range(rng.randint(8, 12 + int(30 * setting.difficulty))))
            for line in wrap(f"{text[:1].upper()}{text[1:]}.", int(sheet.width)):
                sheet.line(line)
    if template.chance("powered", 0.3):
        sheet.line(f"Page 1 of {rng.randint(1, 3)}", align="right")
