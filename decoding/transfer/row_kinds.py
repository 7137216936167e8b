"""What kind of line a row is: what it says in words, and which columns it fills.

Freight, deposits and discounts are printed on each invoice of a vendor with the same words, or fill the same
few columns, whatever they come to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from decoding.tables.table import Cell, TableRow
from decoding.tables.totals import folded_words
from schemas.document import Page

# Of the word that a line begins with, and of those that it is compared by.
_MIN_LEAD, _MIN_WORD = 3, 2
# Two lines of one kind share so many of their words (Dice): a carrier's name or a month may change.
_SAME_WORDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class RowKind:
    """A line's first telling word ("" without one), its words, and the indices of the columns it fills."""

    lead: str
    words: frozenset[str]
    filled: frozenset[int]

    def says_same(self, other: RowKind) -> bool:
        """Return whether two lines begin alike and share at least half of their words."""
        if not self.lead or self.lead != other.lead:
            return False
        return 2 * len(self.words & other.words) >= _SAME_WORDS * (len(self.words) + len(other.words))

    def in_columns(self, mapping: Mapping[int, int]) -> RowKind | None:
        """Return the kind with the columns of another table; None if one that it fills is not there."""
        if not self.filled <= mapping.keys():
            return None
        return RowKind(
            lead=self.lead, words=self.words, filled=frozenset(mapping[column] for column in self.filled)
        )


def kind_of_row(row: TableRow, page: Page) -> RowKind:
    """Return the kind of a table's row, by the words of its first line that has any."""
    filled = frozenset(index for index, cell in enumerate(row.cells) if cell)
    return _kind(first_line(sorted(row.words), page), page, filled)


def kind_of_words(words: Iterable[int], page: Page, filled: Iterable[int] = ()) -> RowKind:
    """Return the kind of a line that holds the words of a page with these indices."""
    return _kind(sorted(words), page, frozenset(filled))


def _kind(words: Sequence[int], page: Page, filled: frozenset[int]) -> RowKind:
    texts = [page.words[index].text for index in words]
    folded = (word for text in texts for word in sorted(folded_words([text]), key=len, reverse=True))
    lead = next((word for word in folded if len(word) >= _MIN_LEAD), "")
    return RowKind(
        lead=lead,
        words=frozenset(word for word in folded_words(texts) if len(word) >= _MIN_WORD),
        filled=filled,
    )


def lines_of(cell: Iterable[int], page: Page) -> tuple[Cell, ...]:
    """Return the words of a cell line by line, from top to bottom."""
    wanted = frozenset(cell)
    lines = (tuple(i for i in range(start, end) if i in wanted) for start, end in page.lines)
    return tuple(line for line in lines if line)


def first_line(words: Sequence[int], page: Page) -> Cell:
    """Return those of the words that stand on the first line that says a word of letters."""
    lines = lines_of(words, page)
    spoken = (line for line in lines if any(len(w) >= _MIN_LEAD for w in _folded(line, page)))
    return next(spoken, lines[0] if lines else ())


def _folded(line: Iterable[int], page: Page) -> frozenset[str]:
    return folded_words(page.words[index].text for index in line)
