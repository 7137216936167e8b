"""Words from Tesseract's tab-separated report, which both of its engines write."""

from __future__ import annotations

from typing import Literal

from schemas.document import Word
from schemas.geometry import from_pixels

_WORD_LEVEL = "5"
_N_COLUMNS = 12
# Tesseract reads rules, frames and specks as words of nothing but these; they carry no value.
_NOISE = frozenset("|_~=—–-'`‘’\"“”.,:;¦\\/")


def words_from_tsv(
    tsv: str, *, source: Literal["pytesseract", "tesserocr"], width_px: int, height_px: int
) -> tuple[Word, ...]:
    """Return the words of a TSV report on an image of `width_px` by `height_px`.

    Rows that are not words, and words that are only rules or specks read with little confidence,
    are left out. A report without words gives `()`.
    """
    words: list[Word] = []
    for row in tsv.splitlines():
        columns = row.split("\t")
        if len(columns) != _N_COLUMNS or columns[0] != _WORD_LEVEL:
            continue
        left, top, width, height = (int(value) for value in columns[6:10])
        confidence = min(max(float(columns[10]) / 100, 0.0), 1.0)
        if (width >= width_px and height >= height_px) or _is_noise(columns[11], confidence):
            continue
        box = from_pixels(left, top, left + width, top + height, width_px=width_px, height_px=height_px)
        texts = columns[11].split()
        words += [Word(text=text, bbox=box, confidence=confidence, source=source) for text in texts]
    return tuple(words)


def _is_noise(text: str, confidence: float) -> bool:
    stripped = text.strip()
    return not stripped or (confidence < 0.6 and set(stripped) <= _NOISE)
