"""Bytes to Document: the one way in for untrusted files.

Limits come first, then parsing in a child process, page by page; pages without a trustworthy text layer are
rendered there and recognised in other children, several at a time.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from typing import Literal

from ocr.checked_page import CheckedWords, check_words
from ocr.einvoices import AttachedEInvoice, read_xml_document
from ocr.limits import ReadLimits
from ocr.media import MediaType, sniff
from ocr.page_making import note_instructions
from ocr.page_results import PageResult, from_check, from_ocr, from_text_layer, lost, merged, without_ocr
from ocr.parser import Parser, RenderedPage
from ocr.recognise import Recognised, recognise
from ocr.settled_readings import settle_readings
from ocr.source import OcrScope, PageScan
from ocr.strips import lay_out
from schemas.cancellation import check_cancelled
from schemas.document import Document, Word
from schemas.errors import (
    DocumentTooLargeError,
    OcrTimeoutError,
    OcrUnavailableError,
    RasgError,
    WorkCancelledError,
)
from schemas.geometry import BBox

logger = logging.getLogger(__name__)

_PICTURE_SIDE_PX = 4000
# Looks at what the first engine did not read as the text layer says, and is wrong about other words.
_OTHER_ENGINE = "rapidocr"


def _n_cores() -> int:
    return len(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """How documents are read.

    Attributes
    ----------
    engine
        OCR engine; "auto" chooses page by page.
    languages
        Tesseract codes of the languages expected on the pages.
    force_ocr
        Ignore text layers and read every page from its pixels.
    n_workers
        Pages recognised at the same time, each on one core.
    password
        Opens encrypted PDFs; those with an empty user password need none.
    dpi
        Resolution at which PDF pages are rendered for OCR. Between 150 and 300, Tesseract's recall is the
        same and its time grows.
    thumbnails
        Give each page a small image of itself, which a search for similar pages needs.
    einvoice
        Also read the e-invoice that a PDF carries, and XML alone, which is refused otherwise.
    """

    engine: Literal["auto", "pytesseract", "tesserocr", "rapidocr"] = "auto"
    languages: tuple[str, ...] = ("eng",)
    limits: ReadLimits = field(default_factory=ReadLimits)
    force_ocr: bool = False
    n_workers: int = field(default_factory=_n_cores)
    password: str | None = field(default=None, repr=False)
    dpi: int = 200
    thumbnails: bool = False
    einvoice: bool = False

    def __post_init__(self) -> None:
        if self.n_workers < 1:
            raise ValueError(f"n_workers must be at least 1, got {self.n_workers}")
        if not 72 <= self.dpi <= 600:
            raise ValueError(f"dpi must be in [72, 600], got {self.dpi}")


def read_document(
    data: bytes,
    *,
    options: ReadOptions | None = None,
    on_page: Callable[[int, int], None] | None = None,
) -> Document:
    """Return the words of a file of any `MediaType` with their boxes, in reading order.

    Parameters
    ----------
    data
        The file, of any origin; it is parsed in limited child processes only. Scripts and links are not
        looked at, and of attachments only an e-invoice, if `options` ask for it.
    on_page
        Told how many pages of how many are read.

    Raises
    ------
    EmptyDocumentError, UnsupportedMediaTypeError, DocumentTooLargeError
        Before anything is parsed, or as soon as the page count or size is known.
    UnreadableDocumentError, PasswordRequiredError
        If the file cannot be opened.
    OcrError
        If no page could be read because a child crashed, took too long, or an engine is missing.
    WorkCancelledError
        If nobody waits for it any more (`schemas.cancellation`).

    Notes
    -----
    If some pages can be read and others cannot, the others are empty and named in `unreadable_page` or
    `pages_skipped` warnings. `stage_seconds` are CPU seconds: "parse", "render", "thumbnail", "ocr", and the
    parts of "ocr" by stage and engine as "ocr.<name>".
    """
    options = options or ReadOptions()
    media_type = _admit(data, options.limits)
    if media_type == "application/xml":
        return read_xml_document(data, is_asked=options.einvoice, limits=options.limits)
    deadline = time.monotonic() + options.limits.wall_seconds
    with Parser(data, media_type, limits=options.limits, password=options.password) as parser:
        reading = _Reading(parser, options, deadline)
        results = reading.read_pages(on_page)
        errors = [result.error for result in results if result.error is not None]
        if len(errors) == len(results):
            raise errors[0]
        attached = parser.attached_einvoice() if options.einvoice else AttachedEInvoice()
        noted = (w for result in results for w in (*result.warnings, *note_instructions(result.page)))
        warnings = (*parser.warnings, *attached.warnings, *noted)
        return Document(
            sha256=hashlib.sha256(data).hexdigest(),
            media_type=media_type,
            pages=settle_readings([result.page for result in results]),
            warnings=warnings,
            stage_seconds=reading.stage_seconds(),
            einvoice=attached.invoice,
        )


def page_images(
    data: bytes,
    document: Document,
    *,
    page_numbers: Sequence[int] = (),
    dpi: int = 110,
    options: ReadOptions | None = None,
) -> Iterator[bytes]:
    """Yield each page of `document` as a PNG image, upright and deskewed, so that its word boxes fit on it.

    Parameters
    ----------
    data
        The file that `document` was read from.
    page_numbers
        Where each page of `document` stands in the file, from 1, if it is only a part of it.
    dpi
        Resolution of PDF pages; images keep their pixels. No side is longer than 4000 pixels.

    Raises
    ------
    ValueError
        If `data` is not the file that was read.
    RasgError
        As `read_document`, for a page that cannot be rendered.
    """
    if hashlib.sha256(data).hexdigest() != document.sha256:
        raise ValueError("the document was read from other bytes")
    options = options or ReadOptions()
    media_type = _admit(data, options.limits)
    if not document.pages:  # XML alone
        return
    with Parser(data, media_type, limits=options.limits, password=options.password) as parser:
        numbers = page_numbers or range(1, len(document.pages) + 1)
        for page, number in zip(document.pages, numbers, strict=True):
            in_file = replace(page, page_index=number - 1)
            yield parser.picture(in_file, dpi=dpi, max_side_px=_PICTURE_SIDE_PX)


def _admit(data: bytes, limits: ReadLimits) -> MediaType:
    if len(data) > limits.max_bytes:
        raise DocumentTooLargeError(f"the file has {len(data)} bytes, more than {limits.max_bytes}")
    return sniff(data)


class _Reading:
    """The reading of one document: its parser, options, deadline and the time spent."""

    def __init__(self, parser: Parser, options: ReadOptions, deadline: float) -> None:
        self._parser = parser
        self._options = options
        self._deadline = deadline
        self._recognised: list[Recognised] = []
        self._sheets: dict[bytes, Recognised] = {}

    def read_pages(self, on_page: Callable[[int, int], None] | None) -> list[PageResult]:
        """Return every page: text layers first, then what needs OCR, several at a time."""
        scans = [self._scan(i) for i in range(self._parser.n_pages)]
        with ThreadPoolExecutor(max_workers=self._options.n_workers) as pool:
            # Each thread has a context of its own, and with it what may cancel the reading.
            pages = [pool.submit(copy_context().run, self._finish, i, scan) for i, scan in enumerate(scans)]
            results: list[PageResult] = []
            for page in pages:
                results.append(page.result())
                if on_page is not None:
                    on_page(len(results), len(pages))
        return [self._add_thumbnail(result) for result in results] if self._options.thumbnails else results

    def stage_seconds(self) -> tuple[tuple[str, float], ...]:
        """Return CPU seconds by stage, and those of OCR by engine."""
        engines: Counter[str] = Counter()
        for recognised in self._recognised:
            for name, seconds in recognised.reading.engine_seconds:
                engines[f"ocr.{name}"] += seconds  # pyright: ignore[reportArgumentType] # fractions
        stages = {
            "parse": self._parser.cpu_seconds["parse"],
            "render": self._parser.cpu_seconds["render"],
            "thumbnail": self._parser.cpu_seconds["thumbnail"],
            "ocr": sum(recognised.cpu_s for recognised in self._recognised),
        }
        return tuple((name, float(seconds)) for name, seconds in {**stages, **engines}.items())

    def _scan(self, page_index: int) -> PageScan | RasgError:
        try:
            self._check_time(page_index)
            return self._parser.scan(page_index)
        except WorkCancelledError:
            raise
        except RasgError as error:
            return error

    def _check_time(self, page_index: int) -> None:
        check_cancelled()
        if time.monotonic() > self._deadline:
            raise OcrTimeoutError(f"the time for the document was up before page {page_index + 1}")

    def _finish(self, page_index: int, scan: PageScan | RasgError) -> PageResult:
        if isinstance(scan, RasgError):
            return lost(page_index, scan)
        scope: OcrScope = "page" if self._options.force_ocr else scan.ocr
        if scope == "nothing":
            return from_text_layer(page_index, scan)
        try:
            self._check_time(page_index)
            recognised, rendered = self._recognise(page_index, scan, scope)
        except WorkCancelledError:
            raise
        except RasgError as error:
            return without_ocr(page_index, scan, error)
        if scope == "check":
            checked = self._check(page_index, scan, recognised, rendered)
            if checked is not None:
                return from_check(page_index, scan, recognised, checked)
        if scope in ("page", "check"):
            return from_ocr(page_index, scan, recognised, rendered)
        return merged(page_index, scan, recognised, rendered)

    def _add_thumbnail(self, result: PageResult) -> PageResult:
        """Return the page with its thumbnail; one that cannot be drawn is a page without."""
        if result.error is not None or time.monotonic() > self._deadline:
            return result
        try:
            thumbnail = self._parser.thumbnail(result.page)
        except WorkCancelledError:
            raise
        except RasgError as error:
            logger.info("page %d has no thumbnail: %s", result.page.page_index + 1, error.code)
            return result
        return replace(result, page=replace(result.page, thumbnail=thumbnail))

    def _recognise(self, page_index: int, scan: PageScan, scope: OcrScope) -> tuple[Recognised, RenderedPage]:
        """Return what is read of the page, or of what is in scope, and the image that it was read on."""
        rendered = self._parser.render(
            page_index,
            dpi=self._options.dpi,
            # A text layer says which way up a page is; without one the image itself has to.
            rotation_deg=0 if scope in ("page", "check") else scan.rotation_deg,
            boxes=[line.box for line in scan.ink_lines] if scope == "ink" else (),
            without_text=scope == "ink",
        )
        if scope == "ink":
            return self._read_sheet(rendered), rendered
        return self._read(rendered, self._options.engine, is_upright=False), rendered

    def _read_sheet(self, rendered: RenderedPage) -> Recognised:
        """Return what is read of ink that was cut out; a logo that all pages have is read once."""
        pixels = rendered.file.read(rendered.height_px * rendered.width_px * 3)
        key = hashlib.sha256(f"{rendered.width_px} {rendered.dpi} ".encode() + pixels).digest()
        if key in self._sheets:
            rendered.file.close()
        else:
            self._sheets[key] = self._read(rendered, self._options.engine, is_upright=True)
        return self._sheets[key]

    def _read(self, rendered: RenderedPage, engine: str, *, is_upright: bool) -> Recognised:
        with rendered.file:
            recognised = recognise(
                rendered,
                engine=engine,
                languages=self._options.languages,
                limits=self._options.limits,
                is_upright=is_upright,
            )
        self._recognised.append(recognised)
        return recognised

    def _check(
        self, page_index: int, scan: PageScan, recognised: Recognised, page: RenderedPage
    ) -> CheckedWords | None:
        """Return the words of a page whose layer hides others; None if those that OCR read stand alone."""

        def look_again(boxes: Sequence[BBox]) -> Sequence[Word]:
            engine = _OTHER_ENGINE if self._options.engine == "auto" else self._options.engine
            try:
                sheet = self._parser.render(
                    page_index, dpi=self._options.dpi, rotation_deg=scan.rotation_deg, boxes=boxes
                )
                found = self._read(sheet, engine, is_upright=True).reading.words
            except OcrUnavailableError:
                return ()
            return lay_out(boxes, width_px=sheet.page_width_px, height_px=sheet.page_height_px).move(found)

        size = (page.page_width_px, page.page_height_px)
        return check_words(scan, recognised.reading, size_px=size, look_again=look_again)
