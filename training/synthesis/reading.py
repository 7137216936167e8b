"""A sheet as a reader gives it: pages of words, what stands on them, and where.

Gold is taken from here and nowhere else. Whatever noise, a page's end or the reading order does to a value, what
is asked is what the finished page shows; a value whose words do not stand together there may not be asked for.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import dropwhile, pairwise

from pydantic import JsonValue

from decoding.evidence import join_lines, words_of_line, write_absent, write_rows, write_value
from decoding.grammar.word_parts import NEVER_FIRST, word_parts
from ocr.reading_order import arrange
from schemas.document import Page, Word
from schemas.geometry import BBox
from training.synthesis.asking import AskRows, Question
from training.synthesis.noise import Noise, spoiled
from training.synthesis.words import Mark

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
        arranged = arrange(words)
        page = Page(
            page_index=page_index,
            width_pt=size_pt[0],
            height_pt=size_pt[1],
            words=arranged.words,
            lines=arranged.lines,
            block_order=arranged.block_order,
            cuts=arranged.cuts,
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
                    facts[tag] = Fact(_without_colon(page.words[min(found)[1]].text), page, min(found)[1])
                continue
            indices = [index for _, index in sorted(found)]
            text = None if tag in facts else _contiguous(page, indices, rank)
            facts[tag] = Fact(text and _without_colon(text), page, indices[0])
    return facts


def _without_colon(text: str) -> str | None:
    """Return a value without the colon that noise has glued to it; None if nothing else is left."""
    first, *others = text.split(" ")
    parts = tuple(dropwhile(lambda part: not part.strip(NEVER_FIRST), word_parts(first)))
    text = " ".join(["".join(parts), *others]).lstrip()
    return text if text and text[0] not in NEVER_FIRST else None


def _contiguous(page: Page, indices: list[int], rank: dict[int, int]) -> str | None:
    """Return the words in the order in which they were written, if the page reads them so, without a gap."""
    steps = list(pairwise(indices))
    by_rows = all(b == a + 1 for a, b in steps)
    by_blocks = all(rank[b] == rank[a] + 1 for a, b in steps)
    if (by_rows or by_blocks) and page.cuts.isdisjoint(steps):
        return " ".join(page.words[index].text for index in indices)
    return None


def evidence_of(facts: Mapping[str, Fact]) -> dict[str, tuple[str, ...]]:
    """Return the first words of the line on which each fact begins, by tag."""
    return {tag: words_of_line(fact.page, fact.first_index) for tag, fact in facts.items()}


def reasoning_of(
    question: Question, gold: Mapping[str, JsonValue], evidence: Mapping[str, tuple[str, ...]]
) -> str:
    """Return where each answer was seen, as a trace (`decoding.evidence`)."""
    return join_lines(_lines(question, gold, evidence))


def _lines(
    question: Question, gold: Mapping[str, JsonValue], evidence: Mapping[str, tuple[str, ...]]
) -> Iterator[str]:
    for ask in question:
        value = gold[ask.key]
        if isinstance(value, list):
            yield write_rows(ask.key, len(value))
            continue
        for part in ask.columns if isinstance(ask, AskRows) else (ask,):
            found = value.get(part.key) if isinstance(value, dict) else value
            yield (
                write_absent(part.key) if found is None else write_value(part.key, evidence.get(part.tag, ()))
            )
