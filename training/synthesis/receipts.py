"""Receipts: narrow tickets of shops and restaurants."""

from __future__ import annotations

import random

from training.synthesis import vocabulary
from training.synthesis.dates import Day, date_text, random_day
from training.synthesis.numbers import CURRENCY_CODES
from training.synthesis.parties import make_party
from training.synthesis.receipt_head import day_and_time, draw_head
from training.synthesis.receipt_items import draw_items, make_basket
from training.synthesis.receipt_totals import draw_totals
from training.synthesis.setting import Draft, Setting, labelled, make_setting
from training.synthesis.template import Template
from training.synthesis.text import code, fill, item_text, person_name, word
from training.synthesis.words import Align, Run, Sheet

_LOCALES = (
    *("my",) * 7,
    *("us",) * 8,
    *("id",) * 4,
    *("gb", "gb", "gb", "in", "in", "de", "de", "fr", "nl", "it", "es"),
)


def draw_receipt(
    template: Template, rng: random.Random, vendor_rng: random.Random, difficulty: float
) -> Draft:
    """Return a receipt: head, particulars, items, totals, foot."""
    setting = make_setting(
        template, rng, vendor_rng, difficulty=difficulty, locales=_LOCALES, upper_share=0.62
    )
    sheet = Sheet(width=template.integer("width", 32, 50))
    draft = Draft(kind="receipt", sheet=sheet, setting=setting)
    day = random_day(rng)
    early_date = template.chance("date.early", 0.06)
    late_date = template.chance("date.late", 0.17)
    draw_head(setting, draft, day if early_date else None)
    if not early_date and not late_date:
        _particulars(setting, draft, day)
    else:
        _particulars(setting, draft, None)
    basket = make_basket(setting)
    draw_items(setting, draft, basket)
    draw_totals(setting, draft, basket)
    _card_slip(setting, draft)
    _foot(setting, draft, day if late_date else None)
    draft.enums["currency"] = CURRENCY_CODES.get(setting.money.currency, "")
    if setting.money.placement == "none" or not draft.enums["currency"]:
        del draft.enums["currency"]
    return draft


def _print_customer(setting: Setting, sheet: Sheet) -> None:
    """Print a block that says who buys, which looks much like the seller's."""
    party = make_party(setting.rng, setting.locale, upper=setting.upper, width=30)
    sheet.line(f"{setting.label('buyer')} :")
    for line in party.name:
        sheet.line([(line, "customer_billing_name")])
    for line in party.address:
        sheet.line([(line, "customer_billing_address")])


def _particulars(setting: Setting, draft: Draft, day: Day | None) -> None:
    """Print the lines between head and items: number, date, cashier, table, in the template's order."""
    template, rng = setting.template, setting.rng
    has_block = template.chance("customer.block", 0.07 * setting.difficulty)
    if has_block:
        _print_customer(setting, draft.sheet)
    entries: list[list[Run]] = []
    if setting.maybe("document_id", 0.9):
        entries.append(labelled(setting, "document_id", [(code(rng), "document_id")]))
    if day is not None:
        entries += _day_lines(setting, day)
    if setting.maybe("cashier", 0.6):
        name = setting.case(rng.choice((word(rng), person_name(rng), fill(rng, "##"), "user", "cashier")))
        entries.append(labelled(setting, "cashier", [(name, "cashier")]))
    if setting.maybe("table", 0.25):
        table = fill(rng, template.choice("table", ("##", "#", "@##", "@ #")))
        entries.append(labelled(setting, "table_number", [(table, "table_number")]))
    if not has_block and setting.maybe("customer", 0.1):
        buyer = setting.case(person_name(rng))
        entries.append(labelled(setting, "buyer", [(buyer, "customer_billing_name")]))
    if setting.difficulty > 0.4:
        entries += [_extra(setting, index) for index in range(template.integer("extras", 0, 4))]
    entries.sort(key=lambda runs: template.unit(f"order.{runs[0][0][:4]}"))
    _print_entries(setting, draft.sheet, entries)


def _day_lines(setting: Setting, day: Day) -> list[list[Run]]:
    """Return the date, with its time or that in a line of its own."""
    template = setting.template
    runs = day_and_time(setting, day)
    is_bare = template.chance("date.bare", 0.22)
    tail: list[Run] = []
    if is_bare and template.chance("date.tail", 0.2):
        tail = [(fill(setting.rng, "#0#"), None)]
    lines: list[list[Run]] = []
    if runs[-1][1] == "document_time" and not is_bare and template.chance("time.labelled", 0.4):
        lines.append(labelled(setting, "document_time", [runs.pop()]))
    lines.append([*runs, *tail] if is_bare else labelled(setting, "date_issue", runs))
    return lines


def _extra(setting: Setting, index: int) -> list[Run]:
    """Return a line that nobody asks for."""
    template, rng = setting.template, setting.rng
    label = _EXTRA_LABELS[(template.integer("extra", 0, 99) + 5 * index) % len(_EXTRA_LABELS)]
    value = rng.choice(("", code(rng), setting.case(word(rng)), fill(rng, "##")))
    mark = template.choice("extra.mark", (":", " :", ".:"))
    return [(f"{setting.case(label)}{mark} {value}", None)]


_EXTRA_LABELS = (
    "salesperson",
    "ref.",
    "terminal",
    "pax(s)",
    "counter",
    "member",
    "station",
    "reg",
    "location/sp",
    "pos",
    "uid",
    "token",
    "shift",
)


def _print_entries(setting: Setting, sheet: Sheet, entries: list[list[Run]]) -> None:
    template = setting.template
    two = template.chance("particulars.two", 0.36)
    align: Align = "center" if template.chance("particulars.center", 0.12) else "left"
    half = sheet.width * template.number("particulars.half", 0.5, 0.62)
    left = 0.0
    for index, runs in enumerate(entries):
        length = sum(len(text) + 1 for text, _ in runs)
        if two and left and left + 1 <= half and half + length <= sheet.width + 4:
            sheet.runs(half, runs, y=sheet.y - 1.0)
            left = 0.0
            continue
        sheet.line(runs, align=align)
        left = length if index % 2 == 0 else 0.0
    sheet.down(template.choice("particulars.gap", (0.0, 0.5, 1.0)))


_SLIP_LABELS = (
    *(
        "Acct.",
        "Approval",
        "APPROVAL CODE",
        "MID:",
        "TID:",
        "BATCH:",
        "INV:",
        "RRN:",
        "Auth#",
        "Trans ID",
        "AID:",
        "Card #",
    ),
    *(
        "EFT",
        "MASTERCARD",
        "VISA",
        "Entry Method:",
        "Reference",
        "STAN:",
        "Terminal",
        "Merchant ID",
        "Beleg-Nr.",
        "EC-Karte",
    ),
)


def _card_slip(setting: Setting, draft: Draft) -> None:
    """Print what a card terminal adds: many numbers that nobody asks for."""
    template, rng, sheet = setting.template, setting.rng, draft.sheet
    if draft.enums.get("payment_method") == "cash" or not template.chance("slip", 0.2 * setting.difficulty):
        return
    draft.enums["payment_method"] = "card"
    at_right = template.chance("slip.right", 0.3)
    for index in range(template.integer("slip.lines", 2, 8)):
        label = setting.case(template.choice(f"slip.{index}", _SLIP_LABELS))
        value = rng.choice(
            (code(rng), fill(rng, "XXXXXXXX####"), fill(rng, "######"), setting.case(word(rng)), "")
        )
        sheet.put(0.0, label if at_right else f"{label} {value}")
        if at_right:
            sheet.runs(sheet.width, [(value, None)], align="right")
        sheet.down()


_ECHOES = (
    *("thank you for shopping at {} @", "{}'s products are @ @", "{}'s @", "{} @ members", "visit {} @"),
    *("welcome to {} @ @", "{} card no. ####", "join {} @", "{}.com", "@ {} @", "www.{}.com/@", "{} {} @"),
)


def _echo(setting: Setting, sheet: Sheet) -> Run:
    """Return a line that takes up words of the seller's name and goes on in another way.

    Copying a name must not change over to such a line after a word that both have.
    """
    name = [mark.text for mark in sheet.marks if "vendor_name" in mark.tags] or [word(setting.rng)]
    start = setting.rng.choice((0, 0, 0, setting.rng.randrange(len(name))))
    taken = " ".join(name[start : start + setting.rng.choice((1, 1, 2))])
    text = setting.rng.choice(_ECHOES).format(taken, taken)
    parts = [word(setting.rng) if part == "@" else part for part in text.split()]
    return setting.case(fill(setting.rng, " ".join(parts).replace("@", ""))), None


def _foot(setting: Setting, draft: Draft, day: Day | None) -> None:
    template, sheet, rng = setting.template, draft.sheet, setting.rng
    sheet.down(template.choice("foot.gap", (0.0, 0.5, 1.0)))
    align: Align = template.choice("foot.align", ("center", "center", "left"))
    lines: list[list[Run]] = []
    if day is not None:
        runs = day_and_time(setting, day)
        lines.append(runs if template.chance("date.bare", 0.4) else labelled(setting, "date_issue", runs))
    texts = (*vocabulary.FOOTERS_BY_LANGUAGE.get(setting.language, ()), *vocabulary.FOOTERS)
    for index in range(template.integer("foot.lines", 0, int(1 + 4 * setting.difficulty))):
        text = fill(rng, texts[(template.integer("foot", 0, 99) + 4 * index) % len(texts)].replace("@", ""))
        lines.append([(text.upper() if setting.upper else text, None)])
    if setting.maybe("foot.date", 0.06):
        label = template.choice(
            "foot.datelabel", ("VALID UNTIL", "PRINTED", "EXPIRY DATE", "NEXT VISIT BEFORE")
        )
        later = date_text(random_day(rng), setting.dates)
        lines.append([(f"{label} {later}", None)])
    if setting.maybe("foot.company", 0.08):
        lines.append([(setting.case(item_text(rng)), None)])
    if template.chance("foot.echo", 0.35 * setting.difficulty):
        lines += [[_echo(setting, sheet)] for _ in range(template.integer("foot.echoes", 1, 2))]
    if day is None or template.chance("foot.datelast", 0.5):
        lines.sort(key=lambda runs: template.unit(f"foot.{runs[0][0][:3]}"))
    for runs in lines:
        sheet.line(runs, align=align)
