"""The headings of a table: which lines they stand on, and which words head which column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process

from decoding.grounding.matching import text_key
from schemas.document import Page
from schemas.geometry import BBox
from schemas.spec import FieldKind
from training.refill.labels import languages_of

# Lines above the first row on which headings may stand, and on which a misread one may.
_HEAD_REACH, _FAR_HEAD = 4, 12
_HEADING_REACH_CHARS = 8.0
_JOINED_CHARS = 2.0  # words nearer than this are read as one text
_MAX_HEADING_WORDS = 4
_MIN_LIKENESS, _MIN_MISREAD = 78, 5  # of a misread heading, in percent, and of its length
NUMBER_TAGS = frozenset({"quantity", "unit_price", "amount", "tax_rate", "discount"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CellColumn:
    """What the schema says of a column of the annotated rows."""

    key: str
    tag: str
    kind: FieldKind
    description: str

    @property
    def is_number(self) -> bool:
        """Return whether its cells are numbers, which stand alone in their column."""
        return self.tag in NUMBER_TAGS


@dataclass(slots=True)
class Strip:
    """A column being found: how far it reaches across the page, and its heading."""

    left: float
    right: float
    column: CellColumn | None = None
    heading: list[int] = field(default_factory=lambda: list[int]())

    def holds(self, box: BBox, slack: float) -> bool:
        """Return whether a box lies in the column, or sticks out of it by less than `slack`."""
        return box.left >= self.left - slack and box.right <= self.right + slack

    def overlap(self, box: BBox) -> float:
        """Return how far a box and the column overlap; negative for the gap between them."""
        return min(self.right, box.right) - max(self.left, box.left)

    def take(self, box: BBox) -> None:
        """Reach as far as a box does."""
        self.left, self.right = min(self.left, box.left), max(self.right, box.right)


class HeadFinder:
    """Finds the headings above the rows of one page's table."""

    def __init__(self, page: Page, char_width: float) -> None:
        self.page = page
        self.char_width = char_width

    def find(self, first: int, strips: Sequence[Strip]) -> tuple[int, int]:
        """Return the lines of the headings, and note which words head which column."""
        reach = range(max(0, first - _HEAD_REACH), first)
        start = next((n for n in reach if self._is_head(n, strips)), first)
        words = [i for line in range(start, first) for i in range(*self.page.lines[line])]
        nearest = {i: self.nearest(i, strips) for i in words}
        if any(at is None for at in nearest.values()) or len(words) > _MAX_HEADING_WORDS * len(strips):
            return first, first
        for i, at in nearest.items():
            strips[at or 0].heading.append(i)
        return start, first

    def has_far_heading(self, first: int) -> bool:
        """Return whether a word some lines above the rows may be a heading of theirs, misread perhaps."""
        known = [key for tag in ("description", "amount") for key in languages_of(f"col.{tag}")]
        lines = range(max(first - _FAR_HEAD, 0), first)
        words = [self.page.words[i].text for n in lines for i in range(*self.page.lines[n])]
        return any(key in known or is_misread(key, known) for key in map(text_key, words))

    def _is_head(self, line: int, strips: Sequence[Strip]) -> bool:
        """Return whether a line has a heading that stands alone, or headings of two columns.

        "For services rendered" has the words of one, in a sentence.
        """
        headed = [strip for strip in strips if self._has_heading(line, strip)]
        known = {key for strip in headed if strip.column for key in languages_of(f"col.{strip.column.tag}")}
        alone = [text_key(text) for text in self._segments(line)]
        return len(headed) > 1 or any(key in known or is_misread(key, known) for key in alone)

    def _segments(self, line: int) -> Iterator[str]:
        """Yield the texts of a line between wide gaps."""
        start, end = self.page.lines[line]
        words: list[str] = []
        for i in range(start, end):
            gap = self.page.words[i].bbox.left - self.page.words[i - 1].bbox.right if words else 0.0
            if gap >= _JOINED_CHARS * self.char_width:
                yield " ".join(words)
                words = []
            words.append(self.page.words[i].text)
        yield " ".join(words)

    def _has_heading(self, line: int, strip: Strip) -> bool:
        if strip.column is None:
            return False
        known = languages_of(f"col.{strip.column.tag}")
        reach = _HEADING_REACH_CHARS * self.char_width
        words = [self.page.words[i] for i in range(*self.page.lines[line])]
        near = [word.text for word in words if strip.overlap(word.bbox) > -reach]
        return any(key in known or is_misread(key, known) for key in phrases(near))

    def nearest(self, i: int, strips: Sequence[Strip]) -> int | None:
        """Return the strip that a word stands in or near; None if it is far from all."""
        box = self.page.words[i].bbox
        best = max(range(len(strips)), key=lambda n: strips[n].overlap(box))
        return best if strips[best].overlap(box) > -_HEADING_REACH_CHARS * self.char_width else None

    def name_amounts(self, strips: Sequence[Strip]) -> bool:
        """Return whether a known heading says which column is that of the rows' amounts."""
        amounts = [strip for strip in strips if strip.column is not None and strip.column.tag == "amount"]
        known = languages_of("col.amount")
        headings = [[self.page.words[i].text for i in strip.heading] for strip in amounts]
        return any(key in known or is_misread(key, known) for words in headings for key in phrases(words))


def is_misread(key: str, known: Iterable[str]) -> bool:
    """Return whether a phrase is a known heading but for a letter or two."""
    if len(key) < _MIN_MISREAD:
        return False
    return process.extractOne(key, known, scorer=fuzz.ratio, score_cutoff=_MIN_LIKENESS) is not None


def phrases(words: Sequence[str]) -> Iterator[str]:
    """Yield the keys of all runs of a few words, as labels are compared."""
    for start in range(len(words)):
        for end in range(start + 1, min(start + _MAX_HEADING_WORDS, len(words)) + 1):
            yield text_key(" ".join(words[start:end]))
