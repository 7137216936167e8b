"""What stands around the parties and particulars of an invoice and is hardly asked for: registers, codes, senders."""

from __future__ import annotations

from training.synthesis.dates import date_text, random_day
from training.synthesis.invoice_heads import Lines, Meta
from training.synthesis.parties import Party
from training.synthesis.setting import Draft, Setting, labelled
from training.synthesis.text import capitalised, code, fill, person_name, phrase, pseudo_word
from training.synthesis.words import Run

# Label and pattern of numbers that registers give to companies, by language.
_REGISTERS: dict[str, tuple[tuple[str, str], ...]] = {
    "en": (("GLN", "#############"), ("Vendor No.", "######"), ("DUNS", "##-###-####"), ("Reg. No.", "########")),
    "de": (
        ("GLN", "#############"), ("Globale Nummer", "############# (GLN)"), ("Nummer", "######"), ("Lief-Nr", "######"),
        ("HRB Nr.", "######"), ("Amtsgericht", ""), ("Geschäftsführung", ""), ("WEEE-Reg-Nr.", "DE########"), ("Abteilung", "####"),
    ),
    "fr": (("SIRET", "##############"), ("APE", "####@"), ("RCS", "### ### ###"), ("GLN", "#############"), ("N° fournisseur", "######")),
}  # fmt: skip
_STRAYS: dict[str, tuple[str, ...]] = {
    "en": ("Your Reference", "Shipment Method", "Payment Method", "Tracking No.", "Department", "Cost centre", "Delivery Note", "Page", "Contract No."),
    "de": ("Lieferschein-Nr", "Vertrags-Nr", "Seite", "Kostenstelle", "Leistungsdatum", "Auftrag-Nr-Lief", "Referenz", "Beleg-Art", "Projekt", "Beträge in"),
    "fr": ("Réf. marché", "Votre référence", "Bon de livraison", "Page", "Mode de livraison", "Facture liée"),
}  # fmt: skip


# Of these the seller's is asked for, and a buyer's would be taken for it.
_REGISTRATIONS = frozenset({"Reg. No.", "HRB Nr.", "SIRET", "RCS"})


def party_numbers(setting: Setting, draft: Draft, name: str, *, share: float) -> Lines:
    """Return up to three lines that belong to a party's block; but for a seller's register, to no field."""
    if not setting.maybe(name, share):
        return []
    kinds = _REGISTERS.get(setting.language, _REGISTERS["en"])
    found: Lines = []
    for index in range(setting.template.integer(f"{name}.n", 1, 3)):
        label, pattern = setting.template.choice(f"{name}.{index}", kinds)
        is_registration = label in _REGISTRATIONS
        if is_registration and not name.startswith("vendor."):
            continue
        tag = draft.first("vendor_registration_id") if is_registration else None
        value = fill(setting.rng, pattern) if pattern else capitalised(person_name(setting.rng))
        found.append(labelled(setting, f"{name}.{index}", [(value, tag)], label=label))
    return found


def return_line(setting: Setting, sender: Party, letterhead: Lines) -> tuple[Lines, Lines]:
    """Return the letterhead, and the line above the addressee that says where letters go back to.

    Where the letterhead is a picture the line is all that names the sender.
    """
    template = setting.template
    joint: Run = (template.choice("return.joint", ("-", "\u00b7", "|", "*", ",")), None)
    tags = [
        letterhead[0][0][1],
        next((runs[0][1] for runs in letterhead if (runs[0][1] or "").endswith("_address")), None),
    ]
    is_only = template.chance("return.only", 0.4) and all(tags)
    name_tag, address_tag = tags if is_only else (None, None)
    line: list[Run] = [(" ".join(sender.name), name_tag), joint]
    for index, part in enumerate(sender.address):
        # Marks between the parts of one address are inside the value.
        line += [(joint[0], address_tag), (part, address_tag)] if index else [(part, address_tag)]
    rest = (
        [runs for runs in letterhead if not {tag for _, tag in runs} & set(tags)] if is_only else letterhead
    )
    return rest, [line]


def stray_particulars(setting: Setting) -> Meta:
    """Return particulars that nobody asks for, some of them blank."""
    template, rng = setting.template, setting.rng
    found: Meta = []
    for label in _STRAYS.get(setting.language, _STRAYS["en"]):
        if not setting.maybe(f"stray.{label}", 0.16):
            continue
        values = (
            code(rng),
            date_text(random_day(rng), setting.dates),
            capitalised(phrase(rng, 1, 3)),
            pseudo_word(rng),
            "",
        )
        text = rng.choice(values)
        found.append((label.upper() if setting.upper else label, [(text, None)] if text else []))
    return found if template.chance("strays", 0.8) else []
