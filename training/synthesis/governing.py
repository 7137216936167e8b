"""What an agreement says of its law, its term and the day it begins: many wordings with the value inside."""

from __future__ import annotations

import random

from training.synthesis.clauses import NUMBERS, STATES
from training.synthesis.dates import MONTH_NAMES, Day, date_text
from training.synthesis.setting import Setting
from training.synthesis.text import capitalised, pseudo_word
from training.synthesis.words import Run

_SUFFIXES = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd"}
_UNITS = ("years", "years", "years", "months", "months")
_LONG_TERMS = (
    "the first anniversary",
    "the second anniversary",
    "the third anniversary",
    "the fifth anniversary",
)

TERM_HEADINGS = (
    "Term",
    "Term and Termination",
    "Duration",
    "Term of Agreement",
    "Miscellaneous",
    "Expiration",
    "General",
)
# {v} is the value.
TERM_FRAMES = (
    "{paper} shall remain in effect for a period of {v} from the date first written above.",
    "The term of {paper} shall be {v} unless terminated earlier by either party in writing.",
    "The obligations of {taker} under {paper} shall continue for {v} after the Effective Date.",
    "The undertakings of {paper} shall expire {v} from the date hereof.",
    "Unless earlier terminated, {paper} will terminate {v} after it is signed.",
    "All obligations hereunder shall cease {v} following the date of {paper}.",
    "{paper} is valid for {v}, after which neither party is bound by it any longer.",
    "Except as otherwise stated, the restrictions of {paper} end {v} after its date, whether or not a transaction results.",
    "{paper} commences on the Effective Date and continues for {v}. Either party may end it on {other} notice.",
    "The parties' duties under {paper} shall be binding for {v}; those on trade secrets survive for {other} more.",
    "Your obligations under {paper} will lapse {v} from the date of this document, save that paragraph 3 lapses after {other}.",
    "{paper} shall have an initial term of {v}, and may be renewed for further terms of {other} if both parties so agree.",
    "Term. {v} from the Effective Date.",
    "For a period of {v} from the date of {paper}, {taker} will keep {secret} secret and will use it for no other end.",
    "{paper} and all obligations under it shall expire on the date that is {v} from the date first above written.",
    "Unless a definitive agreement is signed sooner, {paper} shall be of no further force {v} from its date.",
    "The confidentiality obligations set out in {paper} terminate {v} after the date hereof; the non-solicit ends after {other}.",
    "{paper} will be in force for {v}, it being agreed that claims for earlier breach survive for {other}.",
    "{paper}, and with it every duty of secrecy, terminates upon the earlier of (i) closing and (ii) {v} after the date hereof.",
)  # fmt: skip
# The term as a noun.
PERIOD_FRAMES = (
    "{paper} shall bind the parties for a {v} that begins on its date.",
    "There shall be a {v} during which the duties of {paper} hold, and no longer.",
    "{paper} is for a {v} and may be renewed for {other}.",
)  # fmt: skip
# The term as a day of the calendar that the words count to.
ANNIVERSARY_FRAMES = (
    "{paper} shall continue until {v} of the Effective Date.",
    "The term begins on the date hereof and ends on {v} of such date.",
)
# Of the same matter, without a length.
ENDLESS_FRAMES = (
    "{paper} shall continue until terminated by either party upon {other} prior written notice.",
    "The obligations in {paper} have no fixed term and last for as long as the information stays confidential.",
    "{paper} remains in force during employment and thereafter without limit of time.",
    "Either party may terminate {paper} at any time on {other} notice.",
)  # fmt: skip

LAW_HEADINGS = ("Governing Law", "Applicable Law", "Miscellaneous", "Choice of Law", "Law", "Law and Forum", "Disputes", "General Provisions", "Venue")  # fmt: skip
LAW_FRAMES = (
    "{paper} shall be governed by and construed in accordance with the laws of the State of {v} without regard to its conflict of laws principles.",
    "{paper} is governed by the laws of {v}, and any dispute shall be brought before its courts.",
    "The validity and interpretation of {paper} shall be governed by the law of the State of {v} applicable to agreements made therein.",
    "The parties submit to the exclusive jurisdiction of the courts of {v} for all disputes under {paper}.",
    "{paper} will be interpreted under the internal laws of the Commonwealth of {v}, excluding its choice of law rules.",
    "{v} law governs {paper}, regardless of where {taker} may be found.",
    "All questions about the meaning, performance and enforcement of {paper} are to be decided under {v} law.",
    "Any suit arising out of {paper} shall be brought only in the state or federal courts located in {v}.",
    "Each of us consents to venue in the courts sitting in {place} County, {v}, and waives trial by jury.",
    "{paper} shall be deemed to have been made in the State of {v} and its laws, but not its rules on conflicts, shall control.",
    "Federal law aside, the substantive law of the State of {v} shall apply to {paper} and to all claims under it.",
    "Disputes shall be settled by arbitration in {place}, {v}, applying the laws of that state.",
    "{paper} shall be construed and enforced according to {v} law. Each party agrees that {v} courts have personal jurisdiction over it.",
    "This contract, being made and delivered in the State of {v}, is subject to the statutes and decisions of that state.",
    "(e) Governing law: {v}.",
    "{paper} shall be governed by the laws of the State of {v} (other than those laws that would refer the matter elsewhere).",
    "{paper} and any controversy related to it are governed by the laws of the Commonwealth of {v} and the federal laws applicable there.",
    "The rights of the parties shall be determined in accordance with the internal law, not the law of conflicts, of {v}.",
    "The parties have chosen the law of {v}, and either may sue in any court of competent jurisdiction in {place}.",
    "The Supreme Court of the State of {v}, {place} County, shall have exclusive jurisdiction, and the laws of that state control.",
    "The parties agree that the laws of the State of {v} shall govern, that the United Nations Convention on Contracts does not, and that"
    " the courts in {place} shall be the sole venue.",
    "Except where the laws of the United States prevail, {paper} and the rights of the parties hereto shall be governed by {v} law"
    " as applied to residents of that state.",
)  # fmt: skip


def filled(frame: str, value: str, tag: str | None) -> list[Run]:
    """Return `frame` as runs with `value` where `{v}` first stands; marks glued to it become part of its words."""
    before, _, after = frame.partition("{v}")
    head, _, glued_before = before.rpartition(" ")
    glued_after, _, tail = after.partition(" ")
    return [(head, None), (f"{glued_before}{value}{glued_after}", tag), (tail.replace("{v}", value), None)]


def state_name(rng: random.Random) -> str:
    """Return a state or country, sometimes an invented one."""
    return capitalised(pseudo_word(rng)) if rng.random() < 0.2 else rng.choice(STATES)


def period(rng: random.Random) -> str:
    """Return a length of time as print gives it: figures, words or both."""
    number = rng.choice(NUMBERS)
    if number in ("one", "one (1)"):
        return f"{number} {rng.choice(('year', 'year', 'month'))}"
    return f"{number} {rng.choice(_UNITS)}"


def period_name(rng: random.Random) -> str:
    """Return a length of time as a noun that "a" goes before: "two (2) year period"."""
    joint = rng.choice((" ", "-"))
    return f"{rng.choice(NUMBERS)}{joint}{rng.choice(('year', 'year', 'month'))} {rng.choice(('period', 'period', 'term'))}"


def anniversary(rng: random.Random) -> str:
    """Return an end of a term that is counted in anniversaries."""
    return rng.choice(_LONG_TERMS)


def day_text(setting: Setting, day: Day) -> str:
    """Return a day in one of the ways in which agreements write it, without what follows."""
    template, rng = setting.template, setting.rng
    month = MONTH_NAMES["en"][day.month - 1]
    suffix = _SUFFIXES.get(day.day, "th")
    style = template.unit("day.style")
    if style < 0.45:
        return f"{month} {day.day}, {day.year}"
    if style < 0.65:
        ordinal = f"{day.day}{suffix}" if rng.random() < 0.85 else str(day.day)
        return f"{ordinal} day of {month}{template.choice('day.comma', (',', ',', ''))} {day.year}"
    if style < 0.7:
        return f"{month} {day.day}{suffix}, {day.year}"
    if style < 0.75:
        return f"{month.upper()} {day.day}, {day.year}"
    if style < 0.85:
        return short_day(rng, day)
    return date_text(day, setting.dates)


def short_day(rng: random.Random, day: Day) -> str:
    """Return a day in figures, as people write it beside their signature."""
    mark = rng.choice(("/", "/", "/", "-", "."))
    year = str(day.year) if rng.random() < 0.4 else f"{day.year % 100:02d}"
    if rng.random() < 0.3:
        return f"{day.month:02d}{mark}{day.day:02d}{mark}{year}"
    return f"{day.month}{mark}{day.day}{mark}{year}"
