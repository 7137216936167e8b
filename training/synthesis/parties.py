"""Sellers and buyers: names, numbers, and addresses broken into lines."""

from __future__ import annotations

import random
from dataclasses import dataclass

from training.synthesis import vocabulary
from training.synthesis.text import (
    capitalised,
    code,
    company_name,
    email,
    fill,
    person_name,
    phone,
    pseudo_word,
    website,
    word,
)
from training.synthesis.words import wrap

_GENERIC = "xx"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A company or person as a document prints it; the name and the address in lines."""

    name: tuple[str, ...]
    address: tuple[str, ...]
    registration_id: str
    tax_id: str
    phone: str
    fax: str
    email: str
    website: str
    person: str


def make_party(
    rng: random.Random,
    locale: str,
    *,
    upper: bool,
    width: int,
    plain: bool = False,
    legal: bool = False,
    is_person: bool = False,
) -> Party:
    """Return a random party; lines are at most about `width` characters wide.

    `plain` names say nothing of the trade or the legal form, `legal` names end in a legal form.
    """
    case = str.upper if upper else capitalised
    name = person_name(rng) if is_person else company_name(rng, plain=plain, legal=legal)
    return Party(
        name=tuple(wrap(case(name), max(14, min(width, rng.choice((20, 32, 44, 60, 60, 60, 60, 60)))))),
        address=address_lines(rng, locale, upper=upper, width=width),
        registration_id=fill(rng, rng.choice(vocabulary.REGISTRATION_PATTERNS)),
        tax_id=fill(rng, rng.choice(vocabulary.TAX_ID_PATTERNS[locale])),
        phone=phone(rng),
        fax=phone(rng),
        email=email(rng).upper() if upper else email(rng),
        website=website(rng).upper() if upper else website(rng),
        person=case(person_name(rng)),
    )


def address_lines(rng: random.Random, locale: str, *, upper: bool, width: int) -> tuple[str, ...]:
    """Return an address in one to six lines, its parts in the manner of a country or of none."""
    style = _GENERIC if rng.random() < 0.12 else locale
    parts = _PART_MAKERS.get(style, _european_parts)(rng, style)
    draw = rng.random()
    if draw < 0.04:  # only the town, or the place in it
        parts = [rng.choice((parts[-1], _place(rng, 1, 2), f"{_place(rng, 1, 1)}, {_place(rng, 1, 1)}"))]
    elif draw < 0.13:
        parts = parts[: rng.randint(1, len(parts))]
    if rng.random() < 0.02:
        parts.insert(0, f"c/o {person_name(rng)}")
    lines = _broken(rng, parts, width)
    lines[-1] += rng.choice((".", ".", ",")) if rng.random() < 0.25 else ""
    keep = rng.random() < 0.15
    case = str.upper if upper else str if keep else capitalised
    return tuple(case(line) for line in lines)


def _broken(rng: random.Random, parts: list[str], width: int) -> list[str]:
    """Return the parts as lines: a part a line, a few parts a line, or one text wrapped anywhere."""
    joint = rng.choice((", ", ", ", ", ", " ", ",", ". "))
    draw = rng.random()
    if draw < 0.3:
        return wrap(joint.join(parts), rng.randint(max(14, width // 2), max(16, width)))
    ending = rng.choice((",", ",", "", ""))
    lines: list[str] = []
    current = parts[0]
    join_share = 0.0 if draw < 0.5 else 0.55
    for part in parts[1:]:
        if rng.random() < join_share and len(current) + len(part) + 2 <= width:
            current += joint + part
        else:
            lines.append(current + ending)
            current = part
    lines.append(current)
    return [piece for line in lines for piece in wrap(line, max(width, 16))]


def _place(rng: random.Random, low: int, high: int) -> str:
    return " ".join(
        pseudo_word(rng) if rng.random() < 0.8 else word(rng) for _ in range(rng.randint(low, high))
    )


def _street_number(rng: random.Random) -> str:
    return fill(
        rng,
        rng.choice(
            ("#", "##", "#/#", "##/##", "#/##@", "#@", "ss##/##", "u##/@", "@@@ #", "##/#", "# & #", "(@)")
        ),
    ).lower()


def _malay_parts(rng: random.Random, _: str) -> list[str]:
    house = fill(rng, rng.choice(vocabulary.HOUSES))
    street = f"{rng.choice(vocabulary.STREETS['my'])} {_place(rng, 0, 2)}".strip()
    if rng.random() < 0.65 or " " not in street:
        street += f" {_street_number(rng)}"
    parts = [f"{house} {street}"] if rng.random() < 0.35 else [house, street]
    if rng.random() < 0.08:
        parts.insert(
            0,
            f"{rng.choice(('level', 'lot', 'ground floor', 'bangunan', 'wisma', 'plaza'))} {_place(rng, 1, 2)}",
        )
    n_areas = rng.choice((0, 1, 1, 1, 2))
    parts += [f"{rng.choice(vocabulary.AREAS)} {_place(rng, 1, 2)}" for _ in range(n_areas)]
    city = _place(rng, 1, 2)
    postcode = fill(rng, "#####")
    draw = rng.random()
    parts += [f"{postcode} {city}"] if draw < 0.8 else [postcode, city] if draw < 0.9 else [city]
    if rng.random() < 0.55:
        parts.append(rng.choice(vocabulary.STATES["my"]) if rng.random() < 0.6 else _place(rng, 1, 2))
    if rng.random() < 0.12:
        parts.append(rng.choice(vocabulary.COUNTRIES["my"]))
    return parts


def _anglo_parts(rng: random.Random, locale: str) -> list[str]:
    number = fill(rng, rng.choice(("#", "##", "###", "####", "#####")))
    direction = rng.choice(("n ", "s ", "e ", "w ", "north ", "")) if rng.random() < 0.25 else ""
    ending = rng.choice(vocabulary.STREETS[locale])
    parts = [f"{number} {direction}{_place(rng, 1, 2)} {ending}"]
    if rng.random() < 0.25:
        parts.append(
            fill(
                rng,
                rng.choice(
                    ("suite ###", "apt #", "unit ##", "ste. ###", "floor #", "po box ####", "apt. ##@")
                ),
            )
        )
    city = _place(rng, 1, 2)
    if locale == "us":
        state = rng.choice(vocabulary.STATES["us"]).upper()
        zip_code = fill(rng, rng.choice(("#####", "#####", "#####-####")))
        parts.append(f"{city}{rng.choice((', ', ', ', ' ', ','))}{state} {zip_code}")
    else:
        parts += [city, fill(rng, rng.choice(("@## #@@", "@@# #@@", "@@## #@@")))]
    if rng.random() < 0.15:
        parts.append(rng.choice(vocabulary.COUNTRIES[locale]))
    return parts


def _european_parts(rng: random.Random, locale: str) -> list[str]:
    kind = rng.choice(vocabulary.STREETS.get(locale, ("street",)))
    number = fill(rng, rng.choice(("#", "##", "###", "##@", "##-##", "# bis", "##/#")))
    name = _place(rng, 1, 2)
    if locale == "fr":
        street = f"{number}{rng.choice((' ', ', '))}{kind} {name}"
    elif locale in {"it", "es"}:
        street = f"{kind} {name}{rng.choice((' ', ', ', ' n. '))}{number}"
    elif rng.random() < 0.5 and locale in {"de", "nl"}:
        street = f"{name}{kind} {number}"
    else:
        street = f"{name} {kind} {number}"
    postcode = fill(
        rng, "#### @@" if locale == "nl" else rng.choice(("#####", "#####", "####", "D-#####", "DE #####"))
    )
    parts = [street, f"{postcode} {_place(rng, 1, 2)}"]
    if rng.random() < 0.3:
        parts.append(rng.choice(vocabulary.COUNTRIES.get(locale, ("france",))))
    return parts


def _indonesian_parts(rng: random.Random, _: str) -> list[str]:
    number = fill(
        rng, rng.choice(("no. ##", "no. #@", "no.##", "##", "kav. ##", "blok @# no. ##", "no. ##-##"))
    )
    parts = [f"{rng.choice(vocabulary.STREETS['id'])} {_place(rng, 1, 2)} {number}"]
    if rng.random() < 0.4:
        shop = rng.choice(("unit gf ##", "lantai #", "lt. # unit ##", "ruko @# no. #", "lg ##"))
        place = f"{rng.choice(('mall', 'plaza', 'mal', 'pasar'))} {_place(rng, 1, 2)}"
        parts.insert(
            rng.choice((0, len(parts))), f"{place} {fill(rng, shop)}" if rng.random() < 0.7 else place
        )
    city = _place(rng, 1, 1)
    draw = rng.random()
    region = rng.choice(("selatan", "barat", "timur", "utara", "pusat", "raya"))
    parts.append(
        f"{city} {region}" if draw < 0.3 else f"{city} - {_place(rng, 1, 1)}" if draw < 0.5 else city
    )
    if rng.random() < 0.4:
        parts[-1] += f" {fill(rng, '#####')}"
    return parts


def _indian_parts(rng: random.Random, _: str) -> list[str]:
    house = fill(rng, rng.choice(("##", "no. ##", "shop no. #", "##/#", "g-##", "plot no ##", "sco ##")))
    parts = [f"{house}, {_place(rng, 1, 2)} {rng.choice(vocabulary.STREETS['in'])}"]
    if rng.random() < 0.5:
        parts.append(f"{rng.choice(('opp.', 'near', 'next to', 'behind', 'above'))} {_place(rng, 1, 2)}")
    if rng.random() < 0.5:
        parts.append(f"{_place(rng, 1, 1)}{rng.choice((' nagar', 'pur', ' west', ' east', ' colony'))}")
    city = _place(rng, 1, 1)
    mark = rng.choice((" - ", "-", " ", ", "))
    parts.append(
        f"{city}{mark}{fill(rng, rng.choice(('######', '### ###')))}" if rng.random() < 0.7 else city
    )
    return parts


def _generic_parts(rng: random.Random, _: str) -> list[str]:
    """Return parts of no country's manner, so that an address is known by its place on the page."""
    parts = [_place(rng, 1, 3) if rng.random() < 0.92 else code(rng) for _ in range(rng.randint(2, 5))]
    where = rng.randrange(len(parts))
    parts[where] += f" {fill(rng, rng.choice(('#', '##', '####', '#####', '##-##')))}"
    return parts


_PART_MAKERS = {
    "my": _malay_parts,
    "us": _anglo_parts,
    "gb": _anglo_parts,
    "id": _indonesian_parts,
    "in": _indian_parts,
    _GENERIC: _generic_parts,
}
