"""The head of a ticket: who sells, where, and under which numbers."""

from __future__ import annotations

from collections.abc import Callable

from training.synthesis import vocabulary
from training.synthesis.dates import Day, date_text, time_text
from training.synthesis.parties import Party, make_party
from training.synthesis.setting import Draft, Setting, labelled
from training.synthesis.text import code, company_name, fill, letters, person_name, phrase, word
from training.synthesis.words import Align, Run


def draw_head(setting: Setting, draft: Draft, day: Day | None) -> None:
    """Print shop, address and numbers, and the date when `day` is given."""
    template, sheet = setting.template, draft.sheet
    align: Align = template.choice("head.align", ("center", "center", "left"))
    has_decoy = template.chance("head.decoy", 0.22 * setting.difficulty + 0.03)
    has_brand = not has_decoy and template.chance("head.brand", 0.26 * setting.difficulty)
    party = make_party(
        setting.vendor_rng,
        setting.locale,
        upper=setting.upper or template.chance("head.upper", 0.3),
        width=int(sheet.width),
        plain=not has_decoy and not has_brand and template.chance("head.plain", 0.3),
        legal=has_brand,
    )
    if has_decoy:
        sheet.line(_decoy(setting), align=align)
        sheet.down(template.choice("decoy.gap", (0.0, 0.0, 0.6, 1.2)))
    if has_brand:  # the company that owns the brand is the seller
        sheet.line(setting.case(company_name(setting.vendor_rng, plain=True)), align=align)
    _name(setting, draft, party, align)
    _between(setting, draft, party, day, align)
    is_below = template.chance("address.below", 0.08)  # telephone and numbers come first
    if is_below:
        _numbers(setting, draft, party, align)
    _address(setting, draft, party, align)
    if not is_below:
        _numbers(setting, draft, party, align)
    if template.chance("head.hours", 0.05):
        sheet.line(setting.case(_opening_hours(setting)), align=align)
    _title(setting, draft, align)


def _address(setting: Setting, draft: Draft, party: Party, align: Align) -> None:
    if not setting.template.chance("head.address", 0.86):
        return
    label = setting.template.choice("address.label", ("",) * 14 + ("ADDRESS:", "Add:"))
    for index, line in enumerate(party.address):
        head: list[Run] = [(label, None)] if label and index == 0 else []
        draft.sheet.line([*head, (line, "vendor_address")], align=align)


def _title(setting: Setting, draft: Draft, align: Align) -> None:
    template, sheet = setting.template, draft.sheet
    if not template.chance("head.title", 0.7):
        return
    sheet.down(template.choice("title.gap", (0.0, 0.4, 1.0)))
    titles = vocabulary.TITLES_BY_LANGUAGE.get(setting.language, vocabulary.TITLES)
    text = template.choice("title", titles)
    sheet.line(
        text.upper() if setting.upper else text, align=template.choice("title.align", ("center", align))
    )


def _between(setting: Setting, draft: Draft, party: Party, day: Day | None, align: Align) -> None:
    """Print what stands between name and address, in the template's order."""
    template, sheet = setting.template, draft.sheet
    drawers: dict[str, Callable[[], None]] = {}
    if template.chance("head.registration", 0.4) and not template.chance("name.registration", 0.16):
        drawers["registration"] = lambda: _registration(setting, draft, party, align)
    if template.chance("head.tagline", 0.2 * setting.difficulty):
        drawers["tagline"] = lambda: sheet.line(_tagline(setting), align=align)
    if day is not None:
        drawers["day"] = lambda: sheet.line(day_and_time(setting, day), align=align)
    for name in sorted(drawers, key=lambda name: template.unit(f"between.{name}")):
        drawers[name]()


_TAGLINES = (
    "formerly known as",
    "licensee of",
    "(franchise)",
    "branch :",
    "specialist in",
    "dealer of",
    "operated by",
    "member of",
    "site:",
)


# With marks or words that a name has not: a name may go on in the next line.
_SLOGANS = ('"{}"', "* {} *", "{}!", "~ {} ~", "your {}!", "where the {} is", "\u201c{}\u201d", "we love {}!")


def _tagline(setting: Setting) -> str:
    """Return a line between name and address: what the shop is, or whose, which is no part of its name."""
    rng, template = setting.rng, setting.template
    if template.chance("slogan", 0.4):
        return setting.case(
            template.choice("slogan.frame", _SLOGANS).format(phrase(setting.vendor_rng, 2, 5))
        )
    start = template.choice("tagline", _TAGLINES)
    if template.chance("tagline.company", 0.4):
        return setting.case(f"{start} {company_name(setting.vendor_rng)}")
    return setting.case(f"{start} {phrase(rng, 1, 3)}")


_HOURS = (
    "open {} to {} daily",
    "hours: {} - {}",
    "mon-sat {} - {}",
    "open daily {}-{}",
    "opened {}",
    "{} till {}",
)


def _opening_hours(setting: Setting) -> str:
    """Return when the shop is open: times of day that are not when somebody bought."""
    first, last = (time_text(setting.rng, setting.dates) for _ in range(2))
    return setting.template.choice("hours", _HOURS).format(first, last)


def _decoy(setting: Setting) -> str:
    """Return a first line that is no company: a person, a logo misread, a greeting, a number."""
    rng, template = setting.rng, setting.template
    kind = template.choice(
        "decoy", ("person", "person", "person", "letters", "greeting", "number", "title", "copy")
    )
    if kind == "person":
        return person_name(setting.vendor_rng).upper()
    if kind == "letters":
        return letters(rng, 1, 5).upper()
    if kind == "greeting":
        return setting.case(
            template.choice(
                "greeting", ("welcome to", "thank you for shopping", "hello !", "tq", "your receipt")
            )
        )
    if kind == "number":
        return fill(rng, template.choice("decoy.number", ("####", "###", "#######", "#", "##-####")))
    return template.choice(
        "decoy.title", ("*** COPY ***", "REPRINT", "CUSTOMER COPY", "DUPLICATE", "TAX INVOICE", "RECEIPT")
    )


def _name(setting: Setting, draft: Draft, party: Party, align: Align) -> None:
    scale = setting.template.choice("name.scale", (1.0, 1.0, 1.0, 1.2, 1.5))
    same_line = setting.template.chance("name.registration", 0.16)
    sheet = draft.sheet
    for index, line in enumerate(party.name):
        runs: list[Run] = [(line, "vendor_name")]
        if same_line and index == len(party.name) - 1:
            runs.append((party.registration_id, draft.first("vendor_registration_id")))
        sheet.line(runs, align=align, scale=scale)
    sheet.down(setting.template.choice("name.gap", (0.0, 0.0, 0.3)))


def _registration(setting: Setting, draft: Draft, party: Party, align: Align) -> None:
    value: Run = (party.registration_id, draft.first("vendor_registration_id"))
    label = setting.template.choice("registration.label", ("", "", "", *vocabulary.REGISTRATION_LABELS))
    draft.sheet.line([(label, None), value] if label else [value], align=align)


def _numbers(setting: Setting, draft: Draft, party: Party, align: Align) -> None:
    """Print what follows the address: phone, tax number, mail, branch, in the template's order."""
    template = setting.template
    lines: list[list[Run]] = []
    if setting.maybe("phone", 0.65):
        bare = template.chance("phone.bare", 0.15 if setting.locale == "my" else 0.5)
        phone: list[Run] = [(party.phone, "vendor_phone")]
        lines.append(phone if bare else labelled(setting, "vendor_phone", phone))
        if setting.maybe("fax", 0.35):
            fax = labelled(setting, "vendor_fax", [(party.fax, "vendor_fax")])
            if template.chance("fax.beside", 0.6):
                lines[-1] += fax
            else:
                lines.append(fax)
    if setting.maybe("tax_id", 0.55):
        tax_id = labelled(setting, "vendor_tax_id", [(party.tax_id, "vendor_tax_id")])
        lines.append(_bracketed(tax_id) if template.chance("tax_id.brackets", 0.2) else tax_id)
    if setting.maybe("email", 0.1):
        lines.append([(party.email, "vendor_email")])
    if setting.maybe("website", 0.1):
        lines.append([(party.website, "vendor_website")])
    if setting.maybe("branch", 0.12):
        lines.append(
            [
                (
                    setting.case(
                        f"{template.choice('branch', ('branch', '(', 'outlet:', 'store', '#'))} {word(setting.rng)}"
                    ),
                    None,
                )
            ]
        )
    if setting.maybe("registration.late", 0.18) and not template.chance("head.registration", 0.4):
        label = template.choice("registration.label", vocabulary.REGISTRATION_LABELS)
        lines.append([(label, None), (party.registration_id, draft.first("vendor_registration_id"))])
    lines.sort(key=lambda runs: template.unit(f"numbers.{runs[0][0][:3]}"))
    for runs in lines:
        draft.sheet.line(runs, align=align)


def _bracketed(runs: list[Run]) -> list[Run]:
    first, last = runs[0], runs[-1]
    if len(runs) == 1:
        return [(f"({first[0]})", first[1])]
    return [(f"({first[0]}", first[1]), *runs[1:-1], (f"{last[0]})", last[1])]


def day_and_time(setting: Setting, day: Day) -> list[Run]:
    """Return the date, maybe with a weekday before and the time behind."""
    template = setting.template
    date: Run = (date_text(day, setting.dates), "date_issue")
    runs: list[Run] = [date]
    if template.chance("weekday", 0.04):
        weekday = setting.rng.choice(("Mon", "Friday", "Sun", "Tuesday", "Sa", "Do", "Mercredi"))
        runs.insert(0, (setting.case(weekday) + template.choice("weekday.mark", ("", ",", ".")), None))
    if template.chance("date.behind", 0.07):
        # Registers print numbers and times before the date, without a word.
        time = time_text(setting.rng, setting.dates)
        before: tuple[Run, ...] = (
            (time, "document_time"),
            (code(setting.rng), None),
            (fill(setting.rng, "###### ##"), None),
        )
        runs.insert(0, template.choice("date.before", before))
        return runs
    if template.chance("time", 0.6):
        time = time_text(setting.rng, setting.dates)
        if template.chance("time.glued", 0.03):
            runs[-1] = (f"{date[0]}{time.replace(' ', '')}", "date_issue")
        else:
            runs.append((time, "document_time"))
    return runs
