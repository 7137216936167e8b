"""A text layer and what OCR read beside it become the words of one page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ocr.engine import PageReading
from ocr.source import PageScan
from ocr.strips import lay_out
from schemas.document import ReadWarning, Word
from schemas.geometry import BBox

# Beyond this turn the boxes of OCR words are not those of the text layer beside them.
_MAX_MIXED_SKEW_DEG = 0.2
# Cut-out ink may be a drawing, or the lettering of a logo: less sure words are nearly all wrong, and plain
# lines are read at 0.8 and more.
_MIN_CONFIDENCE = 0.6
# What an engine notes of a sheet of cut-outs says nothing of the page, but for this.
_OF_THE_PAGE = frozenset({"engine_fallback"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What OCR adds to the words of a text layer, and what was noticed."""

    added: tuple[Word, ...]
    warnings: tuple[ReadWarning, ...]


def merge_page(scan: PageScan, reading: PageReading) -> Merged:
    """Return the words in images where the text layer has none, of a reading of the upright page.

    An image that lies otherwise than the text would have its words in wrong places: they are left out.
    """
    boxes = (*scan.image_boxes, *(line.box for line in scan.ink_lines))
    if reading.rotation_deg or abs(reading.skew_deg) > _MAX_MIXED_SKEW_DEG:
        message = "an image lies otherwise than the text of its page, and was not read"
        lost = (ReadWarning(code="unread_ink", message=message),) if reading.words else ()
        return Merged(added=(), warnings=lost)
    found = (word for word in reading.words if any(_contains(box, word.bbox.center) for box in boxes))
    added = tuple(_apart(found, scan.printed))
    return Merged(added=added, warnings=(*reading.warnings, *note_unread(scan, added)))


def merge_sheet(scan: PageScan, reading: PageReading, *, width_px: int, height_px: int) -> Merged:
    """Return the words of the ink lines, of a reading of their sheet; the page has these pixels."""
    sheet = lay_out([line.box for line in scan.ink_lines], width_px=width_px, height_px=height_px)
    words = (word for word in sheet.move(reading.words) if _is_sure(word))
    added = tuple(_apart(words, scan.printed))
    kept = tuple(warning for warning in reading.warnings if warning.code in _OF_THE_PAGE)
    return Merged(added=added, warnings=(*kept, *note_unread(scan, added)))


def note_unread(scan: PageScan, added: Iterable[Word] = ()) -> tuple[ReadWarning, ...]:
    """Return a warning if long lines of ink have no word at all."""
    centers = [word.bbox.center for word in added]
    n_unread = sum(
        line.is_long and not any(_contains(line.box, center) for center in centers) for line in scan.ink_lines
    )
    if not n_unread:
        return ()
    message = f"{n_unread} lines beside the text layer look like text and could not be read"
    return (ReadWarning(code="unread_ink", message=message),)


def _is_sure(word: Word) -> bool:
    return word.confidence >= _MIN_CONFIDENCE and any(ch.isalnum() for ch in word.text)


def _apart(found: Iterable[Word], known: tuple[Word, ...]) -> Iterator[Word]:
    """Yield the words that neither lie in one of `known` nor around it."""
    for word in found:
        center = word.bbox.center
        if not any(_contains(w.bbox, center) or _contains(word.bbox, w.bbox.center) for w in known):
            yield word


def _contains(box: BBox, point: tuple[float, float]) -> bool:
    x, y = point
    return box.left <= x <= box.right and box.top <= y <= box.bottom
