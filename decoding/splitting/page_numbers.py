"""What a page says of its own number: "Page 2 of 3", "Seite 1/2", "- 4 -"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from schemas.document import Page

# A page, in the languages of the documents that are read.
_PAGE = r"(?:page|pag|seite|blatt|pagina|página|pág|strana|strona|sida|side|sivu|folio|sheet|p|s)"
_OF = r"(?:of|von|de|di|sur|van|av|af|z|/|\\|\|)"
_NAMED = re.compile(
    rf"\b{_PAGE}\b\.?\s*(?:no\.?|nr\.?|#|:)?\s*(\d{{1,3}})(?:\s*{_OF}\s*(\d{{1,3}}))?\b", re.IGNORECASE
)
_COUNTED = re.compile(r"^\W*(\d{1,3})\s*(?:of|von|sur|/)\s*(\d{1,3})\W*$", re.IGNORECASE)
_BARE = re.compile(r"^[-–—\s|]*(\d{1,3})[-–—\s|]*$")
# Bare numbers are page numbers in the first and last lines of a page only.
_EDGE_LINES = 2
_MOST_PAGES = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class PageNumber:
    """The number that a page gives itself, from 1, and of how many; None where it does not say."""

    number: int
    of: int | None = None


def read_page_number(page: Page) -> PageNumber | None:
    """Return what the page says of its number; saying of how many counts before not saying it."""
    lines = [" ".join(word.text for word in page.words[start:end]) for start, end in page.lines]
    named: PageNumber | None = None
    for text in lines:
        for match in _NAMED.finditer(text):
            found = _number(match.group(1), match.group(2))
            if found is not None and found.of is not None:
                return found
            named = named or found
    edges = [*lines[:_EDGE_LINES], *lines[-_EDGE_LINES:]]
    for text in edges:
        if (match := _COUNTED.match(text)) and (found := _number(match.group(1), match.group(2))):
            return found
    if named is not None:
        return named
    return next((_number(match.group(1), None) for text in edges if (match := _BARE.match(text))), None)


def _number(number: str, of: str | None) -> PageNumber | None:
    first, total = int(number), None if of is None else int(of)
    if not 1 <= first <= _MOST_PAGES or (total is not None and not first <= total <= _MOST_PAGES):
        return None
    return PageNumber(number=first, of=total)
