"""What of a document's layout tells its kind: titles, labels, amounts and days in rows, the page's shape."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from statistics import median
from typing import Literal

from decoding.kinds.labels import label_phrases
from decoding.kinds.titles import (
    MOST_PHRASE_WORDS,
    compound_kind,
    is_number_word,
    plain_words,
    title_phrases,
)
from schemas.document import Document, Page, Word
from schemas.extraction import KINDS

# Of a long document the first pages tell the kind; of a huge page the first words do, and of a huge word or
# line its beginning: the patterns below go over no more.
_MOST_PAGES = 3
_MOST_WORDS = 1_500
_MOST_CHARS = 40
_MOST_LINE_CHARS = 300
# A gap of so many heights of a word parts columns and label from value.
_CELL_GAP = 1.2
# Titles stand in so much of the page from its top, and have so few other words beside them.
_TITLE_DEPTH = 0.5
_MOST_WORDS_BESIDE = 2
_BIG = 1.3
_SHORT_CELL = 6
_MOST_LABELS = 4
# So many labels of no kind are added before shares are taken: one label alone says little.
_DOUBTED_LABELS = 2
# The height of a page by its width: of paper it is at most 1.42, of rolls it has no end.
_PAPER, _ROLL = 1.45, 2.5
# Printers of tills write 24 to 48 characters in a line, a page has 80 and more.
_NARROW_CHARS, _WIDE_CHARS = 40.0, 80.0

# With two decimals, or in groups of three: rupiah and yen have no decimals.
_AMOUNT = re.compile(r"(?<![\d.,])\d{1,3}(?:(?:[.,' ]?\d{3})*[.,]\d{2}|(?:[.,]\d{3})+)(?![\d.,]*\d)")
_SIGNED = re.compile(
    r"(?:[-+\u2212]\s?[$€£]?\d[\d.,' ]*[.,]\d{2}\b)|(?:\d[.,]\d{2}\s?(?:[-+\u2212]|(?:CR|DR|S|H)\b))"
)
_DAY = re.compile(
    r"^\W*(?:\d{1,2}[./-]\d{1,2}\b|\d{4}-\d{2}-\d{2}\b|\d{1,2}\.? [^\W\d]{3,9}\b|[^\W\d]{3,9}\.? \d{1,2}\b)"
)
_TIME = re.compile(r"\b[012]?\d:[0-5]\d(?::[0-5]\d)?\b")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}")
_PERCENT = re.compile(r"\d\s?%")
_BLANK = re.compile(r"_{4,}|\.{8,}|[□☐☑☒]")
_MAIL = re.compile(r"@[\w-]+\.|www\.", re.IGNORECASE)
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Words of a line that no wide gap parts, where they stand and how high they are, in points."""

    text: str
    words: tuple[str, ...]
    depth: float
    height_pt: float


# Whether a title is all that its cell says, has words beside it, or labels a number ("Order No. 17").
TitlePlace = Literal["alone", "beside", "label"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """The name of a kind on a page."""

    kind: str
    place: TitlePlace
    height_pt: float


@dataclass(frozen=True)
class PageLook:
    """What is looked at of one page, worked out once."""

    page: Page

    @cached_property
    def rows(self) -> tuple[tuple[Cell, ...], ...]:
        """Return its first lines as cells."""
        return tuple(_rows(self.page))

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Return the beginnings of the same lines as text."""
        return tuple(" ".join(cell.text for cell in row)[:_MOST_LINE_CHARS] for row in self.rows)

    @cached_property
    def height_pt(self) -> float:
        """Return the median height of its words."""
        return median(cell.height_pt for row in self.rows for cell in row) if self.rows else 0.0

    @property
    def n_columns(self) -> float:
        """Return how many of its characters go side by side from its left edge of text to the right one."""
        words = self.page.words[:_MOST_WORDS]
        per_char = median(word.bbox.width / len(word.text) for word in words)
        reach = max(word.bbox.right for word in words) - min(word.bbox.left for word in words)
        return reach / max(per_char, 1e-6)

    def titles(self) -> Iterator[Title]:
        """Yield each cell of its upper part that names a kind, from the top."""
        for row in self.rows:
            for at, cell in enumerate(row):
                if cell.depth < _TITLE_DEPTH and (found := _title_kind(cell.words)):
                    kind, n_beside = found
                    is_label = any(":" in text for text in (cell.text, *(c.text[:1] for c in row[at + 1 :])))
                    is_label = is_label or any(map(is_number_word, cell.words))
                    place: TitlePlace = "label" if is_label else "beside" if n_beside else "alone"
                    yield Title(kind=kind, place=place, height_pt=cell.height_pt)

    def labels(self) -> Iterator[tuple[str, str]]:
        """Yield the kind and the phrase of each label."""
        known = label_phrases()
        for row in self.rows:
            for cell in row:
                is_short = len(cell.words) <= _SHORT_CELL
                for start, phrase in _phrases(cell.words):
                    for kind in known.get(phrase, ()):
                        if is_short or start == 0 or kind == "other":
                            yield kind, phrase


def _rows(page: Page) -> Iterator[tuple[Cell, ...]]:
    for start, end in page.lines:
        if start >= _MOST_WORDS:
            return
        cells: list[list[Word]] = []
        for word in page.words[start : min(end, _MOST_WORDS)]:
            if not cells or _is_wide(cells[-1][-1], word, page):
                cells.append([])
            cells[-1].append(word)
        yield tuple(_cell(words, page) for words in cells)


def _is_wide(left: Word, right: Word, page: Page) -> bool:
    gap_pt = (right.bbox.left - left.bbox.right) * page.width_pt
    return gap_pt > _CELL_GAP * (left.bbox.bottom - left.bbox.top) * page.height_pt


def _cell(words: Sequence[Word], page: Page) -> Cell:
    text = " ".join(word.text[:_MOST_CHARS] for word in words)
    height = median(word.bbox.bottom - word.bbox.top for word in words)
    return Cell(
        text=text, words=plain_words(text), depth=words[0].bbox.center[1], height_pt=height * page.height_pt
    )


def _phrases(words: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield every run of few words with the place where it begins."""
    for start in range(len(words)):
        for end in range(start + 1, min(start + MOST_PHRASE_WORDS, len(words)) + 1):
            yield start, " ".join(words[start:end])


def _title_kind(words: Sequence[str]) -> tuple[str, int] | None:
    """Return the kind that a cell names by its longest phrase, and how many words, few, stand beside it."""
    known = title_phrases()
    best: tuple[int, str] | None = None
    for start, phrase in _phrases(words):
        length = phrase.count(" ") + 1
        kind = known.get(phrase, compound_kind(phrase) if length == 1 else None)
        most_beside = _MOST_WORDS_BESIDE + (start == 0)
        if kind is not None and (best is None or length > best[0]) and len(words) - length <= most_beside:
            best = (length, kind)
    return None if best is None or not best[1] else (best[1], len(words) - best[0])


def list_signs(document: Document) -> dict[str, float]:
    """Return what tells the kind of a document, by name, each in [0, 1]; empty if it has no word."""
    pages = [PageLook(page) for page in islice((p for p in document.pages if p.words), _MOST_PAGES)]
    if not pages:
        return {}
    return {
        **_title_signs(pages[0]),
        **_label_signs(pages),
        **_row_signs([line for page in pages for line in page.lines]),
        **_text_signs([line for page in pages for line in page.lines]),
        **_shape_signs(pages[0], n_pages=len(document.pages)),
    }


def _title_signs(page: PageLook) -> dict[str, float]:
    named = list(page.titles())
    alone = [title for title in named if title.place == "alone"]
    titles = alone or [title for title in named if title.place == "beside"]
    tallest = max(named, key=lambda title: title.height_pt, default=None)
    big = None if tallest is None or tallest.height_pt < _BIG * page.height_pt else tallest.kind
    kinds = {title.kind for title in titles}
    return {
        **{f"named.{kind}": float(any(kind == title.kind for title in named)) for kind in KINDS},
        **{f"title.{kind}": float(any(kind == title.kind for title in alone)) for kind in KINDS},
        **{f"big_title.{kind}": float(kind == big) for kind in KINDS},
        **{f"first_title.{kind}": float(bool(titles) and kind == titles[0].kind) for kind in KINDS},
        **{f"only_title.{kind}": float(kinds == {kind}) for kind in KINDS},
    }


def _label_signs(pages: Sequence[PageLook]) -> dict[str, float]:
    found = {label for page in pages for label in page.labels()}
    counts = {kind: sum(kind == named for named, _ in found) for kind in KINDS}
    total = _DOUBTED_LABELS + sum(counts.values())
    return {
        **{f"labels.{kind}": min(n, _MOST_LABELS) / _MOST_LABELS for kind, n in counts.items()},
        **{f"label_share.{kind}": n / total for kind, n in counts.items()},
    }


def _row_signs(lines: Sequence[str]) -> dict[str, float]:
    """Return how much of a table of amounts it is, and of one whose rows begin with a day."""
    amounts = [len(_AMOUNT.findall(line)) for line in lines]
    signed = sum(bool(_SIGNED.search(line)) for line in lines)
    dated = sum(n > 0 and _DAY.match(line) is not None for n, line in zip(amounts, lines, strict=True))
    n_lines = len(lines)
    return {
        "amount_lines": sum(n > 0 for n in amounts) / n_lines,
        "rows": sum(n > 1 for n in amounts) / n_lines,
        "no_amount": float(not any(amounts)),
        "signed": min(1.0, 2 * signed / max(1, sum(n > 0 for n in amounts))),
        "dated_rows": min(1.0, 3 * dated / n_lines),
        "dated_rows_some": float(dated >= 3),
    }


def _text_signs(lines: Sequence[str]) -> dict[str, float]:
    text = "\n".join(lines)
    letters = [ch for ch in text if ch.isalpha()]
    n_prose = sum(len(line.split()) >= 9 and len(_DIGIT.findall(line)) < 4 for line in lines)
    return {
        "prose": n_prose / len(lines),
        "capitals": sum(ch.isupper() for ch in letters) / max(1, len(letters)),
        "time": float(_TIME.search(text) is not None),
        "iban": float(_IBAN.search(text) is not None),
        "percent": float(_PERCENT.search(text) is not None),
        "mail": float(_MAIL.search(text) is not None),
        "blanks": min(3, len(_BLANK.findall(text))) / 3,
    }


def _shape_signs(page: PageLook, *, n_pages: int) -> dict[str, float]:
    aspect = page.page.height_pt / page.page.width_pt
    n_words = len(page.page.words)
    return {
        "roll": min(1.0, max(0.0, (aspect - _PAPER) / (_ROLL - _PAPER))),
        "narrow": min(1.0, max(0.0, (_WIDE_CHARS - page.n_columns) / (_WIDE_CHARS - _NARROW_CHARS))),
        "landscape": float(aspect < 0.95),
        "short_lines": 1.0 / (1.0 + median(len(row_text.split()) for row_text in page.lines) / 4.0),
        "few_words": 1.0 - min(1.0, math.log10(1 + n_words) / 3.0),
        "pages": min(5, n_pages - 1) / 5,
    }
