"""Synthetic documents with a schema and gold values, drawn from a seed."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from decoding.evidence import join_lines, words_of_line, write_absent, write_rows, write_value
from ocr.reading_order import arrange
from schemas.document import Document, Page, Word
from schemas.geometry import BBox
from schemas.spec import ExtractionSchema
from training.synthesis.agreements import draw_agreement
from training.synthesis.asking import AskRows, Facts, Question, gold_of, to_schema
from training.synthesis.bookings import draw_booking
from training.synthesis.choosing import random_question
from training.synthesis.forms import draw_form
from training.synthesis.invoices import draw_invoice, draw_order
from training.synthesis.noise import Noise, random_noise, spoiled
from training.synthesis.receipts import draw_receipt
from training.synthesis.setting import Draft
from training.synthesis.shipped import SHIPPED_NAMES, shipped_question
from training.synthesis.statements import draw_statement
from training.synthesis.template import Template
from training.synthesis.words import Mark

Drawer = Callable[[Template, random.Random, random.Random, float], Draft]
_DRAWERS: dict[str, Drawer] = {
    "receipt": draw_receipt,
    "form": draw_form,
    "invoice": draw_invoice,
    "order": draw_order,
    "statement": draw_statement,
    "booking": draw_booking,
    "agreement": draw_agreement,
}
KINDS = tuple(_DRAWERS)
_SHARES = {
    "receipt": 0.32,
    "form": 0.2,
    "invoice": 0.25,
    "order": 0.05,
    "statement": 0.06,
    "booking": 0.08,
    "agreement": 0.04,
}
_EASY_SHARES = {"receipt": 0.5, "form": 0.5}
# Questions that are a schema which ships with the service, whole.
_SHIPPED_SHARE = 0.2
_MAX_TRIES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticDocument:
    """A page of words, what is asked of it, and the right answer.

    `gold` has exactly the schema's keys, in order; verbatim, amount and date values are whole words of
    the page joined by single spaces, or None. `reasoning` is a trace (`decoding.evidence`). Documents of
    one `template_key` share their layout.
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
    lines: Mapping[str, tuple[str, ...]]
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
    pages, tags = _pages(draft, random_noise(rng, difficulty=difficulty), rng)
    facts = _facts(pages, tags)
    return _Drawn(
        draft=draft,
        document=Document(sha256=f"{rng.getrandbits(256):064x}", media_type="application/pdf", pages=pages),
        facts={tag: fact.text for tag, fact in facts.items()},
        lines={tag: words_of_line(fact.page, fact.first_index) for tag, fact in facts.items()},
        template_key=f"{kind}-{template.seed:016x}",
    )


# Values of one word that stand at many places; the first one printed is the answer.
_PRINTED_OFTEN = frozenset({"currency"})

# By a word's identity: its place in the order of writing, and the values that it belongs to.
_Tags = dict[int, tuple[int, tuple[str, ...]]]


def _pages(draft: Draft, noise: Noise, rng: random.Random) -> tuple[tuple[Page, ...], _Tags]:
    """Return the pages as read, and the tags of their words."""
    sheet = draft.sheet
    ends = [*sheet.page_starts[1:], math.inf]
    tags: _Tags = {}
    pages: list[Page] = []
    for page_index, (start, end) in enumerate(zip(sheet.page_starts, ends, strict=True)):
        marks = [mark for mark in sheet.marks if start <= mark.y < end]
        words = _words(spoiled(marks, noise, rng, width=sheet.width), sheet.width, tags, rng)
        ordered, lines, block_order = arrange(words)
        page = Page(
            page_index=page_index,
            width_pt=300.0 if draft.kind == "receipt" else 595.0,
            height_pt=max(300.0, 12.0 * sheet.y) if draft.kind == "receipt" else 842.0,
            words=ordered,
            lines=lines,
            block_order=block_order,
        )
        pages.append(page)
    return tuple(pages), tags


def _words(marks: list[Mark], width: float, tags: _Tags, rng: random.Random) -> list[Word]:
    """Return the marks as words in page fractions, noting the tags of each."""
    margin = 2.0 + 4.0 * rng.random()
    across = 1.0 / (max(max((m.x + m.width for m in marks), default=1.0), width) + 2 * margin)
    least = min((m.y for m in marks), default=0.0)
    down = 1.0 / (max((m.y + m.height for m in marks), default=1.0) - least + 2.0)
    words: list[Word] = []
    for mark in marks:
        word = Word(text=mark.text, bbox=_box(mark, margin, least, across, down), source="transcript")
        words.append(word)
        if mark.tags:
            tags[id(word)] = (len(words), mark.tags)
    return words


def _box(mark: Mark, margin: float, least: float, across: float, down: float) -> BBox:
    left = max(0.0, (mark.x + margin) * across)
    top = (mark.y - least + 1.0) * down
    return BBox(left, top, min(1.0, left + mark.width * across), min(1.0, top + mark.height * down))


@dataclass(frozen=True, slots=True)
class _Fact:
    """A value on a page: its text (None if its words do not stand together) and where it begins."""

    text: str | None
    page: Page
    first_index: int


def _facts(pages: tuple[Page, ...], tags: _Tags) -> dict[str, _Fact]:
    """Return what stands on the pages, by tag; a value that is on two pages does not stand together."""
    facts: dict[str, _Fact] = {}
    for page in pages:
        places: dict[str, list[tuple[int, int]]] = {}
        for index, word in enumerate(page.words):
            written, names = tags.get(id(word), (0, ()))
            for tag in names:
                places.setdefault(tag, []).append((written, index))
        rank = {index: position for position, index in enumerate(page.block_order)}
        for tag, found in places.items():
            if tag in _PRINTED_OFTEN:
                if tag not in facts:
                    facts[tag] = _Fact(page.words[min(found)[1]].text, page, min(found)[1])
                continue
            indices = [index for _, index in sorted(found)]
            text = None if tag in facts else _contiguous(page, indices, rank)
            facts[tag] = _Fact(text, page, indices[0])
    return facts


def _contiguous(page: Page, indices: list[int], rank: dict[int, int]) -> str | None:
    """Return the words in the order in which they were written, if the page reads them so, without a gap."""
    ranks = [rank[index] for index in indices]
    if any(order == list(range(order[0], order[0] + len(order))) for order in (indices, ranks)):
        return " ".join(page.words[index].text for index in indices)
    return None


def _sample(drawn: _Drawn, question: Question) -> SyntheticDocument | None:
    gold = gold_of(question, drawn.facts, drawn.draft) if question else None
    if gold is None:
        return None
    return SyntheticDocument(
        document=drawn.document,
        schema=to_schema(question, name=drawn.draft.kind),
        gold=gold,
        reasoning=join_lines(_evidence(question, gold, drawn)),
        template_key=drawn.template_key,
    )


def _evidence(question: Question, gold: dict[str, JsonValue], drawn: _Drawn) -> Iterator[str]:
    for ask in question:
        value = gold[ask.key]
        if isinstance(value, list):
            yield write_rows(ask.key, len(value))
            continue
        for part in ask.columns if isinstance(ask, AskRows) else (ask,):
            found = value.get(part.key) if isinstance(value, dict) else value
            if found is None:
                yield write_absent(part.key)
            else:
                yield write_value(part.key, drawn.lines.get(part.tag, ()))
