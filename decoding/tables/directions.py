"""Which way bookings go whose amounts stand in one column: signs and letters beside them tell.

"210,40-", "(210.40)", "210,40 S" and "210.40 DR" go out, what is marked the other way, or not at all beside
such, comes in. On statements of credit cards a minus is a payment, so that signs alone tell nothing there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from decoding.tables.headings import NUMERIC_KINDS
from decoding.tables.table import Table, TableRow
from schemas.document import Document
from schemas.values.amounts import parse_amount
from schemas.values.dates import fold

Direction = Literal["debit", "credit"]

# Letters that every booking has, and those that may stand at one kind of them only.
_LETTERS: dict[str, Direction] = {"s": "debit", "h": "credit", "d": "debit", "c": "credit"}
_MARKS: dict[str, Direction] = {
    **{"dr": "debit", "db": "debit", "debit": "debit", "soll": "debit"},
    **{"cr": "credit", "credit": "credit", "haben": "credit"},
}
_CARD = re.compile(r"kreditkarte|credit card|minimum payment|credit limit|carte de credit|tarjeta de credito")
_PLUS = re.compile(r"^\W*\+|\+\W*$")


def tell_directions(document: Document, table: Table) -> Table:
    """Return a statement's table with the direction of each booking that a sign or letter tells.

    A table of other things, of debits and credits in columns of their own, or of unmarked amounts is
    returned as it is.
    """
    kinds = [column.kind for column in table.columns]
    others = NUMERIC_KINDS - {"amount", "balance"}
    if kinds.count("amount") != 1 or "date" not in kinds or not others.isdisjoint(kinds):
        return table
    at = kinds.index("amount")
    texts = [_text(document, row, [at]) for row in table.rows]
    beside = [i for i in range(at + 1, len(kinds)) if kinds[i] is None]
    marks = [_mark(text, _text(document, row, beside)) for text, row in zip(texts, table.rows, strict=True)]
    told: list[Direction] | None = _by_letters(marks) or _by_signs(texts, is_card=_is_card(document))
    if told is None:
        return table
    rows = (replace(row, direction=way) for row, way in zip(table.rows, told, strict=True))
    return replace(table, rows=tuple(rows))


def _mark(amount: str, beside: str) -> str:
    """Return the letters behind an amount, in its cell or in the next one; "" if there are none."""
    for text in (amount.split()[-1] if amount else "", beside):
        mark = "".join(filter(str.isalpha, text)).casefold()
        if mark in _LETTERS or mark in _MARKS:
            return mark
    return ""


def _by_letters(marks: Sequence[str]) -> list[Direction] | None:
    """Return what letters say; what has none goes the other way if all that have any go one way."""
    if marks and all(mark in _LETTERS for mark in marks):
        return [_LETTERS[mark] for mark in marks]
    ways = {_MARKS[mark] for mark in marks if mark in _MARKS}
    if not ways or any(mark in _LETTERS for mark in marks) or ("" in marks and len(ways) > 1):
        return None
    unmarked: Direction = "debit" if "credit" in ways else "credit"
    return [_MARKS[mark] if mark else unmarked for mark in marks]


def _by_signs(texts: Sequence[str], *, is_card: bool) -> list[Direction] | None:
    """Return what signs say; an amount without one comes in where others go out."""
    parsed = [parse_amount(text) for text in texts]
    if any(amount is None for amount in parsed):
        return None
    goes_out = [amount is not None and amount.value < 0 for amount in parsed]
    is_signed = all(out or _PLUS.search(text) for out, text in zip(goes_out, texts, strict=True))
    if not any(goes_out) or (is_card and not (is_signed and not all(goes_out))):
        return None
    return ["debit" if out else "credit" for out in goes_out]


def _is_card(document: Document) -> bool:
    """Return whether some page says that it is of a credit card, with or without accents."""
    texts = (" ".join(word.text for word in page.words) for page in document.pages)
    return any(_CARD.search(fold(text)) is not None for text in texts)


def _text(document: Document, row: TableRow, columns: Sequence[int]) -> str:
    words = document.pages[row.page_index].words
    return " ".join(words[index].text for column in columns for index in row.cells[column])
