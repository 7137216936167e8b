"""Which of a page's lines with prices are items, and which texts stand around each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import accumulate
from typing import Literal

from decoding.tables.line_prices import LinePrice, PriceColumns, is_slip, line_prices
from decoding.tables.lines import TableLine, usual_step
from decoding.tables.prices import looks_like_price, seems_price
from decoding.tables.totals import (
    counts_rows,
    folded_words,
    names_deduction,
    names_subtotal,
    names_tax,
    names_total,
    says_which,
    telling_words,
    total_share,
)
from schemas.document import Page
from schemas.values.amounts import looks_like_amount

_WRAP_PITCH = 1.9
_MOST_SUMMED = 200  # of a long list only so many rows make a sum, or time would go with their square
_ENOUGH_SUMMED = 3  # rows whose sum is no chance, whatever the line says
_MIN_LETTERS = 3  # of the word that says what an item is
_UNITS = frozenset(
    "pcs pkt pkg box btl ctn unit units stk std stck each eur usd gbp chf myr inr idr pln sek dkk nok".split()
)
# A line is no item if this share of its words names totals, taxes or payments.
_TOTAL_SHARE = 0.5
# How many, and for how much each: "17 x @130,70", "2 PCS 4.000".
_QUANTITY = re.compile(r"^\W*\d+(?:[.,]\d+)?\s*(?:x|@|pcs|pc|ea|stk)\W*\d*(?:[.,]\d+)*\W*$", re.IGNORECASE)

_SHARES = frozenset(("of", "on", "von"))
_LESS = frozenset(("less", "minus"))
_RATE = re.compile(r"\W*\d{1,2}(?:[.,]\d{1,2})?\s*%")

_Kind = Literal["item", "total", "among", "text"]


@dataclass(slots=True)
class PricedReading:
    """The priced lines that may be items, with the texts around them.

    Attributes
    ----------
    rows
        Of each item the line with its price, and one that names it below, if there is one.
    texts
        The texts above each row that a wide gap does not part from the row before, and those below the last.
    leads
        The texts right above each row that a wide gap parts from the row before, or that are above the first.
    is_closed
        Whether a total follows.
    """

    rows: list[list[TableLine]] = field(default_factory=list[list[TableLine]])
    texts: list[list[TableLine]] = field(default_factory=lambda: [[]])
    leads: list[list[TableLine]] = field(default_factory=list[list[TableLine]])
    is_closed: bool = False
    _n_closed: int = 0
    _below: tuple[TableLine, ...] = ()
    _lead: list[TableLine] = field(default_factory=list[TableLine])

    def take(self, line: TableLine, *, is_name: bool, is_near: bool) -> None:
        """Begin a row with a priced line near to what is above, or add it to the last, which it names."""
        if is_name:
            self.rows[-1].append(line)
        else:
            lead = self._lead if self.rows else self.texts[0]
            self.leads.append(lead if is_near else [])
            self.rows.append([line])
            self.texts.append([])
        self._lead = []

    def take_text(self, line: TableLine, *, is_near: bool) -> None:
        """Add a text to those below the last row, or, behind a wide gap, to those above the next one."""
        if says_how_many(line) or (is_near and not self._lead):
            self.texts[-1].append(line)
        elif not self.rows:
            self.texts[-1] = [line]  # after a gap, what stood above it is no item's
        else:
            self._lead = [*self._lead, line] if is_near else [line]

    def close(self) -> None:
        """Note that a total follows the rows so far."""
        self.is_closed, self._n_closed, self._below = True, len(self.rows), tuple(self.texts[-1])

    def drop_open(self) -> None:
        """Drop what stands below the last total, if there is one."""
        if self._n_closed:
            del self.rows[self._n_closed :], self.texts[self._n_closed + 1 :], self.leads[self._n_closed :]
            self.texts[-1] = list(self._below)


def read_priced_lines(page: Page, lines: Sequence[TableLine]) -> PricedReading:
    """Return the items among some lines, up to a till's first total, or a sheet's last one."""
    found = line_prices(page, lines)
    priced = {line: found[line] for line in lines if line in found}
    ends = is_slip(page)
    sums = frozenset(() if ends else _adding_up(priced))
    items = [line for line in priced if line not in sums and _named_kind(line) == "item"]
    columns = PriceColumns(page, [priced[line].right for line in items])
    # On a slip what is taken off is no item, but where everything is. On a sheet it may be a row above a sum.
    adds = 2 * sum(price.is_negative for price in priced.values()) < len(priced)
    reach = _WRAP_PITCH * usual_step(lines)
    read = PricedReading()
    last: TableLine | None = None
    for line in filter(_says_something, lines):
        kind = _kind(line, priced.get(line), pays=adds and (ends or read.is_closed))
        if kind == "total" and read.rows:
            read.close()
            if ends:
                return read
        if kind in ("total", "among"):
            last = line if kind == "among" and _names_stand_above(read) else None
        elif line in sums or (kind == "item" and columns.has(priced[line]) and _is_sum(line, read, priced)):
            read.is_closed, last = True, None
        else:
            _take(line, kind == "item" and columns.has(priced[line]), read, priced, near=last, reach=reach)
            last = line
    read.drop_open()
    return read


def _adding_up(priced: Mapping[TableLine, LinePrice]) -> Iterator[TableLine]:
    """Yield the lines that name a sum, and are what the prices right above them come to, one or more."""
    above: list[Decimal | None] = []
    for line, price in priced.items():
        if price.amount and _tells_sum(line) and price.amount in accumulate(_known(reversed(above))):
            yield line
        else:
            above = [*above[1 - _MOST_SUMMED :], price.amount]


def _known(amounts: Iterable[Decimal | None]) -> Iterator[Decimal]:
    """Yield the amounts up to the first one that is unsure."""
    for amount in amounts:
        if amount is None:
            return
        yield amount


def _take(
    line: TableLine,
    is_item: bool,
    read: PricedReading,
    priced: Mapping[TableLine, LinePrice],
    *,
    near: TableLine | None,
    reach: float,
) -> None:
    """Take a line for an item, or for a text of the items that it stands `near`."""
    is_near = near is not None and line.y - near.y < reach
    if is_item:
        read.take(line, is_name=_is_named_by(line, read, priced), is_near=is_near)
    else:
        read.take_text(line, is_near=is_near)


def _names_stand_above(read: PricedReading) -> bool:
    """Return whether names stand above their prices: then one may follow a discount at once."""
    return bool(read.rows) and not any(map(says_what, read.rows[-1]))


def _kind(line: TableLine, price: LinePrice | None, *, pays: bool) -> _Kind:
    """Return what a line is; "among" is a discount or the like, which stands among items."""
    if price is None:
        words = folded_words(group.text for group in line.groups)
        return "total" if counts_rows(words, n_figures=line.n_figures) else "text"
    kind = _named_kind(line)
    if kind == "item":
        return "among" if pays and price.is_negative else "item"
    return "among" if price.text.startswith(("-", "(")) else kind


def _named_kind(line: TableLine) -> _Kind:
    """Return what a line with a price is, by its words."""
    words = telling_words(folded_words(group.text for group in line.groups))
    if counts_rows(words, n_figures=1):
        return "total"  # "ITEMS: 1   41,000"
    if _is_rated_tax(line, words) or _is_subtotal(line, words):
        return "total"
    if total_share(words) < _TOTAL_SHARE or any("deposit" in word for word in words if names_total([word])):
        return "item"
    return "among" if names_deduction(words) else "total"


def _is_rated_tax(line: TableLine, words: Sequence[str]) -> bool:
    """Return whether a line names a tax on sales and its rate, and little else.

    It begins with the rate ("19 % USt. Nr. 7008 VV RVG"), or a third of its words names the tax ("Conn. Tax
    - 6% on 99.00"): goods may be "plus 8% tax".
    """
    text = " ".join(group.text for group in line.groups)
    if not names_tax(words):
        return False
    n_taxes = sum(names_tax([word]) for word in words)
    return _RATE.match(text) is not None or (_RATE.search(text) is not None and 3 * n_taxes >= len(words))


def _is_subtotal(line: TableLine, words: Sequence[str]) -> bool:
    """Return whether a line begins or ends with the word of a subtotal; "15 % on the subtotal" is none."""
    texts = [word for group in line.groups for word in group.text.split() if any(map(str.isalpha, word))]
    edges = (folded_words(texts[:1]), folded_words(texts[-1:]))
    return any(map(names_subtotal, edges)) and _SHARES.isdisjoint(words)


def _is_sum(line: TableLine, read: PricedReading, priced: Mapping[TableLine, LinePrice]) -> bool:
    """Return whether a line is no item, but what those above come to, or an amount that says no more.

    All rows may come to it, three or more of them, whatever it says. An amount alone is one if the last rows
    come to it, two or more. Where each row names its item beside its price, an amount alone right below them
    is their sum, also if a reader misread one of the figures.
    """
    total = priced[line].amount
    above = read.rows[-_MOST_SUMMED:]
    amounts = [priced[row[0]].amount for row in above]
    is_sum = bool(above) and None not in amounts and total == sum(filter(None, amounts))
    if is_sum and (len(above) >= _ENOUGH_SUMMED or _tells_sum(line)):
        return True
    if len(line.groups) > 2 or any(map(_is_text, (word for g in line.groups for word in g.text.split()))):
        return False
    if len(above) > 1 and not read.texts[-1] and all(says_what(row[0]) for row in above):
        return True
    found = Decimal(0)
    for number, amount in enumerate(reversed(amounts), start=1):
        found += amount or 0
        if number > 1 and total is not None and found == total:
            return True
    return False


def _is_text(word: str) -> bool:
    """Return whether a word has letters and is no price with a misread sign ("S28.797.24")."""
    return any(map(str.isalpha, word)) and not looks_like_price(word) and not seems_price(word)


def _tells_sum(line: TableLine) -> bool:
    """Return whether some word of a line names a total, or all of them only which total it is.

    What it takes off ("Less amount billed") is as much as what stands above, and no sum.
    """
    words = telling_words(folded_words(group.text for group in line.groups))
    if not words or not _LESS.isdisjoint(words):
        return False
    return total_share(words) > 0 or says_which(words)


def _is_named_by(line: TableLine, read: PricedReading, priced: Mapping[TableLine, LinePrice]) -> bool:
    """Return whether a line names the item of the one above, which says how many and the same price only."""
    if not read.rows or len(read.rows[-1]) > 1 or read.texts[-1] or (len(read.rows) > 1 and read.texts[-2]):
        return False
    above = read.rows[-1][0]
    return not says_what(above) and says_what(line) and priced[above].text == priced[line].text


def says_how_many(line: TableLine) -> bool:
    """Return whether a line says how many of an item there are, and for how much each, and no more."""
    return _QUANTITY.match(" ".join(group.text for group in line.groups)) is not None


def says_what(line: TableLine) -> bool:
    """Return whether a word of the line may name an item: letters that are no unit, currency or amount."""
    return any(says_word(word) for group in line.groups for word in group.text.split())


def says_word(word: str) -> bool:
    """Return whether a word may name an item."""
    letters = "".join(filter(str.isalpha, word))
    if len(letters) < _MIN_LETTERS or letters.casefold() in _UNITS:
        return False
    return not looks_like_amount(word)


def _says_something(line: TableLine) -> bool:
    return any(character.isalnum() for group in line.groups for character in group.text)
