"""What stands below the sums of an invoice: terms, bank details, and the seller's numbers once more."""

from __future__ import annotations

from training.synthesis.invoice_heads import Lines
from training.synthesis.parties import Party
from training.synthesis.setting import Draft, Setting, labelled
from training.synthesis.text import code, fill, phrase
from training.synthesis.words import wrap

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


def terms_text(setting: Setting) -> str:
    """Return until when, and under which conditions, to pay."""
    number = setting.rng.choice((7, 10, 14, 30, 45, 60))
    if setting.template.chance("terms.open", 0.4):
        return f"{number} {phrase(setting.rng, 1, 3)}"
    return f"{number} {setting.template.choice('terms', _TERMS)}"


def draw_foot(setting: Setting, draft: Draft, seller: Party) -> None:
    """Print terms, bank details and the company's numbers, in lines or in columns."""
    rng, template, sheet = setting.rng, setting.template, draft.sheet
    sheet.down(template.choice("foot.gap", (0.6, 1.5, 3.0)))
    terms_used = "payment_terms" in draft.used
    if setting.maybe("foot.terms", 0.3) and not terms_used:
        sheet.line(labelled(setting, "payment_terms", [(terms_text(setting), draft.first("payment_terms"))]))
    if setting.maybe("foot.reference", 0.12):
        sheet.line(labelled(setting, "payment_reference", [(code(rng), draft.first("payment_reference"))]))
    if setting.maybe("foot.prose", 0.4):
        text = phrase(rng, 5, 8 + int(25 * setting.difficulty))
        for line in wrap(text[:1].upper() + text[1:] + ".", int(sheet.width)):
            sheet.line(line)
    if draft.kind == "invoice" and setting.maybe("bank", 0.5):
        _bank(setting, draft)
    if draft.kind == "invoice" and setting.maybe("imprint", 0.3):
        _imprint(setting, draft, seller)


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
