"""Rows of a receipt that nobody annotated, where arithmetic proves them.

Amounts below each other that add up to a printed sum are the amounts of all rows. What each row is for is
taken only from a layout that leaves no choice: a text alone before its amount, or a text on a line of its own
beside each line of figures; a quantity and a price only if their product is the amount.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from training.refill.field_finding import PageText
from training.refill.head_finding import CellColumn, phrases
from training.refill.labels import languages_of
from training.refill.places import Places
from training.refill.printed_amounts import PrintedAmount
from training.refill.table_finding import SUM_SIGNS, Cells
from training.refill.template import Run

_SAME_EDGE_CHARS = 1.5
_MIN_TEXT_LETTERS = 3
_LONGEST_NUMBER = 5  # digits in a text: longer ones are codes, which may or may not be a part of it
_COUNT_DIGITS = 3
_HEAD_REACH = 3  # lines above the first row
_MORE_SIGNS = frozenset(
    "item items qty cash change card visa tender chrg charge svc service disc gst excl incl".split()
)

COLUMNS = (
    CellColumn(key="description", tag="description", kind="verbatim", description="Name of the item"),
    CellColumn(key="quantity", tag="quantity", kind="amount", description="Quantity"),
    CellColumn(key="unit_price", tag="unit_price", kind="amount", description="Price of one unit"),
    CellColumn(key="amount", tag="amount", kind="amount", description="Price of the row"),
)
_TAGS = tuple(column.tag for column in COLUMNS)


@dataclass(frozen=True, slots=True)
class _Placed:
    """An amount, its words, its line and its right edge."""

    run: Run
    amount: PrintedAmount
    line: int
    right: float


def prove_rows(text: PageText, places: Places) -> tuple[Cells, ...]:
    """Return the cells of each row by column key, none if the page proves no rows."""
    placed = sorted(_placed(text, places), key=lambda place: place.run)
    for addends in _sums(placed, text):
        rows = _rows(text, places, addends)
        if rows:
            return rows
    return ()


def _placed(text: PageText, places: Places) -> Iterator[_Placed]:
    for run, amount in places.amounts.items():
        yield _Placed(run, amount, text.line_of[run[0]], text.page.words[run[-1]].bbox.right)


def _sums(placed: Sequence[_Placed], text: PageText) -> Iterator[tuple[_Placed, ...]]:
    """Yield runs of amounts, one a line, that add up to the next one in their column."""
    slack = _SAME_EDGE_CHARS * text.char_width
    for total in placed:
        column = [p for p in placed if abs(p.right - total.right) <= slack and p.line < total.line]
        so_far, run = 0, list[_Placed]()
        for place in reversed(column):
            if place.amount.signed <= 0 or (run and place.line == run[-1].line):
                break
            so_far += place.amount.signed
            run.append(place)
            if so_far == total.amount.signed:
                yield tuple(reversed(run))
                break


def _rows(text: PageText, places: Places, addends: Sequence[_Placed]) -> tuple[Cells, ...]:
    figures = [_figures(text, places, place) for place in addends]
    if any(found is None for found in figures):
        return ()
    known = [found for found in figures if found is not None]
    if len({frozenset(cells) for cells, _ in known}) != 1:
        return ()
    if len(known) == 1 and "unit_price" not in known[0][0]:
        return ()  # one amount that is printed twice proves nothing
    is_counted = "quantity" in known[0][0] and "unit_price" not in known[0][0]
    if is_counted and not _is_head(text, range(addends[0].line - _HEAD_REACH, addends[0].line), "quantity"):
        return ()
    texts = [words for _, words in known]
    beside = texts if any(texts) else _texts_beside(text, [place.line for place in addends])
    if len(beside) != len(addends) or not all(_is_text(text, run) for run in beside):
        return ()
    return tuple({"description": run, **cells} for (cells, _), run in zip(known, beside, strict=True))


def _figures(text: PageText, places: Places, place: _Placed) -> tuple[dict[str, Run], Run] | None:
    """Return the numbers of a row by column, and the text before them; None if a word is neither.

    Of the words behind the amount only a tax class is let pass.
    """
    start, end = text.page.lines[place.line]
    first, last = place.run[0], place.run[-1]
    after = [text.page.words[i].text for i in range(last + 1, end)]
    if any(any(map(str.isdigit, word)) or sum(map(str.isalpha, word)) > 3 for word in after):
        return None
    before = list(range(start, first))
    words: list[int] = []
    leading = tuple(before[:1]) if _leads(text, before) else ()
    before = before[len(leading) :]
    while before and not _is_figure(text, places, before[0]):
        words.append(before.pop(0))
    if any(not _is_figure(text, places, i) and _letters(text, i) for i in before):
        return None
    cells = _product(text, places, before, place.amount)
    if cells is None or (leading and cells):
        return None
    counted: dict[str, Run] = {"quantity": leading} if leading else {}
    return {**counted, **cells, "amount": place.run}, tuple(words)


def _leads(text: PageText, before: Sequence[int]) -> bool:
    """Return whether a line begins with a count before a text."""
    words = [text.page.words[i].text for i in before[:2]]
    is_count = len(words) == 2 and words[0].isdecimal() and len(words[0]) <= _COUNT_DIGITS
    return is_count and any(map(str.isalpha, words[1]))


def _is_figure(text: PageText, places: Places, i: int) -> bool:
    """Return whether a word is a count or an amount between wide gaps."""
    return (text.page.words[i].text.isdecimal() or (i,) in places.amounts) and not any(
        text.is_joined(i, j) and _letters(text, j) > 1 for j in (i - 1, i + 1)
    )


def _letters(text: PageText, i: int) -> int:
    return sum(map(str.isalpha, text.page.words[i].text))


def _product(
    text: PageText, places: Places, figures: Sequence[int], amount: PrintedAmount
) -> dict[str, Run] | None:
    """Return quantity and price if their product is the amount; an empty mapping if there are no figures."""
    counts = [i for i in figures if text.page.words[i].text.isdecimal()]
    prices = [i for i in figures if (i,) in places.amounts]
    if not counts and not prices:
        return {}
    fitting = [
        (count, price)
        for count in counts
        for price in prices
        if len(text.page.words[count].text) <= _COUNT_DIGITS
        and int(text.page.words[count].text) * places.amounts[price,].signed == amount.signed
    ]
    if len(fitting) != 1 or len(prices) != 1:
        return None
    ((count, price),) = fitting
    others = [i for i in counts if i != count]  # an article's number, but no second count
    if any(len(text.page.words[i].text) <= _COUNT_DIGITS for i in others):
        return None
    return {"quantity": (count,), "unit_price": (price,)}


def _texts_beside(text: PageText, lines: Sequence[int]) -> list[Run]:
    """Return the texts on lines of their own, one above or below each line of figures, if that is clear."""
    if any(b - a != 2 for a, b in pairwise(lines)):
        return []
    above = _line_text(text, lines[0] - 1)
    below = _line_text(text, lines[-1] + 1)
    is_heading = above is not None and _is_head(text, range(lines[0] - 1, lines[0]), *_TAGS)
    if (above is None or is_heading) and below is not None:
        return [run for line in lines if (run := _line_text(text, line + 1)) is not None]
    if above is not None and not is_heading and below is None:
        return [run for line in lines if (run := _line_text(text, line - 1)) is not None]
    return []


def _line_text(text: PageText, line: int) -> Run | None:
    """Return the words of a line that is one text without a gap; None if it is something else."""
    if not 0 <= line < len(text.page.lines):
        return None
    run = tuple(range(*text.page.lines[line]))
    return run if text.segment(run[0]) == run and _is_text(text, run) else None


def _is_text(text: PageText, run: Run) -> bool:
    """Return whether words are what an item could be called, and no number, sum or code."""
    if not run or text.segment(run[0]) != run:
        return False
    words = [text.page.words[i].text for i in run]
    keys = {word.casefold().strip(".,:()") for word in words}
    return (
        sum(map(str.isalpha, "".join(words))) >= _MIN_TEXT_LETTERS
        and not keys & (SUM_SIGNS | _MORE_SIGNS)
        and not any(sum(map(str.isdigit, word)) > _LONGEST_NUMBER or "@" in word for word in words)
        and not words[0].isdecimal()
        and not words[-1].endswith(":")
    )


def _is_head(text: PageText, lines: range, *tags: str) -> bool:
    """Return whether some of the lines have a heading of one of the columns."""
    words = [text.page.words[i].text for n in lines if n >= 0 for i in range(*text.page.lines[n])]
    known = {key for tag in tags for key in languages_of(f"col.{tag}")}
    return not known.isdisjoint(phrases(words))
