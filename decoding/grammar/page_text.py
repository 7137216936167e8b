"""The words of a page window as runs of neighbours, and the spans among them that look like values.

A grounded value is a run of whole words with single spaces between; of the first and the last word it may
leave out parts (`decoding.grammar.word_parts`): a label, a leader or a currency mark glued to it. It never
begins with the colon or equals sign that parts a label from it, nor with a mark that ends what stands before.
Two reading orders count as neighbourhood: row-major (as `Page.words`) and column-wise (`Page.block_order`),
so that an address block beside another column is one span. A run never crosses pages, nor a gap in the
window, nor goes on from the end of one block in another (`Page.cuts`).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, takewhile

from decoding.codes import MAX_CHARACTERS, code_spans, most_words
from decoding.contact_forms import likely_times
from decoding.grammar.value_patterns import looks_like_amount, looks_like_date
from decoding.grammar.word_parts import NEVER_FIRST, word_parts
from schemas.document import Document, Page
from schemas.layout import WordSpan

Run = tuple[str, ...]

# "1 234 567,00" is three words, "- 1 234,50 %" four; "12th day of March, 2026" is five,
# "2026 年 3 月 12 日" six.
MAX_AMOUNT_WORDS = 4
MAX_DATE_WORDS = 6
# A number whose thousands blanks part.
_GROUPED = re.compile(r"[-+]?\d{1,3}(?: \d{3})+(?:[.,]\d+)?-?")
# No printed amount or date is longer; the limit keeps pattern matching linear on glued-up pages.
_MAX_CANDIDATE_CHARS = 48


def word_runs(document: Document, spans: Sequence[WordSpan] | None = None) -> tuple[Run, ...]:
    """Return the runs of neighbouring words of `document`, or of the words named by `spans` only.

    Both reading orders of each page give runs; empty pages give none.
    """
    return tuple(
        run
        for page in document.pages
        for order in page.runs()
        for run in page_runs(page, order, _wanted(page, spans))
    )


def _wanted(page: Page, spans: Sequence[WordSpan] | None) -> frozenset[int]:
    if spans is None:
        return frozenset(range(len(page.words)))
    return frozenset(span.word_index for span in spans if span.page_index == page.page_index)


def page_runs(page: Page, order: Iterable[int], wanted: frozenset[int] | None = None) -> Iterator[Run]:
    """Yield the words `order` of a page that are wanted, broken at others and where UTF-8 cannot hold one."""
    run: list[str] = []
    for word_index in order:
        text = page.words[word_index].text
        if (wanted is None or word_index in wanted) and _is_encodable(text):
            run.append(text)
        elif run:
            yield tuple(run)
            run = []
    if run:
        yield tuple(run)


def _is_encodable(text: str) -> bool:
    """Return whether `text` can be written as UTF-8: broken text layers hold lone surrogates."""
    return not any("\ud800" <= ch <= "\udfff" for ch in text)


def spans_of(runs: Sequence[Run], *, max_words: int, max_length: int) -> Iterator[str]:
    """Yield the text of every span of up to `max_words` words and `max_length` characters, with repeats."""
    for run in runs:
        for spans in _spans_by_word(run, max_words=max_words, max_length=max_length):
            yield from spans


def _spans_by_word(run: Run, *, max_words: int, max_length: int) -> Iterator[tuple[str, ...]]:
    """Yield for each word of a run the spans that begin in it, those of each part from short to long."""
    words = tuple(map(word_parts, run))
    for at, own in enumerate(words):
        behind = tuple(chain.from_iterable(map(_spaced, words[at + 1 : at + max_words])))
        yield tuple(
            text
            for first in range(len(own))
            if own[first][0] not in NEVER_FIRST
            for text in takewhile(lambda text: len(text) <= max_length, accumulate((*own[first:], *behind)))
        )


def _spaced(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the parts of a word that follows another."""
    return (" " + parts[0], *parts[1:])


def is_span(text: str, run: Run) -> bool:
    """Return whether `text` is a span of the run: whether a value may be just that.

    Examples
    --------
    >>> [is_span(text, ("Nr.:", "Order:A", "7")) for text in ("A 7", "Order:A", "rder:A", "Order:")]
    [True, True, False, True]
    """
    if text not in " ".join(run):
        return False
    # Words hold no space, so that the text says how many it spans.
    n_words = text.count(" ") + 1
    return any(text == span for span in spans_of((run,), max_words=n_words, max_length=len(text)))


def has_span(runs: Sequence[Run], *, min_length: int, max_length: int) -> bool:
    """Return whether some span has between `min_length` and `max_length` characters.

    Linear in the words, but for a logarithm: from each place where a value may begin, the shortest span that
    is long enough decides.
    """
    return any(_run_has_span(run, min_length, max_length) for run in runs)


def _run_has_span(run: Run, min_length: int, max_length: int) -> bool:
    starts: list[int | None] = []  # None where no value may begin
    ends: list[int] = []
    position = 0
    for word in run:
        for part in word_parts(word):
            starts.append(None if part[0] in NEVER_FIRST else position)
            position += len(part)
            ends.append(position)
        position += 1  # the space
    for index, start in enumerate(starts):
        if start is None:
            continue
        last = bisect_left(ends, start + min_length, lo=index)
        if last < len(ends) and ends[last] - start <= max_length:
            return True
    return False


def amount_spans(runs: Sequence[Run]) -> tuple[str, ...]:
    """Return the distinct spans that look like an amount, quantity or rate, in reading order."""
    spans = spans_of(runs, max_words=MAX_AMOUNT_WORDS, max_length=_MAX_CANDIDATE_CHARS)
    return tuple(dict.fromkeys(text for text in spans if looks_like_amount(text)))


def whole_amounts(spans: Sequence[str]) -> tuple[str, ...]:
    """Return the spans without those that are a part of a number whose thousands blanks part.

    Examples
    --------
    >>> whole_amounts(("21", "21 400", "400")), whole_amounts(("2", "14.50"))
    (('21 400',), ('2', '14.50'))
    """
    grouped = [f" {span} " for span in spans if _GROUPED.fullmatch(span)]
    return tuple(
        span for span in spans if not any(f" {span} " in whole and span != whole.strip() for whole in grouped)
    )


def date_spans(runs: Sequence[Run]) -> tuple[str, ...]:
    """Return the distinct spans that look like a date in any common format, in reading order."""
    spans = spans_of(runs, max_words=MAX_DATE_WORDS, max_length=_MAX_CANDIDATE_CHARS)
    return tuple(dict.fromkeys(text for text in spans if looks_like_date(text)))


def code_texts(runs: Sequence[Run], code_format: str) -> tuple[str, ...]:
    """Return the distinct spans that have the form of a code, in reading order; of times the likely ones."""
    n_words = most_words(code_format)
    found = chain.from_iterable(
        code_spans(run, tuple(_spans_by_word(run, max_words=n_words, max_length=MAX_CHARACTERS)), code_format)
        for run in runs
    )
    texts = dict.fromkeys(found)
    return likely_times(texts) if code_format == "time" else tuple(texts)
