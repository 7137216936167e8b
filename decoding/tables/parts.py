"""What a page shows of a table while its rows are found: lines in columns, rows that grow line by line."""

from __future__ import annotations

from dataclasses import dataclass, field

from decoding.tables.lines import Group, TableLine
from decoding.tables.table import Column
from schemas.document import Page


@dataclass(frozen=True, slots=True)
class ReadLine:
    """One line below a heading.

    Its groups have their columns; `words` are what it says, folded, but for article numbers; `filled` are the
    columns of numbers that it fills, `total_share` is the share of its words that names a total, `is_carried`
    whether that is one after which the table goes on, `is_deduction` whether it takes something off the row
    above.
    """

    line: TableLine
    groups: tuple[tuple[Group, int], ...]
    words: frozenset[str]
    filled: frozenset[int]
    total_share: float
    is_carried: bool
    is_deduction: bool


@dataclass(slots=True)
class OpenRow:
    """A row that grows line by line; `continued` are lines of it at the top of the next page, if any."""

    lines: list[ReadLine]
    filled: set[int]
    continued: tuple[TablePart, tuple[ReadLine, ...]] | None = None


@dataclass(slots=True)
class TablePart:
    """What one page shows of a table.

    Attributes
    ----------
    is_over
        Whether a total ends it there.
    lead
        The lines above its first row, below the heading and sums that are carried over.
    is_begun
        Whether a heading, or a sum that is carried over, stands above them.
    """

    page: Page
    columns: tuple[Column, ...]
    rows: list[OpenRow] = field(default_factory=list[OpenRow])
    is_over: bool = False
    lead: tuple[ReadLine, ...] = ()
    is_begun: bool = True
