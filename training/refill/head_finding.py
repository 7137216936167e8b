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
_NUMBER_DIGITS = 3
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

    def find(self, first: int, strips: list[Strip]) -> tuple[int, int]:
        """Return the lines of the headings, and note which words head which column.

        Headings that stand over no column are given strips of their own.
        """
        reach = range(max(0, first - _HEAD_REACH), first)
        start = next((n for n in reach if self._is_head(n, strips)), first)
        segments = [segment for line in range(start, first) for segment in self._segments(line)]
        if sum(map(len, segments)) > _MAX_HEADING_WORDS * len(strips) or self._has_number(segments):
            return first, first
        if first - start == 1 and len(segments) == len(strips):
            for strip, segment in zip(strips, segments, strict=True):
                strip.heading += segment
            return start, first
        far: list[int] = []
        for i in (i for segment in segments for i in segment):
            at = self.nearest(i, strips)
            (far if at is None else strips[at].heading).append(i)
        strips += self._unnamed(far)
        return start, first

    def _has_number(self, segments: Sequence[Sequence[int]]) -> bool:
        """Return whether words are a number or a date: then they are the page's, not the table's."""
        words = (self.page.words[i].text for segment in segments for i in segment)
        return any(sum(map(str.isdigit, word)) >= _NUMBER_DIGITS for word in words)

    def _unnamed(self, words: Sequence[int]) -> Iterator[Strip]:
        """Yield strips of headings without cells."""
        group: list[int] = []
        boxes = self.page.words
        for i in sorted(words, key=lambda i: boxes[i].bbox.left):
            if group and boxes[i].bbox.left - boxes[group[-1]].bbox.right >= _JOINED_CHARS * self.char_width:
                yield self._headed(group)
                group = []
            group.append(i)
        if group:
            yield self._headed(group)

    def _headed(self, words: Sequence[int]) -> Strip:
        boxes = [self.page.words[i].bbox for i in words]
        left, right = min(box.left for box in boxes), max(box.right for box in boxes)
        return Strip(left, right, heading=sorted(words))

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
        alone = [text_key(" ".join(self.page.words[i].text for i in run)) for run in self._segments(line)]
        return len(headed) > 1 or any(key in known or is_misread(key, known) for key in alone)

    def _segments(self, line: int) -> Iterator[list[int]]:
        """Yield the words of a line between wide gaps."""
        run: list[int] = []
        for i in range(*self.page.lines[line]):
            gap = self.page.words[i].bbox.left - self.page.words[i - 1].bbox.right if run else 0.0
            if gap >= _JOINED_CHARS * self.char_width:
                yield run
                run = []
            run.append(i)
        yield run

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
