"""Rows that the answer has more often than the page: a row written twice would be booked twice.

A weak model may repeat a row of a table. Each repetition stands on the page word for word, so that
grounding alone does not notice it; but its text can only cite words that another row has cited already. Only
texts with letters tell: an amount or a number that no row has left is found in a total or a date.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

from schemas.extraction import ExtractionWarning, FieldMetadata

_ROW_PATH = re.compile(r"(?P<row>(?P<list>.+?)\[\d+\])(?P<column>.*)")

# (page number, index of a word) of all words that the texts of a row cite.
_Words = frozenset[tuple[int, int]]


def check_repeats(metadata: Mapping[str, FieldMetadata]) -> tuple[ExtractionWarning, ...]:
    """Return a `row_repeated` for each list with rows whose texts cite no word of their own, at the first.

    Rows without letters (amounts and dates only) are not looked at, nor are rows that stand nowhere: each
    of their values has its own `ungrounded_value`. Rows that the page prints alike cite their own words.
    """
    lists = _lists(metadata)
    repeated: dict[str, list[str]] = defaultdict(list)
    for path, rows in lists.items():
        taken: set[tuple[int, int]] = set()
        for row, words in rows.items():
            if words and words <= taken:
                repeated[path].append(row)
            taken |= words
    return tuple(
        ExtractionWarning(
            code="row_repeated",
            message=f"{len(rows)} of {len(lists[path])} rows stand only where earlier rows do",
            path=rows[0],
        )
        for path, rows in repeated.items()
    )


def _lists(metadata: Mapping[str, FieldMetadata]) -> dict[str, dict[str, _Words]]:
    lists: dict[str, dict[str, _Words]] = defaultdict(dict)
    for path, entry in metadata.items():
        found = _ROW_PATH.fullmatch(path)
        if found and entry.normalised is None:
            worded = (c for c in entry.citations if any(ch.isalpha() for ch in c.reference_text))
            cited = ((c.page_number, index) for c in worded for index in c.word_indices)
            rows = lists[found["list"]]
            rows[found["row"]] = rows.get(found["row"], frozenset()) | frozenset(cited)
    return lists
