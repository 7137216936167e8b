"""Agreements: running text with parties, a day, a term and a law among many clauses that say none of it."""

from __future__ import annotations

import random
from collections.abc import Callable

from training.synthesis.clauses import CLAUSES, HEADINGS, NUMBERS, STATES, TITLES
from training.synthesis.dates import MONTH_NAMES, date_text, random_day
from training.synthesis.parties import address_lines
from training.synthesis.setting import Draft, Setting, make_setting
from training.synthesis.template import Template
from training.synthesis.text import capitalised, company_name, person_name, phrase, pseudo_word
from training.synthesis.words import Run, Sheet

_LOCALES = ("us", "us", "us", "us", "gb")
_FORMS = (
    "corporation",
    "limited liability company",
    "company",
    "limited partnership",
    "not-for-profit corporation",
)
_ROLES = (
    ("Company", "Recipient"), ("Disclosing Party", "Receiving Party"), ("Company", "Employee"), ("Owner", "Contractor"),
    ("Seller", "Buyer"), ("Licensor", "Licensee"), ("Landlord", "Tenant"), ("Company", "Executive"), ("Client", "Consultant"),
)  # fmt: skip


# Draws a clause: its heading, and its text.
_Clause = Callable[[Setting, Draft], tuple[str, list[Run]]]


def draw_agreement(
    template: Template, rng: random.Random, vendor_rng: random.Random, difficulty: float
) -> Draft:
    """Return an agreement, or one page of a longer one, on which some of the values do not stand."""
    setting = make_setting(
        template, rng, vendor_rng, difficulty=difficulty, locales=_LOCALES, upper_share=0.03
    )
    sheet = Sheet(width=template.integer("width", 68, 100))
    draft = Draft(kind="agreement", sheet=sheet, setting=setting)
    parties = (
        _party(setting, rng if template.chance("own", 0.5) else setting.vendor_rng, person_share=0.05),
        _party(setting, rng, person_share=0.45),
    )
    part = rng.random()
    if part < 0.8:
        _opening(setting, draft, parties)
    _clauses(setting, draft, says_all=part < 0.6)
    if 0.5 < part < 0.9:
        _signatures(setting, draft, parties)
    return draft


def _opening(setting: Setting, draft: Draft, parties: tuple[str, str]) -> None:
    """Print the title and who agrees with whom, from when on."""
    sheet, template = draft.sheet, setting.template
    title = template.choice("title", TITLES)
    sheet.line(
        title if template.chance("title.case", 0.3) else title.upper(),
        align=template.choice("title.align", ("center", "center", "left")),
        scale=template.choice("title.scale", (1.0, 1.3)),
    )
    sheet.down()
    roles = template.choice("roles", _ROLES)
    begins: list[Run] = [
        (template.choice("begins", ("This", "THIS")), None),
        (title.upper() if template.chance("title.upper", 0.4) else title, None),
        (template.choice("defined", ('(this "Agreement")', '(the "Agreement")', '("Agreement")', "")), None),
        (template.choice("made", ("is made and entered into as of", "is entered into on", "is made effective as of", "is dated as of", "is made this", "effective")), None),
        *_day(setting, draft),
        (template.choice("between", ("by and between", "between", "by and among", "is between")), None),
    ]  # fmt: skip
    sheet.flow(
        [
            *begins,
            *_named(setting, draft, "party_first", parties[0], roles[0]),
            ("and", None),
            *_named(setting, draft, "party_second", parties[1], roles[1]),
            (template.choice("closing", ("", "(together, the Parties).", "and their affiliates.")), None),
        ]
    )
    sheet.down(0.8)


def _party(setting: Setting, rng: random.Random, *, person_share: float) -> str:
    name = person_name(rng) if rng.random() < person_share else company_name(rng, legal=rng.random() < 0.8)
    return name.upper() if setting.template.chance("party.upper", 0.35) else capitalised(name)


def _named(setting: Setting, draft: Draft, tag: str, name: str, role: str) -> list[Run]:
    """Return a party with what it is, where it is and what it is called from here on."""
    template, rng = setting.template, setting.rng
    runs: list[Run] = [(f"{name}," if template.chance("comma", 0.7) else name, draft.first(tag))]
    if template.chance(f"{tag}.state", 0.6):
        runs.append((f"a {_state(rng)} {rng.choice(_FORMS)}", None))
    if template.chance(f"{tag}.office", 0.3):
        address = ", ".join(address_lines(rng, setting.locale, upper=False, width=60))
        seat = rng.choice(("having offices at", "with its principal place of business at", "of"))
        runs.append((f"{seat} {address}", None))
    before, after = template.choice("quotes", (('"', '"'), ("\u201c", "\u201d"), ("", "")))
    called = template.choice("hereinafter", ("", "the ", "hereinafter "))
    runs.append((f"({called}{before}{role}{after})", None))
    return runs


def _day(setting: Setting, draft: Draft) -> list[Run]:
    """Return the day from which the agreement holds, as a date or in words; at times left blank."""
    template, rng = setting.template, setting.rng
    day = random_day(rng)
    if rng.random() < 0.06:
        return [("____________ , 20__", None)]
    text = date_text(day, setting.dates)
    if template.chance("day.long", 0.7):
        text = f"{MONTH_NAMES['en'][day.month - 1]} {day.day}, {day.year}"
    runs: list[Run] = [(text, draft.first("effective_date"))]
    if template.chance("day.defined", 0.4):
        runs.append(('(the "Effective Date")', None))
    return runs


def _state(rng: random.Random) -> str:
    return capitalised(pseudo_word(rng)) if rng.random() < 0.2 else rng.choice(STATES)


def _clauses(setting: Setting, draft: Draft, *, says_all: bool) -> None:
    """Print numbered clauses; those of the term and the law stand among them, if this page has them."""
    sheet, template, rng = draft.sheet, setting.template, setting.rng
    clauses: list[_Clause] = [_filler] * rng.randint(2, 4 + int(10 * setting.difficulty))
    for clause, share in ((_term, 0.6), (_law, 0.85)):
        if says_all and rng.random() < share:
            clauses.insert(rng.randint(len(clauses) // 2, len(clauses)), clause)
    first = rng.randint(1, 12) if not says_all else 1
    headed = template.chance("headed", 0.6)
    for number, clause in enumerate(clauses, start=first):
        heading, runs = clause(setting, draft)
        label = f"{number}. {heading}." if headed else f"{number}."
        sheet.flow([(label, None), *runs])
        sheet.down(template.choice("clause.gap", (0.0, 0.6, 1.0)))


def _filler(setting: Setting, _draft: Draft) -> tuple[str, list[Run]]:
    """Return a clause that answers nothing; durations, days and states in it belong to other matters."""
    rng = setting.rng
    n_sentences = rng.randint(1, 2 + int(3 * setting.difficulty))
    parts: list[str] = []
    for _ in range(n_sentences):
        text = rng.choice(CLAUSES)
        text = text.format(
            number=rng.choice(NUMBERS),
            words=phrase(rng, 2, 6),
            state=_state(rng),
            name=capitalised(company_name(rng)),
            date=date_text(random_day(rng), setting.dates),
        )
        parts.append(text)
    return rng.choice(HEADINGS), [(" ".join(parts), None)]


def _term(setting: Setting, draft: Draft) -> tuple[str, list[Run]]:
    template, rng = setting.template, setting.rng
    number = rng.choice(NUMBERS)
    unit = rng.choice(("years", "years", "months", "year period"))
    before, after = template.choice("term", _TERM_FRAMES)
    runs: list[Run] = [(before, None), (f"{number} {unit}", draft.first("term")), (after, None)]
    return template.choice("law.heading", _TERM_HEADINGS), runs


_TERM_HEADINGS = ("Term", "Term and Termination", "Duration", "Term of Agreement", "Miscellaneous")


_TERM_FRAMES = (
    ("This Agreement shall remain in effect for a period of", "from the date first written above."),
    ("The term of this Agreement shall be", "unless terminated earlier by either party in writing."),
    ("The obligations of the Receiving Party shall continue for", "after the Effective Date."),
    ("The undertakings of this Agreement shall expire", "from the date hereof."),
    ("Unless earlier terminated, this Agreement will terminate", "after it is signed."),
)


def _law(setting: Setting, draft: Draft) -> tuple[str, list[Run]]:
    before, after = setting.template.choice("law", _LAW_FRAMES)
    law: Run = (_state(setting.rng), draft.first("jurisdiction"))
    return setting.template.choice("law.heading", _LAW_HEADINGS), [(before, None), law, (after, None)]


_LAW_HEADINGS = ("Governing Law", "Applicable Law", "Miscellaneous", "Choice of Law", "Law")


_LAW_FRAMES = (
    ("This Agreement shall be governed by and construed in accordance with the laws of the State of", "without regard to its conflict of laws principles."),
    ("This Agreement is governed by the laws of", "and any dispute shall be brought before its courts."),
    ("The validity and interpretation of this Agreement shall be governed by the law of the State of", "applicable to agreements made therein."),
    ("The parties submit to the exclusive jurisdiction of the courts of", "for all disputes under this Agreement."),
    ("This Agreement will be interpreted under the internal laws of the Commonwealth of", "excluding its choice of law rules."),
)  # fmt: skip


def _signatures(setting: Setting, draft: Draft, parties: tuple[str, str]) -> None:
    """Print the lines to sign on; on a last page they are where the parties stand."""
    sheet, template, rng = draft.sheet, setting.template, setting.rng
    sheet.down(0.6)
    witness = (
        "IN WITNESS WHEREOF, the parties have executed this Agreement as of the date first above written."
    )
    sheet.flow([(witness, None)])
    sheet.down(0.6)
    beside = template.chance("signed.beside", 0.5)
    signed = template.choice("signed.by", ("By: ______________", "/s/", "Signature:"))
    bottom = sheet.y
    for index, (party, tag) in enumerate(zip(parties, ("party_first", "party_second"), strict=True)):
        block: list[list[Run]] = [
            [(party, draft.first(tag))],
            [(signed, None)],
            [("Name:", None), (capitalised(person_name(rng)), None)],
            [
                ("Title:", None),
                (rng.choice(("President", "Chief Executive Officer", "Director", "Manager")), None),
            ],
        ]
        bottom = sheet.block(index * sheet.width / 2 if beside else 0.0, sheet.y, block)
        sheet.y = sheet.y if beside else bottom + 0.5
    sheet.y = bottom
