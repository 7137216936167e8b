"""The rows of an invoice or an order, and the lines between them that are none."""

from __future__ import annotations

import random

from training.synthesis.dates import date_text, random_day
from training.synthesis.invoice_sums import NetByRate, rate_text
from training.synthesis.numbers import amount_text, money_runs, price_cents
from training.synthesis.setting import Draft, Setting
from training.synthesis.tables import Place, draw_header, draw_row, places
from training.synthesis.text import code, fill, item_text, phrase
from training.synthesis.vocabulary import UNITS
from training.synthesis.words import Run

_COLUMN_SETS = (
    ("description", "quantity", "unit_price", "amount"),
    ("position", "code", "description", "quantity", "unit_price", "amount"),
    ("code", "description", "quantity", "units_of_measure", "unit_price", "amount"),
    ("position", "description", "quantity", "unit_price", "tax_rate", "amount"),
    ("quantity", "description", "unit_price", "amount"),
    ("description", "unit_price", "tax_rate", "quantity", "amount"),
    ("position", "description", "amount"),
    ("description", "amount"),
    ("quantity", "code", "description", "unit_price", "amount"),
    ("code", "quantity", "units_of_measure", "description", "unit_price", "tax_rate", "amount"),
    ("description", "quantity", "unit_price", "discount", "amount"),
    ("position", "code", "description", "quantity", "units_of_measure", "unit_price", "amount", "tax_rate"),
    ("code", "description", "date", "quantity", "unit_price", "tax_rate", "amount"),
)
_RATES = (0.0, 5.0, 7.0, 10.0, 19.0, 20.0, 21.0, 22.0)
_MIXED_RATES = ((7.0, 19.0), (5.5, 20.0), (10.0, 20.0), (9.0, 21.0), (0.0, 6.0), (5.0, 20.0))
# What is printed below a row and belongs to no column: the word before it.
_REMARKS = {
    "en": ("Delivery:", "Position", "Serial", "Discount", "Batch", "Note:", "Period:"),
    "de": (
        "Liefer-Datum:",
        "Bestell-Nr:",
        "Artikelrabatt 1:",
        "Verpackung:",
        "Lieferschein",
        "Bruttopreis:",
        "Zeitraum",
    ),
    "fr": ("Réf.", "Livraison", "Commande", "Remise", "Lot", "Période"),
}


def draw_rows(setting: Setting, draft: Draft) -> NetByRate:
    """Print the table with one to two dozen rows and return its net sums."""
    rng, template, sheet = setting.rng, setting.template, draft.sheet
    sets = tuple(one for one in _COLUMN_SETS if not ("units_of_measure" in one and _has_unit_beside(setting)))
    columns = template.choice("columns", sets)
    # Some print the article's name on a line of its own, below its number.
    is_below = "code" in columns and template.chance("name.below", 0.12)
    shown = tuple(column for column in columns if not is_below or column != "description")
    table = places(shown, sheet.width)
    if template.chance("table.intro", 0.15):
        sheet.line(phrase(rng, 4, 12))
    labels = {column: setting.label(f"col.{column}") for column in columns}
    draw_header(setting, draft, table, labels)
    if is_below:
        sheet.line(labels["description"], x=_below_at(table))
    most = 2 if setting.difficulty < 0.3 else rng.choice((2, 2, 3, 3, 4, 5, 8, 12, 12, 26))
    n_rows = rng.randint(1, most)
    mixed = template.choice("rates", _MIXED_RATES) if template.chance("rates.mixed", 0.25) else None
    common = template.choice("rate", _RATES)
    break_at = rng.randint(1, n_rows) if n_rows > 4 and rng.random() < 0.15 else -1
    nets = NetByRate()
    for index in range(n_rows):
        if index == break_at:
            sheet.new_page()
            draw_header(setting, draft, table, labels)
        rate = rng.choice(mixed) if mixed else common
        nets.cents[rate] += _row(setting, draft, columns, table, index, rate)
    draft.n_rows = n_rows
    has_units = _has_unit_beside(setting) and "quantity" in columns
    draft.columns = (*columns, "units_of_measure") if has_units else columns
    sheet.down(template.choice("sums.gap", (0.3, 1.0)))
    return nets


def _below_at(table: tuple[Place, ...]) -> float:
    return next(place.left for place in table if place.column == "code")


def _row(
    setting: Setting,
    draft: Draft,
    columns: tuple[str, ...],
    table: tuple[Place, ...],
    index: int,
    rate: float,
) -> int:
    rng, template, sheet = setting.rng, setting.template, draft.sheet
    quantity = rng.choice((1, 1, 2, 3, 5, 10, rng.randint(1, 500)))
    if draft.enums.get("document_type") == "credit_note" and template.chance("credit.minus", 0.6):
        quantity = -quantity
    price = price_cents(rng)
    percent = rng.choice((0, 0, 5, 10, 20)) if "discount" in columns else 0
    cents = price * quantity * (100 - percent) // 100
    cells = _cells(setting, index, abs(quantity), price, cents, rate)
    cells["discount"] = [(f"{percent}%", f"line.{index}.discount")] if percent else []
    draw_row(setting, draft, table, {place.column: cells[place.column] for place in table})
    if "description" not in {place.column for place in table} and "description" in columns:
        sheet.runs(_below_at(table), cells["description"])
        sheet.down()
    if template.chance("remarks", 0.25) and rng.random() < 0.6:
        _remark(setting, draft, table)
    return cents


def _cells(
    setting: Setting, index: int, quantity: int, price: int, cents: int, rate: float
) -> dict[str, list[Run]]:
    rng, template = setting.rng, setting.template
    tag = f"line.{index}."
    marked = template.chance("cells.marked", 0.35)
    decimals = template.choice("quantity.decimals", (0, 0, 0, 0, 2))
    percent = rate_text(setting, rate)
    unit = template.choice("unit", UNITS) if template.chance("unit.same", 0.6) else rng.choice(UNITS)
    codes = ("######", "@@-####", "@####", "####-@", "#############")
    text = item_text(rng, longest=8)
    return {
        "position": [(str(index + 1), f"{tag}position")],
        "code": [(fill(rng, template.choice("code", codes)), f"{tag}code")],
        "description": [(setting.case(text) if setting.upper else text, f"{tag}description")],
        "date": [(date_text(random_day(rng), setting.dates), f"{tag}date")],
        "quantity": [(amount_text(quantity * 100, setting.money, decimals=decimals), f"{tag}quantity"), *_unit_beside(setting, unit, tag)],
        "units_of_measure": [(unit, f"{tag}units_of_measure")],
        "unit_price": money_runs(price, setting.money, f"{tag}unit_price", bare=not marked),
        "tax_rate": [(percent.split()[0], f"{tag}tax_rate"), *((word, None) for word in percent.split()[1:])],
        "amount": money_runs(cents, setting.money, f"{tag}amount", bare=not marked),
    }  # fmt: skip


def _has_unit_beside(setting: Setting) -> bool:
    """Return whether the quantity's column prints the unit too."""
    return setting.template.chance("quantity.unit", 0.12)


def _unit_beside(setting: Setting, unit: str, tag: str) -> list[Run]:
    return [(unit, f"{tag}units_of_measure")] if _has_unit_beside(setting) else []


def _remark(setting: Setting, draft: Draft, table: tuple[Place, ...]) -> None:
    """Print a line or two below a row that say more about it and are no row."""
    rng, sheet = setting.rng, draft.sheet
    at = next((place.left for place in table if place.column in ("description", "code")), 2.0)
    for _ in range(rng.choice((1, 1, 2))):
        label = rng.choice(_REMARKS.get(setting.language, _REMARKS["en"]))
        value = _remark_value(setting, rng)
        sheet.line(f"{label} {value}", x=at)


def _remark_value(setting: Setting, rng: random.Random) -> str:
    draw = rng.random()
    if draw < 0.4:
        return code(rng)
    if draw < 0.6:
        return date_text(random_day(rng), setting.dates)
    if draw < 0.8:
        return amount_text(price_cents(rng), setting.money)
    return phrase(rng, 1, 3)
