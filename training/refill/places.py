"""Where a page prints dates, times, amounts and codes, annotated or not.

What is exchanged must be exchanged everywhere: a total that changes in the sums and not on the payment slip
would teach nothing. So every place is found, and places that print the same are one group.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from schemas.values import DecimalSeparator
from schemas.values.currency import is_currency_mark
from training.refill.printed_amounts import PrintedAmount, read_amount
from training.refill.printed_dates import find_dates
from training.refill.template import Run

_TIME = re.compile(r"(?<!\d)[0-2]?\d:[0-5]\d(?::[0-5]\d)?(?!\d)")
_MAX_AMOUNT_WORDS = 3  # "1 234 567,00"
_GROUPED = re.compile(r"\D{0,4}\d{1,3}(?: \d{3})+(?:[.,]\d\d)?\D{0,4}")
_WHOLE = re.compile(r"-?\d+-?")
# A number before one of these is a weight or a length, not an amount.
_MEASURES = frozenset("kg g gr lb lbs oz l ltr ml cl cm mm m km m2 m3 % ° pt dpi".split())
_MIN_CODE_DIGITS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The places of one page: runs of words for dates and amounts, single words for times and codes."""

    dates: tuple[Run, ...]
    times: tuple[int, ...]
    amounts: Mapping[Run, PrintedAmount]
    codes: tuple[int, ...]


def find_places(
    words: Sequence[str],
    lines: Sequence[tuple[int, int]],
    *,
    day_first: bool,
    language: str,
    decimal: DecimalSeparator | None,
) -> Places:
    """Return the places of a page's words, none of which is in two of them.

    Amounts without decimals, groups and a currency are not told from counts: they are none here.
    """
    dates = tuple(_dates(words, lines, day_first, language))
    dated = {index for run in dates for index in run}
    times = tuple(i for i, word in enumerate(words) if i not in dated and _TIME.search(word))
    taken = {*dated, *times}
    amounts = dict(_amounts(words, lines, decimal, taken))
    taken |= {index for run in amounts for index in run}
    codes = tuple(i for i, word in enumerate(words) if i not in taken and is_code(word))
    return Places(dates=dates, times=times, amounts=amounts, codes=codes)


def is_code(word: str) -> bool:
    """Return whether a word has digits enough to be a number or code of its own, and is no rate."""
    return sum(map(str.isdigit, word)) >= _MIN_CODE_DIGITS and "%" not in word


def _dates(
    words: Sequence[str], lines: Sequence[tuple[int, int]], day_first: bool, language: str
) -> Iterator[Run]:
    for start, end in lines:
        text = " ".join(words[start:end])
        if sum(map(str.isdigit, text)) < 3:
            continue
        covering: dict[Run, int] = {}
        for first, last, _ in find_dates(text, day_first=day_first, language=language):
            begin, stop = start + text[:first].count(" "), start + text[:last].count(" ") + 1
            run = tuple(range(begin, stop))
            covering[run] = covering.get(run, 0) + 1
        yield from covering


def _amounts(
    words: Sequence[str],
    lines: Sequence[tuple[int, int]],
    decimal: DecimalSeparator | None,
    taken: set[int],
) -> Iterator[tuple[Run, PrintedAmount]]:
    for start, end in lines:
        index = start
        while index < end:
            found = _amount_at(words, index, end, decimal, taken)
            if found is None:
                index += 1
            else:
                yield found
                index += len(found[0])


def _amount_at(
    words: Sequence[str], index: int, end: int, decimal: DecimalSeparator | None, taken: set[int]
) -> tuple[Run, PrintedAmount] | None:
    """Return the longest amount that begins with a word; one of several words is grouped by spaces."""
    for size in range(min(_MAX_AMOUNT_WORDS, end - index), 0, -1):
        run = tuple(range(index, index + size))
        text = " ".join(words[i] for i in run)
        if taken & set(run) or (size > 1 and not _GROUPED.fullmatch(text)):
            continue
        amount = read_amount(text, decimal=decimal)
        if amount is None:
            continue
        after = words[index + size] if index + size < end else ""
        before = words[index - 1] if index else ""
        if after.casefold().strip(".") in _MEASURES:
            return None
        has_mark = any(is_currency_mark(word) and not word.isdigit() for word in (before, after) if word)
        if amount.is_money or (has_mark and _WHOLE.fullmatch(text)):
            return run, amount
    return None
