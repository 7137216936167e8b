"""Broadcast orders and their invoices: what is aired when, at which rate, gross and net of commission."""

from __future__ import annotations

import random
from dataclasses import replace

from training.synthesis.booking_days import (
    PATTERNS,
    BookingDays,
    aired_day,
    billed_texts,
    booking_days,
    month_text,
    row_days,
    week_texts,
)
from training.synthesis.booking_entries import is_flight_absent
from training.synthesis.booking_head import draw_booking_head
from training.synthesis.dates import date_text, time_text
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
# "date_value" is where a row's last day stands: a table of its own kind, not a bank's value date.
_PERIOD_COLUMNS = ("position", "date", "date_value", "description", "quantity", "unit_price", "amount")
_COLUMN_SETS = (
    ("position", "description", "quantity", "unit_price", "amount"),
    ("position", "date", "description", "unit_price"),
    ("date", "description", "quantity", "unit_price", "amount"),
    ("position", "description", "unit_price", "quantity", "amount"),
    ("description", "quantity", "amount"),
    ("position", "date", "description", "amount"),
    _PERIOD_COLUMNS,
    ("description", "date", "date_value", "amount"),
)
_PERIOD_LABELS = (("Start Date", "End Date"), ("Start", "End"), ("From", "To"), ("First Date", "Last Date"))
_COLUMN_LABELS = {
    "position": ("Line", "Ln", "#", "No."),
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
    setting = _with_dates_in_figures(
        make_setting(template, rng, vendor_rng, difficulty=difficulty, locales=_LOCALES, upper_share=0.06)
    )
    sheet = Sheet(width=template.integer("width", 92, 140))
    draft = Draft(kind="booking", sheet=sheet, setting=setting)
    is_invoice = template.chance("invoice", 0.55)
    if is_invoice:
        draft.enums["document_type"] = "invoice"
    days = booking_days(rng, is_invoice=is_invoice)
    draw_booking_head(setting, draft, days, is_invoice=is_invoice)
    _draw_aired(setting, draft, days)
    _foot(setting, draft)
    return draft


def _with_dates_in_figures(setting: Setting) -> Setting:
    """Return the setting with American dates in figures, for most American templates."""
    template = setting.template
    if setting.locale != "us" or not template.chance("dates.figures", 0.6):
        return setting
    pattern = template.choice("dates.pattern", PATTERNS)
    return replace(setting, dates=replace(setting.dates, pattern=pattern))


def _draw_aired(setting: Setting, draft: Draft, days: BookingDays) -> None:
    """Print what is aired and its sums, below the rows or above them in space that is kept free."""
    template, sheet = setting.template, draft.sheet
    above = sheet.y if template.chance("summary.above", 0.15) else None
    sheet.down(0.0 if above is None else _SUMMARY_LINES + 1.0)
    gross = _spots(setting, draft, days)
    net = gross - (gross * 15 // 100 if template.chance("commission", 0.75) else 0)
    if above is None:
        _sums(setting, draft, gross, net, days)
        return
    below, sheet.y = sheet.y, above
    _summary(setting, draft, gross, net, days)
    sheet.y = below


def _spots(setting: Setting, draft: Draft, days: BookingDays) -> int:
    """Print the table of what is aired, with lines that belong to no row, and return its sum in cents."""
    template, rng, sheet = setting.template, setting.rng, draft.sheet
    is_telling = is_flight_absent(setting)
    columns = _PERIOD_COLUMNS if is_telling else template.choice("columns", _COLUMN_SETS)
    table = places(columns, sheet.width)
    labels = _headings(template, columns)
    draw_header(setting, draft, table, labels)
    n_rows = rng.randint(1, 2 if setting.difficulty < 0.3 else rng.choice((2, 3, 5, 8, 14)))
    break_at = rng.randint(1, n_rows) if n_rows > 3 and rng.random() < 0.2 else -1
    total = 0
    for index in range(n_rows):
        if index == break_at:
            sheet.new_page()
            draw_header(setting, draft, table, labels)
        own = row_days(rng, days, index, n_rows)
        start, end = date_text(own.first, setting.dates), date_text(own.last, setting.dates)
        # Of what only rows tell, the first row says when the flight begins and the last one when it ends.
        start_tag = draft.first("flight_start") if is_telling and index == 0 else f"line.{index}.date"
        end_tag = draft.first("flight_end") if is_telling and index == n_rows - 1 else None
        total += _spot(setting, draft, table, index, ((start, start_tag), (end, end_tag)))
        if template.chance("airings", 0.4):
            _airings(setting, sheet, own)
    untold = ("date", "date_value") if is_telling else ("date_value",)
    draft.n_rows, draft.columns = n_rows, tuple(column for column in columns if column not in untold)
    return total


def _headings(template: Template, columns: tuple[str, ...]) -> dict[str, str]:
    """Return the headings of the columns; those of a first and a last day go together."""
    labels = {
        column: template.choice(f"col.{column}", options)
        for column, options in _COLUMN_LABELS.items()
        if column in columns
    }
    if "date_value" in columns:
        labels |= zip(("date", "date_value"), template.choice("col.period", _PERIOD_LABELS), strict=True)
    return labels


def _spot(
    setting: Setting, draft: Draft, table: tuple[Place, ...], index: int, period: tuple[Run, Run]
) -> int:
    """Print a row, `period` its first and last day, and return its amount in cents."""
    template, rng = setting.template, setting.rng
    tag = f"line.{index}."
    spots = rng.choice((1, 1, 1, 2, 3, 5, 10))
    spots = spots if any(place.column == "quantity" for place in table) else 1
    price = 100 * rng.randint(1, 500) * rng.choice((1, 5)) if rng.random() < 0.8 else price_cents(rng)
    marked = template.chance("cells.marked", 0.7)
    cells: dict[str, list[Run]] = {
        "position": [(str(index + 1), f"{tag}position")],
        "date": [period[0]],
        "date_value": [period[1]],
        "description": [(_program_text(setting), f"{tag}description")],
        "quantity": [(str(spots), f"{tag}quantity")],
        "unit_price": money_runs(price, setting.money, f"{tag}unit_price", bare=not marked),
        "amount": money_runs(price * spots, setting.money, f"{tag}amount", bare=not marked),
    }
    draw_row(setting, draft, table, {place.column: cells[place.column] for place in table})
    return price * spots


def _program_text(setting: Setting) -> str:
    rng = setting.rng
    if setting.template.chance("dayparts", 0.5):
        return f"{rng.choice(_DAYS)} {rng.randint(1, 12)}a-{rng.randint(1, 12)}p"
    return capitalised(item_text(rng, longest=5))


def _airings(setting: Setting, sheet: Sheet, days: BookingDays) -> None:
    """Print weeks, and when a spot was aired: lines below its row that are no rows themselves."""
    rng, template = setting.rng, setting.template
    x = sheet.width * template.number("airing.x", 0.05, 0.3)
    if template.chance("airing.weeks", 0.5):
        joint = template.choice("airing.joint", (" to ", " - ", "-", " "))
        mark = template.choice("airing.mark", ("", "Week: ", "Weeks:  "))
        week = joint.join(week_texts(rng, days, setting.dates))
        sheet.line(f"{mark}{week} {rng.randint(1, 5)}x {rng.choice(_DAYS)}", x=x)
    for _ in range(rng.randint(1, 2)):
        parts = (
            rng.choice(_DAYS),
            date_text(aired_day(rng, days), setting.dates),
            f":{rng.choice((15, 30, 60))}",
            time_text(rng, setting.dates),
            code(rng),
        )
        sheet.line(" ".join(parts[: rng.randint(2, 5)]), x=x)


def _sums(setting: Setting, draft: Draft, gross: int, net: int, days: BookingDays) -> None:
    """Print gross, commission and net, one below the other or as the last row of a summary by months."""
    template, sheet = setting.template, draft.sheet
    sheet.down(template.choice("sums.gap", (0.4, 1.2)))
    if template.chance("summary", 0.25):
        _summary(setting, draft, gross, net, days)
        return
    left = sheet.width * template.choice("sums.left", (0.0, 0.3, 0.5, 0.7))
    mark = template.choice("sums.mark", ("", ":"))
    right = min(sheet.width, left + template.integer("sums.width", 26, 40))
    if template.chance("sums.spots", 0.5):
        count = template.choice("sums.count", ("Total Spots", "Aired Spots", "Spots"))
        sheet.line(f"{count}{mark} {setting.rng.randint(1, 90)}", x=left)
    entries: list[tuple[str, int, str | None]] = [("gross", gross, draft.first("gross_amount"))]
    if net != gross:
        entries.append(("commission", gross - net, None))
        entries.append(("net", net, draft.first("net_due")))
    for name, cents, tag in entries:
        sheet.put(left, f"{template.choice(f'sums.{name}', _SUM_LABELS[name])}{mark}")
        sheet.runs(right, money_runs(cents, setting.money, tag), align="right")
        sheet.down()


_SUM_LABELS = {
    "gross": ("Gross Total", "Total Gross", "Gross Amount", "Gross", "Total", "Actual Gross Billing"),
    "commission": ("Agency Commission", "Less Agency Commission", "Commission 15%"),
    "net": ("Net Amount Due", "Net Total", "Net", "Net Due", "Total Net"),
}


_SUMMARY_SHARES = (0.0, 0.28, 0.42, 0.62)
_SUMMARY_LINES = 4  # of the headings, two months and the total
_SUMMARY_HEADS = (
    ("Month", "# Spots", "Gross Amount", "Net Amount"),
    ("By Broadcast Month", "Spots", "Rate", "Net"),
    ("Bill Plan", "# Spots", "Gross", "Net"),
)


def _summary(setting: Setting, draft: Draft, gross: int, net: int, days: BookingDays) -> None:
    """Print sums by months, their total last, below headings."""
    sheet, money, rng, template = draft.sheet, setting.money, setting.rng, setting.template
    _summary_row(sheet, [[(head, None)] for head in template.choice("summary.heads", _SUMMARY_HEADS)])
    spots = rng.randint(2, 90)
    months = _month_sums(setting, days, (spots, gross, net))
    if template.chance("summary.months", 0.6):
        for month, numbers in months:
            cells = [money_runs(cents, money, None) for cents in numbers[1:]]
            _summary_row(sheet, [[(month, None)], [(str(numbers[0]), None)], *cells])
    _summary_row(
        sheet,
        [
            [(template.choice("summary.total", ("Totals", "Total", "Grand Total:")), None)],
            [(str(spots), None)],
            money_runs(gross, money, draft.first("gross_amount")),
            money_runs(net, money, draft.first("net_due")),
        ],
    )


def _summary_row(sheet: Sheet, cells: list[list[Run]]) -> None:
    for share, runs in zip(_SUMMARY_SHARES, cells, strict=True):
        sheet.runs(sheet.width * share, runs)
    sheet.down()


def _month_sums(
    setting: Setting, days: BookingDays, sums: tuple[int, int, int]
) -> list[tuple[str, tuple[int, ...]]]:
    """Return the months of the first and last day as printed, or the period billed, and what falls into each."""
    if setting.template.chance("summary.period", 0.3):
        return [(" - ".join(billed_texts(setting.rng, days, setting.dates)), sums)]
    form = setting.template.choice("summary.form", ("{mon}. {yyyy}", "{month} {yyyy}", "{mon} {yyyy}"))
    first, last = (month_text(day, setting.dates, form) for day in (days.first, days.last))
    if first == last:
        return [(first, sums)]
    percent = setting.rng.randint(20, 80)
    part = tuple(number * percent // 100 for number in sums)
    return [(first, part), (last, tuple(a - b for a, b in zip(sums, part, strict=True)))]


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
