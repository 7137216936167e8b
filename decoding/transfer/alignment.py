"""Two pages of one template laid beside each other: what stands on one where a value stands on the other.

Both are sequences of words and of the marks between cells and lines, compared by shape (digits all count as
one), so that what a template prints on each page is equal and what changes is not. The cheapest way to turn
one into the other (Levenshtein) says which equal tokens belong together. A value of one page stands on the
other between the tokens that belong to its neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz.distance import Levenshtein

from decoding.transfer.tokens import (
    CELL_END,
    LINE_END,
    MARKS,
    Span,
    line_start,
    same_text,
    shape_of,
    tokenize_page,
    words_in,
)

# A value may be longer than its like on the other page: a name of five words for one of one.
_MAX_GROWTH, _MAX_MORE = 3, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a page has what a like page has in another place, and what speaks for it.

    Attributes
    ----------
    known, span
        Where it stands on the page whose values are known, and on the asked one.
    has_label
        The word before it on its line is the same on both pages.
    is_between
        What stands before it and what follows it belong together on both pages.
    has_shape
        Its words differ from the other page's in digits at most.
    is_same_text
        Its words are the other page's.
    is_below_same
        The line above it is the same on both pages.
    """

    text: str
    known: Span
    span: Span
    has_label: bool
    is_between: bool
    has_shape: bool
    is_same_text: bool
    is_below_same: bool

    @property
    def n_signs(self) -> int:
        """Return how many of the signs speak for it."""
        signs = (self.has_label, self.is_between, self.has_shape, self.is_same_text, self.is_below_same)
        return sum(signs)


class Alignment:
    """A page whose values are known (`known`), and one like it (`asked`), by their layout texts."""

    def __init__(self, known: str, asked: str) -> None:
        self.known = tokenize_page(known)
        self.asked = tokenize_page(asked)

    @cached_property
    def _same(self) -> dict[int, int]:
        """Return which token of the asked page each equal token of the known one belongs to."""
        operations = Levenshtein.opcodes(
            [shape_of(token) for token in self.known], [shape_of(token) for token in self.asked]
        )
        return {
            op.src_start + offset: op.dest_start + offset
            for op in operations
            if op.tag == "equal"
            for offset in range(op.src_end - op.src_start)
        }

    @cached_property
    def overlap(self) -> float:
        """Return the share of the words of both pages that belong together, in [0, 1] (Dice)."""
        n_words = len(words_in(self.known)) + len(words_in(self.asked))
        n_same = sum(self.known[index] not in MARKS for index in self._same)
        return 2 * n_same / n_words if n_words else 0.0

    def find_place(self, spans: Sequence[Span]) -> Place | None:
        """Return the place on the asked page for which most speaks, of those where a value stands here."""
        places = [place for place in map(self._place_of, spans) if place is not None]
        return max(places, key=lambda place: place.n_signs, default=None)

    def _place_of(self, span: Span) -> Place | None:
        found = self._project(span)
        if found is None:
            return None
        start, end = found.start, found.end
        words, before = words_in(self.asked[start:end]), words_in(self.known[span.start : span.end])
        return Place(
            text=" ".join(words),
            known=span,
            span=found,
            has_label=self._has_same_label(span.start, start),
            is_between=self._before(span.start) == start and self._same.get(span.end) == end,
            has_shape=[shape_of(word) for word in words] == [shape_of(word) for word in before],
            is_same_text=same_text(" ".join(words), " ".join(before)),
            is_below_same=self._is_below_same(span.start, start),
        )

    def _before(self, index: int) -> int | None:
        """Return where on the asked page comes what follows the token before `index`."""
        if index == 0:
            return 0
        found = self._same.get(index - 1)
        return None if found is None else found + 1

    def _project(self, span: Span) -> Span | None:
        """Return the tokens that stand where `span` does; None if nothing says where, or they are none."""
        start = self._before(span.start)
        if start is None:
            start = self._same.get(span.start)
        if start is None or start >= len(self.asked):
            return None
        end = self._end_of(span, start)
        if end is None or not start < end <= start + _MAX_GROWTH * (span.end - span.start) + _MAX_MORE:
            return None
        inside = self.asked[start:end]
        is_one_cell = MARKS.isdisjoint(self.known[span.start : span.end])
        if inside[0] in MARKS or inside[-1] in MARKS or (is_one_cell and not MARKS.isdisjoint(inside)):
            return None
        return Span(start, end)

    def _end_of(self, span: Span, start: int) -> int | None:
        follows, last = self._same.get(span.end), self._same.get(span.end - 1)
        if follows is not None:
            return follows
        if last is not None:
            return last + 1
        if not MARKS.isdisjoint(self.known[span.start : span.end]):
            return None
        ends = (i for i in range(start, len(self.asked)) if self.asked[i] in (CELL_END, LINE_END))
        return next(ends, len(self.asked))

    def _has_same_label(self, known: int, asked: int) -> bool:
        ours = words_in(self.known[line_start(self.known, known) : known])
        theirs = words_in(self.asked[line_start(self.asked, asked) : asked])
        return bool(ours and theirs) and shape_of(ours[-1]) == shape_of(theirs[-1])

    def _is_below_same(self, known: int, asked: int) -> bool:
        ours, theirs = line_start(self.known, known), line_start(self.asked, asked)
        if ours == 0 or theirs == 0:
            return ours == theirs
        above = [_line_above(self.known, ours), _line_above(self.asked, theirs)]
        return above[0] == above[1]


def _line_above(tokens: Sequence[str], start: int) -> list[str]:
    """Return the shapes of the words of the line that ends before `start`."""
    return [shape_of(word) for word in words_in(tokens[line_start(tokens, start - 1) : start])]
