"""Invoices and purchase orders: wide pages with parties, particulars, a table and sums."""

from __future__ import annotations

import random
from dataclasses import dataclass

from training.synthesis.dates import Day, date_text, random_day
from training.synthesis.invoice_heads import HEADS, Lines, Meta
from training.synthesis.numbers import CURRENCY_CODES, amount_text, money_runs, price_cents
from training.synthesis.parties import Party, make_party
from training.synthesis.setting import Draft, Setting, labelled, make_setting
from training.synthesis.tables import Place, draw_header, draw_row, places
from training.synthesis.template import Template
from training.synthesis.text import code, fill, item_text, phrase
from training.synthesis.vocabulary import UNITS
from training.synthesis.words import Run, Sheet, wrap

_LOCALES = ("de", "de", "de", "fr", "fr", "us", "us", "gb", "nl", "it", "es", "my")
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
)
_TERMS = (
    "net",
    "tage netto",
    "days net",
    "jours",
    "giorni",
    "dagen",
    "days",
    "days after receipt",
    "tage ohne abzug",
)
_IBANS = (
    "DE## #### #### #### #### ##",
    "DE####################",
    "FR## #### #### #### #### #### ###",
    "NL##@@@@##########",
)
_BICS = ("@@@@@@##", "@@@@DE@@###", "@@@@FR@@", "@@@@NL#@", "@@@@DEFF@@@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """Who sells, who buys, and where the goods go."""

    seller: Party
    buyer: Party
    receiver: Party


def draw_invoice(
    template: Template, rng: random.Random, vendor_rng: random.Random, difficulty: float
) -> Draft:
    """Return an invoice or credit note of one page, sometimes two."""
    return _draw(template, rng, vendor_rng, difficulty, kind="invoice")


def draw_order(template: Template, rng: random.Random, vendor_rng: random.Random, difficulty: float) -> Draft:
    """Return a purchase order: the letterhead is the buyer's, the seller is the addressee."""
    return _draw(template, rng, vendor_rng, difficulty, kind="order")


def _draw(
    template: Template, rng: random.Random, vendor_rng: random.Random, difficulty: float, *, kind: str
) -> Draft:
    setting = make_setting(
        template, rng, vendor_rng, difficulty=difficulty, locales=_LOCALES, upper_share=0.12
    )
    sheet = Sheet(width=template.integer("width", 78, 104))
    draft = Draft(kind=kind, sheet=sheet, setting=setting)
    parties = _parties(setting)
    _head(setting, draft, parties)
    _table(setting, draft)
    _foot(setting, draft, parties)
    code_of = CURRENCY_CODES.get(setting.money.currency)
    if code_of and setting.money.placement != "none":
        draft.enums["currency"] = code_of
    return draft


def _parties(setting: Setting) -> Parties:
    def party(rng: random.Random, *, person_share: float) -> Party:
        is_person = rng.random() < person_share
        return make_party(rng, setting.locale, upper=setting.upper, width=32, is_person=is_person)

    return Parties(
        seller=party(setting.vendor_rng, person_share=0.04),
        buyer=party(setting.rng, person_share=0.3),
        receiver=party(setting.rng, person_share=0.3),
    )


def _block(setting: Setting, draft: Draft, party: Party, prefix: str, label: str) -> Lines:
    """Return a party as lines: an optional label, the name, the address, its tax number."""
    lines: Lines = [[(label, None)]] if label else []
    name_tag = draft.first(f"{prefix}_name")
    address_tag = draft.first(f"{prefix}_address")
    if label and label.endswith(":") and setting.template.chance(f"{prefix}.beside", 0.2):
        lines = [[(label, None), (" ".join(party.name), name_tag)]]
    else:
        lines += [[(line, name_tag)] for line in party.name]
    if setting.template.chance(f"{prefix}.person", 0.15):
        lines.append(
            [
                (
                    setting.template.choice("attention", ("Attn.", "z. Hd.", "c/o", "T.a.v.", "Attention:")),
                    None,
                ),
                (party.person, None),
            ]
        )
    lines += [[(line, address_tag)] for line in party.address]
    return lines


def _head(setting: Setting, draft: Draft, parties: Parties) -> None:
    template = setting.template
    is_order = draft.kind == "order"
    owner, other = ("customer_billing", "vendor") if is_order else ("vendor", "customer_billing")
    owner_party, other_party = (
        (parties.buyer, parties.seller) if is_order else (parties.seller, parties.buyer)
    )
    title = _title(setting, draft)
    layout = template.choice("head", ("letter", "letter", "sides", "sides", "meta_beside", "stacked"))
    mark = template.choice("party.mark", ("", ":", ":"))
    own_label = setting.label("buyer" if is_order else "seller") + mark
    other_label = setting.label("seller" if is_order else "buyer") + mark
    owner_lines = _block(setting, draft, owner_party, owner, own_label if layout == "sides" else "")
    owner_lines += _numbers(setting, draft, owner_party, owner)
    has_label = layout != "letter" or template.chance("other.label", 0.4)
    other_lines = _block(setting, draft, other_party, other, other_label if has_label else "")
    if setting.maybe("other.taxid", 0.25):
        tag = "vendor_tax_id" if is_order else "customer_tax_id"
        other_lines.append(labelled(setting, tag, [(other_party.tax_id, draft.first(tag))]))
    receiver_lines = _receiver(setting, draft, parties, mark)
    meta = _meta(setting, draft)
    HEADS[layout](setting, draft, title, owner_lines, other_lines, receiver_lines, meta)
    draft.sheet.down(template.choice("head.gap", (0.5, 1.0, 2.0)))


def _title(setting: Setting, draft: Draft) -> str:
    is_credit = draft.kind == "invoice" and setting.template.chance("credit", 0.06)
    if draft.kind == "invoice":
        draft.enums["document_type"] = "credit_note" if is_credit else "invoice"
    if is_credit:
        return {"de": "GUTSCHRIFT", "fr": "AVOIR", "it": "NOTA DI CREDITO"}.get(
            setting.language, "CREDIT NOTE"
        )
    return setting.label("invoice" if draft.kind == "invoice" else "order")


def _numbers(setting: Setting, draft: Draft, party: Party, prefix: str) -> Lines:
    """Return the lines below a letterhead's address; only the seller's are asked for."""
    lines: Lines = []
    for name, value, share in (
        ("vendor_phone", party.phone, 0.45),
        ("vendor_fax", party.fax, 0.15),
        ("vendor_email", party.email, 0.3),
        ("vendor_website", party.website, 0.2),
        ("vendor_tax_id", party.tax_id, 0.4),
    ):
        if setting.maybe(f"head.{name}", share):
            tag = (
                draft.first(name)
                if prefix == "vendor"
                else draft.first("customer_tax_id")
                if name.endswith("tax_id")
                else None
            )
            lines.append(labelled(setting, name, [(value, tag)]))
    return lines


def _receiver(setting: Setting, draft: Draft, parties: Parties, mark: str) -> Lines:
    if not setting.maybe("receiver", 0.22 if draft.kind == "invoice" else 0.6):
        return []
    return _block(setting, draft, parties.receiver, "customer_delivery", setting.label("ship_to") + mark)


def _meta(setting: Setting, draft: Draft) -> Meta:
    """Return the particulars as (label, value): number, dates, order, customer, in the template's order."""
    rng, template = setting.rng, setting.template
    day = random_day(rng)
    is_order = draft.kind == "order"
    entries: list[tuple[str, list[Run], float]] = [
        ("order_no" if is_order else "document_id", [(code(rng), "document_id")], 0.97),
        ("date_issue", _date(setting, day, "date_issue"), 0.95),
        ("date_due", _date(setting, day.later(rng.choice((7, 14, 30, 60))), "date_due"), 0.0 if is_order else 0.5),
        ("order_id", [(code(rng), "order_id")], 0.0 if is_order else 0.35),
        ("date_order", _date(setting, day.later(-rng.randint(1, 20)), "date_order"), 0.0 if is_order else 0.15),
        ("date_delivery", _date(setting, day.later(rng.randint(1, 30)), "date_delivery"), 0.6 if is_order else 0.2),
        ("customer_id", [(fill(rng, template.choice("customer", ("#####", "######", "@-####", "@@#####"))), "customer_id")], 0.4),
        ("vendor_order_id", [(code(rng), "vendor_order_id")], 0.3 if is_order else 0.0),
        ("contact_person", [(setting.case(phrase(rng, 2, 2)), "contact_person")], 0.2),
        ("payment_terms", [(_terms(setting), "payment_terms")], 0.25),
        ("currency", [(setting.money.currency, "currency")], 0.06),
    ]  # fmt: skip
    chosen = [(name, runs) for name, runs, share in entries if setting.maybe(f"meta.{name}", share)]
    chosen.sort(
        key=lambda entry: (
            0.25 * template.unit(f"meta.order.{entry[0]}") + 0.1 * [e[0] for e in entries].index(entry[0])
        )
    )
    return [
        (setting.label(name), [(text, draft.first(tag) if tag else None) for text, tag in runs])
        for name, runs in chosen
    ]


def _date(setting: Setting, day: Day, tag: str) -> list[Run]:
    return [(date_text(day, setting.dates), tag)]


def _terms(setting: Setting) -> str:
    number = setting.rng.choice((7, 10, 14, 30, 45, 60))
    if setting.template.chance("terms.open", 0.4):
        return f"{number} {phrase(setting.rng, 1, 3)}"
    return f"{number} {setting.template.choice('terms', _TERMS)}"


def _table(setting: Setting, draft: Draft) -> None:
    """Print the items and their sums."""
    rng, template, sheet = setting.rng, setting.template, draft.sheet
    columns = template.choice("columns", _COLUMN_SETS)
    table = places(columns, sheet.width)
    if setting.template.chance("table.intro", 0.15):
        sheet.line(phrase(rng, 4, 12))
    labels = {column: setting.label(f"col.{column}") for column in columns}
    draw_header(setting, draft, table, labels)
    most = 2 if setting.difficulty < 0.3 else rng.choice((2, 2, 3, 3, 4, 5, 8, 12, 12, 26))
    n_rows = rng.randint(1, most)
    rate = template.choice("rate", (0, 5, 7, 10, 19, 20, 21, 22))
    break_at = rng.randint(1, n_rows) if n_rows > 4 and rng.random() < 0.15 else -1
    net = 0
    for index in range(n_rows):
        if index == break_at:
            sheet.new_page()
            draw_header(setting, draft, table, labels)
        net += _item(setting, draft, columns, table, index, rate)
    draft.n_rows = n_rows
    draft.columns = columns
    sheet.down(template.choice("sums.gap", (0.3, 1.0)))
    _sums(setting, draft, net, rate)


def _item(
    setting: Setting, draft: Draft, columns: tuple[str, ...], table: tuple[Place, ...], index: int, rate: int
) -> int:
    rng, template = setting.rng, setting.template
    quantity = rng.choice((1, 1, 2, 3, 5, 10, rng.randint(1, 500)))
    price = price_cents(rng)
    tag = f"line.{index}."
    marked = template.chance("cells.marked", 0.35)
    decimals = template.choice("quantity.decimals", (0, 0, 0, 2))
    quantity_text = amount_text(quantity * 100, setting.money, decimals=decimals)
    percent = f"{rate}%" if template.chance("rate.glued", 0.5) else f"{rate} %"
    cells: dict[str, list[Run]] = {
        "position": [(str(index + 1), f"{tag}position")],
        "code": [(fill(rng, template.choice("code", ("######", "@@-####", "@####", "####-@", "#############"))), f"{tag}code")],
        "description": [(setting.case(item_text(rng, longest=8)) if setting.upper else item_text(rng, longest=8), f"{tag}description")],
        "quantity": [(quantity_text, f"{tag}quantity")],
        "units_of_measure": [(template.choice("unit", UNITS) if template.chance("unit.same", 0.6) else rng.choice(UNITS), f"{tag}units_of_measure")],
        "unit_price": money_runs(price, setting.money, f"{tag}unit_price", bare=not marked),
        "tax_rate": [(percent.split()[0], f"{tag}tax_rate"), *((word, None) for word in percent.split()[1:])],
        "amount": money_runs(price * quantity, setting.money, f"{tag}amount", bare=not marked),
    }  # fmt: skip
    draw_row(setting, draft, table, {column: cells[column] for column in columns})
    return price * quantity


def _sums(setting: Setting, draft: Draft, net: int, rate: int) -> None:
    """Print net, tax and gross at the right, and what is paid and due."""
    template, rng = setting.template, setting.rng
    shipping = price_cents(rng) if setting.maybe("shipping", 0.12) else 0
    discount = net // 10 if setting.maybe("discount", 0.1) else 0
    base = net + shipping - discount
    tax = round(base * rate / 100)
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
    if template.chance("gross.first", 0.05):
        entries.reverse()
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


def _foot(setting: Setting, draft: Draft, parties: Parties) -> None:
    """Print terms, bank details and the company's numbers, in lines or in columns."""
    rng, template, sheet = setting.rng, setting.template, draft.sheet
    sheet.down(template.choice("foot.gap", (0.6, 1.5, 3.0)))
    terms_used = "payment_terms" in draft.used
    if setting.maybe("foot.terms", 0.3) and not terms_used:
        sheet.line(labelled(setting, "payment_terms", [(_terms(setting), draft.first("payment_terms"))]))
    if setting.maybe("foot.reference", 0.12):
        sheet.line(labelled(setting, "payment_reference", [(code(rng), draft.first("payment_reference"))]))
    if setting.maybe("foot.prose", 0.4):
        text = phrase(rng, 5, 8 + int(25 * setting.difficulty))
        for line in wrap(text[:1].upper() + text[1:] + ".", int(sheet.width)):
            sheet.line(line)
    if draft.kind == "invoice" and setting.maybe("bank", 0.5):
        _bank(setting, draft)
    if draft.kind == "invoice" and setting.maybe("imprint", 0.3):
        _imprint(setting, draft, parties.seller)


def _bank(setting: Setting, draft: Draft) -> None:
    template, sheet, vendor = setting.template, draft.sheet, setting.vendor_rng
    lines = [
        labelled(
            setting, "bank_name", [(setting.case(f"{phrase(vendor, 1, 2)} bank"), draft.first("bank_name"))]
        ),
        labelled(setting, "iban", [(fill(vendor, template.choice("iban", _IBANS)), draft.first("iban"))]),
        labelled(setting, "bic", [(fill(vendor, template.choice("bic", _BICS)), draft.first("bic"))]),
    ]
    kept = [line for index, line in enumerate(lines) if template.chance(f"bank.{index}", 0.8)]
    if template.chance("bank.row", 0.3):
        sheet.line([run for line in kept for run in line])
    else:
        for line in kept:
            sheet.line(line)


def _imprint(setting: Setting, draft: Draft, seller: Party) -> None:
    """Print the seller once more, small, as the foot of a letter does."""
    template, sheet = setting.template, draft.sheet
    sheet.down(1.0)
    columns: list[Lines] = [
        [[(line, None)] for line in (*seller.name, *seller.address)],
        [
            labelled(setting, "vendor_phone", [(seller.phone, draft.first("vendor_phone"))]),
            labelled(setting, "vendor_email", [(seller.email, draft.first("vendor_email"))]),
        ],
        [labelled(setting, "vendor_tax_id", [(seller.tax_id, draft.first("vendor_tax_id"))])],
    ]
    step = sheet.width / len(columns) + 1.0
    top = sheet.y
    if template.chance("imprint.columns", 0.6):
        sheet.y = max(sheet.block(index * step, top, lines) for index, lines in enumerate(columns))
    else:
        sheet.y = sheet.block(0.0, top, [line for lines in columns for line in lines])
