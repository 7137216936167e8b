"""The codes whose check digits hold on a page, wherever they stand: accounts to pay to, VAT numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from decoding.codes import check_holds, compact, most_words
from schemas.document import Page

_NOT_CODE = re.compile(r"[\W_]+")
_BEGINS = re.compile(r"\W*[A-Z]{2}")  # both forms begin with a country
_MAX_CODES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCode:
    """A code without the signs that part its groups, and its page, from 1."""

    code: str
    page_number: int


def shown_codes(pages: Sequence[Page], code_format: Literal["iban", "tax_id"]) -> tuple[ShownCode, ...]:
    """Return the codes of a form whose check digits hold, in reading order, each once; at most 50.

    A tax number is one if it begins with its country: others are figures like any.
    """
    found: dict[str, ShownCode] = {}
    for page in pages:
        for start, end in page.lines:
            words = [page.words[index].text for index in range(start, end)]
            for code in _codes(words, code_format):
                found.setdefault(code, ShownCode(code=code, page_number=page.page_index + 1))
    return tuple(found.values())[:_MAX_CODES]


def is_shown(pages: Sequence[Page], code: str) -> bool:
    """Return whether the letters and digits of a code stand on a page, however they are grouped."""
    wanted = _NOT_CODE.sub("", code).upper()
    return any(
        wanted in _NOT_CODE.sub("", "".join(word.text for word in page.words)).upper() for page in pages
    )


def _codes(words: Sequence[str], code_format: str) -> Iterator[str]:
    """Yield the longest code that begins at each word of a line."""
    for begin, word in enumerate(words):
        if not _BEGINS.match(word):
            continue
        for stop in range(min(len(words), begin + most_words(code_format)), begin, -1):
            text = " ".join(words[begin:stop]).strip(".,;:()[]")
            if check_holds(text, code_format):
                yield compact(text, code_format) or text
                break
