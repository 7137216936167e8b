"""Synthetic documents with a schema and gold values, drawn from a seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from schemas.document import Document
from schemas.spec import ExtractionSchema
from training.synthesis.agreements import draw_agreement
from training.synthesis.asking import Facts, Question, gold_of, to_schema
from training.synthesis.bookings import draw_booking
from training.synthesis.choosing import random_question
from training.synthesis.forms import draw_form
from training.synthesis.invoices import draw_invoice, draw_order
from training.synthesis.noise import random_noise
from training.synthesis.official_forms import draw_official_form
from training.synthesis.reading import evidence_of, facts_of, read_pages, reasoning_of
from training.synthesis.receipts import draw_receipt
from training.synthesis.setting import Draft
from training.synthesis.shipped import SHIPPED_NAMES, shipped_question
from training.synthesis.statements import draw_statement
from training.synthesis.template import Template

Drawer = Callable[[Template, random.Random, random.Random, float], Draft]
_DRAWERS: dict[str, Drawer] = {
    "receipt": draw_receipt,
    "form": draw_form,
    "invoice": draw_invoice,
    "order": draw_order,
    "statement": draw_statement,
    "booking": draw_booking,
    "agreement": draw_agreement,
    "official": draw_official_form,
}
KINDS = tuple(_DRAWERS)
_SHARES = {
    "receipt": 0.32,
    "form": 0.2,
    "invoice": 0.25,
    "order": 0.05,
    "statement": 0.06,
    "booking": 0.08,
    "agreement": 0.09,
    "official": 0.11,
}
_EASY_SHARES = {"receipt": 0.5, "form": 0.5}
# Questions that are a schema which ships with the service, whole.
_SHIPPED_SHARE = 0.2
_MAX_TRIES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticDocument:
    """A page of words, what is asked of it, and the right answer.

    `gold` has exactly the schema's keys, in order; verbatim, amount and date values are whole words of
    the page joined by single spaces, but for a colon glued to the first, or None. `reasoning` is a trace
    (`decoding.evidence`). Documents of one `template_key` share their layout.
    """

    document: Document
    schema: ExtractionSchema
    gold: dict[str, JsonValue]
    reasoning: str
    template_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """A page as read, with the values that stand on it, and the words of the lines that they begin in."""

    draft: Draft
    document: Document
    facts: Facts
    evidence: dict[str, tuple[str, ...]]
    template_key: str


def generate(
    rng: random.Random, *, difficulty: float = 1.0, kinds: Sequence[str] = KINDS
) -> SyntheticDocument:
    """Return a random document; difficulty 0 gives short pages with few fields, 1 the full range.

    Raises
    ------
    ValueError
        If there is no such kind.
    """
    if not kinds or not set(kinds) <= _DRAWERS.keys():
        raise ValueError(f"kinds are of {', '.join(_DRAWERS)}, not {', '.join(kinds) or 'none'}")
    for _ in range(_MAX_TRIES):
        kind = _random_kind(rng, difficulty, kinds)
        drawn = _draw(kind, Template(rng.getrandbits(64)), rng, rng.getrandbits(64), difficulty)
        question = _question(rng, drawn, difficulty)
        sample = _sample(drawn, question)
        if sample is not None:
            return sample
    raise RuntimeError(f"no document could be drawn in {_MAX_TRIES} tries")


def generate_pair(rng: random.Random) -> tuple[SyntheticDocument, SyntheticDocument]:
    """Return (example, query): one template and schema, other values; often of the same vendor."""
    for _ in range(_MAX_TRIES):
        kind = _random_kind(rng, 1.0)
        template = Template(rng.getrandbits(64))
        difficulty = rng.uniform(0.2, 0.7)
        vendor_seed = rng.getrandbits(64)
        other_seed = vendor_seed if rng.random() < 0.7 else rng.getrandbits(64)
        first = _draw(kind, template, rng, vendor_seed, difficulty)
        second = _draw(kind, template, rng, other_seed, difficulty)
        question = _question(rng, first, difficulty)
        pair = (_sample(first, question), _sample(second, question))
        if pair[0] is not None and pair[1] is not None:
            return pair[0], pair[1]
    raise RuntimeError(f"no pair could be drawn in {_MAX_TRIES} tries")


def generate_series(
    rng: random.Random, n: int, *, kind: str = "invoice", difficulty: float = 0.5, shipped: bool = False
) -> tuple[SyntheticDocument, ...]:
    """Return `n` documents of one vendor: one template, one schema (the one that ships, or any), other values."""
    template, vendor_seed = Template(rng.getrandbits(64)), rng.getrandbits(64)
    drawn = _draw(kind, template, rng, vendor_seed, difficulty)
    question = shipped_question(kind) if shipped else _question(rng, drawn, difficulty)
    found: list[SyntheticDocument] = []
    for _ in range(_MAX_TRIES * n):
        sample = _sample(_draw(kind, template, rng, vendor_seed, difficulty), question)
        if sample is not None:
            found.append(sample)
        if len(found) == n:
            return tuple(found)
    raise RuntimeError(f"no {n} documents of one vendor could be drawn")


def _question(rng: random.Random, drawn: _Drawn, difficulty: float) -> Question:
    if drawn.draft.kind in SHIPPED_NAMES and rng.random() < _SHIPPED_SHARE * difficulty:
        return shipped_question(drawn.draft.kind)
    return random_question(rng, drawn.draft, drawn.facts, difficulty=difficulty)


def _random_kind(rng: random.Random, difficulty: float, kinds: Sequence[str] = KINDS) -> str:
    shares = {
        kind: difficulty * share + (1 - difficulty) * _EASY_SHARES.get(kind, 0.0)
        for kind, share in _SHARES.items()
        if kind in kinds
    }
    # Kinds that have no easy pages are drawn at difficulty 0 if nothing else is asked for.
    weights = tuple(shares.values()) if any(shares.values()) else None
    return rng.choices(tuple(shares), weights=weights)[0]


def _draw(kind: str, template: Template, rng: random.Random, vendor_seed: int, difficulty: float) -> _Drawn:
    vendor_rng = random.Random(vendor_seed)
    draft = _DRAWERS[kind](template, rng, vendor_rng, difficulty)
    sheet, is_receipt = draft.sheet, draft.kind == "receipt"
    pages, tags = read_pages(
        sheet.marks,
        sheet.page_starts,
        width=sheet.width,
        size_pt=(300.0, max(300.0, 12.0 * sheet.y)) if is_receipt else (595.0, 842.0),
        noise=random_noise(rng, difficulty=difficulty),
        rng=rng,
    )
    facts = facts_of(pages, tags)
    return _Drawn(
        draft=draft,
        document=Document(sha256=f"{rng.getrandbits(256):064x}", media_type="application/pdf", pages=pages),
        facts={tag: fact.text for tag, fact in facts.items()},
        evidence=evidence_of(facts),
        template_key=f"{kind}-{template.seed:016x}",
    )


def _sample(drawn: _Drawn, question: Question) -> SyntheticDocument | None:
    gold = gold_of(question, drawn.facts, drawn.draft) if question else None
    if gold is None:
        return None
    return SyntheticDocument(
        document=drawn.document,
        schema=to_schema(question, name=drawn.draft.kind),
        gold=gold,
        reasoning=reasoning_of(question, gold, drawn.evidence),
        template_key=drawn.template_key,
    )
