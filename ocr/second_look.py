"""A second look at figures that a recogniser is not quite sure of: with their picture changed a little.

A misread amount looks like any other, and its confidence is seldom low: of 77 words with misread digits on 60
scanned and 60 photographed receipts 10 had less than 0.9, and so had 40 of 2,667 that were read right. But
what is misread is often read otherwise in a coarser picture, or where strokes are thicker (docs/reading.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ocr.ctc import LineWord
from schemas.document import Word

Image = NDArray[np.uint8]

# Surer words are not looked at again: of those 77 words 25, of the others 2,448.
_SURE = 0.98
# Tesseract's own words below 0.95 on pages made worse, whose words are known: RapidOCR had other digits, with
# 0.9 or more, at 24 of 33 misread words and 7 of 1,901 others, with 0.95 or more at 23 and 5.
# On pages that are not in doubt, 3 of 5 and 5 of 682 words below 0.85.
BELIEVED_ALONE = 0.85
BELIEVED_AMONG_DOUBTS = 0.95
_FAIRLY_SURE = 0.9
_SURE_OF_ANOTHER = 0.95
_MIN_DIGITS = 2
LIKE_DIGITS = str.maketrans("OoIl", "0011")
"""Letters that most faces draw as digits, to those."""
_MARGIN = 0.25  # of the line's height, at both ends: a digit cut in half reads as another


def is_looked_at(word: LineWord) -> bool:
    """Return whether a word has figures to lose, two at least, and was read with less than 0.98."""
    return word.confidence < _SURE and _n_digits(word.text) >= _MIN_DIGITS


def cut_word(line: Image, word: LineWord) -> Image:
    """Return the part (height, width, 3) of a line's picture where a word stands, with a little more."""
    height, width = line.shape[:2]
    start = max(0, int(word.start * width - _MARGIN * height))
    end = min(width, int(word.end * width + _MARGIN * height) + 1)
    return line[:, start : max(end, start + 1)]


def _coarsen(crop: Image) -> Image:
    import cv2

    height, width = crop.shape[:2]
    half = (max(2, width // 2), max(2, height // 2))
    small = cv2.resize(crop, half, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def _thicken(crop: Image) -> Image:
    """Return dark strokes wider by a pixel."""
    import cv2

    return np.asarray(cv2.erode(crop, np.ones((2, 2), np.uint8)), np.uint8)


def _widen(crop: Image) -> Image:
    import cv2

    height, width = crop.shape[:2]
    wider = (max(2, round(1.25 * width)), height)
    return np.asarray(cv2.resize(crop, wider, interpolation=cv2.INTER_CUBIC), np.uint8)


FIRST_LOOKS: tuple[Callable[[Image], Image], ...] = (_coarsen, _thicken)
LAST_LOOK: Callable[[Image], Image] = _widen
"""Where each of the first looks differs, the last one may settle it."""


def differ(text: str, other: str) -> bool:
    """Return whether another reading has other digits.

    Digits more at the ends are a neighbour's; a zero and an O, a one and an l look the same.

    Examples
    --------
    >>> differ("12.09", "12.00"), differ("12.00", "12.00S8"), differ("RM0.47", "RMO.47"), differ("12.09", "")
    (True, False, False, True)
    """
    return _digits(text) not in _digits(other)


def judge(word: LineWord, readings: Sequence[str]) -> LineWord:
    """Return a word with what other looks at it have read.

    Parameters
    ----------
    readings
        What the first looks have read, or all of them, the words of a reading joined.

    Returns
    -------
    LineWord
        Where all looks agree on another text with other digits, that text, and the first one as `other`;
        where one of them has other digits, the word with that reading as `other`; else the word.
    """
    differing = [text for text in readings if differ(word.text, text)]
    is_outvoted = len(differing) == len(readings) > len(FIRST_LOOKS) and len(set(readings)) == 1
    if is_outvoted and readings[0]:
        return word._replace(text=readings[0], other=word.text)
    return word._replace(other=differing[0] or "?") if differing else word


def is_doubted(word: Word, *, believed: float) -> bool:
    """Return whether a word of Tesseract has figures to lose, and less confidence than `believed`."""
    is_unsure = word.source != "rapidocr" and word.confidence < believed
    return is_unsure and _n_digits(word.text) >= _MIN_DIGITS


def quad_of(word: Word, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return the corners (4, 2) of a word with a margin, in pixels of a page image of `shape`."""
    height, width = shape[:2]
    margin = _MARGIN * (word.bbox.bottom - word.bbox.top) * height
    left, right = max(0.0, word.bbox.left * width - margin), min(width, word.bbox.right * width + margin)
    top, bottom = max(0.0, word.bbox.top * height - margin), min(height, word.bbox.bottom * height + margin)
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def compare(word: Word, other: Sequence[LineWord]) -> Word:
    """Return a word of Tesseract with what RapidOCR, which errs otherwise, has read in its place.

    Where that has other digits and is sure of all, it is the word's text, and Tesseract's the other reading;
    where it is fairly sure, the other way round. Words that are not of ASCII keep their text: RapidOCR may
    not know their letters.
    """
    text = "".join(part.text for part in other)
    sureness = min((part.confidence for part in other), default=0.0)
    if not _n_digits(text) or not differ(word.text, text) or sureness < _FAIRLY_SURE:
        return word
    if sureness >= _SURE_OF_ANOTHER and word.text.isascii():
        return replace(word, text=text, confidence=sureness, source="rapidocr", other_reading=word.text)
    return replace(word, other_reading=text)


def _n_digits(text: str) -> int:
    return sum(char.isdigit() for char in text)


def _digits(text: str) -> str:
    return "".join(char for char in text.translate(LIKE_DIGITS) if char.isdigit())
