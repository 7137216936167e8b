"""Bank statements: an account, a period, balances and bookings."""

from __future__ import annotations

import random

from training.synthesis.dates import Day, date_text, random_day
from training.synthesis.numbers import CURRENCY_CODES, amount_text, money_runs, price_cents
from training.synthesis.parties import make_party
from training.synthesis.setting import Draft, Setting, labelled, make_setting
from training.synthesis.tables import Place, draw_header, draw_row, places
from training.synthesis.template import Template
from training.synthesis.text import code, fill, item_text, phrase
from training.synthesis.words import Run, Sheet

_LOCALES = ("de", "de", "us", "us", "gb", "gb", "fr", "nl", "my", "it", "es")
_COLUMN_SETS = (
    ("date", "description", "amount", "balance"),
    ("date", "description", "amount"),
    ("date", "date_value", "description", "amount", "balance"),
    ("date", "description", "debit", "credit", "balance"),
    ("date", "code", "description", "amount", "balance"),
    ("date", "date_value", "description", "debit", "credit"),
)
_IBANS = (
    "DE## #### #### #### #### ##",
    "GB##@@@@##############",
    "FR## #### #### #### #### #### ###",
    "NL## @@@@ #### #### ##",
)
_ACCOUNTS = (
    "##########",
    "########",
    "### ### ###",
    "####-####-####",
    "###-######",
    "XXXX####",
    "## ## ## ###",
)
_HEADINGS = {
    "debit": {"de": "Soll", "fr": "Débit", "nl": "Af", "it": "Dare", "es": "Debe"},
    "credit": {"de": "Haben", "fr": "Crédit", "nl": "Bij", "it": "Avere", "es": "Haber"},
}


def draw_statement(
    template: Template, rng: random.Random, vendor_rng: random.Random, difficulty: float
) -> Draft:
    """Return an account statement of one page."""
    setting = make_setting(
        template, rng, vendor_rng, difficulty=difficulty, locales=_LOCALES, upper_share=0.15
    )
    sheet = Sheet(width=template.integer("width", 74, 100))
    draft = Draft(kind="statement", sheet=sheet, setting=setting)
    start = random_day(rng)
    _head(setting, draft, start)
    opening = price_cents(rng) * rng.choice((1, 3, 10))
    _bookings(setting, draft, start, opening)
    code_of = CURRENCY_CODES.get(setting.money.currency)
    if code_of and setting.money.placement != "none":
        draft.enums["currency"] = code_of
    return draft


def _head(setting: Setting, draft: Draft, start: Day) -> None:
    """Print the bank, the holder and the account's particulars."""
    template, sheet, rng, vendor = setting.template, draft.sheet, setting.rng, setting.vendor_rng
    bank = setting.case(
        " ".join(
            (
                phrase(vendor, 1, 2),
                template.choice(
                    "bank.word", ("bank", "bank", "sparkasse", "credit union", "banque", "savings")
                ),
            )
        )
    )
    sheet.line([(bank, "bank_name")], scale=template.choice("bank.scale", (1.0, 1.5)))
    office = make_party(vendor, setting.locale, upper=setting.upper, width=60)
    if template.chance("bank.address", 0.5):
        for line in office.address:
            sheet.line(line)
    sheet.down(template.choice("bank.gap", (0.5, 1.5)))
    holder = make_party(rng, setting.locale, upper=setting.upper, width=34, is_person=rng.random() < 0.6)
    particulars = _particulars(setting, start)
    x = sheet.width * template.number("x", 0.5, 0.6)
    top = sheet.y
    lines: list[list[Run]] = [[(line, "account_holder")] for line in holder.name]
    lines.extend([(line, "customer_billing_address")] for line in holder.address)
    if template.chance("holder.labelled", 0.25):
        named: list[Run] = labelled(setting, "account_holder", [(" ".join(holder.name), "account_holder")])
        lines = [named, *lines[len(holder.name) :]]
    if template.chance("head.beside", 0.6):
        sheet.y = max(sheet.block(0.0, top, lines), sheet.block(x, top, particulars)) + 1.0
    else:
        sheet.y = sheet.block(0.0, sheet.block(0.0, top, lines) + 0.8, particulars) + 1.0
    if template.chance("title", 0.8):
        sheet.line(setting.label("statement"), scale=template.choice("title.scale", (1.0, 1.4)))
        sheet.down(0.4)


def _particulars(setting: Setting, start: Day) -> list[list[Run]]:
    template, rng = setting.template, setting.rng
    end = start.later(rng.choice((27, 27, 30, 83)))
    entries: list[tuple[str, list[Run], float]] = [
        (
            "statement_no",
            [(rng.choice((code(rng), fill(rng, "##"), fill(rng, "#/20##"))), "document_id")],
            0.5,
        ),
        ("date_issue", [(date_text(end.later(1), setting.dates), "date_issue")], 0.5),
        ("account_num", [(fill(rng, template.choice("account", _ACCOUNTS)), "account_num")], 0.8),
        ("iban", [(fill(rng, template.choice("iban", _IBANS)), "iban")], 0.4),
        ("bic", [(fill(rng, "@@@@@@##"), "bic")], 0.3),
        (
            "bank_num",
            [(fill(rng, template.choice("bank_num", ("########", "##-##-##", "#########"))), "bank_num")],
            0.3,
        ),
        ("period", _period(setting, start, end), 0.7),
        ("currency", [(setting.money.currency, "currency")], 0.25),
    ]
    shown = [(name, runs) for name, runs, share in entries if setting.maybe(f"account.{name}", share)]
    shown.sort(key=lambda entry: template.unit(f"account.order.{entry[0]}"))
    return [labelled(setting, name, runs) for name, runs in shown]


def _period(setting: Setting, start: Day, end: Day) -> list[Run]:
    joint = setting.template.choice("period.joint", ("-", "to", "bis", "until", "–"))
    return [
        (date_text(start, setting.dates), "period_start"),
        (joint, None),
        (date_text(end, setting.dates), "period_end"),
    ]


def _bookings(setting: Setting, draft: Draft, start: Day, opening: int) -> None:
    """Print the balances and the bookings, whose sums agree."""
    template, rng, sheet = setting.template, setting.rng, draft.sheet
    columns = template.choice("columns", _COLUMN_SETS)
    table = places(columns, sheet.width)
    if setting.maybe("opening.above", 0.4):
        _balance(setting, draft, "opening_balance", opening)
    labels = {column: _heading(setting, column) for column in columns}
    draw_header(setting, draft, table, labels)
    if setting.maybe("opening", 0.8) and "opening_balance" not in draft.used:
        _balance(setting, draft, "opening_balance", opening)
    n_rows = rng.randint(1, 3 if setting.difficulty < 0.3 else rng.choice((4, 4, 8, 8, 14, 30)))
    balance, debits, day = opening, 0, start
    for index in range(n_rows):
        day = day.later(rng.randint(0, 4))
        cents = price_cents(rng) * rng.choice((-1, -1, -1, 1))
        balance += cents
        debits += min(cents, 0)
        _booking(setting, draft, table, index, day, cents, balance)
    draft.n_rows = n_rows
    draft.columns = tuple(c for c in columns if c not in {"debit", "credit"})
    if "debit" in columns:
        draft.columns = (*draft.columns, "amount", "direction")
    sheet.down(0.5)
    for name, cents in (("total_debits", debits), ("total_credits", balance - opening - debits)):
        if setting.maybe(name, 0.25):
            _balance(setting, draft, name, cents)
    if setting.maybe("closing", 0.9):
        _balance(setting, draft, "closing_balance", balance)


def _heading(setting: Setting, column: str) -> str:
    if column in _HEADINGS:
        other = {
            "debit": ("Debit", "Withdrawals", "Paid out", "Money out"),
            "credit": ("Credit", "Deposits", "Paid in", "Money in"),
        }[column]
        return _HEADINGS[column].get(setting.language) or setting.template.choice(f"heading.{column}", other)
    return setting.label(f"col.{column}")


def _balance(setting: Setting, draft: Draft, name: str, cents: int) -> None:
    runs = money_runs(
        cents, setting.money, draft.first(name), bare=not setting.template.chance("balance.marked", 0.7)
    )
    x = setting.template.choice("balance.x", (0.0, 0.15, 0.4)) * draft.sheet.width
    if setting.template.chance("balance.close", 0.25):
        draft.sheet.line([(setting.label(name), None), *runs], x=x)
        return
    draft.sheet.put(x, setting.label(name))
    draft.sheet.runs(draft.sheet.width, runs, align="right")
    draft.sheet.down()


def _booking(
    setting: Setting, draft: Draft, table: tuple[Place, ...], index: int, day: Day, cents: int, balance: int
) -> None:
    rng, template = setting.rng, setting.template
    tag = f"line.{index}."
    text = item_text(rng, longest=9)
    side = "debit" if cents < 0 else "credit"
    draft.enums[f"{tag}direction"] = side
    has_sides = any(place.column == "debit" for place in table)
    printed = abs(cents) if has_sides or template.chance("unsigned", 0.1) else cents
    marked = template.chance("cells.marked", 0.15)
    amount = money_runs(printed, setting.money, f"{tag}amount", bare=not marked)
    plus = (
        [(f"+{amount[0][0]}", amount[0][1])]
        if cents > 0 and len(amount) == 1 and template.chance("plus", 0.15)
        else amount
    )
    cells: dict[str, list[Run]] = {
        "date": [(date_text(day, setting.dates), f"{tag}date")],
        "date_value": [(date_text(day.later(1), setting.dates), f"{tag}date_value")],
        "description": [(text.upper() if setting.upper else text, f"{tag}description")],
        "code": [(code(rng), f"{tag}code")],
        "amount": plus,
        side: plus,
        "balance": [(amount_text(balance, setting.money), f"{tag}balance")],
    }
    draw_row(setting, draft, table, cells)
