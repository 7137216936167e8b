"""What a page says of its own number: "Page 2 of 3", "Seite 1/2", "- 4 -"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from schemas.document import Page

# A page, in the languages of the documents that are read; a single letter says it at the edges of a page
# only, and alone: elsewhere it is one of a street's name or of a code.
_PAGE = r"(?:page|pag|seite|blatt|pagina|página|pág|strana|strona|sida|side|sivu|folio|sheet)"
_OF = r"(?:of|von|de|di|sur|van|av|af|z|/|\\|\|)"
_COUNT = rf"(\d{{1,3}})(?:\s*{_OF}\s*(\d{{1,3}}))?"
_NAMED = re.compile(rf"\b{_PAGE}\b\.?\s*(?:no\.?|nr\.?|#|:)?\s*{_COUNT}\b", re.IGNORECASE)
_LETTER = re.compile(rf"(?:^|\s)[ps]\.?\s*{_COUNT}\W*$", re.IGNORECASE)
_COUNTED = re.compile(r"^\W*(\d{1,3})\s*(?:of|von|sur|/)\s*(\d{1,3})\W*$", re.IGNORECASE)
_BARE = re.compile(r"^[-–—\s|]*(\d{1,3})[-–—\s|]*$")
# Bare numbers are page numbers in the first and last lines of a page only, and so is "page 9" without a
# count, which a sentence may say of another page.
_EDGE_LINES, _NAMED_LINES = 2, 4
_MOST_PAGES = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class PageNumber:
    """The number that a page gives itself, from 1, and of how many; None where it does not say."""

    number: int
    of: int | None = None


def read_page_number(page: Page) -> PageNumber | None:
    """Return what the page says of its number; saying of how many counts before not saying it."""
    return next(iter(list_page_numbers(page)), None)


def list_page_numbers(page: Page) -> tuple[PageNumber, ...]:
    """Return everything that a page may say of its number, the likeliest first, each once."""
    lines = [" ".join(word.text for word in page.words[start:end]) for start, end in page.lines]
    edges = _edges(lines, _EDGE_LINES)
    counted = [found for text in lines for found in _numbers(_NAMED, text) if found.of is not None]
    lettered = [found for text in edges for found in _numbers(_LETTER, text)]
    bare = [found for text in edges for found in _numbers(_COUNTED, text)]
    ordered = [
        *counted,
        *(found for found in lettered if found.of is not None),
        *bare,
        *(found for text in _edges(lines, _NAMED_LINES) for found in _numbers(_NAMED, text)),
        *lettered,
        *(found for text in edges for found in _numbers(_BARE, text)),
    ]
    return tuple(dict.fromkeys(ordered))


def _edges(lines: Sequence[str], n: int) -> list[str]:
    return [*lines[:n], *lines[-n:]]


def _numbers(pattern: re.Pattern[str], text: str) -> Iterator[PageNumber]:
    for match in pattern.finditer(text):
        groups: Sequence[str | None] = match.groups()
        found = _number(match.group(1), groups[1] if len(groups) > 1 else None)
        if found is not None:
            yield found


def _number(number: str, of: str | None) -> PageNumber | None:
    first, total = int(number), None if of is None else int(of)
    if not 1 <= first <= _MOST_PAGES or (total is not None and not first <= total <= _MOST_PAGES):
        return None
    return PageNumber(number=first, of=total)
