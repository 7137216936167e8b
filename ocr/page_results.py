"""What becomes of a page: of its text layer, of what OCR read on it, of both, or of an error."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ocr.checked_page import CheckedWords
from ocr.directions import part_sideways
from ocr.merging import merge_page, merge_sheet, note_unread
from ocr.page_making import make_page
from ocr.parser import RenderedPage
from ocr.recognise import Recognised
from ocr.searchable import agrees
from ocr.source import PageScan
from schemas.document import Page, ReadWarning, ReadWarningCode
from schemas.errors import OcrTimeoutError, OcrUnavailableError, RasgError

logger = logging.getLogger(__name__)

# US Letter stands in for the size of a page that could not be opened.
_UNKNOWN_SIZE_PT = (612.0, 792.0)
_ASSUMED_DPI = 200
# How OCR turned the page says nothing of one whose text layer is upright.
_OF_POSE = frozenset({"page_rotated", "page_deskewed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PageResult:
    """A page, or why there is none, and what was noticed."""

    page: Page
    warnings: tuple[ReadWarning, ...] = ()
    error: RasgError | None = None


def from_text_layer(page_index: int, scan: PageScan, *warnings: ReadWarning) -> PageResult:
    """Return the page of the words of its text layer."""
    noted = [*scan.warnings, *warnings]
    if not scan.words and not scan.apart:
        noted.append(_warning("no_text", "the page shows no text", page_index))
    if scan.rotation_deg:
        noted.append(_turned(scan, page_index))
    page = make_page(
        page_index,
        scan.words,
        scan.width_pt,
        scan.height_pt,
        rotation_deg=scan.rotation_deg,
        apart=scan.apart,
        slope=scan.slope,
    )
    return PageResult(page=page, warnings=tuple(noted))


def from_ocr(page_index: int, scan: PageScan, recognised: Recognised, rendered: RenderedPage) -> PageResult:
    """Return the page of the words that OCR read."""
    reading = recognised.reading
    points = 72 / (rendered.dpi or _ASSUMED_DPI)
    width_pt, height_pt = reading.width_px * points, reading.height_px * points
    words, apart = part_sideways(reading.words, width_pt, height_pt)
    page = make_page(
        page_index,
        words,
        width_pt,
        height_pt,
        apart=apart,
        rotation_deg=reading.rotation_deg,
        skew_deg=reading.skew_deg,
    )
    noted = (*_without_honest_layer(scan, page), *_number_warnings(reading.warnings, page_index))
    return PageResult(page=page, warnings=noted)


def from_check(page_index: int, scan: PageScan, recognised: Recognised, checked: CheckedWords) -> PageResult:
    """Return the page of the words of its text layer that OCR read too, and of what else it read."""
    words, apart = part_sideways(checked.words, scan.width_pt, scan.height_pt)
    if scan.doubted is not None:  # what runs in other directions was not asked about
        apart = (*apart, *scan.apart)
    page = make_page(
        page_index,
        words,
        scan.width_pt,
        scan.height_pt,
        apart=apart,
        rotation_deg=scan.rotation_deg,
        slope=scan.slope,
    )
    noted = [*_without_honest_layer(scan, page)]
    noted += (w for w in _number_warnings(recognised.reading.warnings, page_index) if w.code not in _OF_POSE)
    if scan.rotation_deg:
        noted.append(_turned(scan, page_index))
    if checked.n_refused:
        refused = f"{checked.n_refused} words of the text layer could not be read where they stand"
        noted.append(_warning("hidden_text", refused, page_index))
    return PageResult(page=page, warnings=tuple(noted))


def _without_honest_layer(scan: PageScan, page: Page) -> tuple[ReadWarning, ...]:
    """Return the warnings without that of hidden text if the text is what the page's picture shows.

    Scanners and OCR programs put the words that they read behind the picture; warning of each such page would
    drown the warnings of planted text.
    """
    n_alarms = sum(w.code == "hidden_text" for w in scan.warnings)
    if n_alarms != 1 or not agrees(scan.hidden, [word.text for word in page.words]):
        return scan.warnings
    return tuple(w for w in scan.warnings if w.code != "hidden_text")


def merged(page_index: int, scan: PageScan, recognised: Recognised, page: RenderedPage) -> PageResult:
    """Return the words of the text layer and what OCR read beside them."""
    if scan.ocr == "images":
        merged = merge_page(scan, recognised.reading)
    else:
        merged = merge_sheet(
            scan, recognised.reading, width_px=page.page_width_px, height_px=page.page_height_px
        )
    notes = _number_warnings(merged.warnings, page_index)
    return from_text_layer(page_index, replace(scan, words=scan.words + merged.added), *notes)


def without_ocr(page_index: int, scan: PageScan, error: RasgError) -> PageResult:
    """Return what is left of a page that OCR could not read: the words its text layer shows, if any."""
    if scan.ocr in ("page", "check") and not (scan.words and isinstance(error, OcrUnavailableError)):
        return lost(page_index, error)
    note = _warning("engine_fallback", f"the text layer alone was read: {error}", page_index)
    return from_text_layer(page_index, scan, note, *_number_warnings(note_unread(scan), page_index))


def lost(page_index: int, error: RasgError) -> PageResult:
    """Return an empty page that could not be read, and why."""
    code: ReadWarningCode = "pages_skipped" if isinstance(error, OcrTimeoutError) else "unreadable_page"
    page = make_page(page_index, (), *_UNKNOWN_SIZE_PT)
    logger.info("page %d was not read: %s", page_index + 1, error.code)
    return PageResult(page=page, warnings=(_warning(code, str(error), page_index),), error=error)


def _number_warnings(warnings: Sequence[ReadWarning], page_index: int) -> Iterator[ReadWarning]:
    for warning in warnings:
        yield replace(warning, page_number=page_index + 1)


def _turned(scan: PageScan, page_index: int) -> ReadWarning:
    turn = f"the page's text was turned by {scan.rotation_deg} degrees"
    return _warning("page_rotated", turn, page_index)


def _warning(code: ReadWarningCode, message: str, page_index: int) -> ReadWarning:
    return ReadWarning(code=code, message=message, page_number=page_index + 1)
