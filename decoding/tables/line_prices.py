"""The prices that lines of a page end in, and where the columns of prices end."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from decoding.tables.lines import TableLine, char_width
from decoding.tables.prices import are_cents_apart, looks_like_price, price_of, seems_price
from schemas.document import Page
from schemas.values.dates import fold
from schemas.values.months import MONTHS

# Prices of one column end within this many character widths of each other; tax letters stand behind some.
_SAME_EDGE_CHARS = 3.0
# On a sheet prices may stand in several columns, each of at least so many.
_MIN_COLUMN = 3
# A till's slip has fewer characters across than a sheet: 95 of 100 labelled slips have, and 1 sheet.
_SLIP_CHARS = 78
# A price without decimals, where a page has none with them: on a sheet a plain number may be a postcode, too.
_BARE, _MARKED = re.compile(r"[$€£*]*\d{3,7}[$€£*]*"), re.compile(r"[$€£]\d{1,7}")
_CURRENCIES = frozenset("$€£")
# A day and a year behind a month's name ("June 30,1993").
_DAY_AND_YEAR = re.compile(r"\d{1,2}[.,](?:19|20)\d{2}\W*")
# Figures that a price in a column of others may be without its mark, or whose cents a blank parts.
_UNMARKED = re.compile(r"[$€£]?(?!(?:19|20)\d\d$)\d{3,6}")
_FEW, _TWO = re.compile(r"[$€£]?\d{1,3}"), re.compile(r"\d{2}")
_MOST_LETTERS = 3  # of a word behind a price at the beginning of a line: more say what something is
# A price of nothing, and the thousands among which it is one.
_NOTHING, _THOUSANDS = re.compile(r"[$€£*]*0[$€£*]*"), re.compile(r"[.,]\d{3}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePrice:
    """Where a line's price ends, its text, and the amount; None of a whole number or of unsure figures."""

    right: float
    text: str
    amount: Decimal | None

    @property
    def is_marked(self) -> bool:
        """Return whether a currency's sign stands at the price."""
        return not _CURRENCIES.isdisjoint(self.text)

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
    found = {**more, **found}
    return {**_misread_prices(page, lines, found), **found}


def _misread_prices(
    page: Page, lines: Sequence[TableLine], found: Mapping[TableLine, LinePrice]
) -> dict[TableLine, LinePrice]:
    """Return the lines of a sheet that end in what seems a price, where others end that have decimals.

    It is as long as a price with decimals, or, between the first and the last one, of figures alone, or its
    cents stand apart.
    """
    priced = [at for at, line in enumerate(lines) if line in found]
    if is_slip(page) or len(priced) < _MIN_COLUMN or _are_thousands(found.values()):
        return {}
    columns = PriceColumns(page, [price.right for price in found.values()])
    more: dict[TableLine, LinePrice] = {}
    for at in range(max(priced[0] - 1, 0), min(priced[-1] + 2, len(lines))):
        line, is_amid = lines[at], priced[0] < at < priced[-1]
        price = None if line in found else _misread_at_end(page, line, is_amid=is_amid)
        if price is not None and columns.has(price):
            more[line] = price
    return more


def _misread_at_end(page: Page, line: TableLine, *, is_amid: bool) -> LinePrice | None:
    last = line.groups[-1]
    word = page.words[last.end - 1]
    is_alone = last.end - 1 == line.groups[0].start
    before = "" if last.end - 1 == last.start else page.words[last.end - 2].text
    if is_amid and _FEW.fullmatch(before) and _TWO.fullmatch(word.text):
        text = f"{before}.{word.text}"
        return LinePrice(right=word.bbox.right, text=text, amount=price_of(text))
    is_unmarked = _UNMARKED.fullmatch(word.text) is not None and fold(before.strip(".,")) not in MONTHS
    if seems_price(word.text) or (is_amid and is_unmarked and not is_alone):
        return LinePrice(right=word.bbox.right, text=word.text, amount=None)
    return None


def _are_thousands(prices: Iterable[LinePrice]) -> bool:
    texts = [price.text for price in prices]
    return 2 * sum(_THOUSANDS.search(text) is not None for text in texts) > len(texts)


def price_at_end(page: Page, line: TableLine, bare: re.Pattern[str] | None = None) -> LinePrice | None:
    """Return the price at the end of the line; a tax letter, a rate or the like may stand behind it.

    The day and year of a date are none, nor is a number that a text stands behind ("3.0 Expenses").
    """
    words = [index for group in line.groups for index in range(group.start, group.end)]
    for back in range(1, min(len(words), 2) + 1):
        at = words[-back]
        word = page.words[at]
        before = page.words[words[-back - 1]].text if len(words) > back else ""
        if _DAY_AND_YEAR.fullmatch(word.text) and fold(before.strip(".,")) in MONTHS:
            return None
        if not before and back > 1 and _says(page.words[words[-1]].text):
            return None
        if are_cents_apart(before, word.text):
            text = f"{before.rstrip('.,*')}.{word.text}"
            return LinePrice(right=word.bbox.right, text=text, amount=price_of(text))
        if not word.text.endswith("%") and (
            looks_like_price(word.text) or _is_whole(before, word.text, bare)
        ):
            text = f"-{word.text}" if _is_minus_before(line, before, at) else word.text
            return LinePrice(right=word.bbox.right, text=text, amount=price_of(word.text))
    return None


def _says(text: str) -> bool:
    """Return whether a word may say what something is, as no unit, currency or tax letter does."""
    return sum(map(str.isalpha, text)) > _MOST_LETTERS


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
