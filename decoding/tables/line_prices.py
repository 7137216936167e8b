"""The prices that lines of a page end in, and where the columns of prices end."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from decoding.tables.lines import TableLine, char_width
from decoding.tables.prices import are_cents_apart, looks_like_price, price_of
from schemas.document import Page

# Prices of one column end within this many character widths of each other; tax letters stand behind some.
_SAME_EDGE_CHARS = 3.0
# On a sheet prices may stand in several columns, each of at least so many.
_MIN_COLUMN = 3
# A till's slip has fewer characters across than a sheet: 95 of 100 labelled slips have, and 1 sheet.
_SLIP_CHARS = 78
# A price without decimals, where a page has none with them: on a sheet a plain number may be a postcode, too.
_BARE, _MARKED = re.compile(r"[$€£*]*\d{3,7}[$€£*]*"), re.compile(r"[$€£]\d{1,7}")
_CURRENCIES = frozenset("$€£")
# A price of nothing, and the thousands among which it is one.
_NOTHING, _THOUSANDS = re.compile(r"[$€£*]*0[$€£*]*"), re.compile(r"[.,]\d{3}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePrice:
    """Where a line's price ends, its text, and the amount; None of a whole number or of unsure figures."""

    right: float
    text: str
    amount: Decimal | None

    @property
    def is_negative(self) -> bool:
        """Return whether the price takes something off."""
        return self.text.startswith(("-", "(")) or (self.amount is not None and self.amount < 0)


def is_slip(page: Page) -> bool:
    """Return whether a page is as narrow as what tills print, by the characters that fit across it."""
    return char_width(page) * _SLIP_CHARS > 1


def line_prices(page: Page, lines: Sequence[TableLine]) -> dict[TableLine, LinePrice]:
    """Return the lines that end in a price, and the price.

    Where no line's price has decimals, whole numbers are prices, on a sheet only with a currency's sign;
    among thousands a zero is one.
    """
    found = {line: price for line in lines if (price := price_at_end(page, line)) is not None}
    whole = _BARE if is_slip(page) else _MARKED
    bare = whole if not found else _NOTHING if _are_thousands(found.values()) else None
    more = {line: price for line in lines if bare and (price := price_at_end(page, line, bare)) is not None}
    return {**more, **found}


def _are_thousands(prices: Iterable[LinePrice]) -> bool:
    texts = [price.text for price in prices]
    return 2 * sum(_THOUSANDS.search(text) is not None for text in texts) > len(texts)


def price_at_end(page: Page, line: TableLine, bare: re.Pattern[str] | None = None) -> LinePrice | None:
    """Return the price at the end of the line; a tax letter, a rate or the like may stand behind it."""
    start, end = line.groups[0].start, line.groups[-1].end
    for at in range(end - 1, max(start, end - 2) - 1, -1):
        word = page.words[at]
        before = page.words[at - 1].text if at > start else ""
        if are_cents_apart(before, word.text):
            text = f"{before}.{word.text}"
            return LinePrice(right=word.bbox.right, text=text, amount=price_of(text))
        if not word.text.endswith("%") and (
            looks_like_price(word.text) or _is_whole(before, word.text, bare)
        ):
            text = f"-{word.text}" if _is_minus_before(line, before, at) else word.text
            return LinePrice(right=word.bbox.right, text=text, amount=price_of(word.text))
    return None


def _is_whole(before: str, text: str, bare: re.Pattern[str] | None) -> bool:
    if bare is None:
        return False
    return bare.fullmatch(text) is not None or (
        before in _CURRENCIES and bare.fullmatch(before + text) is not None
    )


def _is_minus_before(line: TableLine, before: str, at: int) -> bool:
    """Return whether the word before that at `at` is the first part of a negative number ("-1 200.50")."""
    is_beside = any(group.start < at < group.end for group in line.groups)
    return is_beside and before.startswith("-") and before[1:].strip("RpM$€£").isdigit()


class PriceColumns:
    """Where the columns of prices on a page end, given where each price ends."""

    def __init__(self, page: Page, rights: Sequence[float]) -> None:
        self._tolerance = _SAME_EDGE_CHARS * char_width(page)
        ordered = sorted(rights)
        together = [self._count_near(ordered, edge) for edge in ordered]
        # Where most prices end, the rightmost such place on a tie; on a sheet elsewhere, too.
        main = max(zip(together, ordered, strict=True), default=None)
        self._edges = [] if main is None else [main[1]]
        if not is_slip(page):
            self._edges += [e for e, n in zip(ordered, together, strict=True) if n >= _MIN_COLUMN]
        self._edges.sort()

    def has(self, price: LinePrice) -> bool:
        """Return whether a price ends where one of the columns does."""
        return self._count_near(self._edges, price.right) > 0

    def _count_near(self, ordered: Sequence[float], edge: float) -> int:
        def distance(other: float) -> float:
            return other - edge

        first = bisect_left(ordered, -self._tolerance, key=distance)
        return bisect_right(ordered, self._tolerance, key=distance) - first
