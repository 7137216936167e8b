"""What is looked at of one page to tell whether it begins a document, worked out once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from statistics import median

from decoding.kinds.evidence import PageLook
from decoding.kinds.titles import is_number_word
from decoding.splitting.page_numbers import PageNumber, list_page_numbers, read_page_number
from decoding.splitting.phrases import CARRIED, CLOSES, OPENS, SIGNED, TOTALS
from decoding.tables.heading_rows import find_headings
from decoding.tables.lines import table_lines
from schemas.document import Page
from schemas.values import decimal_amount

# Shares of a page's height from its top.
_HEAD = 0.42
_FOOT = 0.88
# A code tells documents apart if it is so long and has so many digits; a number of a party has more.
_CODE_CHARS, _CODE_DIGITS, _PARTY_DIGITS = 5, 3, 7
_WORD_CHARS = 5
_MIN_SKELETON = 4
_MIN_LABEL = 4
_FIRST_LINES = 4
_UPPER_LINES = 8
_LETTERHEAD_LINES = 3
_ROLL_CHARS = 48  # the most that till printers write in a line

_DATE = re.compile(
    r"\b\d{1,4}[./-]\d{1,2}[./-]\d{2,4}\b"
    r"|\b\d{1,2}\.? ?[^\W\d]{3,10}\.?,? \d{4}\b"
    r"|\b[^\W\d]{3,10}\.? \d{1,2}, \d{4}\b"
)
_AMOUNT = re.compile(r"\b\d[\d.,' ]*[.,]\d{2}\b")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+|(?:www\.|https?://)[\w./-]+", re.IGNORECASE)
_LONG_NUMBER = re.compile(r"[+(]?\d[\d ()/.+-]{5,}\d")
_CURRENCY = re.compile(r"[€$£¥₹]|\b(?:EUR|USD|GBP|CHF|RM|MYR|INR|IDR|PLN|SEK|NOK|DKK|CZK|CAD|AUD|SGD)\b")
_CURRENCY_NAMES = {"€": "EUR", "$": "USD", "£": "GBP", "₹": "INR", "RM": "MYR"}
_SECTION = re.compile(r"^(?:§ ?|article |section )?(\d{1,2})[.)](?!\d)", re.IGNORECASE)
_POSITION = re.compile(r"^(\d{1,4})\.?\s")
_DIGITS = re.compile(r"\d")
_NOT_LETTERS = re.compile(r"[\W\d_]+")


@dataclass(frozen=True)
class PageFacts:
    """What is looked at of one page; it has words."""

    page: Page

    @cached_property
    def look(self) -> PageLook:
        """Return what its kind is told by."""
        return PageLook(self.page)

    @cached_property
    def number(self) -> PageNumber | None:
        """Return the number that the page gives itself."""
        return read_page_number(self.page)

    @cached_property
    def numbers(self) -> tuple[PageNumber, ...]:
        """Return all numbers that it may give itself: a file put together has some of another file."""
        return list_page_numbers(self.page)

    @cached_property
    def lines(self) -> tuple[tuple[float, str], ...]:
        """Return the centre of each line from the top, in shares of the height, and its text."""
        return tuple(
            (self.page.words[start].bbox.center[1], " ".join(w.text for w in self.page.words[start:end]))
            for start, end in self.page.lines
        )

    @cached_property
    def words(self) -> frozenset[str]:
        """Return its longer words without digits, in lower case."""
        found = (_NOT_LETTERS.sub("", w.text).lower() for w in self.page.words)
        return frozenset(word for word in found if len(word) >= _WORD_CHARS)

    @cached_property
    def codes(self) -> frozenset[str]:
        """Return what may name a document, a party or a thing: runs with several digits, no amounts."""
        found = (w.text.strip(".,:;()[]#*").lower() for w in self.page.words)
        return frozenset(
            code
            for code in found
            if len(code) >= _CODE_CHARS
            and len(_DIGITS.findall(code)) >= _CODE_DIGITS
            and not _AMOUNT.fullmatch(code)
        )

    @cached_property
    def parties(self) -> frozenset[str]:
        """Return what is one party's: addresses of mail and sites, numbers of telephones and accounts."""
        return frozenset(found for _, text in self.lines for found in _parties_of(text))

    @cached_property
    def head_parties(self) -> frozenset[str]:
        """Return those that stand in its upper part."""
        return frozenset(found for y, text in self.lines if y < _HEAD for found in _parties_of(text))

    @cached_property
    def letterhead(self) -> frozenset[str]:
        """Return the longer words of its first lines, in lower case."""
        words = (
            _NOT_LETTERS.sub("", word).lower()
            for _, t in self.lines[:_LETTERHEAD_LINES]
            for word in t.split()
        )
        return frozenset(word for word in words if len(word) > 2)

    @cached_property
    def all_words(self) -> frozenset[str]:
        """Return all words of more than two letters, in lower case."""
        found = (_NOT_LETTERS.sub("", w.text).lower() for w in self.page.words)
        return frozenset(word for word in found if len(word) > 2)

    @cached_property
    def dates(self) -> frozenset[str]:
        """Return the dates in its upper part, of a roll in all of it, in no rows, by letters and digits."""
        return frozenset(
            re.sub(r"\W", "", found).lower()
            for y, text in self.lines
            if (y < _HEAD or self.is_narrow) and len(_AMOUNT.findall(text)) < 2
            for found in _DATE.findall(text)
        )

    @cached_property
    def heads(self) -> Mapping[str, str]:
        """Return the lines of its upper part with digits, by their letters alone."""
        found: dict[str, str] = {}
        for y, text in self.lines:
            skeleton = _NOT_LETTERS.sub(" ", text.lower()).strip()
            if y < _HEAD and len(skeleton) >= _MIN_SKELETON and _DIGITS.search(text):
                found.setdefault(skeleton, "".join(_DIGITS.findall(text)))
        return found

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """Return what stands behind each word of its upper part that is followed by a number or a code."""
        found: dict[str, str] = {}
        for y, text in self.lines:
            if y >= _HEAD:
                break
            words = ["", *text.split()]
            for at, (label, value) in enumerate(pairwise(words[1:])):
                name = _NOT_LETTERS.sub("", label.lower())
                if is_number_word(name):
                    name = _NOT_LETTERS.sub("", words[at].lower()) + name
                if len(name) >= _MIN_LABEL and not _DIGITS.search(label) and len(_DIGITS.findall(value)) > 2:
                    found.setdefault(name, value.strip(".,:;()[]#*"))
        return found

    @cached_property
    def height(self) -> float:
        """Return the median height of its words, in points."""
        heights = [w.bbox.bottom - w.bbox.top for w in self.page.words]
        return median(heights) * self.page.height_pt if heights else 0.0

    @cached_property
    def margin(self) -> float:
        """Return where its text begins at the left, in shares of the width."""
        return min(word.bbox.left for word in self.page.words)

    @cached_property
    def capitals(self) -> float:
        """Return the share of its letters that are capitals, in [0, 1]."""
        letters = Counter(ch.isupper() for word in self.page.words for ch in word.text if ch.isalpha())
        return letters[True] / max(1, letters.total())

    @cached_property
    def is_narrow(self) -> bool:
        """Return whether its lines have as few characters as those of a till's roll."""
        return self.look.n_columns <= _ROLL_CHARS

    @cached_property
    def decimal_mark(self) -> str | None:
        """Return the mark before the decimals of most of its amounts; None without amounts."""
        marks = Counter(found.group()[-3] for _, text in self.lines for found in _AMOUNT.finditer(text))
        return marks.most_common(1)[0][0] if marks else None

    @cached_property
    def currencies(self) -> frozenset[str]:
        """Return the currencies that it names."""
        found: list[str] = [name for _, text in self.lines for name in _CURRENCY.findall(text)]
        return frozenset([_CURRENCY_NAMES.get(name, name) for name in found])

    @cached_property
    def table_depth(self) -> int | None:
        """Return how many lines stand above its first heading of a table or row; None without any."""
        lines = table_lines(self.page)
        heading = next((found.first for found in find_headings(lines, self.page)), None)
        row = next((n for n, (_, text) in enumerate(self.lines) if _is_row(text)), None)
        known = [depth for depth in (heading, row) if depth is not None]
        return min(known) if known else None

    @cached_property
    def positions(self) -> tuple[int, ...]:
        """Return the numbers that its lines with amounts begin with."""
        found = (_POSITION.match(text) for _, text in self.lines if _AMOUNT.search(text))
        return tuple(int(match.group(1)) for match in found if match)

    @cached_property
    def sections(self) -> tuple[int, ...]:
        """Return the numbers of its sections, as "4." at the beginning of a line without an amount."""
        found = (_SECTION.match(text) for _, text in self.lines if not _AMOUNT.search(text))
        return tuple(int(match.group(1)) for match in found if match)

    @cached_property
    def carried(self) -> frozenset[str]:
        """Return the amounts of lines that say that a sum is carried over."""
        return frozenset(
            re.sub(r"\D", "", found)
            for _, text in self.lines
            if CARRIED & words_of(text)
            for found in _AMOUNT.findall(text)
        )

    @cached_property
    def has_title(self) -> bool:
        """Return whether a cell of its upper part names a kind of document and says little else."""
        return any(title.place != "label" for title in self.look.titles())

    def n_particulars(self, known: Mapping[str, str]) -> int:
        """Return how many lines of its upper part have a label and a number, and no line of `known` does."""
        rows = sum(len(_AMOUNT.findall(text)) > 1 for y, text in self.lines if y < _HEAD)
        return max(0, len(self.heads.keys() - known.keys()) - rows)

    @cached_property
    def n_totals(self) -> int:
        """Return how many lines have a word of totals."""
        return sum(bool(TOTALS & words_of(text)) for _, text in self.lines)

    def is_signed(self) -> bool:
        """Return whether it has a place to sign on."""
        return any(SIGNED.search(text) for _, text in self.lines)

    def closes(self) -> bool:
        """Return whether one of its last lines says what ends letters and receipts."""
        return any(CLOSES.search(text) for _, text in self.lines[-_UPPER_LINES:])

    def opens(self) -> bool:
        """Return whether its upper part says what begins letters and agreements."""
        return any(OPENS.search(text) for y, text in self.lines if y < _HEAD)

    def has_caption(self) -> bool:
        """Return whether one of its first lines is short and in capitals, as a title is."""
        return any(
            4 < len(text) < 60 and text.isupper() and len(text.split()) > 1
            for _, text in self.lines[:_FIRST_LINES]
        )

    @cached_property
    def captions(self) -> frozenset[str]:
        """Return its lines of several words and no digit, as headings of tables are."""
        texts = (text.lower() for _, text in self.lines)
        return frozenset(text for text in texts if len(text.split()) > 2 and not _DIGITS.search(text))

    def rows_above(self) -> float:
        """Return the share of its first lines that have two amounts or more, as rows of tables do."""
        texts = [text for _, text in self.lines[:_UPPER_LINES]]
        return sum(len(_AMOUNT.findall(text)) > 1 for text in texts) / max(1, len(texts))

    def says_carried(self) -> bool:
        """Return whether it says that sums are carried over or that it goes on."""
        return any(CARRIED & words_of(text) for _, text in self.lines)

    def begins_amid(self) -> bool:
        """Return whether its first line with a word begins with a small letter."""
        first = next((text for _, text in self.lines if any(ch.isalpha() for ch in text)), "")
        return first[:1].islower()

    def ends_open(self) -> bool:
        """Return whether its last line above the foot is a long one that ends without a full stop."""
        body = [text for y, text in self.lines if y < _FOOT]
        return bool(body) and len(body[-1]) > 50 and body[-1].rstrip()[-1] not in ".:;!?"


@dataclass(frozen=True)
class DocumentFacts:
    """What is known of a document as far as it goes: its first and last page, and what all of them say.

    `position` is the number of its last row that has one, `section` that of its last section.
    """

    first: PageFacts
    last: PageFacts
    words: frozenset[str]
    codes: frozenset[str]
    parties: frozenset[str]
    position: int | None = None
    section: int | None = None

    @classmethod
    def begin(cls, page: PageFacts) -> DocumentFacts:
        """Return a document of one page."""
        return cls(
            first=page,
            last=page,
            words=page.words,
            codes=page.codes,
            parties=page.parties,
            position=_last(page.positions),
            section=_last(page.sections),
        )

    def go_on(self, page: PageFacts) -> DocumentFacts:
        """Return the document with one more page."""
        return DocumentFacts(
            first=self.first,
            last=page,
            words=self.words | page.words,
            codes=self.codes | page.codes,
            parties=self.parties | page.parties,
            position=_last(page.positions, self.position),
            section=_last(page.sections, self.section),
        )


def _last(numbers: tuple[int, ...], known: int | None = None) -> int | None:
    return numbers[-1] if numbers else known


def words_of(text: str) -> frozenset[str]:
    """Return the words of a line without digits and marks, in lower case."""
    return frozenset(_NOT_LETTERS.sub(" ", text.lower()).split())


def _is_row(text: str) -> bool:
    """Return whether a line has two amounts, or one and a number that it begins with."""
    n_amounts = len(_AMOUNT.findall(text))
    return n_amounts > 1 or (n_amounts == 1 and _POSITION.match(text) is not None)


def _parties_of(text: str) -> Iterator[str]:
    for found in _MAIL.findall(text):
        yield found.lower().rstrip(".")
    for found in _LONG_NUMBER.findall(_DATE.sub(" ", _AMOUNT.sub(" ", text))):
        digits = re.sub(r"\D", "", found)
        if len(digits) >= _PARTY_DIGITS and decimal_amount(found) is None:
            yield digits
