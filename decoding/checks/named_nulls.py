"""Values of nulls whose names stand on the page, each with one value of its kind beside or below it.

"Invoice no.: 2099" answers a question for the invoice's number. Where a model gave null all the same, and all
places that are called so show the same value, that value is given. A name is a key's own words (`job_number`
is called "Job No." or "Job #" on paper), or what the term of an invoice that the key stands for is called
(`decoding.checks.labelled_values`). Precision is what counts here: a name begins a cell of its own, and of an
amount, which has many names on a page, no other stands behind it on its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from decoding.checks.labelled_values import phrases_of
from decoding.checks.sole_date import OWN_DATE_KEYS
from decoding.checks.sums import TOTAL_KEYS
from decoding.grounding.matching import Run
from decoding.grounding.page_values import amount_runs, date_runs, prints_cents, run_text
from decoding.grounding.result import GroundedField, GroundingResult
from schemas.document import Page
from schemas.spec import Path
from schemas.values import NumberStyle
from schemas.values.dates import fold

_Kind = Literal["code", "date", "amount"]
_Phrase = tuple[str, ...]
_Place = tuple[int, int]  # page and word

_NUMBER = "#"
_NUMBER_WORDS = frozenset("no nr num number nummer numero numer nbr n № id".split())
_DATES = frozenset("date datum data fecha".split())
_FILLERS = frozenset("of the de du la del der des".split())
_INVOICE_KEYS = frozenset("invoice_number invoice_no invoice_id document_id document_number".split())
_DUE_KEYS = frozenset("due_date date_due".split())
_INVOICES = frozenset({("invoice",), ("rechnung",), ("facture",), ("factura",), ("fattura",), ("factuur",)})
_GROSS = frozenset(
    {("total",), ("total", "amount"), ("amount", "total"), ("total", "amount", "due"), ("gesamtbetrag",)}
)
# Of a key that is one short word ("id", "amount") too much on a page is called so.
_LEAST_LETTERS = 5
_TOKEN = re.compile(r"[^\W\d_]+|[#№]")
_CODE = re.compile(r"(?=.*\d.*\d|\d)[^\W_][\w./#-]*")
_MOST_NAME_WORDS = 6
_MOST_BETWEEN = 2  # signs between a name and its value
# A wider gap, in heights of a word, parts two cells; a line further below belongs to something else.
_CELL_GAP, _LINE_GAP = 1.2, 2.5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Name:
    """What a value is called on paper, and what it looks like."""

    kind: _Kind
    phrases: frozenset[_Phrase]


def find_named(grounded: GroundingResult, pages: Sequence[Page], style: NumberStyle) -> Mapping[Path, str]:
    """Return the values, by path, of nulls outside of lists that the pages name.

    Given is what the page prints, once: not where another value cites it, nor where two places of the name
    show different values. Asked are numbers of documents and the like (texts whose key ends with
    "number"), dates and amounts; the names of all else do not tell where it ends.
    """
    asked = {path: name for path, field in grounded.fields.items() if (name := _name_of(path, field))}
    finder = _Finder(pages, style)
    found: dict[Path, str] = {}
    for path, name in asked.items():
        runs = tuple(finder.find(name))
        texts = {_bare(text): text for text in (finder.text(run, name.kind) for run in runs)}
        if len(texts) == 1 and not any(grounded.cites(run.page_index, run.word_indices) for run in runs):
            found[path] = next(iter(texts.values()))
    return found


def _name_of(path: Path, field: GroundedField) -> _Name | None:
    """Return what a null is called, if it is of a kind that can be told; None of a value."""
    if field.value is not None or len(path) != 1:
        return None
    key = str(path[0])
    own = tuple(_tokens(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", key).replace("_", " ")))
    if field.spec.kind == "verbatim" and field.spec.code_format is None:
        return _name_of_code(key, own)
    if field.spec.kind == "date" and _DATES & {*own}:
        return _Name(kind="date", phrases=_long({own, own[::-1], *_date_names(key)}))
    if field.spec.kind == "amount":
        return _Name(kind="amount", phrases=_long({own, *_amount_names(key)}))
    return None


def _name_of_code(key: str, own: _Phrase) -> _Name | None:
    if key in _INVOICE_KEYS:
        return _Name(kind="code", phrases=_long({*_of_term("document_id"), *_INVOICES, own}))
    return _Name(kind="code", phrases=_long({own})) if len(own) > 1 and own[-1] == _NUMBER else None


def _amount_names(key: str) -> Iterable[_Phrase]:
    if key not in TOTAL_KEYS["gross"]:
        return ()
    return {*_of_term("amount_total_gross"), *_of_term("amount_due"), *_GROSS}


def _date_names(key: str) -> Iterable[_Phrase]:
    if key in _DUE_KEYS:
        return _of_term("date_due")
    if key in OWN_DATE_KEYS:
        return {*_of_term("date_issue"), *((word,) for word in _DATES)}
    return ()


def _of_term(term: str) -> frozenset[_Phrase]:
    return frozenset(tuple(_tokens(" ".join(phrase))) for phrase in phrases_of(term))


def _long(phrases: Iterable[_Phrase]) -> frozenset[_Phrase]:
    return frozenset(p for p in phrases if len(p) > 1 or len("".join(p)) >= _LEAST_LETTERS or _DATES & {*p})


def _tokens(text: str) -> list[str]:
    """Return the words of a name, folded; what says "number" is one sign, and single letters are one word."""
    folded = [part for part in map(fold, _TOKEN.findall(text)) if part not in _FILLERS]
    tokens: list[str] = []
    was_letter = False
    for part in folded:
        is_letter = len(part) == 1 and part not in _NUMBER_WORDS and part != _NUMBER
        if is_letter and was_letter:  # "P.O."
            tokens[-1] += part
        else:
            tokens.append(_NUMBER if part in _NUMBER_WORDS else part)
        was_letter = is_letter
    return tokens


class _Finder:
    """The pages, and where amounts and dates stand on them."""

    def __init__(self, pages: Sequence[Page], style: NumberStyle) -> None:
        self._pages = pages
        self._style = style

    @cached_property
    def _amounts(self) -> Mapping[_Place, Sequence[Run]]:
        return _by_place(amount_runs(self._pages, self._style).values())

    @cached_property
    def _dates(self) -> Mapping[_Place, Sequence[Run]]:
        return _by_place(date_runs(self._pages, self._style).values())

    def text(self, run: Run, kind: _Kind) -> str:
        """Return the value of a kind that a run prints."""
        text = run_text(self._pages, run)
        return text.rstrip(".,;:") if kind == "code" else text

    def find(self, name: _Name) -> Iterator[Run]:
        """Yield the values beside or below the places of a name, in the pages' order."""
        for page in self._pages:
            for number, (start, end) in enumerate(page.lines):
                for first, after in _places(page, start, end, name.phrases):
                    run = self._beside(page, after, end, name.kind)
                    if run is None and name.kind != "amount":
                        run = self._below(page, number, range(first, after), name.kind)
                    if run is not None:
                        yield run

    def _beside(self, page: Page, after: int, end: int, kind: _Kind) -> Run | None:
        if kind == "amount":
            return self._only_amount(page, after, end)
        for begin in range(after, min(after + _MOST_BETWEEN + 1, end)):
            run = self._value_at(page, begin, end, kind)
            if run is not None or re.search(r"[^\W_]{2}", page.words[begin].text):
                return run
        return None

    def _only_amount(self, page: Page, after: int, end: int) -> Run | None:
        """Return the amount to the cent that ends a line, if no other stands behind the name."""
        runs = [run for at in range(after, end) for run in self._amounts.get((page.page_index, at), ())]
        last = [run for run in runs if end - 1 in run.word_indices and prints_cents(run_text([page], run))]
        return last[0] if len(runs) == len(last) == 1 else None

    def _below(self, page: Page, number: int, name: range, kind: _Kind) -> Run | None:
        """Return the value on the next line that begins a cell under the name."""
        if number + 1 >= len(page.lines):
            return None
        above, last = page.words[name[0]].bbox, page.words[name[-1]].bbox
        start, end = page.lines[number + 1]
        height = above.bottom - above.top
        if page.words[start].bbox.top - above.bottom > _LINE_GAP * height:
            return None
        boxes = ((i, page.words[i].bbox) for i in range(start, end))
        under = [i for i, box in boxes if box.right > above.left and box.left < last.right]
        if not under or (under[0] > start and _is_close(page, under[0] - 1)):
            return None
        return self._value_at(page, under[0], end, kind)

    def _value_at(self, page: Page, begin: int, end: int, kind: _Kind) -> Run | None:
        """Return the date, or the code of one word, that begins at a word."""
        if kind == "date":
            return next(iter(self._dates.get((page.page_index, begin), ())), None)
        text = page.words[begin].text.rstrip(".,;:")
        goes_on = (
            begin + 1 < end and _is_close(page, begin) and re.search(r"[^\W_]", page.words[begin + 1].text)
        )
        if goes_on or not _CODE.fullmatch(text) or prints_cents(text) or self._style.read_date(text):
            return None
        return Run(page_index=page.page_index, word_indices=(begin,), alignment="normalised", score=1.0)


def _by_place(found: Iterable[Sequence[Run]]) -> Mapping[_Place, Sequence[Run]]:
    """Return runs by their page and first word."""
    places: dict[_Place, list[Run]] = {}
    for runs in found:
        for run in runs:
            places.setdefault((run.page_index, run.word_indices[0]), []).append(run)
    return places


def _places(page: Page, start: int, end: int, phrases: frozenset[_Phrase]) -> Iterator[tuple[int, int]]:
    """Yield the first word, and the one after the last, of each name that begins a cell, as long as it is."""
    for first in range(start, end):
        if first > start and _is_close(page, first - 1) and _tokens(page.words[first - 1].text):
            continue
        after = None
        for at in range(first, min(first + _MOST_NAME_WORDS, end)):
            text = page.words[at].text
            if (at > first and not _is_close(page, at - 1)) or re.search(r"\d", text):
                break
            if _tokens(text) and _is_name([word.text for word in page.words[first : at + 1]], phrases):
                after = at + 1
        if after is not None:
            yield first, after


def _is_name(words: Sequence[str], phrases: frozenset[_Phrase]) -> bool:
    """Return whether words are a name, with or without a letter that its colon was misread as ("No.i")."""
    tokens = tuple(_tokens(" ".join(words)))
    return tokens in phrases or (len(tokens[-1]) == 1 and tokens[:-1] in phrases)


def _is_close(page: Page, index: int) -> bool:
    """Return whether a word and the next one on its line stand in one cell."""
    first, second = page.words[index].bbox, page.words[index + 1].bbox
    height = max(first.bottom - first.top, second.bottom - second.top) * page.height_pt
    return (second.left - first.right) * page.width_pt < _CELL_GAP * height


def _bare(text: str) -> str:
    return re.sub(r"\W", "", text).casefold()
