"""Whose advertising it is: campaigns, committees and companies in the spelling of traffic systems."""

from __future__ import annotations

import random

from training.synthesis import vocabulary
from training.synthesis.setting import Setting
from training.synthesis.text import capitalised, company_name, fill, person_name, phrase, pseudo_word

_OFFICES = (
    "Congress", "Senate", "US Senate", "US House", "State Senate", "Mayor", "President", "Judge", "Governor", "Sheriff",
    "Supreme Court", "County Commissioner", "City Council", "Attorney General", "County Magistrate",
)  # fmt: skip
_SEATS = ("CD##", "CD-#", "SD ##", "HD ##", "Gov", "AG", "SEN", "US HOUSE", "Cong #", "Mayor", "PRES")
_PARTIES = ("D", "R", "I", "Rep", "Dem", "DEM", "REP", "Ind")
_COMMITTEES = (
    "friends of", "citizens for", "committee for", "committee to elect", "committee to re-elect", "people for",
    "neighbors of", "campaign to elect", "vote for",
)  # fmt: skip
_ENDINGS = ("Direct", "Inc", "PAC", "Agency", "Issue", "LLC", "Committee", "Campaign")


def advertiser_name(setting: Setting) -> str:
    """Return a random advertiser: a person's campaign, a committee, a company; often with an ending.

    Endings (a number, a state, a party, one more word) are part of the name, as order systems hold it.
    """
    rng = setting.rng
    text = rng.choices((_campaign, _coded, _committee, _company), weights=(30, 22, 18, 30))[0](rng)
    if rng.random() < 0.3:
        text = _with_ending(rng, text)
    return text.upper() if setting.upper or rng.random() < 0.15 else text


def _campaign(rng: random.Random) -> str:
    person = capitalised(person_name(rng))
    office = rng.choice(_OFFICES)
    draw = rng.random()
    if draw < 0.6:
        of = f" of {capitalised(pseudo_word(rng))}" if rng.random() < 0.1 else ""
        year = f" {_year(rng)}" if rng.random() < 0.25 else ""
        return f"{person} {rng.choice(('for', 'for', 'for', 'For', '4'))} {office}{of}{year}"
    if draw < 0.75:
        return f"{person} {_year(rng)}"
    dash = rng.choice((" - ", " - ", "-", " / "))
    return f"{person}{dash}{_state(rng)} {fill(rng, rng.choice(_SEATS))}"


def _coded(rng: random.Random) -> str:
    """Return the kind of name that is a list: what it is, who runs, for what, where, for which party."""
    parts = [
        rng.choice((capitalised(person_name(rng)), capitalised(pseudo_word(rng)))),
        rng.choice(_OFFICES if rng.random() < 0.6 else ("PRES", "US", "Gov", "Cong")),
        _state(rng),
        rng.choice(_PARTIES),
    ]
    if rng.random() < 0.3:
        parts.insert(rng.randint(1, 4), fill(rng, rng.choice(("@@", "##", "Dist #", "CD#"))))
    if rng.random() < 0.3:
        rest = parts[1:]
        rng.shuffle(rest)
        parts = [parts[0], *rest]
    if rng.random() < 0.75:
        parts.insert(0, rng.choice(("POL", "POL", "POLI", "Pol", "CAND")))
    joint = rng.choice(("/", "/", "/", " / ", "/ ", "-"))
    return joint.join(parts[: rng.randint(2, len(parts))])


def _committee(rng: random.Random) -> str:
    who = person_name(rng) if rng.random() < 0.6 else phrase(rng, 1, 3)
    office = f" for {rng.choice(_OFFICES)}" if rng.random() < 0.25 else ""
    return capitalised(f"{rng.choice(_COMMITTEES)} {who}{office}")


def _company(rng: random.Random) -> str:
    return capitalised(company_name(rng))


def _with_ending(rng: random.Random, text: str) -> str:
    state = _state(rng)
    draw = rng.random()
    if draw < 0.4:
        return f"{text} ({fill(rng, rng.choice(('####', '#####', '######', '######', '@@ @@##')))})"
    if draw < 0.6:
        return f"{text} ({state})" if rng.random() < 0.6 else f"{text} - {state}"
    if draw < 0.8:
        return f"{text} {rng.choice(_ENDINGS)}"
    return f"{text}{rng.choice((' / ', '/', '-', ' - '))}{rng.choice((state, rng.choice(_PARTIES)))}"


def _state(rng: random.Random) -> str:
    """Return a state's two letters, mostly of one that there is."""
    return rng.choice(vocabulary.STATES["us"]).upper() if rng.random() < 0.7 else fill(rng, "@@")


def _year(rng: random.Random) -> str:
    return str(2 * rng.randint(1000, 1014))
