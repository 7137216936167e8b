"""Pages of running text around a document, as terms and conditions are: nothing on them is asked for.

Windows of real documents are long, and most of their words answer nothing; some have no value at all.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from pydantic import JsonValue

from schemas.document import Page
from training.synthesis.clauses import HEADINGS
from training.synthesis.deals import make_deal, sentence
from training.synthesis.noise import random_noise
from training.synthesis.official_prose import write_sentence
from training.synthesis.reading import read_pages
from training.synthesis.sample import SyntheticDocument
from training.synthesis.setting import Draft, Setting, make_setting
from training.synthesis.template import Template
from training.synthesis.text import capitalised, company_name, word
from training.synthesis.words import Sheet

_LOCALES = ("us", "us", "gb", "de", "fr")
_LINES_A_PAGE = 55
_BEFORE_SHARE = 0.2
# Of documents with an annex, those of which the window shows the annex alone.
_ALONE_SHARE = 0.15


def with_annex(
    sample: SyntheticDocument, rng: random.Random, *, may_be_alone: bool = True
) -> SyntheticDocument:
    """Return the document among one to six pages of running text, or those alone with every value null.

    The trace still holds where the document's own pages are there; where they are not, the trace is the
    sample's no longer, so that `may_be_alone` is for samples that are asked without one.
    """
    n_pages = 1 if rng.random() < 0.5 else rng.randint(2, 6)
    own = sample.document.pages
    annex = _draw_pages(rng, n_pages)
    if may_be_alone and rng.random() < _ALONE_SHARE:
        gold: dict[str, JsonValue] = {k: [] if isinstance(v, list) else None for k, v in sample.gold.items()}
        document = replace(sample.document, pages=_numbered(annex))
        return replace(sample, document=document, gold=gold, reasoning="")
    pages = (*annex, *own) if rng.random() < _BEFORE_SHARE else (*own, *annex)
    return replace(sample, document=replace(sample.document, pages=_numbered(pages)))


def _numbered(pages: tuple[Page, ...]) -> tuple[Page, ...]:
    return tuple(replace(page, page_index=index) for index, page in enumerate(pages))


def _draw_pages(rng: random.Random, n_pages: int) -> tuple[Page, ...]:
    template = Template(rng.getrandbits(64))
    setting = make_setting(template, rng, rng, difficulty=1.0, locales=_LOCALES, upper_share=0.03)
    sheet = Sheet(width=template.integer("width", 60, 120))
    write = _writer(setting, sheet)
    if template.chance("title", 0.6):
        sheet.line(template.choice("title.text", _TITLES), align="center", scale=1.2)
        sheet.down()
    for _ in range(n_pages):
        first, number = sheet.y, 1
        while sheet.y < first + _LINES_A_PAGE * rng.uniform(0.3, 1.0):
            heading = f"{number}. {rng.choice(HEADINGS)}."
            sheet.flow([(heading, None), (" ".join(write() for _ in range(rng.randint(1, 5))), None)])
            sheet.down(template.choice("gap", (0.0, 0.5, 1.0)))
            number += 1
        sheet.new_page()
    pages, _ = read_pages(
        sheet.marks,
        sheet.page_starts,
        width=sheet.width,
        size_pt=(595.0, 842.0),
        noise=random_noise(rng, difficulty=1.0),
        rng=rng,
    )
    return tuple(page for page in pages if page.words)


def _writer(setting: Setting, sheet: Sheet) -> Callable[[], str]:
    """Return what writes a sentence: of conditions, of instructions, or in words of no known language."""
    template, rng = setting.template, setting.rng
    style = template.choice("style", ("conditions", "conditions", "instructions", "foreign"))
    if style == "conditions":
        deal = make_deal(setting, Draft(kind="annex", sheet=sheet, setting=setting))
        return lambda: sentence(deal)
    if style == "instructions":
        party = template.choice("party", ("customer", "payer", "applicant", "buyer"))
        office = capitalised(company_name(rng))
        return lambda: write_sentence(rng, party=party, office=office)
    return lambda: _nonsense(rng)


_TITLES = (
    "Terms and Conditions",
    "GENERAL CONDITIONS",
    "General Instructions",
    "Standard Terms",
    "Allgemeine Geschäftsbedingungen",
    "Conditions générales",
    "Notes",
)


def _nonsense(rng: random.Random) -> str:
    text = " ".join(word(rng) for _ in range(rng.randint(6, 24)))
    return f"{text[:1].upper()}{text[1:]}."
