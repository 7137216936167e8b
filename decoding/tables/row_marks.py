"""What marks a line as a row whatever its words say: a position's number, or a booking's date.

An account pays taxes, deposits and credit cards, and an order lists a tax adviser's hours: words of totals in
a description end no table where the line is numbered or dated as rows are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from decoding.tables.headings import MONEY_KINDS, NUMERIC_KINDS, ColumnKind
from decoding.tables.parts import ReadLine, TablePart
from decoding.tables.totals import (
    folded_words,
    is_sum_line,
    may_be_row,
    names_balance,
    names_charge,
    total_share,
)
from schemas.values.dates import fold
from schemas.values.months import MONTHS, WEEKDAYS

BOOKED: frozenset[ColumnKind] = frozenset(("debit", "credit", "balance"))
POSITION = re.compile(r"\d{1,5}(?:[.\-/]\d{1,4}){0,3}[.):]?|[A-Z][.)]?")
_NUMBERS, _LETTERS = re.compile(r"\d+"), re.compile(r"[^\W\d_]+")
_MOST_CHARS = 24
_FEWEST_ROWS, _LAST_ROWS = 2, 50  # which tell that all rows are marked
MOST_AHEAD = 8  # lines: a page of nothing else would cost time with their square


def is_marked(line: ReadLine, part: TablePart) -> bool:
    """Return whether a line stands with a number in the column of positions, or a date in that of dates."""
    return is_numbered(line, part) or any(
        part.columns[index].kind == "date" and _is_date(group.text) for group, index in line.groups
    )


def heads_group(part: TablePart, line: ReadLine, following: Sequence[ReadLine]) -> bool:
    """Return whether a line has a number that one of the next lines, a row, begins with, and no amount."""
    group = _position(part, line)
    if not group or line.filled:
        return False
    number = next((found for below in following if (found := _position(part, below))), "")
    return number.startswith(group + ".")


def _position(part: TablePart, line: ReadLine) -> str:
    """Return the number in the column of positions without its last point; "" if there is none."""
    texts = (group.text for group, index in line.groups if part.columns[index].kind == "position")
    return next((text.rstrip(".):") for text in texts if POSITION.fullmatch(text)), "")


def goes_on(part: TablePart, lines: Sequence[ReadLine], *, reach: float) -> bool:
    """Return whether the first of `lines`, which names a tax or payment, is a row as the next one is.

    What it says may be goods ("City tax", "Gift card"), nothing has ended the table, and below it, within
    `reach` of each other, follow lines that fill the same columns: some that may be goods as well, then one
    that names no total, charge or deduction.
    """
    first = lines[0]
    if part.is_over or not first.total_share or first.is_deduction or not _is_priced_text(part, first):
        return False
    for above, line in pairwise(lines):
        words = above.words
        if not may_be_row(words) or not 0 < line.line.y - above.line.y < reach:
            return False
        if line.filled != above.filled or not _is_priced_text(part, line) or line.is_deduction:
            return False
        if line.total_share == 0:
            return not names_charge(line.words) and not line.is_carried
    return False


def _is_priced_text(part: TablePart, line: ReadLine) -> bool:
    """Return whether a line has an amount, and a text in another column than those of numbers."""
    return _has_money(part, line) and any(
        part.columns[index].kind not in NUMERIC_KINDS for _, index in line.groups
    )


def is_row_without_amount(part: TablePart, lines: Sequence[ReadLine], *, main: frozenset[int]) -> bool:
    """Return whether lines that fill no amount are a row, numbered or dated or with a word for it.

    "incl." and "free of charge" stand in a column of `main`, of the amounts, beside a quantity or price.
    """
    has_word = any(index in main for line in lines for _, index in line.groups)
    return has_word or any(line.filled and is_marked(line, part) for line in lines)


def is_numbered(line: ReadLine, part: TablePart) -> bool:
    """Return whether a line stands with a number, or one capital, alone in the column of positions."""
    return any(
        part.columns[index].kind == "position" and POSITION.fullmatch(group.text)
        for group, index in line.groups
    )


def is_marked_row(part: TablePart, line: ReadLine, *, usual: int) -> bool:
    """Return whether a line is a row by its number or date, though its words may name a total.

    It has an amount, is no sum or balance by all it says, and if only its date marks it, it fills as many
    columns of numbers as rows do (`usual`), or is a booking. Below a total it names none, but for bookings.
    """
    beside = _numbers_beside_balance(part, line)
    has_money = beside or _has_money(part, line)
    if line.is_carried or not has_money or not is_marked(line, part) or _is_sum(line):
        return False
    kinds = {column.kind for column in part.columns}
    if "balance" in kinds:
        return beside
    if kinds & BOOKED:
        return not _is_balance(line)
    if part.is_over and line.total_share > 0:
        return False
    return is_numbered(line, part) or (len(line.filled) >= usual and not _is_balance(line))


def is_unmarked_sum(part: TablePart, line: ReadLine) -> bool:
    """Return whether a line says what an account holds, or begins with the word of a sum, and has no mark.

    Where all rows have a number or date, "Saldo letzte Abrechnung" and "Total withdrawals and fees" are none.
    """
    begins = len(part.rows) >= _FEWEST_ROWS and _begins_with_sum(line)
    if not (begins or _names_balance(part, line)) or is_marked(line, part):
        return False
    return all(any(is_marked(own, part) for own in row.lines) for row in part.rows[-_LAST_ROWS:])


def _names_balance(part: TablePart, line: ReadLine) -> bool:
    # "saldo fattura 12" in a booking's text has no amount, and is not all that the line says.
    prints_amount = bool(line.filled) or line.line.has_decimals
    is_named = names_balance(line.words) and (prints_amount or 2 * total_share(line.words) >= 1)
    return is_named and any(column.kind == "date" for column in part.columns)


def _begins_with_sum(line: ReadLine) -> bool:
    first = line.line.groups[0].text.split()[0]
    return bool(folded_words([first])) and is_sum_line(folded_words([first]))


def says_sum_alone(line: ReadLine) -> bool:
    """Return whether all that a line says beside its numbers is that they are sums."""
    texts = [group.text for group in line.line.groups if not group.is_numeric]
    return bool(texts) and all(is_sum_line(folded_words([text])) for text in texts)


def _numbers_beside_balance(part: TablePart, line: ReadLine) -> bool:
    """Return whether a line has a number under another heading than a balance's, known or not."""
    beside = (
        kind for group, i in line.groups if group.is_numeric and (kind := part.columns[i].kind) != "balance"
    )
    return "balance" in {column.kind for column in part.columns} and any(
        kind is None or kind in NUMERIC_KINDS for kind in beside
    )


def _has_money(part: TablePart, line: ReadLine) -> bool:
    return any(part.columns[index].kind in MONEY_KINDS for index in line.filled)


def _is_sum(line: ReadLine) -> bool:
    return is_sum_line(line.words)


def _is_balance(line: ReadLine) -> bool:
    """Return whether a line says little but what an account holds."""
    return line.total_share >= 0.5 and names_balance(line.words)


def _is_date(text: str) -> bool:
    """Return whether a text is a day and a month at least, and nothing else but a year or weekday.

    In a column of dates, which mostly leaves the year out: elsewhere "06.03" is an amount as well.
    """
    if len(text) > _MOST_CHARS:
        return False
    numbers, letters = _NUMBERS.findall(text), _LETTERS.findall(text)
    names = [fold(word) for word in letters]
    return (
        bool(numbers) and len(numbers) + len(names) >= 2 and all(n in MONTHS or n in WEEKDAYS for n in names)
    )
