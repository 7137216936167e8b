"""Line items without a heading, as receipts print them: lines that end in a price, before the first total.

An item has the words of one such line and of what is wrapped around it; each is given once, in order.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from decoding.tables.lines import TableLine, char_width, table_lines, usual_step
from decoding.tables.table import Table, TableRow
from decoding.tables.totals import counts_rows, folded_words, names_deduction, names_total, telling_words
from schemas.document import Document, Page
from schemas.values import decimal_amount
from schemas.values.amounts import looks_like_amount

# Prices of one column end within this many character widths of each other; tax letters stand behind some.
_SAME_EDGE_CHARS = 3.0
_WRAP_PITCH = 1.9
_MOST_SUMMED = 200  # of a long list only so many rows make a sum, or time would go with their square
_MIN_LETTERS = 3  # of the word that says what an item is
_UNITS = frozenset(
    "pcs pkt pkg box btl ctn unit units stk std stck each eur usd gbp chf myr inr idr pln sek dkk nok".split()
)
# A line is no item if this share of its words names totals, taxes or payments.
_TOTAL_SHARE = 0.5
# A price without decimals, where a page has none with them, and a price of nothing among thousands.
_BARE, _NOTHING = re.compile(r"\d{3,7}"), re.compile("0")
_THOUSANDS = re.compile(r"[.,]\d{3}$")
# How many, and for how much each: "17 x @130,70", "2 PCS 4.000".
_QUANTITY = re.compile(r"^\W*\d+(?:[.,]\d+)?\s*(?:x|@|pcs|pc|ea|stk)\W*\d*(?:[.,]\d+)*\W*$", re.IGNORECASE)


def find_priced_lines(document: Document) -> Table | None:
    """Return the lines of a document that may be items, as rows without columns; None if there are none.

    They are sure if a total follows them. A single price that no total follows is none.
    """
    pages = [_page_rows(page) for page in document.pages if page.words]
    rows = tuple(row for found, _ in pages for row in found)
    is_closed = any(closed for found, closed in pages if found)
    if not rows or (len(rows) == 1 and not is_closed):
        return None
    return Table(columns=(), rows=rows, is_sure=is_closed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Price:
    """Where a line's price ends, its text, and the amount; None of a whole number."""

    right: float
    text: str
    amount: Decimal | None


@dataclass(slots=True)
class _Reading:
    """The lines up to the total: each priced line that may be an item, with the texts around it."""

    rows: list[list[TableLine]] = field(default_factory=list[list[TableLine]])
    # Above each row, and below the last.
    texts: list[list[TableLine]] = field(default_factory=list[list[TableLine]])
    is_closed: bool = False

    def take(self, line: TableLine, *, is_name: bool) -> None:
        """Begin a row with a priced line, or add it to the last one, which it names."""
        if is_name:
            self.rows[-1].append(line)
        else:
            self.rows.append([line])
            self.texts.append([])


def _page_rows(page: Page) -> tuple[list[TableRow], bool]:
    """Return the rows of one page, and whether a total follows them."""
    read = _read(page, table_lines(page))
    anonymous = [not any(map(_says_what, row)) for row in read.rows]
    has_quantity_above = _has_quantities_above(read)
    # Where prices stand on lines of their own, the names are above them, unless one is below the last.
    is_above = not read.texts[-1]
    rows: list[TableRow] = []
    for number, row in enumerate(read.rows):
        above, below = read.texts[number], read.texts[number + 1]
        following = number + 1 < len(read.rows) and anonymous[number + 1]
        if has_quantity_above:
            below = [line for line in below if not _is_quantity(line)]
            own = [*(line for line in above[-1:] if _is_quantity(line)), *row, *below]
            other: list[TableLine] = []
        else:
            name = above[-1:] if anonymous[number] and is_above else []
            own = [*name, *row, *(below[:-1] if following and is_above else below)]
            # A text between two rows may be the first line of the one below.
            other = [*above, *row, *below] if is_above and number and above and not name else []
        rows.append(
            TableRow(
                page_index=page.page_index,
                cells=_stretches(page, own),
                others=_stretches(page, other),
            )
        )
    return rows, read.is_closed


def _has_quantities_above(read: _Reading) -> bool:
    """Return whether lines that say how many stand above their items: above the first, not below the last."""
    first, last = read.texts[0][-1:], read.texts[-1]
    return bool(read.rows) and any(map(_is_quantity, first)) and not any(map(_is_quantity, last))


def _is_quantity(line: TableLine) -> bool:
    return _QUANTITY.match(" ".join(group.text for group in line.groups)) is not None


def _read(page: Page, lines: Sequence[TableLine]) -> _Reading:
    priced = _priced(page, lines)
    tolerance = _SAME_EDGE_CHARS * char_width(page)
    edge = _price_edge([price.right for line, price in priced.items() if _kind_of(line) == "item"], tolerance)
    reach = _WRAP_PITCH * usual_step(lines)
    read = _Reading(texts=[[]])
    last: TableLine | None = None
    for line in filter(_says_something, lines):
        kind = _kind_of(line, priced[line].text) if line in priced else "text"
        if read.rows and (kind == "total" or (kind == "text" and _counts_rows(line))):
            read.is_closed = True
            return read
        if kind in ("total", "among"):
            # Where names stand above their prices, one may follow a discount at once.
            names_above = bool(read.rows) and not any(map(_says_what, read.rows[-1]))
            last = line if kind == "among" and names_above else None
            continue
        if line in priced and edge is not None and abs(priced[line].right - edge) <= tolerance:
            if _is_bare_sum(line, read, priced):
                read.is_closed, last = True, None
                continue
            read.take(line, is_name=_is_named_by(line, read, priced))
        elif (last is not None and line.y - last.y < reach) or _is_quantity(line):
            read.texts[-1].append(line)
        elif not read.rows:
            read.texts[-1] = [line]  # after a gap, what stood above it is no item's
        last = line
    return read


def _counts_rows(line: TableLine) -> bool:
    """Return whether a line says how many items there are."""
    return line.has_digit and counts_rows(folded_words(group.text for group in line.groups))


def _is_bare_sum(line: TableLine, read: _Reading, priced: Mapping[TableLine, _Price]) -> bool:
    """Return whether a line says an amount only, which is what the last rows come to, two of them or more."""
    total = priced[line].amount
    if total is None or len(line.groups) > 2 or any(ch.isalpha() for g in line.groups for ch in g.text):
        return False
    found = Decimal(0)
    for number, row in enumerate(reversed(read.rows[-_MOST_SUMMED:]), start=1):
        found += priced[row[0]].amount or 0
        if number > 1 and found == total:
            return True
    return False


def _is_named_by(line: TableLine, read: _Reading, priced: Mapping[TableLine, _Price]) -> bool:
    """Return whether a line names the item of the one above, which says how many and the same price only."""
    if not read.rows or len(read.rows[-1]) > 1 or read.texts[-1] or (len(read.rows) > 1 and read.texts[-2]):
        return False
    above = read.rows[-1][0]
    return not _says_what(above) and _says_what(line) and priced[above].text == priced[line].text


def _kind_of(line: TableLine, price: str = "") -> Literal["item", "total", "among"]:
    """Return what a line with a price is; "among" is a discount or the like, which stands among items."""
    words = telling_words(folded_words(group.text for group in line.groups))
    named = [word for word in words if names_total([word])]
    if not named or len(named) < _TOTAL_SHARE * len(words):
        return "item"
    if any("deposit" in word for word in named):
        return "item"
    return "among" if names_deduction(words) or price.startswith(("-", "(")) else "total"


def _price_edge(edges: Sequence[float], tolerance: float) -> float | None:
    """Return where most prices end, the rightmost such place on a tie; None if there are none."""
    ordered = sorted(edges)
    together = [_count_near(ordered, edge, tolerance) for edge in ordered]
    best = max(zip(together, ordered, strict=True), default=None)
    return None if best is None else best[1]


def _count_near(ordered: Sequence[float], edge: float, tolerance: float) -> int:
    def distance(other: float) -> float:
        return other - edge

    first = bisect_left(ordered, -tolerance, key=distance)
    return bisect_right(ordered, tolerance, key=distance) - first


def _priced(page: Page, lines: Sequence[TableLine]) -> dict[TableLine, _Price]:
    """Return the lines that end in a price, and the price.

    Where no line's price has decimals, whole numbers are prices; among thousands a zero is one.
    """
    found = {line: price for line in lines if (price := _price(page, line, None)) is not None}
    bare = _BARE if not found else _NOTHING if _are_thousands(found.values()) else None
    more = {line: price for line in lines if bare and (price := _price(page, line, bare)) is not None}
    return {**more, **found}


def _are_thousands(prices: Iterable[_Price]) -> bool:
    texts = [price.text for price in prices]
    return 2 * sum(_THOUSANDS.search(text) is not None for text in texts) > len(texts)


def _price(page: Page, line: TableLine, bare: re.Pattern[str] | None) -> _Price | None:
    """Return the price at the end of the line; a tax letter or the like may stand behind it."""
    start, end = line.groups[0].start, line.groups[-1].end
    for at in range(end - 1, max(start, end - 2) - 1, -1):
        word = page.words[at]
        amount = decimal_amount(word.text)
        if amount is not None or (bare and bare.fullmatch(word.text.strip("$€£*"))):
            before = page.words[at - 1].text if at > start else ""
            sign = "-" if before.startswith("-") and before[1:].strip("RpM$€£").isdigit() else ""
            return _Price(right=word.bbox.right, text=sign + word.text, amount=amount)
    return None


def _says_what(line: TableLine) -> bool:
    """Return whether a word of the line may name an item: letters that are no unit, currency or amount."""
    return any(_names(word) for group in line.groups for word in group.text.split())


def _names(word: str) -> bool:
    letters = "".join(filter(str.isalpha, word))
    if len(letters) < _MIN_LETTERS or letters.casefold() in _UNITS:
        return False
    return not looks_like_amount(word)


def _says_something(line: TableLine) -> bool:
    return any(character.isalnum() for group in line.groups for character in group.text)


def _stretches(page: Page, lines: Sequence[TableLine]) -> tuple[tuple[int, ...], ...]:
    """Return the words of some lines, apart where no text of the page goes on from one to the next."""
    stretches: list[list[int]] = []
    for word in sorted(i for line in lines for group in line.groups for i in range(group.start, group.end)):
        if not stretches or stretches[-1][-1] != word - 1 or (word - 1, word) in page.cuts:
            stretches.append([])
        stretches[-1].append(word)
    return tuple(map(tuple, stretches))
