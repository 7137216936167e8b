"""What is written into official forms: names, addresses, numbers, days and amounts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from training.synthesis.dates import date_text, random_day
from training.synthesis.numbers import amount_text, price_cents
from training.synthesis.official_words import CAPACITIES, CLAIMS, COUNTRIES
from training.synthesis.setting import Draft, Setting
from training.synthesis.text import (
    capitalised,
    code,
    company_name,
    email,
    fill,
    person_name,
    phone,
    pseudo_word,
)
from training.synthesis.vocabulary import STATES, STREETS
from training.synthesis.words import Sheet


@dataclass(slots=True, kw_only=True)
class OfficialForm:
    """A form being drawn: how many of its boxes stay empty, and the words that all of it shares.

    `number` is the last one that was given to a box, `part` that of a part.
    One that is `titled_beside` says at the edge of its body what others say in a head.
    """

    setting: Setting
    draft: Draft
    blank_share: float
    roles: tuple[str, str]
    agency: tuple[str, str]
    code: str
    left: float
    titled_beside: bool = False
    number: int = 0
    part: int = 0

    @property
    def sheet(self) -> Sheet:
        """Return the sheet that the form is drawn on."""
        return self.draft.sheet

    def count(self) -> str:
        """Return the next number of a box."""
        self.number += 1
        return str(self.number)

    def count_part(self) -> str:
        """Return the next number of a part."""
        self.part += 1
        return ("I", "II", "III", "IV", "V", "VI")[self.part - 1]

    def role_of(self, tag: str) -> str:
        """Return the form's word for the party whose box it is."""
        return self.roles[0] if tag.startswith("payer_") else self.roles[1]


def write_lines(form: OfficialForm, tag: str) -> list[str]:
    """Return the lines that someone writes into the box of `tag`."""
    return _VALUES[tag](form)


def write_amount(form: OfficialForm) -> str:
    """Return an amount in the manner of the form: whole, with decimals, or with its sign."""
    template, rng = form.setting.template, form.setting.rng
    cents = price_cents(rng) * rng.choice((1, 10, 100, 100, 1000))
    whole = template.chance("amount.whole", 0.4)
    text = amount_text(
        max(cents // 100, 1) * 100 if whole else cents, form.setting.money, decimals=0 if whole else 2
    )
    return f"${text}" if template.chance("amount.glued", 0.12) else text


def _cased(form: OfficialForm, text: str) -> str:
    """Return what is typed into the form in the capitals of whoever typed it."""
    rng = form.setting.rng
    upper = form.setting.template.chance("typed.upper", 0.3) or rng.random() < 0.08
    return text.upper() if upper or form.setting.upper else capitalised(text)


def _person(form: OfficialForm) -> str:
    return _cased(form, person_name(form.setting.rng))


def _company(form: OfficialForm) -> str:
    return _cased(form, company_name(form.setting.rng, legal=form.setting.rng.random() < 0.5))


def _party(form: OfficialForm) -> str:
    return _person(form) if form.setting.rng.random() < 0.65 else _company(form)


def _street(form: OfficialForm) -> str:
    rng = form.setting.rng
    name = " ".join(pseudo_word(rng) for _ in range(rng.choice((1, 1, 2))))
    text = f"{fill(rng, rng.choice(('#', '##', '###', '####')))} {name} {rng.choice(STREETS['us'])}"
    if rng.random() < 0.3:
        unit = fill(rng, rng.choice(("apt ##", "suite ###", "unit #", "#-##", "apt. #@", "fl ##")))
        text += f"{rng.choice((', ', ' '))}{unit}"
    return _cased(form, text)


def _city(form: OfficialForm) -> str:
    rng = form.setting.rng
    name = _cased(form, " ".join(pseudo_word(rng) for _ in range(rng.choice((1, 1, 1, 2)))))
    if rng.random() < 0.8:
        state = rng.choice(STATES["us"]).upper()
        return f"{name}{rng.choice((', ', ', ', ' '))}{state}{rng.choice((' ', ' ', ', '))}{fill(rng, rng.choice(('#####', '#####', '#####-####')))}"
    return f"{name}{rng.choice((', ', ' '))}{fill(rng, rng.choice(('@#@ #@#', '######', '####')))}"


def _country(form: OfficialForm) -> str:
    rng = form.setting.rng
    return _cased(form, rng.choice(COUNTRIES) if rng.random() < 0.7 else pseudo_word(rng))


def _personal_number(form: OfficialForm) -> str:
    return _digits(form, ("###-##-####", "###-##-####", "#########", "### ## ####"), "ssn")


def _business_number(form: OfficialForm) -> str:
    return _digits(form, ("##-#######", "##-#######", "#########", "##-#######"), "ein")


def _digits(form: OfficialForm, patterns: tuple[str, ...], name: str) -> str:
    """Return a number, on some forms with each digit in a box of its own."""
    template, rng = form.setting.template, form.setting.rng
    text = fill(rng, template.choice(f"{name}.pattern", patterns))
    if rng.random() < 0.08:  # as whoever filled it in wrote it
        text = fill(rng, rng.choice(("##-###-####", "###-######", "##-######")))
    # Digits stand apart where there is room for a box each: not in the narrow ones beside amounts.
    if "payer_name" in form.draft.boxes or not template.chance("digits.apart", 0.35):
        return text
    dash = template.choice("digits.dash", ("", "–", "-"))
    return " ".join(text.replace(" ", "").replace("-", dash))


def _accounts(form: OfficialForm) -> str:
    rng = form.setting.rng
    numbers = [
        fill(rng, "#" * rng.randint(5, 12)) if rng.random() < 0.7 else code(rng)
        for _ in range(rng.choice((1, 1, 2)))
    ]
    return ", ".join(numbers)


def _requester(form: OfficialForm) -> list[str]:
    draw = form.setting.rng.random()
    return (
        [_party(form)] if draw < 0.4 else [_party(form), _street(form), _city(form)][: 2 if draw < 0.6 else 3]
    )


def _payer_address(form: OfficialForm) -> list[str]:
    return [_street(form), _city(form)]


def _date(form: OfficialForm) -> str:
    return date_text(random_day(form.setting.rng), form.setting.dates)


def _one(make: Callable[[OfficialForm], str]) -> Callable[[OfficialForm], list[str]]:
    return lambda form: [make(form)]


def _pick(options: Sequence[str]) -> Callable[[OfficialForm], list[str]]:
    return lambda form: [_cased(form, form.setting.rng.choice(options))]


def _filled(*patterns: str) -> Callable[[OfficialForm], list[str]]:
    return lambda form: [fill(form.setting.rng, form.setting.rng.choice(patterns))]


_VALUES: dict[str, Callable[[OfficialForm], list[str]]] = {
    "filer_name": _one(_party),
    "filer_business": _one(_company),
    "filer_street": _one(_street),
    "filer_city": _one(_city),
    "filer_country": _one(_country),
    "filer_mail_street": _one(_street),
    "filer_mail_city": _one(_city),
    "filer_citizenship": _one(_country),
    "filer_ssn": _one(_personal_number),
    "filer_ein": _one(_business_number),
    "filer_foreign_tin": _one(lambda form: code(form.setting.rng)),
    "filer_birth": _one(_date),
    "filer_phone": _one(lambda form: phone(form.setting.rng)),
    "filer_email": _one(lambda form: email(form.setting.rng)),
    "exempt_code": _filled("#", "#", "##"),
    "report_code": _filled("@"),
    "requester": _requester,
    "accounts": _one(_accounts),
    "reference": _one(lambda form: code(form.setting.rng)),
    "payer_name": _one(_company),
    "payer_address": _payer_address,
    "payer_tin": _one(_business_number),
    "payer_phone": _one(lambda form: phone(form.setting.rng)),
    "recipient_name": _one(_party),
    "recipient_street": _one(_street),
    "recipient_city": _one(_city),
    "recipient_tin": _one(_personal_number),
    "claim_country": _one(_country),
    "claim_article": _filled("#", "##", "##(#)", "@-##"),
    "claim_rate": _filled("#", "##", "#.#"),
    "claim_income": _pick(CLAIMS),
    "signer_name": _one(_person),
    "signer_capacity": _pick(CAPACITIES),
    "signed_date": _one(_date),
    "preparer_name": _one(_person),
    "preparer_firm": _one(_company),
    "preparer_ein": _one(_business_number),
}
