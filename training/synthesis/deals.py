"""What an agreement is about before it is printed: who agrees, what it calls things, and which values it says."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Literal

from training.synthesis.clauses import ADJECTIVES, CASES, CLAUSES, MATTERS, MODALS, OBJECTS, SECRETS, VERBS
from training.synthesis.dates import Day, date_text, random_day
from training.synthesis.governing import day_text, period, short_day, state_name
from training.synthesis.parties import address_lines
from training.synthesis.setting import Draft, Setting
from training.synthesis.text import capitalised, company_name, person_name, phrase
from training.synthesis.words import Run

Form = Literal["contract", "letter", "employee"]
# Where the day stands from which the agreement holds; "signed" is beside the (last) signature.
Dated = Literal["opening", "clause", "signed", "blank", "silent"]
PARTY_TAGS = ("party_first", "party_second", None)

_ROLES = (
    ("Company", "Recipient"), ("Disclosing Party", "Receiving Party"), ("Company", "Consultant"), ("Owner", "Contractor"),
    ("Seller", "Buyer"), ("Licensor", "Licensee"), ("Landlord", "Tenant"), ("Company", "Executive"), ("Client", "Consultant"),
    ("Discloser", "Recipient"), ("Target", "Bidder"), ("Provider", "Receiver"),
)  # fmt: skip
_FORMS = ("corporation", "limited liability company", "company", "limited partnership", "not-for-profit corporation")  # fmt: skip
_SEATS = (
    "having offices at",
    "with its principal place of business at",
    "of",
    "whose address is",
    "located at",
)
_HOMES = ("residing at", "of", "whose address is", "who lives at")
_PAPERS: dict[Form, tuple[str, ...]] = {
    "contract": ("this Agreement", "this Agreement", "this agreement", "the Agreement"),
    "letter": ("this letter agreement", "this letter", "this agreement", "this Agreement", "this letter"),
    "employee": ("this Agreement", "this Agreement", "this agreement"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contractor:
    """Someone who agrees: the name as printed, what it is called in the text, and the tag of the name."""

    name: str
    role: str
    tag: str | None
    is_person: bool


@dataclass(slots=True, kw_only=True)
class Deal:
    """An agreement to be printed; `says` are the tags of values that this window of it states in its clauses."""

    setting: Setting
    draft: Draft
    form: Form
    parties: tuple[Contractor, ...]
    dated: Dated
    day: Day
    paper: str
    secret: str
    says: set[str] = field(default_factory=lambda: set())

    @property
    def rng(self) -> random.Random:
        """Return the source of values."""
        return self.setting.rng

    def filled(self, text: str) -> str:
        """Return a sentence with its places filled; no value that may be asked for stands in it."""
        rng = self.rng
        giver, taker = self.callings()
        while "{" in text:
            # One place at a time: two names in one sentence are two names.
            before, _, rest = text.partition("{")
            slot, _, after = rest.partition("}")
            text = before + self._slot(slot, giver, taker) + after
        text = text.strip()
        return text[:1].upper() + text[1:] if rng.random() < 0.98 else text

    def _slot(self, slot: str, giver: str, taker: str) -> str:
        rng = self.rng
        match slot:
            case "number":
                return rng.choice(
                    ("5", "10", "15", "30", "ten (10)", "thirty (30)", "two", "five (5)", "sixty")
                )
            case "period" | "other":
                return period(rng)
            case "words":
                return _matter(rng)
            case "state" | "place":
                return state_name(rng) if slot == "state" else capitalised(phrase(rng, 1, 2))
            case "name":
                return capitalised(company_name(rng))
            case "person":
                return rng.choice(("the General Counsel", "its President", capitalised(person_name(rng))))
            case "date":
                day = random_day(rng)
                return (
                    day_text(self.setting, day) if rng.random() < 0.6 else date_text(day, self.setting.dates)
                )
            case "sum":
                return f"${rng.randint(1, 900)},{rng.randint(0, 999):03d}{rng.choice(('', '.00'))}"
            case "giver" | "taker":
                return giver if slot == "giver" else taker
            case _:
                return {"paper": self.paper, "secret": self.secret}.get(slot, "it")

    def callings(self) -> tuple[str, str]:
        """Return what the text calls the one who discloses and the one who is bound."""
        if self.form == "letter":
            return self.setting.template.choice(
                "callings", (("the Company", "you"), ("the undersigned", "you"), ("our company", "you"))
            )
        if self.form == "employee":
            return "the Company", self.setting.template.choice(
                "callings", ("Employee", "you", "the undersigned", "the Associate")
            )
        return self.parties[0].role, self.parties[1].role


def make_deal(setting: Setting, draft: Draft) -> Deal:
    """Return a random agreement; `says` is empty yet."""
    template, rng = setting.template, setting.rng
    form: Form = template.choice(
        "form", ("contract", "contract", "contract", "letter", "letter", "employee", "employee")
    )
    first_rng = rng if template.chance("own", 0.5) else setting.vendor_rng
    n_parties = 3 if form == "contract" and template.chance("three", 0.12) else 2
    shares = {"contract": (0.05, 0.4), "letter": (0.0, 0.25), "employee": (0.0, 1.0)}[form]
    roles = ("Company", "Employee") if form == "employee" else template.choice("roles", _ROLES)
    upper = template.chance("party.upper", 0.35)
    parties = tuple(
        _contractor(first_rng if index == 0 else rng, index, (*roles, "Guarantor")[index], share, upper=upper)
        for index, share in zip(range(n_parties), (*shares, 0.3), strict=False)
    )
    return Deal(
        setting=setting,
        draft=draft,
        form=form,
        parties=parties,
        dated=_dated(rng, form),
        day=random_day(rng),
        paper=template.choice("paper", _PAPERS[form]),
        secret=template.choice("secret", SECRETS),
    )


def _dated(rng: random.Random, form: Form) -> Dated:
    ways: tuple[Dated, ...] = ("opening", "clause", "signed", "blank", "silent")
    weights = {"contract": (60, 12, 8, 9, 11), "letter": (50, 12, 4, 4, 30), "employee": (38, 10, 27, 10, 15)}
    return rng.choices(ways, weights[form])[0]


def _contractor(rng: random.Random, index: int, role: str, person_share: float, *, upper: bool) -> Contractor:
    is_person = rng.random() < person_share
    name = person_name(rng) if is_person else company_name(rng, legal=rng.random() < 0.8)
    name = name.upper() if upper else capitalised(name)
    return Contractor(name=name, role=role, tag=PARTY_TAGS[index], is_person=is_person)


def _matter(rng: random.Random) -> str:
    """Return what a clause speaks of: words of business, and invented ones that no list holds."""
    if rng.random() < 0.2:
        return phrase(rng, 1, 4)
    described = f"{rng.choice(ADJECTIVES)} " if rng.random() < 0.6 else ""
    matter = f"{described}{rng.choice(MATTERS).removeprefix('the ' if described else '')}"
    if rng.random() < 0.3:
        matter += f"{rng.choice((' and', ', including', ' or', ' relating to'))} {_matter(rng)}"
    return matter


def party_tag(deal: Deal, party: Contractor) -> str | None:
    """Return the tag of a party's name where it first stands, None after that."""
    return None if party.tag is None else deal.draft.first(party.tag)


def party_runs(deal: Deal, party: Contractor) -> list[Run]:
    """Return a party with what it is, where it is and what it is called from here on."""
    template, rng, setting = deal.setting.template, deal.rng, deal.setting
    comma = template.chance("comma", 0.7)
    runs: list[Run] = [(f"{party.name}," if comma else party.name, party_tag(deal, party))]
    if party.is_person and template.chance("person.is", 0.5):
        runs.append(
            (rng.choice(("an individual,", f"a resident of {state_name(rng)},", "an individual")), None)
        )
    elif not party.is_person and template.chance(f"{party.role}.state", 0.6):
        runs.append((f"a {state_name(rng)} {rng.choice(_FORMS)}", None))
    if template.chance(f"{party.role}.office", 0.35):
        address = ", ".join(address_lines(rng, setting.locale, upper=False, width=60))
        seats = _HOMES if party.is_person else _SEATS
        seat = rng.choice(seats)
        runs.append((f"{seat} {address}", None))
    before, after = template.choice("quotes", (('"', '"'), ("\u201c", "\u201d"), ("", "")))
    called = template.choice("hereinafter", ("", "the ", "hereinafter ", "hereinafter referred to as "))
    runs.append((f"({called}{before}{party.role}{after})", None))
    return runs


def own_day(deal: Deal) -> str:
    """Return the day from which the agreement holds, as its text writes it."""
    return day_text(deal.setting, deal.day)


def signing_days(deal: Deal, n: int) -> list[str]:
    """Return `n` days beside signatures; the last of them, if it counts, is on the agreement's own day."""
    rng, written = deal.rng, deal.setting.template.chance("signed.figures", 0.65)
    if deal.dated == "signed":
        days = [*(_earlier(rng, deal.day) for _ in range(n - 1)), deal.day]
    else:
        days = [deal.day.later(rng.randint(1, 20)) for _ in range(n)]
    return [short_day(rng, day) if written else day_text(deal.setting, day) for day in days]


def _earlier(rng: random.Random, day: Day) -> Day:
    """Return a day of the month before."""
    month = day.month - 1 or 12
    return Day(day.year - (day.month == 1), month, rng.randint(1, 28))


def sentence(deal: Deal) -> str:
    """Return a sentence that answers nothing: one of the written ones, or an obligation put together."""
    rng = deal.rng
    if rng.random() < 0.65:
        return deal.filled(rng.choice(CLAUSES))
    _, taker = deal.callings()
    verbs = " or ".join(rng.sample(VERBS, rng.randint(1, 2)))
    cases = ", ".join(rng.sample(CASES, rng.randint(1, 3)))
    modal = rng.choice(MODALS)
    if taker == "you":
        modal = modal.replace("agrees", "agree").replace("undertakes", "undertake")
    return deal.filled(f"{taker} {modal} {verbs} {rng.choice(OBJECTS)} {cases}.")
