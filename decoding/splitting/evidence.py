"""What two pages in a row have in common and what not: from it is told whether a document begins."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from statistics import median

from decoding.splitting.page_numbers import PageNumber, read_page_number
from schemas.document import Page

# Shares of a page's height from its top.
_HEAD = 0.42
_TITLE = 0.36
_FOOT = 0.88
# A code tells documents apart if it is so long and has so many digits.
_CODE_CHARS, _CODE_DIGITS = 5, 3
_WORD_CHARS = 5
_MIN_SKELETON = 4
_MIN_LABEL = 4

_FIRST_LINES = 4
_UPPER_LINES = 8
_DATE = re.compile(
    r"\b\d{1,4}[./-]\d{1,2}[./-]\d{2,4}\b"
    r"|\b\d{1,2}\.? ?[^\W\d]{3,10}\.?,? \d{4}\b"
    r"|\b[^\W\d]{3,10}\.? \d{1,2}, \d{4}\b"
)
_AMOUNT = re.compile(r"\b\d[\d.,' ]*[.,]\d{2}\b")
_SIGNED = re.compile(
    r"_{5,}|/s/|\bsignature\b|\bunterschrift\b|\bwitness whereof\b|\btruly yours\b|^by:", re.IGNORECASE
)
_DIGITS = re.compile(r"\d")
_NOT_LETTERS = re.compile(r"[\W\d_]+")
_TITLES = frozenset(
    (
        "invoice rechnung facture fattura factuur factura faktura fatura receipt quittung bon "
        "kassenbon ticket reçu statement kontoauszug relevé estratto order bestellung auftrag "
        "commande ordine pedido bestelling contract vertrag agreement contrat quote offer angebot "
        "devis gutschrift credit avoir lieferschein delivery proforma mahnung reminder confirmation "
        "auftragsbestätigung bill form"
    ).split()
)
_TITLE_ENDS = ("rechnung", "quittung", "bestellung", "bestätigung", "auszug", "angebot", "faktura", "factuur")
_TOTALS = frozenset(
    (
        "total gesamt gesamtbetrag summe endbetrag rechnungsbetrag zahlbetrag totale totaal importe "
        "celkem razem suma totals balance amount due net gross netto brutto"
    ).split()
)
_CARRIED = frozenset("übertrag vortrag riporto carried brought fortsetzung".split())


@dataclass(frozen=True)
class PageFacts:
    """What is looked at of one page, worked out once."""

    page: Page

    @cached_property
    def number(self) -> PageNumber | None:
        """Return the number that the page gives itself."""
        return read_page_number(self.page)

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
        """Return what may name a document, a party or a thing: longer runs with several digits."""
        found = (w.text.strip(".,:;()[]#*").lower() for w in self.page.words)
        return frozenset(
            code for code in found if len(code) >= _CODE_CHARS and len(_DIGITS.findall(code)) >= _CODE_DIGITS
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
            for label, value in pairwise(text.split()):
                name = _NOT_LETTERS.sub("", label.lower())
                if len(name) >= _MIN_LABEL and not _DIGITS.search(label) and len(_DIGITS.findall(value)) > 2:
                    found.setdefault(name, value.strip(".,:;()[]#*"))
        return found

    @cached_property
    def height(self) -> float:
        """Return the median height of its words, in points."""
        heights = [w.bbox.bottom - w.bbox.top for w in self.page.words]
        return median(heights) * self.page.height_pt if heights else 0.0

    def has_title(self) -> bool:
        """Return whether a short line of its upper part has a word that names a kind of document."""
        return any(y < _TITLE and len(text) < 60 and _names_kind(_words_of(text)) for y, text in self.lines)

    def n_particulars(self, known: Mapping[str, str]) -> int:
        """Return how many lines of its upper part have a label and a number, and no line of `known` does."""
        rows = sum(len(_AMOUNT.findall(text)) > 1 for y, text in self.lines if y < _HEAD)
        return max(0, len(self.heads.keys() - known.keys()) - rows)

    def is_dated(self) -> bool:
        """Return whether a date stands in its upper part, in a line that is no row."""
        return any(
            y < _HEAD and _DATE.search(text) and len(_AMOUNT.findall(text)) < 2 for y, text in self.lines
        )

    def n_totals(self) -> int:
        """Return how many lines have a word of totals."""
        return sum(bool(_TOTALS & _words_of(text)) for _, text in self.lines)

    def is_signed(self) -> bool:
        """Return whether it has a place to sign on."""
        return any(_SIGNED.search(text) for _, text in self.lines)

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

    def is_carried(self) -> bool:
        """Return whether it says that sums are carried over or that it goes on."""
        return any(_CARRIED & _words_of(text) for _, text in self.lines)

    def begins_amid(self) -> bool:
        """Return whether its first line with a word begins with a small letter."""
        first = next((text for _, text in self.lines if any(ch.isalpha() for ch in text)), "")
        return first[:1].islower()

    def ends_open(self) -> bool:
        """Return whether its last line above the foot is a long one that ends without a full stop."""
        body = [text for y, text in self.lines if y < _FOOT]
        return bool(body) and len(body[-1]) > 50 and body[-1].rstrip()[-1] not in ".:;!?"


def _words_of(text: str) -> frozenset[str]:
    """Return the words of a line without digits and marks, in lower case."""
    return frozenset(_NOT_LETTERS.sub(" ", text.lower()).split())


def _names_kind(words: Collection[str]) -> bool:
    """Return whether a word names a kind of document, alone or as the end of a compound."""
    return any(word in _TITLES or word.endswith(_TITLE_ENDS) for word in words)


def compare(before: PageFacts, after: PageFacts) -> dict[str, float]:
    """Return what tells whether `after` begins a document, by name, each in [0, 1]."""
    return {
        **_numbers(before.number, after.number),
        **_sizes(before.page, after.page),
        **_heads(before, after),
        "vocabulary": (known := _overlap(before.words, after.words)),
        "vocabulary_other": float(known < 0.12),
        "no_shared_code": float(bool(before.codes and after.codes) and not before.codes & after.codes),
        "height": min(1.0, abs(before.height - after.height) / max(before.height, after.height, 1e-6)),
        "particulars": min(5, after.n_particulars(before.heads)) / 5,
        "dated": float(after.is_dated()),
        "dated_again": float(after.is_dated() and before.is_dated()),
        "title": float(after.has_title()),
        "title_gone": float(before.has_title() and not after.has_title()),
        "totals_before": min(3, before.n_totals()) / 3,
        "carried": float(after.is_carried() or before.is_carried()),
        "amid": float(after.begins_amid()),
        "open": float(before.ends_open()),
        "captions_same": min(2, len(before.captions & after.captions)) / 2,
        "rows_above": after.rows_above(),
        "short_before": float(len(before.page.words) < 0.5 * len(after.page.words)),
        "short_after": float(len(after.page.words) < 0.5 * len(before.page.words)),
        "signed_before": float(before.is_signed()),
        "caption": float(after.has_caption()),
        "caption_new": float(after.has_caption() and not before.has_caption()),
    }


def _numbers(before: PageNumber | None, after: PageNumber | None) -> dict[str, float]:
    follows = before is not None and after is not None and after.number == before.number + 1
    same_count = before is not None and after is not None and before.of == after.of
    return {
        "number_first": float(after is not None and after.number == 1),
        "number_first_of": float(after is not None and after.number == 1 and after.of is not None),
        "number_later": float(after is not None and after.number > 1 and not follows),
        "number_follows": float(follows and same_count),
        "number_last_before": float(
            before is not None and before.of is not None and before.number == before.of
        ),
        "number_more_before": float(
            before is not None and before.of is not None and before.number < before.of
        ),
        "number_missing": float(before is not None and after is None),
        "number_awaited": float(
            before is not None and before.of is not None and before.number < before.of and not follows
        ),
    }


def _sizes(before: Page, after: Page) -> dict[str, float]:
    width, height = (
        abs(a - b) / max(a, b)
        for a, b in ((before.width_pt, after.width_pt), (before.height_pt, after.height_pt))
    )
    sources = ({w.source for w in page.words} for page in (before, after))
    return {
        "size": min(1.0, 4 * max(width, height)),
        "source": float(len({frozenset(s) for s in sources}) > 1),
    }


def _heads(before: PageFacts, after: PageFacts) -> dict[str, float]:
    shared = before.heads.keys() & after.heads.keys()
    changed = sum(before.heads[key] != after.heads[key] for key in shared if "page" not in key)
    named = before.labels.keys() & after.labels.keys()
    renamed = sum(before.labels[key] != after.labels[key] for key in named)
    return {
        "labels_changed": min(3, renamed) / 3,
        "heads_changed": min(4, changed) / 4,
        "heads_changed_only": float(changed >= 2 and changed == len(shared)),
    }


def _overlap(first: frozenset[str], second: frozenset[str]) -> float:
    """Return the share of the smaller set that the other has, in [0, 1]; 0.5 where one is empty."""
    if not first or not second:
        return 0.5
    return len(first & second) / min(len(first), len(second))
