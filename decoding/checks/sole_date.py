"""The date of a document that prints no other, where none was given.

A receipt's date in an unusual form ("VEN 18 AVR 2014 6 21:35") is read as a date here and passed over by a
model. Where the document's own date is asked for, and one date stands on it and no other, that is it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from decoding.grounding.matching import Run
from decoding.grounding.page_values import date_runs, page_of, run_text
from decoding.grounding.result import GroundedField, GroundingResult
from schemas.document import Page
from schemas.spec import Path
from schemas.values import NumberStyle
from schemas.values.dates import fold

# What schemas call the date of the document itself; those of the same meaning are asked for once.
OWN_DATE_KEYS = frozenset(
    "date date_issue issue_date date_of_issue invoice_date receipt_date order_date date_order".split()
)
# Longer documents speak of laws, births and other documents.
_MOST_PAGES = 3
# A sign between two numbers, or the name of a month: "6 20 00" are three amounts whose marks were not read.
_WRITTEN = re.compile(r"\d\s?[./'-]\s?\d|[^\W\d_]{3}")
# Beside the date of something else, in part: what is due, valid, delivered, born, registered.
_OF_ELSE = re.compile(
    "due|fallig|zahlbar|pay|expir|valid|gultig|until|bis$|before|best|exp$|deliver|liefer|livr|birth|geb|dob|since|seit"
    "|depuis|est$|return|umtausch|offer|promo|echeance|vencim|scad|verval|print|law|act$|gesetz|next|from$|vom$|^to$"
)


def find_sole_date(
    grounded: GroundingResult, pages: Sequence[Page], style: NumberStyle
) -> tuple[Path, str] | None:
    """Return the path of the document's date, if it is null, and the one date that the pages print.

    None if another value cites it, if its line tells of something else ("valid until"), of a document of more
    than three pages, and where several such dates are asked for.
    """
    asked = [(path, field) for path, field in grounded.fields.items() if _is_own_date(path, field)]
    if len(pages) > _MOST_PAGES or len(asked) != 1 or asked[0][1].value is not None:
        return None
    dates = date_runs(pages, style)
    runs = sorted((run for found in dates.values() for run in found), key=_place)
    texts = dict.fromkeys(run_text(pages, run) for run in runs)
    # One date in several forms, or one form that may be read in two ways.
    if 1 not in (len(dates), len(texts)) or not all(map(_WRITTEN.search, texts)):
        return None
    if any(grounded.cites(run.page_index, run.word_indices) or _is_of_else(pages, run) for run in runs):
        return None
    return asked[0][0], next(iter(texts))


def _is_own_date(path: Path, field: GroundedField) -> bool:
    return len(path) == 1 and path[0] in OWN_DATE_KEYS and field.spec.kind == "date"


def _place(run: Run) -> tuple[int, int]:
    return run.page_index, run.word_indices[0]


def _is_of_else(pages: Sequence[Page], run: Run) -> bool:
    return any(_OF_ELSE.search(part) for part in _spoken_beside(page_of(pages, run), run))


def _spoken_beside(page: Page, run: Run) -> Iterator[str]:
    """Yield the folded words on the lines of a date, and on the line before."""
    at = [n for n, (start, end) in enumerate(page.lines) if any(start <= i < end for i in run.word_indices)]
    for n in {line for each in at for line in (each - 1, each) if line >= 0}:
        start, end = page.lines[n]
        for word in page.words[start:end]:
            yield from (fold(part) for part in re.split(r"[\W\d_]+", word.text) if part)
