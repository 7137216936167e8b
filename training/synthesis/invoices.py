"""Invoices and purchase orders: wide pages with parties, particulars, a table and sums."""

from __future__ import annotations

import random
from dataclasses import dataclass

from training.synthesis.dates import Day, date_text, random_day
from training.synthesis.invoice_foot import draw_foot, terms_text
from training.synthesis.invoice_heads import HEADS, Lines, Meta
from training.synthesis.invoice_numbers import party_numbers, return_line, stray_particulars
from training.synthesis.invoice_rows import draw_rows
from training.synthesis.invoice_sums import draw_sums
from training.synthesis.numbers import CURRENCY_CODES
from training.synthesis.parties import Party, make_party
from training.synthesis.setting import Draft, Setting, labelled, make_setting
from training.synthesis.template import Template
from training.synthesis.text import code, fill, phrase
from training.synthesis.words import Run, Sheet

_LOCALES = ("de", "de", "de", "fr", "fr", "us", "us", "gb", "nl", "it", "es", "my")


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
    draw_sums(setting, draft, draw_rows(setting, draft))
    draw_foot(setting, draft, parties.seller)
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
    lines += party_numbers(setting, draft, f"{prefix}.above", share=0.1)
    if label and label.endswith(":") and setting.template.chance(f"{prefix}.beside", 0.2):
        lines[0] = [(label, None), (" ".join(party.name), name_tag)]
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
    lines += party_numbers(setting, draft, f"{prefix}.below", share=0.15)
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
    if layout == "letter" and not is_order and template.chance("return.line", 0.2):
        owner_lines, returned = return_line(setting, owner_party, owner_lines)
    else:
        returned = []
    has_label = layout != "letter" or template.chance("other.label", 0.4)
    other_lines = [
        *returned,
        *_block(setting, draft, other_party, other, other_label if has_label else ""),
    ]
    if setting.maybe("other.taxid", 0.25):
        tag = "vendor_tax_id" if is_order else "customer_tax_id"
        # Below an address the label need not say whose number it is.
        label = "vendor_tax_id" if template.chance("other.taxid.plain", 0.6) else tag
        other_lines.append(labelled(setting, label, [(other_party.tax_id, draft.first(tag))]))
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
        ("payment_terms", [(terms_text(setting), "payment_terms")], 0.25),
        ("currency", [(setting.money.currency, "currency")], 0.06),
    ]  # fmt: skip
    chosen = [(name, runs) for name, runs, share in entries if setting.maybe(f"meta.{name}", share)]
    chosen.sort(
        key=lambda entry: (
            0.25 * template.unit(f"meta.order.{entry[0]}") + 0.1 * [e[0] for e in entries].index(entry[0])
        )
    )
    found = [
        (setting.label(name), [(text, draft.first(tag) if tag else None) for text, tag in runs])
        for name, runs in chosen
    ]
    for index, stray in enumerate(stray_particulars(setting)):
        found.insert(template.integer(f"meta.stray.{index}", 0, len(found)), stray)
    return found


def _date(setting: Setting, day: Day, tag: str) -> list[Run]:
    return [(date_text(day, setting.dates), tag)]
