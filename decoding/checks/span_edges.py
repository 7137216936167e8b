"""Where a copied text begins and ends, where the page sets its words apart from it, or goes on with it.

Two ends are mended, on what the page prints: a title that stands by itself ("FACTUUR." at the other side of
the page) is no part of the name that was read on from it, and an address without a postal code goes on to the
line below that ends or begins with one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile

from decoding.grounding.result import GroundedField, GroundingResult
from decoding.kinds.titles import MOST_PHRASE_WORDS, plain_words, title_phrases
from decoding.tables.totals import folded_words
from schemas.document import Document, Page
from schemas.spec import FieldSpec, Path
from schemas.values import decimal_amount

# From here a model's mind is made up about where a name begins.
_SURE = 0.95
# Characters' widths that part columns; words of one phrase stand one apart (`ocr.layout`).
_WIDE_GAP = 4.0
# What asks for a title itself.
_ASKS_TITLE = frozenset("title heading kind type titel titre art typ".split())
_ASKS_ADDRESS = frozenset("address adresse anschrift adres indirizzo direccion endereco alamat".split())
# Addresses of other sorts, or only the first part of one.
_ASKS_PART = frozenset("street strasse rue straat email mail web url ip city zip postal postcode plz".split())
_CITY = frozenset("city zip postal postcode citystatezip plz ort ville stad citta ciudad cidade kota".split())
_MOST_LINES = 2
_MOST_LINE_WORDS = 8
_MOST_LINE_DIGITS = 8  # a postal code and a house number have fewer, telephone and tax numbers more
_POSTAL = re.compile(
    r"\b[A-Z]{2}\.? ?\d{5}(?:-\d{4})?$"  # US
    r"|\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}$"  # GB
    r"|\b[A-Z]\d[A-Z] ?\d[A-Z]\d$"  # CA
)
# Codes before places: right below a street only, as articles with their numbers look alike.
_POSTAL_FIRST = re.compile(
    r"^(?:[A-Z]{1,3}[- ])?(?:\d{4,6}|\d{3} \d{2}),? [^\W\d_]{2}[^\d]*$"  # 10115 Berlin, 3012 CN Rotterdam
)
_ANY_POSTAL = re.compile(
    r"(?<![\d#-])\d{5,6}(?!\d)|\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b|\b[A-Z]\d[A-Z] ?\d[A-Z]\d\b"
)
_NOT_ADDRESS = re.compile(r"[:@]|www\.|https?|[$\u20ac\u00a3]")


def mend_edges(
    grounded: GroundingResult, document: Document, probabilities: Mapping[Path, float | None]
) -> dict[Path, str]:
    """Return the copied texts outside of rows, by path, that are to be given with other ends.

    Parameters
    ----------
    grounded
        The answer and where it stands.
    probabilities
        Of the values, as far as the model gave them: a title stays where it was sure of it.

    Notes
    -----
    Only texts that stand in one place, as whole words, are looked at; fields with a pattern or the form of a
    code are left alone.
    """
    has_city = any(_asks(path, field.spec) & _CITY for path, field in grounded.fields.items())
    mended: dict[Path, str] = {}
    for path, field in grounded.fields.items():
        page, words = _place(field, document)
        if page is None or not words:
            continue
        asked, kept = _asks(path, field.spec), words
        probability = probabilities.get(path)
        if not asked & _ASKS_TITLE and (probability is None or probability < _SURE):
            kept = _without_titles(page, kept)
        if asked & _ASKS_ADDRESS and not asked & _ASKS_PART and not has_city:
            kept = (*kept, *_rest_of_address(page, kept))
        if kept != words:
            mended[path] = _text(page, kept)
    return mended


def _asks(path: Path, spec: FieldSpec) -> frozenset[str]:
    keys = (part for part in path if isinstance(part, str))
    return folded_words([*keys, *(key.replace("_", " ") for key in keys), spec.description])


def _place(field: GroundedField, document: Document) -> tuple[Page | None, tuple[int, ...]]:
    """Return the page and the words of a text that is exactly these words."""
    spec, cited = field.spec, field.metadata.citations
    if spec.kind != "verbatim" or spec.pattern is not None or spec.code_format is not None or len(cited) != 1:
        return None, ()
    page, words = document.pages[cited[0].page_number - 1], cited[0].word_indices
    return (page, words) if field.value == _text(page, words) else (None, ())


def _text(page: Page, words: Sequence[int]) -> str:
    return " ".join(page.words[i].text for i in words)


def _without_titles(page: Page, words: tuple[int, ...]) -> tuple[int, ...]:
    """Return the words without a title before or behind them that stands by itself; never none."""
    for n in range(min(MOST_PHRASE_WORDS, len(words) - 1), 0, -1):
        if _is_title(page, words[:n]) and _is_apart(page, words[n - 1], words[n]):
            return words[n:]
        if _is_title(page, words[-n:]) and _is_apart(page, words[-n - 1], words[-n]):
            return words[:-n]
    return words


def _is_title(page: Page, words: Sequence[int]) -> bool:
    return bool(title_phrases().get(" ".join(plain_words(_text(page, words)))))


def _is_apart(page: Page, first: int, second: int) -> bool:
    """Return whether two words stand on one line with a gap between them as between columns."""
    start, end = _line(page, first)
    if not start <= second < end:
        return False
    one, other = page.words[first], page.words[second]
    width = max((word.bbox.right - word.bbox.left) / len(word.text) for word in (one, other))
    return other.bbox.left - one.bbox.right > _WIDE_GAP * width


def _line(page: Page, word: int) -> tuple[int, int]:
    return next((start, end) for start, end in page.lines if start <= word < end)


def _rest_of_address(page: Page, words: tuple[int, ...]) -> tuple[int, ...]:
    """Return the words that follow an address to its postal code, none if it has one or none follows."""
    if not words or _ANY_POSTAL.search(_text(page, words)):
        return ()
    rest, whole = list[int](), ()
    for n, line in enumerate(_lines_behind(page, words)):
        text = _text(page, line).rstrip(" .,;")
        if not _may_be_address(page, line, text):
            break
        rest += line
        if _POSTAL.search(text) or (n == 0 and _POSTAL_FIRST.search(text)):
            whole = tuple(rest)
    return whole


def _may_be_address(page: Page, line: Sequence[int], text: str) -> bool:
    is_long = len(line) > _MOST_LINE_WORDS or sum(map(str.isdigit, text)) > _MOST_LINE_DIGITS
    has_amount = any(decimal_amount(page.words[i].text) is not None for i in line)
    return not (is_long or has_amount or _NOT_ADDRESS.search(text))


def _lines_behind(page: Page, words: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Yield the next lines of the run that a text stands in, if it ends with its line."""
    for run in page.runs():
        if words[-1] not in run:
            continue
        at = run.index(words[-1])
        if run[max(0, at + 1 - len(words)) : at + 1] != words:
            continue
        behind = run[at + 1 :]
        if not behind or _line(page, behind[0]) == _line(page, words[-1]):
            continue
        for _ in range(_MOST_LINES):
            if not behind:
                break
            here = _line(page, behind[0])
            line = tuple(takewhile(lambda word, here=here: here[0] <= word < here[1], behind))
            yield line
            behind = behind[len(line) :]
        return
