"""Rows that the answer has more often than the page: a row written twice would be booked twice.

A weak model may repeat a row of a table. Each repetition stands on the page word for word, so that
grounding alone does not notice it; but its text can only cite words that another row has cited already. Only
texts with letters tell: an amount or a number that no row has left is found in a total or a date.
"""

from __future__ import annotations

from decoding.grounding.result import GroundedField, GroundedRow, GroundedTable, GroundingResult
from schemas.extraction import ExtractionWarning
from schemas.spec import json_path

# (page number, index of a word) of all words that the texts of a row cite.
_Words = frozenset[tuple[int, int]]


def check_repeats(grounded: GroundingResult) -> tuple[ExtractionWarning, ...]:
    """Return a `row_repeated` for each list with rows whose texts cite no word of their own, at the first.

    Rows without letters (amounts and dates only) are not looked at, nor are rows that stand nowhere: each
    of their values has its own `ungrounded_value`. Rows that the page prints alike cite their own words. The
    items of a list of texts are rows as well.
    """
    found = (_check(table) for table in grounded.lists)
    return tuple(warning for warning in found if warning is not None)


def _check(table: GroundedTable) -> ExtractionWarning | None:
    rows = [(row, texts) for row in table.rows if (texts := _texts(row))]
    taken: set[tuple[int, int]] = set()
    repeated: list[GroundedRow] = []
    for row, texts in rows:
        words = _cited_words(texts)
        if words and words <= taken:
            repeated.append(row)
        taken |= words
    if not repeated:
        return None
    return ExtractionWarning(
        code="row_repeated",
        message=f"{len(repeated)} of {len(rows)} rows stand only where earlier rows do",
        path=json_path(repeated[0].path),
    )


def _texts(row: GroundedRow) -> tuple[GroundedField, ...]:
    """Return the cells without a normal form, null ones too."""
    return tuple(cell for cell in row.cells.values() if cell.metadata.normalised is None)


def _cited_words(texts: tuple[GroundedField, ...]) -> _Words:
    cited = (cited for cell in texts for cited in cell.metadata.citations)
    worded = (c for c in cited if any(map(str.isalpha, c.reference_text)))
    return frozenset((c.page_number, index) for c in worded for index in c.word_indices)
