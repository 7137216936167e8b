"""The foot of a table: what stands below its last row, set like one, and is a sum, a stamp or a charge."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate, islice, pairwise, takewhile

from decoding.tables.headings import NUMERIC_KINDS
from decoding.tables.lines import Group
from decoding.tables.parts import OpenRow, TablePart
from decoding.tables.prices import looks_like_price, price_of
from decoding.tables.row_marks import is_marked
from decoding.tables.totals import folded_words, names_charge
from schemas.values.amounts import parse_amount

# A charge stands further below the last row than rows below each other, or among fuller rows.
_SET_OFF = 1.2
_CENTS = re.compile(r"[.,]\d\d\D*$")
_FULL = 3  # columns of numbers
# A number of a check or call among amounts with decimals, three or more of them.
_STAMP, _FEWEST_PRICED = re.compile(r"\d{6,}"), 3


@dataclass(frozen=True, slots=True)
class _Above:
    """What the rows above a line are.

    How many, whether all say something, how many print cents, what they come to, how many fill many columns.
    """

    n_rows: int = 0
    all_say: bool = True
    n_priced: int = 0
    total: Decimal = Decimal(0)
    n_full: int = 0

    def with_row(self, part: TablePart, row: OpenRow, main: frozenset[int]) -> _Above:
        """Return the same with one row more."""
        amount, is_price = _amount(row, main)
        return _Above(
            n_rows=self.n_rows + 1,
            all_say=self.all_say and _says(part, row, main),
            n_priced=self.n_priced + is_price,
            total=self.total + (amount or 0),
            n_full=self.n_full + (len(row.filled) >= _FULL),
        )


def drop_foot(parts: Sequence[TablePart], main: frozenset[int]) -> None:
    """Take sums and the lines at the foot of each part from its rows; each row fills one of `main`.

    One without a text is, if its amount is what all rows above come to, hours beside it or not. Others
    fill no other column of numbers, and are one of: an amount alone, or what all rows above come to, unless a
    number or date marks the line as a row; a whole number where the rows above have decimals, as files are
    stamped with; a charge for delivery that is set apart. The table's only row is never one. Below it an
    amount alone that is its own is, and below fuller rows what they all come to, whatever it says.
    """
    before = _Above()
    for part in parts:
        _drop_sums(part, main)
        _drop_stamps(part, main)
        above = [before]
        for row in part.rows:
            above.append(above[-1].with_row(part, row, main))
        at = len(part.rows)
        while at and _is_foot(part, at - 1, above[at - 1], main):
            at -= 1
        del part.rows[at:]
        before = above[at]


def _drop_sums(part: TablePart, main: frozenset[int]) -> None:
    """Take amounts without a text from the rows that are what the rows above come to, the last two or more.

    All rows above say something, and none of them is such an amount.
    """
    kept: list[OpenRow] = []
    all_say = True
    for row in part.rows:
        says = _says(part, row, main)
        is_alone = all_say and not says and row.filled <= main and not is_marked(row.lines[0], part)
        total = _amount(row, main)[0] if is_alone else None
        if total is None or not _comes_to(total, [_amount(above, main)[0] for above in reversed(kept)]):
            kept.append(row)
            all_say = all_say and says
    part.rows[:] = kept


def _drop_stamps(part: TablePart, main: frozenset[int]) -> None:
    """Take numbers without decimals that say nothing from the rows where all above have some.

    One that is longer than amounts are, with a text, goes to the row above where most have some.
    """
    kept: list[OpenRow] = []
    n_priced = 0
    for row in part.rows:
        words = _words(row, main)
        is_stamp = row.filled <= main and len(words) == 1 and _STAMP.fullmatch(words[0]) is not None
        is_junk = 0 < n_priced == len(kept) and row.filled <= main and _is_bare(part, row, main)
        if is_stamp and 2 * n_priced > len(kept) >= _FEWEST_PRICED:
            kept[-1].lines += row.lines
        elif not is_junk:
            kept.append(row)
            n_priced += _amount(row, main)[1]
    part.rows[:] = kept


def _is_bare(part: TablePart, row: OpenRow, main: frozenset[int]) -> bool:
    """Return whether a row says nothing but a number that is no money."""
    return not _is_money(row, main) and not _says(part, row, main)


def _comes_to(total: Decimal, amounts: Sequence[Decimal | None]) -> bool:
    """Return whether the first amounts, two or more, come to `total`, or may if some are misread."""
    sums = accumulate(takewhile(lambda amount: amount is not None, amounts))
    if total in islice(sums, 1, None):
        return True
    known = [amount for amount in amounts if amount is not None]
    return len(amounts) > len(known) > 1 and total > sum(known)


def _is_foot(part: TablePart, at: int, above: _Above, main: frozenset[int]) -> bool:
    row = part.rows[at]
    if not above.n_rows or not main & row.filled:
        return False
    amount, _ = _amount(row, main)
    says_nothing = above.all_say and not _says(part, row, main)
    is_sum = above.n_rows > 1 and amount is not None and amount == above.total
    if above.n_rows == 1 and amount and amount == above.total and _says_only_below(part, row, main):
        return True
    if is_sum and 2 * above.n_full > above.n_rows and len(row.filled) < _FULL:
        return not any(is_marked(line, part) for line in row.lines)
    if not row.filled <= main:
        return says_nothing and is_sum
    if any(is_marked(line, part) for line in row.lines):
        return False
    is_stamp = 2 * above.n_priced > above.n_rows and not _is_money(row, main)
    return says_nothing or is_stamp or is_sum or _is_charge_apart(part, at, above)


def _says_only_below(part: TablePart, row: OpenRow, main: frozenset[int]) -> bool:
    """Return whether the first line of a row is an amount alone, whatever stands below it."""
    first = OpenRow(lines=row.lines[:1], filled=set(row.lines[0].filled))
    return bool(first.filled) and first.filled <= main and not _says(part, first, main)


def _is_charge_apart(part: TablePart, at: int, above: _Above) -> bool:
    lines = part.rows[at].lines
    if not names_charge(folded_words(group.text for line in lines for group, _ in line.groups)):
        return False
    if 2 * above.n_full > above.n_rows:
        return True
    rows = part.rows[: at + 1]
    steps = [below.lines[0].line.y - row.lines[-1].line.y for row, below in pairwise(rows)]
    return len(steps) > 1 and steps[-1] > _SET_OFF * max(steps[:-1])


def _says(part: TablePart, row: OpenRow, main: frozenset[int]) -> bool:
    """Return whether a word of the row stands in another column than those of numbers."""
    return any(
        part.columns[index].kind not in NUMERIC_KINDS and index not in main and _tells(group)
        for line in row.lines
        for group, index in line.groups
    )


def _tells(group: Group) -> bool:
    """Return whether a group is more than a sign, as of a currency that stands apart."""
    return any(map(str.isalnum, group.text))


def _amount(row: OpenRow, main: frozenset[int]) -> tuple[Decimal | None, bool]:
    """Return the amount of a row, if its figures are sure, and whether it prints one with cents."""
    price = next((word for word in _words(row, main) if looks_like_price(word)), None)
    return (None, False) if price is None else (price_of(price), _CENTS.search(price) is not None)


def _is_money(row: OpenRow, main: frozenset[int]) -> bool:
    """Return whether a cell prints decimals, or a currency beside whole figures."""
    words = _words(row, main)
    parsed = parse_amount(" ".join(words))
    return any(map(looks_like_price, words)) or (parsed is not None and parsed.currency_mark is not None)


def _words(row: OpenRow, main: frozenset[int]) -> list[str]:
    texts = (group.text for line in row.lines for group, index in line.groups if index in main)
    return [word for text in texts for word in text.split()]
