"""Pages that hide text, or draw a number otherwise: the words that OCR reads too, and what else it reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ocr.confirming import Confirmed, confirm, keep_undoubted
from ocr.engine import PageReading
from ocr.pdf import turned
from ocr.preprocess import correction
from ocr.source import PageScan
from schemas.document import Word
from schemas.geometry import BBox, clip

# Around a word that is looked at again, in its heights: its neighbours help to find the line.
_AROUND, _ABOVE = 2.0, 0.4

# Reads the page again, upright as its layer is, at these boxes; nothing if no engine can.
LookAgain = Callable[[Sequence[BBox]], Sequence[Word]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedWords:
    """The words that a page shows, where its text layer has them.

    `n_refused` counts the words of the layer that have ink and are not read as they say.
    """

    words: tuple[Word, ...]
    n_refused: int


def check_words(
    scan: PageScan, reading: PageReading, *, size_px: tuple[int, int], look_again: LookAgain
) -> CheckedWords | None:
    """Return the words of a page of which OCR read all; None if OCR's words are to be taken alone.

    Those of the layer come in its spelling wherever a look at the pixels finds them. That is never much of a
    scan; where it lies askew, so that the two have different frames, OCR's stands.

    Parameters
    ----------
    reading
        Of the page as displayed, of `size_px` (width, height), in whatever pose OCR found it.
    look_again
        Asked once about the words that the first look did not find, if there are any.
    """
    read = move_back(reading, size_px=size_px, rotation_deg=scan.rotation_deg)
    found = _confirm(scan, read, size_px, look_again)
    is_one_frame = reading.rotation_deg == scan.rotation_deg and not reading.skew_deg
    if not found.kept or (not is_one_frame and len(found.kept) < len(found.added)):
        return None
    return CheckedWords(words=found.kept + found.added, n_refused=len(found.refused))


def _confirm(
    scan: PageScan, read: Sequence[Word], size_px: tuple[int, int], look_again: LookAgain
) -> Confirmed:
    found = confirm(scan.words, read)
    if scan.doubted is not None:
        beside = (*scan.image_boxes, *(line.box for line in scan.ink_lines))
        found = keep_undoubted(found, scan.words, doubted=scan.doubted, beside=beside)
    boxes = [_around(word.bbox, size_px) for word in found.in_doubt if any(map(str.isalnum, word.text))]
    again = look_again(boxes) if boxes else ()
    return found.read_again(again, scan.words)


def _around(box: BBox, size_px: tuple[int, int]) -> BBox:
    """Return the box with a margin; `size_px` is about that of the upright page."""
    height = box.height
    beside = _AROUND * height * size_px[1] / size_px[0]
    return clip(
        box.left - beside, box.top - _ABOVE * height, box.right + beside, box.bottom + _ABOVE * height
    )


def move_back(reading: PageReading, *, size_px: tuple[int, int], rotation_deg: int) -> tuple[Word, ...]:
    """Return the words of a reading on the page, a clockwise turn of `rotation_deg` undone.

    A reading's words stand where OCR put the page upright; `size_px` is (width, height) as displayed. Boxes
    keep their sizes when a skew is put back.
    """
    if reading.rotation_deg == rotation_deg and not reading.skew_deg:
        return reading.words
    width, height = size_px
    map_ = correction((height, width), rotation_deg=reading.rotation_deg, skew_deg=reading.skew_deg)
    turn = map_.matrix[:, :2]
    is_across = reading.rotation_deg % 180 == 90

    def moved(word: Word) -> Word:
        center = np.array(word.bbox.center) * (reading.width_px, reading.height_px)
        x, y = (center - map_.matrix[:, 2]) @ turn  # the inverse of a rotation is its transpose
        sides = (word.bbox.width * reading.width_px, word.bbox.height * reading.height_px)
        across, down = sides[::-1] if is_across else sides
        half = across / 2, down / 2
        box = (
            (x - half[0]) / width,
            (y - half[1]) / height,
            (x + half[0]) / width,
            (y + half[1]) / height,
        )
        return replace(word, bbox=clip(*turned(box, -(rotation_deg // 90))))

    return tuple(moved(word) for word in reading.words)
