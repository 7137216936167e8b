"""What reading a file yields: pages of words with boxes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from schemas.einvoices.model import EInvoice
from schemas.geometry import BBox

WordSource = Literal["text_layer", "pytesseract", "tesserocr", "rapidocr", "transcript"]
ReadWarningCode = Literal[
    "hidden_text",
    "bad_text_layer",
    "repaired_file",
    "portfolio",
    "low_ocr_confidence",
    "page_rotated",
    "page_deskewed",
    "no_text",
    "unread_ink",
    "machine_instruction",
    "unreadable_page",
    "pages_skipped",
    "engine_fallback",
    "xml_unusable",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One printed word: text without white space, box, confidence in [0, 1] and its source.

    `confidence` is 1.0 for a text layer, whose characters are exact. `other_reading` is what OCR read at
    another look where that has other digits, "" where there was none or it agreed.
    """

    text: str
    bbox: BBox
    confidence: float = 1.0
    source: WordSource = "text_layer"
    other_reading: str = ""

    def __post_init__(self) -> None:
        if self.text.split() != [self.text]:
            raise ValueError("a word has text and no white space")
        if not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"confidence must be in [0, 1], got {self.confidence}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadWarning:
    """Something about reading that a person should know; `page_number` counts from 1."""

    code: ReadWarningCode
    message: str
    page_number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Thumbnail:
    """A small grey image of a page as its words lie, upright and deskewed: rows of one byte a pixel."""

    width_px: int
    height_px: int
    grey: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if self.width_px < 1 or self.height_px < 1 or len(self.grey) != self.width_px * self.height_px:
            raise ValueError(f"{len(self.grey)} bytes are no image of {self.width_px} x {self.height_px}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page: its words in reading order, and where its lines and blocks are.

    Attributes
    ----------
    page_index
        Position in the document, from 0.
    width_pt, height_pt
        Size as displayed, in points (1/72 inch); for images, pixels at 72 per inch of the stated dpi.
    words
        In row-major reading order (LATIN lines, top to bottom, left to right in a line).
    lines
        Half-open index ranges into `words`, in order, covering all of them.
    block_order
        The word indices in column-wise order (blocks of neighbouring lines), a permutation of all
        indices; equal to 0, 1, 2 ... on a page of one column.
    cuts
        Pairs of words that follow one another in one of the two orders without belonging together: the end
        of one block and the beginning of another that does not stand right below it.
    rotation_deg
        Clockwise quarter turns that were undone before reading (0, 90, 180, 270).
    skew_deg
        Small angle that was undone, degrees, positive counter-clockwise. Word boxes are on the
        page image as displayed upright, after both corrections.
    thumbnail
        What the page looks like; None unless reading was asked for it.
    set_aside
        Words that the page shows and that address a machine reader, not a person; none of them is in `words`.
    """

    page_index: int
    width_pt: float
    height_pt: float
    words: tuple[Word, ...]
    lines: tuple[tuple[int, int], ...]
    block_order: tuple[int, ...]
    cuts: frozenset[tuple[int, int]] = frozenset()
    rotation_deg: int = 0
    skew_deg: float = 0.0
    thumbnail: Thumbnail | None = None
    set_aside: tuple[Word, ...] = ()

    def __post_init__(self) -> None:
        if self.width_pt <= 0 or self.height_pt <= 0:
            raise ValueError(f"page size must be positive, got {self.width_pt} x {self.height_pt}")
        if len(self.block_order) != len(self.words) or set(self.block_order) != set(range(len(self.words))):
            raise ValueError("block_order must be a permutation of the word indices")
        edges = [0, *(end for _, end in self.lines)]
        if [start for start, _ in self.lines] != edges[:-1] or edges[-1] != len(self.words):
            raise ValueError("lines must cover the words in order, without gaps")

    def runs(self) -> tuple[tuple[int, ...], ...]:
        """Return the word indices that a text of the page may run along, by rows, then by blocks.

        A run ends where the page is cut. One that is a part of another is left out.
        """
        by_rows = self._runs(range(len(self.words)))
        by_blocks = _not_within(self._runs(self.block_order), by_rows)
        return (*_not_within(by_rows, by_blocks), *by_blocks)

    def _runs(self, order: Iterable[int]) -> list[tuple[int, ...]]:
        runs: list[list[int]] = []
        for word in order:
            if not runs or (runs[-1][-1], word) in self.cuts:
                runs.append([])
            runs[-1].append(word)
        return [tuple(run) for run in runs]

    @property
    def text(self) -> str:
        """Return the words as plain text, one line of the page a line."""
        return "\n".join(" ".join(w.text for w in self.words[start:end]) for start, end in self.lines)


def _not_within(runs: Iterable[tuple[int, ...]], others: Iterable[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Return the runs that are no stretch of another; in each collection a word stands once."""
    place = {word: (run, at) for run in others for at, word in enumerate(run)}

    def is_within(run: tuple[int, ...]) -> bool:
        other, at = place.get(run[0], ((), 0))
        return other[at : at + len(run)] == run

    return [run for run in runs if not is_within(run)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file as read: its content hash, media type, pages and what reading noticed.

    `einvoice` is what the file says of itself in XML, if reading was asked for that; XML alone has no pages.
    """

    sha256: str
    media_type: str
    pages: tuple[Page, ...]
    warnings: tuple[ReadWarning, ...] = ()
    stage_seconds: tuple[tuple[str, float], ...] = ()
    einvoice: EInvoice | None = None

    def __post_init__(self) -> None:
        if [p.page_index for p in self.pages] != list(range(len(self.pages))):
            raise ValueError("pages must be numbered 0, 1, 2 ... in order")

    @property
    def n_words(self) -> int:
        """Return the number of words on all pages."""
        return sum(len(p.words) for p in self.pages)

    def words(self) -> Iterator[tuple[int, int, Word]]:
        """Yield (page_index, word_index, word) in reading order."""
        for page in self.pages:
            for word_index, word in enumerate(page.words):
                yield page.page_index, word_index, word
