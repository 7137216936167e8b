"""Line items without a heading, as receipts print them: lines that end in a price, before the first total.

An item has the words of one such line and of what is wrapped around it; each is given once, in order.
"""

from __future__ import annotations

from collections.abc import Sequence

from decoding.tables.line_prices import is_slip, price_at_end
from decoding.tables.lines import TableLine, level_lines
from decoding.tables.priced_reading import (
    PricedReading,
    read_priced_lines,
    says_how_many,
    says_what,
    says_word,
)
from decoding.tables.table import Table, TableRow
from schemas.document import Document, Page

# A paragraph above a price has so many lines at most.
_MOST_LEAD = 12


def find_priced_lines(document: Document) -> Table | None:
    """Return the lines of a document that may be items, as rows without columns; None if there are none.

    They are sure if a total follows them. A single price that no total follows is none, unless it stands in
    a cell of its own beside what it is for, or, on a sheet, has a currency's sign.
    """
    pages = [_page_rows(page) for page in document.pages if page.words]
    rows = tuple(row for found, _ in pages for row in found)
    is_closed = any(closed for found, closed in pages if found)
    if not rows or (len(rows) == 1 and not is_closed and not _stands_apart(document, rows[0])):
        return None
    return Table(columns=(), rows=rows, is_sure=is_closed)


def _stands_apart(document: Document, row: TableRow) -> bool:
    """Return whether the price of a row is no number in a sentence: by its cell or its currency's sign."""
    page = document.pages[row.page_index]
    has_name = bool(row.others) or any(says_word(page.words[index].text) for index in row.words)
    for line in level_lines(page):
        price = price_at_end(page, line)
        if price is None or not any(group.start in row.words for group in line.groups):
            continue
        is_apart = len(line.groups) > 1 and says_what(line)
        if is_apart or (has_name and not is_slip(page) and price.is_marked):
            return True
    return False


def _page_rows(page: Page) -> tuple[list[TableRow], bool]:
    """Return the rows of one page, and whether a total follows them."""
    read = read_priced_lines(page, level_lines(page))
    anonymous = [not any(map(says_what, row)) for row in read.rows]
    has_quantity_above = _has_quantities_above(read)
    is_sheet = not is_slip(page)
    # Where prices stand on lines of their own, the names are above them, unless one is below the last.
    is_above = not read.texts[-1]
    rows: list[TableRow] = []
    for number, row in enumerate(read.rows):
        above, below = read.texts[number], read.texts[number + 1]
        following = number + 1 < len(read.rows) and anonymous[number + 1]
        if has_quantity_above:
            below = [line for line in below if not says_how_many(line)]
            own = [*(line for line in above[-1:] if says_how_many(line)), *row, *below]
            other: list[TableLine] = []
        else:
            name = above[-1:] if anonymous[number] and is_above else []
            own = [*name, *row, *(below[:-1] if following and is_above else below)]
            # A text between two rows may be the first line of the one below, as one above it on a sheet is.
            lead = read.leads[number][-_MOST_LEAD:] if is_sheet else []
            lead = lead or (above if is_above and number else [])
            other = [*lead, *row, *below] if lead and not name else []
        rows.append(
            TableRow(
                page_index=page.page_index,
                cells=_stretches(page, own),
                others=_stretches(page, other),
            )
        )
    return rows, read.is_closed


def _has_quantities_above(read: PricedReading) -> bool:
    """Return whether lines that say how many stand above their items: above the first, not below the last."""
    first, last = read.texts[0][-1:], read.texts[-1]
    return bool(read.rows) and any(map(says_how_many, first)) and not any(map(says_how_many, last))


def _stretches(page: Page, lines: Sequence[TableLine]) -> tuple[tuple[int, ...], ...]:
    """Return the words of some lines, apart where no text of the page goes on from one to the next."""
    stretches: list[list[int]] = []
    for word in sorted(i for line in lines for group in line.groups for i in range(group.start, group.end)):
        if not stretches or stretches[-1][-1] != word - 1 or (word - 1, word) in page.cuts:
            stretches.append([])
        stretches[-1].append(word)
    return tuple(map(tuple, stretches))
