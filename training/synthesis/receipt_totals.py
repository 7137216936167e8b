"""The foot of a ticket's table: sums, tax, rounding, payment."""

from __future__ import annotations

from training.synthesis.numbers import amount_text, money_runs
from training.synthesis.receipt_items import Basket
from training.synthesis.setting import Draft, Setting
from training.synthesis.words import Run, runs_length


def draw_totals(setting: Setting, draft: Draft, basket: Basket) -> None:
    """Print subtotal, tax, rounding, total, payment; sums agree, labels and order vary."""
    template = setting.template
    rounding = basket.rounding if template.chance("rounding", 0.4) else 0
    final = basket.gross + rounding
    before = template.chance("total.before", 0.45) and (template.chance("rounding", 0.4))
    if setting.maybe("item_count", 0.35):
        pieces: list[Run] = [(str(basket.n_pieces), "item_count")]
        _sum_line(setting, draft, pieces, label=setting.label("item_count"))
    labels = _paired_labels(setting)
    if labels or setting.maybe("subtotal", 0.6):
        _money_line(setting, draft, "amount_total_net", basket.net, label=labels and labels[0])
    if setting.maybe("discount", 0.3):
        _money_line(setting, draft, "discount_amount", -basket.discount if basket.discount else 0)
    if setting.maybe("service", 0.12):
        _money_line(setting, draft, "service_charge", basket.net // 10)
    if setting.maybe("tax", 0.5):
        _money_line(setting, draft, "amount_total_tax", basket.tax, label=_tax_label(setting, basket))
    if setting.maybe("tip", 0.06):
        _money_line(setting, draft, "tip_amount", basket.net // 10 + 5)
    if before:
        _money_line(setting, draft, "amount_total_gross", basket.gross, tag=None)
    if template.chance("rounding", 0.4):
        _money_line(setting, draft, "rounding_amount", rounding)
    name = "amount_total_rounded" if before else "amount_total_gross"
    label = labels and labels[1]
    _money_line(setting, draft, name, final, tag="amount_total_gross", is_final=True, label=label)
    _payment(setting, draft, final)
    _tip_suggestions(setting, draft, basket.net)
    if setting.maybe("summary", 0.3):
        _tax_summary(setting, draft, basket)


_RATED = (
    *("{word} {rate}%", "{word} ({rate}%)", "{word} @ {rate}%", "{rate}% {word}", "{word} 1 {rate} %"),
    *(
        "{word} {rate}% on {net}",
        "{word}: {rate}%",
        "{word} - {rate}%",
        "{rate} % {word} {net}",
        "{word} {net} {rate}%",
    ),
)
_DECIMALS_OF_RATE = ("{:g}", "{:g}", "{:.2f}", "{:.3f}", "{:.4f}")


def _tax_label(setting: Setting, basket: Basket) -> str | None:
    """Return the word for tax with its rate, and maybe with what is taxed; None where the plain word does."""
    template = setting.template
    word = setting.label("amount_total_tax")
    if any(mark.isdigit() for mark in word) or not template.chance("tax.rated", 0.45):
        return None
    rate = template.choice("tax.decimals", _DECIMALS_OF_RATE).format(basket.rate)
    net = amount_text(basket.net, setting.money)
    return template.choice("tax.frame", _RATED).format(word=word, rate=rate, net=net)


def _tip_suggestions(setting: Setting, draft: Draft, net: int) -> None:
    """Print what a guest might give: amounts that nobody has paid."""
    template, sheet = setting.template, draft.sheet
    if not template.chance("tips.suggested", 0.06):
        return
    sheet.line(
        setting.case(template.choice("tips.title", ("suggested gratuity", "tip guide", "suggested tip:")))
    )
    for share in template.choice("tips.shares", ((15, 18, 20), (18, 20, 22), (10, 15))):
        frame = template.choice("tips.frame", ("{}% = {}", "{}%: {}", "{}% is {}", "tip {}% {}"))
        sheet.line(frame.format(share, amount_text(net * share // 100, setting.money)), align="left")


_SUM_WORDS = (
    *("total sales", "total sales", "total", "total", "total amt", "total amount", "amount", "sub total"),
    *("total rm", "sales", "total supplies", "net total", "grand total", "bill total", "gesamt", "totaal"),
)
_TAX_PAIRS = (
    ("(excluding {tax})", "(inclusive of {tax})"),
    ("(excluding {tax})", "(including {tax})"),
    ("(exclusive of {tax})", "(inclusive of {tax})"),
    ("(excl. {tax})", "(incl. {tax})"),
    ("excl {tax}", "incl {tax}"),
    ("(ex. {tax})", "(inc. {tax})"),
    ("exclude {tax}", "include {tax}"),
    ("before {tax}", "after {tax}"),
    ("without {tax}", "with {tax}"),
    ("excl. {tax} 6%", "incl. {tax} 6%"),
)


def _paired_labels(setting: Setting) -> tuple[str, str] | None:
    """Return labels of net and gross that differ in a word on tax only; None for most templates."""
    template = setting.template
    if not template.chance("total.paired", 0.2 * setting.difficulty):
        return None
    word, tax = (
        template.choice("total.word", _SUM_WORDS),
        template.choice("total.tax", ("gst", "gst", "vat", "tax")),
    )
    case = str.upper if template.chance("total.upper", 0.6) else str.title
    net, gross = (
        case(f"{word} {ending.format(tax=tax)}") for ending in template.choice("total.pair", _TAX_PAIRS)
    )
    return net, gross


def _money_line(
    setting: Setting,
    draft: Draft,
    name: str,
    cents: int,
    *,
    tag: str | None = "",
    is_final: bool = False,
    label: str | None = None,
) -> None:
    marked = setting.template.chance(f"marked.{name}", 0.75)
    runs = money_runs(cents, setting.money, name if tag == "" else tag, bare=not marked)
    _sum_line(setting, draft, runs, label=setting.label(name) if label is None else label, is_final=is_final)


def _sum_line(setting: Setting, draft: Draft, runs: list[Run], *, label: str, is_final: bool = False) -> None:
    """Print a label and a value at the right edge, a label and a value together, or one below the other."""
    template, sheet = setting.template, draft.sheet
    mark = template.choice("sum.mark", ("", "", ":", ":", " :"))
    if template.chance("sum.leader", 0.04):
        mark = "." * 12
    label += "" if label.endswith((":", ".")) else mark
    scale = template.choice("total.scale", (1.0, 1.0, 1.0, 1.3, 1.6)) if is_final else 1.0
    left = template.choice("sum.left", (0.0, 0.0, 0.25, 0.4)) * sheet.width
    # A label that leaves no room for the value is printed closer to the edge, or with the value behind it.
    room = sheet.width - (len(label) + 1 + runs_length(runs)) * scale
    left = min(left, max(room, 0.0))
    if room < 0 or template.chance("sum.close", 0.1):
        sheet.line([(label, None), *runs], x=left, scale=scale)
        return
    if is_final and template.chance("total.below", 0.03):
        sheet.line(label, x=left, scale=scale)
        sheet.line(runs, align="right", scale=scale)
        return
    sheet.put(left, label, scale=scale)
    sheet.runs(sheet.width, runs, align="right", scale=scale)
    sheet.down(scale)


def _payment(setting: Setting, draft: Draft, final: int) -> None:
    if not setting.maybe("payment", 0.75):
        return
    rng = setting.rng
    is_cash = payment_method(setting.label("amount_paid")) == "cash"
    note = rng.choice((100, 500, 1000, 5000))
    paid = final if not is_cash or rng.random() < 0.3 else -(-final // note) * note
    _money_line(setting, draft, "amount_paid", paid)
    means = payment_method(setting.label("amount_paid"))
    if means is not None:
        draft.enums["payment_method"] = means
    if is_cash or setting.template.chance("change", 0.3):
        _money_line(setting, draft, "change_amount", paid - final)


def payment_method(label: str) -> str | None:
    """Return how the label of a payment says that it was made, or None if it does not say.

    Examples
    --------
    >>> payment_method("Visa Card"), payment_method("Paid")
    ('card', None)
    """
    words = label.lower()
    if any(word in words for word in _CARD_WORDS):
        return "card"
    return "cash" if any(word in words for word in _CASH_WORDS) else None


_CARD_WORDS = ("visa", "card", "karte", "girocard", "cb", "carte", "pin", "bancomat", "carta", "tarjeta")


_CASH_WORDS = ("cash", "bar", "gegeben", "espèces", "contant", "efectivo", "tunai")


_SUMMARY_TITLES = ("gst summary", "tax summary", "gst analysis", "summary")
_SUMMARY_HEADS = (
    ("TAX CODE", "%", "AMT (RM)", "TAX (RM)"),
    ("CODE", "%", "NET", "TAX"),
    ("Tax", "Rate", "Amount", "Tax"),
)


def _tax_summary(setting: Setting, draft: Draft, basket: Basket) -> None:
    sheet, template = draft.sheet, setting.template
    sheet.down(0.5)
    sheet.line(setting.case(template.choice("summary.title", _SUMMARY_TITLES)))
    columns = [sheet.width * share for share in (0.42, 0.72, 1.0)]
    net, tax = (amount_text(cents, setting.money) for cents in (basket.net, basket.tax))
    rows = [template.choice("summary.heads", _SUMMARY_HEADS), ("SR", f"{basket.rate:g}", net, tax)]
    if template.chance("summary.total", 0.5):
        rows.append((template.choice("summary.word", ("TOTAL :", "TOTAL", "Total")), "", net, tax))
    # Where no line of its own says them, the summary does.
    tags = {} if net == tax else {net: draft.first("amount_total_net"), tax: draft.first("amount_total_tax")}
    for row in rows:
        sheet.put(0.0, row[0])
        for right, text in zip(columns, row[1:], strict=True):
            tag = tags.get(text) if row is rows[1] else None
            sheet.runs(right, [(text, tag)], align="right")
        sheet.down()
