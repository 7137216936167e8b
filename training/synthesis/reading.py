"""A sheet as a reader gives it: pages of words, what stands on them, and where.

Gold is taken from here and nowhere else. Whatever noise, a page's end or the reading order does to a value, what
is asked is what the finished page shows; a value whose words do not stand together there may not be asked for.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from ocr.reading_order import arrange
from schemas.document import Page, Word
from schemas.geometry import BBox
from training.synthesis.asking import Ask, AskRows, Question
from training.synthesis.noise import Noise, spoiled
from training.synthesis.words import Mark

_MAX_REASONING = 200
# Values of one word that stand at many places; the first one printed is the answer.
_PRINTED_OFTEN = frozenset({"currency"})

# By a word's identity: its place in the order of writing, and the values that it belongs to.
Tags = dict[int, tuple[int, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Fact:
    """A value on a page: its text (None if its words do not stand together) and where it begins."""

    text: str | None
    page: Page
    first_index: int


def read_pages(
    marks: Sequence[Mark],
    page_starts: Sequence[float],
    *,
    width: float,
    size_pt: tuple[float, float],
    noise: Noise,
    rng: random.Random,
) -> tuple[tuple[Page, ...], Tags]:
    """Return the pages as read, and the tags of their words; the marks are used up.

    Parameters
    ----------
    page_starts
        The line on which each page begins, ascending, the first one above all marks.
    width
        The printable width in characters; a page is at least so wide.
    """
    ends = [*page_starts[1:], math.inf]
    tags: Tags = {}
    pages: list[Page] = []
    for page_index, (start, end) in enumerate(zip(page_starts, ends, strict=True)):
        own = [mark for mark in marks if start <= mark.y < end]
        words = _words(spoiled(own, noise, rng, width=width), width, tags, rng)
        ordered, lines, block_order = arrange(words)
        page = Page(
            page_index=page_index,
            width_pt=size_pt[0],
            height_pt=size_pt[1],
            words=ordered,
            lines=lines,
            block_order=block_order,
        )
        pages.append(page)
    return tuple(pages), tags


def _words(marks: list[Mark], width: float, tags: Tags, rng: random.Random) -> list[Word]:
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


def facts_of(pages: tuple[Page, ...], tags: Tags) -> dict[str, Fact]:
    """Return what stands on the pages, by tag; a value that is on two pages does not stand together."""
    facts: dict[str, Fact] = {}
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
                    facts[tag] = Fact(page.words[min(found)[1]].text, page, min(found)[1])
                continue
            indices = [index for _, index in sorted(found)]
            text = None if tag in facts else _contiguous(page, indices, rank)
            facts[tag] = Fact(text, page, indices[0])
    return facts


def _contiguous(page: Page, indices: list[int], rank: dict[int, int]) -> str | None:
    """Return the words in the order in which they were written, if the page reads them so, without a gap."""
    ranks = [rank[index] for index in indices]
    if any(order == list(range(order[0], order[0] + len(order))) for order in (indices, ranks)):
        return " ".join(page.words[index].text for index in indices)
    return None


def evidence_of(facts: Mapping[str, Fact]) -> dict[str, str]:
    """Return the start of the line on which each fact begins, by tag."""
    return {tag: _line_start(fact.page, fact.first_index) for tag, fact in facts.items()}


def _line_start(page: Page, index: int) -> str:
    start, end = next(line for line in page.lines if line[0] <= index < line[1])
    words = " ".join(word.text for word in page.words[start : min(end, start + 3)])
    return "".join(ch for ch in words if ch not in "\"'\\;<\n")[:32].strip()


def reasoning_of(question: Question, gold: Mapping[str, JsonValue], evidence: Mapping[str, str]) -> str:
    """Return where each answer was seen, in at most 200 characters; parts that do not fit are left out."""
    text = ""
    for part in _parts(question, gold, evidence):
        longer = f"{text}; {part}" if text else part
        if len(longer) > _MAX_REASONING:
            break
        text = longer
    return text


def _parts(question: Question, gold: Mapping[str, JsonValue], evidence: Mapping[str, str]) -> Iterator[str]:
    for ask in question:
        value = gold[ask.key]
        if isinstance(value, list):
            yield f"{_safe(ask.key)} < {len(value)} rows"
            continue
        parts = ask.columns if isinstance(ask, AskRows) else (ask,)
        for part in parts:
            found = value.get(part.key) if isinstance(value, dict) else value
            yield f"{_safe(part.key)} < {_pointed(part, found, evidence)}"


def _pointed(ask: Ask, value: JsonValue, evidence: Mapping[str, str]) -> str:
    return "none" if value is None else evidence.get(ask.tag, "page") or "page"


def _safe(key: str) -> str:
    return "".join(ch for ch in key if ch not in "\"'\\;<\n")
