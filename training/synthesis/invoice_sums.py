"""The sums of an invoice: net, taxes by rate, gross, what is paid and due."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from training.synthesis.numbers import amount_text, money_runs, price_cents
from training.synthesis.setting import Draft, Setting
from training.synthesis.words import Run


@dataclass(frozen=True, slots=True)
class NetByRate:
    """The net sum of an invoice in cents, by tax rate in percent."""

    cents: Counter[float] = field(default_factory=lambda: Counter[float]())

    def tax(self, rate: float) -> int:
        """Return the tax on what is taxed at `rate`."""
        return round(self.cents[rate] * rate / 100)


def rate_text(setting: Setting, rate: float) -> str:
    """Return the rate as the template prints numbers, with its percent sign glued on or not."""
    template = setting.template
    if rate.is_integer() and not template.chance("rate.decimals", 0.25):
        number = amount_text(round(rate * 100), setting.money, decimals=0)
    else:
        number = amount_text(round(rate * 100), setting.money)
        number = number[:-1] if number.endswith("0") and template.chance("rate.short", 0.7) else number
    return f"{number}%" if template.chance("rate.glued", 0.5) else f"{number} %"


def draw_sums(setting: Setting, draft: Draft, nets: NetByRate) -> None:
    """Print net, tax and gross, and what is paid and due; taxes by rate where there are several."""
    template = setting.template
    entries = _entries(setting, draft, nets)
    several = len(nets.cents) > 1
    if template.chance("taxes.table", 0.7 if several else 0.12):
        _tax_table(setting, draft, nets)
    if template.chance("gross.first", 0.05):
        entries.reverse()
    if template.chance("sums.across", 0.08):
        _across(setting, draft, entries)
    else:
        _below(setting, draft, entries)


def _entries(setting: Setting, draft: Draft, nets: NetByRate) -> list[tuple[str, int]]:
    rng = setting.rng
    net = nets.cents.total()
    sign = -1 if net < 0 else 1
    shipping = sign * price_cents(rng) if setting.maybe("shipping", 0.12) else 0
    discount = net // 10 if setting.maybe("discount", 0.1) else 0
    if shipping or discount:  # freight and rebates are taxed like most of what is sold
        rate = max(nets.cents, key=lambda one: abs(nets.cents[one]))
        nets.cents[rate] += shipping - discount
    base = nets.cents.total()
    tax = sum(nets.tax(rate) for rate in nets.cents)
    entries: list[tuple[str, int]] = []
    if setting.maybe("lines_total", 0.1):
        entries.append(("lines_total", net))
    if discount:
        entries.append(("discount_amount", -discount))
    if shipping:
        entries.append(("shipping_amount", shipping))
    if setting.maybe("net", 0.8):
        entries.append(("amount_total_net", base))
    if setting.maybe("tax", 0.85):
        entries.append(("amount_total_tax", tax))
    entries.append(("amount_total_gross", base + tax))
    if draft.kind == "invoice" and setting.maybe("paid", 0.15):
        paid = rng.choice((0, (base + tax) // 2, base + tax))
        entries += [("amount_paid", paid), ("amount_due", base + tax - paid)]
    return entries


def _tax_table(setting: Setting, draft: Draft, nets: NetByRate) -> None:
    """Print a line for each rate: the rate, what it is taken of, and the tax; none of it is a total."""
    template, sheet = setting.template, draft.sheet
    left = sheet.width * template.choice("taxes.left", (0.0, 0.0, 0.3, 0.45))
    steps = [left + 14.0 * index for index in range(3)]
    if template.chance("taxes.headed", 0.7):
        heads = template.choice("taxes.heads", _TAX_HEADS.get(setting.language, _TAX_HEADS["en"]))
        for x, head in zip(steps, heads, strict=True):
            sheet.put(x, head)
        sheet.down()
    name = template.choice("taxes.name", ("", "", setting.label("amount_total_tax").split()[0]))
    for rate in sorted(nets.cents):
        sheet.put(steps[0], f"{name} {rate_text(setting, rate)}".strip())
        for x, cents in zip(steps[1:], (nets.cents[rate], nets.tax(rate)), strict=True):
            sheet.runs(x + 9, money_runs(cents, setting.money, None, bare=True), align="right")
        sheet.down()
    sheet.down(template.choice("taxes.gap", (0.0, 0.5)))


_TAX_HEADS = {
    "en": (("Rate", "Base", "Tax"), ("VAT %", "Net", "VAT"), ("Tax", "Taxable", "Amount")),
    "de": (("MwSt.", "Netto", "Steuer"), ("Satz", "Basis", "Betrag"), ("USt. %", "Steuerbasis", "USt.")),
    "fr": (("Taxe", "Base", "Montant"), ("Taux", "Base HT", "TVA")),
}


def _across(setting: Setting, draft: Draft, entries: list[tuple[str, int]]) -> None:
    """Print the sums as one row below its headings."""
    step = draft.sheet.width / max(len(entries), 1)
    for offset in (0.0, 1.0):
        for index, (name, cents) in enumerate(entries):
            runs: list[Run] = [(setting.label(name), None)]
            if offset:
                runs = money_runs(cents, setting.money, draft.first(name), bare=True)
            draft.sheet.runs((index + 1) * step - 1, runs, align="right")
        draft.sheet.down()


def _below(setting: Setting, draft: Draft, entries: list[tuple[str, int]]) -> None:
    template = setting.template
    left = draft.sheet.width * template.choice("sums.left", (0.0, 0.45, 0.55, 0.6, 0.62))
    mark = template.choice("sums.mark", ("", ":", ":"))
    on_one_line = template.chance("sums.row", 0.06)
    for name, cents in entries:
        runs = money_runs(
            cents, setting.money, draft.first(name), bare=not template.chance("sums.marked", 0.8)
        )
        label = setting.label(name)
        label += "" if label.endswith((":", ".")) else mark
        if on_one_line:
            draft.sheet.line([(label, None), *runs], x=left)
            continue
        draft.sheet.put(left, label)
        draft.sheet.runs(draft.sheet.width, runs, align="right")
        draft.sheet.down()
