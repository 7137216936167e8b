"""Agreements: running text with parties, a day, a term and a law among many clauses that say none of it."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from training.synthesis.agreement_ends import print_closing
from training.synthesis.agreement_heads import print_opening
from training.synthesis.clauses import HEADINGS
from training.synthesis.deals import Deal, make_deal, own_day, party_tag, sentence
from training.synthesis.governing import (
    ANNIVERSARY_FRAMES,
    ENDLESS_FRAMES,
    LAW_FRAMES,
    LAW_HEADINGS,
    PERIOD_FRAMES,
    TERM_FRAMES,
    TERM_HEADINGS,
    anniversary,
    filled,
    period,
    period_name,
    state_name,
)
from training.synthesis.parties import address_lines
from training.synthesis.setting import Draft, make_setting
from training.synthesis.template import Template
from training.synthesis.words import Run, Sheet

_LOCALES = ("us", "us", "us", "us", "gb")
_MEDIAN_WORDS = 440
_MOST_WORDS = 1650  # some 6,500 tokens, about what a window of the service holds
_PAGE_LINES = 54

# Draws a clause: its heading, and its text.
_Clause = Callable[[Deal], tuple[str, list[Run]]]


def draw_agreement(
    template: Template, rng: random.Random, vendor_rng: random.Random, difficulty: float
) -> Draft:
    """Return an agreement, or a window of a longer one, in which some of the values do not stand."""
    setting = make_setting(
        template, rng, vendor_rng, difficulty=difficulty, locales=_LOCALES, upper_share=0.03
    )
    sheet = Sheet(width=template.integer("width", 68, 125))
    draft = Draft(kind="agreement", sheet=sheet, setting=setting)
    deal = make_deal(setting, draft)
    begins, ends = rng.choices(
        ((True, True), (True, False), (False, False), (False, True)), (0.58, 0.13, 0.14, 0.15)
    )[0]
    deal.says = _said(deal, begins=begins, ends=ends)
    if begins:
        print_opening(deal)
    _print_clauses(deal, begins=begins)
    if ends:
        if template.chance("signed.apart", 0.25):
            sheet.line(
                template.choice(
                    "signed.follows", ("[Signature page follows]", "", "[Remainder of page left blank]")
                )
            )
            _turn_page(deal)
        print_closing(deal)
    return draft


def _said(deal: Deal, *, begins: bool, ends: bool) -> set[str]:
    """Return the values that stand in the clauses of this window: laws stand late, days early, terms anywhere."""
    term, law, day = {
        (True, True): (0.55, 0.87, 1.0),
        (True, False): (0.2, 0.12, 0.8),
        (False, False): (0.25, 0.2, 0.15),
        (False, True): (0.35, 0.65, 0.1),
    }[begins, ends]
    rng = deal.rng
    said = {tag for tag, share in (("term", term), ("jurisdiction", law)) if rng.random() < share}
    return said | ({"effective_date"} if deal.dated == "clause" and rng.random() < day else set())


def _print_clauses(deal: Deal, *, begins: bool) -> None:
    """Print numbered clauses; those that say something stand among them, mostly late."""
    sheet, template, rng = deal.draft.sheet, deal.setting.template, deal.rng
    clauses: list[_Clause] = [_filler] * _n_clauses(deal)
    drawers = {"term": _term, "jurisdiction": _law, "effective_date": _start}
    for tag in sorted(deal.says):
        at = rng.randint(0 if tag == "effective_date" else len(clauses) // 3, len(clauses))
        clauses.insert(at, drawers[tag])
    if "term" not in deal.says | deal.draft.used and rng.random() < 0.3:
        clauses.insert(rng.randint(0, len(clauses)), _endless)
    if rng.random() < 0.3:
        clauses.insert(rng.randint(len(clauses) // 2, len(clauses)), _notices)
    number = 1 if begins else rng.randint(2, 14)
    headed, numbered = template.chance("headed", 0.6), template.chance("numbered", 0.85)
    if not begins and rng.random() < 0.6:
        sheet.flow([(sentence(deal).partition(" ")[2], None)])  # the end of what the window before began
    for clause in clauses:
        heading, runs = clause(deal)
        label = f"{number}. " * numbered + f"{heading}." * headed
        sheet.flow([(label, None), *runs], x=template.choice("clause.indent", (0.0, 0.0, 0.0, 4.0)))
        sheet.down(template.choice("clause.gap", (0.0, 0.6, 1.0)))
        number += 1
        if sheet.y - sheet.page_starts[-1] > _PAGE_LINES:
            _turn_page(deal)


def _n_clauses(deal: Deal) -> int:
    """Return how many clauses make a document of random length; easy ones are short."""
    words = min(deal.rng.lognormvariate(math.log(_MEDIAN_WORDS), 0.8), _MOST_WORDS) * deal.setting.difficulty
    return 2 + int(words / _WORDS_PER_CLAUSE)


_WORDS_PER_CLAUSE = 62


def _turn_page(deal: Deal) -> None:
    """Print the foot of a page and begin the next."""
    sheet, template = deal.draft.sheet, deal.setting.template
    page = len(sheet.page_starts)
    foot = template.choice("foot", ("{}", "- {} -", "Page {}", "", "Confidential {}", "-{}-")).format(page)
    sheet.line(foot, align="center")
    sheet.new_page()


def _filler(deal: Deal) -> tuple[str, list[Run]]:
    """Return a clause that answers nothing; durations, days and states in it belong to other matters."""
    rng = deal.rng
    sentences = [sentence(deal) for _ in range(rng.randint(1, 4))]
    if len(sentences) > 1 and rng.random() < 0.2:
        sentences = [f"({letter}) {text}" for letter, text in zip("abcd", sentences, strict=False)]
    return rng.choice(HEADINGS), [(" ".join(sentences), None)]


def _around(deal: Deal, runs: list[Run]) -> list[Run]:
    """Return a value's sentence with others before and after it, at times all in capitals."""
    rng = deal.rng
    if rng.random() < 0.12:
        runs = [(text.upper(), tag) for text, tag in runs]
    before = [(sentence(deal), None) for _ in range(rng.choice((0, 0, 1, 2)))]
    return [*before, *runs, *((sentence(deal), None) for _ in range(rng.choice((0, 0, 1, 2))))]


def _wording(deal: Deal, frame: str) -> str:
    """Return the sentence `frame` with all places filled but that of the value."""
    return deal.filled(frame.replace("{v}", "\0")).replace("\0", "{v}")


def _term(deal: Deal) -> tuple[str, list[Run]]:
    rng = deal.rng
    frames, draw_value = rng.choices(_TERM_KINDS, (85, 10, 5))[0]
    runs = filled(_wording(deal, rng.choice(frames)), draw_value(rng), deal.draft.first("term"))
    return rng.choice(TERM_HEADINGS), _around(deal, runs)


_TERM_KINDS: tuple[tuple[tuple[str, ...], Callable[[random.Random], str]], ...] = (
    (TERM_FRAMES, period),
    (PERIOD_FRAMES, period_name),
    (ANNIVERSARY_FRAMES, anniversary),
)


def _endless(deal: Deal) -> tuple[str, list[Run]]:
    return deal.rng.choice(TERM_HEADINGS), _around(
        deal, [(deal.filled(deal.rng.choice(ENDLESS_FRAMES)), None)]
    )


def _law(deal: Deal) -> tuple[str, list[Run]]:
    frame = _wording(deal, deal.rng.choice(LAW_FRAMES))
    runs = filled(frame, state_name(deal.rng), deal.draft.first("jurisdiction"))
    return deal.rng.choice(LAW_HEADINGS), _around(deal, runs)


_START_FRAMES = (
    "{paper} is effective as of {v}, whenever it is signed.",
    '"Effective Date" means {v}.',
    "The duties of the parties begin on {v} (the Effective Date) and not before.",
    "Although signed on {date}, {paper} takes effect on {v} for all purposes.",
    "{paper} shall become effective on {v} and replaces the one of {date}.",
)


def _start(deal: Deal) -> tuple[str, list[Run]]:
    frame, day = _wording(deal, deal.rng.choice(_START_FRAMES)), own_day(deal)
    if " day of " in day:
        frame = frame.replace("{v}", "the {v}")
    runs = filled(frame, day, deal.draft.first("effective_date"))
    heading = deal.rng.choice(("Effective Date", "Commencement", "Definitions", "Effectiveness", "General"))
    return heading, _around(deal, runs)


def _notices(deal: Deal) -> tuple[str, list[Run]]:
    """Return where to write to each party; in a window without the opening the parties stand here."""
    runs: list[Run] = [("Notices shall be sent", None)]
    for party in deal.parties:
        address = ", ".join(address_lines(deal.rng, deal.setting.locale, upper=False, width=60))
        calling = party.role if deal.form != "letter" else party.role.lower()
        runs += [
            (f"if to {calling}, to", None),
            (f"{party.name},", party_tag(deal, party)),
            (f"{address};", None),
        ]
    return "Notices", [*runs, ("or as either may direct in writing.", None)]
