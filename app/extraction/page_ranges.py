"""Which pages of a file are asked for: `3-7`, `5`, `2-`, `1,3-4`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from schemas.errors import ConfigurationError, PageNotFoundError

# Six digits are more pages than any limit on files admits.
_RANGE = re.compile(r"([0-9]{1,6})(-)?([0-9]{1,6})?")
PAGES_HELP = "Only these pages of each file: 3-7, 5, 2- or 1,3-4. All are read, the others left out."
_HINT = "pages count from 1: 3-7, 5, 2- for all from the second on, or several with commas: 1,3-4"


@dataclass(frozen=True, slots=True)
class PageRange:
    """Pages from `first` to `last`, both counted from 1 and both in it; `last` None is the file's last."""

    first: int
    last: int | None


def parse_page_ranges(text: str) -> tuple[PageRange, ...]:
    """Return the ranges that `text` names, at least one, in its order.

    Raises
    ------
    ConfigurationError
        If one of them is none.
    """
    return tuple(_parse_range(part.strip(), text) for part in text.split(","))


def _parse_range(part: str, text: str) -> PageRange:
    found = _RANGE.fullmatch(part)
    if found is None or (found[3] is not None and found[2] is None):
        raise ConfigurationError(f"{text!r} names no pages", hint=_HINT)
    first = int(found[1])
    last = first if found[2] is None else None if found[3] is None else int(found[3])
    if first < 1 or (last is not None and last < first):
        raise ConfigurationError(f"{part!r} names no pages", hint=_HINT)
    return PageRange(first, last)


def pick_pages(ranges: tuple[PageRange, ...], n_pages: int) -> tuple[int, ...]:
    """Return the numbers (from 1) of the pages that are in any of the ranges, ascending, each once.

    Raises
    ------
    PageNotFoundError
        If a range goes beyond the file's end; it names what is missing.
    """
    missing = [_name_missing(r, n_pages) for r in ranges if max(r.first, r.last or 0) > n_pages]
    if missing:
        pages = "1 page" if n_pages == 1 else f"{n_pages} pages"
        raise PageNotFoundError(
            f"the file has {pages}, there is no page {', '.join(missing)}",
            hint="a range without an end, such as 2-, goes to the last page",
        )
    return tuple(sorted({n for r in ranges for n in range(r.first, (r.last or n_pages) + 1)}))


def _name_missing(asked: PageRange, n_pages: int) -> str:
    first = max(asked.first, n_pages + 1)
    last = first if asked.last is None else asked.last
    return str(first) if first == last else f"{first}-{last}"
